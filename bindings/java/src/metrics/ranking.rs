//! Metrics of ranked documents and labels. Columns: truth (flags, or graded relevance), scores,
//! weights. Options: the width of both tables, and what the metric takes.

use halfback_metrics::{
    Dcg, average_precision_by_label, average_precision_multilabel, coverage_error, dcg, hit_rate,
    label_ranking_average_precision, label_ranking_loss, mean_average_precision,
    mean_reciprocal_rank, ndcg, precision_at_k, recall_at_k, roc_auc_multilabel,
};

use super::Outcome;
use super::column::Call;
use super::numbers::Numbers;
use super::score::average;

pub(super) fn measure(metric: &str, call: &Call<'_>, out: &mut Numbers) -> Outcome<bool> {
    let weights = call.weights(2);
    let table = || call.table(1, 0, "y_score");
    let cut = || call.optional_count(1, "k");
    let given = match metric {
        "dcg" => {
            let graded = call.table(0, 0, "y_true")?;
            out.number(dcg(graded, table()?, weights, gains(call)?)?);
            return Ok(true);
        }
        "average_precision_by_label" => {
            out.metrics(&average_precision_by_label(call.flags(0)?, table()?, weights)?);
            return Ok(true);
        }
        "ndcg" => ndcg(call.table(0, 0, "y_true")?, table()?, weights, gains(call)?)?,
        "label_ranking_average_precision" => {
            label_ranking_average_precision(call.flags(0)?, table()?, weights)?
        }
        "coverage_error" => coverage_error(call.flags(0)?, table()?, weights)?,
        "label_ranking_loss" => label_ranking_loss(call.flags(0)?, table()?, weights)?,
        "mean_average_precision" => {
            mean_average_precision(call.flags(0)?, table()?, cut()?, weights)?
        }
        "mean_reciprocal_rank" => mean_reciprocal_rank(call.flags(0)?, table()?, cut()?, weights)?,
        "hit_rate" => hit_rate(call.flags(0)?, table()?, cut()?, weights)?,
        "precision_at_k" => precision_at_k(call.flags(0)?, table()?, cut()?, weights)?,
        "recall_at_k" => recall_at_k(call.flags(0)?, table()?, cut()?, weights)?,
        "roc_auc_multilabel" => {
            let (flags, average, share) = (call.flags(0)?, average(call, 1)?, call.option(2));
            roc_auc_multilabel(flags, table()?, average, weights, share)?
        }
        "average_precision_multilabel" => {
            let (flags, average) = (call.flags(0)?, average(call, 1)?);
            average_precision_multilabel(flags, table()?, average, weights)?
        }
        _ => return Ok(false),
    };
    out.metric(given);
    Ok(true)
}

fn gains(call: &Call<'_>) -> Outcome<Dcg> {
    Ok(Dcg {
        k: call.optional_count(1, "k")?,
        log_base: call.number(2)?,
        ignore_ties: call.option(3) == Some(1.0),
    })
}
