//! Writing what the reports say: files, CI surfaces, the account.

use std::path::{Path, PathBuf};

use crate::ci::System;
use crate::context::Context;
use crate::exit::Code;
use crate::failure::Failure;
use crate::input::suite_file::Loaded;
use crate::output::ci_files::{add_outputs, add_to_summary, in_repository, no_room};
use crate::output::claim::Claim;
use crate::output::console::Console;
use crate::output::files::{
    COMMENT, GITLAB_ANNOTATIONS, GITLAB_DOTENV, HTML, JUNIT, RESULT, SUMMARY, report_dir,
};
use crate::output::run_file::{FILE as STARTED, RunState};
use crate::report::github::{self, Paths};
use crate::report::model::Report;
use crate::report::{azure, console, gitlab, html, json, junit, markdown, words};
use crate::sink::{self, Sink, SinkError};
use crate::suite::head::SuiteHead;
use crate::suite::model::Suite;

/// The CI system that the gate runs in, as far as it reads files of its own.
#[derive(Debug, Default)]
pub(crate) struct Surfaces {
    pub(crate) system: System,
    pub(crate) github_output: Option<PathBuf>,
    pub(crate) github_summary: Option<PathBuf>,
    /// Where the CI system has put the repository.
    pub(crate) workspace: Option<PathBuf>,
}

impl Surfaces {
    /// Those of the process's surroundings. The default has none: a gate that is one of several
    /// leaves them to the whole.
    pub(crate) fn of(context: &Context) -> Self {
        Self {
            system: context.ci,
            github_output: github_file(context, "GITHUB_OUTPUT"),
            github_summary: github_file(context, "GITHUB_STEP_SUMMARY"),
            workspace: github_file(context, "GITHUB_WORKSPACE"),
        }
    }

    /// The path of a file from the root of its repository.
    pub(crate) fn place(&self, file: &str) -> Option<String> {
        in_repository(file, self.workspace.as_deref())
    }
}

/// The opened outputs of a gate.
#[derive(Debug)]
pub(crate) struct Publisher {
    sink: Sink,
    surfaces: Surfaces,
    /// Whether it is one of several, whose JUnit file is that of the whole.
    is_part: bool,
    /// Keeps other gates out of the directory; a part is within that of the whole.
    _claim: Option<Claim>,
}

/// The suite, as far as it explains the verdict.
pub(crate) fn suite_head(loaded: &Loaded) -> SuiteHead {
    SuiteHead {
        name: loaded.name(),
        file: loaded.file.clone(),
        mode: loaded.suite.mode.unwrap_or_default(),
        thresholds: loaded.suite.thresholds.clone().unwrap_or_default(),
        quarantine: loaded.suite.quarantine.clone().unwrap_or_default(),
        report_only: loaded.suite.is_report_only(),
    }
}

impl Publisher {
    /// Opens every output in the suite's directory, before anything is paid for, and removes what an
    /// earlier gate has left there: it would be taken for this one's.
    pub(crate) fn open(
        suite: &Suite,
        context: &Context,
        also: &[PathBuf],
    ) -> Result<Self, Failure> {
        let dir = report_dir(suite.reports.as_ref());
        let inputs: Vec<PathBuf> = inputs_of(suite).into_iter().chain(also.to_vec()).collect();
        let publisher = Self::with(dir, Surfaces::of(context), &inputs)?;
        crate::output::stale::remove_stale(dir, &|path| is_one_of(path, &inputs))?;
        // One of an earlier run would lead `watch --from` to the wrong result.
        sink::remove(&dir.join(STARTED))?;
        Ok(publisher)
    }

    /// Opens every output in a directory, and leaves the evidence of other gates there, and what
    /// leads to it: for a gate that starts nothing. A report that is one of the `inputs` stays until
    /// its place is taken.
    pub(crate) fn with(
        dir: &Path,
        surfaces: Surfaces,
        inputs: &[PathBuf],
    ) -> Result<Self, Failure> {
        let claim = Claim::take(dir)?;
        let mut names = vec![JUNIT, SUMMARY, COMMENT, RESULT];
        if surfaces.system == System::Gitlab {
            names.extend([GITLAB_DOTENV, GITLAB_ANNOTATIONS]);
        }
        let mut sink = Sink::open(dir, &names, &|path| is_one_of(path, inputs))?;
        sink.open_tree(HTML, html::INDEX, html::GENERATOR)?;
        Ok(Self { sink, surfaces, is_part: false, _claim: Some(claim) })
    }

