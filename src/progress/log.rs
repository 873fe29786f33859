//! Progress in a log that nobody may be watching: each failure, a line when something changed, and
//! a sign of life now and then.

use std::time::Duration;

use super::{Counts, Progress};
use crate::text;

/// How many failures are told one by one. The reports have them all.
const MOST_NEWS: usize = 20;

/// The shortest time between two lines.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest silence.
const SILENCE: Duration = Duration::from_secs(60);

/// What was last said, and when.
#[derive(Debug, Default)]
pub struct Log {
    said: Option<(Counts, Duration)>,
    news: usize,
}

impl Log {
    /// The lines that are due. `last` says that nothing will follow, so that the end is told.
    pub fn lines(
        &mut self,
        progress: &mut Progress,
        elapsed: Duration,
        limit: Duration,
        last: bool,
    ) -> Vec<String> {
        let clock = format!("{:>7}", text::seconds(elapsed.as_secs_f64()));
        let mut lines = Vec::new();
        for news in progress.news.drain(..) {
            self.news += 1;
            if self.news <= MOST_NEWS {
                lines.push(format!("{clock}  {news}"));
            } else if self.news == MOST_NEWS + 1 {
                lines.push(format!("{clock}  more runs that did not pass are in the reports"));
            }
        }
        let (is_due, changed) = match self.said {
            None => (true, true),
            Some((counts, at)) => {
                let quiet = elapsed.saturating_sub(at);
                let changed = counts != progress.counts;
                // The longer it takes, the less often small steps are news.
                let enough = quiet >= (elapsed / 20).clamp(PAUSE, SILENCE) || last;
                ((changed && enough) || quiet >= SILENCE, changed)
            }
        };
        if is_due {
            let counts = progress.counts;
            self.said = Some((counts, elapsed));
            let mut line = format!("{clock}  {}", progress.headline());
            let words = counts.words();
            if counts.ended() < counts.total() && !words.is_empty() {
                line.push_str(&format!(": {words}"));
            }
            if !changed {
                line.push_str("; no change");
            }
            if let Some(outlook) = progress.outlook(elapsed, limit) {
                line.push_str(&format!("; {outlook}"));
            }
            lines.push(line);
        }
        lines
    }
}
