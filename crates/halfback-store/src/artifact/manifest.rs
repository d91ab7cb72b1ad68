//! The manifest: which files an artifact has. Its text is a format for good.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Detail, Error, Result};
use crate::id::{hex, unhex};
use crate::merkle::{Hash, sha256};
use crate::name::shown;

const FIRST_LINE: &str = "halfback manifest 1";
/// The longest path inside an artifact, in bytes.
const MAX_PATH: usize = 1024;

/// The digest of an artifact, written `sha256:<64 hexadecimal digits>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(Hash);

impl Digest {
    /// From the hash itself.
    pub const fn new(hash: Hash) -> Self {
        Self(hash)
    }

    /// The hash itself.
    pub const fn hash(&self) -> &Hash {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", hex(&self.0))
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        text.strip_prefix("sha256:").and_then(unhex).map(Self).ok_or_else(|| {
            Detail::InvalidArgument(format!(
                "`{}` is not a digest; expected `sha256:` and 64 hexadecimal digits",
                shown(text)
            ))
            .into()
        })
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A set of files with their content's hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The digest of the manifest: equal exactly when all paths and contents are equal.
    pub digest: Digest,
    /// The size of all files, in bytes.
    pub size: u64,
    /// The files, sorted by path: [`Artifact::new`] sorts them, and [`Artifact::from_manifest`]
    /// refuses a manifest in any other order.
    pub files: Vec<ArtifactFile>,
}

/// One file of an artifact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ArtifactFile {
    /// The path inside the artifact, parts joined by `/`.
    pub path: String,
    /// The size in bytes.
    pub size: u64,
    /// The SHA-256 of the content, in hexadecimal.
    pub sha256: String,
}

impl Artifact {
    /// An artifact of these files; paths must be unique, also when case is folded.
    pub fn new(mut files: Vec<ArtifactFile>) -> Result<Self> {
        files.sort();
        let mut folded: Vec<(String, &str)> =
            files.iter().map(|file| (file.path.to_lowercase(), file.path.as_str())).collect();
        folded.sort();
        let twins = folded.iter().zip(folded.iter().skip(1)).find(|(one, other)| one.0 == other.0);
        if let Some(((_, one), (_, other))) = twins {
            return Err(Detail::InvalidArtifact(format!(
                "`{}` and `{}` differ only in case, so they cannot lie side by side on every file system; rename one",
                shown(one),
                shown(other)
            ))
            .into());
        }
        let is_file = |path: &str| folded.binary_search_by(|(it, _)| it.as_str().cmp(path)).is_ok();
        let above =
            |path: &str| path.match_indices('/').any(|(at, _)| is_file(path.split_at(at).0));
        if let Some((_, inside)) = folded.iter().find(|(path, _)| above(path)) {
            return Err(Detail::InvalidArtifact(format!(
                "`{}` would lie in another of the files; a path is a file or a folder, rename one",
                shown(inside)
            ))
            .into());
        }
        if files.is_empty() {
            return Err(
                Detail::InvalidArtifact("there is no file in it; nothing to store".into()).into()
            );
        }
        let size = files.iter().try_fold(0_u64, |sum, file| sum.checked_add(file.size));
        let size = size.ok_or_else(|| {
            Detail::InvalidArtifact("its files are larger than any disk; nothing to store".into())
        })?;
        let mut artifact = Self { digest: Digest::new([0; 32]), size, files };
        artifact.digest = Digest::new(sha256(artifact.manifest().as_bytes()));
        Ok(artifact)
    }

    /// The manifest's text: a first line, then `<sha256> <size> <path>` for each file in order.
    pub fn manifest(&self) -> String {
        let mut text = format!("{FIRST_LINE}\n");
        for ArtifactFile { path, size, sha256 } in &self.files {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{sha256} {size} {path}");
        }
        text
    }

    /// The artifact of a list that somebody else made: every path in it is safe to use below a
    /// folder, every hash is one, and the order is the only one.
    pub fn from_list(files: Vec<ArtifactFile>) -> Result<Self> {
        let list = Self { digest: Digest::new([0; 32]), size: 0, files };
        Self::from_manifest(list.manifest().as_bytes())
    }

    /// Reads a manifest; every path in it is safe to use below a folder.
    pub fn from_manifest(text: &[u8]) -> Result<Self> {
        let damaged = || Detail::Corrupt("a manifest is damaged; run `check`".into());
        let text = std::str::from_utf8(text).map_err(|_| damaged())?;
        let mut lines = text.lines();
        if lines.next() != Some(FIRST_LINE) {
            return Err(damaged().into());
        }
        let mut files = Vec::new();
        for line in lines {
            let mut fields = line.splitn(3, ' ');
            let (Some(sha256), Some(size), Some(path)) =
                (fields.next(), fields.next(), fields.next())
            else {
                return Err(damaged().into());
            };
            if unhex::<32>(sha256).is_none() {
                return Err(damaged().into());
            }
            check_path(path)?;
            files.push(ArtifactFile {
                path: path.to_owned(),
                size: size.parse().map_err(|_| damaged())?,
                sha256: sha256.to_owned(),
            });
        }
        let artifact = Self::new(files)?;
        // One artifact has one text: anything else would hash differently.
        if artifact.manifest() == text { Ok(artifact) } else { Err(damaged().into()) }
    }

    /// The file at a path.
    pub fn file(&self, path: &str) -> Option<&ArtifactFile> {
        let found = self.files.binary_search_by(|file| file.path.as_str().cmp(path));
        found.ok().and_then(|at| self.files.get(at))
    }

    /// The file, where the artifact is one file that lies in no folder.
    pub fn single(&self) -> Option<&ArtifactFile> {
        match self.files.as_slice() {
            [file] if !file.path.contains('/') => Some(file),
            _ => None,
        }
    }
}

/// Accepts a path that stays below any folder on any system.
pub(super) fn check_path(path: &str) -> Result<()> {
    let refused = |why: &str| -> Result<()> {
        Err(Detail::InvalidArtifact(format!(
            "`{}` cannot be a path in an artifact: {why}",
            shown(path)
        ))
        .into())
    };
    if path.len() > MAX_PATH {
        return refused(&format!("it is longer than {MAX_PATH} bytes"));
    }
    if path.chars().any(char::is_control) {
        return refused("it holds a control character");
    }
    if path.contains('\\') {
        return refused("it holds a backslash, which separates folders on some systems");
    }
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return refused("it is empty, absolute, or climbs with `..`");
    }
    Ok(())
}
