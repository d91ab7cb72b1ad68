//! What must hold for any columns: bounds, invariances, and agreement with naive formulas.
#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "these are tests"
)]

mod buckets;
mod calibration;
mod confusion;
mod ranking;
mod regression;
mod scores;
mod state;
mod threads;
