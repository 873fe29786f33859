//! Any header asks for some wait or for none, and no wait outlasts the time that is left.

#![no_main]

use std::time::Duration;

use cekura_gate::api::retry::{Attempt, Backoff, Decision, Effect, Failure, decide, retry_after};

libfuzzer_sys::fuzz_target!(|input: (&str, i32, u16)| {
    let (header, second, left) = input;
    let Ok(now) = jiff::Timestamp::from_second(i64::from(second)) else { return };
    let remaining = Duration::from_secs(u64::from(left));
    let attempt = Attempt {
        effect: Effect::Reads,
        failure: Failure::Status(429),
        earlier: 3,
        retry_after: retry_after(header, now),
        remaining,
        backoff: Backoff { base: Duration::from_millis(500), cap: Duration::from_secs(20) },
    };
    if let Decision::Wait(wait) = decide(&attempt, 0.5) {
        assert!(wait < remaining, "waits {wait:?} of {remaining:?}");
    }
});
