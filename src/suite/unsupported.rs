//! The keys whose effect comes later. A gate that silently ignores what it was told is worse than
//! one that refuses: each entry goes when its feature lands.

use super::model::Suite;
use crate::document::{Path, Problem};

/// Where a suite uses a key that has no effect yet.
type Uses = fn(&Suite) -> Vec<Path>;

/// The keys that have no effect yet, one entry for each feature.
const LATER: [Uses; 2] = [
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
