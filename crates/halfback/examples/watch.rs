//! Opens a registry that others write to, and sees one move of an alias:
//! `cargo run --example watch -- models.hb risk.credit.default champion`
//!
//! It says what it sees in one JSON object a line.

use std::error::Error;
use std::time::{Duration, Instant, SystemTime};

use halfback::{Registry, no_progress};

const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, model, alias] = arguments.as_slice() else {
        return Err("expected a registry, a model and an alias".into());
    };
    let uri = format!("models:/{model}@{alias}");
    let registry = Registry::open(path)?;
    let before = registry.resolve(uri.as_str())?.number;
    println!("{{\"resolved\": {before}}}");

    // A look-up in memory, as often as the application likes.
    let deadline = Instant::now() + PATIENCE;
    let champion = loop {
        let champion = registry.resolve(uri.as_str())?;
        if champion.number != before {
            break champion;
        }
        if Instant::now() > deadline {
            return Err(format!("{uri} did not move").into());
        }
        std::thread::yield_now();
    };
    #[expect(clippy::disallowed_methods, reason = "an application has a clock of its own")]
    let seen = SystemTime::now();

    let moves = registry.history(model)?;
    let moved = moves.items.first().ok_or("the model has no history")?;
    let after = seen.duration_since(moved.time.into()).unwrap_or_default();
    let verified = registry.verify(champion.as_ref(), &mut no_progress)?;
    println!(
        "{{\"resolved\": {}, \"after_us\": {}, \"digest\": \"{}\"}}",
        champion.number,
        after.as_micros(),
        verified.digest
    );
    Ok(())
}
