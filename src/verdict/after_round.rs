//! The evidence as it stood after a round, where the runs come in rounds.
//!
//! Pure. Figures over several scenarios are of whole rounds only: a scenario that ran more often than
//! another would weigh more.

use super::evidence::Evidence;
use crate::plan::slots::RoundSlots;

impl<'a> Evidence<'a> {
    /// The rounds that every scenario of this evidence was started in, the first ones: 0 where the
    /// runs do not come in rounds.
    pub fn complete_rounds(&self) -> u32 {
        let of_scenario = |rounds: &[RoundSlots]| {
            (1_u32..).zip(rounds).take_while(|(number, slots)| slots.round == *number).count()
        };
        let least = self.scenarios.iter().map(|one| of_scenario(&one.rounds)).min();
        if self.looks.is_empty() { 0 } else { u32::try_from(least.unwrap_or(0)).unwrap_or(0) }
    }

    /// The evidence after a round: its runs and those of the rounds before it, and what is missing in
    /// them. Planned runs of which nobody knows the scenario are missing from the first round on.
    #[must_use]
    pub fn after_round(&self, last: u32) -> Self {
        let mut part = self.clone();
        part.runs.retain(|(run, _)| run.round.unwrap_or(1) <= last);
        for scenario in &mut part.scenarios {
            let later: usize =
                scenario.rounds.iter().filter(|one| one.round > last).map(|one| one.missing).sum();
            scenario.rounds.retain(|one| one.round <= last);
            scenario.missing = scenario.missing.saturating_sub(later);
            part.missing = part.missing.saturating_sub(later);
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::RunOutcome;
    use crate::record::RunRecord;
    use crate::verdict::evidence::ScenarioSlots;

    fn slots(missing: &[usize]) -> ScenarioSlots {
        let round =
            |(round, missing): (u32, &usize)| RoundSlots { round, planned: 3, missing: *missing };
        ScenarioSlots {
            missing: missing.iter().sum(),
            rounds: (1..).zip(missing).map(round).collect(),
            ..ScenarioSlots::default()
        }
    }

    #[test]
    fn figures_over_scenarios_are_of_the_rounds_that_all_of_them_have() {
        let run = |id: u64, round| RunRecord { id, round, ..RunRecord::default() };
        let runs = [run(1, None), run(2, Some(1)), run(3, Some(2)), run(4, Some(3))];
        let outcomes: Vec<RunOutcome> =
            runs.iter().map(|run| crate::outcome::judge_run(run, 1)).collect();
        let whole = Evidence {
            runs: runs.iter().zip(&outcomes).collect(),
            missing: 7,
            scenarios: vec![slots(&[1, 0, 2]), slots(&[1, 2])],
            looks: vec![3, 6, 9],
            ..Evidence::default()
        };
        assert_eq!(whole.complete_rounds(), 2);
        let first = whole.after_round(1);
        assert_eq!((first.runs.len(), first.missing, first.complete_rounds()), (2, 3, 1));
        let second = whole.after_round(2);
        assert_eq!((second.runs.len(), second.missing), (3, 5), "one is of an unknown scenario");
        assert_eq!(Evidence { looks: Vec::new(), ..whole }.complete_rounds(), 0);
    }
}
