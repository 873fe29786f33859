//! When to ask again: a pure function of what is known.

use std::time::Duration;

use crate::record::ResultRecord;

/// The shortest and the longest wait between two questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The shortest wait.
    pub floor: Duration,
    /// The longest wait.
    pub ceiling: Duration,
}

impl Pace {
    /// For the platform itself.
    pub const PLATFORM: Pace =
        Pace { floor: Duration::from_secs(2), ceiling: Duration::from_secs(15) };
    /// For a stand-in in the same process.
    pub const STAND_IN: Pace =
        Pace { floor: Duration::from_millis(20), ceiling: Duration::from_millis(200) };
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Ask again after this time.
    Ask(Duration),
    /// All is known.
    Finish,
}

/// How many floors a result that calls itself ended is given for its last runs to end too.
const SETTLING_FLOORS: u32 = 15;

/// What to do after an answer. `settling` is the time since the result first called itself ended.
///
/// The wait grows with the time spent, by a tenth of it: the end is then learned of late by a
/// small share of the whole wait, however long that is.
pub fn step(
    record: &ResultRecord,
    elapsed: Duration,
    settling: Option<Duration>,
    pace: Pace,
) -> Step {
    if record.status.is_terminal() {
        let all_ended = record.runs.iter().all(|run| run.status.is_terminal());
        let patience = pace.floor * SETTLING_FLOORS;
        let given_up = settling.is_some_and(|settling| settling >= patience);
        return if all_ended || given_up { Step::Finish } else { Step::Ask(pace.floor) };
    }
    Step::Ask((elapsed / 10).clamp(pace.floor, pace.ceiling))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{RunRecord, Status};

    fn record(result: Status, run: Status) -> ResultRecord {
        let runs = vec![RunRecord { status: run, ..RunRecord::default() }];
        ResultRecord { status: result, runs, ..ResultRecord::default() }
    }

    fn after(seconds: u64, result: Status, run: Status) -> Step {
        let settling = result.is_terminal().then(|| Duration::from_secs(seconds));
        step(&record(result, run), Duration::from_secs(seconds), settling, Pace::PLATFORM)
    }

    #[test]
    fn each_of_the_four_ends_finishes() {
        for end in [Status::Completed, Status::Failed, Status::Timeout, Status::Cancelled] {
            assert_eq!(after(0, end.clone(), end), Step::Finish);
        }
    }

    #[test]
    fn the_wait_grows_with_the_time_spent_between_floor_and_ceiling() {
        let wait = |seconds| after(seconds, Status::Running, Status::Running);
        assert_eq!(wait(0), Step::Ask(Duration::from_secs(2)));
        assert_eq!(wait(60), Step::Ask(Duration::from_secs(6)));
        assert_eq!(wait(6000), Step::Ask(Duration::from_secs(15)));
    }

    #[test]
    fn an_ended_result_gives_its_last_runs_some_time_to_end_too() {
        assert_eq!(
            after(0, Status::Completed, Status::Evaluating),
            Step::Ask(Duration::from_secs(2))
        );
        assert_eq!(after(30, Status::Completed, Status::Evaluating), Step::Finish);
    }

    #[test]
    fn an_unknown_status_is_in_progress() {
        let unknown = Status::Unknown("teleporting".to_owned());
        assert!(matches!(after(0, unknown.clone(), unknown), Step::Ask(_)));
    }
}
