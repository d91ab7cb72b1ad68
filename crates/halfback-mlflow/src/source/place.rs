//! Where the files of a version lie on this machine.
//!
//! That place is MLflow's word, and read with the rights of whoever runs the import: so only files in
//! the source's own folder are, unless [`Artifacts::within`] says where else.

use std::path::{Component, Path, PathBuf};

use halfback::{Detail, Error, Result};
use serde::{Deserialize, Serialize};

use crate::failed;

/// How the places that MLflow names are found on this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Artifacts {
    /// What `mlflow-artifacts:/` stands for: the `--artifacts-destination` of the tracking server.
    pub root: Option<PathBuf>,
    /// The only folders that files may be read from; `/` is anywhere. When there are none, these are the
    /// folder that the database lies in, or `mlruns` itself, and `root`.
    pub within: Vec<PathBuf>,
}

/// What a place stands on, found in the rest of what MLflow recorded.
pub(crate) trait Lookup {
    /// The artifact URI of a run.
    fn run(&self, id: &str) -> Result<Option<String>>;
    /// The artifact URI of a logged model, such as `m-…`.
    fn logged_model(&self, id: &str) -> Result<Option<String>>;
    /// The folder that relative places start at.
    fn base(&self) -> &Path;
    /// The source's own folder, as it really is: files in it may be read where nothing else is said.
    fn home(&self) -> &Path;
}

impl Artifacts {
    /// The path behind a URI or path.
    pub(crate) fn locate(&self, place: &str, lookup: &dyn Lookup) -> Result<PathBuf> {
        const HOPS: usize = 8;
        let mut place = place.to_owned();
        for _ in 0..HOPS {
            place = match step(&place, lookup)? {
                Step::Further(place) => place,
                Step::Local(path) => {
                    return self.admitted(&lookup.base().join(path), &place, lookup);
                }
                Step::Served(path) => {
                    let root = self.root.as_ref().ok_or_else(|| served(&place))?;
                    return self.admitted(&root.join(path), &place, lookup);
                }
            };
        }
        Err(Detail::Corrupt(format!("`{place}` leads to itself in MLflow's records")).into())
    }

    /// The path as it really is, when it is there and may be read.
    fn admitted(&self, path: &Path, place: &str, lookup: &dyn Lookup) -> Result<PathBuf> {
        let real = path.canonicalize().map_err(failed("find the files at", path))?;
        let folders = self.folders(lookup.home())?;
        if folders.iter().any(|folder| real.starts_with(folder)) {
            return Ok(real);
        }
        let own = if real.is_dir() { &real } else { real.parent().unwrap_or(&real) };
        let folders: Vec<_> = folders.iter().map(|it| format!("`{}`", it.display())).collect();
        Err(Detail::PermissionDenied(format!(
            "`{place}` is outside the folders that files may be read from, {}; if it is meant, say all that are: with `--within FOLDER` or `within=[FOLDER]`, here `{}`, or `/` for anywhere",
            folders.join(" and "),
            own.display()
        ))
        .into())
    }

    /// The folders that files may be read from, as they really are.
    fn folders(&self, home: &Path) -> Result<Vec<PathBuf>> {
        if self.within.is_empty() {
            let root = self.root.as_ref().and_then(|root| root.canonicalize().ok());
            return Ok([home.to_owned()].into_iter().chain(root).collect());
        }
        let real = |folder: &PathBuf| folder.canonicalize().map_err(failed("find", folder));
        self.within.iter().map(real).collect()
    }
}

enum Step {
    Further(String),
    Local(PathBuf),
    Served(PathBuf),
}

