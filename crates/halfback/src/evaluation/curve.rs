//! Curves for pictures: thinned out to as many points as a picture shows, and kept with the evaluation,
//! so that it can be drawn where the rows are no more.

use halfback_metrics::{
    Bins, Label, Labels, Result, Scores, Suite, precision_recall_curve, reliability, roc_auc,
    roc_curve,
};

use super::reading::written;
use super::record::{
    ClassCurve, ConfusionCounts, Curves, MOST_CLASSES, MOST_CURVES, MOST_POINTS, Point,
    ReliabilityPoint,
};

/// The curves of all rows; none for a regression.
pub(super) fn curves(
    suite: &Suite,
    weights: Option<&[f64]>,
    positive: Option<&str>,
) -> Result<Option<Curves>> {
    let mut curves = Curves { confusion: confusion(suite, positive), ..Curves::default() };
    if let Some((truth, scores)) = suite.binary_scores() {
        let (truth, scores) = (Labels::Bool(truth), Scores::F64(scores));
        let roc = roc_curve(truth, scores, weights, None, true)?;
        if roc.undefined.is_none() {
            curves.roc = thinned(&roc.false_positive_rate, &roc.true_positive_rate);
            let pr = precision_recall_curve(truth, scores, weights, None, true)?;
            let (mut recall, mut precision) = (pr.recall, pr.precision);
            recall.reverse();
            precision.reverse();
            curves.precision_recall = thinned(&recall, &precision);
        }
        if suite.has_probabilities() {
            let table = reliability(truth, scores, weights, None, Bins::Uniform(10))?;
            let point = |bin: &halfback_metrics::ReliabilityBin| ReliabilityPoint {
                predicted: rounded(bin.predicted),
                observed: rounded(bin.observed),
                weight: bin.weight,
            };
            curves.reliability = table.bins.iter().map(point).collect();
        }
    }
    if let Some((classes, truth, scores)) = suite.multiclass_scores()
        && classes.len() <= MOST_CURVES
    {
        curves.roc_by_class = roc_by_class(classes, truth, scores, weights)?;
    }
    Ok((curves != Curves::default()).then_some(curves))
}

/// The curves of the classes that have rows.
fn roc_by_class(
    classes: &[Label],
    truth: &[u32],
    scores: &[f64],
    weights: Option<&[f64]>,
) -> Result<Vec<ClassCurve>> {
    let mut curves = Vec::new();
    for (class, at) in classes.iter().zip(0..) {
        let own: Vec<bool> = truth.iter().map(|&code| code == at).collect();
        let column: Vec<f64> =
            scores.iter().skip(at as usize).step_by(classes.len()).copied().collect();
        let (own, column) = (Labels::Bool(&own), Scores::F64(&column));
        let curve = roc_curve(own, column, weights, Some(&Label::Bool(true)), true)?;
        if curve.undefined.is_none() {
            curves.push(ClassCurve {
                label: written(class),
                area: roc_auc(own, column, weights, None)?.value,
                points: thinned(&curve.false_positive_rate, &curve.true_positive_rate),
            });
        }
    }
    Ok(curves)
}

fn confusion(suite: &Suite, positive: Option<&str>) -> Option<ConfusionCounts> {
    let (classes, counts) = suite.counts()?;
    let labels = match (classes, positive) {
        (Some(classes), _) => classes.iter().map(written).collect(),
        (None, Some(positive)) => vec![format!("not {positive}"), positive.to_owned()],
        (None, None) => [false, true].map(|class| written(&Label::Bool(class))).to_vec(),
    };
    (labels.len() <= MOST_CLASSES).then_some(ConfusionCounts { labels, counts })
}

/// Points at about equal distances along the curve, its ends among them.
fn thinned(x: &[f64], y: &[f64]) -> Vec<Point> {
    let point = |(&x, &y): (&f64, &f64)| Point { x: rounded(x), y: rounded(y) };
    let all: Vec<Point> = x.iter().zip(y).map(point).collect();
    if all.len() <= MOST_POINTS {
        return all;
    }
    let step = |pair: &[Point]| match pair {
        [from, to] => (to.x - from.x).abs() + (to.y - from.y).abs(),
        _ => 0.0,
    };
    let length: f64 = all.windows(2).map(step).sum();
    #[expect(clippy::cast_precision_loss, reason = "a curve has about a hundred points")]
    let stride = length / (MOST_POINTS - 2) as f64;
    let mut kept: Vec<Point> = all.first().copied().into_iter().collect();
    let mut walked = 0.0;
    for pair in all.windows(2) {
        walked += step(pair);
        if walked >= stride && kept.len() < MOST_POINTS - 1 {
            kept.extend(pair.last());
            walked = 0.0;
        }
    }
    if kept.last() != all.last() {
        kept.extend(all.last());
    }
    kept
}

/// What a picture can show.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
