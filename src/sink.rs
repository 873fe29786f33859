//! Writes the reports: every file is opened before the first call and replaced whole at the end.
//!
//! A directory that cannot be written fails early, when nothing has been paid for. Reports of an
//! earlier run are removed at once, so that no reader takes them for this run's; one that is an
//! input stays until its place is taken. A report of many files has a directory of its own, which
//! appears whole, too. Nothing is removed that no gate wrote, and no link is followed: what is half
//! written has a new file with a name that nobody foresees.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
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
    open: Vec<(&'static str, PathBuf, File)>,
    trees: Vec<(&'static str, PathBuf)>,
}

impl Sink {
    /// Creates the directory and opens a partial file for each report. Earlier reports go, but for
    /// those that `is_input` names.
    ///
    /// # Errors
    ///
    /// When one of them cannot be created. No earlier report is removed then.
    pub fn open(
        dir: &Path,
        names: &[&'static str],
        is_input: &dyn Fn(&Path) -> bool,
    ) -> Result<Self, SinkError> {
        fs::create_dir_all(dir).map_err(|source| at(dir, source))?;
        if fs::symlink_metadata(dir).is_ok_and(|there| there.is_symlink()) {
            return Err(at(dir, io::Error::other("it is a link")));
        }
        let mut sink = Self { dir: dir.to_owned(), open: Vec::new(), trees: Vec::new() };
        for name in names {
            let (partial, file) = partial(&dir.join(name))?;
            sink.open.push((name, partial, file));
        }
        let earlier = names.iter().map(|name| dir.join(name));
        earlier.filter(|path| !is_input(path)).try_for_each(|path| remove(&path))?;
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
        let Some((_, partial, file)) = self.open.iter_mut().find(|(open, ..)| *open == name) else {
            return Err(at(&path, io::Error::other("it was not opened")));
        };
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        written.and_then(|()| fs::rename(&*partial, &path)).map_err(|source| at(&path, source))?;
        self.open.retain(|(open, ..)| *open != name);
        Ok(path)
    }

    /// Whether a report is opened and not written yet.
    pub fn is_open(&self, name: &str) -> bool {
        self.open.iter().any(|(open, ..)| *open == name)
    }

    /// Makes room for a report of many files in a directory of its own. One of an earlier run is
    /// removed: it is known by its `index` file, which holds `mark`.
    ///
    /// # Errors
    ///
    /// When it cannot be created, or what is there was not written by a gate.
    pub fn open_tree(
        &mut self,
        name: &'static str,
        index: &str,
        mark: &str,
    ) -> Result<(), SinkError> {
        let path = self.dir.join(name);
        remove_earlier(&path, index, mark).map_err(|source| at(&path, source))?;
        let partial = partial_name(&path);
        fs::create_dir(&partial).map_err(|source| at(&partial, source))?;
        self.trees.push((name, partial));
        Ok(())
    }

    /// Writes an opened report of many files and puts it in its place. `fill` is handed what takes
    /// a file's path within the report and its text. Gives the path of the directory.
    ///
    /// The files are not forced to the disk one by one: that takes longer than everything else, and
    /// result.json, from which they can be made again, is.
    ///
    /// # Errors
    ///
    /// When one of the files cannot be written. Nothing appears then.
    pub fn write_tree(
        &mut self,
        name: &'static str,
        fill: impl FnOnce(&mut dyn FnMut(&str, &str) -> Result<(), SinkError>) -> Result<(), SinkError>,
    ) -> Result<PathBuf, SinkError> {
        let path = self.dir.join(name);
        let Some((_, partial)) = self.trees.iter().find(|(open, _)| *open == name) else {
            return Err(at(&path, io::Error::other("it was not opened")));
        };
        fill(&mut |file, text| {
            let file = partial.join(file);
            let parent = file.parent().unwrap_or(partial);
            let written = fs::create_dir_all(parent).and_then(|()| fs::write(&file, text));
            written.map_err(|source| at(&file, source))
        })?;
        fs::rename(partial, &path).map_err(|source| at(&path, source))?;
        self.trees.retain(|(open, _)| *open != name);
        Ok(path)
    }
}

impl Drop for Sink {
    /// Reports that were not written leave nothing behind.
    fn drop(&mut self) {
        for (_, partial, _) in &self.open {
            // Nothing is lost when an empty partial file stays.
            let _ = fs::remove_file(partial);
        }
        for (_, partial) in &self.trees {
            let _ = fs::remove_dir_all(partial);
        }
    }
}

/// Removes a report of many files that an earlier gate wrote, if there is one.
fn remove_earlier(path: &Path, index: &str, mark: &str) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(source),
        Ok(_) if is_tree(path, index, mark) => fs::remove_dir_all(path),
        Ok(_) => Err(io::Error::other("it exists, and no gate wrote it")),
    }
}

