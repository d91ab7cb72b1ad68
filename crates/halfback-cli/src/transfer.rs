//! Long transfers: progress on a terminal, and Ctrl-C that leaves nothing half-done.

use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use halfback::{Progress, Transfer};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::failure::Outcome;
use crate::people;
use crate::stream::Stream;
use crate::visible::cut;

/// Runs `work`, shows on the terminal how far it is, and ends it in good order on Ctrl-C.
///
/// `doing` is the word for it, such as `registering`.
pub(crate) fn transferring<T>(
    doing: &'static str,
    stderr: &mut dyn Stream,
    work: impl FnOnce(Progress<'_>) -> halfback::Result<T>,
) -> Outcome<T> {
    let interrupt = Interrupt::begin();
    let mut meter = Meter::new(doing, stderr);
    let done = work(&mut |transfer| {
        meter.show(transfer, meter.start.elapsed());
        if interrupt.came() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    meter.clear();
    Ok(done?)
}

/// The time of a transfer, in which a signal to stop is a request: outside it ends the program,
/// and so does a second one.
struct Interrupt {
    stop: Option<Arc<AtomicBool>>,
}

impl Interrupt {
    fn begin() -> Self {
        static STOP: OnceLock<Option<Arc<AtomicBool>>> = OnceLock::new();
        // Without handlers a signal ends the program at once, which costs no more than a file that
        // stays behind.
        let stop = STOP.get_or_init(|| listen().ok()).clone();
        if let Some(stop) = &stop {
            stop.store(false, Ordering::SeqCst);
        }
        Self { stop }
    }

    fn came(&self) -> bool {
        self.stop.as_ref().is_some_and(|stop| stop.load(Ordering::SeqCst))
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        if let Some(stop) = &self.stop {
            stop.store(true, Ordering::SeqCst);
        }
    }
}

/// While the flag is set, a signal does what it does by default; else it sets the flag.
fn listen() -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(true));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_default(signal, stop.clone())?;
        flag::register(signal, stop.clone())?;
    }
    Ok(stop)
}

/// The line on a terminal that says how far a transfer is.
struct Meter<'a> {
    doing: &'static str,
    stderr: &'a mut dyn Stream,
    width: Option<usize>,
    start: Instant,
    shown: Option<Duration>,
}

impl<'a> Meter<'a> {
    fn new(doing: &'static str, stderr: &'a mut dyn Stream) -> Self {
        let width = stderr.terminal_width();
        Self { doing, stderr, width, start: Instant::now(), shown: None }
    }

    /// Shows a transfer that has taken `elapsed`: not a short one, and not at every step.
    fn show(&mut self, transfer: Transfer, elapsed: Duration) {
        const FIRST: Duration = Duration::from_millis(500);
        const EVERY: Duration = Duration::from_millis(100);
        let Some(width) = self.width else { return };
        let due = self.shown.map_or(FIRST, |shown| shown + EVERY);
        if elapsed < due {
            return;
        }
        self.shown = Some(elapsed);
        let line = line(self.doing, transfer, elapsed);
        // The last column stays free: some terminals go on to the next line when it is filled.
        self.write(&format!("\r{}\x1b[K", cut(&line, width.saturating_sub(1))));
    }

    fn clear(&mut self) {
        if self.shown.is_some() {
            self.write("\r\x1b[K");
        }
    }

    fn write(&mut self, text: &str) {
        // Progress that cannot be shown is no reason to end a transfer.
        let _ = self.stderr.write_all(text.as_bytes()).and_then(|()| self.stderr.flush());
    }
}

/// `registering  45%  1.2 GB of 2.7 GB  310 MB/s  0:05 left`
fn line(doing: &str, Transfer { done, total }: Transfer, elapsed: Duration) -> String {
    let ratio = |of: u128, by: u64| u64::try_from(of / u128::from(by.max(1))).unwrap_or(u64::MAX);
    let percent = if total == 0 { 100 } else { ratio(u128::from(done) * 100, total) };
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    let speed = ratio(u128::from(done) * 1000, millis);
    let left = Duration::from_secs(total.saturating_sub(done) / speed.max(1));
    format!(
        "{doing} {percent:>3}%  {} of {}  {}/s  {} left",
        people::size(done),
        people::size(total),
        people::size(speed),
        people::duration(left)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Terminal(Vec<u8>);

    impl io::Write for Terminal {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Stream for Terminal {
        fn terminal_width(&self) -> Option<usize> {
            Some(40)
        }
    }

    const HALF: Transfer = Transfer { done: 1_000_000_000, total: 2_000_000_000 };

    #[test]
    fn a_line_says_how_far_it_is_how_fast_and_how_long_still() {
        let line = line("registering", HALF, Duration::from_secs(4));
        assert_eq!(line, "registering  50%  1.0 GB of 2.0 GB  250 MB/s  0:04 left");
        let nothing = Transfer { done: 0, total: 0 };
        assert_eq!(
            super::line("verifying", nothing, Duration::ZERO),
            "verifying 100%  0 B of 0 B  0 B/s  0:00 left"
        );
    }

    #[test]
    fn only_long_transfers_are_shown_now_and_then_and_the_line_is_cleared() {
        let mut terminal = Terminal(Vec::new());
        let mut meter = Meter::new("registering", &mut terminal);
        for millis in [0, 400, 500, 550, 600] {
            meter.show(HALF, Duration::from_millis(millis));
        }
        meter.clear();
        assert_eq!(
            String::from_utf8(terminal.0).unwrap(),
            "\rregistering  50%  1.0 GB of 2.0 GB  2.…\x1b[K\
             \rregistering  50%  1.0 GB of 2.0 GB  1.…\x1b[K\r\x1b[K"
        );
    }

    #[test]
    fn nothing_is_shown_where_nobody_reads_along() {
        let mut file = Vec::new();
        let mut meter = Meter::new("registering", &mut file);
        meter.show(HALF, Duration::from_secs(9));
        meter.clear();
        assert!(file.is_empty());
    }
}
