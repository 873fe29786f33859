//! `init`: write a suite and the workflow of the CI system that is found.
//!
//! It asks nothing and sends nothing. What is there already stays, unless `--force` says otherwise.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::ci::System;
use crate::document::{Diagnostics, Given, Source, read_given};
use crate::exit::Code;
use crate::failure::Failure;
use crate::init::suite::{self, Answers};
use crate::init::workflow::{Preview, Workflow, is_plain, preview_workflow, workflow};
use crate::init::{Choice, Environment, MARKS};
use crate::input::basic_flags::BasicFlags;
use crate::input::options::Global;
use crate::output::console::Console;
use crate::report::files::DEFAULT_DIR;
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
    /// Overwrite files that exist already.
    #[arg(long)]
    force: bool,
}

/// A file to write.
struct File {
    path: PathBuf,
    /// The path as the user sees it.
    shown: String,
    text: String,
}

pub(super) fn init(args: &Args, global: &Global, console: &Console) -> Result<Code, Failure> {
    let place = Place::find()?;
    let answers = args.answers(&place)?;
    let text = suite::text(&answers);
    hold(&text)?;
    let suite = place.here("cekura-gate.yml");
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
    let files = files(&place, text, workflow.as_ref());
    let report = write(args, &files)?;
    let ignored = ignore_reports(&place)?;
    let next = next(args, &answers, &choice, workflow.as_ref(), &report);
    console.print(&format!("{}{ignored}{next}", report.lines(&choice)))?;
    Ok(Code::Passed)
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
        })
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

/// Where the suite is to be, and the repository around it.
struct Place {
    here: PathBuf,
    root: PathBuf,
}

impl Place {
    fn find() -> Result<Self, Failure> {
        let refuse =
            |error: io::Error| Failure::Input { path: ".".into(), reason: error.to_string() };
        let here = fs::canonicalize(".").map_err(refuse)?;
        let root = here.ancestors().find(|dir| dir.join(".git").exists()).unwrap_or(&here);
        Ok(Self { root: root.to_owned(), here })
    }

    fn name(&self) -> String {
        let name = self.here.file_name().map(|name| name.to_string_lossy().into_owned());
        name.map_or_else(|| "Release gate".to_owned(), |name| name.chars().take(200).collect())
    }

    /// The path from the root of a file that is here, with forward slashes.
    fn here(&self, name: &str) -> String {
        let below = self.here.strip_prefix(&self.root).unwrap_or(Path::new(""));
        let parts = below.iter().map(|part| part.to_string_lossy().into_owned());
        parts.chain([name.to_owned()]).collect::<Vec<_>>().join("/")
    }

    /// A path from the root, as it reads from here.
    fn as_seen_here(&self, path: &str) -> String {
        let below = self.here.strip_prefix(&self.root).unwrap_or(Path::new(""));
        "../".repeat(below.iter().count()) + path
    }

    fn start_context(&self) -> Environment {
        let exists = |(path, _): &(&str, System)| self.root.join(path).exists();
        let marks = MARKS.into_iter().filter(exists).collect();
        let git = self.git();
        let remote = read(&git.join("config")).and_then(|text| remote_of(&text));
        let head = |path: &str| {
            let text = read(&git.join(path))?;
            let (_, branch) = text.trim().split_once("refs/")?;
            Some(
                branch
                    .trim_start_matches("remotes/origin/")
                    .trim_start_matches("heads/")
                    .to_owned(),
            )
        };
        // Without the remote's own word, the branch at hand is taken only by its usual names.
        let usual = |branch: &String| ["main", "master", "trunk"].contains(&branch.as_str());
        let branch = head("refs/remotes/origin/HEAD").or_else(|| head("HEAD").filter(usual));
        Environment { marks, remote, branch }
    }

    /// The repository's own directory, also from a worktree or a submodule.
    fn git(&self) -> PathBuf {
        let git = self.root.join(".git");
        let Some(text) = read(&git) else { return git };
        let Some(dir) = text.trim().strip_prefix("gitdir: ") else { return git };
        let dir = self.root.join(dir);
        match read(&dir.join("commondir")) {
            Some(common) => dir.join(common.trim()),
            None => dir,
        }
    }
}

/// A small text file; none if it is not one.
fn read(path: &Path) -> Option<String> {
    crate::input::file::read_text(path, 1 << 20).ok()
}

/// The address of `origin`, or of the first remote.
fn remote_of(config: &str) -> Option<String> {
    let mut section = "";
    let mut first = None;
    for line in config.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if section.starts_with("[remote ")
            && let Some((key, url)) = line.split_once('=')
            && key.trim() == "url"
        {
            if section == "[remote \"origin\"]" {
                return Some(url.trim().to_owned());
            }
            first.get_or_insert(url.trim());
        }
    }
    first.map(str::to_owned)
}

fn files(place: &Place, suite: String, workflow: Option<&Workflow>) -> Vec<File> {
    let name = "cekura-gate.yml";
    let mut files = vec![File { path: place.here.join(name), shown: name.to_owned(), text: suite }];
    files.extend(workflow.map(|workflow| File {
        path: place.root.join(workflow.path),
        shown: place.as_seen_here(workflow.path),
        text: workflow.text.clone(),
    }));
    files
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

fn write(args: &Args, files: &[File]) -> Result<Written, Failure> {
    let exists = |file: &&File| fs::symlink_metadata(&file.path).is_ok();
    let kept: Vec<&File> = files.iter().filter(exists).filter(|_| !args.force).collect();
    let suite_stays = kept.first().is_some_and(|file| file.shown == "cekura-gate.yml");
    if kept.len() == files.len() || (suite_stays && args.says_something()) {
        let names: Vec<String> = kept.iter().map(|file| file.shown.clone()).collect();
        let verb = if names.len() == 1 { "exists" } else { "exist" };
        return Err(Failure::Usage(format!(
            "{} {verb} already; nothing was written; pass --force to overwrite it",
            text::list(&names)
        )));
    }
    let mut report = Written { written: Vec::new(), kept: Vec::new() };
    for file in files {
        if kept.iter().any(|kept| kept.path == file.path) {
            report.kept.push(file.shown.clone());
            continue;
        }
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
            if path == "cekura-gate.yml" {
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

/// The steps that follow, in their order.
fn next(
    args: &Args,
    answers: &Answers,
    choice: &Choice,
    workflow: Option<&Workflow>,
    report: &Written,
) -> String {
    let mut steps =
        vec!["try it without an account or cost: cekura-gate run --simulate".to_owned()];
    let placeholders = answers.placeholders();
    if !placeholders.is_empty() && report.written.iter().any(|path| path == "cekura-gate.yml") {
        let keys =
            text::list(&placeholders.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>());
        steps.push(format!("replace the placeholders with your own values: {keys}"));
    }
    steps.push("look at the plan: cekura-gate check".to_owned());
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
    let steps = steps.iter().enumerate().map(|(at, step)| format!("  {}. {step}\n", at + 1));
    format!("\nNext:\n{}", steps.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remote_is_origins_or_else_the_first() {
        let config = "[core]\n\tbare = false\n[remote \"up\"]\n\turl = git@a:b.git\n\
                      [remote \"origin\"]\n\tfetch = x\n\turl = https://c/d\n[branch \"main\"]\n";
        assert_eq!(remote_of(config).as_deref(), Some("https://c/d"));
        let config = "[remote \"up\"]\n\turl = git@a:b.git\n[remote \"other\"]\nurl=x\n";
        assert_eq!(remote_of(config).as_deref(), Some("git@a:b.git"));
        assert_eq!(remote_of("[core]\nurl = x\n"), None);
    }
}
