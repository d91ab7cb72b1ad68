//! Writers and readers of three languages on one registry, and writers killed at random moments.
//!
//! Each writer counts in models of its own: one transaction raises the count in three places, moves
//! the champion now and then, and when it is acknowledged the writer notes the count in a file
//! beside the registry. A reader looks into that file first, and must then find at least that count
//! in the registry, from memory and from the database. After each kill nothing that was noted may
//! be lost, and the three places must agree.
//!
//! `cargo xtask test` runs it: `torture <kills> <seed or "any"> <python> <class path>`.

mod worker;

use std::error::Error;
use std::hash::{BuildHasher as _, RandomState};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use halfback::{Content, Options, RegisterVersion, Registry, no_progress};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// How many threads write in each process, each in a model of its own.
const THREADS: usize = 3;
/// After how many kills the whole registry is examined.
const EXAMINED: usize = 25;
/// How long a process may take to do what it does in a moment on a quiet machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["write", registry, notes, models @ ..] => worker::write(registry, notes, models),
        ["read", registry, notes, models @ ..] => worker::read(registry, notes, models),
        [kills, seed, python, class_path] => torture(kills, seed, python, class_path),
        _ => Err("expected the number of kills, a seed or `any`, a Python and a class path".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("torture: {error}");
            ExitCode::FAILURE
        }
    }
}

fn torture(kills: &str, seed: &str, python: &str, class_path: &str) -> Outcome {
    let kills: usize = kills.parse()?;
    let seed = if seed == "any" { RandomState::new().hash_one(kills) } else { seed.parse()? };
    println!("seed {seed}");
    let mut random = Random(seed | 1);
    let ground = Ground::new(python, class_path)?;
    let registry = Registry::open(&ground.registry)?;

    let languages = [Language::Rust, Language::Python, Language::Java];
    let all: Vec<String> = languages.iter().flat_map(|language| language.models()).collect();
    let start = |language: Language| ground.start(language, "write", &language.models());
    let mut writers =
        languages.iter().map(|&language| start(language)).collect::<Outcome<Vec<_>>>()?;
    let readers = languages
        .iter()
        .map(|&language| ground.start(language, "read", &all))
        .collect::<Outcome<Vec<_>>>()?;

    for kill in 1..=kills {
        let at = random.below(languages.len());
        let (Some(writer), Some(&language)) = (writers.get_mut(at), languages.get(at)) else {
            return Err("a language has no writer".into());
        };
        let writes = || ground.noted(&language.models());
        let before = writes()?;
        // At work it is once it has written in each of its models.
        until(|| {
            writer.runs()?;
            Ok(writes()?.iter().zip(&before).all(|(now, before)| now > before))
        })?;
        std::thread::sleep(Duration::from_micros(random.below(40_000) as u64));
        writer.kill()?;
        agree(&registry, &ground, language).map_err(|error| format!("kill {kill}: {error}"))?;
        if kill % EXAMINED == 0 || kill == kills {
            let began = Instant::now();
            examine(&registry).map_err(|error| format!("kill {kill}: {error}"))?;
            let (commits, took) = (registry.info()?.commit, began.elapsed().as_secs_f64());
            println!("{kill} kills, {commits} commits, examined in {took:.1} s");
        }
        *writer = start(language)?;
    }

    // The last of the writers have to get to work as well: what a killed one left does not stop them.
    let before = ground.noted(&all)?;
    until(|| {
        writers.iter_mut().try_for_each(Program::runs)?;
        Ok(ground.noted(&all)?.iter().zip(&before).all(|(now, before)| now > before))
    })?;
    let mut looks = Vec::new();
    for (reader, language) in readers.into_iter().zip(languages) {
        looks.push(reader.end()?.trim().parse::<u64>()?);
        if looks.last() == Some(&0) {
            return Err(format!("{language:?} did not look once").into());
        }
    }
    for (writer, language) in writers.iter_mut().zip(languages) {
        writer.kill()?;
        agree(&registry, &ground, language)?;
    }
    examine(&registry)?;
    let commits = registry.info()?.commit;
    println!("{kills} kills, {commits} commits, {looks:?} looks in {languages:?}");
    Ok(())
}

