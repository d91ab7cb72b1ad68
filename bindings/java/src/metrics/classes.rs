//! Metrics of labels against labels. Columns: truth, predictions, weights, the classes that count,
//! the positive class, names for a report, costs.

use halfback_metrics::{
    Average, Confusion, CostMatrix, Kappa, Label, MultilabelConfusion, Normalize, Tally,
    ZeroDivision,
};

use super::column::Call;
use super::numbers::Numbers;
use super::{Outcome, only};
use crate::failure::Failure;
use crate::transfer::json;

/// Answers for one class a row, or for several, where the truth is flags and a width comes first
/// among the options.
pub(super) fn measure(metric: &str, call: &Call<'_>, out: &mut Numbers) -> Outcome<bool> {
    match metric.strip_prefix("multilabel_") {
        Some(metric) => several(metric, call, out),
        None => one(metric, call, out),
    }
}

fn one(metric: &str, call: &Call<'_>, out: &mut Numbers) -> Outcome<bool> {
    let confusion = || confusion(call);
    match metric {
        "accuracy" => out.number(confusion()?.accuracy()),
        "zero_one_loss" => out.number(confusion()?.zero_one_loss()),
        "balanced_accuracy" => out.metric(confusion()?.balanced_accuracy(is_set(call, 0))),
        "matthews" => out.metric(confusion()?.matthews()),
        "kappa" => out.metric(confusion()?.kappa(kappa(call)?)?),
        "confusion_matrix" => {
            let confusion = confusion()?;
            let single = confusion.single_class().map(|undefined| undefined.reason);
            out.list(&confusion.matrix(normalize(call)?)?).reason(single)
        }
        "tallies" => tallies(out, &confusion()?.tallies()),
        "scores" => {
            let average = average(call, 0)?;
            out.sets(&confusion()?.scores(&average, call.number(2)?, zero(call, 1)?)?)
        }
        "jaccard" => out.metric(confusion()?.jaccard(&average(call, 0)?, zero(call, 1)?)?),
        "specificity" => out.metric(confusion()?.specificity(&average(call, 0)?, zero(call, 1)?)?),
        "negative_predictive_value" => {
            let (average, zero) = (average(call, 0)?, zero(call, 1)?);
            out.metric(confusion()?.negative_predictive_value(&average, zero)?)
        }
        "label_scores" => {
            let rows = confusion()?.label_scores(call.number(1)?, zero(call, 0)?)?;
            out.count(rows.len() as u64);
            for row in rows {
                out.sets(&row.scores).number(row.support);
            }
            out
        }
        "label_jaccard" => out.metrics(&confusion()?.label_jaccard(zero(call, 0)?)),
        "likelihood_ratios" => {
            let ratios = confusion()?.likelihood_ratios((f64::NAN, f64::NAN))?;
            out.metric(ratios.positive).metric(ratios.negative)
        }
        "mean_cost" => {
            let confusion = confusion()?;
            let costs = CostMatrix::new(confusion.labels().len(), call.doubles(6)?.to_vec())?;
            out.metric(confusion.mean_cost(&costs)?)
        }
        _ => return Ok(false),
    };
    Ok(true)
}

fn several(metric: &str, call: &Call<'_>, out: &mut Numbers) -> Outcome<bool> {
    let confusion = multilabel(call)?;
    match metric {
        "accuracy" => out.number(confusion.accuracy()),
        "hamming_loss" => out.number(confusion.hamming_loss()),
        "tallies" => tallies(out, &confusion.tallies()),
        "row_tallies" => tallies(out, &confusion.row_tallies()),
        "scores" => {
            out.sets(&confusion.scores(&average(call, 1)?, call.number(3)?, zero(call, 2)?)?)
        }
        "jaccard" => out.metric(confusion.jaccard(&average(call, 1)?, zero(call, 2)?)?),
        "label_scores" => {
            let rows = confusion.label_scores(call.number(2)?, zero(call, 1)?)?;
            out.count(rows.len() as u64);
            for (scores, support) in rows {
                out.sets(&scores).number(support);
            }
            out
        }
        _ => return Ok(false),
    };
    Ok(true)
}

/// What is text, as JSON.
pub(super) fn describe(metric: &str, call: &Call<'_>) -> Outcome<String> {
    let names = call.texts(5);
    let told = match metric {
        "labels" => json(&confusion(call)?.labels())?,
        "report" => {
            let report = confusion(call)?.report(names, zero(call, 0)?)?;
            json(&report.to_text(call.count(1, "digits")?))?
        }
        "multilabel_report" => {
            let report = multilabel(call)?.report(names, zero(call, 1)?)?;
            json(&report.to_text(call.count(2, "digits")?))?
        }
        _ => return Err(Failure::Defect("a text that does not exist was asked for")),
    };
    String::from_utf8(told).map_err(|_| Failure::Defect("JSON is not UTF-8"))
}

fn confusion(call: &Call<'_>) -> Outcome<Confusion> {
    let listed = call.listed(3);
    Ok(Confusion::of(call.labels(0)?, call.labels(1)?, call.weights(2), listed.as_deref())?)
}

fn multilabel<'a>(call: &Call<'a>) -> Outcome<MultilabelConfusion<'a>> {
    let width = call.count(0, "y_true")?;
    Ok(MultilabelConfusion::of(call.flags(0)?, call.flags(1)?, width, call.weights(2), None)?)
}

fn tallies<'a>(out: &'a mut Numbers, tallies: &[Tally]) -> &'a mut Numbers {
    out.count(tallies.len() as u64);
    for tally in tallies {
        out.number(tally.true_negative)
            .number(tally.false_positive)
            .number(tally.false_negative)
            .number(tally.true_positive);
    }
    out
}

fn is_set(call: &Call<'_>, at: usize) -> bool {
    call.option(at) == Some(1.0)
}

fn average(call: &Call<'_>, at: usize) -> Outcome<Average> {
    let listed = call.listed(4);
    Ok(match choice(call, at)? {
        0 => Average::Binary(only(listed.as_deref())?.cloned().unwrap_or(Label::Int(1))),
        1 => Average::Micro,
        2 => Average::Macro,
        3 => Average::Weighted,
        4 => Average::Samples,
        _ => return Err(unknown()),
    })
}

fn zero(call: &Call<'_>, at: usize) -> Outcome<ZeroDivision> {
    Ok(match choice(call, at)? {
        0 => ZeroDivision::Zero,
        1 => ZeroDivision::One,
        2 => ZeroDivision::Nan,
        _ => return Err(unknown()),
    })
}

fn kappa(call: &Call<'_>) -> Outcome<Kappa> {
    Ok(match choice(call, 0)? {
        0 => Kappa::Plain,
        1 => Kappa::Linear,
        2 => Kappa::Quadratic,
        _ => return Err(unknown()),
    })
}

fn normalize(call: &Call<'_>) -> Outcome<Normalize> {
    Ok(match choice(call, 0)? {
        0 => Normalize::None,
        1 => Normalize::True,
        2 => Normalize::Predicted,
        3 => Normalize::All,
        _ => return Err(unknown()),
    })
}

/// The place of a constant in its enum.
pub(super) fn choice(call: &Call<'_>, at: usize) -> Outcome<usize> {
    call.count(at, "option")
}

pub(super) fn unknown() -> Failure {
    Failure::Defect("a choice that does not exist was made")
}
