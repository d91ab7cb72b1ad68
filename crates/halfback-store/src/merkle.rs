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

/// Grows a tree leaf by leaf and keeps what it takes to prove that some of the leaves are in it:
/// memory goes with the number of proofs, not with that of leaves.
#[derive(Debug, Default)]
pub struct Prover {
    leaves: u64,
    peaks: Vec<Peak>,
    paths: Vec<Vec<Hash>>,
}

/// The root of a perfect subtree, and which of the proofs are about leaves in it.
#[derive(Debug)]
struct Peak {
    root: Hash,
    proved: Vec<usize>,
}

impl Prover {
    /// Adds a leaf at the end, `proved` where its path is wanted.
    pub fn push(&mut self, leaf: Hash, proved: bool) {
        let mut node = Peak { root: leaf, proved: Vec::new() };
        if proved {
            node.proved.push(self.paths.len());
            self.paths.push(Vec::new());
        }
        for _ in 0..self.leaves.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = self.join(left, node);
            }
        }
        self.peaks.push(node);
        self.leaves += 1;
    }

    /// How many leaves the tree has.
    pub fn leaves(&self) -> u64 {
        self.leaves
    }

    /// The tree's root, and the inclusion path (RFC 6962 §2.1.1) of every leaf that was to be
    /// proved, in the order of the leaves.
    pub fn finish(mut self) -> (Hash, Vec<Vec<Hash>>) {
        let Some(mut node) = self.peaks.pop() else { return (sha256(b""), Vec::new()) };
        while let Some(left) = self.peaks.pop() {
            node = self.join(left, node);
        }
        (node.root, self.paths)
    }

    fn join(&mut self, mut left: Peak, right: Peak) -> Peak {
        for (side, sibling) in [(&left, right.root), (&right, left.root)] {
            for proof in &side.proved {
                if let Some(path) = self.paths.get_mut(*proof) {
                    path.push(sibling);
                }
            }
        }
        left.proved.extend(right.proved);
        Peak { root: node_hash(&left.root, &right.root), proved: left.proved }
    }
}

