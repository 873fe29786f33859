//! Whether and when to ask again: one pure table.
//!
//! A request that only reads is repeated on anything that may pass. A request that starts or
//! changes something is repeated only where it was not taken: no connection was made, or 425, 429,
//! or 503 with `Retry-After` was answered, which say so. As they may come from what stands before
//! the platform, a start looks for its result first ([`start`](super::start)). Credentials and
//! other 4xx never. Waits are "full jitter" (`rand(0, min(cap, base · 2^n))`, Marc Brooker, "Exponential
//! Backoff And Jitter", 2015), never shorter than `Retry-After` asks and never beyond the time that
//! is left.

use std::time::Duration;

/// What a request does on the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It only reads.
    Reads,
    /// Doing it twice is the same as doing it once.
    Idempotent,
    /// Doing it twice costs twice.
    Starts,
}

/// Why a request gave no usable answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No connection was made, so that nothing was processed.
    NotConnected,
    /// The host's name leads nowhere, so that nothing was processed.
    UnknownHost,
    /// The host did not prove who it is, so that nothing was sent to it.
    Untrusted,
    /// The connection broke or timed out after the request may have been sent.
    Broken,
    /// The platform answered with this status.
    Status(u16),
    /// The body is not what the platform writes.
    BadBody,
    /// The body is larger than any answer of the platform.
    TooLarge,
}

/// One failed attempt.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// What the request does.
    pub effect: Effect,
    /// Why it failed.
    pub failure: Failure,
    /// How often it was tried before, from 0.
    pub earlier: u32,
    /// What the platform asked to wait.
    pub retry_after: Option<Duration>,
    /// The time that is left.
    pub remaining: Duration,
    /// How long waits are.
    pub backoff: Backoff,
}

/// How long the waits between attempts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The longest first wait; it doubles with each attempt.
    pub base: Duration,
    /// No wait is longer, unless the platform asks for it.
    pub cap: Duration,
}

/// What to do after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Wait this long, then ask again.
    Wait(Duration),
    /// Give up.
    GiveUp,
}

/// How often a request is repeated. With a cap of 20 seconds this rides out an outage of
/// two minutes and a half.
const MOST: u32 = 20;
/// How often a body that makes no sense is asked for again: half a minute's worth.
const MOST_BAD_BODIES: u32 = 8;
/// How often a host that nobody knows is looked up again: names come late where networks do.
const MOST_LOOKUPS: u32 = 4;

/// Decides about one failed attempt. `dice` is a uniform draw from 0 to 1.
pub fn decide(attempt: &Attempt, dice: f64) -> Decision {
    if attempt.earlier >= most(attempt) {
        return Decision::GiveUp;
    }
    let Backoff { base, cap } = attempt.backoff;
    let ceiling = base.saturating_mul(2_u32.saturating_pow(attempt.earlier)).min(cap);
    let jittered = ceiling.mul_f64(dice.clamp(0.0, 1.0));
    let wait = jittered.max(attempt.retry_after.unwrap_or_default());
    if wait < attempt.remaining { Decision::Wait(wait) } else { Decision::GiveUp }
}

/// How often a request that failed so may be repeated.
fn most(attempt: &Attempt) -> u32 {
    let unknown = fate(attempt.failure, attempt.retry_after.is_some()) == Delivery::Unknown;
    if attempt.effect == Effect::Starts && unknown {
        return 0;
    }
    match attempt.failure {
        Failure::NotConnected | Failure::Broken => MOST,
        Failure::UnknownHost => MOST_LOOKUPS,
        Failure::BadBody => MOST_BAD_BODIES,
        // Not implemented, no such version, sign in to the network first: waiting changes nothing.
        Failure::Status(501 | 505 | 511) => 0,
        Failure::Status(408 | 425 | 429 | 500..=599) => MOST,
        Failure::Status(_) | Failure::Untrusted | Failure::TooLarge => 0,
    }
}

/// What is known of a request that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It was never sent, or it was refused.
    NotTaken,
    /// Who answered says that it was not taken, and to come again.
    PutOff,
    /// The platform may have processed it.
    Unknown,
}

