//! `init`: write a suite and the workflow of the CI system that is found.
//!
//! It asks no question. Where there is a key, the account says what the suite runs and what it must
//! show; nothing is changed there. Files that are there already stay, unless `--force` says otherwise.

mod place;

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use self::place::{Place, read};
use serde_json::json;

use crate::ci::System;
use crate::context::Context;
use crate::document::{Diagnostics, Given, Source, read_given};
use crate::exit::Code;
use crate::failure::Failure;
use crate::init::Choice;
use crate::init::suite::{self, Answers};
use crate::init::workflow::{Preview, Workflow, is_plain, preview_workflow, workflow};
use crate::input::basic_flags::BasicFlags;
use crate::input::connection;
use crate::input::options::Global;
use crate::output::console::Console;
use crate::preflight::account::{LookedUp, Named, look_up};
use crate::report::files::DEFAULT_DIR;
use crate::runtime::runtime;
use crate::suite::model::{Frequency, Mode, Suite};
use crate::{context, text};

/// What `init` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    basic: BasicFlags,
    /// Write the workflow that starts the agent of a pull request by Cekura's preview actions, gates
    /// it and stops it. GitHub only.
    #[arg(long, value_enum, value_name = "PLATFORM")]
    preview: Option<Preview>,
    /// Write a suite that reports only: everything is judged, and no job fails by it.
    #[arg(long)]
    report_only: bool,
    /// Ask no account, even where there is a key: agent and scenarios are placeholders.
    #[arg(long)]
    offline: bool,
    /// Overwrite files that exist already.
    #[arg(long)]
    force: bool,
}

/// The suite's file.
const SUITE: &str = "cekura-gate.yml";

/// A file to write.
struct File {
    path: PathBuf,
    /// The path as the user sees it.
    shown: String,
    text: String,
}

pub(super) fn init(
    args: &Args,
    global: &Global,
    context: &Context,
    console: &Console,
) -> Result<Code, Failure> {
    let place = Place::find()?;
    let mut answers = args.answers(&place)?;
    let suite = place.here(SUITE);
    if !is_plain(&suite) {
        return Err(Failure::Usage(format!(
            "the path `{suite}` cannot stand in a script as it is: run init in a directory whose path \
             within the repository has only letters, digits and . _ - /"
        )));
    }
    let around = place.start_context();
    let choice = match global.ci {
        Some(system) => Choice { system, because: "as --ci says".to_owned(), others: Vec::new() },
        None => around.choose(),
    };
    let is_file = |path: &str| place.root.join(path).exists();
    let branch = around.branch.as_deref();
    let (choice, workflow) = match args.preview {
        Some(preview) => (on_github(choice)?, Some(preview_workflow(preview, &suite))),
        None => {
            let written = |path: &str| !args.force && is_file(path);
            let workflow = workflow(choice.system, &suite, branch, written);
            (choice, workflow)
        }
    };
    let mut files = files(&place, workflow.as_ref());
    let kept = kept(args, &files)?;
    let mut found = LookedUp::default();
    let is_new = !kept.iter().any(|path| path == SUITE);
    if is_new {
        found = args.ask(&mut answers, global, context, console)?;
        let text = suite::text(&answers);
        hold(&text)?;
        if let Some(file) = files.first_mut() {
            file.text = text;
        }
    }
    let report = write(args, &files, kept)?;
    let ignored = ignore_reports(&place)?;
    let next = next(args, &answers, &choice, workflow.as_ref(), &report);
    let steps = next.iter().enumerate().map(|(at, step)| format!("  {}. {step}\n", at + 1));
    let text = format!(
        "{}{}{ignored}\nNext:\n{}",
        in_words(&found),
        report.lines(&choice),
        steps.collect::<String>()
    );
    let document = json!({
        "written": report.written,
        "kept": report.kept,
        "ci": choice.system.name(),
        "agent": answers.agent,
        "placeholders": if is_new { answers.placeholders() } else { Vec::new() },
        "notes": found.notes,
        "next": next,
    });
    console.answer(&text, &document)?;
    Ok(Code::Passed)
}

/// What the account said, in lines.
fn in_words(found: &LookedUp) -> String {
    let mut out = String::new();
    if let Some(account) = &found.account {
        let runs = account.results.iter().map(|result| result.runs.len()).sum();
        let runs = text::count(runs, "run");
        let results = match account.results.len() {
            0 => "no results yet".to_owned(),
            1 => format!("{runs} of its last result"),
            many => format!("{runs} of its last {many} results"),
        };
        out.push_str(&format!(
            "looked up agent {}: {}, {}, {results}\n",
            account.agent_in_words(),
            text::count(account.scenarios.items.len(), "scenario"),
            text::count(account.metrics.len(), "metric"),
        ));
    }
    for note in &found.notes {
        out.push_str(&format!("note: {note}\n"));
    }
    out
}

