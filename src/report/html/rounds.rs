//! The rounds: how the success rate stood after each of them, what each started and decided.

use super::Book;
use super::frame::{self, figure_cell};
use crate::numbers;
use crate::report::evaluation::Evaluation;
use crate::report::markup::Markup;
use crate::report::model::Report;
use crate::report::plot::{Data, Plot, Rate, Rates, Standing};
use crate::text;
use crate::verdict::{CheckReport, Verdict};

/// How many rounds are drawn, the last ones.
const DRAWN: usize = 12;

pub(super) fn section(main: &mut Markup, book: &Book<'_>) {
    let Some(table) = &book.report.rounds else { return };
    frame::section(main, "rounds", "Rounds", |section| {
        frame::paragraph(section, "", &format!("{}.", table.summary()));
        for plot in book.plots.iter().filter(|plot| plot.stem == "rounds") {
            frame::plot(section, plot, "plot");
        }
        let columns =
            [("Round", true), ("Started", false), ("Runs so far", true), ("Decided", false)];
        frame::table(section, "What each round started and decided", &columns, |body| {
            for round in &table.rounds {
                body.element("tr", &[], |row| {
                    figure_cell(row, &round.number.to_string());
                    row.words("td", &[], &round.started());
                    figure_cell(row, &round.runs_so_far.to_string());
                    row.element("td", &[], |cell| frame::name(cell, &round.decided(), 600));
                });
                body.line_break();
            }
        });
    });
}

/// The success rate of the suite as it stood after each round, with the bounds that decided then.
/// None where the suite has no check on it, or no rounds.
pub(super) fn plot(report: &Report) -> Option<Plot> {
    let rounds = report.plan.rounds.as_ref()?;
    let rows: Vec<Rate> = (1..=rounds.started.len())
        .skip(rounds.started.len().saturating_sub(DRAWN))
        .filter_map(|last| row(report, last))
        .collect();
    let last = rows.last()?;
    let description = format!("After the last round it stood at {}.", last.figures);
    Some(Plot {
        stem: "rounds".to_owned(),
        title: "Success rate after each round, with its bounds".to_owned(),
        description,
        data: Data::Rates(Rates { rows }),
    })
}

fn row(report: &Report, last: usize) -> Option<Rate> {
    let check = after(report, last)?;
    let standing = match check.verdict {
        Verdict::Pass => Standing::Good,
        Verdict::Fail => Standing::Bad,
        Verdict::Inconclusive => Standing::Open,
    };
    let runs = text::count(check.samples, "run");
    let figures = match check.value {
        Some(share) => format!("{} · {runs}", numbers::percent(share)),
        None => "none judged".to_owned(),
    };
    Some(Rate {
        label: format!("round {last}"),
        value: check.value,
        interval: check.interval.map(|interval| (interval.low, interval.high)),
        wanted: Some(check.threshold),
        figures,
        standing,
    })
}

/// The check on the suite's success rate as it stood after a round.
fn after(report: &Report, last: usize) -> Option<CheckReport> {
    let mut suite = report.suite.clone();
    suite.thresholds.baseline = None;
    let mut plan = report.plan.clone();
    plan.rounds.as_mut()?.started.truncate(last);
    plan.runs = plan
        .rounds
        .as_ref()
        .map(|rounds| rounds.started.iter().map(|round| plan.runs_in(round)).sum());
    let is_in = |round: Option<u32>| round.unwrap_or(1) as usize <= last;
    let runs: Vec<_> = report.result.runs.iter().filter(|run| is_in(run.round)).cloned().collect();
    let ended_by_us = report.incomplete || report.stopped_early;
    let checks = Evaluation::of(&suite, &plan, &runs, None, ended_by_us).checks;
    checks.into_iter().find(|check| {
        check.name == "success_rate" && check.scenario.is_none() && check.group.is_none()
    })
}
