//! The platform's documents to [records](crate::record).
//!
//! Pure. Tolerant where the platform is loose (object or array, number or text, missing or null),
//! strict about structure: what is no JSON, or has no id or status of its own, is an error that names
//! its JSON path. A field of a run that can't be read is one missing value, which the record names.
//! Fields that only decorate a report are dropped when they can't be read.

pub mod after;
pub mod call;
mod late;
mod lenient;
pub mod lookup;
mod metric;
pub mod reading;
mod repair;
mod run;
pub mod stream;
mod tags;
mod turns;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::record::{Claims, FailedReason, Insights, NextStep, ResultRecord, RunRecord, Status};

/// Why a document of the platform could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at {path}: {reason}; the body starts with: {start}")]
pub struct WireError {
    /// Where in the document, such as `runs.12.status`.
    pub path: String,
    /// What was expected.
    pub reason: String,
    /// The first characters of the body, without control characters.
    pub start: String,
}

/// A scenario as the list names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ScenarioSummary {
    /// Id of the scenario.
    pub id: u64,
    /// Its name.
    #[serde(default, deserialize_with = "lenient::text_or_empty")]
    pub name: String,
    /// Its tags.
    #[serde(default, deserialize_with = "lenient::lines")]
    pub tags: Vec<String>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
pub struct Page<T> {
    /// The entries of this page.
    pub results: Vec<T>,
    /// Address of the next page.
    #[serde(default)]
    pub next: Option<String>,
}

/// An agent, as far as the gate asks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AgentSummary {
    /// Id of the project it belongs to.
    #[serde(default, deserialize_with = "lenient::whole")]
    pub project: Option<u64>,
}

/// Reads a body as a `T`.
///
/// # Errors
///
/// When it is not JSON or not of the expected shape, with the JSON path and the start of the body.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, WireError> {
    // Keeping account of the path costs as much as reading: only a fault is worth it.
    if let Ok(value) = serde_json::from_slice(body) {
        return Ok(value);
    }
    read_strictly(body).or_else(|error| match repair::repaired(body) {
        Some(repaired) => read_strictly(&repaired),
        None => Err(error),
    })
}

fn read_strictly<T: DeserializeOwned>(body: &[u8]) -> Result<T, WireError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| WireError {
        path: error.path().to_string(),
        reason: error.inner().to_string(),
        start: start_of(body),
    })?;
    deserializer.end().map_err(|error| WireError {
        path: ".".to_owned(),
        reason: format!("there is more text after the end of the document: {error}"),
        start: start_of(body),
    })?;
    Ok(value)
}

/// Reads a result's detail, start answer or list entry.
///
/// # Errors
///
/// When it is not JSON or a field that decides the verdict can't be read.
pub fn read_result(body: &[u8]) -> Result<ResultRecord, WireError> {
    read::<WireResult>(body).map(ResultRecord::from)
}

/// Reads a page of the list of results. An entry that can't be read whole counts by its id, name
/// and agent; one without an id is left out.
///
/// # Errors
///
/// When it is not JSON or no page of a list.
pub fn read_results(body: &[u8]) -> Result<Vec<ResultRecord>, WireError> {
    let page: Page<Value> = read(body)?;
    let entry = |value: Value| {
        let id = value.get("id").and_then(lenient::whole_of)?;
        let name = value.get("name").and_then(lenient::text_of);
        let agent = value.get("agent").and_then(lenient::id_of);
        let whole = WireResult::deserialize(value).ok().map(ResultRecord::from);
        Some(whole.unwrap_or(ResultRecord { id, name, agent, ..ResultRecord::default() }))
    };
    Ok(page.results.into_iter().filter_map(entry).collect())
}

/// The runs of a result that have not ended, as the light list shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunStatuses {
    /// How many there are, on all pages.
    pub count: u64,
    /// Those of the first page.
    pub runs: Vec<(u64, Status)>,
}

/// Reads the light list.
///
/// # Errors
///
/// When it is not JSON, or an entry has no id or a status of an unreadable kind.
pub fn read_glimpse(body: &[u8]) -> Result<RunStatuses, WireError> {
    #[derive(Deserialize)]
    struct Entry {
        #[serde(deserialize_with = "lenient::required_whole")]
        id: u64,
        #[serde(deserialize_with = "lenient::status")]
        status: Status,
    }
    #[derive(Deserialize)]
    struct List {
        #[serde(deserialize_with = "lenient::required_whole")]
        count: u64,
        results: Vec<Entry>,
    }
    let list: List = read(body)?;
    let runs = list.results.into_iter().map(|entry| (entry.id, entry.status)).collect();
    Ok(RunStatuses { count: list.count, runs })
}

/// The first characters of a body, fit to be shown.
pub fn start_of(body: &[u8]) -> String {
    const SHOWN: usize = 120;
    if body.is_empty() {
        return "(nothing)".to_owned();
    }
    let head = body.get(..body.len().min(SHOWN * 4)).unwrap_or_default();
    let text = String::from_utf8_lossy(head);
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let visible: String = flat.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    if visible.len() < flat.len() || head.len() < body.len() {
        format!("{visible}…")
    } else {
        visible
    }
}

