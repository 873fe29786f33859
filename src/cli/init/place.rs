//! Where a suite is to be, and what the repository around it says.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::ci::System;
use crate::failure::Failure;
use crate::init::{Environment, MARKS};

/// Where the suite is to be, and the repository around it.
pub(super) struct Place {
    /// Where the command runs.
    pub(super) here: PathBuf,
    /// The root of the repository, or the same.
    pub(super) root: PathBuf,
}

impl Place {
    pub(super) fn find() -> Result<Self, Failure> {
        let refuse =
            |error: io::Error| Failure::Input { path: ".".into(), reason: error.to_string() };
        let here = fs::canonicalize(".").map_err(refuse)?;
        let root = here.ancestors().find(|dir| dir.join(".git").exists()).unwrap_or(&here);
        Ok(Self { root: root.to_owned(), here })
    }

    pub(super) fn name(&self) -> String {
        let name = self.here.file_name().map(|name| name.to_string_lossy().into_owned());
        name.map_or_else(|| "Release gate".to_owned(), |name| name.chars().take(200).collect())
    }

    /// The path from the root of a file that is here, with forward slashes.
    pub(super) fn here(&self, name: &str) -> String {
        let below = self.here.strip_prefix(&self.root).unwrap_or(Path::new(""));
        let parts = below.iter().map(|part| part.to_string_lossy().into_owned());
        parts.chain([name.to_owned()]).collect::<Vec<_>>().join("/")
    }

    /// A path from the root, as it reads from here.
    pub(super) fn as_seen_here(&self, path: &str) -> String {
        let below = self.here.strip_prefix(&self.root).unwrap_or(Path::new(""));
        "../".repeat(below.iter().count()) + path
    }

    pub(super) fn start_context(&self) -> Environment {
        let exists = |(path, _): &(&str, System)| self.root.join(path).exists();
        let marks = MARKS.into_iter().filter(exists).collect();
        let git = self.git();
        let remote = read(&git.join("config")).and_then(|text| remote_of(&text));
        let head = |path: &str| {
            let text = read(&git.join(path))?;
            let (_, branch) = text.trim().split_once("refs/")?;
            Some(
                branch
                    .trim_start_matches("remotes/origin/")
                    .trim_start_matches("heads/")
                    .to_owned(),
            )
        };
        // Without the remote's own word, the branch at hand is taken only by its usual names.
        let usual = |branch: &String| ["main", "master", "trunk"].contains(&branch.as_str());
        let branch = head("refs/remotes/origin/HEAD").or_else(|| head("HEAD").filter(usual));
        Environment { marks, remote, branch }
    }

    /// The repository's own directory, also from a worktree or a submodule.
    fn git(&self) -> PathBuf {
        let git = self.root.join(".git");
        let Some(text) = read(&git) else { return git };
        let Some(dir) = text.trim().strip_prefix("gitdir: ") else { return git };
        let dir = self.root.join(dir);
        match read(&dir.join("commondir")) {
            Some(common) => dir.join(common.trim()),
            None => dir,
        }
    }
}

/// A small text file; none if it is not one.
pub(super) fn read(path: &Path) -> Option<String> {
    crate::input::file::read_text(path, 1 << 20).ok()
}

/// The address of `origin`, or of the first remote.
fn remote_of(config: &str) -> Option<String> {
    let mut section = "";
    let mut first = None;
    for line in config.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if section.starts_with("[remote ")
            && let Some((key, url)) = line.split_once('=')
            && key.trim() == "url"
        {
            if section == "[remote \"origin\"]" {
                return Some(url.trim().to_owned());
            }
            first.get_or_insert(url.trim());
        }
    }
    first.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remote_is_origins_or_else_the_first() {
        let config = "[core]\n\tbare = false\n[remote \"up\"]\n\turl = git@a:b.git\n\
                      [remote \"origin\"]\n\tfetch = x\n\turl = https://c/d\n[branch \"main\"]\n";
        assert_eq!(remote_of(config).as_deref(), Some("https://c/d"));
        let config = "[remote \"up\"]\n\turl = git@a:b.git\n[remote \"other\"]\nurl=x\n";
        assert_eq!(remote_of(config).as_deref(), Some("git@a:b.git"));
        assert_eq!(remote_of("[core]\nurl = x\n"), None);
    }
}
