//! What a finished command left: its code, what it said, and its reports.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

/// What a finished command left.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) dir: PathBuf,
}

impl Finished {
    pub(crate) fn of(output: Output, dir: &Path) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            dir: dir.to_owned(),
        }
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        let said = format!("{}{}", self.stdout, self.stderr);
        assert!(said.contains(words), "`{words}` is not in:\n{said}");
        self
    }

    pub(crate) fn report(&self, name: &str) -> String {
        let path = self.dir.join("cekura-report").join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    pub(crate) fn result(&self) -> Value {
        serde_json::from_str(&self.report("result.json")).unwrap()
    }
}
