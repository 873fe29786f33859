//! The frame of every page, and the small pieces that pages share: badges, names, tables, plots.

use crate::escape::short;
use crate::outcome::Outcome;
use crate::report::gates::BatchVerdict;
use crate::report::markup::{Attributes, Markup};
use crate::report::model::Report;
use crate::report::plot::{Look, Plot, Size, Theme};
use crate::report::words::CheckStatus;
use crate::verdict::Verdict;

/// What a page may load: style sheets and pictures, and nothing that acts. Schemes are named because
/// a page that is opened from a disk, or that a CI system serves in a sandbox, has no origin that
/// `'self'` could mean.
const POLICY: &str = "default-src 'none'; style-src 'self' http: https: file:; \
                      img-src 'self' http: https: file:; base-uri 'none'; form-action 'none'";

/// A page: its head, the way past the navigation, what stands in it. `up` leads to the directory
/// of the report.
pub(super) fn page(title: &str, up: &'static str, body: impl FnOnce(&mut Markup)) -> String {
    let generator = concat!("cekura-gate ", env!("CARGO_PKG_VERSION"));
    let mut markup = Markup::new("<!doctype html>\n");
    markup.element("html", &[("lang", "en")], |html| {
        html.element("head", &[], |head| {
            head.empty("meta", &[("charset", "utf-8")]);
            head.empty("meta", &[("http-equiv", "Content-Security-Policy"), ("content", POLICY)]);
            head.empty("meta", &[("name", "generator"), ("content", generator)]);
            let viewport = "width=device-width, initial-scale=1";
            head.empty("meta", &[("name", "viewport"), ("content", viewport)]);
            head.empty("meta", &[("name", "color-scheme"), ("content", "light dark")]);
            head.empty("meta", &[("name", "referrer"), ("content", "no-referrer")]);
            head.words("title", &[], &short(title, 200));
            let icon = format!("{up}icon.svg");
            head.empty("link", &[("rel", "icon"), ("type", "image/svg+xml"), ("href", &icon)]);
            head.empty("link", &[("rel", "stylesheet"), ("href", &format!("{up}style.css"))]);
        });
        html.line_break();
        html.element("body", &[], |html| {
            html.words("a", &[("class", "skip"), ("href", "#content")], "Skip to the content");
            html.line_break();
            body(html);
        });
    });
    markup.line_break();
    markup.finish()
}

/// What a badge says, by its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Pass,
    Fail,
    Open,
    Error,
    Warn,
    Plain,
}

impl Tone {
    pub(super) const fn of_outcome(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Passed => Tone::Pass,
            Outcome::Failed => Tone::Fail,
            Outcome::Errored => Tone::Error,
            Outcome::Unscored => Tone::Open,
        }
    }

    pub(super) const fn of_verdict(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Tone::Pass,
            Verdict::Fail => Tone::Fail,
            Verdict::Inconclusive => Tone::Open,
        }
    }

    /// That of the verdict of several gates.
    pub(super) const fn of_batch(verdict: BatchVerdict) -> Self {
        match verdict.of_evidence() {
            Some(verdict) => Self::of_verdict(verdict),
            None => Self::Plain,
        }
    }

    /// That of a report's verdict. What would fail and is reported only breaks nothing.
    pub(super) const fn of_report(report: &Report) -> Self {
        match Self::of_verdict(report.verdict) {
            Tone::Fail | Tone::Open if report.suite.report_only => Tone::Warn,
            tone => tone,
        }
    }

    pub(super) const fn of_standing(standing: CheckStatus) -> Self {
        match standing {
            CheckStatus::Passed => Tone::Pass,
            CheckStatus::Failed => Tone::Fail,
            CheckStatus::Inconclusive => Tone::Open,
            CheckStatus::Warning => Tone::Warn,
        }
    }

    /// Its class in the style sheet.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Tone::Pass => "pass",
            Tone::Fail => "fail",
            Tone::Open => "open",
            Tone::Error => "error",
            Tone::Warn => "warn",
            Tone::Plain => "plain",
        }
    }

    /// A sign besides the colour.
    const fn sign(self) -> &'static str {
        match self {
            Tone::Pass => "✓",
            Tone::Fail => "✕",
            Tone::Open => "?",
            Tone::Error => "–",
            Tone::Warn => "!",
            Tone::Plain => "·",
        }
    }
}

/// A word with a sign and a colour.
pub(super) fn badge(markup: &mut Markup, tone: Tone, word: &str) {
    let class = format!("badge {}", tone.class());
    markup.element("span", &[("class", &class)], |badge| {
        badge.words("span", &[("class", "sign"), ("aria-hidden", "true")], tone.sign());
        badge.text(word);
    });
}

