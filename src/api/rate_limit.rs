//! One rate_limit for all that talk to the platform: when it asks one of many requests for patience,
//! none of the others goes on asking.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Until when the platform wants to be left alone.
#[derive(Debug, Default)]
pub(super) struct RateLimitPause(Mutex<Option<Instant>>);

impl RateLimitPause {
    /// Nobody asks for so long from now. A longer wait that is on stays.
    pub(super) fn hold(&self, wait: Duration, now: Instant) {
        let until = now.checked_add(wait);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *held = until.max(*held);
    }

    /// How long to wait before a request. `dice`, a uniform draw from 0 to 1, spreads those that
    /// waited together over a quarter of the wait more.
    pub(super) fn wait(&self, dice: f64, now: Instant) -> Option<Duration> {
        let held = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = held?.saturating_duration_since(now);
        (!left.is_zero()).then(|| left.mul_f64(1.0 + dice.clamp(0.0, 1.0) / 4.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_wait_for_the_longest_that_was_asked_for() {
        let (rate_limit, now, second) =
            (RateLimitPause::default(), Instant::now(), Duration::from_secs(1));
        assert_eq!(rate_limit.wait(0.5, now), None);
        rate_limit.hold(second * 8, now);
        rate_limit.hold(second * 2, now);
        assert_eq!(rate_limit.wait(0.0, now), Some(second * 8));
        assert_eq!(rate_limit.wait(1.0, now), Some(second * 10));
        assert_eq!(rate_limit.wait(1.0, now + second * 8), None);
    }
}
