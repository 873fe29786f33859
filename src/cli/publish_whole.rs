//! Writing what the report of several gates says: files, CI surfaces, the account.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use super::console::Console;
use super::failure::Failure;
use super::left::FILE as STARTED;
use super::publish::{
    GITLAB_ANNOTATIONS, GITLAB_DOTENV, HTML, JUNIT, RESULT, SUMMARY, Surfaces, delimiter,
};
use crate::ci::System;
use crate::exit::Code;
use crate::report::escape::ci::{dotenv_line, output_entry};
use crate::report::gates::{self, Whole};
use crate::report::github::{Paths, result_ids};
use crate::report::{azure, html, junit};
use crate::sink::{self, Sink, SinkError};

/// The whole for programs.
const INDEX: &str = "gates.json";

/// So many results are told as each starts, and then whenever their number has doubled.
const TOLD_ONE_BY_ONE: usize = 16;

/// The opened outputs of several gates.
#[derive(Debug)]
pub(super) struct WholePublisher {
    sink: Sink,
    surfaces: Surfaces,
    /// The results that have started so far, in the order of the command line.
    begun: RefCell<Vec<u64>>,
}

impl WholePublisher {
    /// Opens every output in the directory of the whole, before anything is paid for.
    pub(super) fn open(dir: &Path, surfaces: Surfaces) -> Result<Self, Failure> {
        sweep(dir)?;
        // Those of a single gate in the same directory would be taken for this one's.
        for name in [RESULT, STARTED] {
            sink::remove(&dir.join(name))?;
        }
        let mut names = vec![JUNIT, SUMMARY, INDEX];
        if surfaces.system == System::Gitlab {
            names.extend([GITLAB_DOTENV, GITLAB_ANNOTATIONS]);
        }
        let mut sink = Sink::open(dir, &names)?;
        sink.open_tree(HTML, html::INDEX, html::GENERATOR)?;
        Ok(Self { sink, surfaces, begun: RefCell::default() })
    }

    /// Tells the CI system which results have started so far, so that a job that is cancelled has
    /// them.
    pub(super) fn started(&self, ids: &[u64]) -> Result<(), SinkError> {
        self.begun.replace(ids.to_vec());
        // A file that is only added to would grow with the square of the results, and GitHub takes a
        // mebibyte. What a killed job misses is at most half; the end has them all.
        let is_told = ids.len() <= TOLD_ONE_BY_ONE || ids.len().is_power_of_two();
        let ids = result_ids(ids);
        if self.surfaces.system == System::Azure && is_told {
            super::console::to_output(&azure::variable("result_ids", &ids));
        }
        if self.surfaces.system == System::Gitlab {
            let text = dotenv_line("RESULT_IDS", &ids).unwrap_or_default();
            sink::replace(&self.sink.dir().join(GITLAB_DOTENV), &text)?;
        }
        match &self.surfaces.github_output {
            Some(path) if is_told => {
                sink::append(path, &output_entry("result_ids", &ids, &delimiter()))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Writes every report, prints the account, and gives the code to exit with.
    pub(super) fn finish(mut self, whole: &Whole, console: &Console) -> Result<Code, Failure> {
        let mut faults: Vec<SinkError> = Vec::new();
        let mut written: Vec<PathBuf> = Vec::new();
        let summary = gates::markdown(whole);
        for (name, text) in
            [(INDEX, &gates::index(whole)), (JUNIT, &junit::junit_of(whole)), (SUMMARY, &summary)]
        {
            match self.sink.write(name, text) {
                Ok(path) => written.push(path),
                Err(fault) => faults.push(fault),
            }
        }
        match self.sink.write_tree(HTML, |write| html::whole(whole, write)) {
            Ok(path) => written.push(path.join(html::INDEX)),
            Err(fault) => faults.push(fault),
        }
        self.tell_ci(whole, &summary, &mut faults, console)?;
        let paths: Vec<&Path> = written.iter().map(PathBuf::as_path).collect();
        console.account(&gates::console(whole, console.style(), &paths))?;
        if whole.code() != Code::Passed {
            console.brief(&format!("{}: {}", whole.name, whole.headline()))?;
        }
        for fault in &faults {
            console.warn(&fault.to_string());
        }
        match (whole.code(), faults.into_iter().next()) {
            (Code::Passed, Some(fault)) => Err(fault.into()),
            (code, _) => Ok(code),
        }
    }

    fn tell_ci(
        &mut self,
        whole: &Whole,
        summary: &str,
        faults: &mut Vec<SinkError>,
        console: &Console,
    ) -> Result<(), Failure> {
        let dir = self.sink.dir().to_owned();
        let (junit, markdown) = (dir.join(JUNIT), dir.join(SUMMARY));
        let paths = Paths { junit: Some(&junit), summary: Some(&markdown), dir: Some(&dir) };
        let outputs = gates::outputs(whole, &self.begun.borrow(), paths);
        if let Some(path) = &self.surfaces.github_output {
            let delimiter = delimiter();
            let entries = outputs.iter().map(|(key, value)| output_entry(key, value, &delimiter));
            faults.extend(sink::append(path, &entries.collect::<String>()).err());
        }
        if let Some(path) = &self.surfaces.github_summary {
            faults.extend(sink::append(path, summary).err());
        }
        if self.surfaces.system == System::Github {
            console.account_commands(&gates::annotations(whole))?;
        }
        if self.surfaces.system == System::Azure {
            // The agent looks for the summary from a directory of its own.
            let summary = std::path::absolute(&markdown).ok().filter(|path| path.exists());
            console.print_commands(&azure::variables(&outputs, summary.as_deref()))?;
        }
        if self.surfaces.system == System::Gitlab {
            let lines =
                outputs.iter().filter_map(|(key, value)| dotenv_line(&key.to_uppercase(), value));
            faults.extend(self.sink.write(GITLAB_DOTENV, &lines.collect::<String>()).err());
            if let Some(annotations) = gates::gitlab_annotations(whole) {
                faults.extend(self.sink.write(GITLAB_ANNOTATIONS, &annotations).err());
            }
        }
        Ok(())
    }
}

/// Removes the reports of several gates that an earlier command left in a directory, so that no
/// reader takes them for those of the next. What leads to results that are going stays.
pub(super) fn sweep(dir: &Path) -> Result<(), SinkError> {
    let path = dir.join(INDEX);
    let earlier = super::input_file::read_saved(&path).ok();
    let earlier = earlier.as_deref().and_then(gates::read_index);
    for gate in earlier.iter().flat_map(|index| &index.gates) {
        // A file that somebody else wrote leads to no other directory.
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if !gate.dir.is_empty() && gate.dir.chars().all(plain) {
            let dir = dir.join(&gate.dir);
            for name in [SUMMARY, RESULT] {
                sink::remove(&dir.join(name))?;
            }
            sink::remove_tree(&dir.join(HTML), html::INDEX, html::GENERATOR);
        }
    }
    sink::remove(&path)
}
