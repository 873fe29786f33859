//! What a gate without a verdict leaves in the directory of its reports, so that nobody takes those
//! of an earlier gate for its own.
//!
//! Only a directory that a gate has written to before is touched. Evidence stays: a result.json has
//! been paid for and says when, and a run.json leads to calls that may be going.

use std::path::{Path, PathBuf};

use super::Command;
use crate::ci::System;
use crate::context::Context;
use crate::document;
use crate::exit::Code;
use crate::failure::Failure;
use crate::input::file::Fence;
use crate::output::ci_files::no_verdict;
use crate::output::claim::Claim;
use crate::report::files::{
    COMMENT, DEFAULT_DIR, GITLAB_ANNOTATIONS, GITLAB_DOTENV, HTML, JUNIT, RESULT, SUMMARY,
};
use crate::report::{gitlab, html, markdown};
use crate::sink;

impl Command {
    /// The directory that the reports of this command would have gone to; none where it writes none.
    /// The suite may be invalid: its text is looked at.
    fn reports(&self, context: &Context) -> Option<PathBuf> {
        match self {
            Command::Run(args) if args.is_dry() => None,
            Command::Run(args) => {
                let flag = args.keys().report_dir().map(Path::to_owned);
                flag.or_else(|| in_suites(args.suites(), context))
            }
            Command::Watch(args) => {
                let flag = args.keys().report_dir().map(Path::to_owned);
                flag.or_else(|| in_text(args.suite_file().map(Path::to_owned).as_slice(), context))
            }
            Command::Judge(args) => Some(args.report_dir().to_owned()),
            _ => None,
        }
    }
}

/// Replaces the summary, and removes the other reports that would be taken for this gate's. Where
/// that cannot be done, the exit code has to do.
pub(super) fn leave(command: &Command, failure: &Failure, context: &Context, simulated: bool) {
    let code = failure.code();
    // A report that could not be written is told where it happened.
    if code == Code::Report {
        return;
    }
    if let Some(dir) = command.reports(context) {
        leave_in(&dir, code, &failure.to_string(), context.ci, simulated);
    }
}

/// The same of a command line that is not understood: a `run` would have replaced the reports.
pub(super) fn leave_of_arguments(arguments: &[String], why: &str, context: &Context) {
    let has = |word: &str| arguments.iter().any(|one| one == word);
    if !has("run") || has("--dry-run") {
        return;
    }
    let flag = "--report-dir";
    let mut pairs = arguments.iter().zip(arguments.iter().skip(1));
    let joined = || arguments.iter().find_map(|one| one.strip_prefix(flag)?.strip_prefix('='));
    let named = pairs.find(|(one, _)| *one == flag).map(|(_, dir)| dir.as_str()).or_else(joined);
    let files = arguments.iter().map(PathBuf::from).filter(|path| path.is_file());
    let files: Vec<PathBuf> = files.collect();
    if let Some(dir) = named.map(PathBuf::from).or_else(|| in_suites(&files, context)) {
        leave_in(&dir, Code::Usage, why, context.ci, false);
    }
}

fn leave_in(dir: &Path, code: Code, why: &str, system: System, simulated: bool) {
    let Some(_claim) = Claim::of_earlier(dir) else { return };
    for name in [JUNIT, COMMENT, GITLAB_DOTENV, GITLAB_ANNOTATIONS] {
        let _ = sink::remove(&dir.join(name));
    }
    sink::remove_tree(&dir.join(HTML), html::INDEX, html::GENERATOR);
    let _ = crate::output::stale::remove_stale(dir, &|path| path.ends_with(RESULT));
    let summary = markdown::no_verdict(code, why);
    let _ = sink::replace(&dir.join(SUMMARY), &summary);
    if system == System::Gitlab {
        let text = gitlab::dotenv(&no_verdict(code, simulated));
        let _ = sink::replace(&dir.join(GITLAB_DOTENV), &text);
    }
}

/// The directory that these suite files name, or the default ones.
fn in_suites(named: &[PathBuf], context: &Context) -> Option<PathBuf> {
    if named.is_empty() {
        let defaults = crate::input::suite_file::DEFAULTS
            .iter()
            .chain(&[crate::preflight::selection::DEFAULT_LIST]);
        return in_text(&defaults.map(PathBuf::from).collect::<Vec<_>>(), context);
    }
    in_text(named, context)
}

/// The directory that the first of these files names which is there, or the default. None where it
/// is made of variables, or the file may not name it.
fn in_text(files: &[PathBuf], context: &Context) -> Option<PathBuf> {
    let mut files = files.iter();
    let found = files
        .find_map(|file| Some((file, crate::input::suite_file::read_within_limit(file).ok()?)));
    let beside = found.as_ref().and_then(|(file, _)| file.parent());
    let fence = Fence::around(beside, context);
    let text = found.map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned());
    let text = text.unwrap_or_default();
    let own = document::text_below(&text, "reports", "dir");
    let dir = own.or_else(|| document::texts_at(&text, "report_dir").pop());
    match dir.map(PathBuf::from) {
        Some(dir) if dir.to_string_lossy().contains('$') => None,
        Some(dir) => fence.hold_dir(&dir).is_ok().then_some(dir),
        None => Some(PathBuf::from(DEFAULT_DIR)),
    }
}
