//! `prompt`: a better prompt for the agent, by what went wrong in calls.

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::remote::{JobError, Remote, Wait, id, no_call, no_result};
use crate::api::error::{ApiError, status_of};
use crate::api::wire;
use crate::context::Context;
use crate::escape::short;
use crate::exit::Code;
use crate::failure::Failure;
use crate::input::options::Global;
use crate::input::text_file::read_text;
use crate::outcome::{Outcome, judge_run};
use crate::output::console::Console;
use crate::report::show::{self, Diff};
use crate::review::{Improvement, Issues};
use crate::runtime::runtime;
use crate::suite::model::Transcripts;
use crate::{sink, text};

/// How many runs the platform takes in one request.
const BATCH: usize = 3;

/// What can be done with a prompt.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Have the platform improve a prompt from what went wrong in calls; write it and a diff.
    Improve(ImproveArgs),
    /// Only list what went wrong, in groups.
    Issues(IssuesArgs),
}

/// Which calls, and which prompt.
#[derive(Debug, ClapArgs)]
#[command(group(clap::ArgGroup::new("which").args(["runs", "result"]).required(true)))]
pub(super) struct Source {
    /// Ids of the calls, separated by commas. The platform takes three at a time.
    #[arg(long, value_delimiter = ',', value_name = "RUNS", value_parser = id)]
    runs: Vec<u64>,
    /// A result, in place of calls: those of its calls that failed.
    #[arg(long, value_name = "ID", value_parser = id)]
    result: Option<u64>,
    /// File with the agent's prompt.
    #[arg(long, value_name = "FILE")]
    agent_prompt: PathBuf,
    /// Id of the agent. Without it the agent of the calls.
    #[arg(long, value_name = "ID", value_parser = id)]
    agent: Option<u64>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ImproveArgs {
    #[command(flatten)]
    source: Source,
    /// Where the improved prompt goes; the diff goes beside it [default: the prompt's name with
    /// `.improved` before its ending].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Use the platform's older endpoint, which answers at once.
    #[arg(long)]
    now: bool,
    #[command(flatten)]
    wait: Wait,
}

#[derive(Debug, ClapArgs)]
pub(super) struct IssuesArgs {
    #[command(flatten)]
    source: Source,
}

/// The calls to learn from.
struct Lesson {
    runs: Vec<u64>,
    agent: Option<u64>,
    /// The result that they are of, for hints.
    result: Option<u64>,
}

pub(super) fn prompt(
    command: &Command,
    global: &Global,
    context: &Context,
    console: &Console,
) -> Result<Code, Failure> {
    let source = match command {
        Command::Improve(args) => &args.source,
        Command::Issues(args) => &args.source,
    };
    let prompt = read_text(&source.agent_prompt)?;
    let remote = Remote::new(global, context, console)?;
    runtime()?.block_on(async {
        let lesson = lesson(source, &remote).await?;
        match command {
            Command::Improve(args) => improve(args, &remote, &lesson, &prompt).await,
            Command::Issues(_) => issues(&remote, &lesson, &prompt).await,
        }
    })?;
    Ok(Code::Passed)
}

/// Which calls, and of which agent they are.
async fn lesson(source: &Source, remote: &Remote<'_>) -> Result<Lesson, Failure> {
    if let Some(id) = source.result {
        let record = remote.client.result(id, Transcripts::All, remote.soon()).await;
        let record = record.map_err(|error| no_result(id, error))?;
        let failed = record.runs.iter().filter(|run| judge_run(run, 1).outcome == Outcome::Failed);
        let runs: Vec<u64> = failed.map(|run| run.id).collect();
        if runs.is_empty() {
            return Err(Failure::Usage(format!(
                "no call of result {id} failed: there is nothing to improve the prompt with"
            )));
        }
        return Ok(Lesson { runs, agent: source.agent.or(record.agent), result: Some(id) });
    }
    let mut runs = source.runs.clone();
    let mut seen = std::collections::BTreeSet::new();
    runs.retain(|run| seen.insert(*run));
    let Some(first) = runs.first().copied() else {
        return Err(Failure::Usage("name at least one call with --runs".to_owned()));
    };
    let view = remote.client.call_view(first, remote.soon()).await;
    let view = view.map_err(|error| no_call(first, error))?;
    Ok(Lesson { runs, agent: source.agent.or(view.agent), result: view.result })
}

/// Improves the prompt batch by batch, each batch from what the one before has made of it.
async fn improve(
    args: &ImproveArgs,
    remote: &Remote<'_>,
    lesson: &Lesson,
    prompt: &str,
) -> Result<(), Failure> {
    let file = &args.source.agent_prompt;
    let mut improved = prompt.to_owned();
    let mut summaries = Vec::new();
    let batches = lesson.runs.chunks(BATCH);
    let count = batches.len();
    for (batch, number) in batches.zip(1..) {
        let what = match count {
            1 => "improving the prompt".to_owned(),
            count => format!("improving the prompt, part {number} of {count}"),
        };
        let step = one_batch(args, remote, lesson, batch, &improved, &what).await;
        let step = match step {
            Ok(step) => step,
            // What the batches before have made is not thrown away.
            Err(failure) if number > 1 => {
                write(args, remote, prompt, &improved, &summaries)?;
                remote.console.warn(&format!("{what} failed: what came before it is kept"));
                return Err(failure);
            }
            Err(failure) => return Err(failure),
        };
        improved = step.improved_prompt;
        summaries.push(step.summary_of_changes);
    }
    let (paths, diff) = write(args, remote, prompt, &improved, &summaries)?;
    let mut text = String::new();
    for summary in &summaries {
        text.push_str(&format!("{}\n", short(summary, 2000)));
    }
    text.push_str(&format!(
        "{} added, {} removed\n\n",
        text::count(diff.added, "line"),
        diff.removed
    ));
    text.push_str(&diff.show(remote.console.style()));
    if let Some((path, patch)) = &paths {
        let (path, patch) = (path.display(), patch.display());
        text.push_str(&format!("\nimproved prompt: {path}\ndiff:            {patch}\n"));
    }
    let document = json!({
        "runs": lesson.runs,
        "agent": lesson.agent,
        "agent_prompt": file.display().to_string(),
        "improved_prompt": improved,
        "summary_of_changes": summaries,
        "changed": improved != prompt,
        "diff": diff.text,
        "file": paths.as_ref().map(|(path, _)| path.display().to_string()),
        "diff_file": paths.as_ref().map(|(_, patch)| patch.display().to_string()),
    });
    remote.answer(&text, &document)
}

async fn one_batch(
    args: &ImproveArgs,
    remote: &Remote<'_>,
    lesson: &Lesson,
    runs: &[u64],
    prompt: &str,
    what: &str,
) -> Result<Improvement, Failure> {
    let client = &remote.client;
    if args.now {
        let until = tokio::time::Instant::now() + args.wait.timeout.duration();
        let answered = client.improve_prompt_now(runs, prompt, until).await;
        return answered.map_err(|error| dropped(lesson, error));
    }
    remote.console.progress(&format!("{what}: asked the platform"));
    let job = client.improve_prompt(runs, lesson.agent, prompt, remote.soon()).await;
    let job = job.map_err(|error| dropped(lesson, error))?;
    let done = remote.job(what, args.wait, |until| client.improve_progress(&job, until)).await;
    let fields = done.map_err(|error| match error {
        JobError::Api(error) => dropped(lesson, error),
        JobError::Failure(failure) => failure,
    })?;
    wire::after::improvement(&Value::Object(fields)).ok_or_else(|| {
        Failure::Remote(format!("{what}: the platform says that it is done, and gives no prompt"))
    })
}

/// The newest API has no calls that improve prompts.
fn dropped(lesson: &Lesson, error: ApiError) -> Failure {
    match status_of(&error) {
        Some(404 | 405) => {
            let instead = match lesson.result {
                Some(id) => format!("`cekura-gate result show {id}`"),
                None => "`cekura-gate result show ID`".to_owned(),
            };
            Failure::Remote(format!(
                "this platform no longer improves prompts ({error}); what it says about the \
                 failures, how to fix them and the next steps is in {instead}"
            ))
        }
        _ => error.into(),
    }
}

type Paths = Option<(PathBuf, PathBuf)>;

/// Writes the improved prompt and the diff, where there is a difference.
fn write(
    args: &ImproveArgs,
    remote: &Remote<'_>,
    prompt: &str,
    improved: &str,
    summaries: &[String],
) -> Result<(Paths, Diff), Failure> {
    let file = &args.source.agent_prompt;
    let diff = show::diff(&file.display().to_string(), prompt, improved);
    if improved == prompt {
        return Ok((None, diff));
    }
    let path = args.out.clone().unwrap_or_else(|| beside(file, "improved"));
    let patch = path.with_extension("diff");
    let written = sink::replace(&path, improved).and_then(|()| sink::replace(&patch, &diff.text));
    if let Err(error) = written {
        // It took minutes to make: it must not be lost to a full disk.
        let document = json!({ "improved_prompt": improved, "summary_of_changes": summaries });
        remote.answer(improved, &document)?;
        return Err(Failure::Write { path: error.path, source: error.source });
    }
    Ok((Some((path, patch)), diff))
}

/// `agent.md` to `agent.improved.md`.
fn beside(file: &Path, word: &str) -> PathBuf {
    match file.extension() {
        Some(ending) => {
            let mut new = std::ffi::OsString::from(word);
            new.push(".");
            new.push(ending);
            file.with_extension(new)
        }
        None => file.with_extension(word),
    }
}

async fn issues(remote: &Remote<'_>, lesson: &Lesson, prompt: &str) -> Result<(), Failure> {
    let mut all = Issues::default();
    for batch in lesson.runs.chunks(BATCH) {
        let found = remote.client.prompt_issues(batch, lesson.agent, prompt, remote.soon()).await;
        let found = found.map_err(|error| dropped(lesson, error))?;
        for reason in found.failed_reasons {
            // Batches know nothing of each other: the same cause comes once from each.
            let same =
                |one: &&mut crate::record::FailedReason| one.description == reason.description;
            match all.failed_reasons.iter_mut().find(same) {
                Some(known) => {
                    known.run_ids.extend(&reason.run_ids);
                    let sum = known.affected_count.zip(reason.affected_count);
                    known.affected_count = sum.map(|(a, b)| a + b);
                }
                None => all.failed_reasons.push(reason),
            }
        }
    }
    all.failed_reasons.sort_by_key(|reason| std::cmp::Reverse(reason.run_ids.len()));
    let text = match all.failed_reasons.is_empty() {
        true => format!("nothing went wrong in {}\n", text::count(lesson.runs.len(), "call")),
        false => show::explanation(&all, remote.console.style()),
    };
    let document =
        json!({ "runs": lesson.runs, "agent": lesson.agent, "issues": all.failed_reasons });
    remote.answer(text.trim_start_matches('\n'), &document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_improved_prompt_goes_beside_the_prompt() {
        for (file, expected) in
            [("a/agent.md", "a/agent.improved.md"), ("prompt", "prompt.improved")]
        {
            assert_eq!(beside(Path::new(file), "improved"), Path::new(expected));
        }
    }
}