/// Previews are started by actions that Cekura publishes for GitHub.
fn on_github(choice: Choice) -> Result<Choice, Failure> {
    match choice.system {
        System::Github => Ok(choice),
        System::None => Ok(Choice {
            system: System::Github,
            because: "--preview is for GitHub".to_owned(),
            ..choice
        }),
        other => Err(Failure::Usage(format!(
            "--preview writes for GitHub Actions only, and this is {} ({}); nothing was written. \
             With --ci github it is written all the same",
            other.title(),
            choice.because
        ))),
    }
}

impl Args {
    /// The flags, read by the rules of the keys that they become.
    fn answers(&self, place: &Place) -> Result<Answers, Failure> {
        let keys: Suite = read_given(&self.given())?;
        let frequency = match keys.frequency {
            Some(Frequency::Fixed(times)) => times,
            Some(Frequency::Rounds(_)) => {
                return Err(Failure::Usage(
                    "--frequency takes one number here: write `start` and `max` into the suite \
                     file, beside `thresholds.confidence`"
                        .to_owned(),
                ));
            }
            None => 3,
        };
        Ok(Answers {
            name: keys.name.unwrap_or_else(|| place.name()),
            agent: keys.agent,
            assistant: keys.assistant,
            project: keys.project,
            scenarios: keys.scenarios.unwrap_or_default(),
            tags: keys.tags.unwrap_or_default(),
            folder: keys.folder,
            mode: self.mode(keys.mode)?,
            frequency,
            report_only: self.report_only,
            found: None,
        })
    }

    /// Asks the account for what the flags leave open, where there is a key.
    fn ask(
        &self,
        answers: &mut Answers,
        global: &Global,
        context: &Context,
        console: &Console,
    ) -> Result<LookedUp, Failure> {
        if self.offline || !connection::has_key(global, context) {
            return Ok(LookedUp::default());
        }
        let client = connection::client(global, context)?;
        console.progress("asking the account for its agents, scenarios, metrics and last results");
        let named = Named {
            agent: answers.agent,
            assistant: answers.assistant.as_deref(),
            project: answers.project,
        };
        let found = runtime()?.block_on(look_up(&client, named))?;
        if let Some(account) = &found.account {
            let mode_is_open = self.basic.mode.is_none() && self.preview.is_none();
            account.fill(answers, mode_is_open, context::today());
        }
        Ok(found)
    }

    /// The mode that was given, or that of the preview.
    fn mode(&self, given: Option<Mode>) -> Result<Mode, Failure> {
        match (self.preview.map(Preview::mode), given) {
            (Some(preview), Some(given)) if preview != given => Err(Failure::Usage(format!(
                "--preview reaches the agent by mode {}, and --mode says {}: leave it out",
                preview.name(),
                given.name()
            ))),
            (preview, given) => Ok(given.or(preview).unwrap_or_default()),
        }
    }

    fn given(&self) -> Vec<Given> {
        let given = self.basic.texts().into_iter().filter_map(|(key, flag, text)| {
            let (key, origin) = (key.to_owned(), flag.to_owned());
            Some(Given { key, text: text.clone()?, also: &[], origin })
        });
        given.collect()
    }

    /// Whether a flag says something about the suite, so that keeping another would ignore it.
    fn says_something(&self) -> bool {
        !self.basic.is_empty()
    }
}

/// What is written must be valid: flags that do not go together are told as in any suite.
fn hold(text: &str) -> Result<(), Failure> {
    let source = Source { name: "cekura-gate.yml", text };
    let read = crate::suite::read(source, &|_| None, context::today())?;
    let problems = crate::suite::validate(&read.value, context::today());
    if problems.is_empty() {
        return Ok(());
    }
    Err(Diagnostics::from_problems(source, &read.places, problems).into())
}

/// The files to write, the suite first; its text is still to come.
fn files(place: &Place, workflow: Option<&Workflow>) -> Vec<File> {
    let text = String::new();
    let mut files = vec![File { path: place.here.join(SUITE), shown: SUITE.to_owned(), text }];
    files.extend(workflow.map(|workflow| File {
        path: place.root.join(workflow.path),
        shown: place.as_seen_here(workflow.path),
        text: workflow.text.clone(),
    }));
    files
}

/// The files that are there already and stay. The error says that nothing would be left to do.
fn kept(args: &Args, files: &[File]) -> Result<Vec<String>, Failure> {
    let exists = |file: &&File| fs::symlink_metadata(&file.path).is_ok();
    let kept = files.iter().filter(exists).filter(|_| !args.force);
    let kept: Vec<String> = kept.map(|file| file.shown.clone()).collect();
    let suite_stays = kept.iter().any(|path| path == SUITE);
    if kept.len() == files.len() || (suite_stays && args.says_something()) {
        let verb = if kept.len() == 1 { "exists" } else { "exist" };
        return Err(Failure::Usage(format!(
            "{} {verb} already; nothing was written; pass --force to overwrite it",
            text::list(&kept)
        )));
    }
    Ok(kept)
}

