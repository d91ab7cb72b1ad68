//! A difference of two models or samples: its interval, and p-values of any claim about it.

use crate::error::{Error, Result};
use crate::interval::{AreaDifference, Bootstrap, Interval};

use super::{McNemar, TwoProportions, Welch};
use crate::figures::percent;

/// `first` less `second`; zero where they differ by no more than sums are rounded.
pub(crate) fn less(first: f64, second: f64) -> f64 {
    let difference = first - second;
    let rounding = 1e-12 * first.abs().max(second.abs());
    if difference.is_finite() && difference.abs() <= rounding { 0.0 } else { difference }
}

/// A difference, first less second, and how it is distributed.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// Two areas under ROC curves on the same rows.
    Areas {
        /// First less second.
        estimate: f64,
        /// Its standard error.
        standard_error: f64,
        /// The degrees of freedom of that.
        freedom: f64,
    },
    /// Two accuracies on the same rows, by the rows on which only one of two classifiers is right.
    Counts(McNemar),
    /// A difference over resamples of the rows.
    Resamples(Bootstrap),
    /// Two means of independent samples.
    Means(Welch),
    /// Two shares of independent samples.
    Proportions(TwoProportions),
}

impl From<AreaDifference> for Difference {
    fn from(areas: AreaDifference) -> Self {
        let standard_error = areas.variance.max(0.0).sqrt();
        Self::Areas { estimate: areas.difference(), standard_error, freedom: areas.freedom }
    }
}

impl Difference {
    /// The same, refused where it has numbers that no difference has.
    pub fn checked(self) -> Result<Self> {
        let (mut apart, mut error, mut freedom, mut acceleration) = (0.0, 0.0, 1.0, 0.0);
        match &self {
            Self::Areas { standard_error, freedom: its, .. } => {
                (error, freedom) = (*standard_error, *its);
            }
            Self::Means(means) if means.standard_error == 0.0 => {}
            Self::Means(means) => (error, freedom) = (means.standard_error, means.freedom),
            Self::Counts(counts) => apart = counts.share_apart(),
            Self::Resamples(resamples) => acceleration = resamples.acceleration.unwrap_or(0.0),
            Self::Proportions(_) => {}
        }
        let estimate = self.estimate();
        let fits = [
            (estimate, estimate.is_finite(), "a finite estimate"),
            (error, error >= 0.0 && error.is_finite(), "a standard error of zero or more"),
            (freedom, freedom > 0.0, "degrees of freedom above zero"),
            (acceleration, acceleration.is_finite(), "a finite acceleration"),
            (apart, apart <= 1.0, "no more rows that differ than there are"),
        ];
        match fits.into_iter().find(|(_, fits, _)| !fits) {
            None => Ok(self),
            Some((found, _, expected)) => {
                Err(Error::OutOfRange { argument: "difference", found, expected })
            }
        }
    }

    /// First less second.
    pub fn estimate(&self) -> f64 {
        match self {
            Self::Areas { estimate, .. } => *estimate,
            Self::Counts(counts) => counts.difference(),
            Self::Resamples(resamples) => resamples.estimate,
            Self::Means(means) => means.difference,
            Self::Proportions(shares) => shares.difference(),
        }
    }

    /// Whether the rows say anything about how far the difference may be off. Classifiers that are
    /// right on the same rows still do: the rows bound how often they can differ.
    pub fn has_variance(&self) -> bool {
        self.without_variance().is_none()
    }

    /// Whether it is a difference of shares, which is never beyond 1.
    pub(super) fn is_of_shares(&self) -> bool {
        matches!(self, Self::Counts(_) | Self::Proportions(_))
    }

