//! `search`: models or versions that pass a filter.

use clap::Args;
use halfback::{ModelVersion, SearchModels, SearchVersions};

use super::lists::{MODEL, stage};
use super::{once, pair};
use crate::failure::Outcome;
use crate::people;
use crate::session::{Limit, Past, Session};
use crate::table::Column;

/// Find models, or versions of all models, by a filter
///
/// A filter compares attributes and tags: `= != < <= > >= LIKE ILIKE IN`, joined by `AND`, `OR`,
/// `NOT` and parentheses; `MATCH 'words'` looks for words and prefixes (`cred*`) in names, comments
/// and tags. Text is in single quotes. A value of your own is safest as a parameter: `:team` in the
/// filter and `--param team=…` beside it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback search \"tags.team = 'credit'\"
  halfback search \"name LIKE 'def%'\" --order-by \"updated_at DESC\" --limit 10
  halfback search \"tags.team = :team\" --param team=credit --json
  halfback search --versions \"stage = 'production' OR alias = 'champion'\"")]
pub(crate) struct Search {
    /// What to find; everything where absent
    filter: Option<String>,
    /// Find versions instead of models
    #[arg(long)]
    versions: bool,
    /// The value of a parameter of the filter: a JSON value such as `3` or `["a","b"]`, else text
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    params: Vec<(String, String)>,
    /// An attribute to order by, with ` DESC` for the highest first; may be given again
    #[arg(long, value_name = "ATTRIBUTE")]
    order_by: Vec<String>,
    #[command(flatten)]
    limit: Limit,
    #[command(flatten)]
    past: Past,
}

const VERSION: [Column<ModelVersion>; 7] = [
    Column::name("VERSION", |version| version.uri.clone()),
    Column::text("ALIASES", |version| version.aliases.join(" ")),
    Column::whole("STAGE", stage),
    Column::text("FLAVOR", |version| version.flavor.clone().unwrap_or_default()),
    Column::right("SIZE", |version| people::record_size(version.size)),
    Column::whole("REGISTERED (UTC)", |version| people::time(version.created_at)),
    Column::text("COMMENT", |version| version.comment.clone().unwrap_or_default()),
];

impl Search {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let view = session.still(&self.past)?;
        let Self { filter, versions, params, order_by, limit, .. } = self;
        let value = |text: String| serde_json::from_str(&text).unwrap_or_else(|_| text.into());
        let params = params.into_iter().map(|(name, text)| (name, value(text)));
        let parameters: serde_json::Map<_, _> =
            once("parameter", params.collect())?.into_iter().collect();
        if versions {
            let search =
                SearchVersions { filter, parameters, order_by, ..SearchVersions::default() };
            return session.output.list(&VERSION, limit.get(), "no versions", |size, cursor| {
                let page = SearchVersions { page_size: Some(size), cursor, ..search.clone() };
                view.search_versions(page)
            });
        }
        let search = SearchModels { filter, parameters, order_by, ..SearchModels::default() };
        session.output.list(&MODEL, limit.get(), "no models", |size, cursor| {
            view.search_models(SearchModels { page_size: Some(size), cursor, ..search.clone() })
        })
    }
}
