//! What every test of the whole binary needs: the program with a clean environment, and a runtime
//! that serves a simulator while the program runs.

pub(crate) mod finished;

use std::path::Path;
use std::process::{Command, Stdio};

use tokio::runtime::Runtime;

/// The program in a directory, with these variables and nothing else of this process's environment.
pub(crate) fn program(dir: &Path, env: &[(String, String)], args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cekura-gate"));
    command
        .args(args)
        .current_dir(dir)
        .env_clear()
        .env("HOME", dir)
        .envs(env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null());
    command
}

/// Sets a variable in the place of an earlier value.
pub(crate) fn set(env: &mut Vec<(String, String)>, name: &str, value: &str) {
    env.retain(|(known, _)| known != name);
    env.push((name.to_owned(), value.to_owned()));
}

/// A runtime with a thread of its own, so that a simulator answers while the test waits.
pub(crate) fn serving() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}
