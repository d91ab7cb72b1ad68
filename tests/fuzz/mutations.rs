//! A short run of every target: its seeds, and mutations of them that are the same every time.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed expectation is this file's way of failing"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::panic::catch_unwind;
use std::path::Path;

use halfback_fuzz::{TARGETS, Target};
use halfback_store::id::hex;
use halfback_store::merkle::sha256;

/// How much memory a target may have in use for an input of a few kilobytes, in bytes.
const MEMORY: isize = 32 << 20;

/// The system's allocator, which tells what a thread has in use.
struct Counting;

thread_local! {
    static IN_USE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

impl Counting {
    fn count(bytes: isize) {
        let in_use = IN_USE.get() + bytes;
        IN_USE.set(in_use);
        PEAK.set(PEAK.get().max(in_use));
    }
}

// SAFETY: everything is the system allocator's own work; the counters never allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::count(layout.size().cast_signed());
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        Self::count(-layout.size().cast_signed());
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators".
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    fn of<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }

    /// A part of a text: mostly a short one.
    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let most = if self.below(4) == 0 { length } else { 16 };
        start..(start + self.below(most + 1)).min(length)
    }
}

/// Changes an input in one to four places.
fn mutated(random: &mut Random, seeds: &[Vec<u8>], tokens: &[&[u8]]) -> Vec<u8> {
    const LONGEST: usize = 16 << 10;
    let mut input = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        let place = random.range(input.len());
        let byte = input.get(place.start).copied().unwrap_or_default();
        let new = match random.below(9) {
            0 => vec![byte ^ 1 << random.below(8)],
            1 => vec![*random.of(&[&0, &1, &b'\n', &b'"', &0x7f, &0x80, &0xff])],
            2 => Vec::new(),
            3 => input[place.clone()].repeat(2),
            4 => input[place.clone()].repeat(random.below(200)),
            // A piece of another input.
            5 => {
                let other = &seeds[random.below(seeds.len())];
                other[random.range(other.len())].to_vec()
            }
            6 => random.of(tokens).to_vec(),
            // A number where a length may stand, in the order of either kind of machine.
            7 => {
                let number = (random.next() >> random.below(64)).wrapping_sub(1);
                let width = *random.of(&[&1, &2, &4, &8]);
                let [least, most] = [number.to_le_bytes(), number.to_be_bytes()];
                if random.below(2) == 0 { &least[..width] } else { &most[8 - width..] }.to_vec()
            }
            _ => {
                input.truncate(place.start);
                continue;
            }
        };
        let end = match random.below(3) {
            0 => place.start,
            1 => place.end,
            _ => (place.start + new.len()).min(input.len()),
        };
        input.splice(place.start..end, new);
        input.truncate(LONGEST);
    }
    input
}

/// Runs a target on its seeds and on so many mutations of them.
#[track_caller]
fn check(name: &str, mutations: usize) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let seeds = (target.seeds)();
    let mut random = Random(u64::from_le_bytes(*sha256(name.as_bytes()).first_chunk().unwrap()));
    // What is kept for all inputs is made at the first.
    for memory in [isize::MAX, MEMORY] {
        for seed in &seeds {
            run(target, seed, memory);
        }
    }
    for _ in 0..mutations {
        run(target, &mutated(&mut random, &seeds, target.tokens), MEMORY);
    }
}

/// Runs a target on one input; one that it fails on is kept, so that it can be given again.
#[track_caller]
fn run(target: &Target, input: &[u8], memory: isize) {
    let before = IN_USE.get();
    PEAK.set(before);
    let passed = catch_unwind(|| (target.run)(input)).is_ok();
    let used = PEAK.get() - before;
    if passed && used <= memory {
        return;
    }
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!(
        "{}-{}",
        target.name,
        &hex(&sha256(input))[..16]
    ));
    std::fs::write(&kept, input).unwrap();
    let why = if passed { format!("took {used} bytes of memory") } else { "failed".to_owned() };
    panic!(
        "`{name}` {why} on {shown}\nrun it again: cargo run -p halfback-fuzz -- replay {name} {kept}",
        name = target.name,
        shown = input[..input.len().min(2000)].escape_ascii(),
        kept = kept.display(),
    );
}

#[test]
fn names() {
    check("names", 4_000);
}

#[test]
fn uris() {
    check("uris", 4_000);
}

#[test]
fn filters() {
    check("filters", 2_000);
}

#[test]
fn cursors() {
    check("cursors", 2_000);
}

#[test]
fn codec() {
    check("codec", 4_000);
}

#[test]
fn manifests() {
    check("manifests", 4_000);
}

#[test]
fn bundles() {
    check("bundles", 2_000);
}

#[test]
fn headers() {
    check("headers", 4_000);
}

#[test]
fn checkpoints() {
    check("checkpoints", 4_000);
}

#[test]
fn formats() {
    check("formats", 4_000);
}

#[test]
fn states() {
    check("states", 4_000);
}
