//! Calls on a time line: each call a bar where there are few, how many at a time where there are
//! many.

use std::fmt::Write as _;

use super::axis::{Scale, clock, label, step, ticks, time_step};
use super::canvas::{Anchor, Canvas, Ink, Look, SMALL, Size, number, width_of};
use super::heat::Cell;
use super::width;

/// Calls, in the order in which they began.
#[derive(Debug)]
pub(in crate::report) struct Lanes {
    /// The calls.
    pub(in crate::report) calls: Vec<Call>,
}

/// One call.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct Call {
    /// When it began, in seconds since the first.
    pub(in crate::report) from: f64,
    /// When it ended.
    pub(in crate::report) to: f64,
    /// How.
    pub(in crate::report) end: Cell,
}

const TOP: f64 = 26.0;
const BOTTOM: f64 = 46.0;
/// With more lanes than this, bars would be lines.
const MOST_LANES: usize = 40;
/// With more calls than this, bars would be dots.
const MOST_CALLS: usize = 400;
const KINDS: [(Cell, Ink, &str); 4] = [
    (Cell::Passed, Ink::Pass, "passed"),
    (Cell::Failed, Ink::Fail, "failed"),
    (Cell::Errored, Ink::Error, "errored"),
    (Cell::Unscored, Ink::Unsure, "unscored"),
];

impl Lanes {
    /// Which lane each call takes: the first that is free.
    fn lanes(&self) -> Vec<usize> {
        let mut free: Vec<f64> = Vec::new();
        let lane = |call: &Call| match free.iter().position(|until| *until <= call.from) {
            Some(lane) => {
                if let Some(until) = free.get_mut(lane) {
                    *until = call.to;
                }
                lane
            }
            None => {
                free.push(call.to);
                free.len() - 1
            }
        };
        self.calls.iter().map(lane).collect()
    }

    /// Each call a bar: the lanes, where there are few enough.
    fn bars(&self) -> Option<Vec<usize>> {
        if self.calls.len() > MOST_CALLS {
            return None;
        }
        let lanes = self.lanes();
        (lanes.iter().max().is_some_and(|last| *last < MOST_LANES)).then_some(lanes)
    }

    fn inner_height(&self) -> f64 {
        match self.bars() {
            Some(lanes) => {
                let number = lanes.iter().max().map_or(1, |last| last + 1) as f64;
                number * if number > 16.0 { 9.0 } else { 14.0 }
            }
            None => 170.0,
        }
    }

    pub(super) fn size(&self, size: Size) -> (f64, f64) {
        (width(size), TOP + self.inner_height() + BOTTOM)
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, look: Look) {
        let (whole, height) = self.size(look.size);
        let ground = height - BOTTOM;
        let end = self.calls.iter().map(|call| call.to).fold(1.0, f64::max);
        let across = Scale::new((0.0, end), (38.0, whole - 16.0));
        let every = time_step(end, look.pick(8.0, 4.0));
        for tick in ticks(0.0, end, every) {
            let x = across.at(tick);
            canvas.line((x, TOP), (x, ground), (Ink::Grid, 1.0), None);
            canvas.text((x, ground + 13.0), Anchor::Middle, (SMALL, Ink::Muted), &clock(tick));
        }
        match self.bars() {
            Some(lanes) => {
                canvas.text((0.0, 10.0), Anchor::Start, (SMALL, Ink::Muted), "side by side");
                self.draw_bars(canvas, &lanes, across);
            }
            None => {
                canvas.text((0.0, 10.0), Anchor::Start, (SMALL, Ink::Muted), "calls at a time");
                self.draw_load(canvas, across, (TOP, ground), end);
            }
        }
        let unit = if end >= 3600.0 { "hours, minutes, seconds" } else { "minutes, seconds" };
        let unit =
            look.pick(format!("{unit} since the first call"), "since the first call".to_owned());
        canvas.text((whole - 4.0, 10.0), Anchor::End, (SMALL, Ink::Muted), &unit);
        legend(canvas, height - 12.0, look);
    }

