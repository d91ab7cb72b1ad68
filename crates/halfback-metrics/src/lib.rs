//! Metrics, their intervals and paired comparison: pure mathematics over borrowed columns.
//!
//! Nothing here reads a file, a clock or a registry. A metric takes columns that the caller owns
//! ([`Labels`], [`Scores`], [`Matrix`], weights) and gives a [`Metric`]: the number that
//! scikit-learn 1.9 would give and, where that number stands for nothing, why. Misuse is an
//! [`Error`] that names the argument.
//!
//! ```
//! use halfback_metrics::{Average, Confusion, Labels, ZeroDivision};
//!
//! let truth = [0, 1, 1, 0];
//! let predicted = [0, 1, 0, 0];
//! let confusion = Confusion::of(Labels::Int(&truth), Labels::Int(&predicted), None, None)?;
//! assert_eq!(confusion.accuracy(), 0.75);
//! let scores = confusion.scores(&Average::Macro, 1.0, ZeroDivision::Warn)?;
//! assert_eq!(scores.recall.defined()?, 0.75);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(unsafe_code)]
#![expect(
    clippy::indexing_slicing,
    reason = "lengths are checked where columns come in; kernels index below them"
)]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "counts of rows are below 2^53, and codes are checked against the number of classes"
)]
#![expect(
    clippy::inline_always,
    reason = "a kernel runs on wide vectors where all of it is compiled into what asks for them"
)]
#![expect(clippy::needless_range_loop, reason = "formulas index several columns at once")]
#![expect(clippy::float_cmp, reason = "ties, zeros and constants are exact matters in metrics")]
#![expect(clippy::many_single_char_names, reason = "formulas keep the letters of their sources")]

mod calibration;
mod column;
mod comparison;
mod confusion;
pub mod distribution;
mod encode;
mod error;
mod fairness;
mod figures;
mod interval;
mod order;
mod random;
mod ranking;
mod regression;
mod score;
mod state;
mod stop;
mod suite;
mod sum;
mod team;
mod threads;
mod wide;

pub use calibration::{
    Bins, Murphy, Recalibration, Reliability, ReliabilityBin, Spiegelhalter, murphy, recalibration,
    reliability, spiegelhalter,
};
pub use column::{Label, Labels, Matrix, Scores, Weights};
pub use comparison::{
    Adjustment, Alternative, Design, Difference, Judgement, McNemar, Question, TwoProportions,
    Verdict, Welch, adjust, mcnemar, miettinen_nurminen, newcombe, power_of_means,
    power_of_proportions, rows_for_means, rows_for_proportions, two_proportions, welch,
};
pub use confusion::{
    Average, Confusion, CostMatrix, Kappa, LabelScores, LikelihoodRatios, MultilabelConfusion,
    Normalize, Report, ReportRow, SetScores, Tally, ZeroDivision, top_k_accuracy,
};
pub use encode::classes;
pub use error::{Error, Metric, Reason, Result, Undefined, Warning};
pub use fairness::{Aggregate, ByGroup, Disparity, Fairness, Groups, Parity, Relation};
pub use figures::{figures, percent};
pub use interval::{
    AreaDifference, AreaEstimate, Bootstrap, Interval, bootstrap, bootstrap_roc_auc,
    bootstrap_stratified, bootstrap_weighted, clopper_pearson, delong, delong_paired,
    fewest_replicates, jackknife, jackknife_groups, several, units, units_by_class, wilson,
};
pub use random::Resampling;
pub use ranking::{
    Cut, Dcg, coverage_error, dcg, hit_rate, label_ranking_average_precision, label_ranking_loss,
    mean_average_precision, mean_reciprocal_rank, ndcg, precision_at_k, recall_at_k,
};
pub use regression::{
    ErrorSummary, IntervalCoverage, Multioutput, Outputs, Regression, interval_coverage,
    regression_summary,
};
pub use score::{
    BestThreshold, Brier, Costs, DetCurve, GainCurve, Multiclass, PrecisionRecallCurve, RocCurve,
    ScoreAverage, Thresholds, auc, average_precision, average_precision_by_class,
    average_precision_by_label, average_precision_multiclass, average_precision_multilabel,
    best_threshold, brier_score, confusion_at_thresholds, d2_brier_score, d2_log_loss, det_curve,
    gain_curve, gini, hinge_loss, kolmogorov_smirnov, lift_at, log_loss, precision_recall_curve,
    roc_auc, roc_auc_by_class, roc_auc_multiclass, roc_auc_multilabel, roc_curve, rows_of,
};
pub use state::{Batch, Finished, Quantile, Quantiles, ScoreSummary, Spec, State};
pub use stop::{check_stop, with_stop};
pub use suite::{
    Binary, Compared, Measured, Method, NoInterval, Settings, Suite, higher_is_better, is_metric,
    is_of_regression, probabilities, range,
};
pub use threads::with_threads;
