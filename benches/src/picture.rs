//! Curves of what grows with a registry, a panel for each unit, as an SVG.

use std::error::Error;
use std::ops::Range;
use std::path::Path;

use plotters::coord::Shift;
use plotters::element::{
    Circle, Cross, DynElement, IntoDynElement as _, PathElement, Text, TriangleMarker,
};
use plotters::prelude::{
    ChartBuilder, Color as _, DashedLineSeries, DrawingArea, IntoDrawingArea as _, IntoFont as _,
    IntoLogRange as _, LineSeries, RGBColor, SVGBackend, TextStyle, WHITE,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::growth::{Grown, Panel, thousands};
use crate::measure::Outcome;

const WIDE: u32 = 1200;
const HIGH: u32 = 940;
/// Of it, for the title of the whole, and for the title and the key of each panel.
const TITLE: u32 = 80;
const KEY: u32 = 104;
const COLUMNS: usize = 3;

const LARGE: f64 = 28.0;
const MIDDLE: f64 = 20.0;
const SMALL: f64 = 16.0;

/// Told apart by the colour-blind as well (Okabe and Ito, "Color Universal Design", 2008).
const COLOURS: [RGBColor; 4] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
];
const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const GREY: RGBColor = RGBColor(0x66, 0x66, 0x66);
const FAINT: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws the panels beside each other, over the versions that the registries had.
pub(crate) fn draw(path: &Path, panels: &[Panel], grown: &[Grown]) -> Outcome {
    let root = SVGBackend::new(path, (WIDE, HIGH)).into_drawing_area();
    root.fill(&WHITE).map_err(undrawn)?;
    let (title, body) = root.split_vertically(TITLE);
    text(&title, "What a registry costs as it grows", (24, 16), LARGE, INK)?;
    let what = "Models of 5 versions each, whose aliases and tags moved 3 times. \
                Both scales are logarithmic; less is better.";
    text(&title, what, (24, 50), SMALL, GREY)?;
    let areas = body.split_evenly((panels.len().div_ceil(COLUMNS), COLUMNS));
    for (area, panel) in areas.iter().zip(panels) {
        let curves = panel.lines.iter().map(|line| {
            let points = grown.iter().map(|grown| {
                let versions = u32::try_from(grown.versions)?;
                Ok((f64::from(versions), (line.figure)(grown) * panel.unit.scale))
            });
            Ok(Curve { name: line.name, points: points.collect::<Outcome<_>>()? })
        });
        draw_panel(area, panel, &curves.collect::<Outcome<Vec<_>>>()?)?;
    }
    root.present().map_err(undrawn)
}

struct Curve {
    name: &'static str,
    points: Vec<(f64, f64)>,
}

fn draw_panel(area: &Area<'_>, panel: &Panel, curves: &[Curve]) -> Outcome {
    let (key, plot) = area.split_vertically(KEY);
    text(&key, &format!("{} ({})", panel.name, panel.unit.name), (24, 8), MIDDLE, INK)?;
    for (place, curve) in curves.iter().enumerate() {
        draw_key(&key, panel, curve, place)?;
    }
    draw_plot(&plot, panel, curves)
}

/// The name of a curve beside its marker, with the figure that it ends at.
fn draw_key(area: &Area<'_>, panel: &Panel, curve: &Curve, place: usize) -> Outcome {
    const ROW: i32 = 17;
    let top = 32 + ROW * i32::try_from(place)?;
    let (ends, middle) = ([(24, top + 6), (48, top + 6)], (36, top + 6));
    let colour = colour(place);
    area.draw(&PathElement::new(ends, colour.stroke_width(2))).map_err(undrawn)?;
    area.draw(&marker(place, middle, colour)).map_err(undrawn)?;
    let (versions, figure) = curve.points.last().ok_or("nothing was measured")?;
    let name =
        format!("{}: {} {} at {}", curve.name, shown(*figure), panel.unit.name, shown(*versions));
    text(area, &name, (56, top), SMALL, INK)
}

