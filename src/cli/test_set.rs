//! `test-set`: calls with the scores that they should have, kept for reviewing metrics.

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::remote::{Remote, id, json_or_text, metric_ids, no_call};
use crate::api::wire::after::test_set_body;
use crate::context::Context;
use crate::escape::one_line;
use crate::exit::Code;
use crate::failure::Failure;
use crate::input::options::Global;
use crate::output::console::Console;
use crate::record::RunRecord;
use crate::review::{TestSetView, Vote};
use crate::runner::test_sets::frozen;
use crate::runtime::runtime;
use crate::text;

/// What can be done with test sets.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a test set of a call: its transcript, with the metrics and the values that they should
    /// have. Where the call has one already, the platform returns that one.
    Create(CreateArgs),
}

#[derive(Debug, ClapArgs)]
pub(super) struct CreateArgs {
    /// Id of the call.
    #[arg(long, value_name = "ID", value_parser = id)]
    run: u64,
    /// Name of the test set.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// The metrics, by id or name, separated by commas. Without them those that scored the call.
    #[arg(long, value_delimiter = ',', value_name = "METRICS")]
    metrics: Vec<String>,
    /// A metric and the value that it should have, such as 55=5. May be repeated.
    #[arg(long, value_name = "METRIC=VALUE", value_parser = pair)]
    expected: Vec<(String, String)>,
    /// A metric and a remark about it. May be repeated.
    #[arg(long, value_name = "METRIC=TEXT", value_parser = pair)]
    feedback: Vec<(String, String)>,
    /// Expect the scores that the call has, except where --expected gives others.
    #[arg(long)]
    as_scored: bool,
    /// Id of the project that owns the call.
    #[arg(long, value_name = "ID", value_parser = id)]
    project: Option<u64>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(metric, _)| !metric.trim().is_empty());
    let pair = pair.map(|(metric, value)| (metric.trim().to_owned(), value.to_owned()));
    pair.ok_or_else(|| "write the metric and its value, such as 55=5".to_owned())
}

pub(super) fn test_set(
    command: &Command,
    global: &Global,
    context: &Context,
    console: &Console,
) -> Result<Code, Failure> {
    let Command::Create(args) = command;
    let remote = Remote::new(global, context, console)?;
    runtime()?.block_on(create(args, &remote))?;
    Ok(Code::Passed)
}

async fn create(args: &CreateArgs, remote: &Remote<'_>) -> Result<(), Failure> {
    let id = args.run;
    let view = remote.client.call_view(id, remote.soon()).await;
    let run = view.map_err(|error| no_call(id, error))?.run;
    let metrics = chosen(args, &run)?;
    if metrics.is_empty() {
        return Err(Failure::Usage(format!(
            "no metric scored call {id}: name them with --metrics"
        )));
    }
    let body = test_set_body(id, &args.name, args.project, &metrics);
    let set = remote.client.create_test_set(&body, remote.soon()).await;
    let set = set.map_err(|error| no_call(id, error))?;
    remote.answer(&words(&set, id), &json!({ "test_set": set }))
}

/// The metrics of the set, with what is expected of each.
fn chosen(args: &CreateArgs, run: &RunRecord) -> Result<Vec<Vote>, Failure> {
    let ids = |names: &[String]| metric_ids(names, &run.metrics);
    let mut metrics = match args.metrics.is_empty() {
        true => frozen(run, args.as_scored),
        false => {
            let scored = frozen(run, args.as_scored);
            let find = |id| scored.iter().find(|vote| vote.metric == Some(id)).cloned();
            let new = |id| Vote { metric: Some(id), ..Vote::default() };
            ids(&args.metrics)?.into_iter().map(|id| find(id).unwrap_or_else(|| new(id))).collect()
        }
    };
    let mut of = |name: &str, set: &dyn Fn(&mut Vote)| -> Result<(), Failure> {
        for id in ids(&[name.to_owned()])? {
            if !metrics.iter().any(|vote| vote.metric == Some(id)) {
                metrics.push(Vote { metric: Some(id), ..Vote::default() });
            }
            metrics.iter_mut().filter(|vote| vote.metric == Some(id)).for_each(set);
        }
        Ok(())
    };
    for (metric, value) in &args.expected {
        of(metric, &|vote| vote.expected = json_or_text(value))?;
    }
    for (metric, words) in &args.feedback {
        of(metric, &|vote| vote.feedback = Some(words.clone()))?;
    }
    Ok(metrics)
}

fn words(set: &TestSetView, run: u64) -> String {
    let name = set.name.as_deref().map(one_line).unwrap_or_default();
    let mut text = format!(
        "test set {} ({name}) holds call {run} with {}\n",
        set.id,
        text::count(set.metrics.len(), "metric")
    );
    for metric in &set.metrics {
        let id = metric.metric.map(|id| id.to_string()).unwrap_or_default();
        let name = metric.name.as_deref().map(one_line).unwrap_or_default();
        let expected = match &metric.expected {
            Value::Null => String::new(),
            other => one_line(&format!(": expected {other}")),
        };
        text.push_str(&format!("  {name} ({id}){expected}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_and_its_value_are_split_at_the_first_sign() {
        assert_eq!(pair("55=a=b"), Ok(("55".to_owned(), "a=b".to_owned())));
        assert!(pair("55").is_err());
        assert!(pair("=5").is_err());
    }
}
