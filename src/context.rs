//! The only place that reads the environment, the terminal, the clock and chance.
//!
//! Everything else is given what it needs, so that it can be tested without them.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher};
use std::io::{IsTerminal, Read};
use std::path::PathBuf;

use crate::ci::System;

/// The longest document of an event that is read, in bytes: GitHub sends no longer ones.
const LONGEST_EVENT: u64 = 25 << 20;

/// What the process was started with.
#[derive(Debug, Clone)]
pub struct Context {
    /// The environment. Variables that are not UTF-8 are left out.
    pub env: BTreeMap<String, String>,
    /// The variables whose values are not UTF-8, with U+FFFD where they are not.
    pub not_utf8: BTreeMap<String, String>,
    /// The variables that a suite may use although they look like secrets: `--allow-env`.
    pub allow_env: Vec<String>,
    /// Whether a suite may name files outside of the repository: `--allow-outside`.
    pub allow_outside: bool,
    /// The CI system around the process, or the one that the command line names.
    pub ci: System,
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether standard error is a terminal.
    pub stderr_is_terminal: bool,
}

impl Context {
    /// Reads the process's surroundings.
    pub fn of_process() -> Self {
        let (mut env, mut not_utf8) = (BTreeMap::new(), BTreeMap::new());
        for (key, value) in std::env::vars_os() {
            let Ok(key) = key.into_string() else { continue };
            match value.into_string() {
                Ok(value) => drop(env.insert(key, value)),
                Err(value) => drop(not_utf8.insert(key, value.to_string_lossy().into_owned())),
            }
        }
        let ci = System::detect(|name| env.get(name).map(String::as_str).filter(|v| !v.is_empty()));
        Self {
            env,
            not_utf8,
            allow_env: Vec::new(),
            allow_outside: false,
            ci,
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
        }
    }

    /// What a document may fill in for `${NAME}`: a value that is not UTF-8 has U+FFFD in it, so that
    /// it is not taken for one that is not set.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.env.get(name).or_else(|| self.not_utf8.get(name)).cloned()
    }

    /// A variable that is set and not empty.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The branch that the CI job is about, as the CI system names it; none outside of one.
    pub fn branch(&self) -> Option<&str> {
        const NAMES: [&str; 9] = [
            "CEKURA_GATE_BRANCH",
            // A pull request's own branch goes before the merge ref that is checked out.
            "GITHUB_HEAD_REF",
            "GITHUB_REF_NAME",
            "CI_COMMIT_REF_NAME",
            "CHANGE_BRANCH",
            "BRANCH_NAME",
            "BUILDKITE_BRANCH",
            "CIRCLE_BRANCH",
            "BITBUCKET_BRANCH",
        ];
        let azure = || {
            let name = self.var("BUILD_SOURCEBRANCH")?;
            Some(name.strip_prefix("refs/heads/").unwrap_or(name))
        };
        NAMES.iter().find_map(|name| self.var(name)).or_else(azure)
    }

    /// What started the CI job, and of which commit it is.
    pub fn origin(&self) -> crate::plan::mark::Origin {
        let event = if self.ci == System::Github { self.event() } else { None };
        self.ci.origin(|name| self.var(name), event.as_deref())
    }

    /// What the pull request of the CI job is compared with. The error says why nobody knows.
    pub fn change_base(&self) -> Result<crate::ci::ChangeBase, String> {
        let event = if self.ci == System::Github { self.event() } else { None };
        self.ci.change_base(|name| self.var(name), event.as_deref())
    }

    /// The document of the event that started a job of GitHub Actions; none where there is none that
    /// can be read.
    fn event(&self) -> Option<String> {
        let path = self.var("GITHUB_EVENT_PATH")?;
        // Opening a pipe would wait for who writes into it.
        if !std::fs::metadata(path).ok()?.is_file() {
            return None;
        }
        let mut text = String::new();
        let file = std::fs::File::open(path).ok()?;
        // What is cut off is no document, and is passed over.
        file.take(LONGEST_EVENT).read_to_string(&mut text).ok()?;
        Some(text)
    }

    /// The user's home directory.
    pub fn home(&self) -> Option<PathBuf> {
        self.var("HOME").or_else(|| self.var("USERPROFILE")).map(PathBuf::from)
    }

    /// The width of standard output in columns: as the environment says, as the terminal is, or
    /// as a log can be read.
    pub fn columns(&self) -> usize {
        let said = self.var("COLUMNS").and_then(|columns| columns.parse().ok());
        let terminal = || {
            let (width, _) = terminal_size::terminal_size_of(std::io::stdout())?;
            Some(usize::from(width.0)).filter(|columns| *columns > 0)
        };
        said.or_else(terminal).unwrap_or(100)
    }
}

/// Columns and rows of the terminal behind standard error, as they are at this moment.
pub fn terminal_size() -> Option<(usize, usize)> {
    let (width, height) = terminal_size::terminal_size_of(std::io::stderr())?;
    let size = (usize::from(width.0), usize::from(height.0));
    Some(size).filter(|(columns, rows)| *columns > 0 && *rows > 0)
}

/// Whether the process was started with SIGHUP ignored, as `nohup` does. Only Linux says so.
pub fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The lowest bit is signal 1.
    ignored.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| mask & 1 == 1))
}

/// The arguments of the process, as text.
pub fn arguments() -> Vec<String> {
    std::env::args_os().skip(1).map(|one| one.to_string_lossy().into_owned()).collect()
}

/// Makes a directory the working directory of the process.
///
/// # Errors
///
/// There is none, or it may not be entered.
pub fn enter(dir: &std::path::Path) -> std::io::Result<()> {
    std::env::set_current_dir(dir)
}

/// The time now.
pub fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Today, in UTC.
pub fn today() -> jiff::civil::Date {
    now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// A number nobody can foresee well enough to collide with. Not for secrets.
pub fn random() -> u64 {
    // The standard library seeds each `RandomState` from the system's entropy.
    let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
    hasher.write_i128(now().as_nanosecond());
    hasher.finish()
}

/// A uniform draw from 0 to 1.
pub fn random_fraction() -> f64 {
    (random() >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
impl Context {
    /// That of a test: this environment, no CI system, no terminal.
    pub(crate) fn with_env(pairs: &[(&str, &str)]) -> Self {
        let env = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self {
            env: env.collect(),
            not_utf8: BTreeMap::new(),
            ci: System::None,
            allow_env: Vec::new(),
            allow_outside: false,
            stdout_is_terminal: false,
            stderr_is_terminal: false,
        }
    }
}
