//! What a disk may hold after a loss of power.
//!
//! Changes of a file last once it was synced, entries of a folder once the folder was. Of what was
//! not synced anything may be there: any of the writes, any sectors of a write; any of the
//! entries, while a rename happens whole or not at all. A sync of a file that failed may have
//! written anything, and what it did not write no later sync will.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use crate::kernel::Event;

/// A file or folder since it was made: an inode is given out again.
type Node = usize;

/// Whether a change will be there when the power comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lasting {
    /// Not synced yet.
    Open,
    /// Synced without success: for good or lost, nobody knows.
    Unknown,
    Durable,
}

#[derive(Debug, Clone)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Length(usize),
}

/// Entries that change together: what they lead to from now on.
#[derive(Debug, Clone)]
struct Naming {
    entries: Vec<((Node, PathBuf), Option<Node>)>,
}

/// The disk behind a watched folder, as far as it is known.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    nodes: usize,
    known: HashMap<u64, Node>,
    folders: Vec<Node>,
    changes: HashMap<Node, Vec<(Change, Lasting)>>,
    namings: Vec<(Naming, Lasting)>,
}

/// What lies in a folder: files with their content, folders with none.
pub(crate) type Tree = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// How a change that does not last fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Luck {
    Lost,
    Kept,
    /// Of a write, the sectors of this size whose bit is set in the seed's stream.
    Torn {
        sector: usize,
        seed: u64,
    },
}

impl Disk {
    /// A disk that holds an empty folder of that inode.
    pub(crate) fn new(inode: u64) -> Self {
        let mut disk = Self::default();
        disk.make(inode, true);
        disk
    }

    fn make(&mut self, inode: u64, is_folder: bool) -> Node {
        let node = self.nodes;
        self.nodes += 1;
        self.known.insert(inode, node);
        if is_folder {
            self.folders.push(node);
        } else {
            self.changes.insert(node, Vec::new());
        }
        node
    }

    fn node(&self, inode: u64) -> Node {
        *self.known.get(&inode).unwrap_or_else(|| panic!("inode {inode} was made unseen"))
    }

    fn leads_to(&self, entry: &(Node, PathBuf)) -> Option<Node> {
        let namings = self.namings.iter().rev().flat_map(|(naming, _)| &naming.entries);
        namings.into_iter().find(|(named, _)| named == entry).and_then(|(_, node)| *node)
    }

    pub(crate) fn apply(&mut self, event: &Event) {
        match event {
            Event::Made { folder, name, inode, is_folder } => {
                let entry = (self.node(*folder), name.clone());
                let node = self.make(*inode, *is_folder);
                self.name(vec![(entry, Some(node))]);
            }
            Event::Renamed { from, to } => {
                let from = (self.node(from.0), from.1.clone());
                let to = (self.node(to.0), to.1.clone());
                let node = self.leads_to(&from);
                assert!(node.is_some(), "{from:?} was made unseen");
                self.name(vec![(from, None), (to, node)]);
            }
            Event::Removed { folder, name } => {
                let entry = (self.node(*folder), name.clone());
                self.name(vec![(entry, None)]);
            }
            Event::Written { inode, offset, bytes } => {
                let offset = usize::try_from(*offset).unwrap();
                self.change(*inode, Change::Write { offset, bytes: bytes.clone() });
            }
            Event::Truncated { inode, length } => {
                self.change(*inode, Change::Length(usize::try_from(*length).unwrap()));
            }
            Event::Synced { inode, failed } => self.sync(self.node(*inode), *failed),
            Event::Mark(_) => {}
        }
    }

    fn name(&mut self, entries: Vec<((Node, PathBuf), Option<Node>)>) {
        self.namings.push((Naming { entries }, Lasting::Open));
    }

    fn change(&mut self, inode: u64, change: Change) {
        let node = self.node(inode);
        self.changes.get_mut(&node).unwrap().push((change, Lasting::Open));
    }

    fn sync(&mut self, node: Node, failed: bool) {
        let lasting = if failed { Lasting::Unknown } else { Lasting::Durable };
        if let Some(changes) = self.changes.get_mut(&node) {
            for (_, state) in changes.iter_mut().filter(|(_, state)| *state == Lasting::Open) {
                *state = lasting;
            }
            return;
        }
        if failed {
            return;
        }
        // An entry that lasts makes what came before it at the same entry last too.
        let mut lasts: Vec<(Node, PathBuf)> = Vec::new();
        for (naming, state) in self.namings.iter_mut().rev() {
            let touches = naming.entries.iter().any(|(entry, _)| lasts.contains(entry));
            if touches || naming.entries.iter().any(|((folder, _), _)| *folder == node) {
                *state = Lasting::Durable;
                lasts.extend(naming.entries.iter().map(|(entry, _)| entry.clone()));
            }
        }
    }

