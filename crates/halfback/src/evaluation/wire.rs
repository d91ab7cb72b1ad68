//! The bindings' way to evaluations: columns that they own, by name, and options as JSON.

use halfback_store::error::{Detail, Error, Result};
use halfback_store::name::{said, shown};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::comparison::Comparison;
use super::measure::{EvaluateOptions, code, measure_with};
use super::own::Own;
use super::pair::{CompareOptions, PairedSample, Predictions, measure_pair_with};
use super::picture::Picture;
use super::record::Evaluation;
use super::sample::{Column, Sample};
use super::scores::Scores;
use crate::registry::Registry;
use crate::securable::VersionRef;

pub use super::own::OwnMetrics;

/// A column that a binding owns while it is measured.
#[derive(Debug, Clone, PartialEq)]
pub enum OwnedColumn {
    /// True and false.
    Bool(Vec<bool>),
    /// Whole numbers.
    Int(Vec<i64>),
    /// Numbers in double precision.
    Float(Vec<f64>),
    /// Numbers in single precision.
    Float32(Vec<f32>),
    /// Texts.
    Text(Vec<String>),
}

/// What a binding was given as a column: one, or a table of them, row after row.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// Its values.
    pub values: OwnedColumn,
    /// How many columns a table has; none where it is one column.
    pub width: Option<usize>,
    /// Their names, if they have any.
    pub names: Vec<String>,
}

/// Columns by what they are: `y_true`, `y_pred`, `y_score`, `weights`, `clusters`, `strata`, and
/// `baseline.y_pred` and `baseline.y_score` of a comparison; and those to slice by.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Columns {
    /// Columns by role.
    pub roles: Vec<(String, Given)>,
    /// Columns to slice by, in their order.
    pub slices: Vec<(String, Given)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EvaluateRequest {
    version: VersionRef,
    #[serde(default)]
    options: EvaluateOptions,
    /// The names of the caller's own.
    #[serde(default)]
    metrics: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CompareRequest {
    candidate: VersionRef,
    baseline: VersionRef,
    #[serde(default)]
    options: CompareOptions,
    /// Whether more is better, where the metric is the caller's own.
    #[serde(default)]
    higher_is_better: Option<bool>,
}

/// Evaluates a version as `{"version": …, "options": …, "metrics": […]}` says; see
/// [`Registry::evaluate`]. `own` has the metrics that are named there.
pub fn evaluate(
    registry: &Registry,
    request: &[u8],
    columns: &Columns,
    own: Option<&mut dyn OwnMetrics>,
) -> Result<Evaluation> {
    let EvaluateRequest { version, options, metrics } = read(request, "an evaluation")?;
    let weights = columns.numbers("weights")?;
    let sample = columns.sample(weights.as_deref())?;
    let own = match own {
        _ if metrics.is_empty() => None,
        Some(own) => Some(Own::new(&metrics, own)?),
        None => {
            return Err(refused("`metrics` names metrics of one's own without their functions"));
        }
    };
    registry.evaluate_by(version, || measure_with(&sample, &options, own))
}

/// Compares versions as `{"candidate": …, "baseline": …, "options": …, "higher_is_better": …}` says;
/// see [`Registry::compare`]. `own` has the metric where it is the caller's own, and only then it is
/// said whether more of it is better.
pub fn compare(
    registry: &Registry,
    request: &[u8],
    columns: &Columns,
    own: Option<&mut dyn OwnMetrics>,
) -> Result<Comparison> {
    let CompareRequest { candidate, baseline, options, higher_is_better } =
        read(request, "a comparison")?;
    let of = |prefix: &str, whose: &str| {
        let y_pred = columns.role(&format!("{prefix}y_pred"));
        let y_score = columns.scores(&format!("{prefix}y_score"));
        y_pred.map(|y_pred| Predictions { y_pred, y_score }).map_err(|error| error.within(whose))
    };
    let weights = columns.numbers("weights")?;
    let sample = PairedSample {
        y_true: columns.required("y_true")?,
        candidate: of("", "candidate")?,
        baseline: of("baseline.", "baseline")?,
        weights: weights.as_deref(),
        clusters: columns.role("clusters")?,
        strata: columns.role("strata")?,
        slices: columns.slices()?,
    };
    let own = match (own, &options.metric, higher_is_better) {
        (Some(own), Some(metric), Some(better)) => {
            Some((Own::new(std::slice::from_ref(metric), own)?, better))
        }
        (None, _, None) => None,
        (Some(_), None, _) => {
            return Err(refused("`metric` is missing; name the one of one's own"));
        }
        (Some(_), _, None) => {
            return Err(refused("`higher_is_better` is missing; say whether more of it is better"));
        }
        (None, _, Some(_)) => {
            return Err(refused(
                "`higher_is_better` is for a metric of one's own, with its function",
            ));
        }
    };
    registry.compare_by([candidate, baseline], || measure_pair_with(&sample, &options, own))
}

/// What a picture is of.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Pictured {
    /// Boxed: it is much larger.
    Evaluation(Box<Evaluation>),
    Comparison(Box<Comparison>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PictureRequest {
    of: Pictured,
    #[serde(default)]
    picture: Option<String>,
    #[serde(default)]
    metric: Option<String>,
}

/// The SVG of `{"of": {"evaluation": …} or {"comparison": …}, "picture": …, "metric": …}`.
pub fn picture(request: &[u8]) -> Result<String> {
    let PictureRequest { of, picture, metric } = read(request, "a picture")?;
    match of {
        Pictured::Evaluation(evaluation) => {
            let known = |name: String| {
                let picture = Picture::ALL.into_iter().find(|picture| code(picture) == name);
                picture.ok_or_else(|| evaluation.no_picture(&name))
            };
            let picture = picture.map_or(Ok(Picture::Slices), known)?;
            evaluation.svg(picture, metric.as_deref())
        }
        Pictured::Comparison(comparison) => Ok(comparison.svg()),
    }
}

fn read<T: DeserializeOwned>(request: &[u8], what: &str) -> Result<T> {
    serde_json::from_slice(request).map_err(|error| refused(&format!("{what}: {}", said(&error))))
}

fn refused(why: &str) -> Error {
    Detail::InvalidArgument(why.to_owned()).into()
}

impl OwnedColumn {
    fn lend(&self) -> Column<'_> {
        match self {
            Self::Bool(values) => values.into(),
            Self::Int(values) => values.into(),
            Self::Float(values) => values.into(),
            Self::Float32(values) => values.into(),
            Self::Text(values) => values.into(),
        }
    }
}

impl From<OwnedColumn> for Given {
    fn from(values: OwnedColumn) -> Self {
        Self { values, width: None, names: Vec::new() }
    }
}

impl Given {
    /// Refuses a table where one column is due.
    fn single(&self, name: &str) -> Result<Column<'_>> {
        match self.width {
            None | Some(1) => Ok(self.values.lend()),
            Some(width) => {
                Err(refused(&format!("`{}` has {width} columns, expected one column", shown(name))))
            }
        }
    }

    fn scores(&self) -> Scores<'_> {
        let values = self.values.lend();
        self.width.map_or(values.into(), |width| Scores::table(values, width).named(&self.names))
    }
}

