//! The rounds of a plan whose runs come in several starts.
//!
//! Pure. When the checks are looked at is fixed before the first call; which scenarios a later round
//! starts is decided by the looks before it, and written down before it starts. A round that was not
//! started owes no runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Plan;

/// The rounds of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedRounds {
    /// How many runs each scenario has after each round, where every round is started: rising, and
    /// fixed before the first call.
    pub looks: Vec<usize>,
    /// The rounds that were started, the first one first.
    pub started: Vec<StartedRound>,
    /// What the first round started before its other scenarios; none where it was one start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<FirstPart>,
}

/// The scenarios that the first round starts before its others, because they failed lately. The plan
/// holds the whole round all the same: what is not started of it is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FirstPart {
    /// Their ids; empty where the suite brings its cases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scenarios: Vec<u64>,
    /// Keys of the test cases, where the suite brings them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<String>,
    /// Whether the others were started, or their start is under way.
    #[serde(default)]
    pub rest_started: bool,
    /// Id of the others' result; none while its start is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest_result: Option<u64>,
}

/// One round that was started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StartedRound {
    /// Its number, from 1.
    pub number: u32,
    /// How many runs each of its scenarios has in it.
    pub runs_per_scenario: usize,
    /// Ids of its scenarios; none where all of the plan are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenarios: Option<Vec<u64>>,
    /// Keys of its test cases, where the suite brings them; none where all of the plan are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cases: Option<Vec<String>>,
    /// Id of its result; none while its start is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<u64>,
}

impl PlannedRounds {
    /// The rounds of a plan, the first of them started. None where the plan has one start.
    pub fn of(plan: &Plan) -> Option<Self> {
        let first = *plan.looks.first()? as usize;
        let each = plan.runs_per_scenario / first.max(1);
        let looks = plan.looks.iter().map(|look| (*look as usize).saturating_mul(each)).collect();
        let runs_per_scenario = plan.runs_per_scenario;
        let started = vec![StartedRound { number: 1, runs_per_scenario, ..Default::default() }];
        Some(Self { looks, started, first: None })
    }

    /// How many runs each scenario would have in the next round; none where there is no other.
    pub fn next(&self) -> Option<usize> {
        self.after(self.started.len())
    }

    /// The same after so many rounds.
    fn after(&self, done: usize) -> Option<usize> {
        let before = done.checked_sub(1).and_then(|at| self.looks.get(at)).copied();
        Some(self.looks.get(done)?.saturating_sub(before.unwrap_or(0)))
    }

    /// Whether the looks rise and the rounds that were started are the first of them. Of others, such
    /// as those of a file that someone changed, nobody knows what error a decision has.
    pub fn are_sound(&self) -> bool {
        let is_next = |(at, round): (usize, &StartedRound)| {
            u32::try_from(at + 1) == Ok(round.number)
                && self.after(at) == Some(round.runs_per_scenario)
        };
        self.looks.first().is_some_and(|first| *first > 0)
            && self.looks.is_sorted_by(|one, next| one < next)
            && self.started.iter().enumerate().all(is_next)
    }
}

impl StartedRound {
    /// Whether a scenario runs in it.
    pub fn has(&self, scenario: Option<u64>, case: Option<&str>) -> bool {
        match (&self.cases, &self.scenarios) {
            (Some(cases), _) => case.is_some_and(|case| cases.iter().any(|key| key == case)),
            (None, Some(ids)) => scenario.is_some_and(|id| ids.contains(&id)),
            (None, None) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn looks_rise_and_what_was_started_are_the_first_of_them() {
        let sound = |looks: &[usize], started: &[(u32, usize)]| {
            let started = started.iter().map(|(number, runs_per_scenario)| StartedRound {
                number: *number,
                runs_per_scenario: *runs_per_scenario,
                ..StartedRound::default()
            });
            PlannedRounds { looks: looks.to_vec(), started: started.collect(), first: None }
                .are_sound()
        };
        for started in [&[][..], &[(1, 3)], &[(1, 3), (2, 3)], &[(1, 3), (2, 3), (3, 4)]] {
            assert!(sound(&[3, 6, 10], started), "{started:?}");
        }
        for looks in [&[][..], &[0, 3], &[6, 3], &[3, 3], &[4, 7], &[3]] {
            assert!(!sound(looks, &[(1, 3), (2, 3)]), "{looks:?}");
        }
        for started in [&[(2, 3)][..], &[(1, 0)], &[(1, 3), (1, 3)], &[(1, 3), (2, 4)]] {
            assert!(!sound(&[3, 6, 10], started), "{started:?}");
        }
        for looks in [&[][..], &[0], &[0, 3], &[3, 3], &[6, 3]] {
            assert!(!sound(looks, &[]), "{looks:?}");
        }
    }

    #[test]
    fn a_round_is_of_its_cases_or_of_its_scenarios_or_of_all() {
        let cases = StartedRound { cases: Some(vec!["a".to_owned()]), ..StartedRound::default() };
        let ids = StartedRound { scenarios: Some(vec![1]), ..StartedRound::default() };
        for (round, scenario, case, expected) in [
            (&cases, None, Some("a"), true),
            (&cases, None, Some("b"), false),
            (&cases, Some(1), None, false),
            (&ids, Some(1), None, true),
            (&ids, Some(2), None, false),
            (&ids, None, Some("a"), false),
            (&StartedRound::default(), Some(2), None, true),
        ] {
            assert_eq!(round.has(scenario, case), expected, "{round:?} {scenario:?} {case:?}");
        }
    }

    #[test]
    fn the_first_round_is_started_and_the_looks_are_fixed() {
        let suite = json!({
            "agent": 1, "scenarios": [1, 2], "personalities": [7, 8],
            "frequency": { "start": 3, "max": 10, "step": 3 },
        });
        let plan = Plan::new(&serde_json::from_value(suite).unwrap(), "x", None, "k").unwrap();
        let mut rounds = PlannedRounds::of(&plan).unwrap();
        assert_eq!(rounds.looks, [6, 12, 18, 20]);
        assert_eq!(rounds.next(), Some(6));
        for number in 2..=4 {
            rounds.started.push(StartedRound { number, ..StartedRound::default() });
        }
        assert_eq!(rounds.next(), None);
        rounds.started.truncate(3);
        assert_eq!(rounds.next(), Some(2));
    }
}
