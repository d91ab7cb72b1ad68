//! The charts: curves in a square, and bars of intervals.

mod classes;
mod matrix;

pub(super) use classes::by_class;
pub(super) use matrix::confusion;

use super::super::record::{Point, ReliabilityPoint};
use super::canvas::{Anchor, Canvas, number, number_by};
use super::name::{Name, across, widest};

/// The square of a curve.
const SIDE: f64 = 260.0;
const LEFT: f64 = 56.0;
const TOP: f64 = 44.0;
/// Rows of a bar chart.
const MOST_BARS: usize = 40;

/// An estimate with its interval.
#[derive(Debug)]
pub(super) struct Bar {
    /// The column that the slice is of; none for all rows.
    pub(super) column: Option<String>,
    pub(super) label: String,
    pub(super) rows: i64,
    pub(super) value: Option<f64>,
    pub(super) bounds: Option<(f64, f64)>,
    pub(super) class: &'static str,
    pub(super) note: String,
}

impl Bar {
    /// The numbers, each with as many digits as the interval is wide.
    fn said(&self) -> String {
        match (self.value, self.bounds) {
            (Some(value), Some(bounds)) => {
                let number = |value| number_by(value, fineness(bounds));
                format!("{} [{}, {}]", number(value), number(bounds.0), number(bounds.1))
            }
            (Some(value), None) => number(value),
            (None, _) => "undefined".into(),
        }
    }
}

/// The step that is told of an interval: a tenth of its width.
pub(super) fn fineness((lower, upper): (f64, f64)) -> f64 {
    let width = upper / 10.0 - lower / 10.0;
    if width > 0.0 { width } else { f64::INFINITY }
}

/// A point of the unit square on the canvas.
fn place(x: f64, y: f64) -> (f64, f64) {
    (LEFT + SIDE * x.clamp(0.0, 1.0), TOP + SIDE * (1.0 - y.clamp(0.0, 1.0)))
}

/// The unit square with its axes.
fn square(title: &str, note: &str, (across, up): (&str, &str)) -> Canvas {
    let mut canvas = Canvas::new(LEFT + SIDE + 24.0, TOP + SIDE + 48.0);
    axes(&mut canvas, title, note, (across, up));
    canvas
}

fn axes(canvas: &mut Canvas, title: &str, note: &str, (across, up): (&str, &str)) {
    canvas.text((LEFT, 18.0), Anchor::Start, "t", title);
    canvas.text((LEFT, 35.0), Anchor::Start, "s", note);
    for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
        canvas.line(place(tick, 0.0), place(tick, 1.0), "r");
        canvas.line(place(0.0, tick), place(1.0, tick), "r");
        let (x, y) = place(tick, 0.0);
        canvas.text((x, y + 16.0), Anchor::Middle, "s", &number(tick));
        let (x, y) = place(0.0, tick);
        canvas.text((x - 7.0, y + 4.0), Anchor::End, "s", &number(tick));
    }
    canvas.path(&[place(0.0, 1.0), place(0.0, 0.0), place(1.0, 0.0)], "x");
    let (x, y) = place(0.5, 0.0);
    canvas.text((x, y + 36.0), Anchor::Middle, "", across);
    let up = Name::within(up, usize::MAX);
    canvas.upwards((15.0, TOP + SIDE / 2.0), Anchor::Middle, "", &up);
}

/// A curve in the unit square; `chance` draws the diagonal of guessing.
pub(super) fn curve(
    title: &str,
    note: &str,
    axes: (&str, &str),
    points: &[Point],
    chance: bool,
) -> String {
    let mut canvas = square(title, note, axes);
    if chance {
        canvas.line(place(0.0, 0.0), place(1.0, 1.0), "d");
    }
    let points: Vec<(f64, f64)> = points.iter().map(|point| place(point.x, point.y)).collect();
    canvas.path(&points, "a l");
    canvas.finish(title)
}

