//! The directory of the reports belongs to one gate at a time.
//!
//! It is claimed before anything is written or paid for: a marker file says whose it is, and a lock
//! on that file keeps a second gate out. A directory with files of others is refused before
//! anything in it changes, and no link is ever followed.

use std::fs::{self, DirEntry, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::report::files::INDEX;
use crate::report::files::{
    COMMENT, GITLAB_ANNOTATIONS, GITLAB_DOTENV, HTML, JUNIT, RESULT, SUMMARY,
};
use crate::report::files::{DIFF, PROMPT};
use crate::report::{gates, html, json};
use crate::run_file::{FILE as STARTED, RunState};
use crate::sink::{self, SinkError};

/// The file that says whose the directory is.
pub(crate) const MARKER: &str = ".cekura-gate";

/// How its text begins.
const OURS: &str = "This directory belongs to cekura-gate.";

const TEXT: &str = "This directory belongs to cekura-gate.
It replaces and removes reports in it; keep files of your own elsewhere.
";

/// Every file that a gate writes into its directory.
const FILES: [&str; 10] = [
    JUNIT,
    SUMMARY,
    COMMENT,
    RESULT,
    STARTED,
    INDEX,
    GITLAB_DOTENV,
    GITLAB_ANNOTATIONS,
    PROMPT,
    DIFF,
];

/// How deep the directories of suites, sides and sets lie in each other.
const DEEPEST: usize = 4;

/// A directory that this process alone writes reports to, as long as this lives.
#[derive(Debug)]
pub(crate) struct Claim {
    /// Open, and locked where the file system has locks.
    _marker: File,
}

impl Claim {
    /// Takes the directory of the reports, and makes it where there is none.
    pub(crate) fn take(dir: &Path) -> Result<Self, Failure> {
        let dir = &plain(dir);
        match look(dir)? {
            Found::Nothing => {
                fs::create_dir_all(dir).map_err(|source| at(dir, source))?;
                Self::mark(dir)
            }
            Found::Empty => Self::mark(dir),
            Found::Marked => {
                let claim = Self::lock(dir)?;
                safe(dir, 0)?;
                tidy(dir);
                Ok(claim)
            }
            Found::Unmarked => {
                is_of_earlier_gate(dir, 0).map_err(|what| foreign(dir, &what))?;
                safe(dir, 0)?;
                Self::mark(dir)
            }
        }
    }

    /// Takes a directory that a gate has left its reports in; none where there is no such
    /// directory, or somebody holds it.
    pub(crate) fn of_earlier(dir: &Path) -> Option<Self> {
        match look(&plain(dir)).ok()? {
            Found::Marked | Found::Unmarked => Self::take(dir).ok(),
            Found::Nothing | Found::Empty => None,
        }
    }

    /// Marks a directory that nobody has marked. Where another gate is faster, that one has it.
    fn mark(dir: &Path) -> Result<Self, Failure> {
        let path = dir.join(MARKER);
        // A new file follows no link, and is nobody else's.
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Self::lock(dir),
            Err(source) => Err(at(&path, source).into()),
            Ok(mut marker) => {
                held(&marker, dir)?;
                marker.write_all(TEXT.as_bytes()).map_err(|source| at(&path, source))?;
                Ok(Self { _marker: marker })
            }
        }
    }

    fn lock(dir: &Path) -> Result<Self, Failure> {
        let path = dir.join(MARKER);
        is_plain(&path, fs::Metadata::is_file).map_err(|what| foreign(dir, &what))?;
        let open = OpenOptions::new().read(true).write(true).open(&path);
        let mut marker = open.map_err(|source| at(&path, source))?;
        held(&marker, dir)?;
        let mut head = Vec::new();
        let read = std::io::copy(&mut (&mut marker).take(OURS.len() as u64), &mut head);
        read.map_err(|source| at(&path, source))?;
        // A gate that was killed at once has left it empty.
        if !head.is_empty() && head != OURS.as_bytes() {
            return Err(foreign(dir, &format!("{MARKER} is not from a gate")));
        }
        Ok(Self { _marker: marker })
    }
}

/// Locks the marker. A file system without locks has none to offer.
fn held(marker: &File, dir: &Path) -> Result<(), Failure> {
    match marker.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => Ok(()),
        Err(TryLockError::Error(source)) => Err(at(&dir.join(MARKER), source).into()),
        Err(TryLockError::WouldBlock) => Err(Failure::Usage(format!(
            "another gate is writing its reports to {}; nothing was started. Wait for it, or choose \
             another directory with --report-dir",
            dir.display()
        ))),
    }
}

/// What is at the path of the directory.
enum Found {
    Nothing,
    Empty,
    Marked,
    Unmarked,
}

