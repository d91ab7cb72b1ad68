//! Where output goes: a terminal, which has a width, or anything else.

use std::io::{Stderr, Stdout, Write};

/// A standard stream, or what stands for it in a test.
pub trait Stream: Write {
    /// The width in columns where a person reads along; none where the output goes to a file or a
    /// program. Tables are cut to it, and colours and progress are for those who have one.
    fn terminal_width(&self) -> Option<usize>;
}

impl Stream for Stdout {
    fn terminal_width(&self) -> Option<usize> {
        terminal_size::terminal_size_of(self).map(|(width, _)| usize::from(width.0))
    }
}

impl Stream for Stderr {
    fn terminal_width(&self) -> Option<usize> {
        terminal_size::terminal_size_of(self).map(|(width, _)| usize::from(width.0))
    }
}

impl Stream for Vec<u8> {
    fn terminal_width(&self) -> Option<usize> {
        None
    }
}

/// Whether colours are welcome on a stream: on a terminal that knows them, unless `NO_COLOR` is
/// set to anything (<https://no-color.org>).
pub(crate) fn coloured(stream: &dyn Stream) -> bool {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    stream.terminal_width().is_some()
        && set("NO_COLOR").is_none()
        && set("TERM").is_some_and(|term| term != "dumb")
}