impl Columns {
    fn given(&self, name: &str) -> Option<&Given> {
        self.roles.iter().find(|(role, _)| role == name).map(|(_, given)| given)
    }

    fn role(&self, name: &str) -> Result<Option<Column<'_>>> {
        let shown = name.strip_prefix("baseline.").unwrap_or(name);
        self.given(name).map(|given| given.single(shown)).transpose()
    }

    fn scores(&self, name: &str) -> Option<Scores<'_>> {
        self.given(name).map(Given::scores)
    }

    fn required(&self, name: &str) -> Result<Column<'_>> {
        self.role(name)?.ok_or_else(|| refused(&format!("`{name}` is missing")))
    }

    fn sample<'a>(&'a self, weights: Option<&'a [f64]>) -> Result<Sample<'a>> {
        Ok(Sample {
            y_true: self.required("y_true")?,
            y_pred: self.role("y_pred")?,
            y_score: self.scores("y_score"),
            weights,
            clusters: self.role("clusters")?,
            strata: self.role("strata")?,
            slices: self.slices()?,
        })
    }

    fn slices(&self) -> Result<Vec<(&str, Column<'_>)>> {
        let mut columns = Vec::new();
        for (name, given) in &self.slices {
            columns.push((name.as_str(), given.single(&format!("slices.{name}"))?));
        }
        Ok(columns)
    }

    /// A column as numbers in double precision.
    fn numbers(&self, name: &str) -> Result<Option<Vec<f64>>> {
        let Some(column) = self.role(name)? else { return Ok(None) };
        Ok(Some(super::sample::Held::numeric(column, name)?.scores().to_f64().into_owned()))
    }

    /// Reads columns one after another: of each whether it is a slice (0 or 1), the length of its name
    /// and that, whether it is a table (0 or 1) and of how many columns if so, its kind (1 booleans, 2
    /// whole numbers, 3 numbers, 4 texts), the number of its values, and these, row after row:
    /// booleans as one byte, texts with their length before them. Numbers and lengths are eight bytes,
    /// big-endian.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader(bytes);
        let mut columns = Self::default();
        while !reader.0.is_empty() {
            let [is_slice] = reader.array()?;
            let name = reader.text()?;
            let [is_table] = reader.array()?;
            let width = (is_table != 0).then(|| reader.number()).transpose()?;
            let column = Given { values: reader.column()?, width, names: Vec::new() };
            if is_slice == 0 && columns.given(&name).is_some() {
                return Err(refused(&format!("`{name}` comes twice")));
            }
            let list = if is_slice == 0 { &mut columns.roles } else { &mut columns.slices };
            list.push((name, column));
        }
        Ok(columns)
    }
}

