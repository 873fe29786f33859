//! The layers that `ARCHITECTURE.md` draws, held by the imports of the code itself: no two files
//! import each other, in however many steps; no import runs upwards; the pure modules ask neither
//! machine nor network nor clock; one module asks the machine, one prints; no file is too long.
//!
//! The sources are read as text. Tests within them are left out: a test may import what it likes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of the crate from the bottom up. A module imports from rows below its own, never from
/// its own or from one above.
const LAYERS: &[&[&str]] = &[
    &["exit", "hidden", "record", "stats", "text", "traffic"],
    &["document", "escape", "numbers", "outcome", "review"],
    &["redact", "scalars", "spec"],
    &["checks"],
    &["suite"],
    &["plan"],
    &["gates", "retry", "settle", "verdict"],
    &["ci", "lookup", "report"],
    &["context", "init", "signal"],
    &["api", "simulate", "sink"],
    &["chat", "comment", "failure", "poll"],
    &["input", "progress", "runtime", "stop"],
    &["event", "run_file"],
    &["preflight"],
    &["output", "runner"],
    &["cli"],
];

/// The pure part of the project: directories and files under `src/`.
const PURE: &[&str] = &[
    "api/retry.rs",
    "api/wire",
    "chat/conversation.rs",
    "chat/protocol.rs",
    "checks",
    "ci.rs",
    "document",
    "escape",
    "exit.rs",
    "gates",
    "hidden.rs",
    "init",
    "lookup.rs",
    "numbers.rs",
    "outcome.rs",
    "plan",
    "poll/forecast.rs",
    "poll/lifetimes.rs",
    "poll/light.rs",
    "poll/schedule.rs",
    "poll/seen.rs",
    "progress",
    "record.rs",
    "redact",
    "report",
    "retry.rs",
    "review.rs",
    "scalars.rs",
    "settle.rs",
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

/// A path through the crate, as its parts: `["report", "words"]`.
type Place = Vec<String>;

impl Source {
    /// The module that the file is: `report/words.rs` is `report::words`.
    fn module(&self) -> Place {
        let path = self.path.trim_end_matches(".rs");
        let mut parts: Place = path.split('/').map(str::to_owned).collect();
        if parts.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
            parts.pop();
        }
        parts
    }

    /// The paths that the code names, from the crate's root: of its `use` and of its expressions.
    fn paths(&self) -> Vec<Place> {
        let code: String = self.code().map(|(_, line)| format!("{line}\n")).collect();
        let module = self.module();
        let mut found = Vec::new();
        for root in ["crate::", "super::", "self::"] {
            for (at, _) in code.match_indices(root) {
                let before = code[..at].chars().next_back();
                if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                    continue;
                }
                for path in expanded(&code[at..]) {
                    found.extend(absolute(&path, &module));
                }
            }
        }
        found
    }
}

/// The paths of a `use` tree, or of an expression: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn expanded(text: &str) -> Vec<String> {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':' || c == '{'));
    let head = &text[..end.unwrap_or(text.len())];
    let Some(open) = head.find('{') else { return vec![head.trim_end_matches(':').to_owned()] };
    let prefix = &text[..open];
    let mut depth = 0;
    let mut branches = vec![String::new()];
    for c in text[open..].chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        match c {
            '{' if depth == 1 => {}
            '}' if depth == 0 => break,
            ',' if depth == 1 => branches.push(String::new()),
            c if c.is_whitespace() => {}
            c => branches.last_mut().unwrap().push(c),
        }
    }
    let branches = branches.iter().filter(|branch| !branch.is_empty());
    branches.flat_map(|branch| expanded(&format!("{prefix}{branch}"))).collect()
}

/// A path from the crate's root; none where it leads out of it.
fn absolute(path: &str, module: &[String]) -> Option<Place> {
    let mut parts = path.split("::").filter(|part| !part.is_empty()).peekable();
    let mut place: Place = match *parts.peek()? {
        "crate" => Vec::new(),
        _ => module.to_vec(),
    };
    while let Some(part) = parts.next_if(|part| ["crate", "self", "super"].contains(part)) {
        if part == "super" {
            place.pop()?;
        }
    }
    place.extend(parts.map(str::to_owned));
    Some(place)
}

/// The imports between files: from a module to those of its paths. A module and the parts that it is
/// made of are one: what they take from each other is no import.
fn imports() -> BTreeMap<Place, BTreeSet<Place>> {
    let sources = sources();
    let modules: BTreeSet<Place> = sources.iter().map(Source::module).collect();
    let mut imports: BTreeMap<Place, BTreeSet<Place>> = BTreeMap::new();
    for source in sources.iter().filter(|source| !source.path.ends_with("tests.rs")) {
        let module = source.module();
        for mut path in source.paths() {
            while !path.is_empty() && !modules.contains(&path) {
                path.pop();
            }
            let is_own = path.starts_with(&module) || module.starts_with(&path);
            if !is_own {
                imports.entry(module.clone()).or_default().insert(path);
            }
        }
    }
    assert!(imports.len() > 100, "only {} modules with imports found", imports.len());
    imports
}

