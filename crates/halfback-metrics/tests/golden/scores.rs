//! Metrics of scores and probabilities.

use halfback_metrics::{
    Brier, Error, Label, Labels, Multiclass, ScoreAverage, auc, average_precision,
    average_precision_by_label, average_precision_multiclass, average_precision_multilabel,
    brier_score, confusion_at_thresholds, d2_brier_score, d2_log_loss, det_curve, hinge_loss,
    kolmogorov_smirnov, log_loss, precision_recall_curve, roc_auc, roc_auc_by_class,
    roc_auc_multiclass, roc_auc_multilabel, roc_curve,
};

use crate::{Case, Given, Values, check};

#[test]
fn scores() {
    check(include_str!("scores.json"), 1e-12, answer);
}

fn answer(case: &Case<'_>) -> Result<Given, Error> {
    if case.case["fn"] == "auc" {
        return Ok(auc(case.column(0).floats(), case.column(1).floats())?.into());
    }
    if matches!(case.column(0).values, Values::Bool(_)) && case.column(0).width > 1 {
        return multilabel(case);
    }
    case.column(0).with_labels(|truth| match case.case["fn"].as_str().unwrap() {
        "roc_auc_score" | "average_precision_score" => area(case, truth),
        "roc_curve"
        | "precision_recall_curve"
        | "det_curve"
        | "confusion_matrix_at_thresholds"
        | "ks_2samp" => curve(case, truth),
        _ => loss(case, truth),
    })
}

fn area(case: &Case<'_>, truth: Labels<'_>) -> Result<Given, Error> {
    let (column, weight, labels) = (case.column(1), case.weight(), case.labels("labels"));
    let roc = case.case["fn"] == "roc_auc_score";
    let positive = positive(case);
    if column.width == 1 && roc {
        return Ok(roc_auc(truth, column.scores(), weight, case.float("max_fpr"))?.into());
    }
    if column.width == 1 {
        let metric = average_precision(truth, column.scores(), weight, positive.as_ref())?;
        return Ok(metric.into());
    }
    let average = average(case);
    if !roc {
        let average = average.unwrap();
        let metric = average_precision_multiclass(truth, column.matrix(), average, weight)?;
        return Ok(metric.into());
    }
    let Some(average) = average else {
        let areas = roc_auc_by_class(truth, column.matrix(), weight, labels.as_deref())?;
        return Ok(Given::metrics(&areas));
    };
    let how = match case.param("multi_class").as_str().unwrap() {
        "ovr" => Multiclass::OneVsRest,
        _ => Multiclass::OneVsOne,
    };
    Ok(roc_auc_multiclass(truth, column.matrix(), how, average, weight, labels.as_deref())?.into())
}

fn curve(case: &Case<'_>, truth: Labels<'_>) -> Result<Given, Error> {
    let (scores, weight, positive) = (case.column(1).scores(), case.weight(), positive(case));
    let positive = positive.as_ref();
    let drop = case.param("drop_intermediate").as_bool();
    let given = |columns: Vec<Vec<f64>>, undefined: Option<halfback_metrics::Undefined>| Given {
        numbers: columns.concat(),
        text: None,
        warned: undefined.and_then(|undefined| undefined.warning).into_iter().collect(),
    };
    Ok(match case.case["fn"].as_str().unwrap() {
        "roc_curve" => {
            let c = roc_curve(truth, scores, weight, positive, drop.unwrap_or(true))?;
            given(vec![c.false_positive_rate, c.true_positive_rate, c.thresholds], c.undefined)
        }
        "precision_recall_curve" => {
            let c = precision_recall_curve(truth, scores, weight, positive, drop.unwrap())?;
            given(vec![c.precision, c.recall, c.thresholds], c.undefined)
        }
        "det_curve" => {
            let c = det_curve(truth, scores, weight, positive, drop.unwrap())?;
            given(vec![c.false_positive_rate, c.false_negative_rate, c.thresholds], None)
        }
        "ks_2samp" => kolmogorov_smirnov(truth, scores, weight, positive)?.into(),
        _ => {
            let t = confusion_at_thresholds(truth, scores, weight, positive)?;
            let rates = [t.true_negative, t.false_positive, t.false_negative, t.true_positive];
            given(rates.into_iter().chain([t.thresholds]).collect(), None)
        }
    })
}

fn loss(case: &Case<'_>, truth: Labels<'_>) -> Result<Given, Error> {
    let (table, weight, labels) = (case.column(1).matrix(), case.weight(), case.labels("labels"));
    let labels = labels.as_deref();
    let brier = Brier {
        pos_label: positive(case),
        labels,
        scale_by_half: case.param("scale_by_half").as_bool(),
    };
    Ok(match case.case["fn"].as_str().unwrap() {
        "log_loss" => {
            log_loss(truth, table, case.param("normalize") != false, weight, labels)?.into()
        }
        "d2_log_loss_score" => d2_log_loss(truth, table, weight, labels)?.into(),
        "brier_score_loss" => brier_score(truth, table, weight, &brier)?.into(),
        "d2_brier_score" => d2_brier_score(truth, table, weight, &brier)?.into(),
        "hinge_loss" => hinge_loss(truth, table, weight, labels)?.into(),
        name => panic!("no answer for {name}"),
    })
}

fn multilabel(case: &Case<'_>) -> Result<Given, Error> {
    let (truth, table, weight) = (case.column(0).bools(), case.column(1).matrix(), case.weight());
    let Some(average) = average(case) else {
        return Ok(Given::metrics(&average_precision_by_label(truth, table, weight)?));
    };
    if case.case["fn"] == "roc_auc_score" {
        let share = case.float("max_fpr");
        return Ok(roc_auc_multilabel(truth, table, average, weight, share)?.into());
    }
    Ok(average_precision_multilabel(truth, table, average, weight)?.into())
}

fn positive(case: &Case<'_>) -> Option<Label> {
    let positive = case.param("pos_label");
    (!positive.is_null()).then(|| crate::label(positive))
}

/// Macro where nothing is said, nothing where `None` is.
fn average(case: &Case<'_>) -> Option<ScoreAverage> {
    match case.case["params"].get("average") {
        None => Some(ScoreAverage::Macro),
        Some(average) => match average.as_str()? {
            "micro" => Some(ScoreAverage::Micro),
            "macro" => Some(ScoreAverage::Macro),
            "weighted" => Some(ScoreAverage::Weighted),
            _ => Some(ScoreAverage::Samples),
        },
    }
}
