//! The other attempts at a run that was started again: as elements, or as lines of a body.

use std::collections::{BTreeMap, HashMap};

use quick_junit::TestRerun;

use super::element_of;
use super::write::{content, escaped, value};
use crate::escape::short;
use crate::report::model::Report;
use crate::retry::RetryRun;
use crate::suite::model::RetryMarks;

/// What a reason may take in an element.
const REASON: usize = 2000;

/// All attempts at the runs that were started again.
pub(super) struct Retried<'a> {
    /// The attempts of each planned run, in the order of their ids.
    attempts: Vec<BTreeMap<u64, &'a RetryRun>>,
    /// In which of them a run is.
    place: HashMap<u64, usize>,
    elements: bool,
}

impl<'a> Retried<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let mut attempts: Vec<BTreeMap<u64, &'a RetryRun>> = Vec::new();
        let mut place = HashMap::new();
        for retry in &report.retries {
            let both = [&retry.first, &retry.again];
            let known = both.iter().find_map(|run| place.get(&run.run).copied());
            let at = known.unwrap_or(attempts.len());
            if known.is_none() {
                attempts.push(BTreeMap::new());
            }
            place.extend(both.map(|run| (run.run, at)));
            if let Some(attempts) = attempts.get_mut(at) {
                attempts.extend(both.map(|run| (run.run, run)));
            }
        }
        Self { attempts, place, elements: report.junit.retries == Some(RetryMarks::Elements) }
    }

    /// The other attempts at a run.
    pub(super) fn others(&self, run: u64) -> Vec<&'a RetryRun> {
        let attempts = self.place.get(&run).and_then(|at| self.attempts.get(*at));
        attempts.into_iter().flatten().filter(|(id, _)| **id != run).map(|(_, run)| *run).collect()
    }

    /// Those of them that did not pass, where the suite wants elements for them.
    pub(super) fn elements(&self, run: u64) -> Vec<Attempt> {
        if !self.elements {
            return Vec::new();
        }
        let attempt = |other: &RetryRun| {
            element_of(other.outcome)?;
            Some(Attempt { run: other.clone() })
        };
        self.others(run).into_iter().filter_map(attempt).collect()
    }
}

/// An attempt that did not pass and does not count.
pub(super) struct Attempt {
    run: RetryRun,
}

impl Attempt {
    /// About how many bytes it takes in the file.
    pub(super) fn size(&self) -> usize {
        160 + 2 * escaped(&self.run.reason).min(REASON)
    }

    pub(super) fn into_junit(self) -> TestRerun {
        let (kind, ty) = match element_of(self.run.outcome) {
            Some((super::Element::Failure, ty)) => (quick_junit::NonSuccessKind::Failure, ty),
            Some((_, ty)) => (quick_junit::NonSuccessKind::Error, ty),
            None => (quick_junit::NonSuccessKind::Error, ""),
        };
        let mut rerun = TestRerun::new(kind);
        // The schemas want a type; Jenkins shows the trace.
        let trace = format!("run {}: {}", self.run.run, self.run.reason);
        rerun.set_message(value(&short(&self.run.reason, 300))).set_type(ty);
        rerun.set_stack_trace(content(&trace, REASON));
        rerun
    }
}
