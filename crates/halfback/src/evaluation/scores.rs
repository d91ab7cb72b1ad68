//! Scores as they are given: a column of them, or a table with a column for each class, which may
//! have names.

use halfback_metrics::{Label, Matrix, probabilities};
use halfback_store::error::{Detail, Error, Result};
use halfback_store::name::shown;

use super::measure::refused;
use super::reading::written;
use super::sample::{Column, Held, lend};

/// The scores of rows that the caller lends: one for each row, larger for rows that are likelier
/// positive; or a table of probabilities with a column for each class, row after row.
#[derive(Debug, Clone, Copy)]
pub struct Scores<'a> {
    pub(super) values: Column<'a>,
    /// The columns of a table; none where there is a score for each row.
    width: Option<usize>,
    names: &'a [String],
}

impl<'a> From<Column<'a>> for Scores<'a> {
    fn from(values: Column<'a>) -> Self {
        Self { values, width: None, names: &[] }
    }
}

lend!(Scores);

impl<'a> Scores<'a> {
    /// A table of this many columns, row after row: those of the classes in ascending order.
    pub fn table(values: impl Into<Column<'a>>, columns: usize) -> Self {
        Self { values: values.into(), width: Some(columns), names: &[] }
    }

    /// With the names of the columns. Where they are the classes, they say whose each column is, in
    /// any order; names of which none is a class say nothing.
    #[must_use]
    pub fn named(self, names: &'a [String]) -> Self {
        Self { names, ..self }
    }

    /// How many columns a row of a table has; none where there is one.
    pub(super) fn columns(&self) -> Option<usize> {
        self.width.filter(|&width| width != 1)
    }

    /// One number for each row.
    pub(super) fn numbers(&self) -> Result<Held<'a>> {
        Held::numeric(self.values, "y_score")
    }

    /// The probabilities of the classes, row after row.
    pub(super) fn of_classes(&self, rows: usize, classes: usize) -> Result<Vec<f64>> {
        let held = self.numbers()?;
        let table = Matrix::new(held.scores(), self.width.unwrap_or(1), "y_score");
        table.and_then(|table| probabilities(table, rows, classes)).map_err(refused)
    }

    /// Whether the names of the columns say more than their order does.
    pub(super) fn is_named(&self) -> bool {
        self.columns().is_some_and(|columns| columns == self.names.len())
    }

    /// The place of each class among the columns, as their names say; none where they are no classes.
    pub(super) fn places(&self, classes: &[Label]) -> Result<Option<Vec<usize>>> {
        let place = |name: &String| classes.iter().position(|class| is_name(class, name));
        if self.names.iter().all(|name| place(name).is_none()) {
            return Ok(None);
        }
        if let Some(odd) = self.names.iter().find(|name| place(name).is_none()) {
            return Err(wrong(format!(
                "`y_score` has the column `{}`, which is none of the classes; pass all classes as \
                 `labels`",
                shown(odd)
            )));
        }
        let of = |class: &Label| {
            let mut found = self.names.iter().enumerate().filter(|(_, name)| is_name(class, name));
            match (found.next(), found.next()) {
                (Some((at, _)), None) => Ok(at),
                (None, _) => Err(wrong(format!(
                    "`y_score` has no column `{}`, which is one of the classes",
                    shown(&written(class))
                ))),
                (Some(_), Some(_)) => Err(wrong(format!(
                    "`y_score` has the column `{}` twice",
                    shown(&written(class))
                ))),
            }
        };
        classes.iter().map(of).collect::<Result<_>>().map(Some)
    }

    /// The table with the columns of this one in another order, if there is one.
    pub(super) fn ordered(self, values: Option<&'a Held<'_>>) -> Self {
        values.map_or(self, |values| Self { values: values.column(), names: &[], ..self })
    }

    /// The columns at these places, in their order.
    pub(super) fn taken(&self, places: &[usize]) -> Result<Held<'static>> {
        let held = self.numbers()?;
        let values = held.scores().to_f64();
        let rows = values.chunks_exact(self.width.unwrap_or(1).max(1));
        let taken = rows.flat_map(|row| places.iter().filter_map(|&at| row.get(at).copied()));
        Ok(Held::taken_from(self.values, taken.collect()))
    }
}

fn wrong(why: String) -> Error {
    Detail::InvalidArgument(why).into()
}

/// Whether a column of this name is of the class.
fn is_name(class: &Label, name: &str) -> bool {
    match class {
        Label::Text(text) => text == name,
        Label::Bool(_) if name.eq_ignore_ascii_case(&written(class)) => true,
        class => {
            written(class) == name || name.parse().is_ok_and(|name| Label::Float(name) == *class)
        }
    }
}
