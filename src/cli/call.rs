//! `call`: one call of a result: what was said, what came of it, and what people say of that.

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::remote::{Remote, Wait, id, json_or_text, metric_ids, no_call};
use crate::api::error::{ApiError, status_of};
use crate::context::Context;
use crate::exit::Code;
use crate::failure::Failure;
use crate::input::options::Global;
use crate::output::console::Console;
use crate::report::show;
use crate::review::{CallView, Vote};
use crate::runtime::runtime;
use crate::text;

/// What can be done with a call. The platform calls it a run.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show a call: its outcome, the expected outcome, the metrics with their explanations, and
    /// the transcript.
    Show(ShowArgs),
    /// Print the address at which a call can be listened to while it is going.
    Listen(IdArgs),
    /// End a call that is going. Its transcript stays.
    End(IdArgs),
    /// Agree or disagree with a metric's score.
    Vote(VoteArgs),
    /// Judge the expected outcome again, or agree or disagree with it.
    Outcome(OutcomeArgs),
    /// Mark the verdict on a critical scenario as wrong, or undo that.
    Critical(CriticalArgs),
}

/// A call and nothing else.
#[derive(Debug, ClapArgs)]
pub(super) struct IdArgs {
    /// Id of the call, as `result show` lists it.
    #[arg(value_parser = id)]
    id: u64,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    call: IdArgs,
    /// Show every turn of a long conversation.
    #[arg(long)]
    full: bool,
}

#[derive(Debug, ClapArgs)]
#[command(group(clap::ArgGroup::new("vote").args(["up", "down", "expected"]).required(true).multiple(true)))]
pub(super) struct VoteArgs {
    #[command(flatten)]
    call: IdArgs,
    /// The metric, by id or name.
    #[arg(long, value_name = "METRIC")]
    metric: String,
    /// The score is right.
    #[arg(long, conflicts_with = "down")]
    up: bool,
    /// The score is wrong.
    #[arg(long)]
    down: bool,
    /// The value that the metric should have had: JSON where it is JSON, otherwise text.
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    expected: Option<String>,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    feedback: Option<String>,
}

#[derive(Debug, ClapArgs)]
#[command(group(clap::ArgGroup::new("what").args(["rescore", "up", "down"]).required(true)))]
pub(super) struct OutcomeArgs {
    #[command(flatten)]
    call: IdArgs,
    /// Have the expected outcome judged again, and wait for it.
    #[arg(long)]
    rescore: bool,
    /// With --rescore: use the platform's older endpoint, which answers at once.
    #[arg(long, requires = "rescore", conflicts_with_all = ["up", "down"])]
    now: bool,
    /// The judgement is right.
    #[arg(long)]
    up: bool,
    /// The judgement is wrong.
    #[arg(long)]
    down: bool,
    /// Why.
    #[arg(long, value_name = "TEXT", conflicts_with = "rescore")]
    feedback: Option<String>,
    #[command(flatten)]
    wait: Wait,
}

#[derive(Debug, ClapArgs)]
#[command(group(clap::ArgGroup::new("what").args(["wrong", "undo"]).required(true)))]
pub(super) struct CriticalArgs {
    #[command(flatten)]
    call: IdArgs,
    /// Id of the critical scenario, as `call show` lists it.
    #[arg(long, value_name = "ID", value_parser = id)]
    scenario: u64,
    /// Its verdict on this call is wrong.
    #[arg(long)]
    wrong: bool,
    /// Remove that mark.
    #[arg(long)]
    undo: bool,
}

