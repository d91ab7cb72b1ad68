//! What must hold for any input: for every reader of foreign bytes a function that is given some
//! and panics where a promise is broken. libFuzzer calls them (`cargo fuzz`), and so does the test
//! beside them, with mutations that are the same every time.
#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a failed expectation is the way a target fails"
)]

mod bundle;
mod checkpoint;
mod format;
mod log;
mod page;
mod seed;
mod state;
mod text;

use std::path::Path;

use halfback::Error;

pub use bundle::bundles;
pub use checkpoint::checkpoints;
pub use format::formats;
pub use log::{codec, headers, manifests};
pub use page::cursors;
pub use state::states;
pub use text::{filters, names, uris};

/// A target: one kind of input.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// What it is called.
    pub name: &'static str,
    /// Panics where a promise is broken.
    pub run: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// What has a meaning in these inputs.
    pub tokens: &'static [&'static [u8]],
}

/// All targets.
pub const TARGETS: [Target; 11] = [
    Target { name: "names", run: names, seeds: seed::names, tokens: seed::TEXT },
    Target { name: "uris", run: uris, seeds: seed::uris, tokens: seed::TEXT },
    Target { name: "filters", run: filters, seeds: seed::filters, tokens: seed::FILTER },
    Target { name: "cursors", run: cursors, seeds: seed::cursors, tokens: seed::BINARY },
    Target { name: "codec", run: codec, seeds: seed::codec, tokens: seed::BINARY },
    Target { name: "manifests", run: manifests, seeds: seed::manifests, tokens: seed::MANIFEST },
    Target { name: "bundles", run: bundles, seeds: seed::bundles, tokens: seed::JSON },
    Target { name: "headers", run: headers, seeds: seed::headers, tokens: seed::JSON },
    Target { name: "checkpoints", run: checkpoints, seeds: seed::checkpoints, tokens: seed::NOTE },
    Target { name: "formats", run: formats, seeds: seed::formats, tokens: seed::FORMAT },
    Target { name: "states", run: states, seeds: state::seeds, tokens: seed::BINARY },
];

/// Holds an error against what may come of a bad input: one of these codes, and a message that is
/// short and can be shown.
#[track_caller]
fn refused(error: &Error, codes: &[&str]) {
    assert!(codes.contains(&error.code()), "`{}` is none of {codes:?}: {error}", error.code());
    let text = error.to_string();
    assert!(text.len() <= 2_000, "a message of {} bytes", text.len());
    let hidden = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}');
    assert!(!text.contains(hidden), "a message with hidden characters: {text:?}");
}

/// A folder in memory, where there is one: nothing in it has to last.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}
