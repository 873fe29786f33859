//! `run.json`: what a gate leaves on disk for who goes on after a lost runner.
//!
//! It is written just before the start, with the name by which its result can be found, and again
//! once the result's id is known. It holds nothing secret: of the request it has only fingerprints.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::plan::StartRequest;
pub(crate) use crate::plan::name::{key_of, letters};
use crate::report::model::PlanHead;
use crate::sink::{self, Sink, SinkError};
use crate::text;

/// Its file name.
pub(crate) const FILE: &str = "run.json";

/// What is on disk before the first question about a result: enough to go on with it.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(crate) struct RunState {
    /// Id of the result; none while its start is under way.
    pub(crate) result: Option<u64>,
    /// The name that the start gave it; none in a mode that gives none.
    pub(crate) name: Option<String>,
    /// Its page.
    pub(crate) url: Option<String>,
    /// The suite file that started it.
    pub(crate) suite: Option<String>,
    /// What was planned.
    pub(crate) planned: PlanHead,
    /// Whether the gate has ended its calls: those that it ended say nothing of the agent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) ended: bool,
    /// A fingerprint of each field of the request, so that another plan is noticed.
    pub(crate) request: BTreeMap<String, String>,
}

/// The directory in which a result leaves what leads to it.
#[derive(Debug)]
pub(crate) struct RunDir(PathBuf);

impl RunDir {
    /// Opens a directory. What an earlier gate has left stays where `keep` says so.
    pub(crate) fn open(dir: &Path, keep: bool) -> Result<Self, SinkError> {
        Sink::open(dir, &[], &|_| false)?;
        if !keep {
            sink::remove(&dir.join(FILE))?;
        }
        Ok(Self(dir.to_owned()))
    }

    /// Leaves on disk which result has started, or is about to.
    pub(crate) fn leave(&self, run: &RunState) -> Result<(), SinkError> {
        sink::replace(&self.0.join(FILE), &run.text())
    }

    /// Where the standard error of the agent's program goes, in mode api_chat. What an earlier gate
    /// has left there is removed.
    pub(crate) fn agent_logs(&self) -> PathBuf {
        let dir = self.0.join("agent");
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().ends_with(".stderr.log") {
                // One that stays misleads nobody: it is named after another run.
                let _ = std::fs::remove_file(entry.path());
            }
        }
        dir
    }
}

impl RunState {
    /// Reads what an earlier gate left.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        const LONGEST: u64 = 16 << 20;
        let refuse = |reason: String| Failure::Input { path: path.to_owned(), reason };
        let text = crate::input::file::read_text(path, LONGEST).map_err(refuse)?;
        let left: Self = serde_json::from_str(&text)
            .map_err(|error| refuse(format!("it is not a run.json of cekura-gate: {error}")))?;
        if left.result.is_none() && left.name.is_none() && left.request.is_empty() {
            return Err(refuse(
                "it is not a run.json of cekura-gate: it names no result".to_owned(),
            ));
        }
        Ok(left)
    }

    /// The file's text.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Why a suite that would send this request must not go on with what was left; none where it
    /// may. A file of an earlier version has no fingerprints and is of no plan that can be known.
    pub(crate) fn differs(&self, suite: Option<&str>, request: &StartRequest) -> Option<String> {
        let shown = |file: Option<&str>| file.unwrap_or("flags alone").to_owned();
        if self.suite.as_deref() != suite {
            let (theirs, ours) = (shown(self.suite.as_deref()), shown(suite));
            return Some(format!("it was started by {theirs}, not by {ours}"));
        }
        let now = fingerprints(request);
        let keys: Vec<String> = self
            .request
            .keys()
            .chain(now.keys())
            .filter(|key| self.request.get(*key) != now.get(*key))
            .map(|key| format!("`{key}`"))
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        (!keys.is_empty())
            .then(|| format!("the plan has changed: {} of the request", text::list(&keys)))
    }
}

/// A fingerprint of each field of a request, but for the name, which is new with each start.
pub(crate) fn fingerprints(request: &StartRequest) -> BTreeMap<String, String> {
    let fields = request.body.as_object().into_iter().flatten();
    let mut prints: BTreeMap<String, String> = fields
        .filter(|(key, _)| *key != "name")
        .map(|(key, value)| (key.clone(), key_of([value.to_string().as_str()])))
        .collect();
    prints.insert("path".to_owned(), key_of([request.path]));
    prints
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(agent: u64, name: &str) -> StartRequest {
        StartRequest { path: "/start/", body: json!({ "agent_id": agent, "name": name }) }
    }

    fn left() -> RunState {
        RunState {
            suite: Some("a.yml".to_owned()),
            request: fingerprints(&request(1, "Checkout [gate a]")),
            ..RunState::default()
        }
    }

    #[test]
    fn the_same_request_under_a_new_name_is_the_same_plan() {
        assert_eq!(left().differs(Some("a.yml"), &request(1, "Checkout [gate b]")), None);
    }

    #[test]
    fn another_plan_and_another_suite_are_told_by_what_differs() {
        let plan = left().differs(Some("a.yml"), &request(2, "x")).unwrap();
        assert!(plan.contains("`agent_id` of the request"), "{plan}");
        let suite = left().differs(None, &request(1, "x")).unwrap();
        assert!(suite.contains("by a.yml, not by flags alone"), "{suite}");
    }

    #[test]
    fn no_value_of_a_request_is_left_on_disk() {
        let body = json!({ "websocket_headers": { "Authorization": "Bearer secret" } });
        let prints = fingerprints(&StartRequest { path: "/start/", body });
        assert!(!format!("{prints:?}").contains("secret"));
    }
}
