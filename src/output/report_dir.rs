//! The reports in one directory: which there are, and writing them.
//!
//! A suite that runs alone has one directory. Of several, each has one with its own reports, below that
//! of the reports on all of them.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::report::files::{COMMENT, DIFF, HTML, INDEX, JUNIT, PROMPT, RESULT, SUMMARY};
use crate::report::gates::{self, Whole};
use crate::report::model::Report;
use crate::report::{html, json, junit};
use crate::sink::{self, Sink, SinkError};

/// What the directory is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DirOf {
    /// A suite that runs alone.
    Single,
    /// One of several suites.
    Part,
    /// Several suites together.
    Batch,
}

/// One of the files: its name, the directories that have it, and its text.
struct ReportFile {
    name: &'static str,
    of: &'static [DirOf],
    text: fn(Whole<'_>) -> Result<String, Failure>,
}

/// Every report that is one file, the evidence first.
const FILES: [ReportFile; 5] = [
    ReportFile { name: RESULT, of: &[DirOf::Single, DirOf::Part], text: evidence },
    ReportFile { name: INDEX, of: &[DirOf::Batch], text: index },
    ReportFile {
        name: JUNIT,
        of: &[DirOf::Single, DirOf::Batch],
        text: |whole| Ok(junit::junit(whole)),
    },
    ReportFile {
        name: SUMMARY,
        of: &[DirOf::Single, DirOf::Part, DirOf::Batch],
        text: |whole| Ok(gates::markdown(whole)),
    },
    ReportFile {
        name: COMMENT,
        of: &[DirOf::Single, DirOf::Batch],
        text: |whole| Ok(gates::comment_without_marker(whole)),
    },
];

fn evidence(whole: Whole<'_>) -> Result<String, Failure> {
    let Whole::One(report) = whole else {
        return Err(Failure::Internal("result.json is of one suite".to_owned()));
    };
    json::write(report).map_err(|error| Failure::Internal(format!("{RESULT}: {error}")))
}

fn index(whole: Whole<'_>) -> Result<String, Failure> {
    match whole {
        Whole::Several(batch) => Ok(gates::index(batch)),
        Whole::One(_) => Err(Failure::Internal("gates.json is of several suites".to_owned())),
    }
}

/// A directory whose reports are opened.
#[derive(Debug)]
pub(crate) struct ReportDir {
    of: DirOf,
    sink: Sink,
    /// The reports that were written: their names and paths.
    written: Vec<(&'static str, PathBuf)>,
    /// What could not be written.
    pub(crate) faults: Vec<SinkError>,
}

impl ReportDir {
    /// Opens every report in a directory, and other files by their names. What an earlier gate has
    /// left in their places goes, but for what `is_input` names.
    pub(crate) fn open(
        dir: &Path,
        of: DirOf,
        others: &[&'static str],
        is_input: &dyn Fn(&Path) -> bool,
    ) -> Result<Self, Failure> {
        let names = FILES.iter().filter(|file| file.of.contains(&of)).map(|file| file.name);
        let names: Vec<&'static str> = names.chain(others.iter().copied()).collect();
        let mut sink = Sink::open(dir, &names, is_input)?;
        sink.open_tree(HTML, html::INDEX, html::GENERATOR)?;
        Ok(Self { of, sink, written: Vec::new(), faults: Vec::new() })
    }

    pub(crate) fn dir(&self) -> &Path {
        self.sink.dir()
    }

    /// The paths of the reports that were written, but for the comment, which is for programs.
    pub(crate) fn shown(&self) -> Vec<&Path> {
        let shown = self.written.iter().filter(|(name, _)| *name != COMMENT);
        shown.map(|(_, path)| path.as_path()).collect()
    }

    /// Writes every report. What goes wrong is in `faults`.
    pub(crate) fn write(&mut self, whole: Whole<'_>) -> Result<(), Failure> {
        for ReportFile { name, text, .. } in FILES.iter().filter(|file| file.of.contains(&self.of))
        {
            // Each text is let go before the next is made: those of ten thousand runs are large.
            match self.sink.write(name, &text(whole)?) {
                Ok(path) => self.written.push((name, path)),
                Err(fault) => self.faults.push(fault),
            }
        }
        match self.sink.write_tree(HTML, |write| html::each(whole, write)) {
            Ok(path) => self.written.push((HTML, path.join(html::INDEX))),
            Err(fault) => self.faults.push(fault),
        }
        if let Whole::One(Report { proposal: Some(proposal), .. }) = whole {
            self.write_other(PROMPT, &proposal.prompt);
            self.write_other(DIFF, &proposal.diff);
        }
        Ok(())
    }

    /// Removes the better prompt that an earlier gate proposed.
    pub(crate) fn remove_proposal(&self) -> Result<(), SinkError> {
        [PROMPT, DIFF].iter().try_for_each(|name| sink::remove(&self.dir().join(name)))
    }

    /// Writes a file that is none of the reports, whether or not it was opened.
    pub(crate) fn write_other(&mut self, name: &'static str, text: &str) {
        let written = match self.sink.is_open(name) {
            true => self.sink.write(name, text).map(drop),
            false => sink::replace(&self.sink.dir().join(name), text),
        };
        self.faults.extend(written.err());
    }

    /// Why a pass has to be taken back: the first output that could not be written.
    pub(crate) fn fault(&self) -> Option<String> {
        let fault = self.faults.first()?;
        Some(format!("{}: {}", fault.path.display(), fault.source))
    }

    /// Writes again what was written with a pass that was taken back.
    pub(crate) fn write_again(&self, whole: Whole<'_>) -> Result<(), Failure> {
        for (name, path) in &self.written {
            let Some(file) = FILES.iter().find(|file| file.name == *name) else {
                let dir = path.parent().unwrap_or(path);
                let write = |file: &str, text: &str| sink::replace(&dir.join(file), text);
                if html::each(whole, write).is_err() {
                    sink::remove_tree(dir, html::INDEX, html::GENERATOR);
                }
                continue;
            };
            let is_written = sink::replace(path, &(file.text)(whole)?).is_ok();
            // Evidence that cannot be written again is kept: it has been paid for. Anything else
            // would say that the gate passed.
            if !is_written && *name != RESULT {
                let _ = sink::remove(path);
            }
        }
        Ok(())
    }
}
