//! What was seen of the runs so far: in which phase each is, since about when, and how long the
//! phases took of those that have left them.
//!
//! Times are seconds since the wait began. What changed between two looks changed in the middle
//! between them. Pure.

use std::collections::BTreeMap;

use super::lifetimes::Between;
use crate::record::Status;

/// How many calls the platform starts each second.
pub(super) const START_RATE: f64 = 5.0;

/// Where a run is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It has not been called yet.
    Waiting,
    /// The call is going, or it does something that this program does not know.
    Talking,
    /// The call is over and is being judged.
    Judging,
    /// It has ended.
    Ended,
}

impl From<&Status> for Phase {
    fn from(status: &Status) -> Self {
        match status {
            Status::Pending | Status::InQueue | Status::ScalingUp => Phase::Waiting,
            Status::Running | Status::InProgress | Status::Unknown(_) => Phase::Talking,
            Status::Evaluating => Phase::Judging,
            Status::Completed | Status::Failed | Status::Timeout | Status::Cancelled => {
                Phase::Ended
            }
        }
    }
}

/// A run, as far as seen.
#[derive(Debug, Clone, Copy)]
struct Run {
    phase: Phase,
    /// About when its phase began.
    since: f64,
    /// Between which moments its call began.
    called: Option<Between>,
}

/// What was seen of all the runs.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    runs: BTreeMap<u64, Run>,
    /// When it was last looked at them.
    at: Option<f64>,
    /// Lengths of calls, each with the number of those that are alike.
    pub(super) calls: Vec<(Between, f64)>,
    /// Lengths of calls and their judging, where it was not seen when the one became the other.
    pub(super) wholes: Vec<(Between, f64)>,
    /// For how many seconds runs were being judged, all together.
    pub(super) judging: f64,
    /// The most calls that were going at once.
    pub(super) parallel: usize,
}

impl Seen {
    /// Takes in a look at the runs.
    pub fn look(&mut self, at: f64, runs: impl IntoIterator<Item = (u64, Phase)>) {
        let last = self.at.unwrap_or(at);
        let gap = at - last;
        let judged_before = self.count(Phase::Judging);
        for (id, phase) in runs {
            // Those that come first are called first, a few each second.
            let rank = self.runs.len() as f64;
            match self.runs.get_mut(&id) {
                Some(run) => match run.moves_to(phase, (last, at)) {
                    Some((length, Phase::Judging)) => count(&mut self.calls, length),
                    Some((length, _)) => count(&mut self.wholes, length),
                    None => {}
                },
                None => {
                    let first = (rank / START_RATE).min(at);
                    let called = (phase > Phase::Waiting).then_some((first, (first + 3.0).min(at)));
                    // How long it has been judged by now, nobody saw.
                    let since =
                        if phase == Phase::Judging { at } else { called.map_or(0.0, |(at, _)| at) };
                    self.runs.insert(id, Run { phase, since, called });
                }
            }
        }
        self.at = Some(at);
        // However far apart the looks are: who is in a room and how many leave it tells how long they
        // stay.
        let judged = judged_before + self.count(Phase::Judging);
        self.judging += gap * judged as f64 / 2.0;
        let going = self.runs.values().filter(|run| run.phase == Phase::Talking).count();
        self.parallel = self.parallel.max(going);
    }

    /// Takes in that nothing has changed.
    pub fn look_again(&mut self, at: f64) {
        self.look(at, []);
    }

    /// The runs whose call is going.
    pub fn talking(&self) -> Vec<u64> {
        let talking = self.runs.iter().filter(|(_, run)| run.phase == Phase::Talking);
        talking.map(|(id, _)| *id).collect()
    }

    /// How many runs are in a phase.
    pub fn count(&self, phase: Phase) -> usize {
        self.runs.values().filter(|run| run.phase == phase).count()
    }

    /// How long the runs of a phase have been in it at a time.
    pub(super) fn ages(&self, phase: Phase, at: f64) -> impl Iterator<Item = f64> {
        let of_phase = self.runs.values().filter(move |run| run.phase == phase);
        of_phase.map(move |run| (at - run.since).max(0.0))
    }

    /// Whether every run has ended, and there is one.
    pub fn all_ended(&self) -> bool {
        !self.runs.is_empty() && self.runs.values().all(|run| run.phase == Phase::Ended)
    }
}

impl Run {
    /// Goes into another phase between two moments. Gives the time since its call began, where
    /// that is over now, and the phase that it went to. One that goes back starts afresh.
    fn moves_to(&mut self, phase: Phase, between: Between) -> Option<(Between, Phase)> {
        if self.phase == phase {
            return None;
        }
        let (last, at) = between;
        let length = match (self.phase, phase) {
            (Phase::Talking, Phase::Judging | Phase::Ended) => {
                self.called.map(|(earliest, latest)| ((last - latest).max(0.0), at - earliest))
            }
            // It was called and hung up between two looks.
            (Phase::Waiting, Phase::Judging | Phase::Ended) => Some((0.0, at - last)),
            _ => None,
        };
        if phase <= Phase::Talking {
            self.called = (phase == Phase::Talking).then_some(between);
        }
        self.phase = phase;
        self.since = (last + at) / 2.0;
        length.map(|length| (length, phase))
    }
}

/// Counts a length with those that are alike. Between the same looks many change at once.
fn count(lengths: &mut Vec<(Between, f64)>, length: Between) {
    match lengths.iter_mut().rev().take(64).find(|(known, _)| *known == length) {
        Some((_, count)) => *count += 1.0,
        None => lengths.push((length, 1.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_measured_between_the_looks() {
        let mut seen = Seen::default();
        seen.look(0.0, [(1, Phase::Waiting)]);
        seen.look(10.0, [(1, Phase::Talking)]);
        seen.look(110.0, [(1, Phase::Talking)]);
        seen.look(120.0, [(1, Phase::Judging)]);
        seen.look(130.0, [(1, Phase::Ended)]);
        assert_eq!((seen.calls[0], seen.judging), (((100.0, 120.0), 1.0), 10.0));
        assert!(seen.all_ended());
    }

    #[test]
    fn the_first_calls_begin_as_fast_as_the_platform_starts_them() {
        let mut seen = Seen::default();
        seen.look(30.0, (0..10).map(|id| (id, Phase::Talking)));
        let ages: Vec<f64> = seen.ages(Phase::Talking, 30.0).collect();
        assert!((ages[0] - 30.0).abs() < 1e-9 && (ages[9] - 28.2).abs() < 1e-9, "{ages:?}");
        assert_eq!(seen.parallel, 10);
    }

    #[test]
    fn a_run_that_goes_back_teaches_nothing_and_starts_afresh() {
        let mut seen = Seen::default();
        seen.look(0.0, [(1, Phase::Judging)]);
        seen.look(10.0, [(1, Phase::Waiting)]);
        seen.look(20.0, [(1, Phase::Talking)]);
        assert!(seen.calls.is_empty() && seen.wholes.is_empty());
        assert_eq!(seen.ages(Phase::Talking, 20.0).collect::<Vec<_>>(), [5.0]);
    }

    #[test]
    fn an_unknown_status_is_under_way() {
        assert_eq!(Phase::from(&Status::Unknown("teleporting".to_owned())), Phase::Talking);
    }
}
