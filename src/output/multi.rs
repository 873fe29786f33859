//! Writing what the report of several gates says: files, CI surfaces, the account.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use crate::ci::System;
use crate::exit::Code;
use crate::failure::Failure;
use crate::output::ci_files::{add_outputs, add_to_summary, no_room};
use crate::output::claim::Claim;
use crate::output::console::Console;
use crate::output::files::INDEX;
use crate::output::files::{
    COMMENT, GITLAB_ANNOTATIONS, GITLAB_DOTENV, HTML, JUNIT, RESULT, SUMMARY,
};
use crate::output::publisher::{Surfaces, comment_in, is_one_of};
use crate::output::run_file::FILE as STARTED;
use crate::output::stale::remove_stale;
use crate::report::gates::{self, BatchReport};
use crate::report::github::{Paths, result_ids};
use crate::report::{azure, gitlab, html, junit, markdown};
use crate::sink::{self, Sink, SinkError};

/// So many results are told as each starts, and then whenever their number has doubled.
const TOLD_ONE_BY_ONE: usize = 16;

/// The opened outputs of several gates.
#[derive(Debug)]
pub(crate) struct BatchPublisher {
    sink: Sink,
    surfaces: Surfaces,
    /// The results that have started so far, in the order of the command line.
    begun: RefCell<Vec<u64>>,
    /// Keeps other gates out of the directory.
    _claim: Claim,
}

impl BatchPublisher {
    /// Opens every output in the directory of the whole, before anything is paid for.
    pub(crate) fn open(
        dir: &Path,
        surfaces: Surfaces,
        inputs: &[PathBuf],
    ) -> Result<Self, Failure> {
        let claim = Claim::take(dir)?;
        let is_input = |path: &Path| is_one_of(path, inputs);
        remove_stale(dir, &is_input)?;
        let mut names = vec![JUNIT, SUMMARY, COMMENT, INDEX];
        if surfaces.system == System::Gitlab {
            names.extend([GITLAB_DOTENV, GITLAB_ANNOTATIONS]);
        }
        let mut sink = Sink::open(dir, &names, &is_input)?;
        sink.open_tree(HTML, html::INDEX, html::GENERATOR)?;
        // Those of a single gate in the same directory would be taken for this one's.
        for path in [RESULT, STARTED].map(|name| dir.join(name)) {
            if !is_input(&path) {
                sink::remove(&path)?;
            }
        }
        Ok(Self { sink, surfaces, begun: RefCell::default(), _claim: claim })
    }

    /// Tells the CI system which results have started so far, so that a job that is cancelled has
    /// them.
    pub(crate) fn started(&self, ids: &[u64]) -> Result<(), SinkError> {
        self.begun.replace(ids.to_vec());
        // A file that is only added to would grow with the square of the results, and GitHub takes a
        // mebibyte. What a killed job misses is at most half; the end has them all.
        let is_told = ids.len() <= TOLD_ONE_BY_ONE || ids.len().is_power_of_two();
        let ids = result_ids(ids);
        if self.surfaces.system == System::Azure && is_told {
            crate::output::console::to_output(&azure::variable("result_ids", &ids));
        }
        if self.surfaces.system == System::Gitlab {
            let text = gitlab::dotenv_of(&[("result_ids", ids.clone())]);
            sink::replace(&self.sink.dir().join(GITLAB_DOTENV), &text)?;
        }
        match &self.surfaces.github_output {
            Some(path) if is_told => add_outputs(path, &[("result_ids", ids)]),
            Some(_) | None => Ok(()),
        }
    }

