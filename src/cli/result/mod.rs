//! `result`: one result: showing, ending, sharing, scoring again, running again.

mod rerun;
mod rescore;

use clap::{Args as ClapArgs, Subcommand};
use serde_json::json;

use super::remote::{Remote, id, no_result};
use crate::context::Context;
use crate::exit::Code;
use crate::failure::Failure;
use crate::input::connection;
use crate::input::options::Global;
use crate::outcome::judge_run;
use crate::output::console::Console;
use crate::report::show;
use crate::runner::share_link::end_of_link;
use crate::runtime::runtime;
use crate::scalars::Timeout;
use crate::suite::model::Transcripts;
use crate::text;

/// What can be done with a result.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show a result: its runs with their outcomes, and what the platform says about
    /// the failures. Nothing is judged: the exit code is 0 for a failed result too.
    Show(IdArgs),
    /// End every call of a result that is going. The calls up to now are billed, and their
    /// transcripts stay.
    End(IdArgs),
    /// Make a link that shows the result to anyone who has it, transcripts included.
    Share(ShareArgs),
    /// Score metrics of finished calls again; with --suite, judge the new scores.
    Rescore(rescore::Args),
    /// Run the scenarios of a result again. These are new calls, and they are billed.
    Rerun(rerun::Args),
}

/// A result and nothing else.
#[derive(Debug, ClapArgs)]
pub(super) struct IdArgs {
    /// Id of the result.
    #[arg(value_parser = id)]
    id: u64,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ShareArgs {
    #[command(flatten)]
    result: IdArgs,
    /// How long the link works, such as 24h. Without it the platform sets no end.
    #[arg(long, value_name = "SPAN", value_parser = super::remote::span)]
    expires_in: Option<Timeout>,
}

pub(super) fn result(
    command: &Command,
    global: &Global,
    context: &Context,
    console: &Console,
) -> Result<Code, Failure> {
    let remote = || Remote::new(global, context, console);
    match command {
        Command::Rescore(args) => rescore::rescore(args, global, context, console),
        Command::Rerun(args) => rerun::rerun(args, global, context, console),
        Command::Show(args) => {
            let remote = remote()?;
            runtime()?.block_on(show_result(&remote, args.id, global, context))
        }
        Command::End(args) => {
            let remote = remote()?;
            runtime()?.block_on(end(&remote, args.id))
        }
        Command::Share(args) => {
            let remote = remote()?;
            runtime()?.block_on(share(&remote, args))
        }
    }
}

async fn show_result(
    remote: &Remote<'_>,
    id: u64,
    global: &Global,
    context: &Context,
) -> Result<Code, Failure> {
    let view = remote.client.result_view(id, remote.soon()).await;
    let view = view.map_err(|error| no_result(id, error))?;
    // The page is known where the project is: asking for it would be a request for one line.
    let project = context.var("CEKURA_PROJECT_ID").and_then(|project| project.parse::<u64>().ok());
    let dashboard = connection::dashboard(global, context);
    let page = dashboard
        .zip(project)
        .map(|(dashboard, project)| format!("{dashboard}/{project}/results/{id}"));
    let outcomes: Vec<_> = view.record.runs.iter().map(|run| judge_run(run, 1)).collect();
    let text = show::result(&view, page.as_deref(), remote.console.style());
    let document = json!({
        "result": view.record,
        "outcomes": outcomes,
        "updated_at": view.updated_at,
        "summary_status": view.summary_status,
        "url": page,
        "details": view.details,
    });
    remote.answer(&text, &document)?;
    Ok(Code::Passed)
}

async fn end(remote: &Remote<'_>, id: u64) -> Result<Code, Failure> {
    let before = remote.client.result(id, Transcripts::All, remote.soon()).await;
    let before = before.map_err(|error| no_result(id, error))?;
    let going: Vec<u64> =
        before.runs.iter().filter(|run| !run.status.is_terminal()).map(|run| run.id).collect();
    if going.is_empty() && before.status.is_terminal() {
        let document = json!({ "result": id, "status": before.status, "ended": [], "going": [] });
        let text = format!("result {id} was over already: {}\n", before.status.as_str());
        remote.answer(&text, &document)?;
        return Ok(Code::Passed);
    }
    remote.client.end_calls(id, remote.soon()).await.map_err(|error| no_result(id, error))?;
    // A courtesy: the calls are asked to end, whether or not it can be seen yet.
    let after = remote.client.result(id, Transcripts::All, remote.soon()).await.unwrap_or(before);
    let over = |run: &&u64| after.runs.iter().any(|r| r.id == **run && r.status.is_terminal());
    let (ended, left): (Vec<u64>, Vec<u64>) = going.iter().partition(|run| over(run));
    let mut text = format!(
        "result {id}: the platform was asked to end {}; {} ended",
        text::count(going.len(), "call"),
        ended.len()
    );
    if !left.is_empty() {
        text.push_str(&format!(", {} not yet", left.len()));
    }
    text.push_str(". The calls up to now are billed.\n");
    let document = json!({ "result": id, "status": after.status, "ended": ended, "going": left });
    remote.answer(&text, &document)?;
    Ok(Code::Passed)
}

async fn share(remote: &Remote<'_>, args: &ShareArgs) -> Result<Code, Failure> {
    let id = args.result.id;
    let expires = args.expires_in.map(|span| end_of_link(span.duration()));
    let share = remote.client.share(id, expires.as_deref(), remote.soon()).await;
    let share = share.map_err(|error| no_result(id, error))?;
    let link = crate::escape::one_line(&share.link);
    let end = match &expires {
        Some(end) => format!("until {end}"),
        None => "without an end: set one with --expires-in".to_owned(),
    };
    let text = format!(
        "{link}\nAnyone who has this link can read the transcripts of result {id}, {end}.\n"
    );
    let document = json!({
        "result": id,
        "link": share.link,
        "token": share.token,
        "expires_at": expires,
    });
    remote.answer(&text, &document)?;
    Ok(Code::Passed)
}