/// Observed shares by probability; larger dots stand for more rows.
pub(super) fn reliability(points: &[ReliabilityPoint], note: &str) -> String {
    let note = [note, "larger dots: more rows"];
    let note = note.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
    let mut canvas = square("Calibration", &note, ("predicted probability", "observed share"));
    canvas.line(place(0.0, 0.0), place(1.0, 1.0), "d");
    let at = |point: &ReliabilityPoint| place(point.predicted, point.observed);
    canvas.path(&points.iter().map(at).collect::<Vec<_>>(), "a l");
    let most = points.iter().map(|point| point.weight).fold(f64::MIN_POSITIVE, f64::max);
    for point in points {
        let part = (point.weight / most).clamp(0.0, 1.0);
        canvas.dot(at(point), 3.0 + 4.0 * part.sqrt(), "a f");
    }
    canvas.finish("Calibration")
}

/// Estimates with intervals, one below the other, on one axis, which ends where they never are.
/// Differences have a `margin`, and lines through all of them at zero and at it.
pub(super) fn bars(
    title: &str,
    all: &[Bar],
    margin: Option<f64>,
    ends: Option<(f64, f64)>,
) -> String {
    const LABEL: usize = 22;
    const LONGEST: usize = 40;
    const SAID: usize = 26;
    const ROW: f64 = 22.0;
    const TOP: f64 = 44.0;
    let shown = all.get(..MOST_BARS).unwrap_or(all);
    let labels: Vec<&str> = shown.iter().map(|bar| bar.label.as_str()).collect();
    let labels = Name::all(&labels, LABEL, LONGEST);
    let columns = widest(&labels).max(LABEL);
    let more = across(columns - LABEL);
    let (left, right) = (272.0 + more, 512.0 + more);
    let said: Vec<String> = shown.iter().map(Bar::said).collect();
    let longest = said.iter().map(String::len).max().unwrap_or_default();
    let width = right + 324.0 + across(longest.saturating_sub(SAID));
    let marks: &[f64] = match margin {
        None => &[],
        Some(margin) if margin > 0.0 => &[-margin, 0.0, margin],
        Some(_) => &[0.0],
    };
    let new = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| shown.get(before));
        let column = shown.get(at).and_then(|bar| bar.column.as_ref());
        column.filter(|column| before.is_none_or(|bar| bar.column.as_ref() != Some(*column)))
    };
    let headings = (0..shown.len()).filter(|&at| new(at).is_some()).count();
    #[expect(clippy::cast_precision_loss, reason = "eighty rows at most")]
    let bottom = TOP + ROW * (shown.len() + headings) as f64;
    let unseen = all.len() - shown.len();
    let below = if unseen > 0 || margin.is_some() { 58.0 } else { 40.0 };
    let mut canvas = Canvas::new(width, bottom + below);
    canvas.name((12.0, 18.0), Anchor::Start, "t", &Name::within(title, 90));
    canvas.text((left - 12.0, 36.0), Anchor::End, "s", "rows");
    let (low, high) = range(shown, marks, ends);
    let share = |value: f64| (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
    let x = |value: f64| left + (right - left) * share(value).clamp(0.0, 1.0);
    let (ticks, step) = ticks(low, high);
    let told: Vec<String> = ticks.iter().map(|&tick| number_by(tick, step)).collect();
    let widest = across(told.iter().map(String::len).max().unwrap_or_default());
    let apart = (right - left) * (step / 2.0) / (high / 2.0 - low / 2.0);
    let every = told_every(widest, apart);
    for (at, (&tick, told)) in ticks.iter().zip(&told).enumerate() {
        canvas.line((x(tick), TOP - 4.0), (x(tick), bottom), "r");
        if at.is_multiple_of(every) {
            canvas.text((x(tick), bottom + 16.0), Anchor::Middle, "s", told);
        }
    }
    canvas.line((left, bottom), (right, bottom), "x");
    if let Some(margin) = margin {
        legend(&mut canvas, (left, bottom + 40.0), margin);
    }
    for &mark in marks {
        let class = if mark == 0.0 { "x" } else { "d" };
        canvas.line((x(mark), TOP - 4.0), (x(mark), bottom), class);
    }
    let mut y = TOP + ROW / 2.0;
    for (at, ((bar, label), said)) in shown.iter().zip(&labels).zip(&said).enumerate() {
        if let Some(column) = new(at) {
            canvas.name((12.0, y + 6.0), Anchor::Start, "s", &Name::within(column, columns + 8));
            y += ROW;
        }
        let indent = if bar.column.is_some() { 24.0 } else { 12.0 };
        canvas.name((indent, y + 4.0), Anchor::Start, "", label);
        canvas.text((left - 12.0, y + 4.0), Anchor::End, "s", &thousands(bar.rows));
        if let Some((lower, upper)) = bar.bounds {
            canvas.line((x(lower), y), (x(upper), y), &format!("{} l", bar.class));
        }
        if let Some(value) = bar.value {
            canvas.dot((x(value), y), 4.0, &format!("{} f", bar.class));
        }
        canvas.text((right + 14.0, y + 4.0), Anchor::Start, "", said);
        canvas.name((width - 12.0, y + 4.0), Anchor::End, "s", &Name::within(&bar.note, 16));
        y += ROW;
    }
    if unseen > 0 {
        let rest = format!("and {unseen} more");
        canvas.text((12.0, bottom + 40.0), Anchor::Start, "s", &rest);
    }
    canvas.finish(title)
}

