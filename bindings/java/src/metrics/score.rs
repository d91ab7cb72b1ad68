//! Metrics of labels against scores. Columns: truth, scores, weights, all classes, the positive class.
//! Where scores are a table, its width comes first among the options.

use halfback_metrics::{
    Bins, Brier, Costs, Metric, Multiclass, ScoreAverage, auc, average_precision,
    average_precision_multiclass, best_threshold, bootstrap_roc_auc, brier_score,
    confusion_at_thresholds, d2_brier_score, d2_log_loss, delong, det_curve, gain_curve, gini,
    hinge_loss, kolmogorov_smirnov, lift_at, log_loss, murphy, precision_recall_curve,
    recalibration, reliability, roc_auc, roc_auc_by_class, roc_auc_multiclass, roc_curve, rows_of,
    spiegelhalter, top_k_accuracy,
};

use super::classes::{choice, unknown};
use super::column::Call;
use super::inference::{replicate, seed, summary};
use super::numbers::Numbers;
use super::{Outcome, only};

/// Those that have no word for the positive class: their truth becomes flags.
const BY_FLAGS: [&str; 7] =
    ["roc_auc", "gini", "log_loss", "d2_log_loss", "hinge_loss", "delong", "bootstrap_roc_auc"];

pub(super) fn measure(metric: &str, call: &Call<'_>, out: &mut Numbers) -> Outcome<bool> {
    let listed = call.listed(4);
    let Some(positive) = only(listed.as_deref())? else { return of_two(metric, call, out) };
    let flags = rows_of(call.labels(0)?, positive)?;
    if BY_FLAGS.contains(&metric) {
        return of_two(metric, &call.with_truth(&flags), out);
    }
    of_two(metric, call, out)
}

fn of_two(metric: &str, call: &Call<'_>, out: &mut Numbers) -> Outcome<bool> {
    if area(metric, call, out)? || loss(metric, call, out)? || calibrated(metric, call, out)? {
        return Ok(true);
    }
    Ok(curve(metric, call, out)? || estimated(metric, call, out)?)
}

fn area(metric: &str, call: &Call<'_>, out: &mut Numbers) -> Outcome<bool> {
    let (weights, classes, positive) = (call.weights(2), call.listed(3), call.listed(4));
    let (classes, positive) = (classes.as_deref(), only(positive.as_deref())?);
    let table = || call.table(1, 0, "y_score");
    match metric {
        "roc_auc" => {
            out.metric(roc_auc(call.labels(0)?, call.scores(1)?, weights, call.number(0).ok())?)
        }
        "roc_auc_multiclass" => {
            let how = match choice(call, 1)? {
                0 => Multiclass::OneVsRest,
                1 => Multiclass::OneVsOne,
                _ => return Err(unknown()),
            };
            let average = average(call, 2)?;
            let (truth, table) = (call.labels(0)?, table()?);
            out.metric(roc_auc_multiclass(truth, table, how, average, weights, classes)?)
        }
        "roc_auc_by_class" => {
            out.metrics(&roc_auc_by_class(call.labels(0)?, table()?, weights, classes)?)
        }
        "average_precision" => {
            let (truth, scores) = (call.labels(0)?, call.scores(1)?);
            out.metric(average_precision(truth, scores, weights, positive)?)
        }
        "average_precision_multiclass" => {
            let (truth, average) = (call.labels(0)?, average(call, 1)?);
            out.metric(average_precision_multiclass(truth, table()?, average, weights)?)
        }
        "gini" => out.metric(gini(call.labels(0)?, call.scores(1)?, weights)?),
        "kolmogorov_smirnov" => {
            let (truth, scores) = (call.labels(0)?, call.scores(1)?);
            out.metric(kolmogorov_smirnov(truth, scores, weights, positive)?)
        }
        "lift" => {
            let (truth, scores, share) = (call.labels(0)?, call.scores(1)?, call.number(0)?);
            out.metric(lift_at(truth, scores, weights, positive, share)?)
        }
        "top_k_accuracy" => {
            let (table, k) = (call.table(1, 0, "y_score")?, call.count(1, "k")?);
            out.metric(top_k_accuracy(call.labels(0)?, table, k, weights, classes)?)
        }
        "auc" => out.number(auc(call.doubles(0)?, call.doubles(1)?)?),
        _ => return Ok(false),
    };
    Ok(true)
}

fn loss(metric: &str, call: &Call<'_>, out: &mut Numbers) -> Outcome<bool> {
    let (weights, classes, positive) = (call.weights(2), call.listed(3), call.listed(4));
    let classes = classes.as_deref();
    let table = || call.table(1, 0, "y_proba");
    let brier = || -> Outcome<Brier<'_>> {
        Ok(Brier {
            pos_label: only(positive.as_deref())?.cloned(),
            labels: classes,
            scale_by_half: call.option(1).map(|half| half != 0.0),
        })
    };
    let given = match metric {
        "log_loss" => {
            let is_mean = call.option(1) != Some(0.0);
            log_loss(call.labels(0)?, table()?, is_mean, weights, classes)?
        }
        "d2_log_loss" => d2_log_loss(call.labels(0)?, table()?, weights, classes)?,
        "brier_score" => brier_score(call.labels(0)?, table()?, weights, &brier()?)?,
        "d2_brier_score" => d2_brier_score(call.labels(0)?, table()?, weights, &brier()?)?,
        "hinge_loss" => {
            let decisions = call.table(1, 0, "pred_decision")?;
            Metric::of(hinge_loss(call.labels(0)?, decisions, weights, classes)?)
        }
        _ => return Ok(false),
    };
    out.metric(given);
    Ok(true)
}

