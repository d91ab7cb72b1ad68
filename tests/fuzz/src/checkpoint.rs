//! Checkpoints and what signs them: notes, keys, and proofs that a tree has only grown.

use halfback_store::checkpoint::open;
use halfback_store::merkle::{is_consistent, sha256};
use halfback_store::note::{KeyHash, Signer, Verifier, VerifyingKey, split};
use halfback_store::{Result, checkpoint::Checkpoint};

use crate::refused;

/// What the log is called whose checkpoints these are.
pub(crate) const ORIGIN: &str = "halfback/fuzz";

/// A key whose every signature is good: what is behind it is to be reached.
pub(crate) struct Accepting;

impl Signer for Accepting {
    fn name(&self) -> &'static str {
        "fuzz"
    }

    fn key_hash(&self) -> KeyHash {
        [0; 4]
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>> {
        Ok(vec![0; 2])
    }
}

impl Verifier for Accepting {
    fn name(&self) -> &'static str {
        "fuzz"
    }

    fn key_hash(&self) -> KeyHash {
        [0; 4]
    }

    fn verify(&self, _: &[u8], _: &[u8]) -> bool {
        true
    }
}

/// Any bytes, as checkpoints, as a key, and as a proof.
pub fn checkpoints(data: &[u8]) {
    growth(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    match text.parse::<VerifyingKey>() {
        Ok(key) => assert_eq!(key.to_string(), text),
        Err(error) => refused(&error, &["invalid_argument"]),
    }
    let notes = split(text);
    assert!(notes.concat().len() <= text.len());
    assert_eq!(notes.concat().replace('\n', ""), text.replace('\n', ""));
    match open(text, &[&Accepting], ORIGIN) {
        Err(error) => refused(&error, &["invalid_checkpoint"]),
        Ok(found) => {
            assert_eq!(found.len(), notes.len());
            assert!(found.is_sorted_by(|one, other| one.size <= other.size));
            let again: Vec<String> =
                found.iter().map(|head: &Checkpoint| head.sign(&Accepting).unwrap()).collect();
            assert_eq!(open(&again.concat(), &[&Accepting], ORIGIN).unwrap(), found);
        }
    }
}

/// `[old, new, hash, …]`
fn growth(data: &[u8]) {
    let [old, new, hashes @ ..] = data else { return };
    let path = hashes.as_chunks::<32>().0;
    let (old, new) = ((u64::from(*old), sha256(b"old")), (u64::from(*new), sha256(b"new")));
    // Nobody has a proof that leads to hashes of something else.
    let grown = is_consistent((old.0, &old.1), (new.0, &new.1), path);
    assert!(!grown, "{old:?} {new:?} {path:?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_checkpoints_and_a_key() {
        let seeds = crate::seed::checkpoints();
        let text = |at: usize| std::str::from_utf8(&seeds[at]).unwrap();
        assert_eq!(open(text(0), &[&Accepting], ORIGIN).unwrap().len(), 1);
        assert_eq!(open(text(1), &[&Accepting], ORIGIN).unwrap().len(), 3);
        assert!(text(3).parse::<VerifyingKey>().is_ok());
    }
}
