//! When to ask again: a pure function of what is known.
//!
//! A question has a price in seconds. It is asked as soon as the expected lateness has grown to that
//! price: the chance that the result has ended by now and nobody has noticed, added up second by
//! second.

use std::time::Duration;

use super::forecast::Forecast;
pub use super::lifetimes::Prior;
use super::seen::Seen;
use crate::api::options::speed;

/// What a question costs, in seconds of expected lateness.
const PRICE: f64 = 0.12;
/// What is asked less often than once in so many seconds makes the next question cheaper, what is
/// asked more often makes it dearer.
const SPAN_OF_ONE: f64 = 30.0;
/// How many questions more or less hardly change the price.
const LEEWAY: f64 = 16.0;
/// The cheapest that a question becomes, as a part of the price.
const CHEAPEST: f64 = 0.1;
/// The first look is no later than this, in seconds: what can't be called at all fails at once.
const FIRST: f64 = 10.0;
/// A result may also end when nothing foretells it: once in so many seconds.
const SURPRISE: f64 = 5000.0;
/// A chance that is not worth looking at, to save time.
const UNLIKELY: f64 = 1e-4;
/// The steps in which the expected lateness is added up, in seconds.
const STEP: f64 = 0.5;

/// The shortest and the longest wait between two questions, and how fast time goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// The shortest wait.
    pub floor: Duration,
    /// The longest wait.
    pub ceiling: Duration,
    /// Seconds of the platform's calls that go by in one second.
    pub speed: f64,
}

impl Pace {
    /// For the platform itself.
    pub const PLATFORM: Pace =
        Pace { floor: Duration::from_secs(1), ceiling: Duration::from_secs(60), speed: 1.0 };

    /// For a simulator with this time scale, or for the platform. A simulator is asked no more
    /// often than its time makes sense of.
    pub fn at(time_scale: Option<f64>) -> Pace {
        let Some(scale) = time_scale else { return Pace::PLATFORM };
        let speed = speed(scale);
        Pace {
            floor: Pace::PLATFORM.floor.div_f64(speed).max(Duration::from_millis(20)),
            ceiling: Pace::PLATFORM.ceiling.div_f64(speed).max(Duration::from_millis(200)),
            speed,
        }
    }
}

/// How long a result that calls itself ended is given for what is still to come of it, and how long
/// a result that is refused is asked for again.
pub const fn settling(pace: Pace) -> Duration {
    pace.floor.saturating_mul(30)
}

/// How long to wait when the result and its runs do not agree on whether they have ended, for so
/// many times on end: that is over in a moment, or it takes a while.
pub fn wait_lagging(times: u32, pace: Pace) -> Duration {
    let growth = 1.5_f64.powi(i32::try_from(times.min(20)).unwrap_or(20) - 1);
    pace.floor.mul_f64(growth).min(pace.ceiling / 4)
}

