//! `run --reuse`: the result that an earlier attempt of the same CI job has started.
//!
//! It is found by a key in its name, which is made of the job and of the request, scenarios
//! resolved. What is found is read in full and held against the plan before it is taken up.

use std::collections::BTreeSet;
use std::str::FromStr;

use jiff::Timestamp;
use tokio::time::Instant;

use super::job::Job;
use crate::api::client::Client;
use crate::api::error::ApiError;
use crate::context;
use crate::plan::{Plan, StartRequest, Target};
use crate::record::{ResultRecord, Status};
use crate::suite::model::Transcripts;
use crate::suite::scalars::{ScalarError, Timeout};

/// How long ago a result may have been started that is taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Age(std::time::Duration);

impl FromStr for Age {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, ScalarError> {
        text.parse::<Timeout>().map(|span| Age(span.duration()))
    }
}

/// What all results of this job that are of this request have in their names, and what this
/// attempt's would be called.
pub(super) struct Names {
    /// `Checkout @main [gate 7h2k9m4xq1-`
    start: String,
    /// `ab3d-`, where attempts are told apart.
    attempt: Option<String>,
}

impl Names {
    /// `name_start` is that of every result of the suite.
    pub(super) fn new(name_start: &str, job: &Job, request: &StartRequest) -> Self {
        let prints = super::left::fingerprints(request);
        let asked: Vec<String> =
            prints.into_iter().map(|(key, print)| key + "=" + &print).collect();
        let start = format!("{name_start}{}-", job.key(&asked));
        Self { start, attempt: job.attempt.as_ref().map(|attempt| format!("{attempt}-")) }
    }

    /// The name of a result that this attempt starts.
    pub(super) fn own(&self, key: &str) -> String {
        format!("{}{}{key}]", self.start, self.attempt.as_deref().unwrap_or_default())
    }

    /// Whether a name is of an earlier attempt's whole start.
    fn is_earlier(&self, name: &str) -> bool {
        let rest = name.trim().strip_prefix(&self.start).and_then(|rest| rest.strip_suffix(']'));
        rest.is_some_and(|rest| {
            let ours = self.attempt.as_ref().is_some_and(|ours| rest.starts_with(ours));
            !ours && !rest.contains([']', ' '])
        })
    }
}