/// What is known of a request that failed so. `asked_to_wait`: `Retry-After` was sent.
pub const fn fate(failure: Failure, asked_to_wait: bool) -> Delivery {
    match failure {
        Failure::NotConnected | Failure::UnknownHost | Failure::Untrusted => Delivery::NotTaken,
        Failure::Broken | Failure::BadBody | Failure::TooLarge => Delivery::Unknown,
        Failure::Status(425 | 429) => Delivery::PutOff,
        Failure::Status(503) if asked_to_wait => Delivery::PutOff,
        Failure::Status(408 | 500..) => Delivery::Unknown,
        Failure::Status(_) => Delivery::NotTaken,
    }
}

/// How long the platform asks to wait: its `Retry-After`, which counts from its own `Date` where it
/// names a date and sends one, so that a wrong clock on this side changes nothing.
pub fn asked_wait(
    retry_after: &str,
    date: Option<&str>,
    own_clock: jiff::Timestamp,
) -> Option<Duration> {
    let theirs = date.and_then(http_date);
    self::retry_after(retry_after, theirs.unwrap_or(own_clock))
}

/// Reads `Retry-After`: seconds, or one of the three date forms of RFC 9110 §5.6.7. A date in the
/// past is no wait; what can't be read is none asked for.
pub fn retry_after(value: &str, now: jiff::Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let then = http_date(value)?;
    Some(Duration::try_from(then.duration_since(now)).unwrap_or_default())
}

