//! How numbers are distributed: a histogram with marks for quantiles and thresholds.

use super::axis::{Scale, Unit, label, step, ticks};
use super::canvas::{Anchor, Canvas, Ink, SMALL, width_of};
use crate::text::{count, trim_number};

/// Numbers with marks.
#[derive(Debug)]
pub(in crate::report) struct Spread {
    /// The numbers, in ascending order, none of them infinite.
    pub(in crate::report) values: Vec<f64>,
    /// Their unit.
    pub(in crate::report) unit: Unit,
    /// What each number belongs to, such as `call`.
    pub(in crate::report) noun: &'static str,
    /// Quantiles and thresholds.
    pub(in crate::report) marks: Vec<Mark>,
}

/// A number that is marked on the axis.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Mark {
    /// What it is, such as `p95`.
    pub(in crate::report) name: String,
    /// The number.
    pub(in crate::report) value: f64,
    /// Whether it is a threshold; a quantile otherwise.
    pub(in crate::report) threshold: bool,
}

pub(super) const SIZE: (f64, f64) = (440.0, 260.0);
const MARK_ROW: f64 = 17.0;
const LEFT: f64 = 40.0;
const RIGHT: f64 = SIZE.0 - 14.0;
const GROUND: f64 = SIZE.1 - 44.0;

/// The bars of a histogram.
struct Bars {
    low: f64,
    high: f64,
    step: f64,
    counts: Vec<usize>,
    /// Numbers beyond the last bar.
    beyond: usize,
}

impl Spread {
    /// Equal bars of a round width. A long tail beyond all marks is counted, not drawn: it would
    /// squeeze everything else into a corner.
    fn bars(&self) -> Option<Bars> {
        let (first, last) = (*self.values.first()?, *self.values.last()?);
        let common = self.values.get(self.values.len().saturating_sub(1) * 49 / 50).copied()?;
        let marks = || self.marks.iter().map(|mark| mark.value).filter(|value| value.is_finite());
        let reach = marks().fold(first + (common - first) * 1.6, f64::max);
        let end = last.min(reach).max(marks().fold(common, f64::max));
        let begin =
            if first >= 0.0 && first < end * 0.6 { 0.0 } else { marks().fold(first, f64::min) };
        let bars = (2.0 * (self.values.len() as f64).sqrt()).clamp(8.0, 28.0);
        let step = step(if end > begin { end - begin } else { end.abs().max(1.0) / 2.0 }, bars);
        let low = (begin / step + 1e-9).floor() * step;
        let number = (((end - low) / step - 1e-9).ceil().clamp(1.0, 200.0)) as usize;
        let mut counts = vec![0; number];
        let mut beyond = 0;
        for value in &self.values {
            let at = ((value - low) / step + 1e-9).floor().max(0.0) as usize;
            // The last bar holds its upper end.
            let at = if (value - end).abs() < step * 1e-6 { at.min(number - 1) } else { at };
            match counts.get_mut(at) {
                Some(count) => *count += 1,
                None => beyond += 1,
            }
        }
        Some(Bars { low, high: low + step * number as f64, step, counts, beyond })
    }

