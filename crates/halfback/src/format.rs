//! What an artifact is, told by its content: framework, versions, signature, and whether loading it
//! runs code. Nothing is loaded or run to find out, and a name is only a hint on where to look.
//!
//! Flavors have MLflow's words where it has one (`sklearn`, `xgboost`, `lightgbm`, `onnx`, `tensorflow`,
//! `keras`, `pytorch`, `transformers`); beside them there are `safetensors`, `pmml`, and `pickle` for a
//! pickle of anything else. `metadata.format` tells the format of the file or folder.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use halfback_store::artifact::ReadSeek;
use halfback_store::error::Result;
use halfback_store::name::shown;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::secret::{self, Secret};
use crate::signature::Signature;
use source::{Source, Stop};

mod archive;
mod hdf5;
mod huggingface;
mod keras;
mod lightgbm;
mod mlflow;
mod numpy;
mod onnx;
mod pickle;
mod pmml;
mod protobuf;
mod safetensors;
mod skops;
mod source;
mod tensorflow;
mod torch;
mod xgboost;
mod yaml;

/// How many files of an artifact are looked into: the largest ones. Of the others the beginnings tell
/// whether loading them may run code.
const MAX_FILES: usize = 256;
/// How many beginnings are looked at, and how much each of them is.
const MAX_HEADS: usize = 10_000;
const HEAD: usize = 4 << 10;
/// How many bytes are read of one artifact.
const MAX_BYTES: u64 = 64 << 20;
/// How long a value taken from a file can be, in characters.
const MAX_TEXT: usize = 200;

/// How long a signature can be, in bytes of JSON.
const MAX_SIGNATURE: usize = 1 << 20;

/// The files of an artifact.
pub(crate) trait Files {
    /// The path of each file, parts joined by `/`, and its size in bytes; sorted by path.
    fn list(&self) -> Vec<(String, u64)>;

    /// Opens one of them.
    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek + '_>>;
}

/// What an artifact was recognised as.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Format {
    /// The framework, such as `sklearn`; none when the content is of no known format.
    pub flavor: Option<String>,
    /// The version of the framework that wrote it, where the content tells.
    pub framework_version: Option<String>,
    /// Whether loading it runs code that came with it, as loading any pickle does.
    pub executable: bool,
    /// What it takes and gives, where the content tells.
    pub signature: Option<Signature>,
    /// What else the content tells, such as `format`, `opset` or `features`.
    pub metadata: BTreeMap<String, String>,
    /// The first text in the metadata of the files that looks like a credential.
    #[serde(skip)]
    secret: Option<Suspect>,
}

/// A text of the files that looks like a credential.
#[derive(Debug, Clone, PartialEq)]
struct Suspect {
    /// The name that the text goes by.
    name: String,
    secret: Secret,
}

/// Recognises an artifact. Content of no known format, or damaged, gives a format without a flavor.
///
/// # Errors
///
/// Only those of opening and reading files.
pub(crate) fn recognise(files: &dyn Files) -> Result<Format> {
    let artifact = Artifact { list: files.list(), files, left: Cell::new(MAX_BYTES) };
    let mut format = artifact.format()?;
    format.check_signature();
    Ok(format)
}

/// Tells a file that is something else from one that could not be read.
fn found<T>(result: Result<T, Stop>) -> Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(Stop::Else) => Ok(None),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// The files of an artifact, and how much of them may still be read.
struct Artifact<'a> {
    files: &'a dyn Files,
    list: Vec<(String, u64)>,
    left: Cell<u64>,
}

