//! The confusion matrix: counts, and their shares of the true class as shades.

use super::super::super::record::ConfusionCounts;
use super::super::canvas::{Anchor, Canvas, number};
use super::super::name::{Name, across, widest};

/// The columns of a class's name, and those that it has where fewer would not tell it apart.
const NAME: usize = 16;
const LONGEST: usize = 32;
const TOP: f64 = 62.0;

/// Where the cells are.
struct Grid {
    left: f64,
    top: f64,
    cell: (f64, f64),
    /// Whether names above the columns read upwards.
    upright: bool,
}

/// Counts by true and predicted class, shaded by their share of the true class.
pub(in super::super) fn confusion(confusion: &ConfusionCounts) -> String {
    const TITLE: &str = "Confusion matrix";
    let labels: Vec<&str> = confusion.labels.iter().map(String::as_str).collect();
    let labels = Name::all(&labels, NAME, LONGEST);
    let (k, grid) = (labels.len(), Grid::of(labels.len(), across(widest(&labels))));
    let (right, bottom) = grid.corner(k, k);
    let mut canvas = Canvas::new((right + 20.0).max(300.0), bottom + 34.0);
    canvas.text((16.0, 20.0), Anchor::Start, "t", TITLE);
    let (middle, _) = grid.middle(0, 0);
    let (last, _) = grid.middle(0, k.saturating_sub(1));
    canvas.text((f64::midpoint(middle, last), 44.0), Anchor::Middle, "s", "predicted class");
    let half = f64::midpoint(grid.top, bottom);
    canvas.upwards((18.0, half), Anchor::Middle, "s", &Name::within("true class", NAME));
    for (at, label) in labels.iter().enumerate() {
        let (_, y) = grid.middle(at, 0);
        canvas.name((grid.left - 8.0, y + 4.0), Anchor::End, "", label);
        let (x, _) = grid.middle(0, at);
        if grid.upright {
            canvas.upwards((x + 4.0, grid.top - 8.0), Anchor::Start, "", label);
        } else {
            canvas.name((x, grid.top - 8.0), Anchor::Middle, "", label);
        }
    }
    for (row, counts) in confusion.counts.chunks(k.max(1)).enumerate() {
        let whole: f64 = counts.iter().sum();
        for (column, &count) in counts.iter().enumerate() {
            grid.cell(&mut canvas, (row, column), count, count / whole);
        }
    }
    let what = if grid.has_shares() { "shades and %" } else { "shades" };
    let legend = format!("{what}: of the true class");
    canvas.text((16.0, bottom + 22.0), Anchor::Start, "s", &legend);
    canvas.finish(TITLE)
}

impl Grid {
    /// Few classes have large cells; names have as much room as the longest takes.
    fn of(classes: usize, longest: f64) -> Self {
        let cell = match classes {
            ..=3 => (96.0, 64.0),
            4..=6 => (72.0, 48.0),
            7..=10 => (58.0, 38.0),
            _ => (48.0, 28.0),
        };
        let upright = longest > cell.0 - 6.0;
        let above = if upright { longest } else { 14.0 };
        Self { left: 38.0 + longest, top: TOP + above, cell, upright }
    }

    /// Whether cells have room for shares below their counts.
    fn has_shares(&self) -> bool {
        self.cell.1 >= 38.0
    }

    #[expect(clippy::cast_precision_loss, reason = "twenty classes at most")]
    fn corner(&self, row: usize, column: usize) -> (f64, f64) {
        (self.left + column as f64 * self.cell.0, self.top + row as f64 * self.cell.1)
    }

    fn middle(&self, row: usize, column: usize) -> (f64, f64) {
        let (x, y) = self.corner(row, column);
        (x + self.cell.0 / 2.0, y + self.cell.1 / 2.0)
    }

    fn cell(&self, canvas: &mut Canvas, at: (usize, usize), count: f64, share: f64) {
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        let (x, y) = self.corner(at.0, at.1);
        let class = if at.0 == at.1 { "a f" } else { "b f" };
        let inner = (self.cell.0 - 2.0, self.cell.1 - 2.0);
        canvas.area((x + 1.0, y + 1.0), inner, class, 0.05 + 0.5 * share);
        let (x, y) = self.middle(at.0, at.1);
        if count == 0.0 {
            canvas.text((x, y + 4.0), Anchor::Middle, "s", "0");
        } else if !self.has_shares() {
            canvas.text((x, y + 4.0), Anchor::Middle, "", &short(count));
        } else {
            let percent = format!("{} %", number((1000.0 * share).round() / 10.0));
            canvas.text((x, y - 1.0), Anchor::Middle, "t", &short(count));
            canvas.text((x, y + 14.0), Anchor::Middle, "s", &percent);
        }
    }
}

/// A count in at most seven characters.
fn short(count: f64) -> String {
    if count < 1e6 && count.fract() == 0.0 { format!("{count:.0}") } else { number(count) }
}
