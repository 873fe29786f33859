//! The sheet that plots are drawn on: shapes and text in the colours of a theme, written as SVG.
//!
//! Presentation attributes only: an inline `<style>` is refused where a content policy forbids it.
//! So each theme is a file of its own, and the page picks one. It knows no report.

use unicode_width::UnicodeWidthChar;

use crate::report::markup::Markup;
use crate::text::trim_number;

/// Light or dark surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Theme {
    /// Dark on light; also for paper.
    Light,
    /// Light on dark.
    Dark,
}

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Size {
    /// A column of text on a desk.
    Wide,
    /// A telephone, or half of that column.
    Narrow,
}

/// How a plot is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) struct Look {
    /// Light or dark.
    pub(in crate::report) theme: Theme,
    /// Wide or narrow.
    pub(in crate::report) size: Size,
}

impl Look {
    /// One of two values, by the room that there is.
    pub(super) fn pick<T>(self, wide: T, narrow: T) -> T {
        match self.size {
            Size::Wide => wide,
            Size::Narrow => narrow,
        }
    }
}

/// What something on a plot is, which decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// The ground.
    Paper,
    /// Text and thresholds.
    Text,
    /// Labels of axes, asides.
    Muted,
    /// Lines of the grid.
    Grid,
    /// What passed.
    Pass,
    /// What failed.
    Fail,
    /// What never became a conversation.
    Error,
    /// What was not judged, what could not be decided.
    Unsure,
    /// Figures without a verdict.
    Plain,
}

impl Ink {
    /// The colour. Blue-green against vermilion, with different lightness: they are told apart
    /// with any kind of colour vision, and in grey.
    const fn colour(self, theme: Theme) -> &'static str {
        match (theme, self) {
            (Theme::Light, Ink::Paper) => "#ffffff",
            (Theme::Light, Ink::Text) => "#1a1f27",
            (Theme::Light, Ink::Muted) => "#566170",
            (Theme::Light, Ink::Grid) => "#e4e8ed",
            (Theme::Light, Ink::Pass) => "#2a8a99",
            (Theme::Light, Ink::Fail) => "#c43d0b",
            (Theme::Light, Ink::Error) => "#8b94a1",
            (Theme::Light, Ink::Unsure) => "#b98500",
            (Theme::Light, Ink::Plain) => "#7f98bd",
            (Theme::Dark, Ink::Paper) => "#171c24",
            (Theme::Dark, Ink::Text) => "#e7ebf1",
            (Theme::Dark, Ink::Muted) => "#a3adba",
            (Theme::Dark, Ink::Grid) => "#2b323d",
            (Theme::Dark, Ink::Pass) => "#4fb6c4",
            (Theme::Dark, Ink::Fail) => "#ff8455",
            (Theme::Dark, Ink::Error) => "#7d8795",
            (Theme::Dark, Ink::Unsure) => "#e0b341",
            (Theme::Dark, Ink::Plain) => "#6684ad",
        }
    }
}

/// Where a text stands relative to its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// It begins there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

/// Size of the text, in pixels.
pub(super) const TEXT: f64 = 13.0;
/// Size of small text.
pub(super) const SMALL: f64 = 12.0;

/// A sheet of a certain size.
#[derive(Debug)]
pub(super) struct Canvas {
    markup: Markup,
    theme: Theme,
}

impl Canvas {
    /// Draws a plot with its title and description, for readers who open the file alone.
    pub(super) fn draw(
        theme: Theme,
        (width, height): (f64, f64),
        (title, description): (&str, &str),
        inside: impl FnOnce(&mut Canvas),
    ) -> String {
        let mut markup = Markup::new("");
        let (w, h) = (number(width), number(height));
        let attributes = [
            ("xmlns", "http://www.w3.org/2000/svg"),
            ("width", w.as_str()),
            ("height", h.as_str()),
            ("viewBox", &format!("0 0 {w} {h}")),
            ("role", "img"),
            (
                "font-family",
                "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
            ),
        ];
        markup.element("svg", &attributes, |svg| {
            svg.words("title", &[], title);
            svg.words("desc", &[], description);
            let mut canvas = Canvas { markup: std::mem::replace(svg, Markup::new("")), theme };
            canvas.rect((0.0, 0.0, width, height), 0.0, Ink::Paper);
            inside(&mut canvas);
            *svg = canvas.markup;
        });
        markup.line_break();
        markup.finish()
    }

