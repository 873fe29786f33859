//! Reading input files: the only way in for what flags and suites name.
//!
//! Only regular files are read, and never more of one than its limit, whatever it says of its size.
//! What a suite names, and where it wants its reports, must lie within the repository: whoever may change a suite in a pull request
//! must not get at the files of the machine that runs it. What a flag names may lie anywhere, but a
//! link within the repository must not lead out of it.

use std::fs::{self, File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::document::{self, Problem};
use crate::failure::Failure;
use crate::suite::model::Suite;

/// The longest saved result that is read, in bytes.
pub(crate) const LONGEST_RESULT: u64 = 512 << 20;

/// Reads a regular file of at most `most` bytes. The error says what is wrong, in words.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    check_kind(path, &fs::metadata(path).map_err(|error| error.to_string())?)?;
    read_bounded(path, most)
}

/// The same, as text.
pub(crate) fn read_text(path: &Path, most: u64) -> Result<String, String> {
    String::from_utf8(read(path, most)?)
        .map(without_bom)
        .map_err(|error| format!("it is not UTF-8 text: {error}"))
}

/// Reads a file that a flag names, or a pipe in its place: `<(…)` of a shell.
pub(crate) fn read_secret(path: &Path, most: u64) -> Result<String, String> {
    let about = fs::metadata(path).map_err(|error| error.to_string())?;
    if !is_pipe(&about) {
        check_kind(path, &about)?;
    }
    let bytes = read_bounded(path, most)?;
    String::from_utf8(bytes).map(without_bom).map_err(|_| "it is not UTF-8 text".to_owned())
}

/// Reads a saved document, such as a result.
pub(crate) fn read_saved(path: &Path) -> Result<String, Failure> {
    read_text(path, LONGEST_RESULT)
        .map_err(|reason| Failure::Input { path: path.to_owned(), reason })
}

/// A file's text without the byte-order mark that some editors put before it.
fn without_bom(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

/// Reads standard input as text.
pub(crate) fn read_input(most: u64) -> Result<String, String> {
    String::from_utf8(bounded(std::io::stdin().lock(), 0, most)?)
        .map(without_bom)
        .map_err(|error| format!("it is not UTF-8 text: {error}"))
}

fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let length = file.metadata().map_or(0, |about| about.len());
    bounded(file, length, most)
}

/// Reads a source of `length` bytes as it says itself: room is made for no more than `most`, and no
/// more is read.
fn bounded(source: impl Read, length: u64, most: u64) -> Result<Vec<u8>, String> {
    let room = usize::try_from(length.min(most).saturating_add(1)).unwrap_or_default();
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(room).map_err(|error| error.to_string())?;
    source
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > most {
        return Err(format!("it is too long: at most {} KiB are read", most >> 10));
    }
    Ok(bytes)
}

fn check_kind(path: &Path, about: &Metadata) -> Result<(), String> {
    if about.is_dir() {
        return Err("it is a directory; name the file in it".to_owned());
    }
    // What the kernel makes up as it is read: the environment of a process, for one.
    let made_up = ["/proc", "/sys", "/dev"];
    let resolved = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if !about.is_file() || made_up.iter().any(|dir| resolved.starts_with(dir)) {
        return Err("it is not a regular file".to_owned());
    }
    Ok(())
}

#[cfg(unix)]
fn is_pipe(about: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    about.file_type().is_fifo()
}

#[cfg(not(unix))]
const fn is_pipe(_: &Metadata) -> bool {
    false
}

/// Within which directories a suite may name files.
#[derive(Debug, Clone)]
pub(crate) struct Fence {
    /// The repositories of the working directory and of the suite; none where anything may be named.
    roots: Option<Vec<PathBuf>>,
}

impl Fence {
    /// The fence of the suites in a directory.
    pub(crate) fn around(beside: Option<&Path>, context: &Context) -> Self {
        if context.allow_outside {
            return Self { roots: None };
        }
        let beside = beside.filter(|dir| !dir.as_os_str().is_empty());
        let dirs = [Some(Path::new(".")), beside].into_iter().flatten();
        Self { roots: Some(dirs.filter_map(|dir| dir.canonicalize().ok()).map(root_of).collect()) }
    }

