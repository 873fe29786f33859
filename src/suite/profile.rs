//! The keys that a profile of a suite may hold. What they do to the suite is in `profiles`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::budget::Budget;
use super::carrier::Mode;
use super::frequency::Frequency;
use super::retry::{EarlyStop, Retry};
use super::thresholds::Thresholds;
use crate::document::Path;
use crate::scalars::{Percent, Timeout};

/// Keys that take the place of the suite's where `--profile` names them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// Id of the agent under test.
    #[schemars(range(min = 1))]
    pub agent: Option<u64>,
    /// Provider's assistant id, in place of `agent`.
    #[schemars(length(min = 1))]
    pub assistant: Option<String>,
    /// Project id.
    #[schemars(range(min = 1))]
    pub project: Option<u64>,
    /// Ids of the scenarios, in place of whatever the suite selects by.
    #[schemars(length(min = 1), inner(range(min = 1)))]
    pub scenarios: Option<Vec<u64>>,
    /// Run the scenarios with one of these tags, in place of whatever the suite selects by.
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub tags: Option<Vec<String>>,
    /// Run the scenarios of this folder, in place of whatever the suite selects by.
    #[schemars(length(min = 1))]
    pub folder: Option<String>,
    /// Leave out the scenarios that carry one of these tags.
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub exclude_tags: Option<Vec<String>>,
    /// Path of a Tests-as-Code file, in place of whatever the suite selects by.
    #[schemars(length(min = 1))]
    pub spec: Option<String>,
    /// How the simulated caller reaches the agent.
    pub mode: Option<Mode>,
    /// How many times each scenario runs.
    pub frequency: Option<Frequency>,
    /// Personality ids.
    #[schemars(length(min = 1), inner(range(min = 1)))]
    pub personalities: Option<Vec<u64>>,
    /// Test profile ids.
    #[schemars(length(min = 1), inner(range(min = 1)))]
    pub test_profiles: Option<Vec<u64>>,
    /// How many calls may run at the same time.
    #[schemars(range(min = 1))]
    pub concurrency: Option<u32>,
    /// How long to wait for the result.
    pub timeout: Option<Timeout>,
    /// Confidence, in place of `thresholds.confidence`; the other thresholds stay.
    pub confidence: Option<Percent>,
    /// What the runs must show, in place of all of the suite's `thresholds`.
    pub thresholds: Option<Thresholds>,
    /// Which runs to start again.
    pub retry: Option<Retry>,
    /// When to end the remaining calls because the verdict is known.
    pub early_stop: Option<EarlyStop>,
    /// Limits that are checked before the first call.
    pub budget: Option<Budget>,
    /// Whether the verdict decides the exit code.
    pub enforce: Option<bool>,
}

impl Profile {
    /// The keys that it says, in the order of the docs.
    pub fn keys(&self) -> Vec<&'static str> {
        let said = [
            ("agent", self.agent.is_some()),
            ("assistant", self.assistant.is_some()),
            ("project", self.project.is_some()),
            ("scenarios", self.scenarios.is_some()),
            ("tags", self.tags.is_some()),
            ("folder", self.folder.is_some()),
            ("exclude_tags", self.exclude_tags.is_some()),
            ("spec", self.spec.is_some()),
            ("mode", self.mode.is_some()),
            ("frequency", self.frequency.is_some()),
            ("personalities", self.personalities.is_some()),
            ("test_profiles", self.test_profiles.is_some()),
            ("concurrency", self.concurrency.is_some()),
            ("timeout", self.timeout.is_some()),
            ("confidence", self.confidence.is_some()),
            ("thresholds", self.thresholds.is_some()),
            ("retry", self.retry.is_some()),
            ("early_stop", self.early_stop.is_some()),
            ("budget", self.budget.is_some()),
            ("enforce", self.enforce.is_some()),
        ];
        said.into_iter().filter(|(_, is_said)| *is_said).map(|(key, _)| key).collect()
    }

    /// Whether it takes the place of the suite's selection.
    pub const fn selects(&self) -> bool {
        self.scenarios.is_some()
            || self.tags.is_some()
            || self.folder.is_some()
            || self.exclude_tags.is_some()
            || self.spec.is_some()
    }

    /// Where a part of the merged suite stands in the file: at the profile, where it says it.
    pub fn place(&self, name: &str, path: &Path) -> Option<Path> {
        let first = path.0.first()?.as_str();
        let here = ["profiles".to_owned(), name.to_owned()];
        let below = |rest: &[String]| Path(here.iter().chain(rest).cloned().collect());
        if first == "thresholds"
            && path.0.get(1).is_some_and(|key| key == "confidence")
            && self.confidence.is_some()
        {
            return path.0.get(1..).map(below);
        }
        self.keys().contains(&first).then(|| below(&path.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_schema_is_told_where_it_stands() {
        let schema = crate::document::schema_of::<Profile>();
        let known = schema.get("properties").unwrap().as_object().unwrap().len();
        let all = Profile {
            agent: Some(1),
            assistant: Some("a".into()),
            project: Some(1),
            scenarios: Some(vec![1]),
            tags: Some(vec!["a".into()]),
            folder: Some("a".into()),
            exclude_tags: Some(vec!["a".into()]),
            spec: Some("a".into()),
            mode: Some(Mode::Text),
            frequency: Some(Frequency::Fixed(1)),
            personalities: Some(vec![1]),
            test_profiles: Some(vec![1]),
            concurrency: Some(1),
            timeout: Some(Timeout::default()),
            confidence: "95%".parse().ok(),
            thresholds: Some(Thresholds::default()),
            retry: serde_json::from_str(r#"{ "on": ["error"] }"#).ok(),
            early_stop: Some(EarlyStop::Failed),
            budget: Some(Budget::default()),
            enforce: Some(true),
        };
        assert_eq!(all.keys().len(), known);
    }
}
