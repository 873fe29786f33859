//! Which case of a spec a run is of.
//!
//! The platform gives the cases of a spec other scenario ids at each start. What stays is the key
//! in the spec, and what an answer carries is the name: so runs are marked with the key, and runs
//! of two results that share one are given the same ids before they are compared.

use std::collections::BTreeMap;

use super::model::Spec;
use crate::record::RunRecord;

/// Marks each run with the key of its case, by the case's name. Gives how many are of no case.
pub fn mark(runs: &mut [RunRecord], spec: &Spec) -> usize {
    let keys: BTreeMap<&str, &str> =
        spec.scenarios.iter().map(|case| (case.name.trim(), case.key())).collect();
    let mut unmatched = 0;
    for run in runs.iter_mut().filter(|run| run.case_key.is_none()) {
        let name = run.scenario_name.as_deref().map(str::trim);
        run.case_key = name.and_then(|name| keys.get(name)).map(|key| (*key).to_owned());
        unmatched += usize::from(run.case_key.is_none());
    }
    unmatched
}

/// Gives runs of another result the ids of those runs here that are of the same case.
pub fn align(others: &mut [RunRecord], runs: &[RunRecord]) {
    let mut ids = BTreeMap::new();
    for run in runs {
        let Some(key) = run.case_key.as_deref() else { continue };
        let known = ids.entry(key).or_insert_with(|| Some(run.case()));
        // One key of two scenarios tells nothing.
        if known.is_some_and(|(scenario, _, _)| scenario != run.scenario) {
            *known = None;
        }
    }
    for other in others {
        let found = other.case_key.as_deref().and_then(|key| ids.get(key));
        if let Some(Some((scenario, personality, test_profile))) = found {
            other.scenario = *scenario;
            other.personality = *personality;
            other.test_profile = *test_profile;
        }
    }
}

/// The keys of the cases that have these scenario ids.
pub fn keys_of(runs: &[RunRecord], scenarios: &[u64]) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for run in runs {
        let wanted = run.scenario.is_some_and(|id| scenarios.contains(&id));
        if let Some(key) = run.case_key.as_ref().filter(|key| wanted && !keys.contains(key)) {
            keys.push(key.clone());
        }
    }
    keys
}
