//! The turnstile before the platform: a gate waits here until its calls fit into the budget that
//! all gates share. Who is next is decided by [`gates::queue`](crate::gates::queue).

use std::cell::RefCell;

use tokio::sync::Notify;

use crate::gates::queue::Queue;
use crate::record::{RunRecord, Status};

/// The budget that all gates of a command share.
#[derive(Debug)]
pub(super) struct Turnstile {
    queue: RefCell<Queue>,
    next_id: RefCell<u64>,
    changed: Notify,
}

/// The right to have calls, until it is dropped.
#[derive(Debug)]
pub(super) struct Ticket<'a> {
    of: &'a Turnstile,
    id: u64,
}

impl Turnstile {
    /// For so many parallel calls; without a limit nobody waits.
    pub(super) fn new(limit: Option<u32>) -> Self {
        let queue = RefCell::new(Queue::new(limit));
        Self { queue, next_id: RefCell::new(0), changed: Notify::new() }
    }

    /// A place in the queue, for so many calls. Those who join first are considered first.
    pub(super) fn join(&self, calls: usize) -> Ticket<'_> {
        let id = *self.next_id.borrow();
        *self.next_id.borrow_mut() += 1;
        self.queue.borrow_mut().join(id, u32::try_from(calls).unwrap_or(u32::MAX));
        Ticket { of: self, id }
    }

    /// A ticket for each of the calls of one that was admitted, so that each ends on its own.
    pub(super) fn split(&self, ticket: Ticket<'_>, calls: usize) -> Vec<Ticket<'_>> {
        let first = *self.next_id.borrow();
        let ids: Vec<u64> = (first..).take(calls).collect();
        *self.next_id.borrow_mut() += calls as u64;
        self.queue.borrow_mut().split(ticket.id, &ids);
        ids.into_iter().map(|id| Ticket { of: self, id }).collect()
    }

    /// Waits until the calls of a ticket fit. Gives whether that took waiting.
    pub(super) async fn admitted(&self, id: u64) -> bool {
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

impl Ticket<'_> {
    /// Its number.
    pub(super) const fn id(&self) -> u64 {
        self.id
    }

    /// Gives back what the runs that have ended held. Who is only judged still has no call; each of
    /// the planned runs that is not shown yet may have one.
    pub(super) fn keep(&self, runs: &[RunRecord], planned: Option<usize>) {
        let calls = runs
            .iter()
            .filter(|run| !run.status.is_terminal() && run.status != Status::Evaluating)
            .count();
        let unseen = planned.unwrap_or_default().saturating_sub(runs.len());
        self.keep_calls(calls + unseen);
    }

    /// The same, where only the number of runs that may still have a call is known.
    pub(super) fn keep_calls(&self, calls: usize) {
        self.of.queue.borrow_mut().keep(self.id, u32::try_from(calls).unwrap_or(u32::MAX));
        self.of.changed.notify_waiters();
    }
}

impl Drop for Ticket<'_> {
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
        let turn = Turnstile::new(Some(4));
        let first = turn.join(4);
        assert_eq!(turn.queue.borrow_mut().admit(), [first.id()]);
        let next = turn.join(2);
        let admitted = || turn.queue.borrow_mut().admit();
        first.keep(&[], Some(4));
        assert!(admitted().is_empty(), "no run is shown yet");
        first.keep(&[run(1, Status::Completed)], Some(4));
        assert!(admitted().is_empty(), "one has ended, and three are not shown");
        first.keep(&[run(1, Status::Completed), run(2, Status::Evaluating)], Some(4));
        assert_eq!(admitted(), [next.id()]);
    }
}