fn draw_plot(area: &Area<'_>, panel: &Panel, curves: &[Curve]) -> Outcome {
    let points = || curves.iter().flat_map(|curve| curve.points.iter().copied());
    let wide = decades(points().map(|(versions, _)| versions));
    let wide = wide.start * 0.7..wide.end * 1.4;
    let high = decades(points().map(|(_, figure)| figure).chain(panel.most));
    let mut chart = ChartBuilder::on(area)
        .margin_right(24)
        .margin_top(8)
        .x_label_area_size(46)
        .y_label_area_size(74)
        .build_cartesian_2d(wide.clone().log_scale(), high.log_scale())
        .map_err(undrawn)?;
    chart
        .configure_mesh()
        .bold_line_style(FAINT)
        .light_line_style(WHITE)
        .axis_style(GREY)
        .label_style(style(SMALL, INK))
        .x_desc("versions")
        .y_labels(6)
        .x_label_formatter(&|versions| shown(*versions))
        .y_label_formatter(&|figure| shown(*figure))
        .draw()
        .map_err(undrawn)?;
    if let Some(most) = panel.most {
        let ends = [(wide.start, most), (wide.end, most)];
        let line = DashedLineSeries::new(ends, 8, 5, GREY.stroke_width(2));
        chart.draw_series(line).map_err(undrawn)?;
        let name = format!("budget {} {}", shown(most), panel.unit.name);
        let style = style(SMALL, GREY).pos(Pos::new(HPos::Left, VPos::Bottom));
        let name = Text::new(name, (wide.start * 1.2, most * 1.08), style);
        chart.plotting_area().draw(&name).map_err(undrawn)?;
    }
    for (place, curve) in curves.iter().enumerate() {
        let (points, colour) = (curve.points.iter().copied(), colour(place));
        chart
            .draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))
            .map_err(undrawn)?;
        chart.draw_series(points.map(|at| marker(place, at, colour))).map_err(undrawn)?;
    }
    Ok(())
}

fn colour(place: usize) -> RGBColor {
    COLOURS.iter().cycle().nth(place).copied().unwrap_or(INK)
}

/// A shape of its own for each curve of a panel.
fn marker<'a, At: Clone + 'static>(
    place: usize,
    at: At,
    colour: RGBColor,
) -> DynElement<'static, SVGBackend<'a>, At> {
    match place {
        0 => Circle::new(at, 4, colour.filled()).into_dyn(),
        1 => TriangleMarker::new(at, 6, colour.filled()).into_dyn(),
        2 => Circle::new(at, 5, colour.stroke_width(2)).into_dyn(),
        _ => Cross::new(at, 5, colour.stroke_width(2)).into_dyn(),
    }
}

fn style(size: f64, colour: RGBColor) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&colour)
}

fn text(area: &Area<'_>, text: &str, at: (i32, i32), size: f64, colour: RGBColor) -> Outcome {
    area.draw(&Text::new(text, at, style(size, colour))).map_err(undrawn)
}

/// The powers of ten that figures lie between.
fn decades(figures: impl Iterator<Item = f64> + Clone) -> Range<f64> {
    let least = figures.clone().fold(f64::INFINITY, f64::min).log10().floor();
    let most = figures.fold(f64::NEG_INFINITY, f64::max).log10().ceil();
    let most = if most > least { most } else { least + 1.0 };
    // A little more, so that the last power is within whatever the rounding.
    10f64.powf(least) * 0.999..10f64.powf(most) * 1.001
}

/// A figure as far as it matters: `0.1`, `4.2`, `37`, `1,000,000`.
fn shown(figure: f64) -> String {
    if figure < 10.0 {
        let digits = if figure < 1.0 { 2 } else { 1 };
        let text = format!("{figure:.digits$}");
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    // A whole number now, and below the largest that a float tells exactly.
    format!("{figure:.0}").parse().map_or_else(|_| figure.to_string(), thousands)
}

fn undrawn<E: Error>(error: E) -> Box<dyn Error> {
    format!("the picture cannot be drawn: {error}").into()
}

#[cfg(test)]
mod tests {
    use super::{decades, draw, shown};
    use crate::growth::{Grown, PANELS};

    #[test]
    fn a_picture_shows_every_curve_and_budget() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("growth.svg");
        let grown = [1_000, 10_000, 100_000, 1_000_000].map(Grown::imagined);
        draw(&path, &PANELS, &grown).unwrap();
        let svg = std::fs::read_to_string(&path).unwrap();
        let shows = |text: &str| assert!(svg.contains(text), "{text} is not in the picture");
        shows("1,000,000");
        for panel in &PANELS {
            shows(panel.name);
            panel.lines.iter().for_each(|line| shows(&format!("{}: ", line.name)));
            panel.most.iter().for_each(|most| shows(&format!("budget {most} {}", panel.unit.name)));
        }
        assert_eq!(svg.matches("<svg").count(), 1);
    }

    #[test]
    fn scales_begin_and_end_at_powers_of_ten() {
        let check = |figures: &[f64], begin: f64, end: f64| {
            let range = decades(figures.iter().copied());
            assert!((range.start / begin - 1.0).abs() < 0.01, "{range:?}");
            assert!((range.end / end - 1.0).abs() < 0.01, "{range:?}");
        };
        check(&[0.4, 3.0, 5.0], 0.1, 10.0);
        check(&[1.0], 1.0, 10.0);
        check(&[2_000.0, 1_000_000.0], 1_000.0, 1_000_000.0);
    }

    #[test]
    fn figures_are_told_as_far_as_they_matter() {
        let check = |figure, text: &str| assert_eq!(shown(figure), text);
        check(0.1, "0.1");
        check(0.756, "0.76");
        check(4.24, "4.2");
        check(1.0, "1");
        check(36.6, "37");
        check(1_000_000.4, "1,000,000");
    }
}
