//! When things happen: each run's time line is laid out at the start, and what a run looks like is
//! a pure function of the simulated time since then. There is no clock in here.

use crate::record::Status;

use super::fate::{End, Fate};
use super::world::{ErrorStatus, World};

/// When a run goes from one state into the next, in simulated seconds since the start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeLine {
    /// A line is free and the number is dialled.
    pub dialled: f64,
    /// The conversation begins.
    pub answered: f64,
    /// The call is over, and its line free.
    pub hung_up: f64,
    /// Everything is judged.
    pub settled: f64,
}

/// How long a run's parts take, in simulated seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lengths {
    /// From dialling to the first word.
    pub ringing: f64,
    /// The conversation.
    pub talking: f64,
    /// From its end until it is judged.
    pub judging: f64,
}

/// Lays out the time lines of the runs of one start.
pub(super) fn lay_out(world: &World, fates: &[Fate], lines: usize) -> Vec<TimeLine> {
    let lengths: Vec<Lengths> = fates
        .iter()
        .map(|fate| Lengths {
            ringing: fate.ringing,
            talking: fate.talking,
            judging: if fate.end.is_conversation() { world.evaluate.max(0.0) } else { 0.0 },
        })
        .collect();
    time_lines(&lengths, lines, world.start_rate)
}

/// The time lines of runs that are started together.
///
/// No more than `lines` calls are up at any time, and no more than `start_rate` are dialled each
/// second. A run that was cancelled keeps its place, so that what one run does never moves another.
pub fn time_lines(runs: &[Lengths], lines: usize, start_rate: f64) -> Vec<TimeLine> {
    let mut free = vec![0.0_f64; lines.clamp(1, runs.len().max(1))];
    let pause = 1.0 / start_rate.max(1e-6);
    let mut next = 0.0_f64;
    runs.iter()
        .map(|run| {
            let line = free.iter_mut().min_by(|a, b| a.total_cmp(b));
            let dialled = line.as_deref().copied().unwrap_or_default().max(next);
            next = dialled + pause;
            let answered = dialled + run.ringing;
            let hung_up = answered + run.talking;
            if let Some(line) = line {
                *line = hung_up;
            }
            TimeLine { dialled, answered, hung_up, settled: hung_up + run.judging }
        })
        .collect()
}

/// The status of a run at the simulated time `at`.
pub(super) fn status(line: &TimeLine, end: &End, cancelled: Option<f64>, at: f64) -> Status {
    if cancelled.is_some_and(|cancelled| cancelled < line.settled && cancelled <= at) {
        return Status::Cancelled;
    }
    if at < line.dialled {
        Status::InQueue
    } else if at < line.answered {
        Status::Pending
    } else if at < line.hung_up {
        Status::InProgress
    } else if at < line.settled {
        Status::Evaluating
    } else {
        match end {
            End::Passed | End::Failed(_) | End::Unscored => Status::Completed,
            End::Errored { status, .. } => match status {
                ErrorStatus::Failed => Status::Failed,
                ErrorStatus::Timeout => Status::Timeout,
                ErrorStatus::Cancelled => Status::Cancelled,
                ErrorStatus::Completed => Status::Completed,
            },
        }
    }
}

/// The status of a result, from those of its runs.
///
/// It ends when every run has ended: `completed` as soon as one of them completed, `cancelled` or
/// `timeout` when all did that, otherwise `failed`.
pub(super) fn result_status(runs: &[Status]) -> Status {
    let all = |status: Status| runs.iter().all(|run| *run == status);
    let any = |status: Status| runs.contains(&status);
    if runs.iter().all(Status::is_terminal) {
        return if any(Status::Completed) {
            Status::Completed
        } else if all(Status::Cancelled) && !runs.is_empty() {
            Status::Cancelled
        } else if all(Status::Timeout) && !runs.is_empty() {
            Status::Timeout
        } else {
            Status::Failed
        };
    }
    if all(Status::InQueue) {
        Status::InQueue
    } else if runs.iter().all(|run| run.is_terminal() || *run == Status::Evaluating) {
        Status::Evaluating
    } else if runs.iter().all(|run| matches!(run, Status::InQueue | Status::Pending)) {
        Status::Pending
    } else {
        Status::Running
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fate::draw;
    use super::super::world::Scenario;
    use super::*;

    fn fates(world: &World, runs: usize, error: f64) -> Vec<Fate> {
        let scenario = Scenario { id: 1, pass: 0.7, error, ..Scenario::default() };
        (0..runs as u64).map(|n| draw(world, &scenario, n)).collect()
    }

    fn rank(status: &Status) -> u32 {
        match status {
            Status::InQueue => 0,
            Status::Pending => 1,
            Status::InProgress => 2,
            Status::Evaluating => 3,
            _ => 4,
        }
    }

    #[test]
    fn a_results_status_follows_from_its_runs() {
        use Status::*;
        let table = [
            (vec![InQueue, InQueue], InQueue),
            (vec![Pending, InQueue], Pending),
            (vec![Completed, InQueue], Running),
            (vec![Evaluating, Completed], Evaluating),
            (vec![Completed, Failed, Timeout], Completed),
            (vec![Failed, Timeout], Failed),
            (vec![Timeout, Timeout], Timeout),
            (vec![Cancelled, Cancelled], Cancelled),
            (vec![Cancelled, Failed], Failed),
        ];
        for (runs, expected) in table {
            assert_eq!(result_status(&runs), expected, "{runs:?}");
        }
    }

    #[test]
    fn a_run_that_has_ended_cannot_be_cancelled() {
        let world = World::default();
        let fates = fates(&world, 1, 0.0);
        let line = lay_out(&world, &fates, 1)[0];
        let late = line.settled + 1.0;
        assert_eq!(status(&line, &fates[0].end, Some(late), late), Status::Completed);
        assert_eq!(status(&line, &fates[0].end, Some(0.0), late), Status::Cancelled);
    }

    proptest! {
        #[test]
        fn statuses_never_go_back(
            seed: u64,
            runs in 1_usize..40,
            lines in 1_usize..8,
            error in 0.0..=1.0,
            cancelled in proptest::option::of(0.0..2000.0),
        ) {
            let world = World { seed, ..World::default() };
            let fates = fates(&world, runs, error);
            let plan = lay_out(&world, &fates, lines);
            for (line, fate) in plan.iter().zip(&fates) {
                let mut last = Status::InQueue;
                for step in 0..200 {
                    let now = status(line, &fate.end, cancelled, f64::from(step) * 17.0);
                    prop_assert!(rank(&now) >= rank(&last), "{last:?} then {now:?}");
                    prop_assert!(!last.is_terminal() || now == last, "{last:?} then {now:?}");
                    last = now;
                }
            }
        }

        #[test]
        fn no_more_calls_are_up_than_there_are_lines(
            seed: u64, runs in 1_usize..60, lines in 1_usize..8, rate in 0.1..20.0,
        ) {
            let world = World { seed, start_rate: rate, ..World::default() };
            let plan = lay_out(&world, &fates(&world, runs, 0.1), lines);
            for moment in plan.iter().map(|line| line.dialled) {
                let up = plan.iter().filter(|l| l.dialled <= moment && moment < l.hung_up).count();
                prop_assert!(up <= lines, "{up} calls on {lines} lines");
            }
            for pair in plan.windows(2) {
                prop_assert!(pair[1].dialled - pair[0].dialled >= 1.0 / rate - 1e-9);
            }
        }
    }
}