/// How long to wait until the next question. `elapsed` is the time since the wait began, `asked`
/// how many questions there were in it.
pub fn wait(seen: &Seen, elapsed: Duration, asked: u32, prior: Prior, pace: Pace) -> Duration {
    let at = elapsed.as_secs_f64() * pace.speed;
    let forecast = Forecast::new(seen, at, prior);
    let used = (f64::from(asked) + LEEWAY) / (at / SPAN_OF_ONE + LEEWAY);
    let price = PRICE * (used * used).max(CHEAPEST);
    let longest = match asked {
        0 => FIRST,
        _ => pace.ceiling.as_secs_f64() * pace.speed,
    };
    let foreseen = forecast.ended(longest) > UNLIKELY;
    let mut late = 0.0;
    let mut after = 0.0;
    while after < longest {
        after += STEP;
        let ended = if foreseen { forecast.ended(after) } else { 0.0 };
        let still = (1.0 - ended) * libm::exp(-after / SURPRISE);
        late += (1.0 - still) * STEP;
        if late >= price {
            break;
        }
    }
    let wait = Duration::try_from_secs_f64(after / pace.speed).unwrap_or(pace.ceiling);
    wait.clamp(pace.floor, pace.ceiling)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::seen::Phase;
    use super::*;

    fn seconds(seen: &Seen, at: u64, asked: u32) -> f64 {
        wait(seen, Duration::from_secs(at), asked, Prior::CALL, Pace::PLATFORM).as_secs_f64()
    }

    fn seen(at: f64, runs: &[Phase]) -> Seen {
        let mut seen = Seen::default();
        seen.look(0.0, (0..).zip(vec![Phase::Waiting; runs.len()]));
        seen.look(at, (0..).zip(runs.iter().copied()));
        seen
    }

    #[test]
    fn the_first_look_comes_early() {
        let wait = seconds(&seen(0.0, &[Phase::Waiting; 10]), 0, 0);
        assert!((5.0..=10.0).contains(&wait), "{wait}");
    }

    #[test]
    fn a_long_queue_is_left_in_peace_and_the_last_run_is_not() {
        let mut queue = vec![Phase::Talking; 10];
        queue.extend([Phase::Waiting; 90]);
        let far = seconds(&seen(60.0, &queue), 60, 3);
        let near = seconds(&seen(60.0, &[Phase::Judging]), 60, 3);
        assert!(far > 20.0 && near < 6.0, "{far} {near}");
    }

    #[test]
    fn what_was_asked_often_is_asked_more_seldom() {
        let seen = seen(60.0, &[Phase::Talking; 3]);
        assert!(seconds(&seen, 100, 40) > seconds(&seen, 100, 4));
    }

    #[test]
    fn a_run_that_hangs_is_asked_for_more_and_more_seldom() {
        let mut seen = seen(30.0, &[Phase::Talking; 20]);
        let mut runs: Vec<(u64, Phase)> = (0..20).map(|id| (id, Phase::Ended)).collect();
        runs[0].1 = Phase::Talking;
        seen.look(120.0, runs);
        let at = |at: u64| seconds(&seen, at, u32::try_from(at / 20).unwrap());
        assert!(at(600) < at(1800) && at(1800) < at(7200), "{} {} {}", at(600), at(1800), at(7200));
    }

    #[test]
    fn once_all_has_ended_there_is_nothing_to_wait_for() {
        assert!(seconds(&seen(60.0, &[Phase::Ended; 3]), 60, 3) <= 1.0);
    }

    #[test]
    fn a_result_that_lags_behind_its_runs_is_waited_for_in_growing_steps() {
        let wait = |times| wait_lagging(times, Pace::PLATFORM);
        assert_eq!(wait(1), Duration::from_secs(1));
        assert!(wait(2) > wait(1) && wait(100) == Duration::from_secs(15));
        let whole: Duration = (1..8).map(wait).sum();
        assert!(whole >= settling(Pace::PLATFORM), "{whole:?}");
    }

    #[test]
    fn a_simulator_is_asked_as_much_more_often_as_its_time_is_faster() {
        assert_eq!(Pace::at(None), Pace::PLATFORM);
        assert_eq!(Pace::at(Some(1.0)), Pace::PLATFORM);
        assert_eq!(Pace::at(Some(0.2)), Pace::PLATFORM, "slower than real time");
        let ten = Pace::at(Some(10.0));
        assert_eq!((ten.floor, ten.ceiling), (Duration::from_millis(100), Duration::from_secs(6)));
        assert!(Pace::at(Some(0.0)).ceiling < Duration::from_secs(1), "over at once");
    }

    proptest! {
        #[test]
        fn a_wait_is_never_shorter_or_longer_than_its_bounds(
            looks in prop::collection::vec(prop::collection::vec(0_u8..4, 5), 1..6),
            at in 0_u64..100_000, asked in 0_u32..100_000,
        ) {
            let mut seen = Seen::default();
            for (place, look) in looks.iter().enumerate() {
                let phase = |n: &u8| match n {
                    0 => Phase::Waiting,
                    1 => Phase::Talking,
                    2 => Phase::Judging,
                    _ => Phase::Ended,
                };
                seen.look(place as f64 * 9.0, (0..).zip(look.iter().map(phase)));
            }
            let wait = wait(&seen, Duration::from_secs(at), asked, Prior::CALL, Pace::PLATFORM);
            prop_assert!(wait >= Pace::PLATFORM.floor && wait <= Pace::PLATFORM.ceiling);
        }
    }
}
