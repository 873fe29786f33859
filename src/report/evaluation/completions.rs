//! A pass is one that no missing evidence could break: by brute force over small plans.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::plan::slots::PlanHead;
use crate::record::{ExpectedOutcome, MetricRecord, MetricValue, RunRecord, Status};
use crate::report::evaluation::Evaluation;
use crate::suite::head::SuiteHead;
use crate::suite::model::Mode;
use crate::verdict::Verdict;

/// What stands in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Pass,
    Fail,
    Errored,
    Unscored,
    Unreadable,
    Contradictory,
    Missing,
}

impl Slot {
    /// Whether its run could have shown anything.
    const fn is_open(self) -> bool {
        !matches!(self, Slot::Pass | Slot::Fail)
    }
}

fn suite(thresholds: Value) -> SuiteHead {
    SuiteHead {
        report_only: false,
        name: "s".to_owned(),
        file: None,
        mode: Mode::Voice,
        thresholds: serde_json::from_value(thresholds).unwrap(),
        quarantine: vec![],
    }
}

fn metric(value: MetricValue, unreadable: bool) -> MetricRecord {
    MetricRecord {
        id: Some(5),
        name: "Adherence".to_owned(),
        aliases: vec![],
        value,
        unreadable,
        explanation: vec![],
    }
}

fn run(id: u64, scenario: u64, slot: Slot) -> RunRecord {
    let binary = |passed| metric(MetricValue::Binary(Some(passed)), false);
    let (success, metrics, score) = match slot {
        Slot::Pass => (Some(true), vec![binary(true)], Some(100.0)),
        Slot::Fail => (Some(false), vec![binary(false)], Some(0.0)),
        Slot::Unreadable => (None, vec![metric(MetricValue::Binary(None), true)], None),
        Slot::Contradictory => (None, vec![binary(true), binary(false)], None),
        Slot::Errored | Slot::Unscored | Slot::Missing => (None, vec![], None),
    };
    RunRecord {
        id,
        scenario: Some(scenario),
        scenario_name: Some(format!("Scenario {scenario}")),
        tags: tags_of(scenario),
        status: if slot == Slot::Errored { Status::Failed } else { Status::Completed },
        success,
        has_transcript: slot != Slot::Errored,
        expected_outcome: score
            .map(|score| ExpectedOutcome { score: Some(score), ..ExpectedOutcome::default() }),
        metrics,
        ..RunRecord::default()
    }
}

/// The tags of a scenario: odd ones have a tag, and of the third it is not known.
fn tags_of(scenario: u64) -> Option<Vec<String>> {
    let tag = |tag: &str| vec![tag.to_owned()];
    match scenario {
        1 => Some(tag("odd")),
        2 => Some(tag("late")),
        3 => None,
        _ => Some(Vec::new()),
    }
}

/// The verdict over a plan of so many repetitions of each scenario.
fn verdict(thresholds: &Value, each: usize, slots: &[Slot], surplus: &[(u64, Slot)]) -> Verdict {
    let scenarios = slots.len() / each;
    let plan = PlanHead {
        runs_per_scenario: each,
        runs: Some(slots.len()),
        scenarios: (1..=scenarios as u64).collect(),
        ..PlanHead::default()
    };
    let planned = slots.iter().enumerate().map(|(at, slot)| ((at / each + 1) as u64, *slot));
    let arrived = planned.filter(|(_, slot)| *slot != Slot::Missing).chain(surplus.iter().copied());
    let runs: Vec<RunRecord> =
        (1..).zip(arrived).map(|(id, (scenario, slot))| run(id, scenario, slot)).collect();
    Evaluation::of(&suite(thresholds.clone()), &plan, &runs, None, false).verdict()
}

/// Every way in which the open slots could have ended.
fn completions(slots: &[Slot]) -> Vec<Vec<Slot>> {
    let mut all = vec![Vec::new()];
    for slot in slots {
        let ends: &[Slot] = match slot.is_open() {
            true => &[Slot::Pass, Slot::Fail],
            false => std::slice::from_ref(slot),
        };
        all = all
            .into_iter()
            .flat_map(|so_far: Vec<Slot>| {
                ends.iter().map(move |end| [so_far.as_slice(), &[*end]].concat())
            })
            .collect();
    }
    all
}

fn any_slot() -> impl Strategy<Value = Slot> {
    prop_oneof![
        6 => Just(Slot::Pass),
        1 => Just(Slot::Fail),
        1 => Just(Slot::Errored),
        1 => Just(Slot::Unscored),
        1 => Just(Slot::Unreadable),
        1 => Just(Slot::Contradictory),
        1 => Just(Slot::Missing),
    ]
}

fn any_thresholds() -> impl Strategy<Value = Value> {
    let share = prop_oneof![Just("30%"), Just("50%"), Just("75%"), Just("100%")];
    (0..10usize, share).prop_map(|(which, share)| {
        let check = format!(">= {share}");
        match which {
            0 => json!({}),
            1 => json!({ "success_rate": check }),
            2 => json!({ "each_scenario": { "success_rate": check } }),
            3 => json!({ "expected_outcome": check }),
            4 => json!({ "metrics": { "Adherence": check } }),
            5 => json!({ "groups": { "g": { "scenarios": [1, 2], "success_rate": check } } }),
            6 => json!({ "groups": { "g": { "tags": ["odd"], "expected_outcome": check } } }),
            7 => json!({ "groups": {
                "g": { "tags": ["odd"], "metrics": { "Adherence": check } },
                "h": { "names": ["Scenario 1"], "each_scenario": { "success_rate": check } },
            } }),
            8 => json!({ "groups": {
                "g": { "tags": ["late"], "success_rate": check, "confidence": "60%" },
            } }),
            _ => json!({ "each_scenario": { "metrics": { "Adherence": check } } }),
        }
    })
}

proptest! {
    #[test]
    fn a_pass_holds_however_the_missing_evidence_ends(
        each in 1usize..=3,
        scenarios in 1usize..=3,
        drawn in prop::collection::vec(any_slot(), 9),
        surplus in prop::collection::vec((1u64..=5, any_slot()), 0..3),
        thresholds in any_thresholds(),
    ) {
        let slots = &drawn[..each * scenarios];
        // A run of a scenario with a free slot is not surplus: it fills it.
        let is_full = |scenario: u64| {
            let of = slots.chunks(each).nth(scenario as usize - 1);
            of.is_none_or(|of| !of.contains(&Slot::Missing))
        };
        let surplus: Vec<(u64, Slot)> = surplus
            .into_iter()
            .filter(|(scenario, slot)| *slot != Slot::Missing && is_full(*scenario))
            .collect();
        if verdict(&thresholds, each, slots, &surplus) == Verdict::Pass {
            prop_assert!(surplus.is_empty(), "a run that was not planned never lets a gate pass");
            for completion in completions(slots) {
                let complete = verdict(&thresholds, each, &completion, &[]);
                prop_assert_eq!(complete, Verdict::Pass, "{:?}", completion);
            }
        }
    }

    #[test]
    fn a_failure_holds_however_the_missing_evidence_ends(
        each in 1usize..=3,
        scenarios in 1usize..=3,
        drawn in prop::collection::vec(any_slot(), 9),
        thresholds in any_thresholds(),
    ) {
        let slots = &drawn[..each * scenarios];
        if verdict(&thresholds, each, slots, &[]) == Verdict::Fail {
            for completion in completions(slots) {
                let complete = verdict(&thresholds, each, &completion, &[]);
                prop_assert_eq!(complete, Verdict::Fail, "{:?}", completion);
            }
        }
    }
}
