//! What changed in the repository since a commit, as git says.
//!
//! Whatever is not known for certain makes the whole answer unknown: a suite that is left out for a
//! wrong reason would be a gate that nobody passed.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, copy};
use tokio::process::Command;

use crate::context::Context;
use crate::escape::{one_line, short};
use crate::failure::Failure;
use crate::runtime::runtime;
use crate::suite::paths::Changed;

/// The word that asks the CI system what a pull request is compared with.
pub(crate) const AUTO: &str = "auto";
/// How long git may take for one answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest answer of git that is read, in bytes.
const LONGEST: u64 = 64 << 20;

/// What changed.
#[derive(Debug)]
pub(crate) enum Changes {
    /// These files.
    Known(Known),
    /// Nobody knows, and why.
    Unknown(String),
}

/// Files that changed since a commit.
#[derive(Debug)]
pub(crate) struct Known {
    /// What they are compared with, in words.
    pub(crate) since: String,
    /// The root of the repository.
    pub(crate) root: PathBuf,
    /// The files: committed or not, and those that git does not know yet.
    pub(crate) files: Vec<Changed>,
}

/// What changed since a commit, a branch or a tag; with [`AUTO`], since what the CI system's pull
/// request is compared with.
pub(crate) fn since(reference: &str, context: &Context) -> Result<Changes, Failure> {
    let found = runtime()?.block_on(find(reference, context));
    Ok(found.map_or_else(Changes::Unknown, Changes::Known))
}

async fn find(reference: &str, context: &Context) -> Result<Known, String> {
    let git = Git { context, dir: None };
    let (reference, head) = match reference {
        AUTO => {
            let base = context.change_base()?;
            (base.reference, base.head)
        }
        own => (own.to_owned(), None),
    };
    let top = git.line(&["rev-parse", "--show-toplevel"]).await?;
    let root = Path::new(&top).canonicalize().map_err(|error| format!("{top}: {error}"))?;
    let git = Git { dir: Some(&root), ..git };
    let base = git.commit(&reference).await?;
    if let Some(head) = head {
        let head = git.commit(&head).await?;
        git.answer(&["merge-base", "--is-ancestor", &head, "HEAD"]).await.map_err(|_| {
            format!("what is checked out does not hold the commit that is judged, {}", brief(&head))
        })?;
    }
    let is_shallow = git.line(&["rev-parse", "--is-shallow-repository"]).await? == "true";
    let no_ancestor =
        |_| format!("{} and what is checked out have no common commit", shown(&reference));
    let bases = git.answer(&["merge-base", "--all", &base, "HEAD"]).await.map_err(no_ancestor)?;
    let bases = String::from_utf8_lossy(&bases);
    let mut bases = bases.lines();
    let (Some(fork), None) = (bases.next(), bases.next()) else {
        return Err(format!(
            "{} has more than one common commit with what is checked out",
            shown(&reference)
        ));
    };
    // What lies behind the edge of the clone could be the true one.
    if is_shallow && fork != base {
        return Err("the clone is shallow: fetch the whole history (`fetch-depth: 0`)".to_owned());
    }
    let raw = [
        "diff",
        "--raw",
        "-z",
        "--no-abbrev",
        "--no-renames",
        "--no-relative",
        "--no-ext-diff",
        "--no-textconv",
        "--ignore-submodules=none",
        fork,
        "--",
    ];
    let mut files = parse(&git.answer(&raw).await?)?;
    let untracked = git.answer(&["ls-files", "-z", "--others", "--exclude-standard"]).await?;
    files.extend(untracked.split(|byte| *byte == 0).filter(|path| !path.is_empty()).map(|path| {
        let path = String::from_utf8_lossy(path).into_owned();
        let is_opaque = path.ends_with('/');
        Changed { path, is_opaque }
    }));
    let since = format!("{} ({})", shown(&reference), brief(fork));
    Ok(Known { since, root, files })
}

/// The first letters of a commit.
fn brief(commit: &str) -> String {
    commit.chars().take(7).collect()
}

/// A name as a message may show it.
fn shown(reference: &str) -> String {
    crate::document::shown(reference)
}

