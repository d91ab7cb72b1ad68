//! Metrics of one confusion matrix.

use halfback_metrics::{
    Average, Confusion, Error, Kappa, Label, MultilabelConfusion, Normalize, SetScores, Tally,
    ZeroDivision, top_k_accuracy,
};

use crate::{Case, Given, Values, check};

#[test]
fn classification() {
    check(include_str!("classification.json"), 1e-12, answer);
}

#[test]
fn sets() {
    check(include_str!("sets.json"), 1e-12, answer);
}

fn answer(case: &Case<'_>) -> Result<Given, Error> {
    if case.case["fn"] == "top_k_accuracy_score" {
        let labels = case.labels("labels");
        let k = case.param("k").as_u64().unwrap() as usize;
        let scores = case.column(1).matrix();
        return case
            .column(0)
            .with_labels(|truth| top_k_accuracy(truth, scores, k, case.weight(), labels.as_deref()))
            .map(Into::into);
    }
    if matches!(case.column(0).values, Values::Bool(_)) && case.column(0).width > 1 {
        return multilabel(case);
    }
    let labels = case.labels("labels");
    let labels = labels.as_deref().filter(|_| case.param("average") != "binary");
    let confusion = case.column(0).with_labels(|truth| {
        case.column(1)
            .with_labels(|predicted| Confusion::of(truth, predicted, case.weight(), labels))
    })?;
    single(case, &confusion)
}

fn single(case: &Case<'_>, confusion: &Confusion) -> Result<Given, Error> {
    let (average, beta, zero) = (average(case), beta(case), zero(case));
    let name = case.case["fn"].as_str().unwrap();
    let scores = || confusion.scores(average.as_ref().unwrap(), beta, zero);
    Ok(match name {
        "accuracy_score" => confusion.accuracy().into(),
        "zero_one_loss" | "hamming_loss" => confusion.zero_one_loss().into(),
        "matthews_corrcoef" => confusion.matthews().into(),
        "balanced_accuracy_score" => {
            confusion.balanced_accuracy(case.param("adjusted") == true).into()
        }
        "cohen_kappa_score" => confusion.kappa(kappa(case))?.into(),
        "class_likelihood_ratios" => likelihood(case, confusion)?,
        "multilabel_confusion_matrix" => tallies(&confusion.tallies()),
        "confusion_matrix" => {
            let numbers = confusion.matrix(normalize(case))?;
            let warned = confusion.single_class().and_then(|undefined| undefined.warning);
            Given { numbers, text: None, warned: warned.into_iter().collect() }
        }
        "precision_score" => scores()?.precision.into(),
        "recall_score" => scores()?.recall.into(),
        "f1_score" => scores()?.fscore.into(),
        "jaccard_score" => match &average {
            Some(average) => confusion.jaccard(average, zero)?.into(),
            None => Given::metrics(&confusion.label_jaccard(zero)),
        },
        "precision_recall_fscore_support" => match &average {
            Some(_) => set_scores(scores()?),
            None => by_label(confusion, beta, zero)?,
        },
        "classification_report" => report(case, confusion)?,
        name => panic!("no answer for {name}"),
    })
}

fn likelihood(case: &Case<'_>, confusion: &Confusion) -> Result<Given, Error> {
    let replace = case.param("replace_undefined_by");
    let replace = if replace.is_null() {
        (f64::NAN, f64::NAN)
    } else {
        (replace["LR+"].as_f64().unwrap(), replace["LR-"].as_f64().unwrap())
    };
    let ratios = confusion.likelihood_ratios(replace)?;
    Ok(Given::metrics(&[ratios.positive, ratios.negative]))
}

fn by_label(confusion: &Confusion, beta: f64, zero: ZeroDivision) -> Result<Given, Error> {
    let rows = confusion.label_scores(beta, zero)?;
    let pick = |metric: fn(&SetScores) -> halfback_metrics::Metric| {
        rows.iter().map(move |row| metric(&row.scores)).collect::<Vec<_>>()
    };
    let metrics = [pick(|s| s.precision), pick(|s| s.recall), pick(|s| s.fscore)].concat();
    let mut given = Given::metrics(&metrics);
    given.numbers.extend(rows.iter().map(|row| row.support));
    Ok(given)
}