pub(super) fn call(
    command: &Command,
    global: &Global,
    context: &Context,
    console: &Console,
) -> Result<Code, Failure> {
    let plain = match command {
        Command::Show(args) => &args.call,
        Command::Listen(plain) | Command::End(plain) => plain,
        Command::Vote(args) => &args.call,
        Command::Outcome(args) => &args.call,
        Command::Critical(args) => &args.call,
    };
    let id = plain.id;
    let remote = Remote::new(global, context, console)?;
    runtime()?.block_on(async {
        match command {
            Command::Show(args) => show_call(&remote, id, args.full).await,
            Command::Listen(_) => listen(&remote, id).await,
            Command::End(_) => end(&remote, id).await,
            Command::Vote(args) => vote(&remote, id, args).await,
            Command::Outcome(args) => outcome(&remote, id, args).await,
            Command::Critical(args) => critical(&remote, id, args).await,
        }
    })?;
    Ok(Code::Passed)
}

async fn look(remote: &Remote<'_>, id: u64) -> Result<CallView, Failure> {
    remote.client.call_view(id, remote.soon()).await.map_err(|error| no_call(id, error))
}

async fn show_call(remote: &Remote<'_>, id: u64, full: bool) -> Result<(), Failure> {
    let view = look(remote, id).await?;
    let outcome = crate::outcome::judge_run(&view.run, 1);
    let text = show::call(&view, full, remote.console.style());
    let document = json!({
        "call": view,
        "outcome": outcome.outcome,
        "blame": outcome.blame,
        "reason": outcome.reason,
    });
    remote.answer(&text, &document)
}

async fn listen(remote: &Remote<'_>, id: u64) -> Result<(), Failure> {
    let found = remote.client.listen_url(id, remote.soon()).await;
    let refused = match found {
        Ok(Some(url)) => {
            let document = json!({ "call": id, "listen_url": url });
            return remote.answer(&format!("{}\n", crate::escape::one_line(&url)), &document);
        }
        Ok(None) => "the platform names no address".to_owned(),
        Err(error) if matches!(status_of(&error), Some(400 | 404 | 409 | 410)) => error.to_string(),
        Err(error) => return Err(error.into()),
    };
    let view = look(remote, id).await?;
    let status = view.run.status;
    Err(Failure::Remote(match status.is_terminal() {
        true => format!(
            "call {id} is over ({}): there is nothing to listen to; `cekura-gate call show {id}` \
             shows what was said",
            status.as_str()
        ),
        false => format!(
            "call {id} cannot be listened to now: it is {} ({refused}); try again once it is \
             in_progress",
            status.as_str()
        ),
    }))
}

async fn end(remote: &Remote<'_>, id: u64) -> Result<(), Failure> {
    let before = look(remote, id).await?.run.status;
    if before.is_terminal() {
        let document = json!({ "call": id, "status": before, "ended": false });
        let text = format!("call {id} was over already: {}\n", before.as_str());
        return remote.answer(&text, &document);
    }
    remote.client.end_call(id, remote.soon()).await.map_err(|error| no_call(id, error))?;
    let after = look(remote, id).await.map(|view| view.run.status);
    let status = after.unwrap_or(before);
    let text = match status.is_terminal() {
        true => format!("call {id} was ended: {}\n", status.as_str()),
        false => {
            format!("the platform was asked to end call {id}; it is still {}\n", status.as_str())
        }
    };
    remote.answer(&text, &json!({ "call": id, "status": status, "ended": true }))
}

async fn vote(remote: &Remote<'_>, id: u64, args: &VoteArgs) -> Result<(), Failure> {
    let metric = match args.metric.trim().parse::<u64>() {
        Ok(metric) => metric,
        Err(_) => {
            let known = look(remote, id).await?.run.metrics;
            let found = metric_ids(std::slice::from_ref(&args.metric), &known)?;
            found.into_iter().next().unwrap_or_default()
        }
    };
    let vote = Vote {
        metric: Some(metric),
        thumbs_up: (args.up || args.down).then_some(args.up),
        expected: args.expected.as_deref().map_or(Value::Null, json_or_text),
        feedback: args.feedback.clone(),
    };
    let sent = remote.client.vote_metric(id, metric, &vote, remote.soon()).await;
    sent.map_err(|error| match status_of(&error) {
        Some(400) => Failure::Remote(format!(
            "{error}; `cekura-gate call show {id}` lists the metrics of this call with their ids"
        )),
        _ => no_call(id, error),
    })?;
    let word = match vote.thumbs_up {
        Some(true) => "you agree with",
        Some(false) => "you disagree with",
        None => "you expect another value of",
    };
    let expected = match &vote.expected {
        Value::Null => String::new(),
        other => format!("; expected: {other}"),
    };
    let text = format!("call {id}: {word} metric {metric}{expected}\n");
    remote.answer(&text, &json!({ "call": id, "vote": vote }))
}

