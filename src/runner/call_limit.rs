//! The turnstile before the platform: a gate waits here until its calls fit into the budget that
//! all gates share. Who is next is decided by [`gates::queue`](crate::gates::queue).

use std::cell::RefCell;

use tokio::sync::Notify;

use crate::gates::queue::Queue;
use crate::record::{RunRecord, Status};

/// The budget that all gates of a command share.
#[derive(Debug)]
pub(crate) struct CallLimiter {
    queue: RefCell<Queue>,
    next_id: RefCell<u64>,
    changed: Notify,
}

/// The right to have calls, until it is dropped.
#[derive(Debug)]
pub(crate) struct CallPermit<'a> {
    of: &'a CallLimiter,
    id: u64,
}

impl CallLimiter {
    /// For so many parallel calls; without a limit nobody waits.
    pub(crate) fn new(limit: Option<u32>) -> Self {
        let queue = RefCell::new(Queue::new(limit));
        Self { queue, next_id: RefCell::new(0), changed: Notify::new() }
    }

    /// A place in the queue, for so many calls. Those who join first are considered first.
    pub(crate) fn join(&self, calls: usize) -> CallPermit<'_> {
        let id = *self.next_id.borrow();
        *self.next_id.borrow_mut() += 1;
        self.queue.borrow_mut().join(id, u32::try_from(calls).unwrap_or(u32::MAX));
        CallPermit { of: self, id }
    }

    /// A permit for each of the calls of one that was admitted, so that each ends on its own.
    pub(crate) fn split(&self, permit: CallPermit<'_>, calls: usize) -> Vec<CallPermit<'_>> {
        let first = *self.next_id.borrow();
        let ids: Vec<u64> = (first..).take(calls).collect();
        *self.next_id.borrow_mut() += calls as u64;
        self.queue.borrow_mut().split(permit.id, &ids);
        ids.into_iter().map(|id| CallPermit { of: self, id }).collect()
    }

    /// Waits until the calls of a permit fit. Gives whether that took waiting.
    pub(crate) async fn admitted(&self, id: u64) -> bool {
        let mut waited = false;
        loop {
            let changed = self.changed.notified();
            {
                let mut queue = self.queue.borrow_mut();
                if !queue.admit().is_empty() {
                    self.changed.notify_waiters();
                }
                if queue.holds(id) {
                    return waited;
                }
            }
            waited = true;
            changed.await;
        }
    }
}

impl CallPermit<'_> {
    /// Its number.
    pub(crate) const fn id(&self) -> u64 {
        self.id
    }

    /// Gives back what the runs that have ended held. Who is only judged still has no call; each of
    /// the planned runs that is not shown yet may have one.
    pub(crate) fn keep(&self, runs: &[RunRecord], planned: Option<usize>) {
        let calls = runs
            .iter()
            .filter(|run| !run.status.is_terminal() && run.status != Status::Evaluating)
            .count();
        let unseen = planned.unwrap_or_default().saturating_sub(runs.len());
        self.keep_calls(calls + unseen);
    }

    /// The same, where only the number of runs that may still have a call is known.
    pub(crate) fn keep_calls(&self, calls: usize) {
        self.of.queue.borrow_mut().keep(self.id, u32::try_from(calls).unwrap_or(u32::MAX));
        self.of.changed.notify_waiters();
    }
}

impl Drop for CallPermit<'_> {
    fn drop(&mut self) {
        self.of.queue.borrow_mut().leave(self.id);
        self.of.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(id: u64, status: Status) -> RunRecord {
        RunRecord { id, status, ..RunRecord::default() }
    }

    #[test]
    fn runs_that_are_not_shown_yet_keep_their_calls() {
        let limiter = CallLimiter::new(Some(4));
        let first = limiter.join(4);
        assert_eq!(limiter.queue.borrow_mut().admit(), [first.id()]);
        let next = limiter.join(2);
        let admitted = || limiter.queue.borrow_mut().admit();
        first.keep(&[], Some(4));
        assert!(admitted().is_empty(), "no run is shown yet");
        first.keep(&[run(1, Status::Completed)], Some(4));
        assert!(admitted().is_empty(), "one has ended, and three are not shown");
        first.keep(&[run(1, Status::Completed), run(2, Status::Evaluating)], Some(4));
        assert_eq!(admitted(), [next.id()]);
    }
}