    fn colour(&self, ink: Ink) -> &'static str {
        ink.colour(self.theme)
    }

    /// A line of text at a place, its middle on the place's height.
    pub(super) fn text(
        &mut self,
        (x, y): (f64, f64),
        anchor: Anchor,
        look: (f64, Ink),
        text: &str,
    ) {
        let (x, y, size) = (number(x), number(y + look.0 * 0.35), number(look.0));
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let attributes = [
            ("x", x.as_str()),
            ("y", &y),
            ("font-size", &size),
            ("text-anchor", anchor),
            ("fill", self.colour(look.1)),
        ];
        self.markup.words("text", &attributes, text);
        self.markup.line_break();
    }

    /// A line of text with the ground behind it, so that lines do not run through it.
    pub(super) fn label(
        &mut self,
        (x, y): (f64, f64),
        anchor: Anchor,
        look: (f64, Ink),
        text: &str,
    ) {
        let width = width_of(text, look.0) + 6.0;
        let left = match anchor {
            Anchor::Start => x - 3.0,
            Anchor::Middle => x - width / 2.0,
            Anchor::End => x - width + 3.0,
        };
        self.rect((left, y - look.0 / 2.0 - 1.0, width, look.0 + 3.0), 2.0, Ink::Paper);
        self.text((x, y), anchor, look, text);
    }

    /// A straight line.
    pub(super) fn line(
        &mut self,
        (x1, y1): (f64, f64),
        (x2, y2): (f64, f64),
        (ink, width): (Ink, f64),
        dashes: Option<&'static str>,
    ) {
        let places = [x1, y1, x2, y2].map(number);
        let width = number(width);
        let mut attributes = vec![("stroke", self.colour(ink)), ("stroke-width", width.as_str())];
        attributes
            .extend(["x1", "y1", "x2", "y2"].into_iter().zip(places.iter().map(String::as_str)));
        attributes.extend(dashes.map(|dashes| ("stroke-dasharray", dashes)));
        self.markup.empty("line", &attributes);
        self.markup.line_break();
    }

    /// A filled rectangle with round corners.
    pub(super) fn rect(
        &mut self,
        (x, y, width, height): (f64, f64, f64, f64),
        radius: f64,
        ink: Ink,
    ) {
        self.faint_rect((x, y, width, height), radius, ink, 1.0);
    }

    /// The same, partly transparent.
    pub(super) fn faint_rect(
        &mut self,
        (x, y, width, height): (f64, f64, f64, f64),
        radius: f64,
        ink: Ink,
        opacity: f64,
    ) {
        let places = [x, y, width.max(0.0), height.max(0.0), radius].map(number);
        let opacity = number(opacity);
        let mut attributes = vec![("fill", self.colour(ink))];
        attributes.extend(
            ["x", "y", "width", "height", "rx"].into_iter().zip(places.iter().map(String::as_str)),
        );
        if opacity != "1" {
            attributes.push(("fill-opacity", &opacity));
        }
        self.markup.empty("rect", &attributes);
        self.markup.line_break();
    }

    /// A filled dot with a ring of the ground around it.
    pub(super) fn dot(&mut self, (x, y): (f64, f64), radius: f64, ink: Ink) {
        let (x, y, radius) = (number(x), number(y), number(radius));
        let attributes = [
            ("cx", x.as_str()),
            ("cy", &y),
            ("r", &radius),
            ("fill", self.colour(ink)),
            ("stroke", self.colour(Ink::Paper)),
            ("stroke-width", "1.5"),
        ];
        self.markup.empty("circle", &attributes);
        self.markup.line_break();
    }

    /// A ring.
    pub(super) fn ring(&mut self, (x, y): (f64, f64), radius: f64, ink: Ink) {
        let (x, y, radius) = (number(x), number(y), number(radius));
        let attributes = [
            ("cx", x.as_str()),
            ("cy", &y),
            ("r", &radius),
            ("fill", self.colour(Ink::Paper)),
            ("stroke", self.colour(ink)),
            ("stroke-width", "2"),
        ];
        self.markup.empty("circle", &attributes);
        self.markup.line_break();
    }

    /// A path, filled.
    pub(super) fn area(&mut self, path: &str, ink: Ink) {
        if !path.is_empty() {
            self.markup.empty("path", &[("d", path), ("fill", self.colour(ink))]);
            self.markup.line_break();
        }
    }

    /// A path, stroked.
    pub(super) fn stroke(&mut self, path: &str, (ink, width): (Ink, f64)) {
        if !path.is_empty() {
            let width = number(width);
            let attributes = [
                ("d", path),
                ("fill", "none"),
                ("stroke", self.colour(ink)),
                ("stroke-width", &width),
                ("stroke-linecap", "round"),
            ];
            self.markup.empty("path", &attributes);
            self.markup.line_break();
        }
    }
}

/// A place or a length, to a tenth of a pixel.
pub(super) fn number(value: f64) -> String {
    if value.is_finite() { trim_number(value, 1) } else { "0".to_owned() }
}

/// About how wide a text is, in pixels.
pub(super) fn width_of(text: &str, size: f64) -> f64 {
    let width = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | '\'' | '|' | ' ' => 0.32,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.88,
        'A'..='Z' => 0.67,
        other => other.width().unwrap_or(0) as f64 * 0.56,
    };
    text.chars().map(width).sum::<f64>() * size
}

/// A text that fits into a width, cut with an ellipsis where it must be.
pub(super) fn fitting(text: &str, size: f64, width: f64) -> String {
    let clean = crate::escape::one_line(text);
    if width_of(&clean, size) <= width {
        return clean;
    }
    let mut kept = String::new();
    let mut used = width_of("…", size);
    for c in clean.chars() {
        used += width_of(c.encode_utf8(&mut [0; 4]), size);
        if used > width {
            break;
        }
        kept.push(c);
    }
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_label_is_cut_with_an_ellipsis() {
        assert_eq!(fitting("Short", TEXT, 100.0), "Short");
        let cut = fitting(&"Change of address ".repeat(9), TEXT, 100.0);
        assert!(cut.starts_with("Change") && cut.ends_with('…'), "{cut}");
        assert!(width_of(&cut, TEXT) <= 100.0);
    }

    #[test]
    fn no_number_is_written_that_svg_cannot_read() {
        for value in [f64::NAN, f64::INFINITY, -1e-9] {
            assert_eq!(number(value), "0");
        }
    }
}