fn look(dir: &Path) -> Result<Found, Failure> {
    match fs::symlink_metadata(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(source) => return Err(at(dir, source).into()),
        Ok(there) if there.is_symlink() => return Err(foreign(dir, "it is a link")),
        Ok(there) if !there.is_dir() => {
            return Err(at(dir, io::Error::from(ErrorKind::NotADirectory)).into());
        }
        Ok(_) => {}
    }
    if fs::symlink_metadata(dir.join(MARKER)).is_ok() {
        return Ok(Found::Marked);
    }
    let mut entries = fs::read_dir(dir).map_err(|source| at(dir, source))?;
    Ok(if entries.next().is_none() { Found::Empty } else { Found::Unmarked })
}

/// Whether nothing in the directory leads elsewhere or stands where a report would: whatever would
/// be refused later is refused now, while nothing has changed.
fn safe(dir: &Path, depth: usize) -> Result<(), Failure> {
    for entry in entries(dir)? {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        let kind = entry.file_type().map_err(|source| at(&path, source))?;
        if kind.is_symlink() {
            return Err(foreign(dir, &format!("{name} in it is a link")));
        }
        if FILES.contains(&name.as_ref()) && !kind.is_file() {
            return Err(foreign(dir, &format!("{name} in it is not a file")));
        }
        if name == HTML {
            if !sink::is_tree(&path, html::INDEX, html::GENERATOR) {
                return Err(foreign(dir, &format!("{name} in it exists, and no gate wrote it")));
            }
        } else if kind.is_dir() && depth < DEEPEST {
            safe(&path, depth + 1)?;
        }
    }
    Ok(())
}

/// Whether a directory without a marker holds the reports of a gate, and nothing else: those of a
/// version that set no marker, or a copy that has left the marker out. Otherwise what speaks
/// against it.
fn is_of_earlier_gate(dir: &Path, depth: usize) -> Result<(), String> {
    let mut is_known = false;
    for entry in entries(dir).map_err(|failure| failure.to_string())? {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        let kind = entry.file_type().map_err(|error| error.to_string())?;
        let is_ours = if kind.is_file() {
            is_known |= is_evidence(&path, &name);
            FILES.contains(&name.as_ref()) || is_partial(&name)
        } else {
            let is_tree = kind.is_dir() && name == HTML;
            let is_below = || depth < DEEPEST && is_of_earlier_gate(&path, depth + 1).is_ok();
            if is_tree {
                sink::is_tree(&path, html::INDEX, html::GENERATOR)
            } else if kind.is_dir() && !is_partial(&name) {
                let below = is_below();
                is_known |= below;
                below
            } else {
                kind.is_dir()
            }
        };
        if !is_ours {
            return Err(format!("{name} in it is not from a gate"));
        }
    }
    match is_known || entries(dir).is_ok_and(|entries| depth > 0 && entries.is_empty()) {
        true => Ok(()),
        false => {
            Err("no result.json, gates.json or run.json in it says that a gate wrote it".into())
        }
    }
}

/// Whether a file can only have been written by a gate.
fn is_evidence(path: &Path, name: &str) -> bool {
    let text = || crate::input::file::read_saved(path).unwrap_or_default();
    match name {
        RESULT => json::read(&text()).is_ok(),
        INDEX => gates::read_index(&text()).is_some(),
        STARTED => RunState::read(path).is_ok(),
        _ => false,
    }
}

/// Whether a name is that of a report that a killed gate had not finished.
fn is_partial(name: &str) -> bool {
    let inner = name.strip_prefix('.').and_then(|name| name.strip_suffix(".partial"));
    let report = |inner: &str| FILES.iter().chain(&[HTML]).any(|file| inner.starts_with(file));
    inner.is_some_and(report)
}

/// Removes what killed gates have left half written. Nothing depends on it.
fn tidy(dir: &Path) {
    for entry in entries(dir).into_iter().flatten() {
        if is_partial(&entry.file_name().to_string_lossy()) {
            let path = entry.path();
            let _ = match entry.file_type() {
                Ok(kind) if kind.is_dir() => fs::remove_dir_all(path),
                _ => fs::remove_file(path),
            };
        }
    }
}

fn entries(dir: &Path) -> Result<Vec<DirEntry>, SinkError> {
    let entries = fs::read_dir(dir).and_then(Iterator::collect);
    entries.map_err(|source| at(dir, source))
}

fn is_plain(path: &Path, kind: impl Fn(&fs::Metadata) -> bool) -> Result<(), String> {
    match fs::symlink_metadata(path) {
        Ok(there) if kind(&there) => Ok(()),
        Ok(_) => Err(format!("{MARKER} in it is not a regular file")),
        Err(error) => Err(error.to_string()),
    }
}

/// Without a slash or a dot at its end: with one, a link would be followed.
fn plain(dir: &Path) -> PathBuf {
    dir.components().collect()
}

fn foreign(dir: &Path, what: &str) -> Failure {
    Failure::Usage(format!(
        "the reports cannot go to {}: {what}. The gate replaces and removes files in the directory of \
         its reports, so it takes an empty or a new one, or one of its own; nothing was changed, \
         nothing was started. Choose another with --report-dir",
        dir.display()
    ))
}

fn at(path: &Path, source: io::Error) -> SinkError {
    SinkError { path: path.to_owned(), source }
}
