//! Bundles: opening and verifying anything, and holding what verifies against what it was made of.

use std::path::Path;

use halfback::{Bundle, BundleVerification, Result, no_progress};
use halfback_store::archive::Writer;
use halfback_store::artifact::{Artifact, Meter};
use halfback_store::id::hex;
use halfback_store::merkle::sha256;

use crate::refused;

/// What is in a bundle that a registry made.
pub(crate) const ENTRIES: [(&str, &[u8]); 5] = [
    ("manifest.json", include_bytes!("../bundle/manifest.json")),
    ("history.jsonl", include_bytes!("../bundle/history.jsonl")),
    ("proof.json", include_bytes!("../bundle/proof.json")),
    ("files/deep/note.txt", b"words"),
    ("files/weights.bin", b"weights"),
];
/// The root of that registry's log.
const ROOT: &str = "6ebe38048b5c74282f2c5419a731c2ec53e1935dc2d0de76beca599d88a83066";
/// How archives begin.
const ARCHIVE: &[u8] = b"PK";

/// Any bytes as a file; or, where they begin with no `PK`, `[entry, …]`: a bundle with another text
/// in one of its entries, and everything else as it should be.
pub fn bundles(data: &[u8]) {
    let folder = crate::folder();
    let path = folder.path().join("bundle.hbz");
    match data.split_first() {
        Some((entry, text)) if !data.starts_with(ARCHIVE) => {
            let replaced = usize::from(*entry) % ENTRIES.len();
            let entries = ENTRIES.iter().enumerate();
            let with = |(at, (name, own)): (usize, &(&'static str, &'static [u8]))| {
                (*name, if at == replaced { text } else { own })
            };
            write(&path, entries.map(with));
        }
        _ => std::fs::write(&path, data).unwrap(),
    }
    match verified(&path) {
        Err(error) => {
            refused(&error, &["artifact_altered", "invalid_artifact", "unsupported_format"]);
        }
        Ok((bundle, verified)) => sound(&bundle, &verified, &folder.path().join("out")),
    }
}

fn verified(path: &Path) -> Result<(Bundle, BundleVerification)> {
    let bundle = Bundle::open(path)?;
    let history = bundle.history();
    let verified = bundle.verify(&mut no_progress)?;
    assert_eq!(history.unwrap().len() as u64, verified.commits);
    Ok((bundle, verified))
}

/// The files are those of the digest, and where the root is the registry's, so is everything that
/// was registered.
fn sound(bundle: &Bundle, verified: &BundleVerification, to: &Path) {
    let artifact = Artifact::try_from(bundle.files()).unwrap();
    assert_eq!(artifact.digest.to_string(), verified.digest);
    assert_eq!(bundle.version().digest, verified.digest);
    let to = bundle.download(to, &mut no_progress).unwrap();
    for file in &artifact.files {
        let path = if artifact.single().is_some() { to.clone() } else { to.join(&file.path) };
        let content = std::fs::read(path).unwrap();
        assert_eq!(
            (content.len() as u64, hex(&sha256(&content))),
            (file.size, file.sha256.clone())
        );
    }
    if verified.root == ROOT {
        let own: halfback::BundleManifest = serde_json::from_slice(ENTRIES[0].1).unwrap();
        let version = bundle.version();
        assert_eq!((&version.digest, version.id), (&own.version.digest, own.version.id));
        assert_eq!(
            (&version.params, &version.metrics),
            (&own.version.params, &own.version.metrics)
        );
        assert_eq!(bundle.example(), own.example.as_ref());
        assert_eq!((verified.tree_size, verified.commits), (5, 3));
        assert_eq!(verified.registry, own.registry);
    }
}

/// A bundle of these entries, as halfback writes archives.
pub(crate) fn write<'a>(path: &Path, entries: impl Iterator<Item = (&'a str, &'a [u8])>) {
    let mut none = no_progress;
    let mut meter = Meter::new(u64::MAX, &mut none);
    let mut writer = Writer::create(path).unwrap();
    for (name, text) in entries {
        writer.add(name, text.len() as u64, text, path, &mut meter).unwrap();
    }
    writer.finish(true).unwrap();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundle_of_the_seeds_is_one() {
        let folder = crate::folder();
        let path = folder.path().join("bundle.hbz");
        write(&path, ENTRIES.into_iter());
        let (bundle, verified) = verified(&path).unwrap();
        assert_eq!((verified.root.as_str(), verified.files), (ROOT, 2));
        sound(&bundle, &verified, &folder.path().join("out"));
    }
}
