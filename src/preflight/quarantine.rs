//! Whether the quarantine fits what would run.

use crate::failure::Failure;
use crate::input::suite_file::Loaded;
use crate::plan::{Plan, Selection};

/// A quarantine of a scenario that does not run hides nothing and is probably mistyped.
pub(crate) fn quarantine_is_known(loaded: &Loaded, plan: &Plan) -> Result<(), Failure> {
    let Selection::Ids(ids) = &plan.selection else { return Ok(()) };
    let entries: Vec<u64> =
        loaded.suite.quarantine.iter().flatten().map(|entry| entry.scenario).collect();
    if ids.iter().all(|id| entries.contains(id)) {
        return Err(Failure::Usage(
            "every scenario that would run is quarantined: no run would count; nothing was \
             started"
                .to_owned(),
        ));
    }
    // Flags that narrow the selection leave some of the suite's quarantine aside.
    match entries.into_iter().find(|scenario| !loaded.narrowed && !ids.contains(scenario)) {
        None => Ok(()),
        Some(unknown) => Err(Failure::Usage(format!(
            "scenario {unknown} is quarantined but not in the suite; remove the entry; \
             nothing was started"
        ))),
    }
}
