//! Groups of a suite's scenarios, each with checks of its own.
//!
//! Pure. Which runs a group has is decided in `verdict/groups`.

use std::collections::BTreeMap;

use super::thresholds::Group;
use crate::checks::spec::{Checks, Level};
use crate::document::{Path, Problem, shown};
use crate::scalars::Percent;
use crate::suite::thresholds::Thresholds;
use crate::text;

/// What is known of a scenario that may belong to a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub id: Option<u64>,
    /// Its name, or that of the test case.
    pub name: Option<String>,
    /// Key of the test case, where it is one.
    pub key: Option<String>,
    /// Its tags.
    pub tags: Option<Vec<String>>,
}

impl Group {
    /// Whether a scenario belongs to the group; none where what is known of it does not say.
    pub fn has(&self, member: &Member) -> Option<bool> {
        let fits =
            |patterns: &[String], text: &str| patterns.iter().any(|one| text::fits(one, text));
        let by_id = self.scenarios.as_ref().map(|ids| member.id.map(|id| ids.contains(&id)));
        let by_tag = self.tags.as_ref().map(|tags| {
            let own = member.tags.as_ref()?;
            Some(own.iter().any(|tag| tags.contains(tag)))
        });
        let by_name = self.names.as_ref().map(|patterns| {
            let name = member.name.as_deref()?;
            Some(fits(patterns, name))
        });
        let by_case = self.cases.as_ref().map(|patterns| {
            let mut texts = member.key.iter().chain(&member.name).peekable();
            texts.peek()?;
            Some(texts.any(|text| fits(patterns, text)))
        });
        let says: Vec<Option<bool>> =
            [by_id, by_tag, by_name, by_case].into_iter().flatten().collect();
        match says.contains(&Some(true)) {
            true => Some(true),
            false if says.contains(&None) => None,
            false => Some(false),
        }
    }

    /// The group's checks as thresholds of their own. `confidence` is the suite's.
    pub fn rules(&self, confidence: Option<Percent>) -> Thresholds {
        let mut rules = Thresholds {
            figures: self.figures.clone(),
            each_scenario: self.each_scenario.clone(),
            metrics: self.metrics.clone(),
            confidence: self.confidence.or(confidence),
            ..Thresholds::default()
        };
        if self.level == Some(Level::Warn) {
            rules.only_warn();
        }
        rules
    }

    /// What the group's scenarios are chosen by, in words: `tag safety`, `scenarios 104, 105`.
    pub fn describe(&self) -> String {
        let words = |one: &str, many: &str, items: &[String]| {
            let noun = if items.len() == 1 { one } else { many };
            format!("{noun} {}", items.join(", "))
        };
        let ids = self.scenarios.as_ref().map(|ids| ids.iter().map(u64::to_string).collect());
        let parts = [
            self.tags.as_ref().map(|tags| words("tag", "tags", tags)),
            ids.map(|ids: Vec<String>| words("scenario", "scenarios", &ids)),
            self.names.as_ref().map(|names| words("name", "names", names)),
            self.cases.as_ref().map(|cases| words("case", "cases", cases)),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }

    /// Whether anything says which scenarios it has.
    pub const fn selects(&self) -> bool {
        self.tags.is_some()
            || self.scenarios.is_some()
            || self.names.is_some()
            || self.cases.is_some()
    }
}

impl Thresholds {
    /// The suite's own checks, and those of each group with its name: all of them as thresholds.
    pub fn with_groups(&self) -> Vec<(Option<&str>, Thresholds)> {
        let own = Thresholds { groups: BTreeMap::new(), ..self.clone() };
        let groups = self.groups.iter();
        let groups =
            groups.map(|(name, group)| (Some(name.as_str()), group.rules(self.confidence)));
        std::iter::once((None, own)).chain(groups).collect()
    }

    /// All checks but those of groups and of the baseline.
    pub fn own_checks(&self) -> impl Iterator<Item = &Checks> {
        let each = self.each_scenario.iter().flat_map(|each| {
            each.figures.iter().map(|(_, checks)| checks).chain(each.metrics.values())
        });
        let figures = self.figures.iter().map(|(_, checks)| checks);
        figures.chain(&self.coverage).chain(self.metrics.values()).chain(each)
    }

    /// Makes warnings of all checks but those of groups and of the baseline.
    fn only_warn(&mut self) {
        let warn = |checks: &mut Checks| {
            checks.0.iter_mut().for_each(|spec| spec.level = Level::Warn);
        };
        self.figures.values_mut().chain(&mut self.coverage).for_each(warn);
        self.metrics.values_mut().for_each(warn);
        if let Some(each) = &mut self.each_scenario {
            each.figures.values_mut().chain(each.metrics.values_mut()).for_each(warn);
        }
    }
}

/// A group that does not fit the scenarios that would run.
#[derive(Debug, Clone, PartialEq)]
pub struct Misfit {
    /// Name of the group.
    pub group: String,
    /// Whether none of the scenarios belongs to it; otherwise an id that it names would not run.
    pub fits_nothing: bool,
    /// What is wrong, at its place in the suite.
    pub problem: Problem,
}

/// The groups that none of these scenarios can belong to, and the ids in groups that are none of
/// theirs. The scenarios are all that would run.
pub fn misfits(thresholds: &Thresholds, members: &[Member]) -> Vec<Misfit> {
    let mut misfits = Vec::new();
    for (name, group) in &thresholds.groups {
        let place = Path::of(["thresholds", "groups"]).child(name);
        let misfit = |fits_nothing: bool, problem: Problem| {
            let group = name.clone();
            Misfit { group, fits_nothing, problem }
        };
        if members.iter().all(|member| group.has(member) == Some(false)) {
            let message = format!(
                "the group {} fits none of the scenarios that would run ({})",
                shown(name),
                group.describe()
            );
            let problem = Problem::of_key(place, message)
                .help("correct what it is chosen by, or remove the group");
            misfits.push(misfit(true, problem));
            continue;
        }
        let is_known = |id: &u64| members.iter().any(|one| one.id == Some(*id));
        for (index, id) in group.scenarios.iter().flatten().enumerate() {
            if !is_known(id) {
                let message = format!("scenario `{id}` of the group {} would not run", shown(name));
                let problem = Problem::new(place.child("scenarios").child(index), message)
                    .help("correct the id, remove it, or add the scenario to what the suite runs");
                misfits.push(misfit(false, problem));
            }
        }
    }
    misfits
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_group_of_warnings_makes_warnings_of_all_its_checks() {
        let group: Group = serde_json::from_value(json!({
            "tags": ["a"], "level": "warn", "success_rate": "90%",
            "metrics": {"Latency": ["p95 <= 2s", "mean <= 1s"]},
            "each_scenario": {"success_rate": "50%", "metrics": {"A": "90%"}},
        }))
        .unwrap();
        let rules = group.rules("95%".parse().ok());
        let levels: Vec<Level> =
            rules.own_checks().flat_map(|checks| &checks.0).map(|spec| spec.level).collect();
        assert_eq!(levels, [Level::Warn; 5]);
        assert_eq!(rules.confidence, "95%".parse().ok());
    }

    #[test]
    fn a_group_says_what_its_scenarios_are_chosen_by() {
        let group: Group = serde_json::from_value(
            json!({"tags": ["a", "b"], "scenarios": [104], "names": ["x*"]}),
        )
        .unwrap();
        assert_eq!(group.describe(), "tags a, b; scenario 104; name x*");
    }
}