/// What the writers of a language left, now that they are dead, is what they noted, or one step more.
fn agree(registry: &Registry, ground: &Ground, language: Language) -> Outcome {
    for (model, noted) in language.models().iter().zip(ground.noted(&language.models())?) {
        let count = |text: Option<&String>| -> Outcome<u64> {
            Ok(text.ok_or_else(|| format!("{model} lost a count"))?.parse()?)
        };
        let record = registry.get_model(model)?;
        let number = record.aliases.get("champion").ok_or("no champion")?;
        let champion = registry.get_version(model, *number)?;
        let counts = [
            count(record.tags.get("count"))?,
            count(record.tags.get("again"))?,
            count(champion.tags.get("count"))?,
        ];
        if counts != [counts[0]; 3] || !(noted..=noted + 1).contains(&counts[0]) {
            return Err(format!("{model}: {noted} was noted, found {counts:?}").into());
        }
    }
    Ok(())
}

fn examine(registry: &Registry) -> Outcome {
    registry.verify_log()?;
    match registry.check()?.findings.as_slice() {
        [] => Ok(()),
        findings => Err(format!("the check found {findings:?}").into()),
    }
}

/// Asks again and again, until it is so.
fn until(mut so: impl FnMut() -> Outcome<bool>) -> Outcome {
    let began = Instant::now();
    while !so()? {
        if began.elapsed() > PATIENCE {
            return Err("the writers do not get on".into());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

#[derive(Debug, Clone, Copy)]
enum Language {
    Rust,
    Python,
    Java,
}

impl Language {
    fn models(self) -> Vec<String> {
        (0..THREADS).map(|thread| format!("{self:?}{thread}").to_lowercase()).collect()
    }
}

/// The registry and the notes beside it, and what starts the other languages.
struct Ground {
    folder: tempfile::TempDir,
    registry: PathBuf,
    python: PathBuf,
    class_path: String,
}

impl Ground {
    fn new(python: &str, class_path: &str) -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("models.hb");
        let ground = Self {
            registry: path.clone(),
            python: python.into(),
            class_path: class_path.into(),
            folder,
        };
        let registry = Registry::open_with(&path, Options { create: true, ..Options::default() })?;
        for language in [Language::Rust, Language::Python, Language::Java] {
            for model in language.models() {
                registry.create_model(model.as_str())?;
                for bytes in [b"one".to_vec(), b"two".to_vec()] {
                    let content = Content::Bytes { name: "m".into(), bytes };
                    let version =
                        RegisterVersion { model: model.clone(), ..RegisterVersion::default() };
                    registry.register_version(&content, version, &mut no_progress)?;
                }
                registry.set_alias(&model, "champion", 1)?;
                for (target, tag) in [("", "count"), ("", "again"), ("/1", "count")] {
                    registry.set_tag(&format!("{model}{target}"), tag, "0")?;
                }
                worker::note(&worker::open(&ground.note(&model))?, 0)?;
            }
        }
        Ok(ground)
    }

    fn note(&self, model: &str) -> PathBuf {
        self.folder.path().join(model)
    }

    /// What the writers of the models have noted.
    fn noted(&self, models: &[String]) -> Outcome<Vec<u64>> {
        models.iter().map(|model| worker::noted(&worker::open(&self.note(model))?)).collect()
    }

    fn start(&self, language: Language, what: &str, models: &[String]) -> Outcome<Program> {
        let mut command = match language {
            Language::Rust => Command::new(std::env::current_exe()?),
            Language::Python => {
                let mut python = Command::new(&self.python);
                let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("torture");
                python.arg(folder.join("worker.py"));
                python
            }
            Language::Java => {
                let mut java = Command::new("java");
                java.args(["--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1"]);
                java.args(["-cp", &self.class_path, "Worker"]);
                java
            }
        };
        // Cargo lists its own folders there, and Java would find the library without being told.
        command.env_remove("LD_LIBRARY_PATH");
        command.arg(what).arg(&self.registry).arg(self.folder.path()).args(models);
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {language:?}: {error}"))?;
        Ok(Program { child, name: format!("{language:?} {what}") })
    }
}

/// A writer or reader in a process of its own; killed when it is dropped.
struct Program {
    child: Child,
    name: String,
}

impl Program {
    /// Fails where it has ended by itself.
    fn runs(&mut self) -> Outcome {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => Err(format!("{} ended: {status}", self.name).into()),
        }
    }

    fn kill(&mut self) -> Outcome {
        self.runs()?;
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Has it end by itself; gives what it said.
    fn end(mut self) -> Outcome<String> {
        drop(self.child.stdin.take());
        let mut said = String::new();
        self.child.stdout.take().ok_or("a program has no output")?.read_to_string(&mut said)?;
        match self.child.wait()? {
            status if status.success() => Ok(said),
            status => Err(format!("{} ended: {status}", self.name).into()),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill().and_then(|()| self.child.wait()).is_ok();
    }
}

/// Marsaglia's xorshift, so that a seed tells the whole sequence.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).map_or(0, |number| number % most)
    }
}