    /// Opens the outputs of one of several gates. What leads to its result stays where `keep` says
    /// so.
    pub(crate) fn part(dir: &Path, keep: bool, inputs: &[PathBuf]) -> Result<Self, Failure> {
        let mut sink = Sink::open(dir, &[SUMMARY, RESULT], &|path| is_one_of(path, inputs))?;
        sink.open_tree(HTML, html::INDEX, html::GENERATOR)?;
        if !keep {
            sink::remove(&dir.join(STARTED))?;
        }
        Ok(Self { sink, surfaces: Surfaces::default(), is_part: true, _claim: None })
    }

    /// Opens the directory of one of the calls that start together: it holds what leads to the
    /// call's result, and no report.
    pub(crate) fn of_call(dir: &Path, keep: bool) -> Result<Self, Failure> {
        let sink = Sink::open(dir, &[], &|_| false)?;
        if !keep {
            sink::remove(&dir.join(STARTED))?;
        }
        Ok(Self { sink, surfaces: Surfaces::default(), is_part: true, _claim: None })
    }

    /// Where the standard error of the agent's program goes, in mode api_chat. What an earlier gate
    /// has left there is removed.
    pub(crate) fn agent_logs(&self) -> PathBuf {
        let dir = self.sink.dir().join("agent");
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().ends_with(".stderr.log") {
                // One that stays misleads nobody: it is named after another run.
                let _ = std::fs::remove_file(entry.path());
            }
        }
        dir
    }

    /// Leaves on disk which result has started, or is about to.
    pub(crate) fn left(&self, run: &RunState) -> Result<(), SinkError> {
        sink::replace(&self.sink.dir().join(STARTED), &run.text())
    }

    /// Leaves on disk and tells the CI system which result has started, before the first question
    /// about it.
    pub(crate) fn started(&self, run: &RunState) -> Result<(), SinkError> {
        self.left(run)?;
        let (Some(id), url) = (run.result, run.url.as_deref()) else { return Ok(()) };
        if self.surfaces.system == System::Gitlab {
            // A job that is killed later leaves at least this; the end replaces it.
            let text = gitlab::dotenv_of_start(id, url);
            let path = self.sink.dir().join(GITLAB_DOTENV);
            sink::replace(&path, &text)?;
        }
        if self.surfaces.system == System::Azure {
            let ids = azure::variable("result_ids", &github::result_ids(&[id]));
            let id = azure::variable("result_id", &id.to_string());
            let url = azure::variable("result_url", url.unwrap_or_default());
            crate::output::console::to_output(&(id + &ids + &url));
        }
        let Some(path) = &self.surfaces.github_output else { return Ok(()) };
        let url = url.unwrap_or_default().to_owned();
        let ids = github::result_ids(&[id]);
        let outputs = [("result_id", id.to_string()), ("result_ids", ids), ("result_url", url)];
        add_outputs(path, &outputs)
    }

    /// Writes every report, prints the account, and gives the code to exit with. A report that
    /// can't be written turns a pass into its own code, in every output that still can be written;
    /// it never hides a failure.
    pub(crate) fn finish(
        mut self,
        report: &mut Report,
        console: &Console,
    ) -> Result<Code, Failure> {
        let (written, mut faults) = self.write(report)?;
        self.correct(report, &written, &faults)?;
        // The outputs come last: they say whether everything else could be written.
        self.summary_of_ci(report, console, &mut faults);
        self.correct(report, &written, &faults)?;
        self.outputs_of_ci(report, &mut faults);
        if self.correct(report, &written, &faults)? {
            // What could be written of them is written again; the last value of each counts.
            self.outputs_of_ci(report, &mut Vec::new());
        }
        let (annotations, results) = self.log_of_ci(report);
        console.print_summary_commands(&annotations)?;
        // Later steps need these, however quiet the gate is.
        console.print_commands(&results)?;
        let told = written.iter().filter(|(name, _)| *name != COMMENT);
        let paths: Vec<&Path> = told.map(|(_, path)| path.as_path()).collect();
        console.print_summary(&console::console(report, console.style(), &paths))?;
        if !report.has_passed() {
            console.brief(&words::verdict_line(report))?;
        }
        for fault in &faults {
            console.warn(&fault.to_string());
        }
        Ok(Code::of_number(report.exit_code).unwrap_or(Code::Internal))
    }

    /// Writes the files of one of several gates, and gives what went wrong.
    pub(crate) fn write_part(&mut self, report: &mut Report) -> Result<Vec<SinkError>, Failure> {
        let (written, faults) = self.write(report)?;
        self.correct(report, &written, &faults)?;
        Ok(faults)
    }

    /// Writes the files. Gives those that were written and what went wrong.
    fn write(&mut self, report: &Report) -> Result<(Written, Vec<SinkError>), Failure> {
        let mut faults: Vec<SinkError> = Vec::new();
        let mut written: Written = Vec::new();
        for name in self.files() {
            // Each text is let go before the next is made: those of ten thousand runs are large.
            match self.sink.write(name, &text_of(name, report)?) {
                Ok(path) => written.push((name, path)),
                Err(fault) => faults.push(fault),
            }
        }
        match self.sink.write_tree(HTML, |write| html::each(report, write)) {
            Ok(path) => written.push((HTML, path.join(html::INDEX))),
            Err(fault) => faults.push(fault),
        }
        Ok((written, faults))
    }

    /// The files that every gate writes, the evidence first.
    fn files(&self) -> impl Iterator<Item = &'static str> + use<> {
        // Those of the whole have what is of all parts.
        let of_whole = |name: &&str| [JUNIT, COMMENT].contains(name);
        let is_part = self.is_part;
        [RESULT, JUNIT, SUMMARY, COMMENT]
            .into_iter()
            .filter(move |name| !(is_part && of_whole(name)))
    }

    /// Takes a pass back where an output could not be written, and writes again what was written
    /// with it. Gives whether it did.
    fn correct(
        &self,
        report: &mut Report,
        written: &Written,
        faults: &[SinkError],
    ) -> Result<bool, Failure> {
        let Some(fault) = faults.first() else { return Ok(false) };
        if report.exit_code != Code::Passed.number() {
            return Ok(false);
        }
        report.not_written(&format!("{}: {}", fault.path.display(), fault.source));
        for (name, path) in written {
            // Evidence that cannot be written again is kept: it has been paid for. Anything else
            // would say that the gate passed.
            match *name {
                RESULT => drop(sink::replace(path, &text_of(name, report)?)),
                HTML => {
                    let dir = path.parent().unwrap_or(path);
                    let again = html::each(report, |file: &str, text: &str| {
                        sink::replace(&dir.join(file), text)
                    });
                    if again.is_err() {
                        sink::remove_tree(dir, html::INDEX, html::GENERATOR);
                    }
                }
                _ => {
                    if sink::replace(path, &text_of(name, report)?).is_err() {
                        let _ = sink::remove(path);
                    }
                }
            }
        }
        Ok(true)
    }

    /// Appends to the summary of GitHub's step.
    fn summary_of_ci(&self, report: &Report, console: &Console, faults: &mut Vec<SinkError>) {
        let Some(path) = &self.surfaces.github_summary else { return };
        let summary = self.sink.dir().join(SUMMARY);
        let code = Code::of_number(report.exit_code).unwrap_or(Code::Internal);
        let brief = || markdown::brief(code, &words::verdict_line(report), &summary);
        match add_to_summary(path, |room| markdown::step_summary(report, room), brief) {
            Ok(true) => {}
            Ok(false) => console.warn(&no_room(&summary)),
            Err(fault) => faults.push(fault),
        }
    }

    /// Writes the outputs that later steps read from files.
    fn outputs_of_ci(&mut self, report: &Report, faults: &mut Vec<SinkError>) {
        let dir = self.sink.dir().to_owned();
        let (junit, comment) = (dir.join(JUNIT), comment_in(&dir));
        let paths = Paths { junit: Some(&junit), summary: Some(&comment), dir: Some(&dir) };
        if let Some(path) = &self.surfaces.github_output {
            faults.extend(add_outputs(path, &github::outputs(report, paths)).err());
        }
        if self.surfaces.system == System::Gitlab {
            let mut write = |name, text: &str| {
                let written = match self.sink.is_open(name) {
                    true => self.sink.write(name, text).map(drop),
                    false => sink::replace(&dir.join(name), text),
                };
                faults.extend(written.err());
            };
            write(GITLAB_DOTENV, &gitlab::dotenv(report, paths));
            if let Some(annotations) = gitlab::annotations(report) {
                write(GITLAB_ANNOTATIONS, &annotations);
            }
        }
    }

    /// What the CI system reads in the log: the annotations, and the outputs of Azure Pipelines.
    fn log_of_ci(&self, report: &Report) -> (String, String) {
        let dir = self.sink.dir();
        let (junit, summary) = (dir.join(JUNIT), dir.join(SUMMARY));
        let comment = comment_in(dir);
        let paths = Paths { junit: Some(&junit), summary: Some(&comment), dir: Some(dir) };
        match self.surfaces.system {
            System::Github => {
                let place = |file: &str| self.surfaces.place(file);
                (github::annotations(report, &place), String::new())
            }
            System::Azure => {
                // The agent looks for the summary from a directory of its own.
                let summary = std::path::absolute(&summary).ok().filter(|path| path.exists());
                let results = azure::results(report, paths, summary.as_deref());
                (azure::annotations(report), results)
            }
            _ => (String::new(), String::new()),
        }
    }
}

