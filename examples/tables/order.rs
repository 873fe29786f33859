//! What does `order: recent_failures` gain? Simulated agents with a history of one earlier result are
//! judged by the gate's own code, with the first round as one start and with what failed lately first.
//! Both see the same runs.
//!
//! ```sh
//! cargo run --release --example tables -- order
//! ```
//!
//! Prints a table of `docs/statistics.md`, which `ci/check-statistics.py` holds equal to it. The seed
//! is fixed: the figures are the same on every machine.

use cekura_gate::plan::Plan;
use cekura_gate::plan::order::failed_lately;
use cekura_gate::plan::rounds::{FirstPart, StartedRound};
use cekura_gate::plan::slots::PlanHead;
use cekura_gate::record::{RunRecord, Status};
use cekura_gate::report::evaluation::Evaluation;
use cekura_gate::report::rounds::{first_part_fails, next_round};
use cekura_gate::suite::head::SuiteHead;
use cekura_gate::suite::model::Suite;
use cekura_gate::verdict::Verdict;
use serde_json::{Value, json};

use crate::random::Random;
use crate::table::table;

const SCENARIOS: u64 = 12;
const AGENTS: usize = 300;
/// Runs of a scenario at most.
const MOST: usize = 12;
/// How often a run of a sound scenario passes, and one of a broken scenario.
const SOUND: f64 = 0.98;
const BROKEN: f64 = 0.1;

/// Which scenarios are broken now, and which were when the earlier result was made.
struct Case {
    name: &'static str,
    now: &'static [u64],
    before: &'static [u64],
}

pub(crate) fn print() {
    let share = |wanted: &str| json!({"success_rate": wanted, "confidence": "95%"});
    let hold = json!({
        "success_rate": ">= 80%", "confidence": "95%",
        "groups": { "must hold": { "scenarios": [1, 2, 3], "success_rate": "100%" } },
    });
    let cases = [
        Case { name: "4 broken, as before", now: &[1, 5, 6, 7], before: &[1, 5, 6, 7] },
        Case { name: "2 broken of 4 before", now: &[1, 5], before: &[1, 5, 6, 7] },
        Case { name: "1 broken, as before", now: &[1], before: &[1] },
        Case { name: "4 broken, others before", now: &[1, 5, 6, 7], before: &[8, 9, 10, 11] },
        Case { name: "4 before, all mended", now: &[], before: &[1, 5, 6, 7] },
    ];
    let mut rows = Vec::new();
    let mut random = Random(7);
    let suites = [
        ("`>= 80%` of all", share(">= 80%")),
        ("`>= 90%` of all", share(">= 90%")),
        ("`>= 80%`, and 3 must always hold", hold),
    ];
    for (suite, thresholds) in suites {
        for case in &cases {
            rows.push(row(suite, &thresholds, case, &mut random));
        }
    }
    let head = [
        "checks",
        "broken now",
        "red",
        "calls until red, one start",
        "failed lately first",
        "calls where not red",
    ];
    table("order", &head, &rows);
}

fn row(suite: &str, thresholds: &Value, case: &Case, random: &mut Random) -> Vec<String> {
    let asked: Suite = serde_json::from_value(json!({
        "version": 1, "agent": 1, "scenarios": (1..=SCENARIOS).collect::<Vec<_>>(),
        "frequency": { "start": 3, "max": MOST }, "thresholds": thresholds,
    }))
    .unwrap_or_default();
    let head = SuiteHead {
        report_only: false,
        name: "simulated".to_owned(),
        file: None,
        mode: asked.mode.unwrap_or_default(),
        thresholds: asked.thresholds.clone().unwrap_or_default(),
        quarantine: Vec::new(),
    };
    let plan = Plan::new(&asked, "simulated", None, "key").map(|plan| PlanHead::of(&plan));
    let plan = plan.unwrap_or_default();
    let (mut reds, mut until, mut until_first) = (0, 0, 0);
    let (mut others, mut calls, mut calls_first) = (0, 0, 0);
    for _ in 0..AGENTS {
        let mut passes = |broken: &[u64], id: u64| {
            random.fraction() < if broken.contains(&id) { BROKEN } else { SOUND }
        };
        let mut earlier = Vec::new();
        let mut drawn = Vec::new();
        for id in 1..=SCENARIOS {
            earlier.extend((0..3).map(|_| (id, !passes(case.before, id))));
            drawn.push((0..MOST).map(|_| passes(case.now, id)).collect::<Vec<bool>>());
        }
        let scenarios = failed_lately(&plan.scenarios, &[earlier]);
        let first = FirstPart { scenarios, ..FirstPart::default() };
        let first = (!first.scenarios.is_empty()).then_some(first);
        let (red, one) = play(&head, &plan, &drawn, None);
        let (red_first, two) = play(&head, &plan, &drawn, first);
        assert_eq!(red, red_first, "the order changed a verdict");
        if red {
            (reds, until, until_first) = (reds + 1, until + one, until_first + two);
        } else {
            (others, calls, calls_first) = (others + 1, calls + one, calls_first + two);
        }
    }
    let mean = |sum: usize, of: usize| match of {
        0 => "–".to_owned(),
        of => format!("{:.0}", sum as f64 / of as f64),
    };
    vec![
        suite.to_owned(),
        case.name.to_owned(),
        format!("{:.0}%", reds as f64 / AGENTS as f64 * 100.0),
        mean(until, reds),
        mean(until_first, reds),
        format!("{} / {}", mean(calls, others), mean(calls_first, others)),
    ]
}

/// Plays the rounds through. Gives whether the end is red, and how many calls it took.
fn play(
    suite: &SuiteHead,
    plan: &PlanHead,
    drawn: &[Vec<bool>],
    first: Option<FirstPart>,
) -> (bool, usize) {
    let mut plan = plan.clone();
    let mut runs: Vec<RunRecord> = Vec::new();
    let mut done = vec![0; drawn.len()];
    let mut start = |runs: &mut Vec<RunRecord>, round: &StartedRound| {
        for (id, (all, done)) in (1..).zip(drawn.iter().zip(&mut done)) {
            if !round.has(Some(id), None) {
                continue;
            }
            for passed in all.iter().skip(*done).take(round.runs_per_scenario) {
                *done += 1;
                runs.push(RunRecord {
                    id: runs.len() as u64 + 1,
                    scenario: Some(id),
                    round: Some(round.number),
                    status: Status::Completed,
                    success: Some(*passed),
                    has_transcript: true,
                    ..RunRecord::default()
                });
            }
        }
    };
    if let Some(rounds) = &mut plan.rounds {
        rounds.first = first;
    }
    let whole = plan.rounds.as_ref().and_then(|rounds| rounds.started.first().cloned());
    let mut next = whole;
    if let Some([part, rest]) = plan.parts() {
        start(&mut runs, &part);
        if first_part_fails(suite, &plan, &runs) {
            return (true, runs.len());
        }
        next = Some(rest);
    }
    let mut is_first = true;
    while let Some(round) = next {
        start(&mut runs, &round);
        if let Some(rounds) = plan.rounds.as_mut().filter(|_| !is_first) {
            rounds.started.push(round);
        }
        is_first = false;
        plan.runs = Some(runs.len());
        next = next_round(suite, &plan, &runs, None).map(|next| next.round);
    }
    let verdict = Evaluation::of(suite, &plan, &runs, None, false).verdict();
    (verdict == Verdict::Fail, runs.len())
}
