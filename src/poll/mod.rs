//! Waiting for a result: when to ask is pure and in `schedule`, the loop is here.
//!
//! The loop asks for the whole result, tells an observer what it sees, and ends when the result
//! and all its runs have ended, when the time is over, when it is stopped, or when the platform
//! can't be reached any more. What is known by then is always handed back.

pub mod schedule;

use std::ops::ControlFlow;
use std::time::Duration;

use tokio::time::Instant;

use self::schedule::{Pace, Step, step};
use crate::api::client::Client;
use crate::api::error::ApiError;
use crate::record::ResultRecord;

/// How the wait ended.
#[derive(Debug)]
pub enum Waited {
    /// The result and all its runs ended.
    Finished,
    /// The observer has seen enough.
    Enough,
    /// The time was over first.
    TimedOut,
    /// Someone asked to stop first.
    Stopped,
    /// The platform could not be asked any more.
    Lost(ApiError),
}

/// Waits for a result. `record` holds what is known, before and after; `observe` is told of each
/// answer and may end the wait; `stop` ends it at once.
pub async fn wait(
    client: &Client,
    record: &mut ResultRecord,
    pace: Pace,
    deadline: Instant,
    stop: impl Future<Output = ()>,
    mut observe: impl FnMut(&ResultRecord) -> ControlFlow<()>,
) -> Waited {
    let began = Instant::now();
    let mut ended_at: Option<Instant> = None;
    let mut poll = async || {
        loop {
            if record.status.is_terminal() && ended_at.is_none() {
                ended_at = Some(Instant::now());
            }
            let settling = ended_at.map(|since| since.elapsed());
            match step(record, began.elapsed(), settling, pace) {
                Step::Finish => return Waited::Finished,
                Step::Ask(after) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Waited::TimedOut;
                    }
                    tokio::time::sleep(after.min(left)).await;
                }
            }
            if Instant::now() >= deadline {
                return Waited::TimedOut;
            }
            match client.result(record.id, deadline).await {
                Ok(mut fresh) => {
                    fresh.name = fresh.name.take().or(record.name.take());
                    *record = fresh;
                    if observe(record).is_break() {
                        return Waited::Enough;
                    }
                }
                Err(_) if Instant::now() >= deadline => return Waited::TimedOut,
                Err(error) => return Waited::Lost(error),
            }
        }
    };
    tokio::select! {
        biased;
        () = stop => Waited::Stopped,
        waited = poll() => waited,
    }
}

/// Reads a result once more within a short time, keeping what is known where that fails.
pub async fn last_look(client: &Client, record: &mut ResultRecord, within: Duration) {
    if let Ok(fresh) = client.result(record.id, Instant::now() + within).await {
        *record = fresh;
    }
}
