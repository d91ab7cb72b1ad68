//! Tables and cards: aligned text that fits the terminal.

use std::fmt::Write;

use crate::visible::{cut, cut_beginning, visible, width, wrapped};

/// The columns between two columns.
const GAP: usize = 2;
/// What is left of a name, while columns can be left out instead.
const READABLE: usize = 24;
/// The least that is left of a column that is cut.
const LEAST: usize = 10;

/// A column of a table.
pub(crate) struct Column<T> {
    title: &'static str,
    cell: fn(&T) -> String,
    right: bool,
    cut: Cut,
}

/// What a narrow terminal leaves of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// All of it.
    Never,
    /// Its beginning.
    End,
    /// Its end: the last part of a name says most.
    Beginning,
}

impl<T> Column<T> {
    /// A column that is never cut.
    pub(crate) const fn whole(title: &'static str, cell: fn(&T) -> String) -> Self {
        Self { title, cell, right: false, cut: Cut::Never }
    }

    /// A column of figures, which end in line.
    pub(crate) const fn right(title: &'static str, cell: fn(&T) -> String) -> Self {
        Self { title, cell, right: true, cut: Cut::Never }
    }

    /// A column of full names.
    pub(crate) const fn name(title: &'static str, cell: fn(&T) -> String) -> Self {
        Self { title, cell, right: false, cut: Cut::Beginning }
    }

    /// A column that is cut where the terminal is narrow.
    pub(crate) const fn text(title: &'static str, cell: fn(&T) -> String) -> Self {
        Self { title, cell, right: false, cut: Cut::End }
    }
}

/// The terminal that text is laid out for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// Its width; none where the text goes elsewhere, and nothing is cut.
    pub(crate) width: Option<usize>,
    pub(crate) coloured: bool,
}

/// The columns of a table with the widths that its first page gave them.
pub(crate) struct Table<'a, T> {
    columns: Vec<(&'a Column<T>, usize)>,
    layout: Layout,
}

impl Layout {
    /// Lays out a table. Columns without a value are left out; where the terminal is narrow, the
    /// widest texts are cut, and then the last columns are left out.
    pub(crate) fn table<'a, T>(self, columns: &'a [Column<T>], records: &[T]) -> Table<'a, T> {
        let mut columns: Vec<(&Column<T>, usize)> = columns
            .iter()
            .filter_map(|column| {
                let widths = records.iter().map(|record| width(&visible(&(column.cell)(record))));
                let widest = widths.max().unwrap_or_default();
                (widest > 0).then_some((column, widest.max(width(column.title))))
            })
            .collect();
        if let Some(most) = self.width {
            narrow(&mut columns, most);
        }
        Table { columns, layout: self }
    }

    fn title(self, title: &str) -> String {
        if self.coloured { format!("\x1b[1m{title}\x1b[0m") } else { title.to_owned() }
    }
}

fn narrow<T>(columns: &mut Vec<(&Column<T>, usize)>, most: usize) {
    let total = |columns: &[(&Column<T>, usize)]| {
        columns.iter().map(|(_, width)| width + GAP).sum::<usize>().saturating_sub(GAP)
    };
    let shrink = |columns: &mut Vec<(&Column<T>, usize)>, name: usize| {
        let least = |column: &Column<T>| match column.cut {
            Cut::Never => usize::MAX,
            Cut::End => width(column.title).max(LEAST),
            Cut::Beginning => width(column.title).max(name),
        };
        while total(columns) > most {
            let widest = columns
                .iter_mut()
                .filter(|(column, width)| *width > least(column))
                .max_by_key(|(_, width)| *width);
            let Some((_, width)) = widest else { return };
            *width -= 1;
        }
    };
    shrink(columns, READABLE);
    while total(columns) > most && columns.len() > 1 {
        columns.pop();
    }
    shrink(columns, LEAST);
}

