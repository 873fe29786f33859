//! Whether the agent's program can be looked for where the suite says: a start that cannot hold a
//! single conversation is not paid for.

use std::path::{Path, PathBuf};

use crate::document::{Path as Place, Problem, shown};
use crate::failure::Failure;
use crate::input::suite_file::Loaded;

/// The directory that the agent's program starts in; none where that is the working directory. Paths
/// of a suite are relative to its file.
pub(crate) fn of(loaded: &Loaded) -> Option<PathBuf> {
    let beside = loaded.file.as_deref().map(Path::new).and_then(Path::parent);
    let beside = beside.filter(|dir| !dir.as_os_str().is_empty());
    let dir = loaded.suite.agent_dir.as_ref().map(PathBuf::from);
    match (beside, dir) {
        (Some(beside), Some(dir)) => Some(beside.join(dir)),
        (beside, dir) => dir.or(beside.map(Path::to_owned)),
    }
}

/// Refuses a suite whose `agent_dir` is no directory.
///
/// # Errors
///
/// The directory, at its place in the suite.
pub(crate) fn check(loaded: &Loaded) -> Result<(), Failure> {
    let (Some(named), Some(dir)) = (&loaded.suite.agent_dir, of(loaded)) else { return Ok(()) };
    if dir.is_dir() {
        return Ok(());
    }
    let message = format!("there is no directory {}; nothing was started", shown(named));
    let problem = Problem::new(Place::of(["agent_dir"]), message)
        .help("check it out first; the path is relative to the suite file");
    Err(loaded.explain(vec![problem]).into())
}