    /// Why the rows say nothing about how far the difference may be off; none where they do.
    pub(super) fn without_variance(&self) -> Option<&'static str> {
        match self {
            Self::Areas { standard_error, .. } if *standard_error > 0.0 => None,
            Self::Counts(counts) if counts.rows > 0 => None,
            Self::Proportions(_) => None,
            Self::Means(means) if means.standard_error > 0.0 => None,
            Self::Means(_) => Some(
                "both samples are constant, so they cannot tell how far their means may be off",
            ),
            Self::Resamples(resamples) if resamples.replicates.len() < 2 => {
                Some("hardly any resample has what the metric needs")
            }
            Self::Resamples(resamples) if resamples.has_variance() => None,
            _ if self.estimate() != 0.0 => Some(
                "the difference is the same in all resamples, or for all rows, so these cannot tell \
                 how far it may be off",
            ),
            _ => Some(
                "both give the same on all rows, so these rows cannot tell how much they differ \
                 on others",
            ),
        }
    }

    /// Why rows, clusters or resamples are too few for a level; none where they are not.
    pub(super) fn too_few(&self, level: f64) -> Option<String> {
        let Self::Resamples(resamples) = self else { return None };
        let percent = percent(level);
        let units = resamples.units;
        match resamples.interval(level) {
            Err(Error::TooFewUnits { found, expected, .. }) => Some(format!(
                "this rests on too few rows or clusters: they count as {found}, a level of {percent} % \
                 takes {expected}"
            )),
            Err(Error::TooFew { found, expected, .. }) => Some(format!(
                "{found} resamples of rows that count as {units} are too few for a level of \
                 {percent} %: it takes {expected}"
            )),
            Err(Error::Beyond { argument: "method", .. }) => Some(
                "all resamples lie on one side of the difference, where `bca` has no bounds; \
                 `percentile` would tell"
                    .into(),
            ),
            Err(_) => Some(format!(
                "rows that count as {units} tell no level of {percent} % by any number of resamples"
            )),
            Ok(_) => None,
        }
    }

    /// The interval of first less second: by Student's distribution for areas and means, by
    /// Tango's score for counts, by Miettinen's and Nurminen's for shares, and that of resamples.
    pub fn interval(&self, level: f64) -> Result<Interval> {
        match self {
            Self::Areas { estimate, standard_error, freedom } => {
                let all = means(*estimate, *standard_error, *freedom).interval(level)?;
                Ok(Interval { lower: all.lower.max(-1.0), upper: all.upper.min(1.0), ..all })
            }
            Self::Counts(counts) => counts.interval(level),
            Self::Resamples(resamples) => resamples.interval(level),
            Self::Means(means) => means.interval(level),
            Self::Proportions(shares) => shares.interval(level),
        }
    }

    /// The one-sided p-value of a true difference of at most `null`: small where it is above.
    pub fn above(&self, null: f64) -> f64 {
        match self {
            Self::Areas { estimate, standard_error, freedom } => {
                means(*estimate, *standard_error, *freedom).above(null)
            }
            Self::Counts(counts) => counts.above(null),
            Self::Resamples(resamples) => resamples.above(null),
            Self::Means(means) => means.above(null),
            Self::Proportions(shares) => shares.above(null),
        }
    }

    /// The one-sided p-value of a true difference of at least `null`: small where it is below.
    pub fn below(&self, null: f64) -> f64 {
        match self {
            Self::Resamples(resamples) => resamples.below(null),
            _ => self.negated().above(-null),
        }
    }

    /// Second less first.
    #[must_use]
    pub fn negated(&self) -> Self {
        match self {
            Self::Areas { estimate, standard_error, freedom } => Self::Areas {
                estimate: -estimate,
                standard_error: *standard_error,
                freedom: *freedom,
            },
            Self::Counts(counts) => Self::Counts(McNemar {
                first_only: counts.second_only,
                second_only: counts.first_only,
                rows: counts.rows,
            }),
            Self::Resamples(resamples) => Self::Resamples(resamples.negated()),
            Self::Means(means) => Self::Means(Welch { difference: -means.difference, ..*means }),
            Self::Proportions(shares) => Self::Proportions(shares.negated()),
        }
    }
}