/// What is left of encoded columns.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) =
            self.0.split_at_checked(length).ok_or_else(|| refused("the columns are cut off"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| refused("the columns are cut off"))
    }

    fn number(&mut self) -> Result<usize> {
        Ok(usize::try_from(u64::from_be_bytes(self.array()?)).unwrap_or(usize::MAX))
    }

    /// A count of things that take at least `each` bytes.
    fn count(&mut self, each: usize) -> Result<usize> {
        let count = self.number()?;
        if count > self.0.len() / each {
            return Err(refused("the columns are cut off"));
        }
        Ok(count)
    }

    fn text(&mut self) -> Result<String> {
        let length = self.count(1)?;
        let text = std::str::from_utf8(self.take(length)?);
        Ok(text.map_err(|_| refused("a text in the columns is not UTF-8"))?.to_owned())
    }

    fn column(&mut self) -> Result<OwnedColumn> {
        let [kind] = self.array()?;
        Ok(match kind {
            1 => {
                let count = self.count(1)?;
                OwnedColumn::Bool(self.take(count)?.iter().map(|&byte| byte != 0).collect())
            }
            2 => OwnedColumn::Int(self.eights(i64::from_be_bytes)?),
            3 => OwnedColumn::Float(self.eights(f64::from_be_bytes)?),
            4 => {
                let count = self.count(8)?;
                OwnedColumn::Text((0..count).map(|_| self.text()).collect::<Result<_>>()?)
            }
            _ => return Err(refused("a column is of no known kind")),
        })
    }

    fn eights<T>(&mut self, of: fn([u8; 8]) -> T) -> Result<Vec<T>> {
        let count = self.count(8)?;
        let (eights, _) = self.take(8 * count)?.as_chunks::<8>();
        Ok(eights.iter().map(|&eight| of(eight)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicates_are_named_with_their_range() {
        for (given, said) in [("-1", "-1"), ("4294967296", "4294967296"), ("2.5", "2.5")] {
            let options = format!("{{\"replicates\": {given}}}");
            let errors = [
                read::<EvaluateOptions>(options.as_bytes(), "an evaluation").unwrap_err(),
                read::<CompareOptions>(options.as_bytes(), "a comparison").unwrap_err(),
            ];
            for error in errors {
                let expected = format!("`replicates` is {said}, expected 2 to 1000000");
                assert!(error.to_string().contains(&expected), "{error}");
            }
        }
    }

    #[test]
    fn columns_come_as_they_were_written_and_damage_is_refused() {
        let mut bytes = Vec::new();
        let length = |bytes: &mut Vec<u8>, length: u64| bytes.extend(length.to_be_bytes());
        for (name, kind, values) in
            [(b'a', 1, &[1u8, 0][..]), (b'b', 2, &[255; 8]), (b'c', 3, &[0; 8])]
        {
            bytes.push(0);
            length(&mut bytes, 1);
            bytes.extend([name, 0, kind]);
            length(&mut bytes, if kind == 1 { 2 } else { 1 });
            bytes.extend(values);
        }
        bytes.push(1);
        length(&mut bytes, 1);
        bytes.extend([b's', 1]);
        length(&mut bytes, 1);
        bytes.push(4);
        length(&mut bytes, 1);
        length(&mut bytes, 2);
        bytes.extend("é".as_bytes());
        let columns = Columns::decode(&bytes).unwrap();
        let expected = [
            OwnedColumn::Bool(vec![true, false]),
            OwnedColumn::Int(vec![-1]),
            OwnedColumn::Float(vec![0.0]),
        ];
        assert!(columns.roles.iter().map(|(_, column)| &column.values).eq(&expected));
        assert!(columns.roles.iter().all(|(_, column)| column.width.is_none()));
        let values = OwnedColumn::Text(vec!["é".into()]);
        let table = Given { values, width: Some(1), names: Vec::new() };
        assert_eq!(columns.slices, [("s".to_owned(), table)]);
        for end in 1..bytes.len() {
            // A cut between two columns is a shorter list; all else is refused.
            let whole = Columns::decode(&bytes[..end]);
            assert!(whole.is_err() || whole.is_ok_and(|it| it.roles.len() + it.slices.len() < 4));
        }
        let twice = Columns::decode(&bytes.repeat(2)).unwrap_err();
        assert!(twice.to_string().contains("`a` comes twice"), "{twice}");
        let huge = [&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2][..], &[255; 8]].concat();
        assert_eq!(Columns::decode(&huge).unwrap_err().code(), "invalid_argument");
    }
}