    fn draw_bars(&self, canvas: &mut Canvas, lanes: &[usize], across: Scale) {
        let number = lanes.iter().max().map_or(1, |last| last + 1);
        let lane_height = self.inner_height() / number as f64;
        for lane in 0..number {
            if lane == 0 || (lane + 1) % 5 == 0 {
                let y = TOP + lane_height * (lane as f64 + 0.5);
                let text = (lane + 1).to_string();
                canvas.text((28.0, y), Anchor::End, (SMALL, Ink::Muted), &text);
            }
        }
        for (call, lane) in self.calls.iter().zip(lanes) {
            let (x, to) = (across.at(call.from), across.at(call.to));
            let y = TOP + lane_height * *lane as f64 + 1.0;
            let ink = KINDS.iter().find(|(end, _, _)| *end == call.end).map_or(Ink::Error, |k| k.1);
            let tall = lane_height - 2.0;
            let wide = (to - x - 1.0).max(2.0);
            canvas.rect((x, y, wide, tall), 2.0, ink);
            if call.end == Cell::Failed && wide >= 8.0 && tall >= 6.0 {
                let arm = (tall / 2.0 - 2.0).min(3.5);
                let (x, y) = (x + wide / 2.0, y + tall / 2.0);
                let [left, right, up, low] =
                    [x - arm, x + arm, y - arm, y + arm].map(super::canvas::number);
                let cross = format!("M{left} {up}L{right} {low}M{right} {up}L{left} {low}");
                canvas.stroke(&cross, (Ink::Paper, 1.6));
            }
        }
    }

    /// How many calls were under way, by how they ended, stacked.
    fn draw_load(&self, canvas: &mut Canvas, across: Scale, (top, ground): (f64, f64), end: f64) {
        const SLICES: usize = 160;
        let slice = end / SLICES as f64;
        let mut stacked = vec![0_usize; SLICES];
        let mut layers: Vec<(Ink, Vec<usize>, Vec<usize>)> = Vec::new();
        for (kind, ink, _) in KINDS {
            // Calls that begin in a slice, less those that ended in one before it.
            let mut change = vec![0_i64; SLICES + 1];
            for call in self.calls.iter().filter(|call| call.end == kind) {
                let from = (call.from / slice) as usize;
                let to = (call.to / slice) as usize;
                if let Some(begins) = change.get_mut(from.min(SLICES - 1)) {
                    *begins += 1;
                }
                if let Some(ends) = change.get_mut((to + 1).min(SLICES)) {
                    *ends -= 1;
                }
            }
            let below = stacked.clone();
            let mut going = 0_i64;
            for (height, change) in stacked.iter_mut().zip(&change) {
                going += change;
                *height += usize::try_from(going).unwrap_or(0);
            }
            layers.push((ink, below, stacked.clone()));
        }
        let most = stacked.iter().copied().max().unwrap_or(1).max(1) as f64;
        let rise = step(most, 4.0).max(1.0);
        let up = Scale::new((0.0, most), (ground, top + 6.0));
        for tick in ticks(0.0, most, rise) {
            let y = up.at(tick);
            canvas.line((38.0, y), (across.at(end), y), (Ink::Grid, 1.0), None);
            canvas.text((30.0, y), Anchor::End, (SMALL, Ink::Muted), &label(tick, rise));
        }
        for (ink, below, above) in layers {
            canvas.area(&layer(&below, &above, |at| across.at(slice * at as f64), up), ink);
        }
    }
}

/// The outline between two stacked heights.
fn layer(below: &[usize], above: &[usize], x: impl Fn(usize) -> f64, up: Scale) -> String {
    let mut path = String::new();
    for (at, height) in above.iter().enumerate() {
        let (from, to, y) = (number(x(at)), number(x(at + 1)), number(up.at(*height as f64)));
        // Writing to a string can't fail.
        let _ = write!(path, "{}{from} {y}H{to}", if at == 0 { "M" } else { "L" });
    }
    for (at, height) in below.iter().enumerate().rev() {
        let (from, to, y) = (number(x(at)), number(x(at + 1)), number(up.at(*height as f64)));
        let _ = write!(path, "L{to} {y}H{from}");
    }
    path.push('z');
    path
}

fn legend(canvas: &mut Canvas, y: f64, look: Look) {
    let mut x = look.pick(38.0, 4.0);
    for (_, ink, name) in KINDS {
        canvas.rect((x, y - 6.0, 12.0, 12.0), 2.0, ink);
        canvas.text((x + 17.0, y), Anchor::Start, (SMALL, Ink::Muted), name);
        x += 17.0 + width_of(name, SMALL) + look.pick(20.0, 12.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(from: f64, to: f64) -> Call {
        Call { from, to, end: Cell::Passed }
    }

    #[test]
    fn a_call_takes_the_first_line_that_is_free() {
        let calls = vec![call(0.0, 10.0), call(1.0, 4.0), call(5.0, 9.0), call(6.0, 8.0)];
        assert_eq!(Lanes { calls }.lanes(), [0, 1, 1, 2]);
    }

    #[test]
    fn many_calls_are_counted_not_drawn_one_by_one() {
        let calls: Vec<Call> = (0..500).map(|n| call(f64::from(n), f64::from(n) + 5.0)).collect();
        let lanes = Lanes { calls };
        assert!(lanes.bars().is_none());
    }
}
