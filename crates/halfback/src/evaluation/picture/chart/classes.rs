//! A curve for each class in one square, with a list of what they are.

use super::super::super::record::{ClassCurve, Point};
use super::super::canvas::{Anchor, Canvas};
use super::super::name::{Name, across, widest};
use super::{LEFT, SIDE, TOP, axes, place};

/// A class has a colour, the later ones a dashed line too, and each its number on the curve.
const COLOURS: [&str; 5] = ["a", "b", "g", "p", "o"];

/// The ROC curves of classes, each against all others, and their average.
pub(in super::super) fn by_class(curves: &[ClassCurve]) -> String {
    const TITLE: &str = "ROC curves, each class against all others";
    const LABEL: usize = 22;
    const LONGEST: usize = 40;
    let labels: Vec<&str> = curves.iter().map(|curve| curve.label.as_str()).collect();
    let labels = Name::all(&labels, LABEL, LONGEST);
    let list = LEFT + SIDE + 28.0;
    let right = list + 236.0 + across(widest(&labels).saturating_sub(LABEL));
    let mut canvas = Canvas::new(right + 16.0, TOP + SIDE + 48.0);
    axes(&mut canvas, TITLE, "", ("false positive rate", "true positive rate"));
    canvas.line(place(0.0, 0.0), place(1.0, 1.0), "d");
    for (at, curve) in curves.iter().enumerate() {
        let points: Vec<(f64, f64)> = curve.points.iter().map(|p| place(p.x, p.y)).collect();
        canvas.path(&points, &line(at));
    }
    canvas.path(&average(curves), "l w");
    for (at, curve) in curves.iter().enumerate() {
        mark(&mut canvas, along(&curve.points, share(at, curves.len())), at);
    }
    canvas.text((right, TOP + 4.0), Anchor::End, "s", "area");
    #[expect(clippy::cast_precision_loss, reason = "ten curves at most")]
    let mean = curves.iter().map(|curve| curve.area).sum::<f64>() / curves.len() as f64;
    let entry = |canvas: &mut Canvas, y: f64, label: &Name<'_>, area: f64| {
        canvas.name((list + 34.0, y), Anchor::Start, "", label);
        canvas.text((right, y), Anchor::End, "s", &format!("{area:.3}"));
    };
    let mut y = TOP + 24.0;
    canvas.line((list, y - 4.0), (list + 26.0, y - 4.0), "l w");
    entry(&mut canvas, y, &Name::within("macro average", LABEL), mean);
    for (at, (curve, label)) in curves.iter().zip(&labels).enumerate() {
        y += 22.0;
        canvas.line((list, y - 4.0), (list + 26.0, y - 4.0), &line(at));
        mark(&mut canvas, (list + 13.0, y - 4.0), at);
        entry(&mut canvas, y, label, curve.area);
    }
    canvas.finish(TITLE)
}

fn colour(at: usize) -> &'static str {
    COLOURS.get(at % COLOURS.len()).copied().unwrap_or("n")
}

fn line(at: usize) -> String {
    let dashed = if at < COLOURS.len() { "" } else { " h" };
    format!("{} l{dashed}", colour(at))
}

fn mark(canvas: &mut Canvas, at: (f64, f64), number: usize) {
    canvas.dot(at, 7.0, &format!("{} f", colour(number)));
    canvas.text((at.0, at.1 + 3.2), Anchor::Middle, "k", &(number + 1).to_string());
}

/// How far along its curve a number stands: not where all begin or end, and each at another place.
#[expect(clippy::cast_precision_loss, reason = "ten curves at most")]
fn share(at: usize, count: usize) -> f64 {
    0.15 + 0.5 * (at as f64 + 0.5) / count as f64
}

/// The place on the canvas after such a share of a curve's length.
fn along(points: &[Point], share: f64) -> (f64, f64) {
    let length = |from: &Point, to: &Point| (to.x - from.x).abs() + (to.y - from.y).abs();
    let pairs = || points.iter().zip(points.iter().skip(1));
    let mut left = share * pairs().map(|(from, to)| length(from, to)).sum::<f64>();
    for (from, to) in pairs() {
        let own = length(from, to);
        if left <= own && own > 0.0 {
            let part = left / own;
            return place(from.x + part * (to.x - from.x), from.y + part * (to.y - from.y));
        }
        left -= own;
    }
    points.last().map_or(place(1.0, 1.0), |last| place(last.x, last.y))
}

/// The mean true positive rate of all curves at each of a hundred false positive rates.
#[expect(clippy::cast_precision_loss, reason = "ten curves at most, and a hundred points")]
fn average(curves: &[ClassCurve]) -> Vec<(f64, f64)> {
    let mean = |x: f64| {
        curves.iter().map(|curve| height(&curve.points, x)).sum::<f64>() / curves.len() as f64
    };
    let start = place(0.0, 0.0);
    std::iter::once(start)
        .chain((0..=100).map(|at| f64::from(at) / 100.0).map(|x| place(x, mean(x))))
        .collect()
}

/// The height of a curve, its top where it goes straight up.
fn height(points: &[Point], x: f64) -> f64 {
    let after = points.partition_point(|point| point.x <= x);
    let before = after.checked_sub(1).and_then(|at| points.get(at));
    match (before, points.get(after)) {
        (Some(from), Some(to)) => from.y + (to.y - from.y) * (x - from.x) / (to.x - from.x),
        (Some(one), None) | (None, Some(one)) => one.y,
        (None, None) => 0.0,
    }
}
