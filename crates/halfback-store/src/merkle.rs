//! The RFC 6962 hash tree over the log, its root kept incrementally as a compact range.
//!
//! A compact range of `n` leaves is the list of roots of the perfect subtrees that `n` splits
//! into, the largest first: one hash for each set bit of `n`.

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// `SHA-256(bytes)`.
pub fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// The hash of a leaf: `SHA-256(0x00 ‖ entry)`, RFC 6962 §2.1.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// The hash of an inner node: `SHA-256(0x01 ‖ left ‖ right)`, RFC 6962 §2.1.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The state of a tree that only grows: enough to append a leaf and to give the root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompactRange {
    leaves: u64,
    peaks: Vec<Hash>,
}

impl CompactRange {
    /// The tree of `leaves` leaves whose perfect subtrees have these roots, the largest first;
    /// `None` where the number of roots does not fit the number of leaves.
    pub fn from_parts(leaves: u64, bytes: &[u8]) -> Option<Self> {
        let (peaks, []) = bytes.as_chunks::<32>() else { return None };
        let fits = u64::from(leaves.count_ones()) == peaks.len() as u64;
        fits.then(|| Self { leaves, peaks: peaks.to_vec() })
    }

    /// The roots as [`CompactRange::from_parts`] takes them.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks.concat()
    }

    /// How many leaves the tree has.
    pub fn leaves(&self) -> u64 {
        self.leaves
    }

    /// Adds a leaf at the end.
    pub fn push(&mut self, leaf: Hash) {
        let merges = self.leaves.trailing_ones();
        let mut node = leaf;
        for _ in 0..merges {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.peaks.push(node);
        self.leaves += 1;
    }

    /// The tree's root; of no leaves it is `SHA-256("")`.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return sha256(b"") };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::hex;
    use proptest::prelude::*;

    /// RFC 6962 §2.1, word for word.
    fn root_by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => sha256(b""),
            [leaf] => *leaf,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                let (left, right) = leaves.split_at(split);
                node_hash(&root_by_definition(left), &root_by_definition(right))
            }
        }
    }

    /// The well-known test vectors of the Certificate Transparency implementations.
    #[test]
    fn known_roots() {
        let entries: [&[u8]; 8] = [
            b"",
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[
                0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
                0x6e, 0x6f,
            ],
        ];
        let mut tree = CompactRange::default();
        for entry in entries {
            tree.push(leaf_hash(entry));
        }
        assert_eq!(
            hex(&tree.root()),
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
        );
    }

    proptest! {
        #[test]
        fn the_kept_root_is_the_defined_one(entries in prop::collection::vec(any::<[u8; 4]>(), 0..70)) {
            let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
            let mut tree = CompactRange::default();
            for leaf in &leaves {
                tree.push(*leaf);
                let stored = CompactRange::from_parts(tree.leaves(), &tree.to_bytes());
                prop_assert_eq!(stored.as_ref(), Some(&tree));
            }
            prop_assert_eq!(tree.root(), root_by_definition(&leaves));
        }
    }
}