#[derive(Deserialize)]
struct WireResult {
    #[serde(deserialize_with = "lenient::required_whole")]
    id: u64,
    #[serde(default, deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::status")]
    status: Status,
    #[serde(default)]
    agent: Value,
    #[serde(default, deserialize_with = "lenient::text")]
    agent_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    created_at: Option<String>,
    #[serde(default, deserialize_with = "lenient::decoration_number")]
    success_rate: Option<f64>,
    #[serde(default, deserialize_with = "lenient::decoration_count")]
    total_runs_count: Option<u64>,
    #[serde(default, deserialize_with = "lenient::decoration_count")]
    completed_runs_count: Option<u64>,
    #[serde(default, deserialize_with = "lenient::decoration_count")]
    success_runs_count: Option<u64>,
    #[serde(default, deserialize_with = "lenient::decoration_count")]
    failed_runs_count: Option<u64>,
    #[serde(default)]
    runs: run::Runs,
    #[serde(default)]
    scenarios: Value,
    #[serde(default)]
    failed_reasons: Value,
    #[serde(default)]
    ai_summary: Value,
    #[serde(default)]
    next_steps: Value,
    #[serde(default)]
    agent_version: Value,
    #[serde(default)]
    path_coverage: Value,
    #[serde(default)]
    performance_metrics: Value,
    #[serde(default)]
    runs_by_tags: Value,
}

impl WireResult {
    /// The names of scenarios that the result lists itself, by their ids. It decorates: what can't
    /// be read names nothing.
    fn scenario_names(&self) -> BTreeMap<u64, String> {
        let read = self.scenarios.as_str().and_then(|text| serde_json::from_str(text).ok());
        let list = read.as_ref().unwrap_or(&self.scenarios);
        let named = |one: &Value| Some((lenient::id_of(one)?, lenient::name_of(one)?));
        entries(list).filter_map(named).collect()
    }
}

/// Names the scenarios of runs that do not name them themselves.
fn name_scenarios(runs: &mut [RunRecord], names: &BTreeMap<u64, String>) {
    for run in runs.iter_mut().filter(|run| run.scenario_name.is_none()) {
        run.scenario_name = run.scenario.and_then(|id| names.get(&id)).cloned();
    }
}

impl From<WireResult> for ResultRecord {
    fn from(wire: WireResult) -> Self {
        wire.record_and_tags().0
    }
}

impl WireResult {
    /// The record, with the tags in its runs; and the tags, for runs that are read elsewhere.
    fn record_and_tags(self) -> (ResultRecord, tags::RunsByTags) {
        let tags = tags::RunsByTags::of(&self.runs_by_tags, &self.status);
        let mut record = self.into_record();
        tags.mark(&mut record.runs);
        (record, tags)
    }

    fn into_record(self) -> ResultRecord {
        let mut wire = self;
        let names = wire.scenario_names();
        name_scenarios(&mut wire.runs.runs, &names);
        ResultRecord {
            id: wire.id,
            name: wire.name,
            status: wire.status,
            agent: lenient::id_of(&wire.agent),
            agent_name: wire.agent_name,
            agent_version: late::version(&wire.agent_version),
            path_coverage: late::path_coverage(&wire.path_coverage),
            rubric_rules: late::performance(&wire.performance_metrics),
            created_at: wire.created_at,
            claims: Claims {
                success_rate: wire.success_rate,
                total_runs: wire.total_runs_count,
                completed_runs: wire.completed_runs_count,
                success_runs: wire.success_runs_count,
                failed_runs: wire.failed_runs_count,
            },
            insights: insights(&wire.failed_reasons, &wire.ai_summary, &wire.next_steps),
            runs: wire.runs.runs,
            unreadable: wire.runs.unreadable,
        }
    }
}

/// What the platform says about the failures. All of it decorates: what can't be read is dropped.
fn insights(reasons: &Value, summary: &Value, steps: &Value) -> Insights {
    let issues = reasons.get("issues").unwrap_or(reasons);
    let mut failed_reasons: Vec<(u64, FailedReason)> = entries(issues)
        .filter_map(|issue| {
            let description = issue.get("description").and_then(lenient::text_of)?;
            let run_ids = entries(issue.get("run_ids")?).filter_map(lenient::whole_of).collect();
            let affected_count = issue.get("affected_count").and_then(lenient::whole_of);
            let rank = issue.get("rank").and_then(lenient::whole_of).unwrap_or(u64::MAX);
            Some((rank, FailedReason { description, run_ids, affected_count }))
        })
        .collect();
    failed_reasons.sort_by_key(|(rank, _)| *rank);
    let words = |key: &str| summary.get(key).and_then(lenient::text_of);
    Insights {
        failed_reasons: failed_reasons.into_iter().map(|(_, reason)| reason).collect(),
        what_happened: words("what_happened").or_else(|| summary.as_str().map(str::to_owned)),
        why_it_happened: words("why_it_happened"),
        how_to_fix: words("how_to_fix"),
        next_steps: entries(steps)
            .filter_map(|step| {
                let title = step.get("title").and_then(lenient::text_of)?;
                let description = step.get("description").and_then(lenient::text_of);
                Some(NextStep { title, description })
            })
            .collect(),
    }
}

fn entries(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

#[cfg(test)]
mod tests;
