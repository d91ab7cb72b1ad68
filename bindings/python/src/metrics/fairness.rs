//! What differs between groups of rows.

use halfback_metrics::{
    Aggregate, ByGroup, Error, Fairness, Groups, Label, Labels, Metric, Parity, Relation, Settings,
};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyFloat, PyString};

use super::answer::work;
use super::column::{Column, HeldLabels, label};
use super::sets::weights;

/// Labels and rows.
type Group<'py> = (Vec<Bound<'py, PyAny>>, Bound<'py, PyByteArray>);

/// Level, replicates and seed of an interval; the keys of the rows, and their strata.
type Drawn = (f64, u32, u64, Option<Vec<u64>>, Option<Vec<u32>>);

const FEATURES: &str = "sensitive_features";

/// The labels of each group, one for each column, and its rows as the bytes of an array of 64-bit
/// numbers.
#[pyfunction]
#[pyo3(signature = (features, /))]
#[expect(clippy::needless_pass_by_value, reason = "columns from Python are extracted as owned")]
pub(crate) fn metrics_groups<'py>(
    py: Python<'py>,
    features: Vec<Bound<'py, PyAny>>,
) -> PyResult<Vec<Group<'py>>> {
    let features = columns(&features)?;
    let held = held(py, &features)?;
    let (names, rows) = work(py, || {
        let groups = groups(&held)?;
        let rows: Vec<Vec<u8>> = groups.rows().iter().map(|rows| places(rows)).collect();
        Ok((groups.names().to_vec(), rows))
    })?;
    let group = |(name, rows): (&Vec<Label>, &Vec<u8>)| {
        let name = name.iter().map(|label| value(py, label)).collect::<PyResult<_>>()?;
        Ok((name, PyByteArray::new(py, rows)))
    };
    names.iter().zip(&rows).map(group).collect()
}

/// Of a metric by group the smallest and the largest, and the difference and the ratio between
/// groups and to all rows.
#[pyfunction]
#[pyo3(signature = (values, overall, /))]
#[expect(clippy::needless_pass_by_value, reason = "numbers from Python are extracted as owned")]
pub(crate) fn metrics_by_group(values: Vec<f64>, overall: f64) -> [f64; 6] {
    let groups = values.iter().map(|&value| Metric::of(value)).collect();
    let by = ByGroup { groups, overall: Metric::of(overall) };
    [
        by.min(),
        by.max(),
        by.difference(Relation::BetweenGroups),
        by.difference(Relation::ToOverall),
        by.ratio(Relation::BetweenGroups),
        by.ratio(Relation::ToOverall),
    ]
    .map(|metric| metric.value)
}

/// A measure between groups, and its bounds where there are `settings` and the measure varies.
/// `measure` is its name, whether it is to all rows and not between groups, and whether the mean of
/// two is due and not the worse.
#[pyfunction]
#[pyo3(signature = (measure, y_true, y_pred, features, sample_weight, pos_label, settings, /))]
#[expect(clippy::needless_pass_by_value, reason = "columns from Python are extracted as owned")]
pub(crate) fn metrics_fairness(
    measure: (&str, bool, bool),
    y_true: &Bound<'_, PyAny>,
    y_pred: &Bound<'_, PyAny>,
    features: Vec<Bound<'_, PyAny>>,
    sample_weight: &Bound<'_, PyAny>,
    pos_label: &Bound<'_, PyAny>,
    settings: Option<Drawn>,
) -> PyResult<(f64, Option<(f64, f64)>)> {
    let py = y_true.py();
    let (truth, predicted) = (Column::of(y_true, "y_true")?, Column::of(y_pred, "y_pred")?);
    let weight = Column::given(sample_weight, "sample_weight")?;
    let positive = label(pos_label, "pos_label")?;
    let features = columns(&features)?;
    let (truth, predicted) = (truth.labels(py)?, predicted.labels(py)?);
    let (held, weight) = (held(py, &features)?, weights(py, weight.as_ref())?);
    let (name, to_overall, mean) = measure;
    let (parity, ratio) = parity(name, mean);
    let relation = if to_overall { Relation::ToOverall } else { Relation::BetweenGroups };
    work(py, || {
        let groups = groups(&held)?;
        let mut fairness = Fairness::of(truth.get(), predicted.get(), &groups, positive.as_ref())
            .map_err(as_feature)?
            .weighted(weight.as_deref())?;
        let Some((level, replicates, seed, keys, strata)) = settings else {
            let of = if ratio { Fairness::ratio } else { Fairness::difference };
            return Ok((of(&fairness, parity, relation).value, None));
        };
        if let Some(keys) = keys {
            fairness = fairness.clustered(&keys)?;
        }
        if let Some(strata) = strata {
            fairness = fairness.stratified(&strata)?;
        }
        let of = if ratio { Fairness::ratio_interval } else { Fairness::difference_interval };
        let found = of(&fairness, parity, relation, &Settings { level, replicates, seed })?;
        Ok((found.metric.value, found.interval.map(|it| (it.lower, it.upper))))
    })
}

/// A measure by its name in Python, and whether it is a ratio.
fn parity(name: &str, mean: bool) -> (Parity, bool) {
    let aggregate = if mean { Aggregate::Mean } else { Aggregate::WorstCase };
    let parity = match name {
        name if name.starts_with("demographic_parity") => Parity::Demographic,
        name if name.starts_with("equal_opportunity") => Parity::EqualOpportunity,
        _ => Parity::EqualizedOdds(aggregate),
    };
    (parity, name.ends_with("ratio"))
}

fn columns(features: &[Bound<'_, PyAny>]) -> PyResult<Vec<Column>> {
    features.iter().map(|feature| Column::of(feature, FEATURES)).collect()
}

fn held<'a>(py: Python<'_>, features: &'a [Column]) -> PyResult<Vec<HeldLabels<'a>>> {
    features.iter().map(|feature| feature.labels(py)).collect()
}

fn groups(features: &[HeldLabels<'_>]) -> halfback_metrics::Result<Groups> {
    let labels: Vec<Labels<'_>> = features.iter().map(HeldLabels::get).collect();
    Groups::of(&labels).map_err(as_feature)
}

/// The kernels know the columns of features as groups.
fn as_feature(error: Error) -> Error {
    if error.argument() == "groups" { error.renamed(FEATURES) } else { error }
}

fn places(rows: &[u32]) -> Vec<u8> {
    rows.iter().flat_map(|&row| i64::from(row).to_ne_bytes()).collect()
}

fn value<'py>(py: Python<'py>, label: &Label) -> PyResult<Bound<'py, PyAny>> {
    Ok(match label {
        Label::Bool(value) => PyBool::new(py, *value).to_owned().into_any(),
        Label::Int(value) => value.into_pyobject(py)?.into_any(),
        Label::Float(value) => PyFloat::new(py, *value).into_any(),
        Label::Text(value) => PyString::new(py, value).into_any(),
    })
}