/// What is told of a difference of areas as of one of means.
fn means(difference: f64, standard_error: f64, freedom: f64) -> Welch {
    Welch { difference, standard_error, freedom }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::{two_proportions, welch};

    #[test]
    fn both_sides_mirror_each_other() {
        let counts = Difference::Counts(McNemar { first_only: 12, second_only: 5, rows: 90 });
        let areas = Difference::Areas { estimate: 0.1, standard_error: 0.04, freedom: 30.0 };
        let means = Difference::Means(welch(&[1.0, 2.0, 4.0], &[0.5, 2.5, 0.0, 1.0]).unwrap());
        let shares = Difference::Proportions(two_proportions((12, 40), (9, 50)).unwrap());
        for one in [counts, areas, means, shares] {
            for null in [-0.1, 0.0, 0.02] {
                assert!((one.above(null) - one.negated().below(-null)).abs() < 1e-15);
                assert!((one.above(null) + one.below(null) - 1.0).abs() < 0.01);
            }
        }
    }

    #[test]
    fn beyond_what_shares_can_differ_all_is_certain() {
        let shares = Difference::Proportions(two_proportions((12, 40), (9, 50)).unwrap());
        let counts = Difference::Counts(McNemar { first_only: 12, second_only: 5, rows: 90 });
        let all = Difference::Proportions(two_proportions((3, 3), (0, 3)).unwrap());
        for one in [shares, counts] {
            assert_eq!([-2.0, -1.0, 1.0, 2.0].map(|null| one.above(null)), [0.0, 0.0, 1.0, 1.0]);
            assert_eq!([-1.0, 1.0].map(|null| one.below(null)), [1.0, 0.0]);
        }
        assert_eq!(all.above(1.0), 1.0);
        assert!(all.above(0.9) > 0.05);
    }

    #[test]
    fn what_no_difference_has_is_refused() {
        let areas =
            |estimate, standard_error| Difference::Areas { estimate, standard_error, freedom: 9.0 };
        let means = |standard_error, freedom| {
            Difference::Means(Welch { difference: 1.0, standard_error, freedom })
        };
        let counts =
            |first_only, rows| Difference::Counts(McNemar { first_only, second_only: 1, rows });
        let resamples =
            |estimate| Difference::Resamples(Bootstrap::new(estimate, vec![1.0, 2.0], 9));
        for wrong in [
            areas(f64::NAN, 1.0),
            areas(1.0, -1.0),
            areas(1.0, f64::NAN),
            means(f64::INFINITY, 3.0),
            means(1.0, f64::NAN),
            counts(3, 3),
            Difference::Counts(McNemar { first_only: 0, second_only: 0, rows: 0 }),
            resamples(f64::NAN),
        ] {
            assert_eq!(wrong.clone().checked().unwrap_err().argument(), "difference", "{wrong:?}");
        }
        for right in [areas(1.0, 0.0), means(0.0, f64::NAN), counts(2, 3), resamples(1.5)] {
            assert!(right.checked().is_ok());
        }
    }

    #[test]
    fn what_does_not_vary_says_why() {
        let means = Difference::Means(welch(&[1.0, 1.0], &[2.0, 2.0]).unwrap());
        assert!(means.without_variance().unwrap().contains("constant"));
        let none = Difference::Resamples(Bootstrap::new(0.1, vec![f64::NAN, 0.1], 9));
        assert!(none.without_variance().unwrap().contains("resample"));
        let same = Difference::Resamples(Bootstrap::new(0.0, vec![0.0, 0.0], 9));
        assert!(same.without_variance().unwrap().contains("the same on all rows"));
        let constant = Difference::Resamples(Bootstrap::new(0.1, vec![0.1, 0.1], 9));
        assert!(constant.without_variance().unwrap().contains("the difference is the same"));
    }
}