impl Artifact<'_> {
    fn format(&self) -> Result<Format> {
        for folder in [mlflow::recognise, tensorflow::recognise, huggingface::recognise] {
            if let Some(format) = found(folder(self))? {
                return Ok(format);
            }
        }
        self.contents(|_| true)
    }

    /// The file at a path; something else where there is none.
    fn source(&self, path: &str) -> Result<Source<'_>, Stop> {
        let found = self.list.binary_search_by(|(it, _)| it.as_str().cmp(path));
        let (path, size) = found.ok().and_then(|at| self.list.get(at)).ok_or(Stop::Else)?;
        Ok(Source::open(self.files.open(path)?, path, *size, &self.left))
    }

    /// What the files say one by one: the largest one that is recognised gives the format, and the
    /// artifact is executable if any of them is.
    fn contents(&self, wanted: impl Fn(&str) -> bool) -> Result<Format> {
        let mut list: Vec<&(String, u64)> =
            self.list.iter().filter(|(path, size)| *size > 0 && wanted(path)).collect();
        // A description can name code whatever its size, and has no flavor.
        list.sort_by_key(|(path, size)| (!huggingface::is_config(path), Reverse(*size), path));
        let mut main = Format::default();
        let mut others = BTreeSet::new();
        let mut looked = 0_usize;
        for (path, _) in list.iter().take(MAX_FILES).take_while(|_| self.left.get() > 0) {
            looked += 1;
            let Some(mut format) = found(self.file(path))? else { continue };
            if main.flavor.is_none() {
                std::mem::swap(&mut main, &mut format);
            }
            main.executable |= format.executable;
            main.suspect(format.secret);
            others.extend(format.flavor);
        }
        // The last of them may have been cut short.
        let whole = if self.left.get() > 0 { looked } else { looked.saturating_sub(1) };
        let rest = list.get(whole..).unwrap_or_default();
        if !rest.is_empty() {
            main.note("looked_into", format!("{whole} of {} files", list.len()));
            main.executable |= rest.len() > MAX_HEADS;
        }
        for (path, size) in rest {
            if main.executable {
                break;
            }
            main.executable = self.may_run(path, *size)?;
        }
        others.retain(|flavor| main.flavor.as_ref() != Some(flavor));
        if !others.is_empty() {
            main.note("also", Vec::from_iter(others).join(", "));
        }
        Ok(main)
    }

    /// Whether a file begins like one that runs code when it is loaded, or hides whether it is one.
    fn may_run(&self, path: &str, size: u64) -> Result<bool> {
        // Where HDF5 may begin is looked at beside the head.
        let left = Cell::new(2 * HEAD as u64);
        let look = || {
            let file = Source::open(self.files.open(path)?, path, size, &left);
            if hdf5::begin(&file)?.is_some() {
                return Ok(true);
            }
            let head = file.upto(0, HEAD)?;
            let cut = size > head.len() as u64;
            let head = Source::memory(head, path, cut);
            if archive::begins(&head)?
                || pickle::compression(&head)?.is_some()
                || found(numpy::recognise(&head))?.is_some()
                || found(huggingface::recognise_file(&head))?.is_some_and(|it| it.executable)
            {
                return Ok(true);
            }
            pickle::scan(&head).map(|_| true)
        };
        Ok(found(look())?.unwrap_or(false))
    }

    /// What the other files of a folder say whose own description cannot be read here. Whoever loads it
    /// may well read it, and the code that it names.
    fn undescribed(&self, description: &str) -> Result<Format> {
        let mut format = self.contents(|path| path != description)?;
        format.executable = true;
        format.note("unread", description);
        Ok(format)
    }

    fn file(&self, path: &str) -> Result<Format, Stop> {
        let source = self.source(path)?;
        let families = [
            archive::recognise,
            numpy::recognise,
            huggingface::recognise_file,
            safetensors::recognise,
            pickle::recognise,
            xgboost::recognise_json,
            xgboost::recognise_ubj,
            lightgbm::recognise,
            pmml::recognise,
            tensorflow::recognise_file,
            onnx::recognise,
        ];
        // HDF5 may lie behind anything, and whatever that has cost: it is looked for anew.
        let told = families.iter().map(|family| family(&source));
        for look in told.chain(std::iter::once_with(|| hdf5::recognise(&self.source(path)?))) {
            if let Some(mut format) = found(look)? {
                if !format.metadata.is_empty() {
                    format.note("file", path);
                }
                return Ok(format);
            }
        }
        Err(Stop::Else)
    }
}

impl Format {
    fn new(flavor: &str, format: &str) -> Self {
        let metadata = BTreeMap::from([("format".to_owned(), format.to_owned())]);
        Self { flavor: Some(flavor.to_owned()), metadata, ..Self::default() }
    }

    fn note(&mut self, key: &str, value: impl Into<String>) {
        let value = value.into();
        self.say(key, &value);
        self.metadata.insert(key.to_owned(), clipped(value));
    }

    /// Judges a text in the metadata of the files, by itself and beside its name.
    fn say(&mut self, name: &str, text: &str) {
        if self.secret.is_none()
            && let Some(secret) = secret::find_named(name, text)
        {
            // The secret may be the name itself.
            let name = if secret::find(name).is_some() { "…" } else { name };
            self.secret = Some(Suspect { name: name.to_owned(), secret });
        }
    }

    /// Judges every text in a document, each beside the nearest name.
    fn say_all(&mut self, name: &str, document: &Value) {
        match document {
            Value::String(text) => self.say(name, text),
            Value::Array(items) => items.iter().for_each(|item| self.say_all(name, item)),
            Value::Object(map) => map.iter().for_each(|(name, value)| self.say_all(name, value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Takes over what was found in another file.
    fn suspect(&mut self, other: Option<Suspect>) {
        self.secret = self.secret.take().or(other);
    }

    /// Refuses files whose metadata looks like it holds a credential.
    pub(crate) fn refuse_secrets(&self) -> Result<()> {
        let Some(Suspect { name, secret }) = &self.secret else { return Ok(()) };
        Err(secret.refused(&format!("`{}` in the files", shown(name))))
    }

    /// Takes over what the files of a folder say beside its own description.
    fn add_content(&mut self, content: Self) {
        self.executable |= content.executable;
        self.suspect(content.secret);
        for (key, inner) in [("content", "format"), ("looked_into", "looked_into")] {
            if let Some(value) = content.metadata.get(inner) {
                self.note(key, value);
            }
        }
    }

    /// Drops a signature that could not be given by hand: the content tells it, and it may tell
    /// anything.
    fn check_signature(&mut self) {
        let Some(signature) = &self.signature else { return };
        let signature = signature.to_json();
        let length = Value::from(signature.clone()).to_string().len();
        let problem = if length > MAX_SIGNATURE {
            format!("has {length} bytes of JSON, more than the {MAX_SIGNATURE} that are kept")
        } else if let Err(error) = Signature::parse(&signature) {
            error.to_string()
        } else {
            return;
        };
        self.signature = None;
        self.note("signature", problem);
    }

    fn version(&mut self, version: impl Into<String>) {
        let version = version.into();
        self.say("version", &version);
        self.framework_version = Some(clipped(version)).filter(|version| !version.is_empty());
    }
}

/// A text without control characters, cut to what fits into a record.
fn clipped(text: impl Into<String>) -> String {
    let text: String = text.into();
    text.chars().filter(|it| !it.is_control()).take(MAX_TEXT).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod hdf5_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod secret_tests;
#[cfg(test)]
mod tests;
