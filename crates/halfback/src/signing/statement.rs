//! What is signed: an in-toto statement (<https://github.com/in-toto/attestation/tree/main/spec/v1>)
//! with the predicate of OpenSSF Model Signing v1.0, which lists every file with its SHA-256.

use std::collections::BTreeMap;

use halfback_store::artifact::Artifact;
use halfback_store::error::{Detail, Error, Result};
use halfback_store::id::hex;
use halfback_store::merkle::sha256;
use halfback_store::name::{said, shown};
use serde::{Deserialize, Serialize};

const TYPE: &str = "https://in-toto.io/Statement/v1";
const PREDICATE: &str = "https://model_signing/signature/v1.0";
const METHOD: &str = "files";
const HASH: &str = "sha256";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    predicate: Predicate,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Subject {
    name: String,
    digest: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Predicate {
    serialization: Serialization,
    resources: Vec<Resource>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Serialization {
    method: String,
    hash_type: String,
    #[serde(default)]
    allow_symlinks: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Resource {
    name: String,
    algorithm: String,
    digest: String,
}

impl Statement {
    /// The statement of an artifact's files: of all, also those that the tool leaves out unless it is
    /// told otherwise (`.git`, `.gitattributes`, `.github`, `.gitignore`), so that none can be slipped in.
    pub(super) fn of(model: &str, artifact: &Artifact) -> Self {
        let resources = artifact.files.iter().map(|file| Resource {
            name: file.path.clone(),
            algorithm: HASH.to_owned(),
            digest: file.sha256.clone(),
        });
        let resources: Vec<Resource> = resources.collect();
        let root = root(&resources).unwrap_or_default();
        Self {
            kind: TYPE.to_owned(),
            subject: vec![Subject {
                name: model.to_owned(),
                digest: BTreeMap::from([(HASH.to_owned(), root)]),
            }],
            predicate_type: PREDICATE.to_owned(),
            predicate: Predicate {
                serialization: Serialization {
                    method: METHOD.to_owned(),
                    hash_type: HASH.to_owned(),
                    allow_symlinks: false,
                },
                resources,
            },
        }
    }

    pub(super) fn to_json(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|error| Detail::Internal(format!("a statement failed: {error}")).into())
    }

    /// Reads what was signed, and holds it against itself.
    pub(super) fn parse(payload: &[u8]) -> Result<Self> {
        let read: Self = serde_json::from_slice(payload)
            .map_err(|error| refused(&format!("what it signs cannot be read: {}", said(&error))))?;
        if read.kind != TYPE || read.predicate_type != PREDICATE {
            return Err(refused(&format!(
                "it signs `{}`; expected `{PREDICATE}` in a statement of in-toto v1",
                shown(&read.predicate_type)
            )));
        }
        let [subject] = read.subject.as_slice() else {
            return Err(refused("it is not of one model"));
        };
        let how = &read.predicate.serialization;
        if how.method != METHOD || how.hash_type != HASH {
            return Err(refused(&format!(
                "its files are listed by `{}` of `{}`; expected `{METHOD}` of `{HASH}`, the tool's default",
                shown(&how.method),
                shown(&how.hash_type)
            )));
        }
        let digest = root(&read.predicate.resources);
        if digest.is_none() || subject.digest.get(HASH) != digest.as_ref() {
            return Err(refused("its digest is not that of the files that it lists"));
        }
        Ok(read)
    }

    /// Refuses unless this lists exactly the files of the expected one. What the model is called
    /// does not matter: a version may have been renamed, or signed before it was registered.
    pub(super) fn hold_against(&self, expected: &Self) -> Result<()> {
        let (mine, theirs) = (self.files()?, expected.files()?);
        // Signed as one file instead of a folder that holds it.
        if let (Some(alone), 1, 1) = (mine.get("."), mine.len(), theirs.len())
            && theirs.values().next() == Some(alone)
        {
            return Ok(());
        }
        for (path, digest) in &theirs {
            match mine.get(path) {
                None => {
                    return Err(refused(&format!("it does not sign the file `{}`", shown(path))));
                }
                Some(signed) if signed != digest => {
                    return Err(refused(&format!(
                        "it signs another content of the file `{}`",
                        shown(path)
                    )));
                }
                Some(_) => {}
            }
        }
        match mine.keys().find(|path| !theirs.contains_key(*path)) {
            Some(path) => Err(refused(&format!(
                "it signs the file `{}`, which the version does not have",
                shown(path)
            ))),
            None => Ok(()),
        }
    }

    fn files(&self) -> Result<BTreeMap<&str, &str>> {
        let mut files = BTreeMap::new();
        for Resource { name, algorithm, digest } in &self.predicate.resources {
            if algorithm != HASH || files.insert(name.as_str(), digest.as_str()).is_some() {
                return Err(refused(&format!(
                    "it lists the file `{}` twice, or not by `{HASH}`",
                    shown(name)
                )));
            }
        }
        Ok(files)
    }
}

/// The digest over those of all files, in their order; none where one of them is no digest.
fn root(resources: &[Resource]) -> Option<String> {
    let digests =
        resources.iter().map(|resource| halfback_store::id::unhex::<32>(&resource.digest));
    let digests = digests.collect::<Option<Vec<_>>>()?;
    Some(hex(&sha256(&digests.concat())))
}

/// The error of a signature that is none, or not of these files.
pub(super) fn refused(why: &str) -> Error {
    Detail::InvalidArgument(format!("the signature is refused: {why}")).into()
}
