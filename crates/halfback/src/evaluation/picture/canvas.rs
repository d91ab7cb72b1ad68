//! SVG by hand: shapes and texts, every text escaped.

use std::fmt::Write as _;

use super::name::Name;

/// One picture in the making.
#[derive(Debug)]
pub(super) struct Canvas {
    width: f64,
    height: f64,
    body: String,
}

/// Where a text stands from its point.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Lines and areas take these colours: `a` blue, `b` vermilion, `g` bluish green, `p` purple, `o` ochre,
/// `n` none of them.
const STYLE: &str = "\
.hb-p{color:#1f2328;font:12px system-ui,sans-serif}\
.hb-p text{fill:currentColor}.hb-p .t{font-weight:600;font-size:13px}.hb-p .s{opacity:.75;font-size:11px}\
.hb-p .x{stroke:currentColor;opacity:.55;fill:none}.hb-p .d{stroke:currentColor;opacity:.5;fill:none;stroke-dasharray:4 3}\
.hb-p .r{stroke:currentColor;opacity:.12;fill:none}\
.hb-p .a{color:#0072b2}.hb-p .b{color:#d55e00}.hb-p .g{color:#007a5a}.hb-p .n{color:#6b7280}\
.hb-p .p{color:#a8487f}.hb-p .o{color:#9a6a00}\
.hb-p .l{stroke:currentColor;fill:none;stroke-width:2}.hb-p .f{fill:currentColor}\
.hb-p .w{stroke-width:3.5}.hb-p .h{stroke-dasharray:6 3}.hb-p .k{fill:#fff;font-size:9px;font-weight:600}\
@media(prefers-color-scheme:dark){.hb-p{color:#e6edf3}.hb-p .a{color:#56b4e9}.hb-p .b{color:#f0894a}.hb-p .g{color:#2fc39a}.hb-p .n{color:#9aa4b2}\
.hb-p .p{color:#e39bc6}.hb-p .o{color:#e6b035}.hb-p .k{fill:#0d1117}}";

impl Canvas {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Self { width, height, body: String::new() }
    }

    pub(super) fn text(&mut self, at: (f64, f64), anchor: Anchor, class: &str, text: &str) {
        self.name(at, anchor, class, &Name { whole: text, shown: text.to_owned() });
    }

    /// A name; where it is shortened, pointing at it tells the whole.
    pub(super) fn name(
        &mut self,
        (x, y): (f64, f64),
        anchor: Anchor,
        class: &str,
        name: &Name<'_>,
    ) {
        let (anchor, content) = (anchor.word(), name.content());
        let _ = write!(
            self.body,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" class=\"{class}\">{content}</text>"
        );
    }

    /// A name that reads upwards.
    pub(super) fn upwards(
        &mut self,
        (x, y): (f64, f64),
        anchor: Anchor,
        class: &str,
        name: &Name<'_>,
    ) {
        let (anchor, content) = (anchor.word(), name.content());
        let _ = write!(
            self.body,
            "<text transform=\"translate({x:.1} {y:.1}) rotate(-90)\" text-anchor=\"{anchor}\" class=\"{class}\">{content}</text>"
        );
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        self.path(&[from, to], class);
    }

    pub(super) fn path(&mut self, points: &[(f64, f64)], class: &str) {
        let _ = write!(self.body, "<polyline class=\"{class}\" points=\"");
        for (x, y) in points {
            let _ = write!(self.body, "{x:.1},{y:.1} ");
        }
        self.body += "\"/>";
    }

    pub(super) fn dot(&mut self, (x, y): (f64, f64), radius: f64, class: &str) {
        let _ = write!(
            self.body,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\"/>"
        );
    }

    /// An area that lets through what is behind it.
    pub(super) fn area(&mut self, (x, y): (f64, f64), (w, h): (f64, f64), class: &str, part: f64) {
        let _ = write!(
            self.body,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" fill-opacity=\"{part:.3}\"/>"
        );
    }

    pub(super) fn finish(self, title: &str) -> String {
        let Self { width, height, body } = self;
        let title = escaped(title);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"hb-p\" role=\"img\" viewBox=\"0 0 {width:.0} {height:.0}\" \
             width=\"{width:.0}\" height=\"{height:.0}\"><title>{title}</title><style>{STYLE}</style>{body}</svg>"
        )
    }
}

impl Anchor {
    const fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// A number for people: three digits that count.
pub(super) fn number(value: f64) -> String {
    number_by(value, f64::INFINITY)
}

/// A number with as many digits as tell it from one that is a `step` away, three at least.
pub(super) fn number_by(value: f64, step: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let power = |number: f64| number.abs().log10().floor();
    let size = power(value);
    // After the first; a double has no more than sixteen.
    let figures = (size - power(step)).clamp(2.0, 16.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to a few digits"
    )]
    let digits = |digits: f64| digits.clamp(0.0, 20.0) as usize;
    if !(-5.0..9.0).contains(&size) {
        return format!("{value:.0$e}", digits(figures));
    }
    let text = format!("{value:.0$}", digits(figures - size));
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Text as XML takes it; what XML cannot hold is left out.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}
