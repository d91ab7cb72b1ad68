//! Comparison of two models or samples, of many at once, and how many rows it takes.

mod difference;
mod mcnemar;
mod means;
mod multiple;
mod power;
mod proportions;
mod verdict;

pub use difference::Difference;
pub(crate) use difference::less;
pub use mcnemar::{McNemar, mcnemar};
pub use means::{Welch, welch};
pub use multiple::{Adjustment, adjust};
pub use power::{
    Design, power_of_means, power_of_proportions, rows_for_means, rows_for_proportions,
};
pub use proportions::{TwoProportions, miettinen_nurminen, newcombe, two_proportions};
pub use verdict::{Alternative, Judgement, Question, Verdict};
