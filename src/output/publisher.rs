//! Writing what the reports of a batch say: files, CI surfaces, the account.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::ci::System;
use crate::context::Context;
use crate::exit::Code;
use crate::failure::Failure;
use crate::output::ci_files::{Surfaces, add_to_summary, no_room};
use crate::output::claim::Claim;
use crate::output::console::Console;
use crate::output::report_dir::{DirOf, ReportDir};
use crate::output::stale::remove_stale;
use crate::report::files::{
    COMMENT, GITLAB_ANNOTATIONS, GITLAB_DOTENV, JUNIT, RESULT, SUMMARY, report_dir,
};
use crate::report::gates::{self, BatchReport, Gate, Whole};
use crate::report::github::Paths;
use crate::report::model::Report;
use crate::report::{azure, github, gitlab};
use crate::run_file::FILE as STARTED;
use crate::sink::{self, SinkError};
use crate::suite::model::Suite;

/// The outputs name so many results as each starts, and then whenever their number has doubled.
const NAMED_ONE_BY_ONE: usize = 16;

/// The opened outputs of a batch.
#[derive(Debug)]
pub(crate) struct Publisher {
    whole: RefCell<ReportDir>,
    /// The directories of the suites; none of a suite that runs alone.
    parts: Vec<RefCell<ReportDir>>,
    surfaces: Surfaces,
    /// The results that have started so far, by the place of their suite.
    started: RefCell<Vec<(usize, u64)>>,
    is_single: bool,
    /// The suites whose pass was taken back because a report of theirs could not be written.
    taken_back: RefCell<BTreeMap<usize, Gate>>,
    /// Why a report of one of several suites could not be made.
    failed: RefCell<Option<Failure>>,
    /// Keeps other gates out of the directory; that of a part is within it.
    _claim: Claim,
}

impl Publisher {
    /// Opens the outputs of a suite that runs alone, before anything is paid for, and leaves the
    /// evidence of other gates there, and what leads to it: for a gate that starts nothing. A report
    /// that is one of the `inputs` stays until its place is taken.
    pub(crate) fn with(dir: &Path, context: &Context, inputs: &[PathBuf]) -> Result<Self, Failure> {
        let is_input = |path: &Path| is_one_of(path, inputs);
        let claim = Claim::take(dir)?;
        Self::opened(dir, DirOf::Single, Surfaces::of(context), claim, &is_input)
    }

    /// The same for a gate that starts something: it removes what an earlier gate has left there,
    /// which would be taken for this one's.
    pub(crate) fn open(suite: &Suite, context: &Context) -> Result<Self, Failure> {
        let dir = report_dir(suite.reports.as_ref());
        Self::replacing(dir, true, context, &inputs_of(suite))
    }

    /// The same for a suite that runs alone, or for several in directories below this one.
    pub(crate) fn replacing(
        dir: &Path,
        is_single: bool,
        context: &Context,
        inputs: &[PathBuf],
    ) -> Result<Self, Failure> {
        let is_input = |path: &Path| is_one_of(path, inputs);
        let claim = Claim::take(dir)?;
        remove_stale(dir, &is_input)?;
        let of = if is_single { DirOf::Single } else { DirOf::Batch };
        let publisher = Self::opened(dir, of, Surfaces::of(context), claim, &is_input)?;
        // One of an earlier run would lead `watch --from` to the wrong result.
        sink::remove(&dir.join(STARTED))?;
        let evidence = dir.join(RESULT);
        if !is_single && !is_input(&evidence) {
            sink::remove(&evidence)?;
        }
        Ok(publisher)
    }

    fn opened(
        dir: &Path,
        of: DirOf,
        surfaces: Surfaces,
        claim: Claim,
        is_input: &dyn Fn(&Path) -> bool,
    ) -> Result<Self, Failure> {
        let others: &[&'static str] = match surfaces.system {
            System::Gitlab => &[GITLAB_DOTENV, GITLAB_ANNOTATIONS],
            _ => &[],
        };
        Ok(Self {
            whole: RefCell::new(ReportDir::open(dir, of, others, is_input)?),
            parts: Vec::new(),
            surfaces,
            started: RefCell::default(),
            is_single: of == DirOf::Single,
            taken_back: RefCell::default(),
            failed: RefCell::default(),
            _claim: claim,
        })
    }

    /// Opens the outputs of the next of several suites.
    pub(crate) fn add_part(&mut self, dir: &Path, inputs: &[PathBuf]) -> Result<(), Failure> {
        let is_input = |path: &Path| is_one_of(path, inputs);
        self.parts.push(RefCell::new(ReportDir::open(dir, DirOf::Part, &[], &is_input)?));
        Ok(())
    }

