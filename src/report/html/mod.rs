//! `html/`: a report to look at: an overview, a page for each run that is worth one, plots as SVG.
//!
//! No script, no inline style, no request to anywhere: it opens from a file and under a content
//! policy that allows images and style sheets from its own place only. Pages are written with
//! `markup`, which escapes every text. How much it may hold is decided here.

mod batch;
mod checks;
mod failures;
mod figures;
mod frame;
mod overview;
mod pictures;
mod power;
mod rest;
mod rounds;
mod run;

use std::collections::HashMap;

use super::gates::Whole;
use super::model::{Report, ScenarioRuns};
use super::plot::Plot;
use super::words::{self, RunOf};
use crate::outcome::Outcome;
use crate::verdict::Verdict;

/// The page to open first.
pub const INDEX: &str = "index.html";

/// What a page of this program has in its head, by which a report of an earlier gate is known.
pub const GENERATOR: &str = "<meta name=\"generator\" content=\"cekura-gate ";

const STYLE: &str = include_str!("style.css");

/// How many runs have a page at most. What is left out is said, and is in result.json.
pub const MOST_PAGES: usize = 500;

/// How many runs of a scenario with one outcome come before those of other scenarios are complete.
const FIRST_RUNS: usize = 3;

/// Everything that the pages are made from.
struct Book<'a> {
    report: &'a Report,
    scenarios: &'a [ScenarioRuns<'a>],
    /// The runs with a page, in the order in which a reader turns them.
    pages: Vec<RunOf<'a, 'a>>,
    /// The place of each run in `pages`.
    places: HashMap<u64, usize>,
    /// How many runs would have a page if there were room.
    worth_a_page: usize,
    plots: Vec<Plot>,
}

impl Book<'_> {
    /// Where the page of a run is, seen from the overview.
    fn page_of(&self, run: u64) -> Option<String> {
        self.places.contains_key(&run).then(|| run_page(run))
    }
}

fn run_page(run: u64) -> String {
    format!("runs/{run}.html")
}

/// Makes the report of one suite, or a page that leads to that of each of several: one file after the
/// other, and hands each to `write` with its path below the report's directory. No more than one file
/// is held at a time.
///
/// # Errors
///
/// The first error of `write`.
pub fn each<'a, E>(
    whole: impl Into<Whole<'a>>,
    mut write: impl FnMut(&str, &str) -> Result<(), E>,
) -> Result<(), E> {
    let report = match whole.into() {
        Whole::One(report) => report,
        Whole::Several(batch) => {
            write("style.css", STYLE)?;
            write(
                "icon.svg",
                icon(batch.verdict().of_evidence().unwrap_or(Verdict::Inconclusive)),
            )?;
            return write(INDEX, &batch::page(batch));
        }
    };
    let scenarios = report.scenarios();
    let (pages, worth_a_page) = pages(&scenarios);
    let places = pages.iter().enumerate().map(|(at, (_, run, _))| (run.id, at)).collect();
    let plots = figures::plots(report, &scenarios);
    let book = Book { report, scenarios: &scenarios, pages, places, worth_a_page, plots };
    write("style.css", STYLE)?;
    write("icon.svg", icon(report.verdict))?;
    for plot in &book.plots {
        for look in plot.looks() {
            write(&format!("plots/{}", plot.file(look)), &plot.svg(look))?;
        }
    }
    for (at, page) in book.pages.iter().enumerate() {
        write(&run_page(page.1.id), &run::page(&book, at, *page))?;
    }
    // Last, so that an index is never there without what it leads to.
    write(INDEX, &overview::page(&book))
}

/// The runs with a page, and how many are worth one: those that did not pass, and those whose
/// transcript is kept. A few of each scenario come first, then the rest; quarantined ones last.
fn pages<'a>(scenarios: &'a [ScenarioRuns<'a>]) -> (Vec<RunOf<'a, 'a>>, usize) {
    let mut ranked: Vec<((u8, usize), RunOf<'a, 'a>)> = Vec::new();
    let failing = words::failing(scenarios);
    let is_failing =
        |scenario: &ScenarioRuns<'_>| failing.iter().any(|other| std::ptr::eq(*other, scenario));
    let others = scenarios.iter().filter(|scenario| !is_failing(scenario));
    for (place, scenario) in failing.iter().copied().chain(others).enumerate() {
        let mut seen = HashMap::new();
        let mut of_scenario: Vec<_> = scenario.runs.iter().collect();
        of_scenario.sort_by_key(|(_, outcome)| shown_at(outcome.outcome));
        for (run, outcome) in of_scenario {
            let count = seen.entry(outcome.outcome).or_insert(0_usize);
            *count += 1;
            let late = u8::from(*count > FIRST_RUNS) * 2;
            let rank = match outcome.outcome {
                _ if scenario.quarantine.is_some() => 5,
                Outcome::Failed => late,
                Outcome::Errored | Outcome::Unscored => 1 + late,
                Outcome::Passed if run.transcript.is_empty() => continue,
                Outcome::Passed => 4,
            };
            ranked.push(((rank, place), (scenario, *run, *outcome)));
        }
    }
    let worth = ranked.len();
    ranked.sort_by_key(|((rank, _), _)| *rank);
    ranked.truncate(MOST_PAGES);
    ranked.sort_by_key(|((rank, place), page)| (*rank >= 4, *place, shown_at(page.2.outcome)));
    (ranked.into_iter().map(|(_, page)| page).collect(), worth)
}

/// The order of outcomes within a scenario.
const fn shown_at(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Failed => 0,
        Outcome::Errored => 1,
        Outcome::Unscored => 2,
        Outcome::Passed => 3,
    }
}

/// The verdict as the icon of a tab.
const fn icon(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => {
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\"><circle cx=\"16\" cy=\"16\" r=\"15\" fill=\"#1b7685\"/><path d=\"M9 16.5l5 5 9-10\" fill=\"none\" stroke=\"#fff\" stroke-width=\"3.5\"/></svg>\n"
        }
        Verdict::Fail => {
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\"><circle cx=\"16\" cy=\"16\" r=\"15\" fill=\"#c43d0b\"/><path d=\"M10.5 10.5l11 11m0-11l-11 11\" fill=\"none\" stroke=\"#fff\" stroke-width=\"3.5\"/></svg>\n"
        }
        Verdict::Inconclusive => {
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\"><circle cx=\"16\" cy=\"16\" r=\"15\" fill=\"#8a6200\"/><path d=\"M9 16h14\" fill=\"none\" stroke=\"#fff\" stroke-width=\"3.5\"/></svg>\n"
        }
    }
}
