//! The runs and slots of a group of scenarios.
//!
//! Pure. Whether a scenario belongs to a group is yes, no or not known: what is not known (the tags
//! of a scenario that the platform has not told, the name of one of which no run came) could belong
//! to it, so that its runs could have given the group any value and its missing slots are missing
//! there, too.

use super::evidence::{Evidence, ScenarioSlots};
use super::{PartOfScenario, by_scenario};
use crate::suite::groups::Member;
use crate::suite::thresholds::Group;

/// The evidence of a group: as that of the whole, over the slots of its scenarios alone.
pub(super) fn evidence_of<'a>(group: &Group, whole: &Evidence<'a>) -> Evidence<'a> {
    let mut part = Evidence {
        open_runs: whole.open_runs.clone(),
        going: whole.going,
        described_units: whole.described_units,
        looks: whole.looks.clone(),
        ..Evidence::default()
    };
    for one in by_scenario(whole) {
        let belongs = belongs(group, &one, whole);
        if belongs == Some(false) {
            continue;
        }
        if belongs.is_none() {
            part.open_runs.extend(one.evidence.runs.iter().map(|(run, _)| run.id));
        }
        part.missing += one.evidence.missing;
        if let Some(planned) = one.planned {
            part.scenarios.push(planned.clone());
        } else if one.is_known {
            let scenario = one.scenario.clone();
            part.scenarios.push(ScenarioSlots { scenario, ..ScenarioSlots::default() });
        }
        part.runs.extend(one.evidence.runs);
    }
    part.runs.sort_by_key(|(run, _)| run.id);
    part
}

/// The planned scenarios of a group, with those that may belong to it.
pub fn scenarios_of(group: &Group, whole: &Evidence<'_>) -> Vec<ScenarioSlots> {
    evidence_of(group, whole).scenarios
}

/// Whether a scenario belongs to a group; none where that is not known.
fn belongs(group: &Group, one: &PartOfScenario<'_, '_>, whole: &Evidence<'_>) -> Option<bool> {
    if !one.is_known {
        return of_an_unknown_scenario(group, whole);
    }
    let runs = || one.evidence.runs.iter().map(|(run, _)| run);
    let of_runs = runs().filter_map(|run| run.tags.as_ref());
    let mut tags =
        one.planned.and_then(|one| one.tags.as_ref()).into_iter().chain(of_runs).peekable();
    let any_tags = tags.peek().is_some();
    let name = runs().find_map(|run| run.scenario_name.clone());
    let key = one.planned.and_then(|planned| planned.case_key.clone());
    group.has(&Member {
        id: one.scenario.id,
        name: name.or_else(|| one.planned.and_then(|planned| planned.name.clone())),
        key: key.or_else(|| runs().find_map(|run| run.case_key.clone())),
        tags: any_tags.then(|| tags.flatten().cloned().collect()),
    })
}

/// Planned runs of which nobody knows the scenario are of no group whose scenarios are all planned.
fn of_an_unknown_scenario(group: &Group, whole: &Evidence<'_>) -> Option<bool> {
    let by_ids_alone = group.tags.is_none() && group.names.is_none() && group.cases.is_none();
    let planned = |id: &u64| whole.scenarios.iter().any(|one| one.scenario.id == Some(*id));
    match &group.scenarios {
        Some(ids) if by_ids_alone && ids.iter().all(planned) => Some(false),
        _ => None,
    }
}
