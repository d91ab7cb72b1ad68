//! The native half of `halfback.metrics`: columns from Python go to the kernels of
//! `halfback_metrics` without the interpreter lock, and numbers, arrays and warnings come back.
//!
//! A room of its own, for nothing here knows a registry. The functions are those of
//! `halfback.metrics` with their choices made; what scikit-learn's signatures allow is sorted out
//! in Python.

pub(crate) mod answer;
mod calibration;
mod column;
mod fairness;
mod intervals;
mod numbers;
mod ranking;
mod scores;
mod sets;
mod state;
mod text;
mod verdict;

pub(crate) use answer::metrics_threads;
pub(crate) use calibration::*;
pub(crate) use column::is_masked;
pub(crate) use fairness::*;
pub(crate) use intervals::*;
pub(crate) use numbers::*;
pub(crate) use ranking::*;
pub(crate) use scores::*;
pub(crate) use sets::*;
pub(crate) use state::MetricState;
pub(crate) use verdict::*;
