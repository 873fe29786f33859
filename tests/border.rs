//! The border that `ARCHITECTURE.md` draws: the core is pure, one module asks the machine, one
//! module prints, and no file is too long to follow.
//!
//! The sources are read as text. Tests within them are left out: a test may read a file.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// The pure part of the house: directories and files under `src/`.
const PURE: &[&str] = &[
    "account.rs",
    "api/retry.rs",
    "api/wire",
    "chat/conversation.rs",
    "chat/protocol.rs",
    "ci.rs",
    "document",
    "exit.rs",
    "gates",
    "hidden.rs",
    "init",
    "numbers.rs",
    "outcome.rs",
    "plan",
    "poll/forecast.rs",
    "poll/lifetimes.rs",
    "poll/light.rs",
    "poll/schedule.rs",
    "poll/seen.rs",
    "poll/settle.rs",
    "progress",
    "record.rs",
    "redact",
    "report",
    "retry.rs",
    "review.rs",
    "spec",
    "stats",
    "suite",
    "text.rs",
    "verdict",
];

/// What a pure module has no business with.
const IMPURE: [&str; 13] = [
    "tokio",
    "reqwest",
    "std::fs",
    "std::env",
    "std::net",
    "std::io",
    "std::process",
    "std::{",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "println!",
];

/// The longest that a source file may be, in lines.
const LONGEST: usize = 500;

/// The files that were longer when the rule came, with the length that they may not exceed.
/// An entry goes when its file has been split.
const STILL_LONGER: [(&str, usize); 1] = [("verdict/check.rs", 520)];

/// A source file below `src/`.
struct Source {
    /// Path below `src/`, with forward slashes.
    path: String,
    text: String,
}

impl Source {
    /// The lines of code with their numbers: no comments, nothing of the tests at the end.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_tests = self.path.ends_with("/tests.rs");
        let lines = self.text.lines().enumerate();
        lines
            .take_while(move |(_, line)| !is_tests && *line != "#[cfg(test)]")
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(at, line)| (at + 1, line))
    }

    /// Whether the file is `place` or lies within it.
    fn is_in(&self, place: &str) -> bool {
        self.path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Each line of code with one of these words, as a compiler would point at it.
    fn lines_with(&self, words: &[&str]) -> Vec<String> {
        let hit = |line: &str| words.iter().find(|word| line.contains(**word)).copied();
        self.code()
            .filter_map(|(at, line)| Some((at, hit(line)?, line.trim())))
            .map(|(at, word, line)| format!("src/{}:{at}: `{word}` in `{line}`", self.path))
            .collect()
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    let mut pending: Vec<PathBuf> = vec![root.clone()];
    while let Some(dir) = pending.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below = path.strip_prefix(&root).unwrap().display().to_string();
                let text = fs::read_to_string(&path).unwrap();
                sources.push(Source { path: below.replace('\\', "/"), text });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(sources.len() > 50, "only {} sources found", sources.len());
    sources
}

fn hold(offences: Vec<String>, rule: &str) {
    assert!(offences.is_empty(), "{rule}:\n{}", offences.join("\n"));
}

#[test]
fn the_core_asks_neither_machine_nor_network_nor_clock() {
    let pure = |source: &Source| PURE.iter().any(|place| source.is_in(place));
    let sources: Vec<Source> = sources().into_iter().filter(pure).collect();
    assert!(sources.len() > 40, "only {} pure sources found", sources.len());
    let offences = sources.iter().flat_map(|source| source.lines_with(&IMPURE)).filter(|line| {
        // The codes become the process's own; nothing is started or ended by that.
        !(line.contains("src/exit.rs") && line.contains("ExitCode"))
    });
    hold(offences.collect(), "a pure module reaches outside");
}

#[test]
fn one_module_reads_environment_and_clock() {
    const ASKING: [&str; 5] =
        ["std::env::", "SystemTime::now", "Timestamp::now", "Zoned::now", "var_os("];
    let sources = sources();
    // The stand-in tells a time of its own, which tests move.
    let others = sources
        .iter()
        .filter(|source| !["context.rs", "simulate/clock.rs"].contains(&&*source.path));
    let offences = others.flat_map(|source| source.lines_with(&ASKING)).collect();
    hold(offences, "ask `context` instead");
}

#[test]
fn one_module_prints() {
    const PRINTING: [&str; 6] =
        ["println!", "print!(", "eprint!(", "io::stdout", "io::stderr", "dbg!("];
    let sources = sources();
    let others = sources.iter().filter(|source| source.path != "cli/console.rs");
    let offences = others
        .flat_map(|source| source.lines_with(&PRINTING))
        // To ask whether it is a terminal, and of which size, is not to print.
        .filter(|line| !line.contains("is_terminal()") && !line.contains("terminal_size_of("));
    hold(offences.collect(), "print through `cli/console.rs`");
}

#[test]
fn one_module_reads_what_flags_and_suites_name() {
    const READING: [&str; 4] = ["fs::read(", "read_to_string(", "File::open", "read_to_end"];
    let sources = sources();
    let others =
        sources.iter().filter(|source| source.is_in("cli") && source.path != "cli/input_file.rs");
    let offences = others.flat_map(|source| source.lines_with(&READING)).collect();
    hold(offences, "read through `cli/input_file.rs`");
}

#[test]
fn only_the_panic_hook_ends_the_process() {
    let sources = sources();
    let offences: Vec<String> = sources
        .iter()
        .flat_map(|source| source.lines_with(&["process::exit", "process::abort"]))
        .filter(|line| !line.starts_with("src/cli/mod.rs"))
        .collect();
    hold(offences, "return a `Code` instead");
}

#[test]
fn no_file_is_too_long_to_follow() {
    let offences = sources().into_iter().filter_map(|source| {
        let lines = source.text.lines().count();
        let known = STILL_LONGER.iter().find(|(path, _)| *path == source.path);
        let most = known.map_or(LONGEST, |(_, most)| *most);
        (lines > most).then(|| format!("src/{}: {lines} lines, at most {most}", source.path))
    });
    hold(offences.collect(), "split it by concept");
}
