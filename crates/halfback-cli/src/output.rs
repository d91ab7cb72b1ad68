//! The standard output: for people as text, for programs as JSON.

use std::ffi::OsString;

use halfback::Page;
use serde::Serialize;

use crate::failure::{Failure, Outcome};
use crate::stream::{Stream, coloured};
use crate::table::{Card, Column, Layout};
use crate::visible::{visible, visible_json};

/// For whom the output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Tables and sentences.
    People,
    /// One JSON document.
    Json,
    /// One JSON document in each line.
    JsonLines,
}

impl Format {
    /// The format that a command line asks for, also one that cannot be understood otherwise: its
    /// error has that format too.
    pub(crate) fn of(arguments: &[OsString]) -> Self {
        let mut options = arguments.iter().take_while(|argument| *argument != "--");
        options
            .find_map(|option| match option.to_str() {
                Some("--json") => Some(Self::Json),
                Some("--jsonl") => Some(Self::JsonLines),
                _ => None,
            })
            .unwrap_or(Self::People)
    }
}

/// Writes what a command has to say.
pub(crate) struct Output<'a> {
    stream: &'a mut dyn Stream,
    buffer: Vec<u8>,
    pub(crate) format: Format,
    width: Option<usize>,
    coloured: bool,
    /// The exit code that the command has reached.
    pub(crate) code: u8,
}

impl<'a> Output<'a> {
    pub(crate) fn new(stream: &'a mut dyn Stream, format: Format) -> Self {
        let (width, coloured) = (stream.terminal_width(), coloured(stream));
        Self { stream, buffer: Vec::new(), format, width, coloured, code: 0 }
    }

    /// The terminal's width; none where the output goes elsewhere.
    pub(crate) fn width(&self) -> Option<usize> {
        self.width
    }

    /// How tables and cards are laid out here.
    pub(crate) fn layout(&self) -> Layout {
        Layout { width: self.width, coloured: self.coloured }
    }

    /// Writes text that is safe for a terminal as it is.
    pub(crate) fn text(&mut self, text: &str) -> Outcome {
        const ENOUGH: usize = 64 << 10;
        self.buffer.extend_from_slice(text.as_bytes());
        if self.buffer.len() >= ENOUGH { self.flush() } else { Ok(()) }
    }

    /// Writes one line, its hidden characters made visible.
    pub(crate) fn line(&mut self, line: &str) -> Outcome {
        self.text(&visible(line))?;
        self.text("\n")
    }

    /// Writes lines, their hidden characters made visible.
    pub(crate) fn lines(&mut self, lines: &str) -> Outcome {
        lines.lines().try_for_each(|line| self.line(line))
    }

    /// Writes one record: to people as `people` does it.
    pub(crate) fn record<T: Serialize>(
        &mut self,
        record: &T,
        people: impl FnOnce(&mut Self) -> Outcome,
    ) -> Outcome {
        match self.format {
            Format::People => people(self),
            Format::Json => self.json(record, true),
            Format::JsonLines => self.json(record, false),
        }
    }

    /// Writes a card.
    pub(crate) fn card(&mut self, card: &Card) -> Outcome {
        let text = card.text(self.layout());
        self.text(&text)
    }

    /// Writes a table of records that are at hand.
    pub(crate) fn table<T>(&mut self, columns: &[Column<T>], records: &[T]) -> Outcome {
        let text = self.layout().table(columns, records).page(records, true);
        self.text(&text)
    }

    /// Writes a list as its pages come, at most `limit` records of it: a table, a JSON array, or a
    /// line for each record. `empty` is said to people where there is none.
    pub(crate) fn list<T: Serialize>(
        &mut self,
        columns: &[Column<T>],
        limit: Option<usize>,
        empty: &str,
        mut page: impl FnMut(u32, Option<String>) -> halfback::Result<Page<T>>,
    ) -> Outcome {
        const MOST: usize = 1000;
        let mut written = 0;
        let mut cursor = None;
        let mut table = None;
        loop {
            let size = limit.map_or(MOST, |limit| limit.saturating_sub(written)).min(MOST);
            let Page { items, cursor: next } = page(u32::try_from(size).unwrap_or(1000), cursor)?;
            match self.format {
                Format::People if items.is_empty() && written == 0 => self.line(empty)?,
                Format::People => {
                    let layout = self.layout();
                    let table = table.get_or_insert_with(|| layout.table(columns, &items));
                    let text = table.page(&items, written == 0);
                    self.text(&text)?;
                }
                Format::Json => {
                    for (at, item) in items.iter().enumerate() {
                        self.text(if written + at == 0 { "[\n" } else { ",\n" })?;
                        self.value(item, false)?;
                    }
                }
                Format::JsonLines => {
                    items.iter().try_for_each(|item| self.json(item, false))?;
                }
            }
            written += items.len();
            cursor = next;
            if cursor.is_none() || limit.is_some_and(|limit| written >= limit) {
                break;
            }
        }
        match self.format {
            Format::Json if written == 0 => self.text("[]\n"),
            Format::Json => self.text("\n]\n"),
            _ => Ok(()),
        }
    }

    /// Writes a list whose records are all at hand.
    pub(crate) fn whole_list<T: Serialize>(
        &mut self,
        columns: &[Column<T>],
        empty: &str,
        records: Vec<T>,
    ) -> Outcome {
        let mut page = Some(Page { items: records, cursor: None });
        self.list(columns, None, empty, |_, _| {
            Ok(page.take().unwrap_or(Page { items: Vec::new(), cursor: None }))
        })
    }

    fn json<T: Serialize>(&mut self, record: &T, pretty: bool) -> Outcome {
        self.value(record, pretty)?;
        self.text("\n")
    }

    fn value<T: Serialize>(&mut self, record: &T, pretty: bool) -> Outcome {
        let json = if pretty {
            serde_json::to_string_pretty(record)
        } else {
            serde_json::to_string(record)
        };
        let json = json.map_err(|_| Failure::panicked())?;
        self.text(&visible_json(&json))
    }

    /// Writes what is left.
    pub(crate) fn finish(&mut self) -> Outcome {
        self.flush()
    }

    /// Sends on what was written so far.
    pub(crate) fn flush(&mut self) -> Outcome {
        let written = self.stream.write_all(&self.buffer).and_then(|()| self.stream.flush());
        self.buffer.clear();
        Ok(written?)
    }
}
