//! Sides of one call that must start together: a caller and whom the call is transferred to, the
//! parties of a conference.
//!
//! Pure. The legs are matched by position: scenario *i* of every leg is set *i*, and a set is
//! started together or not at all. Each leg is judged as a suite of its own, over all of its sets;
//! each call of a leg is a result of its own. Words and rules are those of Cekura's batch action.

use std::collections::BTreeSet;

use super::model::{Budget, Party, Quarantine, Suite};

/// One leg, as the suite that it is judged by.
#[derive(Debug, Clone, PartialEq)]
pub struct PartySuite {
    /// What it is called beside the others.
    pub label: String,
    /// The suite of its runs of all sets. `scenarios` has one id for each set, repeated ones too.
    pub suite: Suite,
}

/// Calls that start at the same time, one of each leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Set {
    /// The place in the scenarios of every leg, from 0.
    pub position: usize,
    /// Which repetition, from 1; none where each set runs once.
    pub repetition: Option<u32>,
}

impl Set {
    /// What it is called: `set 1`, or `set 1 #2`.
    pub fn label(self) -> String {
        let repetition = self.repetition.map(|n| format!(" #{n}")).unwrap_or_default();
        format!("set {}{repetition}", self.position + 1)
    }
}

/// The legs of a suite in the order of the file; none where it has none.
pub fn legs(suite: &Suite) -> Vec<PartySuite> {
    let legs = suite.together.iter().flatten().zip(1..);
    let make = |(leg, number): (&Party, usize)| PartySuite {
        label: leg.name.clone().unwrap_or_else(|| format!("leg {number}")),
        suite: of_party(suite, leg),
    };
    legs.map(make).collect()
}

fn of_party(suite: &Suite, leg: &Party) -> Suite {
    let mut own = Suite { together: None, ..suite.clone() };
    if leg.says("agent") {
        (own.agent, own.assistant) = (leg.agent, leg.assistant.clone());
    }
    own.scenarios = leg.scenarios.clone();
    replace(&mut own.mode, &leg.mode);
    replace(&mut own.phone, &leg.phone);
    replace(&mut own.livekit, &leg.livekit);
    replace(&mut own.pipecat, &leg.pipecat);
    replace(&mut own.sip, &leg.sip);
    replace(&mut own.websocket, &leg.websocket);
    replace(&mut own.vapi, &leg.vapi);
    replace(&mut own.retell, &leg.retell);
    replace(&mut own.elevenlabs, &leg.elevenlabs);
    replace(&mut own.email, &leg.email);
    replace(&mut own.mock_tools, &leg.mock_tools);
    replace(&mut own.thresholds, &leg.thresholds);
    // What the suite limits or leaves aside is of all legs.
    own.concurrency = None;
    own.budget = suite.budget.as_ref().and_then(price_only);
    let runs = |entry: &Quarantine| own.scenarios.iter().flatten().any(|id| *id == entry.scenario);
    let quarantine: Vec<Quarantine> =
        suite.quarantine.iter().flatten().filter(|entry| runs(entry)).cloned().collect();
    own.quarantine = (!quarantine.is_empty()).then_some(quarantine);
    own
}

fn replace<T: Clone>(key: &mut Option<T>, own: &Option<T>) {
    if own.is_some() {
        key.clone_from(own);
    }
}

fn price_only(budget: &Budget) -> Option<Budget> {
    let price_per_run = budget.price_per_run?;
    Some(Budget { price_per_run: Some(price_per_run), ..Budget::default() })
}

/// The sets of a leg's suite, in the order in which they start.
pub fn sets(leg: &Suite) -> Vec<Set> {
    let frequency = leg.first_repetitions();
    let positions = 0..leg.scenarios.as_ref().map_or(0, Vec::len);
    positions
        .flat_map(|position| {
            (1..=frequency)
                .map(move |number| Set { position, repetition: (frequency > 1).then_some(number) })
        })
        .collect()
}

/// The suite of a leg's one call in a set.
pub fn call(leg: &Suite, set: Set) -> Suite {
    let scenario = leg.scenarios.as_ref().and_then(|ids| ids.get(set.position)).copied();
    Suite {
        scenarios: scenario.map(|id| vec![id]),
        frequency: None,
        concurrency: Some(1),
        quarantine: None,
        budget: None,
        ..leg.clone()
    }
}

/// The ids that a leg's scenarios name, each once.
pub fn distinct_scenarios(leg: &Suite) -> Vec<u64> {
    let mut seen = BTreeSet::new();
    leg.scenarios.iter().flatten().copied().filter(|id| seen.insert(*id)).collect()
}

#[cfg(test)]
mod tests {
    use crate::document::Path;
    use crate::suite::model::Mode;
    use serde_json::json;

    use super::*;