fn report(case: &Case<'_>, confusion: &Confusion) -> Result<Given, Error> {
    let names = case.param("target_names").as_array();
    let names: Option<Vec<&str>> =
        names.map(|names| names.iter().map(|name| name.as_str().unwrap()).collect());
    let digits = case.param("digits").as_u64().unwrap() as usize;
    let text = confusion.report(names.as_deref(), ZeroDivision::Warn)?.to_text(digits);
    Ok(Given { text: Some(text), ..Given::default() })
}

fn multilabel(case: &Case<'_>) -> Result<Given, Error> {
    let (truth, predicted) = (case.column(0), case.column(1));
    let labels: Option<Vec<usize>> = case
        .param("labels")
        .as_array()
        .map(|labels| labels.iter().map(|label| label.as_u64().unwrap() as usize).collect());
    let confusion = MultilabelConfusion::of(
        truth.bools(),
        predicted.bools(),
        truth.width,
        case.weight(),
        labels.as_deref(),
    )?;
    let (average, zero) = (average(case), zero(case));
    Ok(match case.case["fn"].as_str().unwrap() {
        "accuracy_score" => confusion.accuracy().into(),
        "hamming_loss" => confusion.hamming_loss().into(),
        "multilabel_confusion_matrix" if case.param("samplewise") == true => {
            tallies(&confusion.row_tallies())
        }
        "multilabel_confusion_matrix" => tallies(&confusion.tallies()),
        "precision_recall_fscore_support" => {
            set_scores(confusion.scores(average.as_ref().unwrap(), beta(case), zero)?)
        }
        "jaccard_score" => confusion.jaccard(average.as_ref().unwrap(), zero)?.into(),
        "classification_report" => {
            let text = confusion.report(None, zero)?.to_text(2);
            Given { text: Some(text), ..Given::default() }
        }
        name => panic!("no answer for {name}"),
    })
}

fn set_scores(scores: SetScores) -> Given {
    Given::metrics(&[scores.precision, scores.recall, scores.fscore])
}

fn tallies(tallies: &[Tally]) -> Given {
    let cells = |t: &Tally| [t.true_negative, t.false_positive, t.false_negative, t.true_positive];
    Given::numbers(tallies.iter().flat_map(cells).collect())
}

fn average(case: &Case<'_>) -> Option<Average> {
    match case.param("average").as_str()? {
        "binary" => {
            let positive = case.param("pos_label");
            let positive = if positive.is_null() { Label::Int(1) } else { crate::label(positive) };
            Some(Average::Binary(positive))
        }
        "micro" => Some(Average::Micro),
        "macro" => Some(Average::Macro),
        "weighted" => Some(Average::Weighted),
        _ => Some(Average::Samples),
    }
}

fn beta(case: &Case<'_>) -> f64 {
    case.float("beta").unwrap_or(1.0)
}

fn zero(case: &Case<'_>) -> ZeroDivision {
    match case.param("zero_division").as_str() {
        Some("nan") => ZeroDivision::Nan,
        None if case.param("zero_division") == 0 => ZeroDivision::Zero,
        None if case.param("zero_division") == 1 => ZeroDivision::One,
        _ => ZeroDivision::Warn,
    }
}

fn kappa(case: &Case<'_>) -> Kappa {
    match case.param("weights").as_str() {
        None => Kappa::Plain,
        Some("linear") => Kappa::Linear,
        Some(_) => Kappa::Quadratic,
    }
}

fn normalize(case: &Case<'_>) -> Normalize {
    match case.param("normalize").as_str() {
        None => Normalize::None,
        Some("true") => Normalize::True,
        Some("pred") => Normalize::Predicted,
        Some(_) => Normalize::All,
    }
}