fn step(place: &str, lookup: &dyn Lookup) -> Result<Step> {
    let unknown = |what: &str| -> Error {
        Detail::NotFound(format!("`{place}` names {what}, which MLflow's records do not have"))
            .into()
    };
    let Some((scheme, rest)) = scheme(place) else {
        return Ok(Step::Local(place.into()));
    };
    let path = rest.trim_start_matches('/');
    match scheme.to_ascii_lowercase().as_str() {
        "file" => {
            let rest = rest.strip_prefix("//localhost").unwrap_or(rest);
            let rest = rest.strip_prefix("//").unwrap_or(rest);
            Ok(Step::Local(decoded(rest).into()))
        }
        "runs" => {
            let (id, inner) = path.split_once('/').unwrap_or((path, ""));
            let root = lookup.run(id)?.ok_or_else(|| unknown("a run"))?;
            below(&root, inner, place)
        }
        "models" if path.starts_with("m-") => {
            let (id, inner) = path.split_once('/').unwrap_or((path, ""));
            let root = lookup.logged_model(id)?.ok_or_else(|| unknown("a logged model"))?;
            below(&root, inner, place)
        }
        "mlflow-artifacts" => {
            // With a host, `//host:port/path`; without one, `/path`.
            let path = match rest.strip_prefix("//") {
                Some(hosted) => hosted.split_once('/').map_or("", |(_, path)| path),
                None => path,
            };
            Ok(Step::Served(inside(&decoded(path), place)?))
        }
        _ => Err(Detail::InvalidArgument(format!(
            "the files are at `{place}`, which only MLflow's own client can fetch; import through the tracking URI with the Python package, where mlflow is installed"
        ))
        .into()),
    }
}

/// `inner` below a URI or path.
fn below(root: &str, inner: &str, place: &str) -> Result<Step> {
    if inner.is_empty() {
        return Ok(Step::Further(root.to_owned()));
    }
    let inner = inside(inner, place)?;
    Ok(Step::Further(format!("{}/{}", root.trim_end_matches('/'), inner.display())))
}

/// A path that goes nowhere but down.
fn inside(path: &str, place: &str) -> Result<PathBuf> {
    let path = Path::new(path);
    if path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Ok(path.to_owned());
    }
    Err(Detail::InvalidArgument(format!(
        "`{place}` leads out of its folder; correct the source in MLflow"
    ))
    .into())
}

/// Scheme and rest of a URI; none for a path.
fn scheme(place: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = place.split_once(':')?;
    let mut letters = scheme.chars();
    let valid = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    valid.then_some((scheme, rest))
}

fn served(place: &str) -> Error {
    Detail::InvalidArgument(format!(
        "the files are at `{place}`, below the tracking server's own folder; say which that is (`artifacts`), or import through the tracking URI"
    ))
    .into()
}

/// Text with `%20` and its like resolved; kept as it is where that gives no text.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        let code = code.filter(|code| code.bytes().all(|c| c.is_ascii_hexdigit()));
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Records;

    impl Lookup for Records {
        fn run(&self, id: &str) -> Result<Option<String>> {
            Ok((id == "r1").then(|| "file:///runs/r%201/artifacts".to_owned()))
        }

        fn logged_model(&self, id: &str) -> Result<Option<String>> {
            Ok(match id {
                "m-1" => Some("runs:/r1/model".to_owned()),
                "m-loop" => Some("models:/m-loop".to_owned()),
                _ => None,
            })
        }

        fn base(&self) -> &Path {
            Path::new("/")
        }

        fn home(&self) -> &Path {
            Path::new("/")
        }
    }

    #[track_caller]
    fn leads(place: &str, expected: &str) {
        let mut place = place.to_owned();
        let path = loop {
            match step(&place, &Records) {
                Ok(Step::Further(next)) => place = next,
                Ok(Step::Local(path)) => break path.display().to_string(),
                Ok(Step::Served(path)) => break format!("served {}", path.display()),
                Err(error) => break error.code().to_owned(),
            }
        };
        assert_eq!(path, expected);
    }

    #[test]
    fn places_are_followed() {
        leads("/a/b", "/a/b");
        leads("mlruns/1", "mlruns/1");
        leads("file:///a%20b/c", "/a b/c");
        leads("file:/a", "/a");
        leads("file://localhost/a", "/a");
        leads("runs:/r1/model", "/runs/r 1/artifacts/model");
        leads("models:/m-1/data", "/runs/r 1/artifacts/model/data");
        leads("mlflow-artifacts:/1/a", "served 1/a");
        leads("mlflow-artifacts://host:5000/1/a", "served 1/a");
    }

    #[test]
    fn what_leads_out_or_nowhere_is_refused() {
        leads("runs:/r1/../../x", "invalid_argument");
        leads("models:/m-1/../x", "invalid_argument");
        leads("mlflow-artifacts:/%2e%2e/x", "invalid_argument");
        leads("runs:/r2/x", "not_found");
        leads("s3://bucket/x", "invalid_argument");
        let error = Artifacts::default().locate("models:/m-loop", &Records);
        assert_eq!(error.unwrap_err().code(), "corrupt");
    }
}