    /// Whether a suite may name this file. One that is not there is told by whoever reads it.
    pub(crate) fn hold(&self, path: &Path) -> Result<(), String> {
        let (Some(roots), Ok(resolved)) = (&self.roots, path.canonicalize()) else { return Ok(()) };
        match roots.iter().any(|root| resolved.starts_with(root)) {
            true => Ok(()),
            false => {
                Err("it is outside the repository; to read it anyway, pass --allow-outside"
                    .to_owned())
            }
        }
    }

    /// Whether a suite may have its reports here. Nothing need be there yet.
    pub(crate) fn hold_dir(&self, dir: &Path) -> Result<(), String> {
        let Some(roots) = &self.roots else { return Ok(()) };
        let named = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        // What is there already is resolved; what is to be made must not lead up again.
        let there = named.ancestors().find_map(|dir| Some((dir, dir.canonicalize().ok()?)));
        let within = there.is_some_and(|(dir, resolved)| {
            let rest = named.strip_prefix(dir).unwrap_or(&named);
            let has_up = rest.components().any(|part| part == std::path::Component::ParentDir);
            !has_up && roots.iter().any(|root| resolved.starts_with(root))
        });
        match within {
            true => Ok(()),
            false => Err("it is outside the repository; name it with \
                          --report-dir, or let the suite name it with --allow-outside"
                .to_owned()),
        }
    }

    /// Whether a flag may name this file: it may lie anywhere, but where it stands within the
    /// repository it must not be a link out of it.
    pub(crate) fn hold_links(&self, path: &Path) -> Result<(), Failure> {
        let (Some(roots), Ok(resolved)) = (&self.roots, path.canonicalize()) else { return Ok(()) };
        let named = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let within = |path: &Path| roots.iter().any(|root| path.starts_with(root));
        let beside = path.parent().map_or(Path::new("."), |dir| match dir.as_os_str().is_empty() {
            true => Path::new("."),
            false => dir,
        });
        let own = beside.canonicalize().is_ok_and(|dir| within(&dir));
        let has_up = path.components().any(|part| part == std::path::Component::ParentDir);
        if within(&resolved) || !(own || (within(&named) && !has_up)) {
            return Ok(());
        }
        let reason =
            "it is a link to outside the repository; to follow it anyway, pass --allow-outside";
        Err(Failure::Input { path: path.to_owned(), reason: reason.to_owned() })
    }
}

/// The files that a suite names and may not, but for the spec, which is told when it is read.
pub(crate) fn outside(suite: &Suite, fence: &Fence) -> Vec<Problem> {
    let improve = suite.on_failure.as_ref().and_then(|on| on.improve_prompt.as_ref());
    let prompt = improve.map(|improve| improve.agent_prompt.as_str());
    let baseline = suite.thresholds.as_ref().and_then(|thresholds| thresholds.baseline.as_ref());
    let baseline = baseline.map(|baseline| baseline.from.as_str());
    let named = [
        (&["on_failure", "improve_prompt", "agent_prompt"][..], prompt),
        (&["thresholds", "baseline", "from"][..], baseline),
    ];
    let problem = |(keys, file): (&[&'static str], Option<&str>)| {
        let file = file?;
        let reason = fence.hold(Path::new(file)).err()?;
        let place = document::Path::of(keys.iter().copied());
        Some(Problem::new(place, format!("cannot read {}: {reason}", document::shown(file))))
    };
    named.into_iter().filter_map(problem).collect()
}

/// What is wrong with the directory that a document wants its reports in.
pub(crate) fn reports_outside(
    keys: &[&'static str],
    dir: Option<&str>,
    fence: &Fence,
) -> Option<Problem> {
    let dir = dir?;
    let reason = fence.hold_dir(Path::new(dir)).err()?;
    let place = document::Path::of(keys.iter().copied());
    Some(Problem::new(place, format!("cannot write to {}: {reason}", document::shown(dir))))
}

/// The repository that a directory is in, or the directory itself.
fn root_of(dir: PathBuf) -> PathBuf {
    repository_of(&dir).unwrap_or(dir)
}

/// The root of the repository that a directory is in.
pub(crate) fn repository_of(dir: &Path) -> Option<PathBuf> {
    dir.ancestors().find(|dir| dir.join(".git").exists()).map(Path::to_owned)
}