    /// Tells the CI system which results have started so far, before the first question about them:
    /// a job that is killed later leaves at least this. What an earlier gate proposed goes. `place` is that of the suite.
    /// What goes wrong is a warning: the calls are going and paid for.
    pub(crate) fn started(&self, place: usize, id: u64, url: Option<&str>, console: &Console) {
        let part = self.parts.get(place).unwrap_or(&self.whole);
        let removed = part.borrow().remove_proposal();
        for error in
            [removed, self.started_outputs(place, id, url)].into_iter().filter_map(Result::err)
        {
            console.warn(&error.to_string());
        }
    }

    fn started_outputs(&self, place: usize, id: u64, url: Option<&str>) -> Result<(), SinkError> {
        self.started.borrow_mut().push((place, id));
        let ids = self.started_ids();
        // A file that is only added to would grow with the square of the results, and GitHub takes a
        // mebibyte. What a killed job misses is at most half; the end has them all.
        let is_named = ids.len() <= NAMED_ONE_BY_ONE || ids.len().is_power_of_two();
        let outputs = github::outputs_of_start(&ids, self.is_single.then_some((id, url)));
        if self.surfaces.system == System::Gitlab {
            let path = self.whole.borrow().dir().join(GITLAB_DOTENV);
            sink::replace(&path, &gitlab::dotenv(&outputs))?;
        }
        if self.surfaces.system == System::Azure && is_named {
            crate::output::console::to_output(&azure::results(&outputs, None));
        }
        if is_named { self.surfaces.add_outputs(&outputs) } else { Ok(()) }
    }

    /// The ids of the results that have started, in the order of their suites.
    fn started_ids(&self) -> Vec<u64> {
        let mut started = self.started.borrow().clone();
        started.sort_by_key(|(place, _)| *place);
        started.into_iter().map(|(_, id)| id).collect()
    }

    /// Writes the reports of one of several suites, says how it ended, and warns of what could not be
    /// written. Those of a suite that runs alone are written at the end.
    pub(crate) fn judged(&self, place: usize, gate: &Gate, console: &Console) {
        let Some(part) = self.parts.get(place) else { return };
        let mut part = part.borrow_mut();
        let ended = match gate.report() {
            Some(report) => self.write_part(&mut part, place, gate, report),
            None => Ok(gate.line()),
        };
        for fault in &part.faults {
            console.warn(&fault.to_string());
        }
        match ended {
            Ok(line) => console.progress(&line),
            // It ends the command, once the other suites are done.
            Err(failure) => drop(self.failed.borrow_mut().get_or_insert(failure)),
        }
    }

    /// Writes the reports of one of several suites, and gives how it ended. A pass whose reports
    /// could not be written is none.
    fn write_part(
        &self,
        part: &mut ReportDir,
        place: usize,
        gate: &Gate,
        report: &Report,
    ) -> Result<String, Failure> {
        part.write(Whole::One(report))?;
        let Some(fault) = part.fault().filter(|_| gate.code == Code::Passed) else {
            return Ok(gate.line());
        };
        let mut gate = gate.clone();
        gate.not_written(&fault);
        if let Some(report) = gate.report() {
            part.write_again(Whole::One(report))?;
        }
        let line = gate.line();
        self.taken_back.borrow_mut().insert(place, gate);
        Ok(line)
    }

    /// Writes every report, prints the account, and gives the code to exit with. A report that
    /// can't be written turns a pass into its own code, in every output that still can be written;
    /// it never hides a failure.
    pub(crate) fn finish(
        &self,
        batch: &mut BatchReport,
        console: &Console,
    ) -> Result<Code, Failure> {
        if let Some(failure) = self.failed.take() {
            return Err(failure);
        }
        for (place, taken_back) in self.taken_back.take() {
            if let Some(gate) = batch.gates.get_mut(place) {
                *gate = taken_back;
            }
        }
        self.whole.borrow_mut().write((&*batch).into())?;
        self.correct(batch)?;
        // The outputs come last: they say whether everything else could be written.
        self.summary_of_ci(batch, console);
        self.correct(batch)?;
        self.outputs_of_ci(batch);
        if self.correct(batch)? {
            // What could be written of them is written again; the last value of each counts.
            let faults = self.whole.borrow().faults.len();
            self.outputs_of_ci(batch);
            self.whole.borrow_mut().faults.truncate(faults);
        }
        self.log_of_ci(batch, console)?;
        let whole = self.whole.borrow();
        if console.is_json() {
            console.print_json(&match Whole::from(&*batch) {
                Whole::One(report) => crate::report::json::write(report)
                    .map_err(|error| Failure::Internal(format!("result.json: {error}")))?,
                Whole::Several(batch) => gates::index(batch),
            })?;
        }
        console.print_summary(&gates::console(&*batch, console.style(), &whole.shown()))?;
        if !batch.has_passed() {
            console.brief(&Whole::from(&*batch).line())?;
        }
        for fault in &whole.faults {
            console.warn(&fault.to_string());
        }
        Ok(batch.code())
    }

