//! Cursors: those of others are refused, and one that was forged shows nothing but the list.

use halfback::{
    Content, History, ListModels, ListVersions, Log, Page, RegisterVersion, Registry, Result,
    SearchModels, SearchVersions, no_progress,
};
use halfback_store::id::{hex, unhex};
use serde::Serialize;

use crate::refused;

/// A registry with a few models and versions, and where it is.
struct Fixture {
    registry: Registry,
    _folder: tempfile::TempDir,
}

thread_local! {
    static FIXTURE: Fixture = Fixture::new();
}

/// Does something with a small registry.
pub(crate) fn with_registry<T>(work: impl FnOnce(&Registry) -> T) -> T {
    FIXTURE.with(|fixture| work(&fixture.registry))
}

impl Fixture {
    fn new() -> Self {
        let folder = crate::folder();
        let options = halfback::Options { create: true, ..halfback::Options::default() };
        let registry = Registry::open_with(folder.path().join("hb"), options).unwrap();
        for (model, team) in
            [("fraud", "risk"), ("`a b`", "risk"), ("churn", "sales"), ("Éclair", ""), ("m.x", "")]
        {
            let model = halfback::CreateModel { parents: true, ..model.into() };
            let name = registry.create_model(model).unwrap().name;
            if !team.is_empty() {
                registry.set_tag(&name, "team", team).unwrap();
            }
        }
        for number in 1..=4_u8 {
            let content = Content::Bytes { name: "m".into(), bytes: vec![number] };
            let version = RegisterVersion {
                model: "fraud".into(),
                metrics: [("auc".into(), f64::from(number) / 4.0)].into(),
                comment: (number > 1).then(|| format!("attempt {number}")),
                ..RegisterVersion::default()
            };
            registry.register_version(&content, version, &mut no_progress).unwrap();
        }
        registry.set_alias("fraud", "champion", 2).unwrap();
        Self { registry, _folder: folder }
    }
}

/// A list of which a page of so many is asked for, after a cursor.
type List = fn(&Registry, u32, Option<String>) -> Result<Listed>;

/// Lists that come as pages.
const LISTS: [List; 6] = [
    |registry, size, cursor| {
        let list = ListModels { page_size: Some(size), cursor, ..ListModels::default() };
        registry.list_models(list).map(listed)
    },
    |registry, size, cursor| {
        let model = "fraud".into();
        let list = ListVersions { model, page_size: Some(size), cursor };
        registry.list_versions(list).map(listed)
    },
    |registry, size, cursor| registry.log(Log { page_size: Some(size), cursor }).map(listed),
    |registry, size, cursor| {
        let history = History { target: "fraud".into(), page_size: Some(size), cursor };
        registry.query(history).map(listed)
    },
    |registry, size, cursor| {
        let order_by = vec!["tags.team DESC".into()];
        let page_size = Some(size);
        let search = SearchModels { order_by, page_size, cursor, ..SearchModels::default() };
        registry.search_models(search).map(listed)
    },
    |registry, size, cursor| {
        let order_by = vec!["comment".into(), "created_at DESC".into()];
        let page_size = Some(size);
        let search = SearchVersions { order_by, page_size, cursor, ..SearchVersions::default() };
        registry.search_versions(search).map(listed)
    },
];

/// A page's items as JSON, and its cursor.
type Listed = (Vec<String>, Option<String>);

fn listed<T: Serialize>(page: Page<T>) -> Listed {
    let items = page.items.iter().map(|item| serde_json::to_string(item).unwrap()).collect();
    (items, page.cursor)
}

/// What a cursor begins with that tells which list it is of: the format, and a text of 16 letters.
const FINGERPRINT: usize = 1 + 8 + 16;

/// `[list, how, …]`: what follows is the cursor itself, the key in a cursor that is of the list, or
/// a place in such a cursor and how it differs there.
pub fn cursors(data: &[u8]) {
    let Some(([list, how], rest)) = data.split_first_chunk::<2>() else { return };
    let list = LISTS.get(usize::from(*list) % LISTS.len()).unwrap();
    with_registry(|registry| {
        let (all, _) = list(registry, 1000, None).unwrap();
        let (_, genuine) = list(registry, 2, None).unwrap();
        let genuine: Vec<u8> =
            genuine.unwrap().as_bytes().chunks(2).map(|pair| byte(pair).unwrap()).collect();
        let (mut cursor, of_the_list) = match how % 3 {
            0 => (String::from_utf8_lossy(rest).into_owned(), false),
            1 => {
                let own = genuine.get(..FINGERPRINT).unwrap();
                (hex(&[own, rest].concat()), true)
            }
            _ => {
                let [place, bits, ..] = rest else { return };
                let place = usize::from(*place) % genuine.len();
                let differs = |(at, byte): (usize, &u8)| byte ^ if at == place { *bits } else { 0 };
                let cursor: Vec<u8> = genuine.iter().enumerate().map(differs).collect();
                (hex(&cursor), *bits == 0 || place >= FINGERPRINT)
            }
        };
        // A forged cursor may begin anywhere, and what follows is still the list.
        for _ in 0..all.len() {
            match list(registry, 2, Some(cursor)) {
                Err(error) => return refused(&error, &["invalid_argument"]),
                Ok((items, next)) => {
                    assert!(of_the_list, "a foreign cursor was taken");
                    let run = all.windows(items.len().max(1)).any(|run| run == items);
                    assert!(items.is_empty() || run, "{items:?} is no part of {all:?}");
                    let Some(next) = next else { return };
                    cursor = next;
                }
            }
        }
    });
}

fn byte(pair: &[u8]) -> Option<u8> {
    unhex::<1>(std::str::from_utf8(pair).ok()?).map(|[byte]| byte)
}