/// The newest result of an earlier attempt that can stand for what the plan would start.
pub(super) async fn find(
    client: &Client,
    names: &Names,
    plan: &Plan,
    (age, keep): (Age, Transcripts),
    until: Instant,
) -> Result<Option<ResultRecord>, ApiError> {
    for listed in client.results_starting(&names.start, until).await? {
        if !listed.name.as_deref().is_some_and(|name| names.is_earlier(name)) {
            continue;
        }
        let mut found = client.result(listed.id, keep, until).await?;
        found.name = found.name.take().or(listed.name);
        if stands_for(&found, names, plan, age, context::now()) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Whether a result can stand for what the plan would start: it is of the same agent, scenarios and
/// number of runs, it is going or has finished, nobody ended its calls, and it is young enough.
fn stands_for(
    found: &ResultRecord,
    names: &Names,
    plan: &Plan,
    Age(age): Age,
    now: Timestamp,
) -> bool {
    let given_up =
        |status: &Status| matches!(status, Status::Failed | Status::Timeout | Status::Cancelled);
    let is_whole =
        !given_up(&found.status) && !found.runs.iter().any(|run| run.status == Status::Cancelled);
    let same_agent = match (&plan.target, found.agent) {
        (Target::Agent(wanted), Some(agent)) => *wanted == agent,
        // The request names the agent, and is in the key.
        (Target::Agent(_) | Target::Assistant(_), _) => true,
    };
    let same_scenarios = match plan.spec() {
        // Test cases have other ids at each start: their names are the same.
        Some(spec) => {
            let names = found.runs.iter().filter_map(|run| run.scenario_name.as_deref());
            let names: BTreeSet<&str> = names.map(str::trim).collect();
            names == spec.scenarios.iter().map(|case| case.name.trim()).collect()
        }
        None => {
            let scenarios: BTreeSet<u64> =
                found.runs.iter().filter_map(|run| run.scenario).collect();
            scenarios == plan.scenarios().into_iter().collect()
        }
    };
    let created = found.created_at.as_deref().and_then(|at| at.parse::<Timestamp>().ok());
    let young = created.is_some_and(|created| {
        std::time::Duration::try_from(now.duration_since(created)).unwrap_or_default() <= age
    });
    let named = found.name.as_deref().is_some_and(|name| names.is_earlier(name));
    is_whole
        && same_agent
        && same_scenarios
        && plan.runs() == Some(found.runs.len())
        && young
        && named
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::context::Context;
    use crate::record::RunRecord;

    const NOW: &str = "2026-11-21T12:00:00Z";

    fn plan() -> Plan {
        let suite = json!({ "agent": 1, "scenarios": [1, 2], "frequency": 2 });
        Plan::new(&serde_json::from_value(suite).unwrap(), "Checkout", None, "x").unwrap()
    }

    fn names(attempt: Option<&str>) -> Names {
        let own = [("CEKURA_GATE_REUSE_KEY".to_owned(), "k".to_owned())];
        let context = Context {
            env: own.into(),
            ci: crate::ci::System::None,
            stdout_is_terminal: false,
            stderr_is_terminal: false,
        };
        let mut job = Job::of(&context).unwrap();
        job.attempt = attempt.map(str::to_owned);
        Names::new("Checkout [gate ", &job, &plan().request().unwrap())
    }

    fn result() -> ResultRecord {
        let run = |id| RunRecord {
            id,
            scenario: Some(1 + id % 2),
            status: Status::Completed,
            ..RunRecord::default()
        };
        ResultRecord {
            id: 9,
            name: Some(names(Some("aaaa")).own("unique")),
            status: Status::Completed,
            agent: Some(1),
            created_at: Some("2026-11-21T11:00:00Z".to_owned()),
            runs: (1..=4).map(run).collect(),
            ..ResultRecord::default()
        }
    }

    fn fits(result: &ResultRecord) -> bool {
        let age = "24h".parse().unwrap();
        stands_for(result, &names(Some("bbbb")), &plan(), age, NOW.parse().unwrap())
    }

    #[test]
    fn a_finished_and_a_running_result_of_an_earlier_attempt_are_taken_up() {
        assert!(fits(&result()));
        assert!(fits(&ResultRecord { status: Status::Running, ..result() }));
    }

    #[test]
    fn a_result_that_differs_in_anything_is_not_taken_up() {
        type Change = fn(&mut ResultRecord);
        let changes: [(&str, Change); 11] = [
            ("cancelled", |r| r.status = Status::Cancelled),
            ("failed", |r| r.status = Status::Failed),
            ("timed out", |r| r.status = Status::Timeout),
            ("a call was ended", |r| r.runs[3].status = Status::Cancelled),
            ("of another agent", |r| r.agent = Some(2)),
            ("of another scenario", |r| r.runs[3].scenario = Some(7)),
            ("with fewer runs", |r| drop(r.runs.pop())),
            ("too old", |r| r.created_at = Some("2026-11-20T11:00:00Z".to_owned())),
            ("of unknown age", |r| r.created_at = None),
            ("of this attempt", |r| r.name = Some(names(Some("bbbb")).own("unique"))),
            ("a retry", |r| r.name = r.name.take().map(|name| name + " retry 1.1")),
        ];
        for (what, change) in changes {
            let mut changed = result();
            change(&mut changed);
            assert!(!fits(&changed), "{what}");
        }
    }

    #[test]
    fn a_name_of_its_own_is_of_a_whole_start_for_baselines_too() {
        let name = names(Some("aaaa")).own("unique");
        assert!(crate::plan::is_of_whole_start(&name, "Checkout [gate "));
    }
}