/// The root of the tree of `leaves` leaves in which the leaf at `index`, counted from 0, has this
/// inclusion path (RFC 9162 §2.1.3.2); `None` where no such tree has a path of that length.
///
/// The leaf is in a tree when this is the tree's root.
pub fn root_of_path(leaf: &Hash, index: u64, leaves: u64, path: &[Hash]) -> Option<Hash> {
    let (mut node, mut last) = (index, leaves.checked_sub(1)?);
    if node > last {
        return None;
    }
    let mut root = *leaf;
    for sibling in path {
        if last == 0 {
            return None;
        }
        if node & 1 == 1 || node == last {
            root = node_hash(sibling, &root);
            // A last node without a sibling goes up as it is.
            let alone = node.trailing_zeros();
            node >>= alone;
            last >>= alone;
        } else {
            root = node_hash(&root, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(root)
}

/// Grows a tree leaf by leaf and keeps what it takes to prove that the tree of its first leaves
/// only grew (RFC 9162 §2.1.4.1): memory goes with the length of the proof.
#[derive(Debug)]
pub struct ConsistencyProver {
    parts: Vec<Part>,
    leaves: u64,
}

/// Neighbouring leaves whose subtree is in the proof.
#[derive(Debug)]
struct Part {
    from: u64,
    to: u64,
    tree: CompactRange,
}

impl ConsistencyProver {
    /// Will prove that the tree of `new` leaves has grown from that of its first `old` ones; `None`
    /// where `old` is more than `new`.
    pub fn new(old: u64, new: u64) -> Option<Self> {
        if old > new {
            return None;
        }
        let mut parts = Vec::new();
        let part = |from, to| Part { from, to, tree: CompactRange::default() };
        // Goes down to where the old tree ends; what is beside the way is in the proof.
        let (mut from, mut to) = (0, new);
        while old > from && old < to {
            let middle = from + (to - from).next_power_of_two() / 2;
            if old <= middle {
                parts.push(part(middle, to));
                to = middle;
            } else {
                parts.push(part(from, middle));
                from = middle;
            }
        }
        // The verifier has the old root itself where the old tree is perfect.
        if from > 0 {
            parts.push(part(from, to));
        }
        parts.reverse();
        let parts = if old == 0 { Vec::new() } else { parts };
        Some(Self { parts, leaves: 0 })
    }

    /// Adds a leaf at the end.
    pub fn push(&mut self, leaf: Hash) {
        let at = self.leaves;
        if let Some(part) = self.parts.iter_mut().find(|part| part.from <= at && at < part.to) {
            part.tree.push(leaf);
        }
        self.leaves += 1;
    }

    /// How many leaves were added.
    pub fn leaves(&self) -> u64 {
        self.leaves
    }

    /// The proof, once all leaves were added.
    pub fn finish(self) -> Vec<Hash> {
        self.parts.iter().map(|part| part.tree.root()).collect()
    }
}

/// Whether a tree has grown from an older one: the older one's leaves are its first ones (RFC 9162
/// §2.1.4.2). Each tree is its number of leaves and its root.
///
/// Every tree has grown from that of no leaves.
pub fn is_consistent(old: (u64, &Hash), new: (u64, &Hash), path: &[Hash]) -> bool {
    let ((old, old_root), (new, new_root)) = (old, new);
    if old == 0 || old >= new {
        let same = old == new && old_root == new_root;
        return path.is_empty() && (same || old == 0 && new > 0 && *old_root == sha256(b""));
    }
    let perfect = old.is_power_of_two().then_some(old_root);
    let mut path = perfect.into_iter().chain(path);
    let Some(first) = path.next() else { return false };
    let (mut older, mut newer) = (*first, *first);
    let (mut node, mut last) = (old - 1, new - 1);
    let alone = node.trailing_ones();
    node >>= alone;
    last >>= alone;
    for sibling in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            older = node_hash(sibling, &older);
            newer = node_hash(sibling, &newer);
            if node != 0 {
                let alone = node.trailing_zeros();
                node >>= alone;
                last >>= alone;
            }
        } else {
            newer = node_hash(&newer, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && older == *old_root && newer == *new_root
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

    /// RFC 6962 §2.1.1, word for word.
    fn path_by_definition(index: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
        let (mut path, sibling) = if index < left.len() {
            (path_by_definition(index, left), root_by_definition(right))
        } else {
            (path_by_definition(index - left.len(), right), root_by_definition(left))
        };
        path.push(sibling);
        path
    }

    #[test]
    fn every_leaf_of_every_small_tree_is_proved_and_nothing_else() {
        for count in 1..40_u8 {
            let leaves: Vec<Hash> = (0..count).map(|number| leaf_hash(&[number])).collect();
            let mut prover = Prover::default();
            for (number, leaf) in leaves.iter().enumerate() {
                prover.push(*leaf, number % 3 != 1);
            }
            let (root, paths) = prover.finish();
            assert_eq!(root, root_by_definition(&leaves));
            let proved = (0..leaves.len()).filter(|number| number % 3 != 1);
            for (index, path) in proved.zip(&paths) {
                assert_eq!(*path, path_by_definition(index, &leaves), "{index} of {count}");
                let (at, size) = (index as u64, u64::from(count));
                let proof = |leaf: Hash, at, path: &[Hash]| root_of_path(&leaf, at, size, path);
                assert_eq!(proof(leaves[index], at, path), Some(root));
                assert_ne!(proof(leaf_hash(b"other"), at, path), Some(root));
                for other in (0..=size).filter(|other| *other != at) {
                    assert_ne!(proof(leaves[index], other, path), Some(root), "{other}");
                }
                assert_eq!(proof(leaves[index], at, &[path.as_slice(), &[root]].concat()), None);
                if let Some((_, shorter)) = path.split_last() {
                    assert_eq!(proof(leaves[index], at, shorter), None);
                }
            }
        }
        assert_eq!(Prover::default().finish(), (sha256(b""), Vec::new()));
        assert_eq!(root_of_path(&[0; 32], 0, 0, &[]), None);
    }

    /// RFC 9162 §2.1.4.1, word for word.
    fn consistency_by_definition(old: usize, leaves: &[Hash], complete: bool) -> Vec<Hash> {
        if old == leaves.len() {
            return if complete { Vec::new() } else { vec![root_by_definition(leaves)] };
        }
        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
        let (mut path, sibling) = if old <= left.len() {
            (consistency_by_definition(old, left, complete), root_by_definition(right))
        } else {
            let path = consistency_by_definition(old - left.len(), right, false);
            (path, root_by_definition(left))
        };
        path.push(sibling);
        path
    }

    fn consistency(old: u64, leaves: &[Hash]) -> Vec<Hash> {
        let mut prover = ConsistencyProver::new(old, leaves.len() as u64).unwrap();
        for leaf in leaves {
            prover.push(*leaf);
        }
        assert_eq!(prover.leaves(), leaves.len() as u64);
        prover.finish()
    }

    #[test]
    fn every_small_tree_has_grown_from_every_smaller_one_and_from_nothing_else() {
        let leaves: Vec<Hash> = (0..40_u8).map(|number| leaf_hash(&[number])).collect();
        let roots: Vec<Hash> = (0..=40).map(|size| root_by_definition(&leaves[..size])).collect();
        for new in 1..=40 {
            for old in 1..=new {
                let path = consistency(old as u64, &leaves[..new]);
                assert_eq!(path, consistency_by_definition(old, &leaves[..new], true));
                let (small, large) = ((old as u64, &roots[old]), (new as u64, &roots[new]));
                assert!(is_consistent(small, large, &path), "{old} of {new}");
                let other = leaf_hash(b"other");
                assert!(!is_consistent((small.0, &other), large, &path), "{old} of {new}");
                assert!(!is_consistent(small, (large.0, &other), &path), "{old} of {new}");
                assert!(!is_consistent(small, large, &[path.as_slice(), &[other]].concat()));
                for at in 0..path.len() {
                    let mut altered = path.clone();
                    altered[at] = other;
                    assert!(!is_consistent(small, large, &altered), "{old} of {new}");
                    let mut shorter = path.clone();
                    shorter.remove(at);
                    assert!(!is_consistent(small, large, &shorter), "{old} of {new}");
                }
                for size in (1..=new as u64).filter(|size| *size != small.0) {
                    assert!(!is_consistent((size, small.1), large, &path), "{size} for {old}");
                }
            }
            let empty = (0, &roots[0]);
            assert!(consistency(0, &leaves[..new]).is_empty());
            assert!(is_consistent(empty, (new as u64, &roots[new]), &[]));
            assert!(!is_consistent((0, &roots[1]), (new as u64, &roots[new]), &[]));
            assert!(!is_consistent((new as u64, &roots[new]), empty, &[]));
            assert!(ConsistencyProver::new(new as u64 + 1, new as u64).is_none());
        }
        assert!(is_consistent((0, &roots[0]), (0, &roots[0]), &[]));
        assert!(!is_consistent((0, &roots[1]), (0, &roots[0]), &[]));
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
