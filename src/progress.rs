//! What a person sees while waiting: a line when something has changed.
//!
//! Pure text; printing is in `cli`.

use std::time::Duration;

use crate::record::{ResultRecord, RunRecord, Status};
use crate::text;

/// What was last said.
#[derive(Debug, Default)]
pub struct Progress {
    said: Option<(usize, usize, usize)>,
}

impl Progress {
    /// A line about the runs, where it differs from the last.
    pub fn line(&mut self, record: &ResultRecord, elapsed: Duration) -> Option<String> {
        let count =
            |wanted: fn(&RunRecord) -> bool| record.runs.iter().filter(|run| wanted(run)).count();
        let ended = count(|run| run.status.is_terminal());
        let judging = count(|run| run.status == Status::Evaluating);
        let going = count(|run| matches!(run.status, Status::Running | Status::InProgress));
        if self.said == Some((ended, judging, going)) {
            return None;
        }
        self.said = Some((ended, judging, going));
        let total = text::count(record.runs.len(), "run");
        let mut line =
            format!("{:>7}  {ended} of {total} ended", text::seconds(elapsed.as_secs_f64()));
        for (count, what) in [(going, "talking"), (judging, "being judged")] {
            if count > 0 {
                line.push_str(&format!(", {count} {what}"));
            }
        }
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_said_only_when_something_changed() {
        let run = |status| RunRecord { status, ..RunRecord::default() };
        let mut record = ResultRecord {
            runs: vec![run(Status::Completed), run(Status::Running), run(Status::InQueue)],
            ..ResultRecord::default()
        };
        let mut progress = Progress::default();
        let second = Duration::from_secs(1);
        let line = progress.line(&record, second * 90);
        assert_eq!(line.as_deref(), Some("  1m30s  1 of 3 runs ended, 1 talking"));
        assert_eq!(progress.line(&record, second * 91), None);
        record.runs[1].status = Status::Evaluating;
        let line = progress.line(&record, second * 92);
        assert_eq!(line.as_deref(), Some("  1m32s  1 of 3 runs ended, 1 being judged"));
    }
}