/// The reports that were written: their names and paths.
type Written = Vec<(&'static str, PathBuf)>;

/// The text of one of the files.
fn text_of(name: &str, report: &Report) -> Result<String, Failure> {
    match name {
        RESULT => {
            json::write(report).map_err(|error| Failure::Internal(format!("result.json: {error}")))
        }
        JUNIT => Ok(junit::junit(report)),
        COMMENT => Ok(markdown::comment::without_marker(report)),
        _ => Ok(markdown::markdown(report)),
    }
}

/// The short summary, for whoever posts it from another directory.
pub(crate) fn comment_in(dir: &Path) -> PathBuf {
    let path = dir.join(COMMENT);
    std::path::absolute(&path).unwrap_or(path)
}

/// Tells the CI system of a gate that ended without a verdict, so that no later step takes the
/// outputs of such a gate for a pass. A CI system that can't be told keeps the exit code.
/// `simulated`: whether it was a rehearsal.
pub(crate) fn failed(context: &Context, code: Code, simulated: bool) {
    let outputs = no_verdict(code, simulated);
    if let Some(path) = github_file(context, "GITHUB_OUTPUT") {
        let _ = add_outputs(&path, &outputs);
    } else if context.ci == System::Azure {
        let commands = outputs.iter().map(|(name, value)| azure::variable(name, value));
        crate::output::console::to_output(&commands.collect::<String>());
    }
}

/// Gives later steps one output more, where the CI system reads them from a file.
pub(crate) fn output(context: &Context, name: &str, value: &str) {
    if let Some(path) = github_file(context, "GITHUB_OUTPUT") {
        let _ = add_outputs(&path, &[(name, value.to_owned())]);
    }
}

/// The outputs of a gate that ended without a verdict.
pub(crate) fn no_verdict(code: Code, simulated: bool) -> [(&'static str, String); 4] {
    [
        ("verdict", if code == Code::Usage { "refused" } else { "none" }.to_owned()),
        ("exit_code", code.number().to_string()),
        ("passed", false.to_string()),
        ("simulated", simulated.to_string()),
    ]
}

/// A file that GitHub reads, where the gate runs there.
fn github_file(context: &Context, name: &str) -> Option<PathBuf> {
    context.var(name).filter(|_| context.ci == System::Github).map(PathBuf::from)
}

/// The files that a suite reads and that may be reports of an earlier gate: its baseline.
pub(crate) fn inputs_of(suite: &Suite) -> Vec<PathBuf> {
    let limits = suite.thresholds.as_ref().and_then(|thresholds| thresholds.baseline.as_ref());
    limits.map(|limits| PathBuf::from(&limits.from)).into_iter().collect()
}

/// Whether a file is one of those, by whatever path.
pub(crate) fn is_one_of(path: &Path, inputs: &[PathBuf]) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    inputs.iter().any(|input| input.canonicalize().is_ok_and(|input| input == path))
}
