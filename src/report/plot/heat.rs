//! The outcome of each run: a row for each scenario, a square for each run of it.

use std::fmt::Write as _;

use super::axis::{Scale, step, ticks};
use super::canvas::{Anchor, Canvas, Ink, Look, SMALL, Size, TEXT, fitting, number, width_of};
use super::width;

/// Scenarios, from top to bottom.
#[derive(Debug)]
pub(in crate::report) struct Heat {
    /// The rows.
    pub(in crate::report) rows: Vec<HeatRow>,
    /// What the columns are, such as `run of the scenario`.
    pub(in crate::report) columns: &'static str,
}

/// The runs of a scenario.
#[derive(Debug)]
pub(in crate::report) struct HeatRow {
    /// Name of the scenario.
    pub(in crate::report) label: String,
    /// Its runs, the first one first.
    pub(in crate::report) cells: Vec<Cell>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Cell {
    /// It passed.
    Passed,
    /// The agent failed.
    Failed,
    /// It never became a conversation.
    Errored,
    /// Nothing judged it.
    Unscored,
}

const TOP: f64 = 40.0;
const LEGEND: f64 = 34.0;
const KINDS: [(Cell, Ink, &str); 4] = [
    (Cell::Passed, Ink::Pass, "passed"),
    (Cell::Failed, Ink::Fail, "failed"),
    (Cell::Errored, Ink::Error, "errored"),
    (Cell::Unscored, Ink::Unsure, "unscored"),
];

/// Where the squares are.
struct Grid {
    left: f64,
    /// From one square to the next.
    across: f64,
    down: f64,
    /// Height of the label above a row; none where labels stand beside.
    above: f64,
}

impl Heat {
    fn longest(&self) -> usize {
        self.rows.iter().map(|row| row.cells.len()).max().unwrap_or(1).max(1)
    }

    fn grid(&self, size: Size) -> Grid {
        let (left, above) = match size {
            Size::Wide => (232.0, 0.0),
            Size::Narrow => (4.0, 20.0),
        };
        let across = ((width(size) - left - 4.0) / self.longest() as f64).min(24.0);
        Grid { left, across, down: 24.0, above }
    }

    pub(super) fn size(&self, size: Size) -> (f64, f64) {
        let grid = self.grid(size);
        let row = grid.down + grid.above;
        (width(size), TOP + row * self.rows.len() as f64 + LEGEND)
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, look: Look) {
        let grid = self.grid(look.size);
        let (whole, height) = self.size(look.size);
        let row_height = grid.down + grid.above;
        canvas.text((grid.left, 10.0), Anchor::Start, (SMALL, Ink::Muted), self.columns);
        let longest = self.longest() as f64;
        let scale =
            Scale::new((0.5, longest + 0.5), (grid.left, grid.left + grid.across * longest));
        let every = step(longest, longest.min((whole - grid.left) / 44.0)).max(1.0);
        let numbered = std::iter::once(1.0).chain(ticks(every.max(2.0), longest, every));
        for column in numbered {
            let text = crate::text::trim_number(column, 0);
            canvas.text((scale.at(column), 28.0), Anchor::Middle, (SMALL, Ink::Muted), &text);
        }
        for (at, row) in self.rows.iter().enumerate() {
            let top = TOP + row_height * at as f64;
            let (x, y, room) = look.pick(
                (0.0, top + grid.down / 2.0, grid.left - 16.0),
                (4.0, top + 11.0, whole - 8.0),
            );
            canvas.text((x, y), Anchor::Start, (TEXT, Ink::Text), &fitting(&row.label, TEXT, room));
            row.draw(canvas, &grid, top + grid.above);
        }
        let mut x = grid.left;
        for (kind, _, name) in KINDS {
            let y = height - 20.0;
            let one = HeatRow { label: String::new(), cells: vec![kind] };
            one.draw(canvas, &Grid { left: x, across: 20.0, down: 20.0, above: 0.0 }, y);
            canvas.text((x + 24.0, y + 10.0), Anchor::Start, (SMALL, Ink::Muted), name);
            x += 24.0 + width_of(name, SMALL) + look.pick(20.0, 8.0);
        }
    }
}

impl HeatRow {
    /// The row for those who can't see it: `2 passed, 1 failed, 2 passed`.
    pub(in crate::report) fn in_words(&self) -> String {
        let stretches = self.cells.chunk_by(|a, b| a == b).filter_map(|stretch| {
            let kind = stretch.first()?;
            let (_, _, name) = KINDS.iter().find(|(known, _, _)| known == kind)?;
            Some(format!("{} {name}", stretch.len()))
        });
        stretches.collect::<Vec<_>>().join(", ")
    }

    /// All squares of a kind are one path. Each kind has a shape of its own as well as a colour.
    fn draw(&self, canvas: &mut Canvas, grid: &Grid, top: f64) {
        let gap = if grid.across >= 8.0 { 3.0 } else { 1.0_f64.min(grid.across / 4.0) };
        let (wide, tall) = (grid.across - gap, grid.down - 4.0);
        let middle = number(top + grid.down / 2.0);
        for (kind, ink, _) in KINDS {
            let (mut squares, mut marks) = (String::new(), String::new());
            for (at, _) in self.cells.iter().enumerate().filter(|(_, cell)| **cell == kind) {
                let x = grid.left + grid.across * at as f64;
                let inset = if kind == Cell::Unscored { wide / 4.0 } else { 0.0 };
                // Writing to a string can't fail.
                let _ = write!(
                    squares,
                    "M{} {}h{}v{}h-{}z",
                    number(x + inset),
                    number(top + 2.0 + if inset > 0.0 { tall / 4.0 } else { 0.0 }),
                    number(wide - inset * 2.0),
                    number(if inset > 0.0 { tall / 2.0 } else { tall }),
                    number(wide - inset * 2.0),
                );
                let (centre, arm) = (x + wide / 2.0, 4.0_f64.min(wide / 3.0));
                let y = top + grid.down / 2.0;
                if kind == Cell::Failed && wide >= 6.0 {
                    let [left, right, up, low] =
                        [centre - arm, centre + arm, y - arm, y + arm].map(number);
                    let _ = write!(marks, "M{left} {up}L{right} {low}M{right} {up}L{left} {low}");
                }
                if kind == Cell::Errored && wide >= 6.0 {
                    let _ = write!(
                        marks,
                        "M{} {middle}H{}",
                        number(centre - arm),
                        number(centre + arm)
                    );
                }
            }
            canvas.area(&squares, ink);
            canvas.stroke(&marks, (Ink::Paper, 1.8));
        }
    }
}
