//! Intervals, comparisons and plans.

use halfback_metrics::{
    Bootstrap, Design, Error, Labels, Resampling, adjust, clopper_pearson, delong_paired,
    jackknife_groups, mcnemar, miettinen_nurminen, newcombe, power_of_means, power_of_proportions,
    rows_for_means, rows_for_proportions, several, two_proportions, units, units_by_class, welch,
    wilson,
};

use super::Outcome;
use super::column::Call;
use super::numbers::Numbers;
use super::verdict::adjustment;

pub(super) fn measure(metric: &str, call: &Call<'_>, out: &mut Numbers) -> Outcome<bool> {
    Ok(of_counts(metric, call, out)?
        || of_columns(metric, call, out)?
        || resampled(metric, call, out)?
        || planned(metric, call, out)?)
}

fn of_counts(metric: &str, call: &Call<'_>, out: &mut Numbers) -> Outcome<bool> {
    let pair = |at| -> Outcome<(u64, u64)> {
        Ok((call.count(at, "successes")? as u64, call.count(at + 1, "rows")? as u64))
    };
    let interval = match metric {
        "wilson" | "clopper_pearson" => {
            let ((successes, rows), level) = (pair(0)?, call.number(2)?);
            let of = if metric == "wilson" { wilson } else { clopper_pearson };
            of(successes, rows, level)?
        }
        "newcombe" => newcombe(pair(0)?, pair(2)?, call.number(4)?)?,
        "miettinen_nurminen" => miettinen_nurminen(pair(0)?, pair(2)?, call.number(4)?)?,
        "two_proportions" => {
            let shares = two_proportions(pair(0)?, pair(2)?)?;
            out.number(shares.p_value());
            shares.interval(call.number(4)?)?
        }
        _ => return Ok(false),
    };
    out.interval(&interval);
    Ok(true)
}

fn of_columns(metric: &str, call: &Call<'_>, out: &mut Numbers) -> Outcome<bool> {
    match metric {
        "delong_paired" => {
            let pair = delong_paired(call.labels(0)?, call.scores(1)?, call.scores(2)?)?;
            out.number(pair.first.area)
                .number(pair.second.area)
                .number(pair.variance)
                .number(pair.freedom)
                .interval(&pair.interval(call.number(0)?)?)
                .metric(pair.p_value())
        }
        "mcnemar" => {
            let counts = mcnemar(call.labels(0)?, call.labels(1)?, call.labels(2)?)?;
            out.count(counts.first_only)
                .count(counts.second_only)
                .count(counts.rows)
                .number(counts.difference())
                .number(counts.exact())
                .number(counts.mid_p())
        }
        "welch" => {
            let test = welch(call.doubles(0)?, call.doubles(1)?)?;
            out.number(test.standard_error)
                .number(test.freedom)
                .interval(&test.interval(call.number(0)?)?)
                .metric(test.p_value())
        }
        "adjust" => out.list(&adjust(call.doubles(0)?, adjustment(call, 0)?)?),
        _ => return Ok(false),
    };
    Ok(true)
}

fn resampled(metric: &str, call: &Call<'_>, out: &mut Numbers) -> Outcome<bool> {
    match metric {
        "resample" => {
            let (rows, seed, replicate) =
                (call.count(0, "rows")?, seed(call, 1)?, replicate(call, 2)?);
            let resampling = Resampling::new(seed);
            let weight = |key: u64| f64::from(resampling.weight(key, replicate));
            let weights: Vec<f64> = keys(call, 0, rows).into_iter().map(weight).collect();
            out.list(&weights);
        }
        "jackknife_groups" => {
            let (rows, groups) = (call.count(0, "rows")?, call.count(1, "groups")?);
            let (groups, _) = jackknife_groups(&keys(call, 0, rows), groups)?;
            out.list(&groups.into_iter().map(float).collect::<Vec<_>>());
        }
        "bootstrap" => {
            let [strata, classes] = [3, 5].map(|at| numbers(call, at));
            let keys = keys(call, 2, call.count(2, "rows")?);
            several("keys", &keys)?;
            let (strata, weights) = (strata.as_deref(), call.weights(6));
            let units = match &classes {
                None => units(&keys, strata, weights),
                Some(classes) => units_by_class(&keys, classes, strata, weights),
            };
            let mut bootstrap = Bootstrap::new(call.number(0)?, call.doubles(0)?.to_vec(), units);
            if let Some(without) = call.weights(1) {
                bootstrap = bootstrap.corrected(without);
            }
            summary(&bootstrap, call.number(1)?, out)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// What Java numbers from 0 on.
fn numbers(call: &Call<'_>, at: usize) -> Option<Vec<u32>> {
    match call.labels(at) {
        Ok(Labels::Int(numbers)) => {
            Some(numbers.iter().map(|&it| u32::try_from(it).unwrap_or(0)).collect())
        }
        _ => None,
    }
}

/// The keys of rows, any 64 bits each; where none are given, the numbers of so many.
fn keys(call: &Call<'_>, at: usize, rows: usize) -> Vec<u64> {
    match call.labels(at) {
        Ok(Labels::Int(keys)) => keys.iter().map(|&key| key.cast_unsigned()).collect(),
        _ => (0..rows as u64).collect(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows are below 2^53")]
fn float(count: usize) -> f64 {
    count as f64
}

/// The acceleration is NaN where nothing is corrected.
pub(super) fn summary(bootstrap: &Bootstrap, level: f64, out: &mut Numbers) -> Outcome<()> {
    out.number(bootstrap.standard_error())
        .count(bootstrap.undefined as u64)
        .interval(&bootstrap.interval(level)?)
        .number(float(bootstrap.units))
        .number(bootstrap.p_value(0.0))
        .number(bootstrap.acceleration.unwrap_or(f64::NAN));
    Ok(())
}

fn planned(metric: &str, call: &Call<'_>, out: &mut Numbers) -> Outcome<bool> {
    let design =
        || -> Outcome<Design> { Ok(Design { alpha: call.number(3)?, ratio: call.number(4)? }) };
    let rows = || -> Outcome<u64> { Ok(call.count(2, "rows")? as u64) };
    let (first, second) = (call.number(0), call.number(1));
    match metric {
        "power_of_means" => out.number(power_of_means(first?, rows()?, design()?)?),
        "power_of_proportions" => {
            out.number(power_of_proportions(first?, second?, rows()?, design()?)?)
        }
        "rows_for_means" => out.count(rows_for_means(first?, call.number(2)?, design()?)?),
        "rows_for_proportions" => {
            out.count(rows_for_proportions(first?, second?, call.number(2)?, design()?)?)
        }
        _ => return Ok(false),
    };
    Ok(true)
}

pub(super) fn replicate(call: &Call<'_>, at: usize) -> Outcome<u32> {
    let found = call.count(at, "replicates")?;
    let expected = "from 1 to 2^24";
    let out_of_range =
        Error::OutOfRange { argument: "replicates", found: call.number(at)?, expected };
    u32::try_from(found).map_err(|_| out_of_range.into())
}

/// A seed is any 64 bits: those of the double.
pub(super) fn seed(call: &Call<'_>, at: usize) -> Outcome<u64> {
    let seed = call.number(at)?;
    Ok(seed.to_bits())
}
