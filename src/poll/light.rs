//! The light list against what is known: what it says of each run, or why it is not believed.
//!
//! It decides when to look at the result itself, and nothing else. Pure.

use std::collections::BTreeSet;

use super::seen::Phase;
use crate::api::wire::RunStatuses;
use crate::record::RunRecord;

/// Whether the light list is asked, and when the result itself is looked at instead.
#[derive(Debug, Clone, Default)]
pub struct Light {
    /// How often on end it was of no use.
    strikes: u32,
    /// When the result itself was looked at last, in seconds since the wait began.
    whole_at: f64,
    /// How many runs had ended then.
    ended_then: usize,
}

/// After so many useless lists on end none is asked for any more.
const MOST_STRIKES: u32 = 3;
/// The result itself is looked at once in so many seconds, or in a quarter of the time that the
/// wait has lasted: a list that stands still is found out.
const LONGEST_TRUST: f64 = 300.0;
/// A result with no more runs than this is as quickly read itself, and needs no further question once
/// all have ended.
const SMALL: usize = 10;
/// In a result with more runs than this the failures are not looked at before the end.
const MOST_LOOKED_INTO: usize = 500;

impl Light {
    /// Whether the next look is at the light list.
    pub fn serves(&self, at: f64, runs: usize, ended: usize) -> bool {
        let trusted = at - self.whole_at < LONGEST_TRUST.max(at / 4.0);
        let fresh = ended.saturating_sub(self.ended_then);
        // What has ended since is worth a look: one may want to see the failures.
        let wanted = runs <= MOST_LOOKED_INTO && fresh >= (runs / 5).max(1);
        runs > SMALL && self.strikes < MOST_STRIKES && trusted && !wanted
    }

    /// Whether so much has ended since that the verdict may be known.
    pub(super) fn may_decide(&self, runs: usize, ended: usize) -> bool {
        ended.saturating_sub(self.ended_then) >= (runs / 20).max(1)
    }

    /// The result itself was looked at.
    pub fn whole(&mut self, at: f64, ended: usize) {
        self.whole_at = at;
        self.ended_then = ended;
    }

    /// A list was of use.
    pub(super) fn served(&mut self) {
        self.strikes = 0;
    }

    /// A list was of no use.
    pub(super) fn failed(&mut self) {
        self.strikes += 1;
    }

    /// There is no such list, or it is not for this key.
    pub(super) fn refused(&mut self) {
        self.strikes = MOST_STRIKES;
    }
}

/// What a light list says of the runs, or why it can't be.
pub(super) fn phases(
    known: &[RunRecord],
    glimpse: &RunStatuses,
) -> Result<Vec<(u64, Phase)>, &'static str> {
    let ids: BTreeSet<u64> = known.iter().map(|run| run.id).collect();
    let listed: BTreeSet<u64> = glimpse.runs.iter().map(|(id, _)| *id).collect();
    let count = usize::try_from(glimpse.count).unwrap_or(usize::MAX);
    if listed.len() < glimpse.runs.len() {
        return Err("it names a run twice");
    }
    if listed.len() > count || (listed.is_empty() && count > 0) {
        return Err("its count of runs differs from the runs it lists");
    }
    if count > ids.len() || !listed.is_subset(&ids) {
        return Err("it names runs that the result does not have");
    }
    let mut phases: Vec<(u64, Phase)> =
        glimpse.runs.iter().map(|(id, status)| (*id, Phase::from(status))).collect();
    if phases.iter().any(|(_, phase)| *phase == Phase::Ended) {
        return Err("it names runs that have ended");
    }
    // The first page of several says nothing of the runs on the others.
    if count == listed.len() {
        phases.extend(ids.difference(&listed).map(|id| (*id, Phase::Ended)));
    }
    Ok(phases)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Status;

    fn known(ids: &[u64]) -> Vec<RunRecord> {
        ids.iter().map(|id| RunRecord { id: *id, ..RunRecord::default() }).collect()
    }

    fn read(count: u64, runs: &[(u64, Status)]) -> Result<Vec<(u64, Phase)>, &'static str> {
        phases(&known(&[1, 2, 3]), &RunStatuses { count, runs: runs.to_vec() })
    }

    #[test]
    fn what_is_not_listed_has_ended() {
        let phases = read(1, &[(2, Status::Evaluating)]).unwrap();
        assert_eq!(phases, [(2, Phase::Judging), (1, Phase::Ended), (3, Phase::Ended)]);
        assert_eq!(read(0, &[]).unwrap().len(), 3);
    }

    #[test]
    fn a_first_page_says_nothing_of_the_others() {
        assert_eq!(read(2, &[(2, Status::Running)]).unwrap(), [(2, Phase::Talking)]);
    }

    #[test]
    fn a_list_that_contradicts_itself_or_the_result_is_not_believed() {
        for (count, runs) in [
            (0, vec![(1, Status::Running)]),
            (2, vec![]),
            (4, vec![(1, Status::Running)]),
            (1, vec![(9, Status::Running)]),
            (2, vec![(1, Status::Running), (1, Status::Running)]),
            (1, vec![(1, Status::Completed)]),
        ] {
            assert!(read(count, &runs).is_err(), "{count} {runs:?}");
        }
    }

    #[test]
    fn a_list_that_is_of_no_use_is_given_up() {
        let mut light = Light::default();
        assert!(light.serves(10.0, 11, 0));
        light.failed();
        light.failed();
        light.served();
        light.failed();
        light.failed();
        assert!(light.serves(10.0, 11, 0), "two on end");
        light.failed();
        assert!(!light.serves(10.0, 11, 0));
        let mut light = Light::default();
        light.refused();
        assert!(!light.serves(10.0, 11, 0));
    }

    #[test]
    fn of_few_runs_the_result_itself_is_asked_for_each_time() {
        let light = Light::default();
        assert!(!light.serves(10.0, 10, 0) && light.serves(10.0, 11, 0));
    }

    #[test]
    fn the_result_itself_is_looked_at_now_and_then() {
        let mut light = Light::default();
        assert!(!light.serves(300.0, 100, 0), "a list that stands still is found out");
        light.whole(3000.0, 0);
        assert!(light.serves(3500.0, 100, 0));
        assert!(!light.serves(3500.0, 100, 20), "failures can be shown");
        assert!(light.serves(3500.0, 10_000, 5000), "of very many, they are not");
        assert!(light.may_decide(100, 5) && !light.may_decide(100, 4));
    }
}
