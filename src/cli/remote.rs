//! What the commands on a result or a call share: reaching the platform, waiting for a job, saying
//! what came of it to people or to scripts.

use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;

use crate::api::client::Client;
use crate::api::error::{ApiError, status_of};
use crate::context::Context;
use crate::escape::terminal::neutral;
use crate::failure::Failure;
use crate::input::connection;
use crate::input::options::Global;
use crate::output::console::Console;
use crate::poll::schedule::Pace;
use crate::review::Progress;
use crate::scalars::Timeout;
use crate::text;

/// How long a question may take, repetitions included.
const PATIENCE: Duration = Duration::from_secs(120);
/// The longest wait between two questions after a job.
const SLOWEST: Duration = Duration::from_secs(5);
/// Progress is told in steps of so many percent.
const STEP: f64 = 20.0;

/// How long the command waits.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Wait {
    /// How long to wait for the platform, such as 10m.
    #[arg(long, value_name = "SPAN", value_parser = span, default_value = "10m")]
    pub(super) timeout: Timeout,
}

pub(super) fn span(text: &str) -> Result<Timeout, String> {
    text.parse().map_err(|error: crate::document::ScalarError| error.to_string())
}

/// An id of the platform.
pub(super) fn id(text: &str) -> Result<u64, String> {
    let id = text.trim().parse::<u64>().ok().filter(|id| *id > 0);
    id.ok_or_else(|| format!("`{text}` is not an id: a whole number from 1 is expected"))
}

/// The platform, and where the answer goes.
pub(super) struct Remote<'a> {
    pub(super) client: Client,
    pub(super) console: &'a Console,
}

impl<'a> Remote<'a> {
    pub(super) fn new(
        global: &Global,
        context: &Context,
        console: &'a Console,
    ) -> Result<Self, Failure> {
        let client = connection::client(global, context)?;
        Ok(Self { client, console })
    }

    /// How often the platform may be asked, or the simulator that has said that it is one.
    pub(super) fn pace(&self) -> Pace {
        Pace::at(self.client.time_scale())
    }

    /// Until when a question may be asked.
    pub(super) fn soon(&self) -> Instant {
        Instant::now() + PATIENCE
    }

    /// Prints what came of it: `text` for people, `document` for scripts.
    pub(super) fn answer(&self, text: &str, document: &impl Serialize) -> Result<(), Failure> {
        if self.console.is_json() {
            return self.console.answer("", document);
        }
        self.console.print_summary(&neutral(text))
    }

    /// Asks after a job until it is done. `ask` is asked for its progress.
    pub(super) async fn job<F: Future<Output = Result<Progress, ApiError>>>(
        &self,
        what: &str,
        wait: Wait,
        mut ask: impl FnMut(Instant) -> F,
    ) -> Result<serde_json::Map<String, serde_json::Value>, JobError> {
        let began = Instant::now();
        let deadline = began + wait.timeout.duration();
        let mut reported = None;
        loop {
            match ask(deadline).await {
                Ok(Progress::Done(fields)) => return Ok(fields),
                Ok(Progress::Failed(reason)) => {
                    let refused = format!("{what}: the platform could not do it: {reason}");
                    return Err(JobError::Failure(Failure::Remote(refused)));
                }
                Ok(Progress::Going(percent)) => {
                    let percent =
                        percent.map(|percent| (percent.clamp(0.0, 100.0) / STEP).floor() * STEP);
                    if percent.is_some() && percent != reported {
                        reported = percent;
                        let percent = text::trim_number(percent.unwrap_or_default(), 0);
                        self.console.progress(&format!("{what}: {percent}%"));
                    }
                }
                Err(error) if Instant::now() < deadline => return Err(JobError::Api(error)),
                Err(_) => {}
            }
            let floor = self.pace().floor;
            let pause = (began.elapsed() / 10).clamp(floor, SLOWEST.max(floor));
            if Instant::now() + pause >= deadline {
                let waited = text::span(wait.timeout.duration());
                return Err(JobError::Failure(Failure::NotYet(format!(
                    "{what}: it was not done within {waited}; wait longer with --timeout"
                ))));
            }
            tokio::time::sleep(pause).await;
        }
    }
}

/// Why a job gave nothing.
pub(super) enum JobError {
    /// A question was refused or not answered.
    Api(ApiError),
    /// Anything else.
    Failure(Failure),
}

impl From<JobError> for Failure {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Api(error) => error.into(),
            JobError::Failure(failure) => failure,
        }
    }
}

/// A refusal of a call's id, with a fix: ids of results and of calls look alike.
pub(super) fn no_call(id: u64, error: ApiError) -> Failure {
    match status_of(&error) {
        Some(404) => Failure::Remote(format!(
            "there is no call {id} that this key can see ({error}); where {id} is a result, \
             `cekura-gate result show {id}` lists its calls"
        )),
        _ => error.into(),
    }
}

/// A refusal of a result's id, with a fix.
pub(super) fn no_result(id: u64, error: ApiError) -> Failure {
    match status_of(&error) {
        Some(404) => Failure::Remote(format!(
            "there is no result {id} that this key can see ({error}); where {id} is a call, \
             `cekura-gate call show {id}` shows it"
        )),
        _ => error.into(),
    }
}

/// Metrics that were named, each by its id or by its name among those that `known` holds.
pub(super) fn metric_ids(
    named: &[String],
    known: &[crate::record::MetricRecord],
) -> Result<Vec<u64>, Failure> {
    let find = |name: &String| {
        let name = name.trim();
        if let Ok(id) = name.parse::<u64>() {
            return Ok(id);
        }
        let is = |text: &str| text.eq_ignore_ascii_case(name);
        let fits =
            |m: &&crate::record::MetricRecord| is(&m.name) || m.aliases.iter().any(|a| is(a));
        if let Some(id) = known.iter().find(fits).and_then(|metric| metric.id) {
            return Ok(id);
        }
        let near = text::nearest(name, known.iter().map(|metric| metric.name.as_str()));
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name it by its id, or as `call show` lists it".to_owned(),
        };
        Err(Failure::Usage(format!("no metric `{name}` scored these calls; {hint}")))
    };
    named.iter().map(find).collect()
}

/// The value of an argument: JSON where it is JSON, otherwise text.
pub(super) fn json_or_text(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expected_value_is_json_where_it_can_be() {
        for (text, value) in [
            ("2", json!(2)),
            ("4.5", json!(4.5)),
            ("true", json!(true)),
            ("null", json!(null)),
            ("\"2\"", json!("2")),
            ("angry", json!("angry")),
            ("not so good", json!("not so good")),
            ("[1, 2]", json!([1, 2])),
        ] {
            assert_eq!(json_or_text(text), value, "{text}");
        }
    }
}
