//! What is stored: blobs of the codec, manifests, and the entries of the log with their proofs.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::{Component, Path};

use halfback_store::artifact::{Artifact, Digest};
use halfback_store::codec::{decode, encode};
use halfback_store::id::hex;
use halfback_store::log::Header;
use halfback_store::merkle::{CompactRange, leaf_hash, root_of_path, sha256};
use halfback_store::proof::{Proof, ProvedEntry};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::refused;

/// Any bytes, as blobs of several types.
pub fn codec(data: &[u8]) {
    blob::<(i64, String)>(data);
    blob::<(String, Vec<Option<String>>)>(data);
    blob::<(String, (String, Option<i64>, bool))>(data);
    blob::<Vec<(char, u8)>>(data);
    blob::<Vec<Result<Vec<u64>, String>>>(data);
}

/// A blob is read as what was written, byte for byte, or not at all.
fn blob<T: Serialize + DeserializeOwned + PartialEq + Debug>(data: &[u8]) {
    match decode::<T>(data) {
        Ok(value) => assert_eq!(encode(&value).unwrap(), data, "{value:?}"),
        Err(error) => refused(&error, &["invalid_argument"]),
    }
}

/// Any bytes, as a manifest: in order, of safe paths, and the only text of its artifact.
pub fn manifests(data: &[u8]) {
    let artifact = match Artifact::from_manifest(data) {
        Ok(artifact) => artifact,
        Err(error) => return refused(&error, &["corrupt", "invalid_artifact"]),
    };
    assert_eq!(artifact.manifest().as_bytes(), data);
    assert_eq!(artifact.digest, Digest::new(sha256(data)));
    assert_eq!(artifact.digest.to_string().parse::<Digest>().unwrap(), artifact.digest);
    assert_eq!(artifact.size, artifact.files.iter().map(|file| file.size).sum::<u64>());
    assert!(artifact.files.is_sorted_by(|one, other| one.path < other.path));
    assert_eq!(Artifact::from_list(artifact.files.clone()).unwrap(), artifact);
    let mut reversed = artifact.files.clone();
    reversed.reverse();
    assert_eq!(Artifact::new(reversed).unwrap(), artifact);
    let paths: BTreeSet<String> =
        artifact.files.iter().map(|file| file.path.to_lowercase()).collect();
    assert_eq!(paths.len(), artifact.files.len());
    for file in &artifact.files {
        let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
        assert!(Path::new(&file.path).components().all(plain), "{}", file.path);
        assert_eq!(Path::new(&file.path).components().count(), file.path.split('/').count());
        assert_eq!(artifact.file(&file.path), Some(file));
        let path = file.path.to_lowercase();
        let mut above = path.match_indices('/').map(|(at, _)| path.split_at(at).0);
        assert!(!above.any(|folder| paths.contains(folder)), "{} is in a file", file.path);
    }
}

/// Any bytes, as a header, as a proof, and as the numbers and hashes of a tree.
pub fn headers(data: &[u8]) {
    header(data);
    if let Ok(proof) = serde_json::from_slice::<Proof>(data) {
        verify(&proof);
    }
    tree(data);
}

/// A header is read to the same as what is written of it, and is proved where it is the only one.
fn header(data: &[u8]) {
    let found = match Header::from_bytes(data) {
        Ok(header) => {
            let written = serde_json::to_vec(&header).unwrap();
            let again = Header::from_bytes(&written).unwrap();
            assert_eq!(again, header);
            assert_eq!(serde_json::to_vec(&again).unwrap(), written);
            Some(header)
        }
        Err(error) => {
            refused(&error, &["corrupt"]);
            None
        }
    };
    let Ok(text) = std::str::from_utf8(data) else { return assert_eq!(found, None) };
    let entry =
        ProvedEntry { header: text.to_owned(), path: Vec::new(), salt: None, payload: None };
    let proof = Proof { tree_size: 1, root: hex(&leaf_hash(data)), entries: vec![entry] };
    assert_eq!(verify(&proof), found.filter(|header| header.commit.0 == 1).map(|it| vec![it]));
}

/// The headers of a proof that holds: all of its entries, each later than the one before.
fn verify(proof: &Proof) -> Option<Vec<Header>> {
    match proof.verify() {
        Ok(headers) => {
            assert_eq!(headers.len(), proof.entries.len());
            assert!(headers.is_sorted_by(|one, other| one.commit < other.commit));
            Some(headers)
        }
        Err(error) => {
            refused(&error, &["artifact_altered"]);
            None
        }
    }
}

/// `[index, leaves, hash, …]`
fn tree(data: &[u8]) {
    let Some((index, rest)) = data.split_first_chunk::<8>() else { return };
    let Some((leaves, hashes)) = rest.split_first_chunk::<8>() else { return };
    let (index, leaves) = (u64::from_le_bytes(*index), u64::from_le_bytes(*leaves));
    let path = hashes.as_chunks::<32>().0;
    if root_of_path(&leaf_hash(b"leaf"), index, leaves, path).is_some() {
        assert!(index < leaves && path.len() <= 64);
        // No other length leads to a root.
        let longer = [path, &[[0; 32]]].concat();
        assert_eq!(root_of_path(&leaf_hash(b"leaf"), index, leaves, &longer), None);
    }
    if let Some(mut range) = CompactRange::from_parts(leaves, hashes) {
        assert_eq!((range.leaves(), range.to_bytes().as_slice()), (leaves, hashes));
        let before = range.root();
        if leaves < u64::MAX {
            range.push(leaf_hash(b"leaf"));
            assert_ne!(range.root(), before);
            let again = CompactRange::from_parts(leaves + 1, &range.to_bytes());
            assert_eq!(again, Some(range));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_headers_and_a_proof() {
        let seeds = crate::seed::headers();
        assert!(seeds[..3].iter().all(|seed| Header::from_bytes(seed).is_ok()));
        let proof: Proof = serde_json::from_slice(&seeds[3]).unwrap();
        assert_eq!(verify(&proof).unwrap().len(), 3);
    }

    #[test]
    fn seeds_are_manifests() {
        let whole = |seed: &Vec<u8>| Artifact::from_manifest(seed).is_ok();
        assert_eq!(crate::seed::manifests().iter().filter(|seed| whole(seed)).count(), 3);
    }
}