#[test]
fn no_modules_import_each_other() {
    let imports = imports();
    // What is left when modules that import nothing that is left are taken away again and again.
    let mut left: BTreeSet<&Place> = imports.keys().collect();
    loop {
        let leads_back = |from: &&Place| imports[*from].iter().any(|to| left.contains(to));
        let (kept, free): (BTreeSet<&Place>, BTreeSet<&Place>) =
            left.iter().copied().partition(leads_back);
        left = kept;
        if free.is_empty() {
            break;
        }
    }
    let shown = left.iter().flat_map(|from| {
        let back = imports[*from].iter().filter(|to| left.contains(to));
        back.map(|to| format!("{} imports {}", from.join("::"), to.join("::")))
    });
    hold(shown.collect(), "an import cycle leads through these");
}

#[test]
fn no_import_runs_upwards() {
    let row = |module: &str| LAYERS.iter().position(|row| row.contains(&module));
    let mut offences = Vec::new();
    for (from, to) in imports().iter().flat_map(|(from, all)| all.iter().map(move |to| (from, to)))
    {
        let (Some(above), Some(below)) = (from.first(), to.first()) else { continue };
        if above == below {
            continue;
        }
        match (row(above), row(below)) {
            (Some(here), Some(there)) if there < here => {}
            (Some(_), Some(_)) => {
                offences.push(format!("{} imports {}", from.join("::"), to.join("::")));
            }
            _ => offences.push(format!("{above} or {below} is in no layer")),
        }
    }
    hold(offences, "an import runs upwards");
}

#[test]
fn a_path_is_read_with_all_of_its_branches() {
    let module = ["report".to_owned(), "words".to_owned()];
    let read = |text: &str| -> Vec<String> {
        let paths = expanded(text);
        paths.iter().filter_map(|path| absolute(path, &module)).map(|p| p.join("::")).collect()
    };
    assert_eq!(
        read("crate::a::{self, b::{C, d}, E as F};"),
        ["a::self", "a::b::C", "a::b::d", "a::EasF"]
    );
    assert_eq!(read("super::plot::Size { x: 1 }"), ["report::plot::Size"]);
    assert_eq!(read("super::super::api::Client,"), ["api::Client"]);
    assert_eq!(read("self::part::X;"), ["report::words::part::X"]);
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
    // The simulator tells a time of its own, which tests move.
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
    let others = sources.iter().filter(|source| source.path != "output/console.rs");
    let offences = others
        .flat_map(|source| source.lines_with(&PRINTING))
        // To ask whether it is a terminal, and of which size, is not to print.
        .filter(|line| !line.contains("is_terminal()") && !line.contains("terminal_size_of("));
    hold(offences.collect(), "print through `output/console.rs`");
}

#[test]
fn one_module_reads_what_flags_and_suites_name() {
    const READING: [&str; 4] = ["fs::read(", "read_to_string(", "File::open", "read_to_end"];
    let sources = sources();
    const FRONT: [&str; 5] = ["cli", "input", "output", "preflight", "runner"];
    let others = sources.iter().filter(|source| {
        FRONT.iter().any(|dir| source.is_in(dir)) && source.path != "input/file.rs"
    });
    let offences = others.flat_map(|source| source.lines_with(&READING)).collect();
    hold(offences, "read through `input/file.rs`");
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
        (lines > LONGEST).then(|| format!("src/{}: {lines} lines, at most {LONGEST}", source.path))
    });
    hold(offences.collect(), "split it by concept");
}

#[test]
fn replaced_names_stay_out_of_the_code() {
    const REPLACED: [&str; 22] = [
        "Turnstile",
        "Attended",
        "heeding",
        "see_through",
        "look_back",
        "may_go_on",
        "can_be_found",
        "Glimpse",
        "Parcel",
        "Brake",
        "StandIn",
        "Begun",
        "Afterwards",
        "take_light",
        "foregone",
        "hopeless",
        "tell_whole",
        "WholePublisher",
        "StartedRun",
        "LegSuite",
        "stand_in",
        "spoil",
    ];
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let sources = sources();
    let offences = sources.iter().flat_map(|source| {
        let lines = source.text.lines().enumerate();
        let found = lines.filter_map(|(at, line)| {
            let mut words = line.split(|c| !is_word(c));
            let word = words.find(|word| REPLACED.contains(word))?;
            Some(format!("src/{}:{}: `{word}`", source.path, at + 1))
        });
        found.collect::<Vec<_>>()
    });
    hold(offences.collect(), "CONTRIBUTING.md has the words");
}
