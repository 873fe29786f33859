//! Reports that an earlier command left.

use std::path::Path;

use crate::report::files::{HTML, INDEX, RESULT, SUMMARY};
use crate::report::{gates, html};
use crate::sink::{self, SinkError};

/// Removes the reports of several gates that an earlier command left in a directory, so that no
/// reader takes them for those of the next. What leads to results that are going stays.
pub(crate) fn remove_stale(dir: &Path, is_input: &dyn Fn(&Path) -> bool) -> Result<(), SinkError> {
    let path = dir.join(INDEX);
    let earlier = crate::input::file::read_saved(&path).ok();
    let earlier = earlier.as_deref().and_then(gates::read_index);
    for gate in earlier.iter().flat_map(|index| &index.gates) {
        // A file that somebody else wrote leads to no other directory.
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if !gate.dir.is_empty() && gate.dir.chars().all(plain) {
            let dir = dir.join(&gate.dir);
            let reports = [SUMMARY, RESULT].map(|name| dir.join(name));
            reports
                .iter()
                .filter(|path| !is_input(path))
                .try_for_each(|path| sink::remove(path))?;
            sink::remove_tree(&dir.join(HTML), html::INDEX, html::GENERATOR);
        }
    }
    sink::remove(&path)
}
