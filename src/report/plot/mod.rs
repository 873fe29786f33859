//! Plots to SVG files: one function from data to a drawing, in two themes and two widths.
//!
//! The data of a plot is plain numbers and labels, picked from the report by `html`. Labels are
//! untrusted text: they are cut to fit and escaped on the way.

mod axis;
mod canvas;
mod change;
mod heat;
mod lanes;
mod rates;
mod spread;

pub(super) use self::axis::{Unit, clock};
pub(super) use self::canvas::{Look, Size, Theme};
pub(super) use self::change::{Change, Changes};
pub(super) use self::heat::{Cell, Heat, HeatRow};
pub(super) use self::lanes::{Call, Lanes};
pub(super) use self::rates::{Rate, Rates, Standing};
pub(super) use self::spread::{Mark, Spread};

/// A plot with what a reader is told who cannot see it.
#[derive(Debug)]
pub(super) struct Plot {
    /// Name of its files, without an ending.
    pub(super) stem: String,
    /// What it shows, in a line.
    pub(super) title: String,
    /// What can be seen, in a sentence or two.
    pub(super) description: String,
    /// The data.
    pub(super) data: Data,
}

/// The data of a plot.
#[derive(Debug)]
pub(super) enum Data {
    /// Success rates with their intervals.
    Rates(Rates),
    /// How numbers are distributed.
    Spread(Spread),
    /// Outcomes of scenario and repetition.
    Heat(Heat),
    /// Calls on a time line.
    Lanes(Lanes),
    /// Rates before and after.
    Changes(Changes),
}

impl Plot {
    /// Width and height, in pixels.
    pub(super) fn size(&self, size: Size) -> (f64, f64) {
        match &self.data {
            Data::Rates(rates) => rates.size(size),
            Data::Spread(_) => spread::SIZE,
            Data::Heat(heat) => heat.size(size),
            Data::Lanes(lanes) => lanes.size(size),
            Data::Changes(changes) => changes.size(size),
        }
    }

    /// Whether the narrow drawing differs from the wide one.
    pub(super) const fn adapts(&self) -> bool {
        !matches!(self.data, Data::Spread(_))
    }

    /// Name of the file with one look.
    pub(super) fn file(&self, look: Look) -> String {
        let size = if look.size == Size::Narrow && self.adapts() { "-narrow" } else { "" };
        let theme = if look.theme == Theme::Dark { "-dark" } else { "" };
        format!("{}{size}{theme}.svg", self.stem)
    }

    /// The looks that it is drawn in, the one with the most conditions first: so a page that takes
    /// the first that fits takes the right one.
    pub(super) fn looks(&self) -> impl Iterator<Item = Look> + use<> {
        let sizes: &[Size] =
            if self.adapts() { &[Size::Narrow, Size::Wide] } else { &[Size::Wide] };
        sizes
            .iter()
            .flat_map(|size| [Theme::Dark, Theme::Light].map(|theme| Look { theme, size: *size }))
    }

    /// The drawing.
    pub(super) fn svg(&self, look: Look) -> String {
        let size = self.size(look.size);
        canvas::Canvas::draw(look.theme, size, (&self.title, &self.description), |canvas| {
            match &self.data {
                Data::Rates(rates) => rates.draw(canvas, look),
                Data::Spread(spread) => spread.draw(canvas),
                Data::Heat(heat) => heat.draw(canvas, look),
                Data::Lanes(lanes) => lanes.draw(canvas, look),
                Data::Changes(changes) => changes.draw(canvas, look),
            }
        })
    }
}

/// Width of the drawings, in pixels.
const fn width(size: Size) -> f64 {
    match size {
        Size::Wide => 840.0,
        Size::Narrow => 336.0,
    }
}
