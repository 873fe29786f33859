//! What a person sees while waiting: a line when something has changed.
//!
//! Pure text; printing is in `cli`.

use std::time::Duration;

use crate::poll::Tally;
use crate::text;

/// What was last said.
#[derive(Debug, Default)]
pub struct Progress {
    said: Option<Tally>,
}

impl Progress {
    /// A line about the runs, where it differs from the last.
    pub fn line(&mut self, tally: Tally, elapsed: Duration) -> Option<String> {
        if self.said == Some(tally) {
            return None;
        }
        self.said = Some(tally);
        let Tally { ended, talking: going, judging, .. } = tally;
        let total = text::count(tally.runs, "run");
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
        let mut tally = Tally { runs: 3, ended: 1, talking: 1, judging: 0 };
        let mut progress = Progress::default();
        let second = Duration::from_secs(1);
        let line = progress.line(tally, second * 90);
        assert_eq!(line.as_deref(), Some("  1m30s  1 of 3 runs ended, 1 talking"));
        assert_eq!(progress.line(tally, second * 91), None);
        (tally.talking, tally.judging) = (0, 1);
        let line = progress.line(tally, second * 92);
        assert_eq!(line.as_deref(), Some("  1m32s  1 of 3 runs ended, 1 being judged"));
    }
}
