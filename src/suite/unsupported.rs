//! The keys whose effect comes later. A gate that silently ignores what it was told is worse than
//! one that refuses: each entry goes when its feature lands.

use super::model::{EarlyStop, Suite};
use super::validate::check_paths;
use crate::document::{Path, Problem};

/// Where a suite uses a key that has no effect yet.
type Uses = fn(&Suite) -> Vec<Path>;

/// The keys that have no effect yet, one entry for each feature.
const LATER: [Uses; 9] = [
    |suite| only_if(suite.spec.is_some(), "spec"),
    |suite| only_if(suite.retry.is_some(), "retry"),
    |suite| only_if(suite.early_stop.is_some_and(|stop| stop != EarlyStop::Never), "early_stop"),
    |suite| only_if(suite.budget.as_ref().is_some_and(|b| b.max_cost.is_some()), "budget.max_cost"),
    |suite| {
        let baseline = suite.thresholds.as_ref().and_then(|t| t.baseline.as_ref());
        only_if(baseline.is_some(), "thresholds.baseline")
    },
    confidence,
    |suite| only_if(suite.quarantine.is_some(), "quarantine"),
    |suite| only_if(suite.on_failure.is_some(), "on_failure"),
    |suite| only_if(suite.on_success.is_some(), "on_success"),
];

/// The keys of a suite that have no effect yet.
pub(super) fn problems(suite: &Suite) -> Vec<Problem> {
    let paths = LATER.iter().flat_map(|uses| uses(suite));
    paths
        .map(|path| {
            Problem::of_key(path.clone(), format!("`{path}` is not supported yet"))
                .help("remove it: this version would not act on it")
        })
        .collect()
}

fn only_if(used: bool, dotted: &str) -> Vec<Path> {
    if used { vec![Path::of(dotted.split('.'))] } else { Vec::new() }
}

/// `confidence` of all thresholds, of each scenario, and of single checks.
fn confidence(suite: &Suite) -> Vec<Path> {
    let Some(thresholds) = &suite.thresholds else { return Vec::new() };
    let root = Path::of(["thresholds"]);
    let each = thresholds.each_scenario.as_ref();
    let mut paths = Vec::new();
    if thresholds.confidence.is_some() {
        paths.push(root.child("confidence"));
    }
    if each.is_some_and(|each| each.confidence.is_some()) {
        paths.push(root.child("each_scenario").child("confidence"));
    }
    let checks = check_paths(thresholds).into_iter();
    paths.extend(
        checks
            .filter(|(_, spec)| spec.confidence.is_some())
            .map(|(path, _)| path.child("confidence")),
    );
    paths
}
