//! Whether the suite that judges a result is the one that its evidence is of.
//!
//! A suite with another agent, mode, selection or frequency judges other runs than it would start:
//! however its checks stand, nothing is decided.

use std::collections::{BTreeMap, BTreeSet};

use crate::input::suite_file::Loaded;
use crate::plan::Plan;
use crate::plan::mark::{Event, Mark, Origin};
use crate::plan::rounds::PlannedRounds;
use crate::record::ResultRecord;
use crate::report::model::PlanHead;
use crate::suite::matrix::sides;
use crate::suite::model::{Mode, Suite};
use crate::text::count;

/// What is to be said where a suite judges the result of an agent that it does not name.
pub(crate) fn foreign_agent(suite: &Suite, result: &ResultRecord) -> Option<String> {
    let (suite, result) = (suite.agent?, result.agent?);
    let foreign = suite != result;
    foreign.then(|| format!("the suite names agent {suite}, the result is of agent {result}"))
}

impl Loaded {
    /// The suite of the matrix cell that a result or a gate of this name is of; the whole suite where
    /// it has no matrix, or no such cell.
    pub(crate) fn of_side(mut self, of: Option<&str>) -> Self {
        let name = self.name();
        let rest = of.and_then(|of| of.strip_prefix(&format!("{name} · ")));
        let is_of = |label: &str| {
            let rest = rest.and_then(|rest| rest.strip_prefix(label));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        if let Some(side) = sides(&self.suite).into_iter().find(|side| is_of(&side.label)) {
            let name = Some(format!("{name} · {}", side.label));
            self.suite = Suite { name, ..side.suite };
        }
        self
    }
}

/// What is known of the evidence, beside the runs themselves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EvidenceOf<'a> {
    /// The result.
    pub(crate) result: &'a ResultRecord,
    /// What started it had planned; none where nobody knows.
    pub(crate) planned: Option<&'a PlanHead>,
    /// The mode that it was started in; none where only its name says it.
    pub(crate) mode: Option<Mode>,
}

/// What a suite would run that the evidence is not of, in words; none where it is of the same, or
/// where nothing says otherwise. A suite of thresholds alone would run nothing.
pub(crate) fn is_of_another(suite: &Suite, name: &str, evidence: EvidenceOf<'_>) -> Option<String> {
    if let Some(why) = foreign_agent(suite, evidence.result) {
        return Some(why);
    }
    // One call of a side is less than its suite starts, and is judged as what it is.
    if evidence.result.name.as_deref().is_some_and(|name| name.contains(" · set ")) {
        return None;
    }
    let plan = Plan::new(suite, name, None, "").ok().filter(|_| suite.matrix.is_none())?;
    let mode = suite.mode.unwrap_or_default();
    if let Some(seen) = evidence.mode.filter(|seen| *seen != mode) {
        let (wanted, seen) = (mode.name(), seen.name());
        return Some(format!("its mode is {wanted}, and that of the evidence is {seen}"));
    }
    let wanted = plan.runs_per_scenario;
    let seen = evidence.runs_per_scenario().filter(|_| plan.spec().is_none());
    if let Some(seen) = seen.filter(|seen| *seen != wanted) {
        let wanted = count(wanted, "run");
        return Some(format!(
            "it has {wanted} of each scenario, and the plan of the evidence has {seen}"
        ));
    }
    let rounds = evidence.planned.map(|planned| &planned.rounds);
    let looks = |rounds: &Option<PlannedRounds>| rounds.as_ref().map(|rounds| rounds.looks.clone());
    if rounds.is_some_and(|rounds| looks(rounds) != looks(&PlannedRounds::of(&plan))) {
        return Some("its runs come in other rounds than those of the evidence".to_owned());
    }
    const OTHER: &str = "it selects other scenarios";
    let ids: BTreeSet<u64> = plan.scenarios().into_iter().collect();
    let seen = evidence.scenarios();
    // A result that is going, or has lost runs, may show fewer.
    let differ = match evidence.is_whole() {
        true => ids != seen,
        false => !seen.is_subset(&ids),
    };
    if !ids.is_empty() && !seen.is_empty() && differ {
        return Some(OTHER.to_owned());
    }
    let ours = Mark::new(Origin { event: Event::Unknown, commit: None }, suite).selection;
    let theirs = evidence.result.name.as_deref().and_then(Mark::of_name)?.selection;
    // The mark of test cases is of their names, which may be spelled again.
    (!suite.brings_cases() && ours != theirs).then(|| match evidence.mode {
        Some(_) => OTHER.to_owned(),
        None => "it is of another agent, mode or selection".to_owned(),
    })
}

impl EvidenceOf<'_> {
    /// How many runs of each scenario there were to be; none where it is not known.
    fn runs_per_scenario(self) -> Option<usize> {
        let planned = self.planned.map(|planned| planned.runs_per_scenario);
        if let Some(planned) = planned.filter(|runs| *runs > 0) {
            return Some(planned);
        }
        // Only where all have as many: scenarios that lost runs say nothing of the others.
        let mut by_scenario: BTreeMap<u64, usize> = BTreeMap::new();
        for id in self.result.runs.iter().filter_map(|run| run.scenario) {
            *by_scenario.entry(id).or_default() += 1;
        }
        let different: BTreeSet<usize> = by_scenario.into_values().collect();
        let mut different = different.into_iter().filter(|_| self.is_whole());
        different.next().filter(|_| different.next().is_none())
    }

    /// The scenarios that there were to be, or those that ran.
    fn scenarios(self) -> BTreeSet<u64> {
        match self.planned.filter(|planned| !planned.scenarios.is_empty()) {
            Some(planned) => planned.scenarios.iter().copied().collect(),
            None => self.result.runs.iter().filter_map(|run| run.scenario).collect(),
        }
    }

    /// Whether it has ended and shows as many runs as the platform counts.
    fn is_whole(self) -> bool {
        let counted = self.result.claims.total_runs.and_then(|total| usize::try_from(total).ok());
        let runs = self.result.runs.len();
        self.planned.is_some_and(|planned| !planned.scenarios.is_empty())
            || (self.result.status.is_terminal() && counted.is_none_or(|counted| counted == runs))
    }
}
