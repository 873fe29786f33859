//! What so many runs can see: how probably the plan fails an agent that misses the threshold.

use super::Book;
use super::frame::{self, figure_cell};
use crate::numbers;
use crate::report::markup::Markup;
use crate::report::model::Report;
use crate::report::plot::{Data, Plot, Rate, Rates, Standing};
use crate::report::power::{Tested, tested};
use crate::stats::rate::PROBABLY;

/// Points by which agents miss the threshold.
const MISSED: [f64; 7] = [0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3];
/// With more runs than this everything shows, and counting takes long.
const MOST_RUNS: usize = 3_000;

pub(super) fn section(main: &mut Markup, book: &Book<'_>) {
    let Some(one) = of_success_rate(book.report) else { return };
    frame::section(main, "power", "What so many runs can see", |section| {
        let seen = match one.notices() {
            Some(points) => format!(
                "The planned runs probably (80%) fail an agent that misses {} by {points} points.",
                one.name
            ),
            None => format!("The planned runs probably fail no agent by {}.", one.name),
        };
        frame::paragraph(section, "", &seen);
        for plot in book.plots.iter().filter(|plot| plot.stem == "power") {
            frame::plot(section, plot, "plot");
        }
        frame::fold(section, "How many runs it takes", |fold| {
            let columns =
                [("An agent of", true), ("Fails now in", true), ("Runs to fail it in 80%", true)];
            frame::table(fold, "Runs to notice an agent", &columns, |body| {
                for points in MISSED {
                    let Some(share) = one.worse_by(points) else { continue };
                    body.element("tr", &[], |row| {
                        figure_cell(row, &numbers::percent(share));
                        figure_cell(row, &numbers::percent(one.chance_to_fail(share)));
                        let runs = one.runs_to_notice(points).filter(|_| points > 0.0);
                        let runs = runs.map_or_else(|| "never".to_owned(), |runs| runs.to_string());
                        figure_cell(row, &runs);
                    });
                    body.line_break();
                }
            });
        });
    });
}

/// The chance to fail agents that miss the threshold by so many points.
pub(super) fn plot(report: &Report) -> Option<Plot> {
    let one = of_success_rate(report)?;
    let row = |points: f64| {
        let share = one.worse_by(points)?;
        let chance = one.chance_to_fail(share);
        let standing = if chance >= PROBABLY { Standing::Good } else { Standing::Open };
        Some(Rate {
            label: format!("an agent of {}", numbers::percent(share)),
            value: Some(chance),
            interval: None,
            wanted: Some(PROBABLY),
            figures: format!("fails in {}", numbers::percent(chance)),
            standing,
        })
    };
    Some(Plot {
        stem: "power".to_owned(),
        title: "How often the planned runs fail an agent that misses the threshold".to_owned(),
        description: format!(
            "By {}. The first agent is exactly at the threshold; the stroke is at 80%.",
            one.name
        ),
        data: Data::Rates(Rates { rows: MISSED.into_iter().filter_map(row).collect() }),
    })
}

/// The suite's own check on the success rate, where a confidence decides it.
fn of_success_rate(report: &Report) -> Option<Tested> {
    let plan = &report.plan;
    let counts = |id: &&u64| !report.suite.quarantines(Some(**id));
    let scenarios = plan.scenarios.iter().filter(counts).count().max(plan.cases.len());
    let looks = match &plan.rounds {
        Some(rounds) => rounds.looks.clone(),
        None => vec![plan.runs_per_scenario],
    };
    let most = looks.last()?.saturating_mul(scenarios);
    if most == 0 || most > MOST_RUNS {
        return None;
    }
    let (found, _) = tested(&report.suite.thresholds, (scenarios, &looks), |_| None);
    found.into_iter().find(|one| one.name.starts_with("success_rate "))
}