    /// How many changes may be there or not.
    pub(crate) fn loose(&self) -> usize {
        let changes = self.changes.values().flatten().map(|(_, state)| *state);
        let states = changes.chain(self.namings.iter().map(|(_, state)| *state));
        states.filter(|state| *state != Lasting::Durable).count()
    }

    /// What is there when each change that does not last fares as `luck` says.
    pub(crate) fn tree(&self, mut luck: impl FnMut() -> Luck) -> Tree {
        let mut entries: BTreeMap<(Node, PathBuf), Node> = BTreeMap::new();
        for (naming, state) in &self.namings {
            if *state == Lasting::Durable || luck() != Luck::Lost {
                for (entry, node) in &naming.entries {
                    match node {
                        Some(node) => entries.insert(entry.clone(), *node),
                        None => entries.remove(entry),
                    };
                }
            }
        }
        // In the order of the nodes, so that the same luck gives the same tree.
        let contents: HashMap<Node, Vec<u8>> = (0..self.nodes)
            .filter_map(|node| Some((node, content(self.changes.get(&node)?, &mut luck))))
            .collect();
        let mut tree = Tree::new();
        self.fill(&mut tree, &entries, &contents, 0, Path::new(""));
        tree
    }

    fn fill(
        &self,
        tree: &mut Tree,
        entries: &BTreeMap<(Node, PathBuf), Node>,
        contents: &HashMap<Node, Vec<u8>>,
        folder: Node,
        path: &Path,
    ) {
        let below = entries.range((folder, PathBuf::new())..(folder + 1, PathBuf::new()));
        for ((_, name), node) in below {
            let path = path.join(name);
            tree.insert(path.clone(), contents.get(node).cloned());
            if self.folders.contains(node) {
                self.fill(tree, entries, contents, *node, &path);
            }
        }
    }
}

fn content(changes: &[(Change, Lasting)], luck: &mut impl FnMut() -> Luck) -> Vec<u8> {
    let mut content = Vec::new();
    for (change, state) in changes {
        let luck = if *state == Lasting::Durable { Luck::Kept } else { luck() };
        match (change, luck) {
            (_, Luck::Lost) => {}
            (Change::Length(length), _) => content.resize(*length, 0),
            (Change::Write { offset, bytes }, luck) => write(&mut content, *offset, bytes, luck),
        }
    }
    content
}

fn write(content: &mut Vec<u8>, offset: usize, bytes: &[u8], luck: Luck) {
    let end = offset + bytes.len();
    // The file is as long as the write made it, also where its sectors were not written.
    if content.len() < end {
        content.resize(end, 0);
    }
    let mut done = 0;
    while done < bytes.len() {
        let at = offset + done;
        let (next, kept) = match luck {
            Luck::Torn { sector, seed } => {
                ((at / sector + 1) * sector, mixed(seed ^ (at / sector) as u64) & 1 == 1)
            }
            _ => (end, true),
        };
        let stop = next.min(end);
        if kept {
            content[at..stop].copy_from_slice(&bytes[done..stop - offset]);
        }
        done = stop - offset;
    }
}

/// `SplitMix64`: the next number of a stream that a seed begins.
pub(crate) fn mixed(seed: u64) -> u64 {
    let mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Numbers that look random and are the same for the same seed.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(self.0)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % (end.max(1) as u64)).unwrap()
    }

    pub(crate) fn luck(&mut self) -> Luck {
        match self.roll() % 8 {
            0..3 => Luck::Lost,
            3..6 => Luck::Kept,
            6 => Luck::Torn { sector: 512, seed: self.roll() },
            _ => Luck::Torn { sector: 4096, seed: self.roll() },
        }
    }
}

/// What lies in a folder on this machine's disk.
pub(crate) fn tree_of(folder: &Path) -> Tree {
    let mut tree = Tree::new();
    collect(&mut tree, folder, Path::new(""));
    tree
}

fn collect(tree: &mut Tree, folder: &Path, path: &Path) {
    for entry in std::fs::read_dir(folder.join(path)).unwrap() {
        let entry = entry.unwrap();
        let path = path.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            tree.insert(path.clone(), None);
            collect(tree, folder, &path);
        } else {
            tree.insert(path, Some(std::fs::read(entry.path()).unwrap()));
        }
    }
}
