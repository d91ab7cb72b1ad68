//! The program as people run it: a process with arguments, a folder and two streams.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is a test's way of failing"
)]

mod access;
mod containers;
mod evaluations;
mod examples;
mod exchange;
mod exit_codes;
mod hostile;
mod json;
mod stories;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use halfback::{CompareOptions, EvaluateOptions, PairedSample, Predictions, Sample};
use tempfile::TempDir;

/// The program's path.
const PROGRAM: &str = env!("CARGO_BIN_EXE_halfback");

/// A folder to work in.
struct Place {
    folder: TempDir,
}

impl Place {
    /// A folder with something to register, and no registry.
    fn new() -> Self {
        let place = Self { folder: TempDir::new().unwrap() };
        std::fs::write(place.path("model.onnx"), b"weights").unwrap();
        std::fs::create_dir_all(place.path("folder/tokenizer")).unwrap();
        std::fs::write(place.path("folder/model.bin"), vec![7; 1500]).unwrap();
        std::fs::write(place.path("folder/tokenizer/words.txt"), b"a b c").unwrap();
        place
    }

    /// A folder with a registry that has a model with two versions, and some who may use it.
    fn prepared() -> Self {
        let place = Self::new();
        for line in [
            "halfback init",
            "halfback register risk.credit.default model.onnx --create --flavor onnx",
            "halfback alias set risk.credit.default champion 1",
            "halfback register risk.credit.default folder --comment 'with its tokenizer'",
            "halfback alias set risk.credit.default challenger 2",
            "halfback tag set risk.credit.default team credit",
            "halfback export mlruns --layout mlflow",
            "halfback principal create scoring --kind service",
            "halfback principal create ben",
            "halfback principal create validators --kind group",
            "halfback member add validators ben",
            "halfback role set Scorer Consumer SET_ALIAS",
            "halfback grant Consumer catalogs:/risk scoring",
            "halfback token create scoring > scoring.token",
            "halfback log key log.key > log.pub",
            "halfback log checkpoint --key-file log.key > checkpoints.txt",
            "halfback sign --generate release.pem > release.pub",
            "halfback sign risk.credit.default/1 --key-file release.pem",
        ] {
            place.done(line);
        }
        place.measure();
        place
    }

    /// Keeps an evaluation and a comparison of the second version.
    fn measure(&self) {
        let registry = halfback::Registry::open(self.path("models.hb")).unwrap();
        let truth = [0, 0, 1, 1, 0, 1, 1, 0, 0, 1, 0, 1];
        let old = [0.1, 0.6, 0.35, 0.8, 0.2, 0.9, 0.6, 0.7, 0.3, 0.65, 0.4, 0.55];
        let new = [0.1, 0.4, 0.55, 0.8, 0.2, 0.9, 0.7, 0.6, 0.3, 0.75, 0.1, 0.65];
        let region: Vec<&str> = (0..12).map(|row| ["north", "south"][row / 6]).collect();
        let dataset = Some(halfback::Dataset::from("applications-2026-q1"));
        let sample = Sample::new(&truth[..]).scores(&new[..]).slice("region", &region);
        let options = EvaluateOptions { dataset: dataset.clone(), ..EvaluateOptions::default() };
        let [one, two] = ["risk.credit.default/1", "risk.credit.default/2"];
        registry.evaluate(two, &sample, &options).unwrap();
        let scores = |scores| Predictions { y_score: Some(scores), ..Predictions::default() };
        let sample = PairedSample {
            y_true: (&truth[..]).into(),
            candidate: scores((&new[..]).into()),
            baseline: scores((&old[..]).into()),
            slices: vec![("region", (&region).into())],
            ..PairedSample::default()
        };
        let options = CompareOptions { dataset, margin: 0.05, ..CompareOptions::default() };
        registry.compare(two, one, &sample, &options).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        let programs = Path::new(PROGRAM).parent().unwrap().to_str().unwrap();
        let path = format!("{programs}:{}", std::env::var("PATH").unwrap());
        command.current_dir(self.folder.path()).env("PATH", path);
        for variable in ["HALFBACK_REGISTRY", "HALFBACK_TOKEN", "HALFBACK_TOKEN_FILE"] {
            command.env_remove(variable);
        }
        command
    }

    /// Runs a line of a shell.
    fn shell(&self, line: &str) -> Output {
        self.command("sh").args(["-c", line]).output().unwrap()
    }

    /// Runs a line of a shell that succeeds and has nothing to complain of; gives what it says.
    #[track_caller]
    fn done(&self, line: &str) -> String {
        let said = self.shell(line);
        assert!(said.status.success(), "{line}: {said:?}");
        assert!(said.stderr.is_empty(), "{line}: {said:?}");
        String::from_utf8(said.stdout).unwrap()
    }

    /// Runs the program itself.
    fn run(&self, arguments: &[&str]) -> Output {
        self.command(PROGRAM).args(arguments).output().unwrap()
    }
}

/// Runs the commands of a transcript, the lines that begin with `$`, and holds what they say
/// against the lines that follow. A last line `[exit 3]` is the exit code.
///
/// What differs from run to run is masked where it stands: times, hashes, the folder and the user.
#[track_caller]
fn transcript(place: &Place, expected: &str) {
    let mut actual = String::new();
    for line in expected.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let said = place.shell(line);
        actual.extend(["$ ", line, "\n"]);
        actual += &masked(place, &String::from_utf8(said.stdout).unwrap());
        actual += &masked(place, &String::from_utf8(said.stderr).unwrap());
        match said.status.code() {
            Some(0) => {}
            code => actual.extend(["[exit ", &code.unwrap().to_string(), "]\n"]),
        }
    }
    assert!(expected == actual, "expected:\n{expected}\nactual:\n{actual}");
}

/// `2026-11-23 10:00:00` becomes `YYYY-MM-DD hh:mm:ss`, twelve or more hexadecimal figures become
/// as many `#`, and the user becomes `ana`.
fn masked(place: &Place, text: &str) -> String {
    let folder = place.folder.path().to_str().unwrap();
    let mut text = text.replace(folder, "FOLDER");
    let mask = "YYYY-MM-DD hh:mm:ss";
    let is_time = |part: &str| {
        part.chars()
            .zip(mask.chars())
            .all(|(c, m)| if m.is_alphabetic() { c.is_ascii_digit() } else { c == m })
    };
    for at in 0..text.len() {
        if text.get(at..at + mask.len()).is_some_and(is_time) {
            text.replace_range(at..at + mask.len(), mask);
        }
    }
    let user = user(place);
    let text = text
        .replace(&format!("{mask}  {user}"), &format!("{mask}  ana"))
        .replace(&format!("{:<1$}", "BY", user.len()), "BY ")
        .replace(&format!("by {user}"), "by ana")
        .replace(&format!("by `{user}`"), "by `ana`")
        .replace(&format!("owner    {user}"), "owner    ana");
    let mut out = String::new();
    for run in text.split_inclusive(|c: char| !c.is_ascii_hexdigit()) {
        let figures = run.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
        if figures.len() >= 12 {
            out += &"#".repeat(figures.len());
            out += &run[figures.len()..];
        } else {
            out += run;
        }
    }
    out
}

/// The user's name as the registry has it.
fn user(place: &Place) -> String {
    let registry = halfback::Registry::open(place.path("models.hb")).unwrap();
    registry.whoami().unwrap().name.unwrap()
}