impl<T> Table<'_, T> {
    /// The lines of some records, below the titles where these are wanted.
    pub(crate) fn page(&self, records: &[T], titles: bool) -> String {
        let mut text = String::new();
        if titles {
            let titles: Vec<String> =
                self.columns.iter().map(|(column, _)| column.title.to_owned()).collect();
            let line = self.line(&titles);
            text.push_str(&self.layout.title(&line));
            text.push('\n');
        }
        for record in records {
            let cells: Vec<String> = self
                .columns
                .iter()
                .map(|(column, most)| {
                    let cell = (column.cell)(record);
                    let cell = visible(&cell);
                    match (self.layout.width, column.cut) {
                        (None, _) | (_, Cut::Never) => cell.into_owned(),
                        (_, Cut::End) => cut(&cell, *most).into_owned(),
                        (_, Cut::Beginning) => cut_beginning(&cell, *most).into_owned(),
                    }
                })
                .collect();
            text.push_str(&self.line(&cells));
            text.push('\n');
        }
        text
    }

    fn line(&self, cells: &[String]) -> String {
        let mut line = String::new();
        for ((column, most), cell) in self.columns.iter().zip(cells) {
            let padding = " ".repeat(most.saturating_sub(width(cell)));
            // Writing to a string cannot fail.
            let _ = if column.right {
                write!(line, "{padding}{cell}  ")
            } else {
                write!(line, "{cell}{padding}  ")
            };
        }
        line.trim_end().to_owned()
    }
}

/// What is known of one thing: a title, and a line for each fact.
#[derive(Debug, Default)]
pub(crate) struct Card {
    title: String,
    facts: Vec<(&'static str, String)>,
}

impl Card {
    /// A card with a title.
    pub(crate) fn new(title: &str) -> Self {
        Self { title: title.to_owned(), facts: Vec::new() }
    }

    /// Adds a fact, where there is one.
    pub(crate) fn fact(mut self, name: &'static str, value: impl Into<Option<String>>) -> Self {
        let value = value.into().filter(|value| !value.is_empty());
        self.facts.extend(value.map(|value| (name, value)));
        self
    }

    /// Adds a line for each fact of a kind.
    pub(crate) fn facts(
        mut self,
        name: &'static str,
        values: impl IntoIterator<Item = String>,
    ) -> Self {
        // One line each: a line break inside one is shown as such.
        let values: Vec<String> =
            values.into_iter().map(|value| visible(&value).into_owned()).collect();
        self = self.fact(name, values.join("\n"));
        self
    }

    /// The card's lines.
    pub(crate) fn text(&self, layout: Layout) -> String {
        let names = self.facts.iter().map(|(name, _)| width(name)).max().unwrap_or_default();
        let indent = GAP + names + GAP;
        let most = layout.width.map(|width| width.saturating_sub(indent).max(LEAST));
        let mut text = format!("{}\n", layout.title(&visible(&self.title)));
        for (name, value) in &self.facts {
            for (at, line) in wrapped(value, most).into_iter().enumerate() {
                let name = if at == 0 { name } else { "" };
                let line = format!("  {name:names$}  {line}");
                text.push_str(line.trim_end());
                text.push('\n');
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column<(&str, &str, &str)>; 4] = [
        Column::text("NAME", |(name, _, _)| (*name).to_owned()),
        Column::right("SIZE", |(_, size, _)| (*size).to_owned()),
        Column::text("EMPTY", |_| String::new()),
        Column::text("COMMENT", |(_, _, comment)| (*comment).to_owned()),
    ];
    const RECORDS: [(&str, &str, &str); 2] =
        [("漢字", "1 B", "a comment that is longer than others"), ("fraud", "12 kB", "line\nline")];

    #[track_caller]
    fn check(width: Option<usize>, expected: &str) {
        let layout = Layout { width, coloured: false };
        assert_eq!(layout.table(&COLUMNS, &RECORDS).page(&RECORDS, true), expected);
    }

    #[test]
    fn columns_are_aligned_and_empty_ones_left_out() {
        let expected = "\
NAME    SIZE  COMMENT
漢字     1 B  a comment that is longer than others
fraud  12 kB  line\\nline
";
        check(None, expected);
        check(Some(80), expected);
    }

    #[test]
    fn a_narrow_terminal_gets_cut_texts_and_then_fewer_columns() {
        check(
            Some(30),
            "\
NAME    SIZE  COMMENT
漢字     1 B  a comment that …
fraud  12 kB  line\\nline
",
        );
        check(Some(20), "NAME    SIZE\n漢字     1 B\nfraud  12 kB\n");
        check(Some(3), "NAME\n漢字\nfraud\n");
    }

    #[test]
    fn a_card_wraps_what_is_long_and_leaves_out_what_is_not_known() {
        let card = Card::new("models:/\x1b")
            .fact("owner", "ana".to_owned())
            .fact("task", None)
            .fact("comment", "one two three".to_owned())
            .facts("tags", ["a=1".to_owned(), "b=\n2".to_owned()]);
        assert_eq!(
            card.text(Layout { width: Some(21), coloured: false }),
            "\
models:/\\u{1b}
  owner    ana
  comment  one two
           three
  tags     a=1
           b=\\n2
"
        );
    }
}
