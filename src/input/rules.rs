//! The rules that a result is judged by, of a suite or of a file that lists suites.

use std::path::Path;

use super::overrides::Overrides;
use super::suite_file::{Loaded, suite};
use super::suite_list;
use crate::context::Context;
use crate::failure::Failure;
use crate::suite::together::legs;

/// Loads the rules of a suite file, or those that a file which lists suites has for its batch.
/// Where the sides of a call have rules of their own, they are those of the side that `of` is a
/// result or a gate of.
pub(crate) fn rules(
    path: &Path,
    of: Option<&str>,
    overrides: &Overrides,
    context: &Context,
) -> Result<Loaded, Failure> {
    if let Some(list) = suite_list::read(path, overrides, context)? {
        return Ok(list.rules(overrides));
    }
    let mut whole = suite(Some(path), overrides, context)?;
    // What ran by a profile is judged by it.
    if let Some(profile) = of.and_then(|of| whole.profile_of(of)) {
        whole = suite(Some(path), &overrides.with_profile(profile), context)?;
    }
    let legs = legs(&whole.suite);
    if legs.is_empty() {
        return Ok(whole.of_side(of));
    }
    let name = whole.name();
    let gates = || legs.iter().map(|leg| format!("{name} · {}", leg.label));
    // A result of a side has more behind its name: the set, and the key of its start.
    let is_of = |gate: &String| {
        let rest = of.and_then(|of| of.strip_prefix(gate.as_str()));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '·']))
    };
    let side = gates().enumerate().filter(|(_, gate)| is_of(gate));
    match side.max_by_key(|(_, gate)| gate.len()).zip(Some(&legs)) {
        Some(((index, gate), legs)) => {
            let own = legs.get(index).map(|leg| leg.suite.clone()).unwrap_or_default();
            Ok(whole.of_party(index, own, gate))
        }
        None => Err(Failure::Usage(format!(
            "{} has parties or matrix cells with rules of their own, and the result is of none of them: {}; continue a run with `cekura-gate run --resume`",
            path.display(),
            gates().collect::<Vec<_>>().join(", ")
        ))),
    }
}