/// Reads the answer of `git diff --raw -z`: a line of modes, then a path, each with a NUL behind it.
fn parse(answer: &[u8]) -> Result<Vec<Changed>, String> {
    let unreadable = || "the answer of `git diff` cannot be read".to_owned();
    let mut parts = answer.split(|byte| *byte == 0);
    let mut files = Vec::new();
    loop {
        let about = parts.next().ok_or_else(unreadable)?;
        if about.is_empty() {
            return if parts.next().is_none() { Ok(files) } else { Err(unreadable()) };
        }
        let about = std::str::from_utf8(about).ok().and_then(|about| about.strip_prefix(':'));
        let about = about.ok_or_else(unreadable)?;
        let modes: Vec<&str> = about.split(' ').take(2).collect();
        let path = parts.next().filter(|path| !path.is_empty()).ok_or_else(unreadable)?;
        // A submodule, or a link: what lies behind it is not told.
        let is_opaque = modes.iter().any(|mode| matches!(*mode, "160000" | "120000"));
        files.push(Changed { path: String::from_utf8_lossy(path).into_owned(), is_opaque });
    }
}

/// The git program, in a directory.
#[derive(Clone, Copy)]
struct Git<'a> {
    context: &'a Context,
    dir: Option<&'a Path>,
}

impl Git<'_> {
    /// The first line of an answer.
    async fn line(self, arguments: &[&str]) -> Result<String, String> {
        let answer = self.answer(arguments).await?;
        let answer = String::from_utf8(answer);
        let answer = answer.map_err(|_| "git's answer is not UTF-8 text".to_owned())?;
        Ok(answer.trim_end_matches(['\n', '\r']).to_owned())
    }

    /// The commit that a name stands for.
    async fn commit(self, name: &str) -> Result<String, String> {
        let unknown = || {
            format!("{} is no commit in this clone: fetch it first (`fetch-depth: 0`)", shown(name))
        };
        if name.starts_with('-') || name.chars().any(char::is_control) {
            return Err(unknown());
        }
        let name = format!("{name}^{{commit}}");
        let found = self.line(&["rev-parse", "--verify", "--quiet", &name]).await;
        found.map_err(|_| unknown())
    }

    /// What git answers. The error says what it complains of, in a line.
    async fn answer(self, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let mut command = Command::new("git");
        // No program that a configuration names is started, and nothing is asked on a terminal.
        command.args(["-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false"]);
        command.args(arguments).env_clear();
        let is_passed_on = |name: &str| {
            const NAMES: [&str; 9] = [
                "PATH",
                "HOME",
                "XDG_CONFIG_HOME",
                "USERPROFILE",
                "SYSTEMROOT",
                "TMPDIR",
                "TEMP",
                "TMP",
                "PATHEXT",
            ];
            NAMES.contains(&name) || name.starts_with("GIT_") && !name.contains("TOKEN")
        };
        command.envs(self.context.env.iter().filter(|(name, _)| is_passed_on(name)));
        for (name, value) in [
            ("LC_ALL", "C"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_NO_LAZY_FETCH", "1"),
            ("GIT_PAGER", "cat"),
        ] {
            command.env(name, value);
        }
        if let Some(dir) = self.dir {
            command.current_dir(dir);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command
            .spawn()
            .map_err(|error| format!("the git program cannot be started: {error}"))?;
        let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
            return Err("git has no output".to_owned());
        };
        let ended = async {
            let (mut answer, mut complaint) = (Vec::new(), Vec::new());
            let (mut out, mut err) = (out.take(LONGEST), err.take(1 << 16));
            let read =
                tokio::try_join!(copy(&mut out, &mut answer), copy(&mut err, &mut complaint));
            read.and(Ok((child.wait().await?, answer, complaint)))
        };
        let ended = tokio::time::timeout(PATIENCE, ended).await;
        let ended = ended.map_err(|_| "git gives no answer within a minute".to_owned())?;
        let (status, answer, complaint) = ended.map_err(|error| format!("git: {error}"))?;
        if answer.len() as u64 >= LONGEST {
            return Err("the list of changed files is too long".to_owned());
        }
        if status.success() {
            return Ok(answer);
        }
        let complaint = String::from_utf8_lossy(&complaint);
        let complaint = complaint.lines().next().unwrap_or_default();
        Err(format!("git: {}", one_line(&short(complaint, 200))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_changed_file_is_read_whatever_its_name_holds() {
        let answer = b":100644 100644 aa bb M\0a\nb \x1b[31m.md\0:160000 160000 aa bb M\0agent\0";
        let files = parse(answer).unwrap();
        assert_eq!(files[0], Changed { path: "a\nb \u{1b}[31m.md".into(), is_opaque: false });
        assert_eq!(files[1], Changed { path: "agent".into(), is_opaque: true });
        assert_eq!(parse(b"").unwrap(), []);
    }

    #[test]
    fn an_answer_that_is_cut_or_of_another_form_is_none() {
        for answer in [&b":100644 100644 aa bb M\0"[..], b":100644", b"a.md\0", b"\0\0a"] {
            assert!(parse(answer).is_err(), "{answer:?}");
        }
    }
}
