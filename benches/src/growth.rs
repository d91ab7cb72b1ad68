//! The suite `growth`, also the end of `storage`: what opening, resolving, searching, registering, memory and disk cost in registries
//! of 1,000 to 1,000,000 versions whose aliases and tags have moved, and a picture of that.

use std::path::Path;
use std::process::Command;

use halfback::{RegisterVersion, Registry, View};

use crate::Ground;
use crate::filled::{Filled, Size, contents, name};
use crate::floor::{Bare, NOW};
use crate::measure::{Outcome, Rounds, Row, Unit, median, medians, seconds};
use crate::pages::{SEARCHES, Search, When};
use crate::picture;
use crate::program::Program;

/// The first argument of a process that opens a registry; see [`reader`].
pub(crate) const READER: &str = "growth-reader";

/// Versions of each model.
const VERSIONS: usize = 5;
const SIZES: [Size; 4] = [size(200), size(2_000), size(20_000), size(LARGE)];
const LARGE: usize = 200_000;

const fn size(models: usize) -> Size {
    Size { models, versions: VERSIONS, moves: 3 }
}

/// What is measured in one unit, and shown in one panel of the picture.
pub(crate) struct Panel {
    pub(crate) name: &'static str,
    pub(crate) unit: Unit,
    /// The budget, in the unit.
    pub(crate) most: Option<f64>,
    pub(crate) lines: &'static [Line],
}

/// In seconds or bytes.
type Figure = fn(&Grown) -> f64;

/// A measure of a panel.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) figure: Figure,
    /// What it is held against: the same rows by bare SQLite, and the least share of its pace.
    bare: Option<(Figure, f64)>,
}

const fn line(name: &'static str, figure: Figure) -> Line {
    Line { name, figure, bare: None }
}

/// One that is held against bare SQLite: docs/adr/0012-what-sqlite-leaves-of-a-shared-commit.md.
const fn beside(name: &'static str, figure: Figure, bare: Figure, least: f64) -> Line {
    Line { name, figure, bare: Some((bare, least)) }
}

pub(crate) static PANELS: [Panel; 6] = [
    Panel {
        name: "open",
        unit: Unit::MILLISECONDS,
        most: Some(10.0),
        lines: &[line("in a new process", |grown| grown.open)],
    },
    Panel {
        name: "resolve an alias, not from memory",
        unit: Unit::MICROSECONDS,
        most: None,
        lines: &[
            beside("first of a name", |grown| grown.resolve_first, |grown| grown.bare_first, 0.33),
            beside(
                "after its model changed",
                |grown| grown.resolve_changed,
                |grown| grown.bare_changed,
                0.8,
            ),
            beside(
                "as of halfway",
                |grown| grown.resolve_halfway,
                |grown| grown.bare_halfway,
                0.33,
            ),
            line("pages not read before", |grown| grown.resolve_cold),
        ],
    },
    Panel {
        name: "search, a page of 100",
        unit: Unit::MILLISECONDS,
        most: Some(PAGE),
        lines: &[
            line("slowest now", |grown| grown.slowest(When::Now)),
            line("slowest as of halfway", |grown| grown.slowest(When::Halfway)),
            line("median of all", Grown::usual_page),
        ],
    },
    Panel {
        name: "register a version, durably",
        unit: Unit::MILLISECONDS,
        most: None,
        lines: &[line("one caller", |grown| grown.register)],
    },
    Panel {
        name: "memory",
        unit: Unit::MEGABYTES,
        most: None,
        lines: &[line("resident, a page read", |grown| grown.memory)],
    },
    Panel {
        name: "disk, for each version",
        unit: Unit::BYTES,
        most: None,
        lines: &[line("database and its log", |grown| grown.disk)],
    },
];

/// The budget of a page, in milliseconds.
const PAGE: f64 = 5.0;

pub(crate) fn measure(ground: &Ground) -> Outcome<Vec<Row>> {
    // Filling the largest takes minutes.
    let is_long = std::env::var_os("HALFBACK_LONG").is_some();
    let sizes = SIZES.into_iter().filter(|size| is_long || size.models < LARGE);
    let grown = sizes.map(|size| Grown::measure(ground, size)).collect::<Outcome<Vec<_>>>()?;
    picture::draw(&ground.picture, &PANELS, &grown)?;
    let mut rows = Vec::new();
    for panel in &PANELS {
        panel.lines.iter().for_each(|line| rows.extend(curve(panel, line, &grown)));
    }
    if let [.., smaller, largest] = grown.as_slice() {
        rows.extend(pages(smaller, largest)?);
    }
    Ok(rows)
}

