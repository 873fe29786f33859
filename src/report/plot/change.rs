//! Success rates before and after: a ring for the baseline, a dot for now, an arrow's line between.

use super::axis::Scale;
use super::canvas::{Anchor, Canvas, Ink, Look, SMALL, Size, TEXT, fitting};
use super::width;

/// Scenarios that changed, from top to bottom.
#[derive(Debug)]
pub(in crate::report) struct Changes {
    /// The rows.
    pub(in crate::report) rows: Vec<Change>,
}

/// The rate of a scenario before and after.
#[derive(Debug)]
pub(in crate::report) struct Change {
    /// Name of the scenario.
    pub(in crate::report) label: String,
    /// The rate of the baseline, a fraction.
    pub(in crate::report) before: f64,
    /// The rate now, a fraction.
    pub(in crate::report) after: f64,
    /// What it amounts to, in words.
    pub(in crate::report) words: String,
    /// Whether noise is an unlikely explanation.
    pub(in crate::report) telling: bool,
}

const TOP: f64 = 30.0;
const BOTTOM: f64 = 36.0;

const fn row_height(size: Size) -> f64 {
    match size {
        Size::Wide => 28.0,
        Size::Narrow => 48.0,
    }
}

impl Changes {
    pub(super) fn size(&self, size: Size) -> (f64, f64) {
        (width(size), TOP + BOTTOM + row_height(size) * self.rows.len() as f64)
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, look: Look) {
        let (whole, height) = self.size(look.size);
        let row = row_height(look.size);
        let (from, to) = look.pick((252.0, whole - 156.0), (12.0, whole - 16.0));
        let scale = Scale::new((0.0, 1.0), (from, to));
        for percent in [0, 25, 50, 75, 100] {
            let x = scale.at(f64::from(percent) / 100.0);
            canvas.line((x, TOP - 6.0), (x, height - BOTTOM), (Ink::Grid, 1.0), None);
            canvas.text((x, 12.0), Anchor::Middle, (SMALL, Ink::Muted), &format!("{percent}%"));
        }
        for (at, change) in self.rows.iter().enumerate() {
            let top = TOP + row * at as f64;
            let y = look.pick(top + row / 2.0, top + 34.0);
            let label_y = look.pick(y, top + 13.0);
            let room = look.pick(from - 24.0, whole - 152.0);
            let label = fitting(&change.label, TEXT, room);
            canvas.text((look.pick(0.0, 4.0), label_y), Anchor::Start, (TEXT, Ink::Text), &label);
            let place = (whole - look.pick(0.0, 4.0), label_y);
            canvas.text(place, Anchor::End, (SMALL, Ink::Muted), &change.words);
            let worse = change.after < change.before;
            let ink = if worse { Ink::Fail } else { Ink::Pass };
            let (before, after) = (scale.at(change.before), scale.at(change.after));
            let dashes = (!change.telling).then_some("3 3");
            canvas.line((before, y), (after, y), (ink, 2.5), dashes);
            canvas.ring((before, y), 4.5, ink);
            canvas.dot((after, y), 6.0, ink);
        }
        let y = height - 14.0;
        let left = look.pick(from, 12.0);
        canvas.ring((left, y), 4.5, Ink::Muted);
        canvas.text((left + 10.0, y), Anchor::Start, (SMALL, Ink::Muted), "baseline");
        canvas.dot((left + 82.0, y), 6.0, Ink::Muted);
        canvas.text((left + 93.0, y), Anchor::Start, (SMALL, Ink::Muted), "now");
        canvas.line((left + 134.0, y), (left + 158.0, y), (Ink::Muted, 2.5), Some("3 3"));
        canvas.text((left + 165.0, y), Anchor::Start, (SMALL, Ink::Muted), "may be noise");
    }
}
