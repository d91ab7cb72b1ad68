//! Models as JSON: what a program read through MLflow's own client, wherever the registry is.

use std::path::{Path, PathBuf};

use halfback::{Detail, Result};

use super::{Source, SourceModel, SourceVersion};
use crate::report::Finding;

/// Fetches the files of a version into a folder and gives their path.
pub type Fetch<'a> = Box<dyn FnMut(&SourceVersion, &Path) -> Result<PathBuf> + Send + 'a>;

/// Models that were read by someone else, who also fetches their files.
pub struct Document<'a> {
    models: Vec<SourceModel>,
    fetch: Fetch<'a>,
}

impl std::fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document").field("models", &self.models.len()).finish_non_exhaustive()
    }
}

impl<'a> Document<'a> {
    /// The models of a JSON document: a list of [`SourceModel`].
    pub fn from_json(json: &[u8], fetch: Fetch<'a>) -> Result<Self> {
        let models = serde_json::from_slice(json).map_err(|error| {
            Detail::InvalidArgument(format!("the document of models cannot be read: {error}"))
        })?;
        Ok(Self { models, fetch })
    }
}

impl Source for Document<'_> {
    fn models(&mut self, _: &mut Vec<Finding>) -> Result<Vec<SourceModel>> {
        Ok(self.models.clone())
    }

    fn fetch(&mut self, version: &SourceVersion, into: &Path) -> Result<PathBuf> {
        (self.fetch)(version, into)
    }
}
