//! One budget of parallel calls, shared by many gates: who may start, and when.
//!
//! Gates wait in the order of the command line. Whoever fits into the calls that are free starts,
//! so that no call stays free while somebody could use it. A large gate at the head may be
//! overtaken by smaller ones behind it, but not for ever: after [`PATIENCE`] times nobody starts
//! before it does.

use std::collections::{BTreeMap, VecDeque};

/// How often one who waits may be overtaken.
pub const PATIENCE: u32 = 4;

/// Who waits, who has calls, and how many calls there are.
#[derive(Debug, Clone, Default)]
pub struct Queue {
    /// How many calls all may have together; none: as many as they like.
    limit: Option<u32>,
    waiting: VecDeque<Waiting>,
    /// Calls by holder.
    held: BTreeMap<u64, u32>,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    id: u64,
    calls: u32,
    overtaken: u32,
}

impl Queue {
    /// A queue for so many parallel calls; without a limit nobody waits.
    pub fn new(limit: Option<u32>) -> Self {
        Self { limit, ..Self::default() }
    }

    /// How many calls somebody who wants so many may have at most.
    pub fn share(&self, wanted: u32) -> u32 {
        wanted.min(self.limit.unwrap_or(u32::MAX)).max(1)
    }

    /// Somebody waits for so many calls, behind all who wait already. `id` is given only once.
    pub fn join(&mut self, id: u64, calls: u32) {
        let calls = self.share(calls);
        self.waiting.push_back(Waiting { id, calls, overtaken: 0 });
    }

    /// Who may start now, in the order in which they start. They hold their calls from here on.
    pub fn admit(&mut self) -> Vec<u64> {
        let mut admitted = Vec::new();
        let mut at = 0;
        while let Some(next) = self.waiting.get(at).copied() {
            if next.calls <= self.free() {
                self.waiting.remove(at);
                self.held.insert(next.id, next.calls);
                admitted.push(next.id);
                for passed in self.waiting.iter_mut().take(at) {
                    passed.overtaken += 1;
                }
            } else {
                at += 1;
            }
            if self.waiting.iter().take(at).any(|waiting| waiting.overtaken >= PATIENCE) {
                break;
            }
        }
        admitted
    }

    /// Who holds calls hands one of them to each of these, and is done itself.
    pub fn split(&mut self, id: u64, into: &[u64]) {
        if let Some(held) = self.held.remove(&id) {
            for (one, _) in into.iter().zip(0..held) {
                self.held.insert(*one, 1);
            }
        }
    }

    /// Somebody needs only so many of their calls any more.
    pub fn keep(&mut self, id: u64, calls: u32) {
        if let Some(held) = self.held.get_mut(&id) {
            *held = calls.min(*held);
        }
    }

    /// Somebody is done, or does not wait any more.
    pub fn leave(&mut self, id: u64) {
        self.held.remove(&id);
        self.waiting.retain(|waiting| waiting.id != id);
    }

    /// Whether somebody has started and is not done.
    pub fn holds(&self, id: u64) -> bool {
        self.held.contains_key(&id)
    }