/// A row for each size, each beside the size before, and one beside bare SQLite.
fn curve<'a>(
    panel: &'a Panel,
    line: &'a Line,
    grown: &'a [Grown],
) -> impl Iterator<Item = Row> + 'a {
    let smaller = std::iter::once(None).chain(grown.iter().map(Some));
    grown.iter().zip(smaller).flat_map(move |(grown, smaller)| {
        let name = format!("{}: {}, {} versions", panel.name, line.name, thousands(grown.versions));
        let ours = (line.figure)(grown);
        let peer = smaller.map(|smaller| ("a tenth as many", (line.figure)(smaller)));
        let row = panel.most.into_iter().fold(row(name, panel.unit, ours, peer), Row::at_most);
        let beside = line.bare.map(|(bare, least)| {
            let peer = ("the same rows by bare SQLite", bare(grown));
            Row::cost("…", panel.unit, ours, peer).at_least_times(least)
        });
        std::iter::once(row).chain(beside)
    })
}

fn row(name: String, unit: Unit, ours: f64, peer: Option<(&'static str, f64)>) -> Row {
    match peer {
        Some(peer) => Row::cost(name, unit, ours, peer),
        None => Row::alone(name, unit, ours),
    }
}

/// A row for every page that there is in the largest.
fn pages(smaller: &Grown, largest: &Grown) -> Outcome<Vec<Row>> {
    let few = |page: &PageTime| {
        let same = |few: &&PageTime| few.name == page.name && few.when == page.when;
        smaller.pages.iter().find(same)
    };
    let rows = largest.pages.iter().map(|page| {
        let when = if page.when == When::Now { "now" } else { "as of halfway" };
        let name = format!("{}, {when}, {} versions", page.name, thousands(largest.versions));
        let peer = few(page).map(|few| ("a tenth as many", few.took));
        row(name, Unit::MILLISECONDS, page.took, peer).at_most(PAGE)
    });
    if largest.pages.len() < searches().count() {
        return Err("a search finds nothing in the largest registry".into());
    }
    Ok(rows.collect())
}

/// `1,000,000`
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (digit, left) in digits.chars().zip((0..digits.len()).rev()) {
        shown.push(digit);
        if left > 0 && left % 3 == 0 {
            shown.push(',');
        }
    }
    shown
}

/// What a registry of one size costs, in seconds and bytes.
pub(crate) struct Grown {
    pub(crate) versions: usize,
    open: f64,
    resolve_first: f64,
    resolve_changed: f64,
    resolve_halfway: f64,
    resolve_cold: f64,
    bare_first: f64,
    bare_halfway: f64,
    bare_changed: f64,
    register: f64,
    memory: f64,
    disk: f64,
    pages: Vec<PageTime>,
}

struct PageTime {
    name: &'static str,
    when: When,
    took: f64,
}

impl Grown {
    fn measure(ground: &Ground, size: Size) -> Outcome<Grown> {
        let path = ground.folder.path().join(format!("{}.hb", size.models));
        // Closed before it is measured, as whoever opens it finds it.
        let half = Filled::new(&path, size)?.half.commit().unwrap_or_default();
        let versions = size.models * size.versions;
        let disk = bytes(&path)? / f64::from(u32::try_from(versions)?);
        let [open, memory, resolve_first, resolve_halfway, resolve_cold, bare_first, bare_halfway] =
            medians(Rounds { warm_up: 1, counted: 9 }, || {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg(READER).arg(&path).args([size.models.to_string(), half.to_string()]);
                Program::start(&mut command)?.answer("open")
            })?;
        let filled = Filled::open(&path, half)?;
        let pages = page_times(&filled)?;
        let [register, resolve_changed, bare_changed] = changing(&filled.registry, &path, size)?;
        drop(filled);
        std::fs::remove_dir_all(&path)?;
        Ok(Grown {
            versions,
            open,
            resolve_first,
            resolve_changed,
            resolve_halfway,
            resolve_cold,
            bare_first,
            bare_halfway,
            bare_changed,
            register,
            memory,
            disk,
            pages,
        })
    }

    /// A registry that nobody measured, with figures as they may be.
    #[cfg(test)]
    pub(crate) fn imagined(versions: u32) -> Grown {
        let growth = f64::from(versions).powf(0.1);
        let page = |when, took| PageTime { name: "all models", when, took: took * growth };
        Grown {
            versions: versions as usize,
            open: 5e-4 * growth,
            resolve_first: 8e-6 * growth,
            resolve_changed: 5e-6 * growth,
            resolve_halfway: 4.5e-6 * growth,
            resolve_cold: 2e-5 * growth,
            bare_first: 4e-6 * growth,
            bare_halfway: 4e-6 * growth,
            bare_changed: 4.5e-6 * growth,
            register: 4e-4 * growth,
            memory: 6e6 * growth,
            disk: 3e3 / growth,
            pages: vec![page(When::Now, 8e-4), page(When::Halfway, 1e-3)],
        }
    }

    fn slowest(&self, when: When) -> f64 {
        let pages = self.pages.iter().filter(|page| page.when == when);
        pages.map(|page| page.took).fold(0.0, f64::max)
    }

