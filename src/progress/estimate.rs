//! When a result will probably be over: an honest guess, or none.
//!
//! Calls end at a steady rate once the first ones have; before that nothing can be said. Where no
//! call waits for a line any more, none takes longer than about the longest so far.

use std::time::Duration;

use super::Counts;

/// Less than this is not foretold.
const SOON: Duration = Duration::from_secs(5);

/// What is known of the pace.
#[derive(Debug, Clone, Copy, Default)]
pub struct Estimate {
    counts: Counts,
    /// When the first run had ended, and how many had by then.
    first: Option<(Duration, usize)>,
    /// When the number of ended runs last grew.
    last: Duration,
    longest: f64,
}

impl Estimate {
    /// Takes in an answer. `longest` is the longest conversation so far, in seconds.
    pub(super) fn take(&mut self, counts: Counts, elapsed: Duration, longest: f64) {
        if counts.ended() > self.counts.ended() {
            self.last = elapsed;
            if self.first.is_none() {
                self.first = Some((elapsed, counts.ended()));
            }
        }
        (self.counts, self.longest) = (counts, longest);
    }

    /// Takes in an answer that says nothing of the lengths.
    pub(super) fn go_on(&mut self, counts: Counts, elapsed: Duration) {
        self.take(counts, elapsed, self.longest);
    }

    /// How long it will probably take from now on; none where too little is known.
    pub(super) fn left(&self, elapsed: Duration) -> Option<Duration> {
        let (ended, total) = (self.counts.ended(), self.counts.total());
        let (since, by_then) = self.first?;
        let more = ended.checked_sub(by_then).filter(|more| *more >= 3)?;
        if ended * 10 < total || ended == total {
            return None;
        }
        // Silence since the last end slows the pace down: the guess grows as long as nothing ends.
        let span = elapsed.max(self.last).saturating_sub(since).as_secs_f64();
        let by_pace = span / more as f64 * (total - ended) as f64;
        let waits = self.counts.waiting > 0 || self.longest <= 0.0;
        let seconds = if waits { by_pace } else { by_pace.min(self.longest) };
        // What is over in a moment needs no foretelling.
        Duration::try_from_secs_f64(seconds).ok().filter(|left| *left >= SOON)
    }
}

/// A span as a guess is told: to ten seconds below two minutes, else to the minute.
pub(super) fn rounded(span: Duration) -> String {
    let step = if span < Duration::from_secs(120) { 10 } else { 60 };
    let seconds = span.as_secs().div_ceil(step).max(1) * step;
    crate::text::span(Duration::from_secs(seconds))
}