/// Text from the platform within a line: cut, and kept from changing the direction of what stands
/// around it.
pub(super) fn name(markup: &mut Markup, text: &str, characters: usize) {
    let text = short(text, characters);
    markup.words("bdi", &[], if text.is_empty() { "(no name)" } else { &text });
}

/// A time as a person reads it, to the minute; anything else as it came.
pub(super) fn minute(time: &str) -> String {
    let plain = time.get(..16).map(|minute| minute.replace('T', " ") + " UTC");
    let is_time = time.ends_with('Z') && time.get(10..11) == Some("T");
    plain.filter(|_| is_time).unwrap_or_else(|| short(time, 40))
}

/// A section with its heading.
pub(super) fn section(
    markup: &mut Markup,
    id: &'static str,
    title: &str,
    inside: impl FnOnce(&mut Markup),
) {
    let heading = format!("{id}-title");
    markup.element("section", &[("id", id), ("aria-labelledby", &heading)], |section| {
        section.words("h2", &[("id", &heading)], title);
        section.line_break();
        inside(section);
    });
    markup.line_break();
}

/// A paragraph.
pub(super) fn paragraph(markup: &mut Markup, class: &'static str, text: &str) {
    markup.words("p", &[("class", class)], text);
    markup.line_break();
}

/// What can be unfolded. Unfolding needs no script.
pub(super) fn fold(markup: &mut Markup, summary: &str, inside: impl FnOnce(&mut Markup)) {
    markup.element("details", &[], |details| {
        details.words("summary", &[], summary);
        details.line_break();
        inside(details);
    });
    markup.line_break();
}

/// A column of a table: its heading, and whether it holds figures.
pub(super) type Column = (&'static str, bool);

/// A table that can be scrolled sideways where it is wider than the page.
pub(super) fn table(
    markup: &mut Markup,
    caption: &str,
    columns: &[Column],
    rows: impl FnOnce(&mut Markup),
) {
    let region =
        [("class", "scroll"), ("role", "region"), ("tabindex", "0"), ("aria-label", caption)];
    markup.element("div", &region, |markup| {
        markup.element("table", &[], |table| {
            table.words("caption", &[("class", "unseen")], caption);
            head(table, columns);
            table.element("tbody", &[], rows);
        });
    });
    markup.line_break();
}

/// The headings of a table.
pub(super) fn head(table: &mut Markup, columns: &[Column]) {
    table.element("thead", &[], |head| {
        head.element("tr", &[("role", "row")], |row| {
            for (title, figures) in columns {
                let attributes: Attributes<'_> = if *figures {
                    &[("scope", "col"), ("role", "columnheader"), ("class", "n")]
                } else {
                    &[("scope", "col"), ("role", "columnheader")]
                };
                row.words("th", attributes, title);
            }
        });
    });
    table.line_break();
}

/// A cell with a figure.
pub(super) fn figure_cell(row: &mut Markup, text: &str) {
    row.words("td", &[("class", "n")], text);
}

/// A plot with its caption. The reader's theme and width choose the file.
pub(super) fn plot(markup: &mut Markup, plot: &Plot, class: &'static str) {
    markup.element("figure", &[("class", class)], |figure| {
        figure.words("figcaption", &[], &plot.title);
        figure.element("picture", &[], |picture| {
            for look in plot.looks() {
                let media = match (look.size, look.theme) {
                    (Size::Narrow, Theme::Dark) => {
                        "screen and (max-width: 47rem) and (prefers-color-scheme: dark)"
                    }
                    (Size::Narrow, Theme::Light) => "screen and (max-width: 47rem)",
                    (Size::Wide, Theme::Dark) => "screen and (prefers-color-scheme: dark)",
                    (Size::Wide, Theme::Light) => continue,
                };
                source(picture, plot, look, media);
            }
            let look = Look { theme: Theme::Light, size: Size::Wide };
            let (width, height) = plot.size(look.size);
            let attributes = [
                ("src", format!("plots/{}", plot.file(look))),
                ("width", format!("{width:.0}")),
                ("height", format!("{height:.0}")),
                ("alt", short(&format!("{}. {}", plot.title, plot.description), 600)),
            ];
            let attributes: Vec<(&'static str, &str)> =
                attributes.iter().map(|(name, value)| (*name, value.as_str())).collect();
            picture.empty("img", &attributes);
        });
    });
    markup.line_break();
}

fn source(picture: &mut Markup, plot: &Plot, look: Look, media: &str) {
    let (width, height) = plot.size(look.size);
    let file = format!("plots/{}", plot.file(look));
    let (width, height) = (format!("{width:.0}"), format!("{height:.0}"));
    let attributes =
        [("srcset", file.as_str()), ("media", media), ("width", &width), ("height", &height)];
    picture.empty("source", &attributes);
}
