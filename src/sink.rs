//! Writes the reports: every file is opened before the first call and replaced whole at the end.
//!
//! A directory that cannot be written fails early, when nothing has been paid for. Reports of an
//! earlier run are removed at once, so that no reader takes them for this run's.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A report that could not be written, and why.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}; choose another directory with --report-dir", path.display())]
pub struct SinkError {
    /// The file or directory.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// The directory of the reports, with each of its files opened.
#[derive(Debug)]
pub struct Sink {
    dir: PathBuf,
    open: Vec<(&'static str, File)>,
}

impl Sink {
    /// Creates the directory and opens a partial file for each report.
    ///
    /// # Errors
    ///
    /// When one of them cannot be created.
    pub fn open(dir: &Path, names: &[&'static str]) -> Result<Self, SinkError> {
        fs::create_dir_all(dir).map_err(|source| at(dir, source))?;
        let mut sink = Self { dir: dir.to_owned(), open: Vec::new() };
        for name in names {
            let path = sink.partial(name);
            let file = File::create(&path).map_err(|source| at(&path, source))?;
            sink.open.push((name, file));
            remove(&sink.dir.join(name))?;
        }
        Ok(sink)
    }

    /// The directory of the reports.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes one of the opened reports and puts it in its place. Gives its path.
    ///
    /// # Errors
    ///
    /// When it cannot be written whole.
    pub fn write(&mut self, name: &'static str, text: &str) -> Result<PathBuf, SinkError> {
        let path = self.dir.join(name);
        let partial = self.partial(name);
        let file = match self.open.iter_mut().find(|(open, _)| *open == name) {
            Some((_, file)) => file,
            None => return Err(at(&path, io::Error::other("it was not opened"))),
        };
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        written.and_then(|()| fs::rename(&partial, &path)).map_err(|source| at(&path, source))?;
        self.open.retain(|(open, _)| *open != name);
        Ok(path)
    }

    fn partial(&self, name: &str) -> PathBuf {
        self.dir.join(format!(".{name}.partial"))
    }
}

impl Drop for Sink {
    /// Reports that were not written leave nothing behind.
    fn drop(&mut self) {
        for (name, _) in &self.open {
            // Nothing is lost when an empty partial file stays.
            let _ = fs::remove_file(self.partial(name));
        }
    }
}

/// Writes a file whole, in the place of one that may be there.
///
/// # Errors
///
/// When it cannot be written.
pub fn replace(path: &Path, text: &str) -> Result<(), SinkError> {
    fs::write(path, text).map_err(|source| at(path, source))
}

/// Removes a file, if it is there.
///
/// # Errors
///
/// When it is there and cannot be removed.
pub fn remove(path: &Path) -> Result<(), SinkError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(at(path, source)),
        _ => Ok(()),
    }
}

/// Appends to a file that a CI system gave by its path, such as `GITHUB_OUTPUT` names it.
///
/// # Errors
///
/// When it cannot be written.
pub fn append(path: &Path, text: &str) -> Result<(), SinkError> {
    let open = OpenOptions::new().create(true).append(true).open(path);
    open.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|source| at(path, source))
}

fn at(path: &Path, source: io::Error) -> SinkError {
    SinkError { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_appears_whole_and_leaves_no_partial_file() {
        let dir = tempfile::tempdir().unwrap();
        let mut sink = Sink::open(dir.path(), &["a.txt", "b.txt"]).unwrap();
        assert!(!dir.path().join("a.txt").exists());
        sink.write("a.txt", "whole").unwrap();
        drop(sink);
        let left: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["a.txt"]);
        assert_eq!(fs::read_to_string(dir.path().join("a.txt")).unwrap(), "whole");
    }

    #[test]
    fn an_earlier_runs_report_is_gone_once_the_sink_is_open() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("junit.xml"), "old").unwrap();
        let _sink = Sink::open(dir.path(), &["junit.xml"]).unwrap();
        assert!(!dir.path().join("junit.xml").exists());
    }

    #[test]
    fn a_directory_that_is_a_file_fails_early_and_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("reports");
        fs::write(&file, "").unwrap();
        let error = Sink::open(&file, &["junit.xml"]).unwrap_err();
        assert!(error.to_string().contains("reports"), "{error}");
    }
}
