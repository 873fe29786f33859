//! Success rates, each with its interval and, where there is one, its threshold.

use super::axis::Scale;
use super::canvas::{Anchor, Canvas, Ink, Look, SMALL, Size, TEXT, fitting};
use super::width;

/// Rates, from top to bottom.
#[derive(Debug)]
pub(in crate::report) struct Rates {
    /// The rows.
    pub(in crate::report) rows: Vec<Rate>,
}

/// One rate.
#[derive(Debug)]
pub(in crate::report) struct Rate {
    /// What it is the rate of.
    pub(in crate::report) label: String,
    /// The rate, a fraction; none where nothing was judged.
    pub(in crate::report) value: Option<f64>,
    /// Between which fractions the truth lies.
    pub(in crate::report) interval: Option<(f64, f64)>,
    /// The fraction that is wanted.
    pub(in crate::report) wanted: Option<f64>,
    /// The figures in words, such as `60% · 3/5`.
    pub(in crate::report) figures: String,
    /// How it stands.
    pub(in crate::report) standing: Standing,
}

/// How a rate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Standing {
    /// As wanted.
    Good,
    /// Not as wanted.
    Bad,
    /// It cannot be said.
    Open,
    /// It counts towards nothing.
    Aside,
}

impl Standing {
    const fn ink(self) -> Ink {
        match self {
            Standing::Good => Ink::Pass,
            Standing::Bad => Ink::Fail,
            Standing::Open => Ink::Unsure,
            Standing::Aside => Ink::Error,
        }
    }
}

const TOP: f64 = 30.0;
const BOTTOM: f64 = 12.0;

const fn row_height(size: Size) -> f64 {
    match size {
        Size::Wide => 28.0,
        Size::Narrow => 46.0,
    }
}

impl Rates {
    pub(super) fn size(&self, size: Size) -> (f64, f64) {
        (width(size), TOP + BOTTOM + row_height(size) * self.rows.len() as f64)
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, look: Look) {
        let (whole, height) = self.size(look.size);
        let row = row_height(look.size);
        let (from, to) = look.pick((252.0, whole - 112.0), (8.0, whole - 12.0));
        let scale = Scale::new((0.0, 1.0), (from, to));
        for percent in [0, 25, 50, 75, 100] {
            let x = scale.at(f64::from(percent) / 100.0);
            canvas.line((x, TOP - 6.0), (x, height - BOTTOM), (Ink::Grid, 1.0), None);
            let anchor = match (look.size, percent) {
                (Size::Narrow, 0) => Anchor::Start,
                (Size::Narrow, 100) => Anchor::End,
                _ => Anchor::Middle,
            };
            let x = match anchor {
                Anchor::Start => x - 4.0,
                Anchor::End => x + 8.0,
                Anchor::Middle => x,
            };
            canvas.text((x, 12.0), anchor, (SMALL, Ink::Muted), &format!("{percent}%"));
        }
        for (at, rate) in self.rows.iter().enumerate() {
            let top = TOP + row * at as f64;
            let y = look.pick(top + row / 2.0, top + 32.0);
            let label_y = look.pick(y, top + 13.0);
            let room = look.pick(from - 24.0, whole - 110.0);
            let label = fitting(&rate.label, TEXT, room);
            canvas.text((look.pick(0.0, 4.0), label_y), Anchor::Start, (TEXT, Ink::Text), &label);
            let figures = (whole - look.pick(0.0, 4.0), label_y);
            canvas.text(figures, Anchor::End, (SMALL, Ink::Muted), &rate.figures);
            rate.draw(canvas, scale, y);
        }
    }
}

impl Rate {
    fn draw(&self, canvas: &mut Canvas, scale: Scale, y: f64) {
        let ink = self.standing.ink();
        if let Some((low, high)) = self.interval {
            let (low, high) = (scale.at(low), scale.at(high));
            canvas.faint_rect((low, y - 4.0, high - low, 8.0), 4.0, ink, 0.3);
        }
        if let Some(wanted) = self.wanted {
            let x = scale.at(wanted);
            canvas.line((x, y - 10.0), (x, y + 10.0), (Ink::Text, 1.5), None);
        }
        if let Some(value) = self.value {
            canvas.dot((scale.at(value), y), 5.5, ink);
        }
    }
}