/// What the lines at zero and at the margin stand for.
fn legend(canvas: &mut Canvas, (x, y): (f64, f64), margin: f64) {
    let mut entry = |x: f64, class: &str, text: &str| {
        canvas.line((x, y - 4.0), (x + 22.0, y - 4.0), class);
        canvas.text((x + 28.0, y), Anchor::Start, "s", text);
    };
    entry(x, "x", "no difference");
    if margin > 0.0 {
        let margin = number(margin);
        let text = format!("margin: ±{margin}, within which differences do not matter");
        entry(x + 120.0, "d", &text);
    }
}

/// What the axis shows: all bounds and marks, with a little room within the ends.
fn range(bars: &[Bar], marks: &[f64], ends: Option<(f64, f64)>) -> (f64, f64) {
    let numbers = bars.iter().flat_map(|bar| {
        let bounds = bar.bounds.map_or([None, None], |(lower, upper)| [Some(lower), Some(upper)]);
        bounds.into_iter().chain([bar.value]).flatten()
    });
    let fold = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
    let (low, high) =
        numbers.chain(marks.iter().copied()).fold((f64::INFINITY, f64::NEG_INFINITY), fold);
    if !(low.is_finite() && high.is_finite()) {
        return (0.0, 1.0);
    }
    let size = high.abs().max(low.abs());
    let half = high / 2.0 - low / 2.0;
    let alone = half <= size * 1e-12;
    let room = if alone { 0.5 * if size > 0.0 { size } else { 1.0 } } else { half * 0.08 };
    let (least, most) = ends.unwrap_or((f64::MIN, f64::MAX));
    let (least, most) = (least.max(f64::MIN).min(low), most.min(f64::MAX).max(high));
    ((low - room).max(least), (high + room).min(most))
}

/// Round numbers on the axis, four to eight of them, and how far they are from each other.
fn ticks(low: f64, high: f64) -> (Vec<f64>, f64) {
    let rough = high / 4.0 - low / 4.0;
    let size = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * size);
    let step = step.into_iter().find(|step| *step >= rough).unwrap_or(rough);
    let first = (low / step).ceil();
    let ticks = (0..12).map(|at| (first + f64::from(at)) * step);
    (ticks.take_while(|tick| *tick <= high).collect(), step)
}

/// Which ticks are told so that their numbers, of this width, do not touch: every how many.
fn told_every(width: f64, apart: f64) -> usize {
    let fits = |every: &u32| f64::from(*every) * apart >= width;
    (1..12).find(fits).map_or(12, |every| every as usize)
}

/// A count with commas.
fn thousands(count: i64) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