/// Whether a path is a directory with a report of many files that a gate wrote, or an empty one.
pub fn is_tree(path: &Path, index: &str, mark: &str) -> bool {
    let is_dir = fs::symlink_metadata(path).is_ok_and(|there| there.is_dir());
    let is_empty = || fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    let is_ours = || {
        let index = path.join(index);
        let mut head = Vec::new();
        fs::symlink_metadata(&index).is_ok_and(|there| there.is_file())
            && File::open(index).and_then(|file| file.take(4096).read_to_end(&mut head)).is_ok()
            && String::from_utf8_lossy(&head).contains(mark)
    };
    is_dir && (is_empty() || is_ours())
}

/// Removes a report of many files that an earlier gate wrote. What somebody else wrote, or what
/// cannot be removed, stays: nobody is led there any more.
pub fn remove_tree(path: &Path, index: &str, mark: &str) {
    let _ = remove_earlier(path, index, mark);
}

/// Writes a file whole, in the place of one that may be there, which stays where it cannot be
/// written. A link is replaced, not followed.
///
/// # Errors
///
/// When it cannot be written.
pub fn replace(path: &Path, text: &str) -> Result<(), SinkError> {
    let (partial, mut file) = partial(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| fs::rename(&partial, path));
    written.map_err(|source| {
        let _ = fs::remove_file(&partial);
        at(path, source)
    })
}

/// A new file beside `path`, for what is half written.
fn partial(path: &Path) -> Result<(PathBuf, File), SinkError> {
    let partial = partial_name(path);
    // One that is new is reached through no link.
    let file = OpenOptions::new().write(true).create_new(true).open(&partial);
    file.map(|file| (partial.clone(), file)).map_err(|source| at(&partial, source))
}

fn partial_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{:016x}.partial", crate::context::random()))
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

/// Appends to a file that a CI system gave by its path, such as `GITHUB_OUTPUT` names it. What stands
/// there may lack its last line end: without one, the first line of `text` would be lost with it.
///
/// # Errors
///
/// When it cannot be written.
pub fn append(path: &Path, text: &str) -> Result<(), SinkError> {
    let start = if is_in_a_line(path) && !text.is_empty() { "\n" } else { "" };
    let open = OpenOptions::new().create(true).append(true).open(path);
    open.and_then(|mut file| file.write_all(format!("{start}{text}").as_bytes()))
        .map_err(|source| at(path, source))
}

/// How many bytes stand in a file that a CI system gave; none where it is no file, or not there.
pub fn length(path: &Path) -> usize {
    let about = fs::metadata(path).ok().filter(fs::Metadata::is_file);
    about.map_or(0, |about| usize::try_from(about.len()).unwrap_or(usize::MAX))
}