    fn suite() -> Suite {
        serde_json::from_value(json!({
            "version": 1,
            "agent": 9,
            "mode": "text",
            "frequency": 2,
            "concurrency": 6,
            "budget": { "max_runs": 100, "price_per_run": 0.5 },
            "quarantine": [
                { "scenario": 15, "until": "2099-01-01", "owner": "a", "reason": "b" },
                { "scenario": 21, "until": "2099-01-01", "owner": "a", "reason": "b" },
            ],
            "together": [
                { "name": "caller", "agent": 1, "scenarios": [10, 10] },
                { "scenarios": [20, 21], "mode": "voice", "thresholds": { "errors": "<= 10%" } },
            ],
        }))
        .unwrap()
    }

    #[test]
    fn a_leg_is_as_the_suite_says_where_it_says_nothing_itself() {
        let legs = legs(&suite());
        let labels: Vec<&str> = legs.iter().map(|leg| leg.label.as_str()).collect();
        assert_eq!(labels, ["caller", "leg 2"]);
        let [caller, other] = legs.as_slice() else { panic!() };
        assert_eq!((caller.suite.agent, caller.suite.mode), (Some(1), Some(Mode::Text)));
        assert_eq!((other.suite.agent, other.suite.mode), (Some(9), Some(Mode::Voice)));
        assert!(caller.suite.thresholds.is_none() && other.suite.thresholds.is_some());
        assert!(caller.suite.together.is_none());
    }

    #[test]
    fn what_the_suite_limits_is_of_all_legs_and_quarantine_of_those_that_run_it() {
        let legs = legs(&suite());
        let [caller, other] = legs.as_slice() else { panic!() };
        let quarantined = |leg: &PartySuite| -> Vec<u64> {
            leg.suite.quarantine.iter().flatten().map(|entry| entry.scenario).collect()
        };
        assert!(quarantined(caller).is_empty());
        assert_eq!(quarantined(other), [21]);
        let budget = caller.suite.budget.clone().unwrap();
        assert_eq!((budget.max_runs, budget.price_per_run), (None, Some(0.5)));
        assert_eq!(caller.suite.concurrency, None);
    }

    #[test]
    fn sets_are_matched_by_position_and_each_is_repeated_before_the_next() {
        let legs = legs(&suite());
        let [caller, other] = legs.as_slice() else { panic!() };
        let all = sets(&caller.suite);
        let labels: Vec<String> = all.iter().map(|set| set.label()).collect();
        assert_eq!(labels, ["set 1 #1", "set 1 #2", "set 2 #1", "set 2 #2"]);
        let ids = |leg: &PartySuite| -> Vec<Option<Vec<u64>>> {
            all.iter().map(|set| call(&leg.suite, *set).scenarios).collect()
        };
        assert_eq!(ids(caller), vec![Some(vec![10]); 4]);
        assert_eq!(ids(other), [Some(vec![20]), Some(vec![20]), Some(vec![21]), Some(vec![21])]);
        let one = call(&other.suite, all[0]);
        assert_eq!((one.frequency, one.concurrency), (None, Some(1)));
        assert_eq!(distinct_scenarios(&caller.suite), [10]);
    }

    #[test]
    fn each_key_of_a_leg_stands_in_the_place_of_the_suites() {
        let values = json!({
            "agent": 5,
            "assistant": "asst_1",
            "mode": "sip",
            "phone": { "outbound": "+1" },
            "livekit": { "agent_name": "a" },
            "pipecat": { "agent_name": "a" },
            "sip": { "endpoint": "sip:a@b" },
            "websocket": { "url": "wss://a" },
            "vapi": { "assistant": "a" },
            "retell": { "agent": "a" },
            "elevenlabs": { "agent": "a" },
            "email": { "agent": "a@b" },
            "mock_tools": ["a"],
            "thresholds": { "errors": "<= 10%" },
        });
        let read = |suite: serde_json::Value| -> Suite { serde_json::from_value(suite).unwrap() };
        let keys: BTreeSet<&String> = values.as_object().unwrap().keys().collect();
        let schema = crate::document::schema_of::<Party>();
        let known = schema.get("properties").unwrap().as_object().unwrap().keys();
        assert_eq!(
            known.filter(|key| *key != "name" && *key != "scenarios").collect::<BTreeSet<_>>(),
            keys
        );
        for key in keys {
            let own = json!({ "together": [{ key.as_str(): values[key] }, {}] });
            let of_suite = json!({ key.as_str(): values[key], "together": [{}, {}] });
            assert_eq!(legs(&read(own.clone()))[0].suite, legs(&read(of_suite))[0].suite, "{key}");
            let leg = read(own).together.unwrap().remove(0);
            assert!(leg.says(key), "{key}");
            let path = Path::of([key.as_str()]);
            assert_eq!(leg.place(3, &path).to_string(), format!("together.3.{key}"));
            assert_eq!(Party::default().place(3, &path), path);
        }
    }

    #[test]
    fn a_set_that_runs_once_has_no_number_of_its_repetition() {
        let once = Suite { frequency: None, ..suite() };
        let legs = legs(&once);
        assert_eq!(sets(&legs[0].suite)[1].label(), "set 2");
    }
}
