//! A suite's groups against the scenarios that would run: a group that nothing fits is an error
//! where it can be known before the start.

use crate::api::client::Client;
use crate::failure::Failure;
use crate::input::suite_file::Loaded;
use crate::plan::planned::FoundScenario;
use crate::plan::{Plan, Selection};
use crate::preflight::suggestions;
use crate::suite::groups::{Member, misfits};

/// Checks the groups against what the suite alone tells of its scenarios.
///
/// # Errors
///
/// Every group that none of them fits, at its place.
pub(crate) fn check(loaded: &mut Loaded, plan: &Plan) -> Result<(), Failure> {
    match &plan.selection {
        Selection::Ids(ids) => {
            let members = ids.iter().map(|id| Member { id: Some(*id), ..Member::default() });
            hold(loaded, &members.collect::<Vec<_>>())
        }
        Selection::Cases(spec) => {
            let members = spec.scenarios.iter().map(|case| Member {
                id: None,
                name: Some(case.name.clone()),
                key: Some(case.key().to_owned()),
                tags: Some(spec.tags(case)),
            });
            hold(loaded, &members.collect::<Vec<_>>())
        }
        Selection::ByPlatform(_) | Selection::Resolve(_) => Ok(()),
    }
}

/// Looks up what the groups need to know of the scenarios, and checks them against it.
///
/// # Errors
///
/// Every group that no scenario fits, at its place.
pub(crate) async fn look_up(
    loaded: &mut Loaded,
    plan: &Plan,
    client: &Client,
) -> Result<Vec<FoundScenario>, Failure> {
    let by_ids = matches!(plan.selection, Selection::Ids(_));
    let groups = loaded.suite.thresholds.iter().flat_map(|thresholds| thresholds.groups.values());
    let needs = |by: &crate::suite::thresholds::Group| {
        by.tags.is_some() || by.names.is_some() || (by.scenarios.is_some() && !by_ids)
    };
    if plan.spec().is_some() || !groups.into_iter().any(needs) {
        check(loaded, plan)?;
        return Ok(Vec::new());
    }
    let (chosen, whole) = match suggestions::chosen(client, plan).await {
        Ok(Some(account)) => {
            // Only ids are looked up among all of the agent's scenarios.
            let whole = account.scenarios.whole || plan.scenarios().is_empty();
            (account.chosen.unwrap_or_default(), whole)
        }
        Ok(None) => return Ok(Vec::new()),
        Err(error) => {
            let what = "the scenarios of the groups could not be looked up";
            loaded.noticed.push(format!("{what}: {error}"));
            return Ok(Vec::new());
        }
    };
    let found: Vec<FoundScenario> = chosen
        .into_iter()
        .map(|one| FoundScenario { id: one.id, name: one.name, tags: one.tags })
        .collect();
    if whole && !found.is_empty() {
        let members = found.iter().map(|one| Member {
            id: Some(one.id),
            name: Some(one.name.clone()),
            key: None,
            tags: Some(one.tags.clone()),
        });
        hold(loaded, &members.collect::<Vec<_>>())?;
    }
    Ok(found)
}

/// Refuses groups that none of the scenarios fits. Where flags narrow the selection, such a group is
/// left aside, and that is reported.
fn hold(loaded: &mut Loaded, members: &[Member]) -> Result<(), Failure> {
    let Some(thresholds) = &mut loaded.suite.thresholds else { return Ok(()) };
    let misfits = misfits(thresholds, members);
    if loaded.narrowed {
        for misfit in misfits.iter().filter(|misfit| misfit.fits_nothing) {
            thresholds.groups.remove(&misfit.group);
            loaded.noticed.push(format!(
                "the group {} fits none of the scenarios that the flags or the profile select: it is not judged",
                crate::document::shown(&misfit.group)
            ));
        }
        return Ok(());
    }
    match misfits.is_empty() {
        true => Ok(()),
        false => Err(suggestions::not_started(
            loaded,
            misfits.into_iter().map(|misfit| misfit.problem).collect(),
        )),
    }
}