    fn usual_page(&self) -> f64 {
        median(self.pages.iter().map(|page| page.took).collect())
    }
}

/// The database with what its log holds.
fn bytes(registry: &Path) -> Outcome<f64> {
    let size = |file: &str| match std::fs::metadata(registry.join(file)) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    };
    let kibibytes = (size("registry.db")? + size("registry.db-wal")?) / 1024;
    Ok(f64::from(u32::try_from(kibibytes)?) * 1024.0)
}

/// All searches, now and as of halfway.
fn searches() -> impl Iterator<Item = Search> {
    let now = SEARCHES.into_iter().filter(|search| search.when == When::Now);
    now.flat_map(|search| [search, search.at(When::Halfway)])
}

/// The median of every page; there are none where a small registry has nothing to find.
fn page_times(filled: &Filled) -> Outcome<Vec<PageTime>> {
    let mut pages = Vec::new();
    for search in searches() {
        let cursor = search.cursor(filled)?;
        if search.page(filled, cursor.clone())? == 0 {
            continue;
        }
        let rounds = Rounds { warm_up: 3, counted: 30 };
        let [took] = medians(rounds, || Ok([seconds(|| search.page(filled, cursor.clone()))?]))?;
        pages.push(PageTime { name: search.name, when: search.when, took });
    }
    Ok(pages)
}

/// Registering a version, and then resolving an alias of its model that was known before; the same by
/// bare SQLite.
fn changing(registry: &Registry, path: &Path, size: Size) -> Outcome<[f64; 3]> {
    let bare = Bare::open(path)?;
    let digests = contents(registry, 1)?;
    let digest = digests.first().ok_or("no content")?;
    let mut models = some(size.models).into_iter().cycle();
    medians(Rounds { warm_up: 5, counted: 200 }, || {
        let model = models.next().map(name).ok_or("no model")?;
        let champion = format!("models:/{model}@champion");
        registry.resolve(champion.as_str())?;
        let version = RegisterVersion {
            model: model.clone(),
            digest: digest.clone(),
            ..RegisterVersion::default()
        };
        let register = seconds(|| registry.execute(version))?;
        let resolve = seconds(|| registry.resolve(champion.as_str()))?;
        Ok([register, resolve, seconds(|| bare.resolve(&model, NOW))?])
    })
}

/// Some of so many models, evenly among all.
fn some(models: usize) -> Vec<usize> {
    const MOST: usize = 500;
    (0..models).step_by(models.div_ceil(MOST).max(1)).collect()
}

/// Opens a registry, reads a page, and resolves names; says what that took.
pub(crate) fn reader(path: &str, models: &str, half: &str) -> Outcome {
    let mut opened = None;
    let open = seconds(|| Registry::open(path).map(|registry| opened = Some(registry)))?;
    let registry = opened.ok_or("nothing was opened")?;
    registry.search_versions("")?;
    let memory = resident()?;
    // What was made first was there halfway.
    let models: usize = models.parse()?;
    let names: Vec<_> = some(models / 4).into_iter().map(name).collect();
    let champions: Vec<_> = names.iter().map(|name| format!("models:/{name}@champion")).collect();
    let resolve = |view: &View| {
        let times = champions.iter().map(|uri| seconds(|| view.resolve(uri.as_str())));
        Outcome::Ok(median(times.collect::<Outcome<Vec<_>>>()?))
    };
    let half: i64 = half.parse()?;
    let cold = resolve(&registry.as_of(half)?)?;
    // At another moment no record is in memory yet, but the pages are there.
    let halfway = resolve(&registry.as_of(half - 1)?)?;
    let first = resolve(&registry)?;
    let bare = Bare::open(Path::new(path))?;
    let read = |moment| {
        let times = names.iter().map(|name| seconds(|| bare.resolve(name, moment)));
        Outcome::Ok(median(times.collect::<Outcome<Vec<_>>>()?))
    };
    // The second time the pages are there.
    let bare_first = read(NOW).and_then(|_| read(NOW))?;
    let bare_halfway = read(half - 1).and_then(|_| read(half - 1))?;
    println!("[{open}, {memory}, {first}, {halfway}, {cold}, {bare_first}, {bare_halfway}]");
    Ok(())
}

/// The bytes of memory that this process has in use.
fn resident() -> Outcome<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kibibytes.ok_or("the system does not tell VmRSS")?.parse::<f64>()? * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::{some, thousands};

    #[test]
    fn large_numbers_are_told_in_thousands() {
        let check = |number, shown: &str| assert_eq!(thousands(number), shown);
        check(0, "0");
        check(999, "999");
        check(1_000, "1,000");
        check(1_000_000, "1,000,000");
    }

    #[test]
    fn some_models_lie_evenly_among_all() {
        assert_eq!(some(3), [0, 1, 2]);
        assert_eq!(some(1_000).len(), 500);
        assert_eq!(some(1_000).last(), Some(&998));
    }
}