fn curve(metric: &str, call: &Call<'_>, out: &mut Numbers) -> Outcome<bool> {
    let (weights, positive) = (call.weights(2), call.listed(4));
    let positive = only(positive.as_deref())?;
    let drops = call.option(0) != Some(0.0);
    match metric {
        "roc_curve" => {
            let curve = roc_curve(call.labels(0)?, call.scores(1)?, weights, positive, drops)?;
            out.list(&curve.false_positive_rate)
                .list(&curve.true_positive_rate)
                .list(&curve.thresholds)
                .reason(curve.undefined.map(|undefined| undefined.reason))
        }
        "precision_recall_curve" => {
            let (truth, scores) = (call.labels(0)?, call.scores(1)?);
            let curve = precision_recall_curve(truth, scores, weights, positive, drops)?;
            out.list(&curve.precision)
                .list(&curve.recall)
                .list(&curve.thresholds)
                .reason(curve.undefined.map(|undefined| undefined.reason))
        }
        "det_curve" => {
            let curve = det_curve(call.labels(0)?, call.scores(1)?, weights, positive, drops)?;
            out.list(&curve.false_positive_rate)
                .list(&curve.false_negative_rate)
                .list(&curve.thresholds)
        }
        "gain_curve" => match gain_curve(call.labels(0)?, call.scores(1)?, weights, positive)? {
            Some(curve) => out.list(&curve.share).list(&curve.gain).list(&curve.lift),
            None => out.list(&[]).list(&[]).list(&[]),
        },
        "confusion_at_thresholds" => {
            let (truth, scores) = (call.labels(0)?, call.scores(1)?);
            let at = confusion_at_thresholds(truth, scores, weights, positive)?;
            out.list(&at.true_negative)
                .list(&at.false_positive)
                .list(&at.false_negative)
                .list(&at.true_positive)
                .list(&at.thresholds)
        }
        "best_threshold" => {
            let costs = Costs {
                true_positive: call.number(0)?,
                false_positive: call.number(1)?,
                false_negative: call.number(2)?,
                true_negative: call.number(3)?,
            };
            let (truth, scores) = (call.labels(0)?, call.scores(1)?);
            let best = best_threshold(truth, scores, weights, positive, &costs)?;
            out.number(best.threshold).number(best.mean_cost)
        }
        _ => return Ok(false),
    };
    Ok(true)
}

fn calibrated(metric: &str, call: &Call<'_>, out: &mut Numbers) -> Outcome<bool> {
    let (weights, positive) = (call.weights(2), call.listed(4));
    let positive = only(positive.as_deref())?;
    match metric {
        "reliability" => {
            let count = call.count(1, "n_bins")?;
            let bins = match choice(call, 0)? {
                0 => Bins::Uniform(count),
                1 => Bins::Quantile(count),
                _ => return Err(unknown()),
            };
            let table = reliability(call.labels(0)?, call.scores(1)?, weights, positive, bins)?;
            out.number(table.expected_error())
                .number(table.maximum_error())
                .number(table.adaptive_error())
                .count(table.bins.len() as u64);
            for bin in &table.bins {
                out.number(bin.lower)
                    .number(bin.upper)
                    .number(bin.weight)
                    .number(bin.predicted)
                    .number(bin.observed);
            }
            out
        }
        "murphy" => {
            let parts = murphy(call.labels(0)?, call.scores(1)?, weights, positive)?;
            out.number(parts.reliability).number(parts.resolution).number(parts.uncertainty)
        }
        "recalibration" => {
            let line = recalibration(call.labels(0)?, call.scores(1)?, weights, positive)?;
            out.metric(line.slope).metric(line.intercept).metric(line.in_the_large)
        }
        "spiegelhalter" => {
            let test = spiegelhalter(call.labels(0)?, call.scores(1)?, weights, positive)?;
            out.metric(test.z).metric(test.p_value)
        }
        _ => return Ok(false),
    };
    Ok(true)
}

/// The area and its interval.
fn estimated(metric: &str, call: &Call<'_>, out: &mut Numbers) -> Outcome<bool> {
    match metric {
        "delong" => {
            let area = delong(call.labels(0)?, call.scores(1)?)?;
            let level = call.number(0)?;
            out.number(area.variance)
                .number(area.freedom)
                .interval(&area.interval(level)?)
                .interval(&area.logit_interval(level)?);
        }
        "bootstrap_roc_auc" => {
            let (replicates, seed) = (replicate(call, 0)?, seed(call, 1)?);
            let areas = bootstrap_roc_auc(call.labels(0)?, call.scores(1)?, replicates, seed)?;
            summary(&areas, call.number(2)?, out)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

pub(super) fn average(call: &Call<'_>, at: usize) -> Outcome<ScoreAverage> {
    Ok(match choice(call, at)? {
        1 => ScoreAverage::Micro,
        2 => ScoreAverage::Macro,
        3 => ScoreAverage::Weighted,
        4 => ScoreAverage::Samples,
        _ => return Err(unknown()),
    })
}