    /// Takes a pass back where an output could not be written, and writes again what was written
    /// with it. Gives whether it did.
    fn correct(&self, batch: &mut BatchReport) -> Result<bool, Failure> {
        let whole = self.whole.borrow();
        let Some(fault) = whole.fault().filter(|_| batch.code() == Code::Passed) else {
            return Ok(false);
        };
        batch.not_written(&fault);
        whole.write_again((&*batch).into())?;
        Ok(true)
    }

    /// Appends to the summary of GitHub's step.
    fn summary_of_ci(&self, batch: &BatchReport, console: &Console) {
        let Some(path) = &self.surfaces.github_summary else { return };
        let summary = self.whole.borrow().dir().join(SUMMARY);
        let whole = |room| gates::step_summary(batch, room);
        match add_to_summary(path, whole, || gates::brief(batch, &summary)) {
            Ok(true) => {}
            Ok(false) => console.warn(&no_room(&summary)),
            Err(fault) => self.whole.borrow_mut().faults.push(fault),
        }
    }

    /// The outputs by name, and their values.
    fn outputs(&self, batch: &BatchReport) -> Vec<(&'static str, String)> {
        let whole = self.whole.borrow();
        let dir = whole.dir();
        let (junit, comment) = (dir.join(JUNIT), comment_in(dir));
        let paths = Paths { junit: Some(&junit), summary: Some(&comment), dir: Some(dir) };
        gates::outputs(batch, &self.started_ids(), paths)
    }

    /// Writes the outputs that later steps read from files.
    fn outputs_of_ci(&self, batch: &BatchReport) {
        let outputs = self.outputs(batch);
        let mut whole = self.whole.borrow_mut();
        whole.faults.extend(self.surfaces.add_outputs(&outputs).err());
        if self.surfaces.system == System::Gitlab {
            whole.write_other(GITLAB_DOTENV, &gitlab::dotenv(&outputs));
            if let Some(annotations) = gates::gitlab_annotations(batch) {
                whole.write_other(GITLAB_ANNOTATIONS, &annotations);
            }
        }
    }

    /// Prints what the CI system reads in the log: the annotations, and the outputs of Azure
    /// Pipelines, which later steps need, however quiet the gate is.
    fn log_of_ci(&self, batch: &BatchReport, console: &Console) -> Result<(), Failure> {
        match (self.surfaces.system, Whole::from(batch)) {
            (System::Github, whole) => {
                let place = |file: &str| self.surfaces.place(file);
                console.print_summary_commands(&gates::annotations(whole, &place))
            }
            (System::Azure, whole) => {
                if let Whole::One(report) = whole {
                    console.print_summary_commands(&azure::annotations(report))?;
                }
                // The agent looks for the summary from a directory of its own.
                let summary = std::path::absolute(self.whole.borrow().dir().join(SUMMARY)).ok();
                let summary = summary.filter(|path| path.exists());
                let commands = azure::results(&self.outputs(batch), summary.as_deref());
                console.print_commands(&commands)
            }
            _ => Ok(()),
        }
    }
}

/// The short summary, for whoever posts it from another directory.
fn comment_in(dir: &Path) -> PathBuf {
    let path = dir.join(COMMENT);
    std::path::absolute(&path).unwrap_or(path)
}

/// The files that a suite reads and that may be reports of an earlier gate: its baseline.
pub(crate) fn inputs_of(suite: &Suite) -> Vec<PathBuf> {
    let limits = suite.thresholds.as_ref().and_then(|thresholds| thresholds.baseline.as_ref());
    limits.map(|limits| PathBuf::from(&limits.from)).into_iter().collect()
}

/// Whether a file is one of those, by whatever path.
fn is_one_of(path: &Path, inputs: &[PathBuf]) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    inputs.iter().any(|input| input.canonicalize().is_ok_and(|input| input == path))
}
