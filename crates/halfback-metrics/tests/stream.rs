//! States see a stream of batches in constant memory: a million rows, and a hundred million where
//! `HALFBACK_LONG` asks for it.
#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "this is a test"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use halfback_metrics::{Batch, Finished, Label, Labels, Normalize, Scores, Spec, State};

/// The system's allocator, which tells what is in use.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is the system allocator's own work; the counters never allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let in_use = IN_USE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(in_use, Ordering::Relaxed);
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const BATCH: usize = 100_000;
const BUCKETS: u32 = 1 << 14;

/// What a batch, its buffers and all states may take, however many rows there are.
const MEMORY: usize = 32 << 20;

/// Rows whose chance of being positive is their score.
#[derive(Default)]
struct Rows {
    truth: Vec<bool>,
    predicted: Vec<bool>,
    chances: Vec<f64>,
    margins: Vec<f64>,
    values: Vec<f64>,
}

impl Rows {
    fn fill(&mut self, first: u64) {
        for column in [&mut self.truth, &mut self.predicted] {
            column.clear();
        }
        for column in [&mut self.chances, &mut self.margins, &mut self.values] {
            column.clear();
        }
        for row in first..first + BATCH as u64 {
            let chance = unit(2 * row);
            self.truth.push(unit(2 * row + 1) < chance);
            self.predicted.push(chance >= 0.5);
            self.chances.push(chance);
            let margin = (chance / (1.0 - chance)).ln();
            self.margins.push(margin);
            self.values.push(20.0 * (margin / 2.0).exp());
        }
    }
}

/// A number within (0, 1). Source of the mixing: Steele, Lea and Flood, Fast splittable pseudorandom
/// number generators (2014).
fn unit(at: u64) -> f64 {
    let mixed = at.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (((mixed ^ (mixed >> 31)) >> 12) as f64 + 0.5) / (1u64 << 52) as f64
}

struct States {
    chances: State,
    margins: State,
    classes: State,
    numbers: State,
    values: State,
}

impl States {
    fn new() -> Self {
        let of = |spec| State::new(spec).unwrap();
        let buckets = Some(BUCKETS);
        Self {
            chances: of(Spec::Scores { probabilities: true, buckets }),
            margins: of(Spec::Scores { probabilities: false, buckets }),
            classes: of(Spec::Classification),
            numbers: of(Spec::Regression),
            values: of(Spec::Quantiles { buckets }),
        }
    }

    fn update(&mut self, rows: &Rows) {
        let y_true = Labels::Bool(&rows.truth);
        for (state, scores) in
            [(&mut self.chances, &rows.chances), (&mut self.margins, &rows.margins)]
        {
            let y_score = Scores::F64(scores);
            state.update(Batch::Scores { y_true, y_score, pos_label: None }).unwrap();
        }
        let y_pred = Labels::Bool(&rows.predicted);
        self.classes.update(Batch::Classes { y_true, y_pred }).unwrap();
        let (y_true, y_pred) = (Scores::F64(&rows.values), Scores::F64(&rows.margins));
        self.numbers.update(Batch::Numbers { y_true, y_pred }).unwrap();
        self.values.update(Batch::Values { values: Scores::F64(&rows.values) }).unwrap();
    }

    fn longest(&self) -> usize {
        let all = [&self.chances, &self.margins, &self.classes, &self.numbers, &self.values];
        all.map(|state| state.to_bytes().len()).into_iter().max().unwrap()
    }
}

/// Rows as they are counted without a state.
#[derive(Default)]
struct Counts {
    cells: [[u64; 2]; 2],
    absolute: f64,
    least: f64,
    most: f64,
}

impl Counts {
    fn add(&mut self, rows: &Rows) {
        for (&truth, &predicted) in rows.truth.iter().zip(&rows.predicted) {
            self.cells[usize::from(truth)][usize::from(predicted)] += 1;
        }
        for (&value, &margin) in rows.values.iter().zip(&rows.margins) {
            self.absolute += (value - margin).abs();
            self.least = self.least.min(value);
            self.most = self.most.max(value);
        }
    }
}

#[test]
fn memory_does_not_grow_with_rows() {
    let long = std::env::var_os("HALFBACK_LONG").is_some();
    let batches: u64 = if long { 1000 } else { 10 };
    let (mut rows, mut states) = (Rows::default(), States::new());
    let mut counts = Counts { least: f64::INFINITY, ..Counts::default() };
    let before = IN_USE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let mut after_some = 0;
    for batch in 0..batches {
        rows.fill(batch * BATCH as u64);
        states.update(&rows);
        counts.add(&rows);
        if batch == batches / 2 {
            after_some = PEAK.load(Ordering::Relaxed) - before;
        }
    }
    let peak = PEAK.load(Ordering::Relaxed) - before;
    println!("{batches} batches of {BATCH} rows took {} KiB at most", peak >> 10);
    assert!(peak <= MEMORY, "{peak} bytes");
    // What comes after half of the rows takes no more than a new bit's worth of groups.
    assert!(peak <= after_some + (2 * BUCKETS as usize * 24), "{after_some} and then {peak} bytes");
    assert!(states.longest() <= BUCKETS as usize * 24 + 1000);
    check(&states, &counts, batches * BATCH as u64);
}

fn check(states: &States, counts: &Counts, rows: u64) {
    let [[tn, fp], [fn_, tp]] = counts.cells;
    assert_eq!(tn + fp + fn_ + tp, rows);
    let deviation = 4.0 / (rows as f64).sqrt();
    for state in [&states.chances, &states.margins] {
        let Finished::Scores(found) = state.finish().unwrap() else { unreachable!() };
        assert_eq!((found.positives, found.negatives), (fn_ + tp, tn + fp));
        // Of a chance u of being positive: 2 u and 2 (1 - u) are the densities of the two classes.
        assert!((found.roc_auc.value - 5.0 / 6.0).abs() <= deviation + found.auc_error);
        let (precision, error) = (found.average_precision.value, found.average_precision_error);
        assert!((precision - 5.0 / 6.0).abs() <= deviation + error);
        assert!(found.auc_error < 1e-3 && error < 1e-3, "{found:?}");
    }
    let Finished::Classification(found) = states.classes.finish().unwrap() else { unreachable!() };
    assert_eq!(found.labels(), [Label::Bool(false), Label::Bool(true)]);
    let cells = [tn, fp, fn_, tp].map(|count| count as f64);
    assert_eq!(found.matrix(Normalize::None).unwrap(), cells);
    let Finished::Regression(found) = states.numbers.finish().unwrap() else { unreachable!() };
    let absolute = counts.absolute / rows as f64;
    assert!((found.mae - absolute).abs() <= 1e-9 * absolute, "{} {absolute}", found.mae);
    let Finished::Quantiles(found) = states.values.finish().unwrap() else { unreachable!() };
    assert_eq!(
        (found.count(), found.min().to_bits(), found.max().to_bits()),
        (rows, counts.least.to_bits(), counts.most.to_bits())
    );
    for q in [0.01, 0.25, 0.5, 0.75, 0.99] {
        let quantile = found.quantile(q).unwrap();
        let expected = 20.0 * (q / (1.0 - q)).sqrt();
        assert!(quantile.error <= 1e-3 * expected, "{quantile:?}");
        // A quantile of n rows lies where its share of rows is within a few deviations of q.
        let slope = expected / (2.0 * q * (1.0 - q));
        assert!((quantile.value - expected).abs() <= quantile.error + deviation * slope);
    }
}
