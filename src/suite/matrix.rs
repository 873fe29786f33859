//! One suite file that makes several suites: a side for each agent, or each program of an agent, and
//! each mode.

use super::model::Suite;
use crate::suite::model::Matrix;
use crate::suite::thresholds::Thresholds;

/// What `thresholds.baseline.from` says for the first agent of the matrix, in the same mode and in
/// the same run.
pub const FROM: &str = "matrix";

/// One side of a matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixCell {
    /// The suite of this side, without a matrix.
    pub suite: Suite,
    /// What tells it from the others: `agent 12, text`.
    pub label: String,
    /// The place of the side that it is compared with.
    pub base: Option<usize>,
    /// Whether others are compared with it: it is there for that, and gates nothing itself.
    pub is_base: bool,
}

impl Matrix {
    /// How many candidates there are: agents, or programs of the agent. None where the matrix names
    /// neither.
    pub fn candidates(&self) -> Option<usize> {
        let agents = self.agent.as_ref().map(Vec::len);
        let dirs = self.agent_dir.as_ref().map(Vec::len);
        agents.or(dirs).or(self.agent_command.as_ref().map(Vec::len))
    }

    /// Puts a candidate into a suite. Gives what tells it from the others.
    fn put(&self, place: usize, suite: &mut Suite) -> Option<String> {
        /// The longest command that is a name by itself, in characters.
        const LONGEST: usize = 60;
        if let Some(agent) = self.agent.as_ref().and_then(|agents| agents.get(place)) {
            suite.agent = Some(*agent);
            return Some(format!("agent {agent}"));
        }
        if let Some(dir) = self.agent_dir.as_ref().and_then(|dirs| dirs.get(place)) {
            suite.agent_dir = Some(dir.clone());
            return Some(dir.clone());
        }
        let command = self.agent_command.as_ref()?.get(place)?;
        suite.agent_command = Some(command.clone());
        let words = command.join(" ");
        Some(match words.chars().count() <= LONGEST {
            true => words,
            false => format!("command {}", place + 1),
        })
    }
}

/// The sides of a suite's matrix: agents within modes, in the order of the file. None without one.
pub fn sides(suite: &Suite) -> Vec<MatrixCell> {
    let Some(matrix) = &suite.matrix else { return Vec::new() };
    let all = |axis: Option<usize>| axis.unwrap_or(1);
    let agents = all(matrix.candidates());
    let modes = all(matrix.mode.as_ref().map(Vec::len));
    let compares = agents > 1 && compares(suite);
    let mut sides = Vec::with_capacity(agents * modes);
    for place in 0..agents * modes {
        let (mode_at, agent_at) = (place / agents.max(1), place % agents.max(1));
        let mut side = Suite { matrix: None, ..suite.clone() };
        let mut label = Vec::new();
        label.extend(matrix.put(agent_at, &mut side));
        if let Some(mode) = matrix.mode.as_ref().and_then(|modes| modes.get(mode_at)) {
            side.mode = Some(*mode);
            label.push(mode.name().to_owned());
        }
        let is_base = compares && agent_at == 0;
        if is_base {
            // What others are compared with is compared with nothing, and all of it is needed.
            side.early_stop = None;
            side.thresholds = side.thresholds.and_then(without_baseline);
        }
        let base = (compares && !is_base).then_some(mode_at * agents);
        sides.push(MatrixCell { suite: side, label: label.join(", "), base, is_base });
    }
    sides
}

/// The thresholds of a side that is compared with nothing; none where no check is left.
fn without_baseline(thresholds: Thresholds) -> Option<Thresholds> {
    let left = Thresholds { baseline: None, ..thresholds };
    let checks = Thresholds { confidence: None, ..left.clone() };
    (checks != Thresholds::default()).then_some(left)
}

/// Whether the sides are compared with the first of them.
pub fn compares(suite: &Suite) -> bool {
    let baseline = suite.thresholds.as_ref().and_then(|thresholds| thresholds.baseline.as_ref());
    baseline.is_some_and(|baseline| baseline.from == FROM)
}

#[cfg(test)]
mod tests {
    use crate::suite::model::Mode;
    use serde_json::json;

    use super::*;

    fn suite(more: serde_json::Value) -> Suite {
        let mut suite = json!({ "version": 1, "scenarios": [1] });
        suite.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(suite).unwrap()
    }

    #[test]
    fn each_agent_is_a_side_in_each_mode() {
        let sides =
            sides(&suite(json!({ "matrix": { "agent": [12, 34], "mode": ["text", "voice"] } })));
        let labels: Vec<&str> = sides.iter().map(|side| side.label.as_str()).collect();
        assert_eq!(
            labels,
            ["agent 12, text", "agent 34, text", "agent 12, voice", "agent 34, voice"]
        );
        assert!(sides.iter().all(|side| side.base.is_none() && !side.is_base));
        assert_eq!((sides[3].suite.agent, sides[3].suite.mode), (Some(34), Some(Mode::Voice)));
        assert!(super::sides(&suite(json!({ "agent": 1 }))).is_empty());
    }

    #[test]
    fn programs_of_the_agent_are_sides_too() {
        let of = |matrix: serde_json::Value| sides(&suite(json!({ "matrix": matrix })));
        let dirs = of(json!({ "agent_dir": ["base", "head"] }));
        let labels: Vec<&str> = dirs.iter().map(|side| side.label.as_str()).collect();
        assert_eq!(labels, ["base", "head"]);
        assert_eq!(dirs[1].suite.agent_dir.as_deref(), Some("head"));
        let long = "x".repeat(80);
        let commands = of(json!({ "agent_command": [["python", "a.py"], ["python", long]] }));
        let labels: Vec<&str> = commands.iter().map(|side| side.label.as_str()).collect();
        assert_eq!(labels, ["python a.py", "command 2"]);
        assert_eq!(commands[0].suite.agent_command.as_ref().unwrap()[1], "a.py");
    }

    #[test]
    fn the_first_agent_is_what_the_others_are_compared_with_in_the_same_mode() {
        let sides = sides(&suite(json!({
            "matrix": { "agent": [12, 34, 56], "mode": ["text", "voice"] },
            "early_stop": "failed",
            "thresholds": { "baseline": { "from": "matrix", "success_rate": { "max_drop": "5%" } } },
        })));
        let bases: Vec<Option<usize>> = sides.iter().map(|side| side.base).collect();
        assert_eq!(bases, [None, Some(0), Some(0), None, Some(3), Some(3)]);
        assert!(sides[0].is_base && sides[3].is_base && !sides[1].is_base);
        assert_eq!(sides[0].suite.early_stop, None);
        assert!(!compares(&sides[0].suite) && compares(&sides[1].suite));
    }
}