/// Adds the report directory to the `.gitignore` here, and says so; nothing where a line of it says
/// that already, and nothing outside of a repository. Lines that are there stay as they are.
fn ignore_reports(place: &Place) -> Result<String, Failure> {
    const NAME: &str = ".gitignore";
    if !place.root.join(".git").exists() {
        return Ok(String::new());
    }
    let path = place.here.join(NAME);
    let failed = |source| crate::sink::SinkError { path: path.clone(), source };
    let known = match fs::symlink_metadata(&path) {
        Ok(about) if about.is_file() => read(&path),
        // A link, or something else that is not to be written through.
        Ok(_) => return Ok(String::new()),
        Err(_) => Some(String::new()),
    };
    let Some(known) = known else { return Ok(String::new()) };
    let is_named = |line: &str| line.trim().trim_matches('/') == DEFAULT_DIR;
    if known.lines().any(is_named) {
        return Ok(String::new());
    }
    let gap = if known.is_empty() || known.ends_with('\n') { "" } else { "\n" };
    let mut file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
    file.write_all(format!("{gap}/{DEFAULT_DIR}/\n").as_bytes()).map_err(failed)?;
    let what = if known.is_empty() { "wrote" } else { "added to" };
    Ok(format!("{what} {NAME}: /{DEFAULT_DIR}/\n"))
}

/// What became of the files.
struct Written {
    written: Vec<String>,
    kept: Vec<String>,
}

fn write(args: &Args, files: &[File], kept: Vec<String>) -> Result<Written, Failure> {
    let mut report = Written { written: Vec::new(), kept };
    for file in files.iter().filter(|file| !report.kept.contains(&file.shown)) {
        write_one(args.force, file)
            .map_err(|source| crate::sink::SinkError { path: file.path.clone(), source })?;
        report.written.push(file.shown.clone());
    }
    Ok(report)
}

fn write_one(force: bool, file: &File) -> io::Result<()> {
    if let Some(dir) = file.path.parent() {
        fs::create_dir_all(dir)?;
    }
    let mut options = OpenOptions::new();
    options.write(true);
    // A file that has come to be since it was looked for is not written over either.
    let options =
        if force { options.create(true).truncate(true) } else { options.create_new(true) };
    options.open(&file.path)?.write_all(file.text.as_bytes())
}

impl Written {
    fn lines(&self, choice: &Choice) -> String {
        let what = |path: &String| {
            if path == SUITE {
                "the suite".to_owned()
            } else {
                format!("for {} ({})", choice.system.title(), choice.because)
            }
        };
        let mut out = String::new();
        for path in &self.written {
            out.push_str(&format!("wrote {path}: {}\n", what(path)));
        }
        for path in &self.kept {
            out.push_str(&format!("kept  {path}: it exists already\n"));
        }
        if choice.system == System::None {
            let names: Vec<&str> = System::ALL.iter().map(|system| system.name()).collect();
            out.push_str(&format!(
                "no CI system was found: for a workflow, name one with --ci {}\n",
                names.join("|")
            ));
        }
        for other in &choice.others {
            let (title, name) = (other.title(), other.name());
            out.push_str(&format!("also found {title}: init --ci {name} writes for it\n"));
        }
        out
    }
}

/// The steps that follow, in their order: three where there is a workflow that the system reads by
/// itself.
fn next(
    args: &Args,
    answers: &Answers,
    choice: &Choice,
    workflow: Option<&Workflow>,
    report: &Written,
) -> Vec<String> {
    let mut steps =
        vec!["rehearse it, without an account or cost: cekura-gate run --simulate".to_owned()];
    let placeholders = answers.placeholders();
    let is_written = report.written.iter().any(|path| path == SUITE);
    steps.push(match (placeholders.is_empty() || !is_written, &answers.found) {
        (true, Some(_)) => {
            "look at the plan, and check it against the account: cekura-gate check --online".to_owned()
        }
        (true, None) => "look at the plan: cekura-gate check".to_owned(),
        (false, _) => format!(
            "replace the placeholders with your own values ({}), then look at the plan: cekura-gate check",
            text::list(&placeholders)
        ),
    });
    if let Some(workflow) = workflow {
        if let Some(preview) = args.preview {
            steps.push(format!(
                "put your own values in the place of the placeholders of the workflow: {}",
                preview.placeholders()
            ));
        }
        steps.extend(workflow.include.map(str::to_owned));
        steps.push(format!("give {} {}", choice.system.title(), workflow.needs));
        if args.preview.is_some() {
            steps.push("require the check cekura-preview, and no job of the workflow".to_owned());
        }
    }
    steps
}