async fn outcome(remote: &Remote<'_>, id: u64, args: &OutcomeArgs) -> Result<(), Failure> {
    if !args.rescore {
        let feedback = args.feedback.as_deref();
        let sent = remote.client.vote_outcome(id, args.up, feedback, remote.soon()).await;
        sent.map_err(|error| no_call(id, error))?;
        let word = if args.up { "agree" } else { "disagree" };
        let text = format!("call {id}: you {word} with the verdict on the expected outcome\n");
        let document = json!({ "call": id, "thumbs_up": args.up, "feedback": args.feedback });
        return remote.answer(&text, &document);
    }
    let before = look(remote, id).await?;
    if args.now {
        let done = remote.client.judge_outcome_now(id, remote.soon()).await;
        done.map_err(|error| dropped_outcome(id, error))?;
    } else {
        let job = remote.client.judge_outcome(id, remote.soon()).await;
        let job = job.map_err(|error| no_call(id, error))?;
        let what = format!("expected outcome of call {id}");
        let ask = |until| remote.client.outcome_progress(&job, until);
        remote.job(&what, args.wait, ask).await?;
    }
    let after = look(remote, id).await?;
    let score = |view: &CallView| view.run.expected_outcome.as_ref().and_then(|o| o.score);
    let (old, new) = (score(&before), score(&after));
    let word = |score: Option<f64>| match score {
        Some(score) => format!("{} of 100", text::trim_number(score, 1)),
        None => "not judged".to_owned(),
    };
    let mut text = format!("call {id}: expected outcome {} → {}\n", word(old), word(new));
    for line in after.run.expected_outcome.iter().flat_map(|outcome| &outcome.explanation) {
        text.push_str(&format!("  {}\n", crate::escape::short(line, 1000)));
    }
    let document = json!({
        "call": id,
        "before": old,
        "after": new,
        "explanation": after.run.expected_outcome.map(|outcome| outcome.explanation),
        "success": after.run.success,
    });
    remote.answer(&text, &document)
}

/// The call was there a moment ago: what is missing is the platform's older way to judge it.
fn dropped_outcome(id: u64, error: ApiError) -> Failure {
    match status_of(&error) {
        Some(404 | 405) => Failure::Remote(format!(
            "this platform no longer judges an expected outcome at once ({error}); leave out --now: \
             `cekura-gate call outcome {id} --rescore` waits for it"
        )),
        _ => error.into(),
    }
}

async fn critical(remote: &Remote<'_>, id: u64, args: &CriticalArgs) -> Result<(), Failure> {
    let scenario = args.scenario;
    let sent = remote.client.mark_critical(id, scenario, args.wrong, remote.soon()).await;
    sent.map_err(|error| match status_of(&error) {
        Some(400) => Failure::Remote(format!(
            "{error}; `cekura-gate call show {id}` lists the critical scenarios of this call"
        )),
        _ => no_call(id, error),
    })?;
    let text = match args.wrong {
        true => {
            format!("call {id}: the verdict on critical scenario {scenario} is marked as wrong\n")
        }
        false => format!(
            "call {id}: the verdict on critical scenario {scenario} is no longer marked as wrong\n"
        ),
    };
    remote.answer(&text, &json!({ "call": id, "scenario": scenario, "wrong": args.wrong }))
}
