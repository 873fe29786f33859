//! What CI systems share between the gate and others: the outputs of the step, its summary, in which
//! others may have written, and paths, which they read from the root of the repository.

use std::path::{Component, Path, PathBuf};

use crate::ci::System;
use crate::context::{self, Context};
use crate::exit::Code;
use crate::input::file::repository_of;
use crate::report::markdown::LIMIT;
use crate::report::{azure, github};
use crate::sink::{self, SinkError};

/// The CI system that the gate runs in, as far as it reads files of its own.
#[derive(Debug)]
pub(crate) struct Surfaces {
    pub(crate) system: System,
    github_output: Option<PathBuf>,
    pub(crate) github_summary: Option<PathBuf>,
    /// Where the CI system has put the repository.
    workspace: Option<PathBuf>,
}

impl Surfaces {
    /// Those of the process's surroundings.
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

    /// Gives later steps of GitHub's job these outputs.
    pub(crate) fn add_outputs(&self, outputs: &[(&'static str, String)]) -> Result<(), SinkError> {
        self.github_output.as_ref().map_or(Ok(()), |path| add_outputs(path, outputs))
    }
}

/// Tells the CI system of a gate that ended without a verdict, so that no later step takes the
/// outputs of such a gate for a pass. A CI system that can't be told keeps the exit code.
/// `simulated`: whether it was a rehearsal.
pub(crate) fn failed(context: &Context, code: Code, simulated: bool) {
    let outputs = no_verdict(code, simulated);
    if context.ci == System::Azure {
        crate::output::console::to_output(&azure::results(&outputs, None));
    }
    let _ = Surfaces::of(context).add_outputs(&outputs);
}

/// Gives later steps one output more, where the CI system reads them from a file.
pub(crate) fn output(context: &Context, name: &'static str, value: &str) {
    let _ = Surfaces::of(context).add_outputs(&[(name, value.to_owned())]);
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

/// A line that no value holds.
fn delimiter() -> String {
    format!("cekura-gate-{:016x}{:016x}", context::random(), context::random())
}

/// With less room than this the summary of the step gets the short form, in bytes.
const LEAST: usize = 16 * 1024;

/// Appends to the summary of GitHub's step, of which GitHub shows nothing when it is longer than
/// [`LIMIT`] in all. `whole` makes a text of at most so many bytes, `brief` the short form. Gives
/// whether anything had room.
pub(crate) fn add_to_summary(
    path: &Path,
    whole: impl FnOnce(usize) -> String,
    brief: impl FnOnce() -> String,
) -> Result<bool, SinkError> {
    let there = sink::length(path);
    // Two line ends: a line of theirs may lack its own, and a block of HTML ends with an empty line.
    let room = LIMIT.saturating_sub(there).saturating_sub(2);
    let text = if room >= LEAST { whole(room) } else { brief() };
    if text.len() > room {
        return Ok(false);
    }
    let gap = if there > 0 { "\n" } else { "" };
    sink::append(path, &format!("{gap}{text}"))?;
    Ok(true)
}

/// Appends to the file in which GitHub reads a step's outputs, within what GitHub takes of a job.
fn add_outputs(path: &Path, outputs: &[(&'static str, String)]) -> Result<(), SinkError> {
    sink::append(path, &github::output_file(outputs, &delimiter(), sink::length(path)))
}

/// What is said where not even the short form had room.
pub(crate) fn no_room(summary: &Path) -> String {
    format!(
        "the step's summary is full, and GitHub shows none of more than 1 MiB: the gate's own summary is in {}",
        summary.display()
    )
}

/// The path of a file from the root of its repository, as annotations want it; `workspace` is where
/// the CI system has put the repository. None where the file lies in neither.
pub(crate) fn in_repository(file: &str, workspace: Option<&Path>) -> Option<String> {
    let path = std::path::absolute(file).ok()?;
    let dir = path.parent()?;
    let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let path = dir.join(path.file_name()?);
    let workspace = || workspace?.canonicalize().ok().filter(|root| path.starts_with(root));
    let Some(root) = repository_of(&dir).or_else(workspace) else {
        let is_relative = Path::new(file).is_relative() && !file.starts_with("..");
        return is_relative.then(|| file.to_owned());
    };
    let parts = path.strip_prefix(root).ok()?.components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
        _ => None,
    });
    Some(parts.collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_from_the_root_of_its_repository_or_the_workspace() {
        let dir = tempfile::tempdir().unwrap();
        let sub = dir.path().join("sub");
        std::fs::create_dir(&sub).unwrap();
        let file = sub.join("gate.yml").display().to_string();
        assert_eq!(in_repository(&file, None), None);
        assert_eq!(in_repository(&file, Some(dir.path())).as_deref(), Some("sub/gate.yml"));
        assert_eq!(in_repository(&file, Some(Path::new("/nowhere"))), None);
        std::fs::create_dir(sub.join(".git")).unwrap();
        assert_eq!(in_repository(&file, Some(dir.path())).as_deref(), Some("gate.yml"));
    }

    #[test]
    fn outputs_fit_beside_what_others_have_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("output");
        std::fs::write(&path, format!("theirs={}", "x".repeat(500_000))).unwrap();
        let ids = format!("[{}1]", "1,".repeat(20_000));
        for _ in 0..2 {
            add_outputs(&path, &[("result_ids", ids.clone()), ("passed", "true".into())]).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches("\nresult_ids<<").count(), 2, "no line of theirs holds ours");
        assert_eq!(text.matches("\ntrue\n").count(), 2);
        assert_eq!(text.matches(&ids).count(), 0, "no room: {} bytes", text.len());
    }

    #[test]
    fn a_summary_never_grows_beyond_what_is_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("summary");
        for (theirs, fits) in [
            (0, true),
            (LIMIT / 2, true),
            (LIMIT - LEAST, true),
            (LIMIT - 12, true),
            (LIMIT - 11, false),
            (LIMIT, false),
            (LIMIT + 9, false),
        ] {
            std::fs::write(&path, "x".repeat(theirs)).unwrap();
            let added = add_to_summary(&path, |room| "y".repeat(room), || "z".repeat(10));
            assert_eq!(added.unwrap(), fits, "{theirs}");
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.len() <= LIMIT.max(theirs) && text.starts_with(&"x".repeat(theirs)));
            assert_eq!(text.len() > theirs, fits, "{theirs}");
        }
    }
}
