//! Columns as Java holds them, and what a metric takes them for.

use std::cell::Cell;

use halfback_metrics::{Error, Label, Labels, Matrix, Scores, Weights, with_threads};
use jni::Env;
use jni::objects::{JByteArray, JDoubleArray, JObject, JObjectArray, JPrimitiveArray, TypeArray};
use jni::refs::{IntoAuto, Reference};

use crate::failure::Failure;

type Outcome<T> = Result<T, Failure>;

thread_local! {
    /// How many threads the metrics that this thread asks for may take; 0 is one a processor.
    pub(super) static THREADS: Cell<i32> = const { Cell::new(1) };
}

/// What was passed, copied out of the JVM: its collector may move an array at any time.
pub(super) struct Columns {
    columns: Vec<Column>,
    options: Vec<f64>,
}

enum Column {
    None,
    Flags(Vec<bool>),
    Ints(Vec<i64>),
    Singles(Vec<f32>),
    Doubles(Vec<f64>),
    /// Texts, each as its place among `names`.
    Texts {
        places: Vec<i32>,
        names: Vec<String>,
    },
}

/// The columns and options of one call.
pub(super) struct Call<'a> {
    columns: Vec<View<'a>>,
    options: &'a [f64],
}

#[derive(Clone)]
enum View<'a> {
    None,
    Flags(&'a [bool]),
    Ints(&'a [i64]),
    Singles(&'a [f32]),
    Doubles(&'a [f64]),
    Texts(Vec<&'a str>),
}

impl Columns {
    /// Options alone.
    pub(super) fn of(options: Vec<f64>) -> Self {
        Self { columns: Vec::new(), options }
    }

    /// Reads columns of these kinds: `-` none, `z` boolean, `i` int, `l` long, `f` float, `d` double,
    /// `t` texts, which are an array of ints and one of bytes, the names as JSON.
    pub(super) fn read<'local>(
        env: &mut Env<'local>,
        kinds: JByteArray<'local>,
        columns: &JObjectArray<'local, JObject<'local>>,
        options: JDoubleArray<'local>,
    ) -> Outcome<Self> {
        let kinds = env.convert_byte_array(kinds)?;
        let options = copied(env, options.into())?;
        let mut read = Vec::with_capacity(kinds.len());
        let mut at = 0;
        for kind in kinds {
            let array = columns.get_element(env, at)?;
            at += 1;
            read.push(match kind {
                b'-' => Column::None,
                b'z' => Column::Flags(copied(env, array)?),
                b'i' => {
                    let ints: Vec<i32> = copied(env, array)?;
                    Column::Ints(ints.into_iter().map(i64::from).collect())
                }
                b'l' => Column::Ints(copied(env, array)?),
                b'f' => Column::Singles(copied(env, array)?),
                b'd' => Column::Doubles(copied(env, array)?),
                b't' => {
                    let places = copied(env, array)?;
                    let names = columns.get_element(env, at)?;
                    at += 1;
                    let names = env.cast_local::<JByteArray<'_>>(names)?.auto();
                    let names = serde_json::from_slice(&env.convert_byte_array(&names)?)
                        .map_err(|_| Failure::Defect("the names of labels are not JSON"))?;
                    Column::Texts { places, names }
                }
                _ => return Err(Failure::Defect("a column is of no kind that exists")),
            });
        }
        Ok(Self { columns: read, options })
    }

    /// Lends the columns to a call.
    pub(super) fn with<T>(&self, call: impl FnOnce(&Call<'_>) -> Outcome<T>) -> Outcome<T> {
        let columns = self.columns.iter().map(Column::view).collect::<Outcome<_>>()?;
        with_threads(threads(), || call(&Call { columns, options: &self.options }))
    }
}

/// How many threads a call from this thread may take.
pub(crate) fn threads() -> usize {
    usize::try_from(THREADS.get()).unwrap_or(1)
}

impl Column {
    fn view(&self) -> Outcome<View<'_>> {
        Ok(match self {
            Self::None => View::None,
            Self::Flags(flags) => View::Flags(flags),
            Self::Ints(ints) => View::Ints(ints),
            Self::Singles(singles) => View::Singles(singles),
            Self::Doubles(doubles) => View::Doubles(doubles),
            Self::Texts { places, names } => {
                let name = |place: &i32| names.get(usize::try_from(*place).ok()?);
                let texts = places.iter().map(|place| name(place).map(String::as_str)).collect();
                let texts: Option<Vec<&str>> = texts;
                View::Texts(texts.ok_or(Failure::Defect("a label has no name"))?)
            }
        })
    }
}

impl<'a> Call<'a> {
    /// How many columns there are.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    /// A column of labels.
    pub(super) fn labels(&self, at: usize) -> Outcome<Labels<'_>> {
        match self.columns.get(at) {
            Some(View::Flags(flags)) => Ok(Labels::Bool(flags)),
            Some(View::Ints(ints)) => Ok(Labels::Int(ints)),
            Some(View::Doubles(doubles)) => Ok(Labels::Float(doubles)),
            Some(View::Texts(texts)) => Ok(Labels::Text(texts)),
            _ => Err(Failure::Defect("a column of labels is missing")),
        }
    }

    /// The same call with flags as its truth.
    pub(super) fn with_truth(&self, flags: &'a [bool]) -> Self {
        let mut columns = self.columns.clone();
        if let Some(truth) = columns.first_mut() {
            *truth = View::Flags(flags);
        }
        Self { columns, options: self.options }
    }

    /// The labels of a short column, one by one; none where it is not given.
    pub(super) fn listed(&self, at: usize) -> Option<Vec<Label>> {
        Some(match self.columns.get(at)? {
            View::None | View::Singles(_) => return None,
            View::Flags(flags) => flags.iter().map(|flag| Label::Bool(*flag)).collect(),
            View::Ints(ints) => ints.iter().map(|int| Label::Int(*int)).collect(),
            View::Doubles(doubles) => doubles.iter().map(|double| Label::Float(*double)).collect(),
            View::Texts(texts) => texts.iter().map(|&text| Label::Text(text.to_owned())).collect(),
        })
    }

    /// A column of scores.
    pub(super) fn scores(&self, at: usize) -> Outcome<Scores<'a>> {
        match self.columns.get(at) {
            Some(View::Singles(singles)) => Ok(Scores::F32(singles)),
            Some(View::Doubles(doubles)) => Ok(Scores::F64(doubles)),
            _ => Err(Failure::Defect("a column of scores is missing")),
        }
    }

    /// A column of doubles.
    pub(super) fn doubles(&self, at: usize) -> Outcome<&'a [f64]> {
        self.weights(at).ok_or(Failure::Defect("a column of doubles is missing"))
    }

    /// A column of flags.
    pub(super) fn flags(&self, at: usize) -> Outcome<&'a [bool]> {
        match self.columns.get(at) {
            Some(View::Flags(flags)) => Ok(flags),
            _ => Err(Failure::Defect("a column of flags is missing")),
        }
    }

    /// A column of texts; none where it is not given.
    pub(super) fn texts(&self, at: usize) -> Option<&[&'a str]> {
        match self.columns.get(at) {
            Some(View::Texts(texts)) => Some(texts),
            _ => None,
        }
    }

    /// A table whose number of columns is the option at `width`.
    pub(super) fn table(
        &self,
        at: usize,
        width: usize,
        argument: &'static str,
    ) -> Outcome<Matrix<'a>> {
        Ok(Matrix::new(self.scores(at)?, self.count(width, argument)?, argument)?)
    }

    /// A column of weights; none where it is not given.
    pub(super) fn weights(&self, at: usize) -> Weights<'a> {
        match self.columns.get(at) {
            Some(View::Doubles(doubles)) => Some(doubles),
            _ => None,
        }
    }

    /// An option; none where it is not given.
    pub(super) fn option(&self, at: usize) -> Option<f64> {
        self.options.get(at).copied().filter(|option| !option.is_nan())
    }

    /// An option that has to be given.
    pub(super) fn number(&self, at: usize) -> Outcome<f64> {
        self.options.get(at).copied().ok_or(Failure::Defect("an option is missing"))
    }

    /// An option that is a whole number of zero or more.
    pub(super) fn count(&self, at: usize, argument: &'static str) -> Outcome<usize> {
        whole(self.number(at)?, argument)
    }

    /// The same, where it may not be given.
    pub(super) fn optional_count(
        &self,
        at: usize,
        argument: &'static str,
    ) -> Outcome<Option<usize>> {
        self.option(at).map(|number| whole(number, argument)).transpose()
    }
}

/// Java passes counts as ints and longs: they are whole, but may be negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is whole, and between 0 and 2^53"
)]
pub(super) fn whole(found: f64, argument: &'static str) -> Outcome<usize> {
    if (0.0..9_007_199_254_740_992.0).contains(&found) {
        return Ok(found as usize);
    }
    let expected = "a whole number of zero or more, below 2^53";
    Err(Error::OutOfRange { argument, found, expected }.into())
}

/// What is in an object that its kind says is an array.
fn copied<'local, T: TypeArray + Clone + Default>(
    env: &mut Env<'local>,
    array: JObject<'local>,
) -> Outcome<Vec<T>>
where
    JPrimitiveArray<'local, T>: Reference<Kind<'local> = JPrimitiveArray<'local, T>>,
{
    // A call may have more columns than a frame has room for references.
    let array = env.cast_local::<JPrimitiveArray<'local, T>>(array)?.auto();
    let mut values = vec![T::default(); array.len(env)?];
    array.get_region(env, 0, &mut values)?;
    Ok(values)
}