/// A date in one of the three forms.
fn http_date(value: &str) -> Option<jiff::Timestamp> {
    httpdate::parse_http_date(value.trim()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn attempt(effect: Effect, failure: Failure) -> Attempt {
        Attempt {
            effect,
            failure,
            earlier: 0,
            retry_after: None,
            remaining: Duration::from_secs(3600),
            backoff: Backoff { base: Duration::from_millis(500), cap: Duration::from_secs(20) },
        }
    }

    fn repeats(effect: Effect, failure: Failure) -> bool {
        decide(&attempt(effect, failure), 0.5) != Decision::GiveUp
    }

    #[test]
    fn a_date_to_wait_for_counts_from_the_platforms_clock_not_from_this_ones() {
        let until = "Sun, 06 Nov 1994 08:49:37 GMT";
        let theirs = Some("Sun, 06 Nov 1994 08:49:07 GMT");
        let half_a_minute = Some(Duration::from_secs(30));
        for jump in [-86_400, 0, 3_600] {
            let own: jiff::Timestamp = "1994-11-06T08:49:07Z".parse().unwrap();
            let own = own + jiff::SignedDuration::from_secs(jump);
            assert_eq!(asked_wait(until, theirs, own), half_a_minute, "{jump} s off");
            assert_eq!(asked_wait("30", None, own), half_a_minute, "{jump} s off");
        }
        let own = "1994-11-06T08:49:07Z".parse().unwrap();
        for none in [None, Some("soon")] {
            assert_eq!(asked_wait(until, none, own), half_a_minute, "{none:?}");
        }
    }

    #[test]
    fn a_read_is_repeated_on_anything_that_may_pass() {
        let passing = [
            Failure::NotConnected,
            Failure::Broken,
            Failure::BadBody,
            Failure::UnknownHost,
            Failure::Status(408),
            Failure::Status(425),
            Failure::Status(429),
            Failure::Status(500),
            Failure::Status(502),
            Failure::Status(503),
            Failure::Status(504),
        ];
        for failure in passing {
            assert!(repeats(Effect::Reads, failure), "{failure:?}");
            assert!(repeats(Effect::Idempotent, failure), "{failure:?}");
        }
    }

    #[test]
    fn a_start_is_repeated_only_on_proof_that_it_was_not_processed() {
        assert!(repeats(Effect::Starts, Failure::NotConnected));
        assert!(repeats(Effect::Starts, Failure::Status(429)));
        let asked = Attempt {
            retry_after: Some(Duration::from_secs(1)),
            ..attempt(Effect::Starts, Failure::Status(503))
        };
        assert_eq!(decide(&asked, 0.0), Decision::Wait(Duration::from_secs(1)));
        for failure in [
            Failure::Broken,
            Failure::BadBody,
            Failure::Status(408),
            Failure::Status(500),
            Failure::Status(502),
            Failure::Status(503),
            Failure::Status(504),
            Failure::Status(524),
            Failure::TooLarge,
        ] {
            assert!(!repeats(Effect::Starts, failure), "{failure:?}");
        }
    }

    #[test]
    fn only_who_says_come_again_leaves_it_open_whether_to_believe_it() {
        let put_off = [(425, false), (429, false), (429, true), (503, true)];
        for (status, asked) in put_off {
            assert_eq!(fate(Failure::Status(status), asked), Delivery::PutOff, "{status}");
        }
        for status in [408, 500, 502, 503, 504, 524] {
            assert_eq!(fate(Failure::Status(status), false), Delivery::Unknown, "{status}");
        }
        assert_eq!(
            fate(Failure::Status(500), true),
            Delivery::Unknown,
            "it does not say come again"
        );
        for status in [307, 400, 401, 404, 422] {
            assert_eq!(fate(Failure::Status(status), true), Delivery::NotTaken, "{status}");
        }
        assert_eq!(fate(Failure::NotConnected, false), Delivery::NotTaken);
        assert_eq!(fate(Failure::BadBody, true), Delivery::Unknown);
    }

    #[test]
    fn credentials_and_other_refusals_are_never_repeated() {
        for status in [301, 307, 400, 401, 403, 404, 405, 407, 409, 410, 413, 422, 451, 501, 511] {
            for effect in [Effect::Reads, Effect::Idempotent, Effect::Starts] {
                assert!(!repeats(effect, Failure::Status(status)), "{status}");
            }
        }
    }

    #[test]
    fn a_host_that_is_not_trusted_and_an_endless_body_are_not_asked_again() {
        for effect in [Effect::Reads, Effect::Idempotent, Effect::Starts] {
            assert!(!repeats(effect, Failure::Untrusted));
            assert!(!repeats(effect, Failure::TooLarge));
        }
    }

    #[test]
    fn a_body_that_makes_no_sense_is_asked_for_again_for_a_shorter_time() {
        let tries = |failure| {
            let repeated = |earlier: &u32| {
                let attempt = Attempt { earlier: *earlier, ..attempt(Effect::Reads, failure) };
                decide(&attempt, 0.5) != Decision::GiveUp
            };
            (0..100).take_while(repeated).count()
        };
        assert_eq!(tries(Failure::Broken), 20);
        assert_eq!(tries(Failure::BadBody), 8);
        assert_eq!(tries(Failure::UnknownHost), 4);
    }

    #[test]
    fn retry_after_is_seconds_or_any_of_three_dates() {
        let now: jiff::Timestamp = "1994-11-06T08:49:07Z".parse().unwrap();
        let half_a_minute = Some(Duration::from_secs(30));
        assert_eq!(retry_after("30", now), half_a_minute);
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), half_a_minute);
        assert_eq!(retry_after("Sunday, 06-Nov-94 08:49:37 GMT", now), half_a_minute);
        assert_eq!(retry_after("Sun Nov  6 08:49:37 1994", now), half_a_minute);
        let past = "Sun, 06 Nov 1994 08:49:00 GMT";
        assert_eq!(retry_after(past, now), Some(Duration::ZERO), "the past is clamped to zero");
        for junk in ["", "soon", "-5", "1.5", "Sun, 99 Nov 1994 08:49:37 GMT"] {
            assert_eq!(retry_after(junk, now), None, "{junk}");
        }
        assert!(retry_after("99999999999999999999999", now).is_some());
    }

    proptest! {
        #[test]
        fn no_wait_reaches_beyond_the_time_left(
            earlier in 0_u32..40, left in 0_u64..100_000, asked in 0_u64..200_000, dice in 0.0..=1.0_f64
        ) {
            let attempt = Attempt {
                earlier,
                retry_after: Some(Duration::from_millis(asked)),
                remaining: Duration::from_millis(left),
                ..attempt(Effect::Reads, Failure::Status(503))
            };
            if let Decision::Wait(wait) = decide(&attempt, dice) {
                prop_assert!(wait < attempt.remaining);
                prop_assert!(wait >= Duration::from_millis(asked));
            }
        }

        #[test]
        fn any_header_is_read_or_refused_without_a_panic(value in "\\PC{0,40}") {
            let _ = retry_after(&value, jiff::Timestamp::UNIX_EPOCH);
        }
    }
}