    /// How many calls are free.
    fn free(&self) -> u32 {
        let used: u64 = self.held.values().map(|calls| u64::from(*calls)).sum();
        let free = u64::from(self.limit.unwrap_or(u32::MAX)).saturating_sub(used);
        match self.limit {
            Some(_) => u32::try_from(free).unwrap_or(u32::MAX),
            None => u32::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn queue(limit: u32, wanted: &[u32]) -> Queue {
        let mut queue = Queue::new(Some(limit));
        for (id, calls) in (0..).zip(wanted) {
            queue.join(id, *calls);
        }
        queue
    }

    #[test]
    fn who_fits_starts_in_the_order_of_the_command_line() {
        let table: [(u32, &[u32], &[u64]); 6] = [
            (10, &[4, 4, 4], &[0, 1]),
            (10, &[4, 8, 4], &[0, 2]),
            (10, &[40, 1], &[0]),
            (1, &[3, 3], &[0]),
            (10, &[], &[]),
            (10, &[0, 10], &[0]),
        ];
        for (limit, wanted, started) in table {
            assert_eq!(queue(limit, wanted).admit(), started, "{limit} {wanted:?}");
        }
    }

    #[test]
    fn without_a_limit_nobody_waits() {
        let mut queue = Queue::new(None);
        (0..1000).for_each(|id| queue.join(id, u32::MAX));
        assert_eq!(queue.admit().len(), 1000);
    }

    #[test]
    fn the_next_starts_as_soon_as_the_calls_of_others_have_ended() {
        let mut queue = queue(10, &[10, 4]);
        assert_eq!(queue.admit(), [0]);
        queue.keep(0, 7);
        assert_eq!(queue.admit(), Vec::<u64>::new());
        queue.keep(0, 6);
        assert_eq!(queue.admit(), [1]);
        queue.keep(0, 9);
        queue.join(2, 1);
        assert_eq!(queue.admit(), Vec::<u64>::new(), "nobody takes calls back");
    }

    #[test]
    fn a_large_gate_is_overtaken_so_often_and_not_again() {
        let mut queue = queue(10, &[2, 10]);
        assert_eq!(queue.admit(), [0]);
        let mut started = 0;
        for id in 2..20 {
            queue.join(id, 1);
            started += queue.admit().len();
            queue.leave(id);
        }
        assert_eq!(started, PATIENCE as usize);
        queue.leave(0);
        assert_eq!(queue.admit(), [1]);
    }

    #[test]
    fn calls_that_start_together_end_one_by_one() {
        let mut queue = queue(3, &[2, 2]);
        assert_eq!(queue.admit(), [0]);
        queue.split(0, &[10, 11]);
        assert!(!queue.holds(0) && queue.holds(10) && queue.holds(11));
        queue.split(7, &[12]);
        assert!(!queue.holds(12), "who holds nothing has nothing to hand on");
        queue.leave(10);
        assert_eq!(queue.admit(), [1]);
    }

    #[test]
    fn who_gives_up_waiting_holds_nobody_up() {
        let mut queue = queue(10, &[2, 10, 10]);
        queue.admit();
        queue.leave(1);
        queue.leave(0);
        assert_eq!(queue.admit(), [2]);
    }

    #[derive(Debug, Clone)]
    enum Step {
        Join(u32),
        Keep(usize, u32),
        Leave(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..30_u32).prop_map(Step::Join),
            (0..8_usize, 0..30_u32).prop_map(|(at, calls)| Step::Keep(at, calls)),
            (0..8_usize).prop_map(Step::Leave),
        ]
    }

    proptest! {
        #[test]
        fn the_budget_holds_nobody_starves_and_no_call_stays_free(
            limit in 1..20_u32, steps in prop::collection::vec(step(), 1..80)
        ) {
            let mut queue = Queue::new(Some(limit));
            let mut going: Vec<u64> = Vec::new();
            let mut id = 0;
            for step in steps {
                match step {
                    Step::Join(calls) => {
                        queue.join(id, calls);
                        id += 1;
                    }
                    Step::Keep(at, calls) => {
                        if let Some(one) = going.get(at) {
                            queue.keep(*one, calls);
                        }
                    }
                    Step::Leave(at) => {
                        if at < going.len() {
                            queue.leave(going.remove(at));
                        }
                    }
                }
                going.extend(queue.admit());
                let used: u32 = queue.held.values().sum();
                prop_assert!(used <= limit, "{used} calls of {limit}");
                prop_assert!(queue.waiting.iter().all(|one| one.overtaken <= PATIENCE));
                // Whoever waits does not fit, or somebody before it has waited for long enough.
                let patient = queue.waiting.iter().position(|one| one.overtaken >= PATIENCE);
                let may_start = patient.map_or(queue.waiting.len(), |at| at + 1);
                for one in queue.waiting.iter().take(may_start) {
                    prop_assert!(one.calls > queue.free(), "{one:?} fits and waits");
                }
            }
            // When all that goes ends, all that waits starts.
            while let Some(one) = going.pop() {
                queue.leave(one);
                going.extend(queue.admit());
            }
            prop_assert!(queue.waiting.is_empty());
        }
    }
}
