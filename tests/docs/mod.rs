//! The docs say what the program does: tables, help texts, examples and links are held equal to it.
//!
//! `UPDATE_DOCS=1 cargo test docs::` writes the held parts again; read the difference before
//! committing it.

mod agents;
mod jq;
mod keys;
mod pages;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use cekura_gate::document::{Source, schema_of};
use cekura_gate::exit;
use cekura_gate::gates::file::{self as gates_file, Gates};
use cekura_gate::outcome::judge_run;
use cekura_gate::record::{RunRecord, Status};
use cekura_gate::report::{github, json};
use cekura_gate::simulate::{Faults, World};
use cekura_gate::stats::rate::lower_bound;

use self::pages::{anchors, blocks, pages, prose};

pub(crate) const COMMANDS: &[&str] = &[
    "run",
    "check",
    "watch",
    "judge",
    "compare",
    "result",
    "call",
    "prompt",
    "test-set",
    "simulate",
    "init",
    "schema",
    "completions",
];

/// The commands below the commands that only group others.
pub(crate) const GROUPED: [(&str, &[&str]); 4] = [
    ("result", &["show", "end", "share", "rescore", "rerun"]),
    ("call", &["show", "listen", "end", "vote", "outcome", "critical"]),
    ("prompt", &["improve", "issues"]),
    ("test-set", &["create"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Runs the gate in a directory of its own, with nothing of this process's environment but the
/// search path.
fn gate(args: &[&str]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    gate_in(dir.path(), args)
}

fn gate_in(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cekura-gate"));
    command.args(args).current_dir(dir).env_clear().env("HOME", dir);
    for kept in ["PATH", "SystemRoot"] {
        command.envs(std::env::var_os(kept).map(|value| (kept, value)));
    }
    command.output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Holds the text between the marks `begin:name` and `end:name` of a file equal to `fresh`, or
/// writes it there.
fn hold(path: &str, name: &str, fresh: &str) {
    // Tests run at the same time, and several parts stand in one file.
    static WRITING: Mutex<()> = Mutex::new(());
    let _alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let text = read(path);
    let (begin, end) = (format!("<!-- begin:{name} -->\n"), format!("<!-- end:{name} -->"));
    let from = text.find(&begin).unwrap_or_else(|| panic!("{path} has no {begin}")) + begin.len();
    let to = from + text[from..].find(&end).unwrap_or_else(|| panic!("{path} has no {end}"));
    let fresh = format!("\n{}\n\n", fresh.trim());
    if text[from..to] == fresh {
        return;
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let whole = format!("{}{fresh}{}", &text[..from], &text[to..]);
        fs::write(root().join(path), whole).unwrap();
        return;
    }
    panic!(
        "{path}: the part `{name}` differs from the program; to write it again: \
         UPDATE_DOCS=1 cargo test docs::\n--- it says\n{}\n--- it should say\n{fresh}",
        &text[from..to]
    );
}

fn fenced(language: &str, text: &str) -> String {
    format!("```{language}\n{}\n```", text.trim_end())
}

#[test]
fn the_exit_codes_simulator_the_docs_as_in_the_program() {
    hold("docs/exit-codes.md", "exit-codes", &exit::markdown_table());
}

#[test]
fn the_help_of_each_command_is_in_the_docs() {
    let help = |args: &[&str]| {
        let output = gate(args);
        assert!(output.status.success(), "{args:?}");
        fenced("text", &stdout(&output))
    };
    // Every command takes the global options: they are listed once, above.
    let own = |args: &[&str]| {
        let mut is_global = false;
        let whole = help(args);
        let own = whole.lines().filter(|line| {
            if !line.is_empty() && !line.starts_with(' ') {
                is_global = *line == "Global options:";
            }
            !is_global
        });
        own.collect::<Vec<_>>().join("\n").replace("\n\n```", "\n```")
    };
    let mut text = format!("## cekura-gate\n\n{}\n", help(&["--help"]));
    for &command in COMMANDS {
        text.push_str(&format!("\n## {command}\n\n{}\n", own(&[command, "--help"])));
        let below = GROUPED.iter().find(|(group, _)| *group == command).map(|(_, below)| *below);
        for name in below.unwrap_or_default() {
            let help = own(&[command, name, "--help"]);
            text.push_str(&format!("\n### {command} {name}\n\n{help}\n"));
        }
    }
    hold("docs/command-line.md", "help", &text);
}

#[test]
fn the_readme_names_every_command() {
    let help = stdout(&gate(&["--help"]));
    let listed = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    // A line that is indented further goes on with the one above.
    let names: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert_eq!(names, COMMANDS, "the docs' list of commands");
    let readme = read("README.md");
    for name in names {
        assert!(readme.contains(&format!("| `{name}")), "README.md does not list `{name}`");
    }
}

/// Runs the quickstart in a directory of its own.
fn run_quickstart(dir: &Path) -> Output {
    let suite = "examples/quickstart/cekura-gate.yml";
    fs::create_dir_all(dir.join("examples/quickstart")).unwrap();
    fs::copy(root().join(suite), dir.join(suite)).unwrap();
    let output = gate_in(dir, &["run", suite, "--simulate"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    output
}

/// The time that a gate took, as the second line of its account ends with it.
fn took(account: &str) -> Option<&str> {
    Some(account.lines().find(|line| line.contains(" runs: "))?.rsplit_once(" · ")?.1)
}

/// The line that tells how many requests there were.
fn asked(account: &str) -> Option<&str> {
    account.lines().find(|line| line.starts_with("  traffic  "))
}

#[test]
fn the_readmes_quickstart_shows_what_the_program_prints() {
    let dir = tempfile::tempdir().unwrap();
    let account = stdout(&run_quickstart(dir.path())).replace('\\', "/");
    let readme = read("README.md");
    // Only the time and the number of polls differ from run to run: those that were written down
    // stay.
    let now = took(&account).unwrap();
    let account = account.replace(now, took(&readme).unwrap_or(now));
    let now = asked(&account).unwrap();
    let account = account.replace(now, asked(&readme).unwrap_or(now));
    hold("README.md", "quickstart", &fenced("text", &account));
}

#[test]
fn every_key_of_a_suite_is_in_the_docs() {
    hold("docs/suite-file.md", "keys", &keys::suite_table());
    hold("docs/checks.md", "long-form", &keys::check_table());
    hold("docs/simulate.md", "keys", &keys::world_table(schema_of::<World>().as_value()));
    hold("docs/many.md", "keys", &keys::gates_table(schema_of::<Gates>().as_value()));
    hold("docs/network.md", "keys", &keys::world_table(schema_of::<Faults>().as_value()));
    let schema = serde_json::from_str(&read("schema/suite.schema.json")).unwrap();
    let mut names = BTreeSet::new();
    keys::names_in(&schema, &mut names);
    assert!(names.len() > 50, "{names:?}");
    let docs = read("docs/suite-file.md") + &read("docs/checks.md");
    for name in names {
        let whole = [format!("`{name}`"), format!(".{name}`")];
        assert!(whole.iter().any(|text| docs.contains(text)), "no docs for the key `{name}`");
    }
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages(root());
    let mut broken = Vec::new();
    for (path, text) in &pages {
        let text = prose(text);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, wanted) = target.split_once('#').unwrap_or((target, ""));
            let file = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file),
            };
            let Ok(file) = file.canonicalize() else {
                broken.push(format!("{}: {target}", path.display()));
                continue;
            };
            let found = pages.iter().find(|(page, _)| page.canonicalize().unwrap() == file);
            if !wanted.is_empty() && found.is_some_and(|(_, page)| !anchors(page).contains(wanted))
            {
                broken.push(format!("{}: no heading for {target}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}

/// Keys to be put into a suite, judged as a suite.
fn judge_fragment(block: &str) -> Result<(), String> {
    let head = "version: 1\nagent: 1\nscenarios: [101, 102]\n";
    keys::judge_suite(&format!("{head}{block}"))
}

/// A `yaml` block of the docs is a suite, or keys of one, unless the fence says otherwise. Among
/// the recipes for CI, whose YAML is mostly pipelines, it is one where it gives the version.
#[test]
fn every_suite_in_the_docs_is_valid() {
    let mut seen = 0;
    for (path, text) in pages(root()) {
        let is_recipe = path.parent().unwrap().ends_with("docs/ci");
        for (info, block) in blocks(&text) {
            let outcome = match info.as_str() {
                "yaml" if is_suite(&block) => keys::judge_suite(&block),
                "yaml" if is_recipe => continue,
                "yaml" => judge_fragment(&block),
                "yaml world" => {
                    let source = Source { name: "docs", text: &block };
                    let read = World::read(source, &|_| None);
                    read.map(drop).map_err(|faults| faults.render(false))
                }
                "yaml faults" => {
                    let source = Source { name: "docs", text: &block };
                    let read = Faults::read(source, &|_| None);
                    read.map(drop).map_err(|faults| faults.render(false))
                }
                "yaml gates" => {
                    let source = Source { name: "docs", text: &block };
                    let read = gates_file::read(source, &|_| None);
                    let list = read.map_err(|faults| faults.render(false));
                    list.and_then(|list| list.map(drop).ok_or("it is no list".to_owned()))
                }
                _ => continue,
            };
            seen += 1;
            if let Err(why) = outcome {
                panic!("{}: a suite in it is not valid:\n{why}\n{block}", path.display());
            }
        }
    }
    assert!(seen >= 5, "only {seen} suites found");
}

fn examples(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            examples(&path, found);
        } else if path.extension().is_some_and(|e| e == "yml" || e == "yaml") {
            found.push(path);
        }
    }
}

/// Whether a YAML text gives the version of the suite format.
fn is_suite(text: &str) -> bool {
    text.lines().any(|line| line.trim_end() == "version: 1")
}

#[test]
fn every_example_suite_passes_check_and_every_example_world_is_read() {
    let mut found = Vec::new();
    examples(&root().join("examples"), &mut found);
    let (mut suites, mut worlds) = (0, 0);
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        if is_suite(&text) {
            suites += 1;
            let output = gate(&["check", path.to_str().unwrap()]);
            let outcome = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{}\n{outcome}", path.display());
        } else if path.parent().unwrap().ends_with("worlds") {
            worlds += 1;
            let name = path.display().to_string();
            let read = World::read(Source { name: &name, text: &text }, &|_| None);
            read.unwrap_or_else(|faults| panic!("{}", faults.render(false)));
        }
    }
    assert!(suites >= 1 && worlds >= 3, "{suites} suites, {worlds} worlds");
}

#[test]
fn the_docs_name_every_output_and_every_key_of_a_result() {
    let dir = tempfile::tempdir().unwrap();
    run_quickstart(dir.path());
    let saved = fs::read_to_string(dir.path().join("cekura-report/result.json")).unwrap();
    let report = json::read(&saved).unwrap();
    let outputs = github::outputs(&report, github::Paths::default());
    let schema: serde_json::Value =
        serde_json::from_str(&read("schema/result.schema.json")).unwrap();
    let keys = schema["properties"].as_object().unwrap().keys().map(String::as_str);
    let docs = read("docs/reports.md");
    for name in outputs.iter().map(|(name, _)| *name).chain(keys) {
        assert!(docs.contains(&format!("`{name}`")), "docs/reports.md does not name `{name}`");
    }
}

#[test]
fn the_endings_in_the_docs_blame_whom_the_program_blames() {
    let docs = read("docs/verdict.md");
    let rows = docs.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    let rows: Vec<_> = rows
        .filter_map(|row| row.split_once("` | "))
        .filter(|(row, _)| row.contains('-'))
        .collect();
    assert_eq!(rows.len(), 4, "{rows:?}");
    for (endings, blame) in rows {
        for ending in endings.split("` `") {
            let ended_reason = Some(ending.to_owned());
            let run = RunRecord { status: Status::Failed, ended_reason, ..RunRecord::default() };
            let judged = judge_run(&run, 1).blame.map(|blame| blame.name());
            assert_eq!(judged, Some(blame), "{ending}");
        }
    }
}

/// Every file and directory below `src/`, relative to the project, with forward slashes.
fn source_paths(dir: &str, paths: &mut BTreeSet<String>) {
    for entry in fs::read_dir(root().join(dir)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{dir}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            paths.insert(format!("{path}/"));
            source_paths(&path, paths);
        } else {
            paths.insert(path);
        }
    }
}

/// The texts of the program, with its own line breaks undone.
fn source_text() -> String {
    let mut paths = BTreeSet::new();
    source_paths("src", &mut paths);
    let mut text = String::new();
    for path in paths.iter().filter(|path| path.ends_with(".rs")) {
        for line in read(path).lines() {
            match line.trim_start().strip_suffix('\\') {
                Some(goes_on) => text.push_str(goes_on),
                None => text.push_str(&format!("{}\n", line.trim_start())),
            }
        }
    }
    text
}

#[test]
fn the_messages_in_the_docs_are_the_programs_own() {
    let (docs, program) = (read("docs/troubleshooting.md"), source_text());
    let headings = docs.lines().filter(|line| line.starts_with("**`"));
    let messages = headings.flat_map(|line| line.split("**").nth(1).unwrap().split("`, `"));
    let pieces = messages.flat_map(|message| message.trim_matches('`').split('…'));
    let (known, unknown): (Vec<&str>, Vec<&str>) =
        pieces.map(str::trim).partition(|piece| program.contains(piece));
    assert!(known.len() > 30, "{known:?}");
    assert!(unknown.is_empty(), "nothing in src says {unknown:#?}");
}

#[test]
fn the_docs_say_how_many_runs_a_confidence_takes_at_least() {
    let docs = read("docs/checks.md");
    let mut seen = 0;
    for row in docs.lines().filter_map(|line| line.strip_prefix("| `>= ")) {
        let Some((wanted, runs)) = row.trim_end_matches(" |").split_once("%` | ") else { continue };
        let (wanted, runs): (f64, usize) = (wanted.parse().unwrap(), runs.parse().unwrap());
        let proves = |runs| lower_bound(runs, runs, 0.95) >= wanted / 100.0;
        assert!(proves(runs) && !proves(runs - 1), "{wanted}%: {runs} runs");
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn the_docs_ask_for_the_rust_that_the_manifest_asks_for() {
    let manifest = read("Cargo.toml");
    let line = manifest.lines().find(|line| line.starts_with("rust-version")).unwrap();
    let version = line.split('"').nth(1).unwrap();
    for path in ["README.md", "CONTRIBUTING.md"] {
        assert!(read(path).contains(&format!("{version} or later")), "{path}: Rust {version}");
    }
}