/// Whether a file ends in the middle of a line. One that cannot be read, or is no file, does not.
fn is_in_a_line(path: &Path) -> bool {
    let is_file = fs::metadata(path).is_ok_and(|about| about.is_file());
    let last = || -> io::Result<u8> {
        let mut file = File::open(path)?;
        file.seek(io::SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        Ok(u8::from_ne_bytes(last))
    };
    is_file && last().is_ok_and(|last| last != b'\n')
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
        let mut sink = Sink::open(dir.path(), &["a.txt", "b.txt"], &|_| false).unwrap();
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
        let _sink = Sink::open(dir.path(), &["junit.xml"], &|_| false).unwrap();
        assert!(!dir.path().join("junit.xml").exists());
    }

    #[test]
    fn an_input_stays_until_its_place_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let input = dir.path().join("result.json");
        fs::write(&input, "old").unwrap();
        let mut sink = Sink::open(dir.path(), &["result.json"], &|path| path == input).unwrap();
        assert_eq!(fs::read_to_string(&input).unwrap(), "old");
        sink.write("result.json", "new").unwrap();
        assert_eq!(fs::read_to_string(&input).unwrap(), "new");
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_written_through() {
        let dir = tempfile::tempdir().unwrap();
        let theirs = dir.path().join("theirs");
        fs::write(&theirs, "mine").unwrap();
        let reports = dir.path().join("reports");
        fs::create_dir(&reports).unwrap();
        for name in [".a.txt.partial", "a.txt", "b.txt"] {
            std::os::unix::fs::symlink(&theirs, reports.join(name)).unwrap();
        }
        let mut sink = Sink::open(&reports, &["a.txt"], &|_| false).unwrap();
        sink.write("a.txt", "ours").unwrap();
        replace(&reports.join("b.txt"), "ours").unwrap();
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "mine");
        assert_eq!(fs::read_to_string(reports.join("b.txt")).unwrap(), "ours");
    }

    fn open_tree(dir: &Path) -> Result<Sink, SinkError> {
        let mut sink = Sink::open(dir, &[], &|_| false)?;
        sink.open_tree("html", "index.html", "by-a-gate")?;
        Ok(sink)
    }

    #[test]
    fn a_report_of_many_files_appears_whole_and_in_place_of_an_earlier_one() {
        let dir = tempfile::tempdir().unwrap();
        for file in ["a/b.html", "c.html"] {
            let mut sink = open_tree(dir.path()).unwrap();
            assert!(!dir.path().join("html").exists(), "the earlier one goes at once");
            let path = sink
                .write_tree("html", |write| {
                    write(file, "page")?;
                    write("index.html", "by-a-gate")
                })
                .unwrap();
            assert_eq!(fs::read_to_string(path.join(file)).unwrap(), "page");
        }
        assert!(!dir.path().join("html/a").exists(), "pages of the earlier one are gone");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_report_that_breaks_off_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut sink = open_tree(dir.path()).unwrap();
        let broken = sink.write_tree("html", |write| {
            write("a.html", "page")?;
            write("a.html/b.html", "below a file")
        });
        assert!(broken.is_err());
        drop(sink);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_directory_that_no_gate_wrote_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let html = dir.path().join("html");
        fs::create_dir(&html).unwrap();
        assert!(open_tree(dir.path()).is_ok(), "an empty one is nobody's");
        fs::create_dir_all(&html).unwrap();
        fs::write(html.join("index.html"), "my own page").unwrap();
        let error = open_tree(dir.path()).unwrap_err();
        assert!(error.to_string().contains("no gate wrote it"), "{error}");
        assert_eq!(fs::read_to_string(html.join("index.html")).unwrap(), "my own page");
    }

    #[test]
    fn a_directory_that_is_a_file_fails_early_and_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("reports");
        fs::write(&file, "").unwrap();
        let error = Sink::open(&file, &["junit.xml"], &|_| false).unwrap_err();
        assert!(error.to_string().contains("reports"), "{error}");
    }

    #[test]
    fn what_is_appended_starts_a_line_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("output");
        append(&path, "a=1\n").unwrap();
        append(&path, "b=2").unwrap();
        append(&path, "c=3\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "a=1\nb=2\nc=3\n");
    }
}