    pub(super) fn draw(&self, canvas: &mut Canvas) {
        let Some(bars) = self.bars() else { return };
        let top = 14.0 + MARK_ROW * self.marks.len() as f64;
        let across = Scale::new((bars.low, bars.high), (LEFT, RIGHT));
        let most = bars.counts.iter().copied().max().unwrap_or(1).max(1) as f64;
        let rise = step(most, 3.0).max(1.0);
        let ceiling = (most / rise).ceil() * rise;
        let up = Scale::new((0.0, ceiling), (GROUND, top));
        for tick in ticks(0.0, ceiling, rise) {
            let y = up.at(tick);
            canvas.line((LEFT, y), (RIGHT, y), (Ink::Grid, 1.0), None);
            canvas.text((LEFT - 8.0, y), Anchor::End, (SMALL, Ink::Muted), &trim_number(tick, 0));
        }
        for (at, count) in bars.counts.iter().enumerate() {
            let (from, to) =
                (bars.low + bars.step * at as f64, bars.low + bars.step * (at + 1) as f64);
            let (x, y) = (across.at(from) + 1.0, up.at(*count as f64));
            let wide = (across.at(to) - across.at(from) - 2.0).max(1.0);
            if *count > 0 {
                canvas.rect((x, y, wide, GROUND - y), wide.min(2.0), Ink::Plain);
            }
        }
        canvas.line((LEFT, GROUND), (RIGHT, GROUND), (Ink::Muted, 1.0), None);
        let wide = step(bars.high - bars.low, 5.0);
        for tick in ticks(bars.low, bars.high, wide) {
            let x = across.at(tick);
            canvas.line((x, GROUND), (x, GROUND + 4.0), (Ink::Muted, 1.0), None);
            canvas.text(
                (x, GROUND + 14.0),
                Anchor::Middle,
                (SMALL, Ink::Muted),
                &label(tick, wide),
            );
        }
        self.name_axes(canvas, &bars);
        // From left to right and from top to bottom: so a name stands above the lines to its right.
        let mut marks: Vec<&Mark> = self.marks.iter().collect();
        marks.sort_by(|a, b| a.value.total_cmp(&b.value));
        let marks = marks.into_iter().enumerate();
        let marks: Vec<(f64, &Mark)> =
            marks.map(|(at, mark)| (10.0 + MARK_ROW * at as f64, mark)).collect();
        for (y, mark) in &marks {
            if across.holds(mark.value) {
                let x = across.at(mark.value);
                let (ink, dashes) = mark.look();
                canvas.line((x, *y), (x, GROUND), (ink, 1.5), dashes);
            }
        }
        for (y, mark) in &marks {
            name_mark(canvas, across, *y, mark, self.unit);
        }
    }

    fn name_axes(&self, canvas: &mut Canvas, bars: &Bars) {
        let beyond = match bars.beyond {
            0 => String::new(),
            more => format!("{more} more beyond {}", self.unit.show(bars.high)),
        };
        canvas.text((LEFT, SIZE.1 - 10.0), Anchor::Start, (SMALL, Ink::Muted), &beyond);
        let what = match self.unit.word() {
            Some(unit) => format!("{unit}, {} a bar", self.unit.show(bars.step)),
            None => format!("{} a bar", self.unit.show(bars.step)),
        };
        let number = count(self.values.len(), self.noun);
        let axis = format!("{what} · {number}");
        canvas.text((RIGHT, SIZE.1 - 10.0), Anchor::End, (SMALL, Ink::Muted), &axis);
    }
}

impl Mark {
    /// Colour and dashes of its line.
    const fn look(&self) -> (Ink, Option<&'static str>) {
        if self.threshold { (Ink::Fail, Some("5 3")) } else { (Ink::Text, None) }
    }
}

/// The name of a mark, at the side of its line where there is room.
fn name_mark(canvas: &mut Canvas, across: Scale, y: f64, mark: &Mark, unit: Unit) {
    let x = across.at(mark.value);
    let text = format!("{} {}", mark.name, unit.show(mark.value));
    let fits = x + 6.0 + width_of(&text, SMALL) <= SIZE.0;
    let (x, anchor) = if fits { (x + 6.0, Anchor::Start) } else { (x - 6.0, Anchor::End) };
    canvas.label((x, y), anchor, (SMALL, mark.look().0), &text);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spread(mut values: Vec<f64>, marks: &[f64]) -> Spread {
        values.sort_by(f64::total_cmp);
        let mark = |value: &f64| Mark { name: "p95".to_owned(), value: *value, threshold: false };
        let marks = marks.iter().map(mark).collect();
        Spread { values, unit: Unit::Milliseconds, noun: "call", marks }
    }

    #[test]
    fn one_far_number_does_not_squeeze_the_rest() {
        let mut values: Vec<f64> = (0..99).map(|n| 500.0 + f64::from(n)).collect();
        values.push(90_000.0);
        let bars = spread(values, &[590.0]).bars().unwrap();
        assert!(bars.high < 1000.0, "{}", bars.high);
        assert_eq!(bars.beyond, 1);
    }

    proptest! {
        #[test]
        fn every_number_is_in_a_bar_or_counted_beyond(
            values in prop::collection::vec(-1e6..1e6_f64, 1..200), mark in -1e6..1e6_f64,
        ) {
            let bars = spread(values.clone(), &[mark]).bars().unwrap();
            prop_assert_eq!(bars.counts.iter().sum::<usize>() + bars.beyond, values.len());
            prop_assert!(bars.counts.len() <= 200);
        }
    }
}
