//! What `init` writes: a suite to begin with, and the workflow of the CI system that is found.
//!
//! Pure: the caller says what files there are, and writes the new ones. The workflows are the
//! recipes of `examples/workflows`, so that they are what the docs show and the validators read.

pub mod account;
pub mod suite;
mod thresholds;
pub mod workflow;
mod yaml;

use crate::ci::System;

/// What gives a CI system away, by path from the repository's root. Those that only one system
/// reads come before a directory that is often there for other reasons.
pub const MARKS: [(&str, System); 10] = [
    (".github/workflows", System::Github),
    (".gitlab-ci.yml", System::Gitlab),
    ("Jenkinsfile", System::Jenkins),
    ("azure-pipelines.yml", System::Azure),
    (".azure-pipelines", System::Azure),
    (".circleci", System::Circleci),
    (".buildkite", System::Buildkite),
    ("bitbucket-pipelines.yml", System::Bitbucket),
    (".gitlab", System::Gitlab),
    (".github", System::Github),
];

/// What stands around a suite that is to be.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// The [`MARKS`] that exist, in their order.
    pub marks: Vec<(&'static str, System)>,
    /// Address of the repository's remote.
    pub remote: Option<String>,
    /// The branch that is released from, where it is known.
    pub branch: Option<String>,
}

/// The system to write for, why, and the others that were found.
#[derive(Debug, PartialEq, Eq)]
pub struct Choice {
    /// The system; [`System::None`] where nothing was found.
    pub system: System,
    /// What gave it away.
    pub because: String,
    /// Others that have files here.
    pub others: Vec<System>,
}

impl Environment {
    /// Chooses the system: by files, of several the one of the remote's host; without files by the
    /// remote alone.
    pub fn choose(&self) -> Choice {
        let hosted = self.remote.as_deref().and_then(host).and_then(system_of_host);
        let mark = self.marks.iter().find(|(_, system)| Some(*system) == hosted);
        let (system, because) = match (mark.or_else(|| self.marks.first()), hosted) {
            (Some((path, system)), _) => (*system, format!("found {path}")),
            (None, Some(system)) => (system, "by the host of the remote".to_owned()),
            (None, None) => (System::None, String::new()),
        };
        let mut others: Vec<System> = Vec::new();
        for (_, other) in &self.marks {
            if *other != system && !others.contains(other) {
                others.push(*other);
            }
        }
        Choice { system, because, others }
    }
}

/// The host of a remote's address: `https://host/…`, `ssh://user@host/…` or `user@host:path`.
fn host(remote: &str) -> Option<&str> {
    let rest = remote.split_once("://").map_or(remote, |(_, rest)| rest);
    let rest = rest.split(['/', ':']).next()?;
    // A user before the host may have a password behind a colon.
    let rest = match remote.split_once('@') {
        Some((_, after)) => after.split(['/', ':']).next()?,
        None => rest,
    };
    Some(rest).filter(|host| !host.is_empty())
}

fn system_of_host(host: &str) -> Option<System> {
    let is = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    let names = |word: &str| host.split('.').any(|label| label == word);
    match () {
        () if is("github.com") || names("github") => Some(System::Github),
        () if is("gitlab.com") || names("gitlab") => Some(System::Gitlab),
        () if is("bitbucket.org") => Some(System::Bitbucket),
        () if is("dev.azure.com") || is("visualstudio.com") => Some(System::Azure),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(marks: &[&str], remote: &str) -> (System, Vec<System>) {
        let marks = MARKS.into_iter().filter(|(path, _)| marks.contains(path)).collect();
        let remote = Some(remote.to_owned()).filter(|remote| !remote.is_empty());
        let choice = Environment { marks, remote, branch: None }.choose();
        (choice.system, choice.others)
    }

    #[test]
    fn files_go_before_the_remote_and_the_remote_settles_between_files() {
        use System::{Azure, Bitbucket, Buildkite, Circleci, Github, Gitlab, Jenkins, None};
        let table: [(&[&str], &str, System, &[System]); 13] = [
            (&[], "", None, &[]),
            (&[".github"], "", Github, &[]),
            (&[".github", "Jenkinsfile"], "", Jenkins, &[Github]),
            (&[".github/workflows", ".gitlab-ci.yml", ".gitlab"], "", Github, &[Gitlab]),
            (&[".github", "Jenkinsfile"], "git@github.com:a/b.git", Github, &[Jenkins]),
            (&[".circleci"], "https://github.com/a/b", Circleci, &[]),
            (&[".buildkite"], "", Buildkite, &[]),
            (&[".gitlab-ci.yml", "azure-pipelines.yml"], "", Gitlab, &[Azure]),
            (&[], "https://gitlab.example.com/a/b.git", Gitlab, &[]),
            (&[], "git@bitbucket.org:a/b.git", Bitbucket, &[]),
            (&[], "https://me:pa@ss@dev.azure.com/a/_git/b", None, &[]),
            (&[], "https://me@dev.azure.com/a/_git/b", Azure, &[]),
            (&[], "ssh://git@example.com:22/a/github.git", None, &[]),
        ];
        for (marks, remote, system, others) in table {
            assert_eq!(choice(marks, remote), (system, others.to_vec()), "{marks:?} {remote}");
        }
    }
}