    /// Writes every report, prints the account, and gives the code to exit with. A report that
    /// can't be written takes the pass back, in every output that still can be written.
    pub(crate) fn finish(
        mut self,
        whole: &mut BatchReport,
        console: &Console,
    ) -> Result<Code, Failure> {
        let mut faults: Vec<SinkError> = Vec::new();
        let mut written: Vec<(&'static str, PathBuf)> = Vec::new();
        for name in [INDEX, JUNIT, SUMMARY, COMMENT] {
            match self.sink.write(name, &text_of(name, whole)) {
                Ok(path) => written.push((name, path)),
                Err(fault) => faults.push(fault),
            }
        }
        match self.sink.write_tree(HTML, |write| html::whole(whole, write)) {
            Ok(path) => written.push((HTML, path.join(html::INDEX))),
            Err(fault) => faults.push(fault),
        }
        correct(whole, &written, &faults);
        if let Some(path) = &self.surfaces.github_summary {
            let summary = self.sink.dir().join(SUMMARY);
            let brief = || markdown::brief(whole.code(), &whole.headline(), &summary);
            match add_to_summary(path, |room| gates::markdown_of(whole, room), brief) {
                Ok(true) => {}
                Ok(false) => console.warn(&no_room(&summary)),
                Err(fault) => faults.push(fault),
            }
        }
        correct(whole, &written, &faults);
        self.outputs(whole, &mut faults);
        if correct(whole, &written, &faults) {
            self.outputs(whole, &mut Vec::new());
        }
        self.log(whole, console)?;
        let told = written.iter().filter(|(name, _)| *name != COMMENT);
        let paths: Vec<&Path> = told.map(|(_, path)| path.as_path()).collect();
        console.print_summary(&gates::console(whole, console.style(), &paths))?;
        if !whole.has_passed() {
            console.brief(&format!("{}: {}", whole.name, whole.headline()))?;
        }
        for fault in &faults {
            console.warn(&fault.to_string());
        }
        Ok(whole.code())
    }

    /// The outputs by name, and their values.
    fn values(&self, whole: &BatchReport) -> Vec<(&'static str, String)> {
        let dir = self.sink.dir();
        let (junit, comment) = (dir.join(JUNIT), comment_in(dir));
        let paths = Paths { junit: Some(&junit), summary: Some(&comment), dir: Some(dir) };
        gates::outputs(whole, &self.begun.borrow(), paths)
    }

    /// Writes the outputs that later steps read from files.
    fn outputs(&mut self, whole: &BatchReport, faults: &mut Vec<SinkError>) {
        let outputs = self.values(whole);
        if let Some(path) = &self.surfaces.github_output {
            faults.extend(add_outputs(path, &outputs).err());
        }
        if self.surfaces.system == System::Gitlab {
            let mut write = |name, text: &str| {
                let written = match self.sink.is_open(name) {
                    true => self.sink.write(name, text).map(drop),
                    false => sink::replace(&self.sink.dir().join(name), text),
                };
                faults.extend(written.err());
            };
            write(GITLAB_DOTENV, &gitlab::dotenv_of(&outputs));
            if let Some(annotations) = gates::gitlab_annotations(whole) {
                write(GITLAB_ANNOTATIONS, &annotations);
            }
        }
    }

    /// Prints what the CI system reads in the log.
    fn log(&self, whole: &BatchReport, console: &Console) -> Result<(), Failure> {
        if self.surfaces.system == System::Github {
            console.print_summary_commands(&gates::annotations(whole, &|file| {
                self.surfaces.place(file)
            }))?;
        }
        if self.surfaces.system == System::Azure {
            // The agent looks for the summary from a directory of its own.
            let summary = std::path::absolute(self.sink.dir().join(SUMMARY)).ok();
            let summary = summary.filter(|path| path.exists());
            console.print_commands(&azure::variables(&self.values(whole), summary.as_deref()))?;
        }
        Ok(())
    }
}

/// The text of one of the files.
fn text_of(name: &str, whole: &BatchReport) -> String {
    match name {
        INDEX => gates::index(whole),
        JUNIT => junit::junit_of(whole),
        COMMENT => gates::comment_without_marker(whole),
        _ => gates::markdown(whole),
    }
}

/// Takes a pass back where an output could not be written, and writes again what was written with
/// it. Gives whether it did.
fn correct(
    whole: &mut BatchReport,
    written: &[(&'static str, PathBuf)],
    faults: &[SinkError],
) -> bool {
    let Some(fault) = faults.first() else { return false };
    if whole.code() != Code::Passed {
        return false;
    }
    whole.not_written = Some(format!("{}: {}", fault.path.display(), fault.source));
    for (name, path) in written {
        if *name == HTML {
            let dir = path.parent().unwrap_or(path);
            let again =
                html::whole(whole, |file: &str, text: &str| sink::replace(&dir.join(file), text));
            if again.is_err() {
                sink::remove_tree(dir, html::INDEX, html::GENERATOR);
            }
        } else if sink::replace(path, &text_of(name, whole)).is_err() {
            let _ = sink::remove(path);
        }
    }
    true
}
