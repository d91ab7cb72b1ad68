//! Models as JSON: what a program read through MLflow's own client, wherever the registry is.

use std::path::{Path, PathBuf};

use halfback::{Detail, Result};
use serde::Deserialize;

use super::{Source, SourceModel, SourceVersion};
use crate::report::Finding;

/// Fetches the files of a version into a folder and gives their path.
pub type Fetch<'a> = Box<dyn FnMut(&SourceVersion, &Path) -> Result<PathBuf> + Send + 'a>;

/// Models that were read by someone else, who also fetches their files.
pub struct Document<'a> {
    read: Read,
    fetch: Fetch<'a>,
}

/// The document: the models, and what could not be read of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    models: Vec<SourceModel>,
    #[serde(default)]
    findings: Vec<Finding>,
}

impl std::fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document").field("models", &self.read.models.len()).finish_non_exhaustive()
    }
}

impl<'a> Document<'a> {
    /// The models of a JSON document: an object with the list `models` of [`SourceModel`], and a list
    /// `findings` of [`Finding`] where something could not be read.
    pub fn from_json(json: &[u8], fetch: Fetch<'a>) -> Result<Self> {
        let read = serde_json::from_slice(json).map_err(|error| {
            Detail::InvalidArgument(format!("the document of models cannot be read: {error}"))
        })?;
        Ok(Self { read, fetch })
    }
}

impl Source for Document<'_> {
    fn models(&mut self, findings: &mut Vec<Finding>) -> Result<Vec<SourceModel>> {
        findings.extend_from_slice(&self.read.findings);
        Ok(self.read.models.clone())
    }

    fn fetch(&mut self, version: &SourceVersion, into: &Path) -> Result<PathBuf> {
        (self.fetch)(version, into)
    }
}
