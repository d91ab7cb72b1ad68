//! Pages of 100 of models and versions, by whatever is searched for.

use halfback::{Page, SearchModels, SearchVersions};

use crate::filled::Filled;
use crate::measure::Outcome;

/// A search of which a page is measured.
#[derive(Clone, Copy)]
pub(crate) struct Search {
    pub(crate) name: &'static str,
    of: Of,
    filter: &'static str,
    place: Place,
    pub(crate) when: When,
}

#[derive(Clone, Copy)]
enum Of {
    Models,
    Versions,
}

#[derive(Clone, Copy)]
enum Place {
    First,
    /// The page in the middle of the list.
    Deep,
}

/// The moment that is searched.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Now,
    /// When half of the models were there.
    Halfway,
}

const fn models(name: &'static str, filter: &'static str) -> Search {
    Search { name, of: Of::Models, filter, place: Place::First, when: When::Now }
}

const fn versions(name: &'static str, filter: &'static str) -> Search {
    Search { of: Of::Versions, ..models(name, filter) }
}

impl Search {
    const fn deep(self) -> Search {
        Search { place: Place::Deep, ..self }
    }

    pub(crate) const fn at(self, when: When) -> Search {
        Search { when, ..self }
    }
}

const TEAM: &str = "tags.team = 't7'";

pub(crate) const SEARCHES: [Search; 19] = [
    models("models by tag", TEAM),
    models("models by name prefix", r"name LIKE 'fraud\_%'"),
    models("models by a narrow prefix", r"name LIKE 'fraud\_0010%'"),
    models("models by a word", "MATCH 'fraud'"),
    models("models by two words", "MATCH 'fraud b17'"),
    models("models by the beginning of a word", "MATCH 'b1*'"),
    models("models by alias", "alias = 'champion'"),
    models("all models", ""),
    models("all models, deep page", "").deep(),
    models("all models, as of halfway", "").at(When::Halfway),
    versions("versions by tag", TEAM),
    versions("versions by tag, deep page", TEAM).deep(),
    versions("versions by tag, as of halfway", TEAM).at(When::Halfway),
    versions("versions by stage and tag", "stage = 'production' AND tags.team = 't7'"),
    versions("versions by a word", "MATCH 'fraud'"),
    versions("versions by alias", "alias = 'champion'"),
    versions("all versions", ""),
    versions("all versions, deep page", "").deep(),
    versions("all versions, as of halfway", "").at(When::Halfway),
];

impl Search {
    /// Reads a page of 100; gives how many it has.
    pub(crate) fn page(&self, filled: &Filled, cursor: Option<String>) -> Outcome<usize> {
        Ok(self.read(filled, 100, cursor)?.0)
    }

    /// Where the page begins.
    pub(crate) fn cursor(&self, filled: &Filled) -> Outcome<Option<String>> {
        const PAGE: u32 = 1000;
        if matches!(self.place, Place::First) {
            return Ok(None);
        }
        let mut cursors = Vec::new();
        let mut next = self.read(filled, PAGE, None)?.1;
        while let Some(cursor) = next {
            next = self.read(filled, PAGE, Some(cursor.clone()))?.1;
            cursors.push(cursor);
        }
        let middle = cursors.len() / 2;
        Ok(cursors.into_iter().nth(middle))
    }

    /// A page: how many it has, and where the next one begins.
    fn read(
        &self,
        filled: &Filled,
        size: u32,
        cursor: Option<String>,
    ) -> Outcome<(usize, Option<String>)> {
        let view = match self.when {
            When::Now => &filled.registry,
            When::Halfway => &filled.half,
        };
        let (filter, page_size) = (Some(self.filter.to_owned()), Some(size));
        Ok(match self.of {
            Of::Models => counted(view.search_models(SearchModels {
                filter,
                page_size,
                cursor,
                ..SearchModels::default()
            })?),
            Of::Versions => counted(view.search_versions(SearchVersions {
                filter,
                page_size,
                cursor,
                ..SearchVersions::default()
            })?),
        })
    }
}

fn counted<T>(page: Page<T>) -> (usize, Option<String>) {
    (page.items.len(), page.cursor)
}
