//! The rules that span several keys of a suite: which go together, what a mode can carry, what a
//! check can be asked of. The shape of each value on its own is checked by the reader.
//!
//! Asked of the suite with the flags merged in, so that it holds for a suite without a file too.

mod cases;
mod chat;
mod frequency;
mod limits;
mod mode;
mod sense;
mod thresholds;
pub(crate) use self::thresholds::only_warns;
mod together;
mod values;

use std::collections::BTreeSet;

use super::matrix;
use super::model::{Matrix, Mode, Suite};
use crate::document::{Path, Problem, Sound};

/// Everything that is wrong with a suite, beyond the shape of its values.
///
/// `today` decides which quarantines have expired.
pub fn validate(suite: &Suite, today: jiff::civil::Date) -> Vec<Problem> {
    let mut problems = Problems::default();
    if suite.together.is_some() {
        together::check(suite, today, &mut problems);
        return problems.0;
    }
    axes(suite, &mut problems);
    let sides = matrix::sides(suite);
    if sides.is_empty() || !problems.0.is_empty() {
        problems.0.extend(validate_side(suite, today));
        return problems.0;
    }
    for problem in sides.iter().flat_map(|side| validate_side(&side.suite, today)) {
        // What is wrong with all sides is said once.
        if problems.0.iter().all(|p| p.path != problem.path || p.message != problem.message) {
            problems.0.push(problem);
        }
    }
    problems.0
}

/// The axes of a matrix, and what cannot be used with them.
fn axes(suite: &Suite, problems: &mut Problems) {
    let candidates = suite.matrix.as_ref().and_then(Matrix::candidates);
    if matrix::compares(suite) && candidates.is_none() {
        problems.value(
            at("thresholds.baseline.from"),
            "`matrix` compares with the first agent of a matrix, and the suite has none",
            "add `matrix: { agent: [<base>, <candidate>] }`, or in mode api_chat \
             `matrix: { agent_dir: [<base>, <candidate>] }`",
        );
    }
    let Some(matrix) = &suite.matrix else { return };
    if candidates.is_none() && matrix.mode.is_none() {
        problems.key(
            at("matrix"),
            "`matrix` is empty",
            "add `agent: [12, 34]` or `mode: [text, voice]`",
        );
    }
    programs(suite, matrix, problems);
    repeated("matrix.agent", matrix.agent.as_deref().unwrap_or_default(), problems);
    let modes = matrix.mode.iter().flatten().map(|mode| mode.name()).collect::<Vec<_>>();
    repeated("matrix.mode", &modes, problems);
    for (key, is_set, axis) in [
        ("agent", suite.agent.is_some() && matrix.agent.is_some(), "matrix.agent"),
        ("assistant", suite.assistant.is_some() && matrix.agent.is_some(), "matrix.agent"),
        ("mode", suite.mode.is_some() && matrix.mode.is_some(), "matrix.mode"),
        ("agent_dir", suite.agent_dir.is_some() && matrix.agent_dir.is_some(), "matrix.agent_dir"),
        (
            "agent_command",
            suite.agent_command.is_some() && matrix.agent_command.is_some(),
            "matrix.agent_command",
        ),
    ] {
        if is_set {
            problems.key(
                at(key),
                format!("`{key}` cannot be used with `{axis}`"),
                format!("keep one of the two: each side takes its own from `{axis}`"),
            );
        }
    }
}

/// Programs of the agent, side by side.
fn programs(suite: &Suite, matrix: &Matrix, problems: &mut Problems) {
    let axes = [
        ("matrix.agent", matrix.agent.is_some()),
        ("matrix.agent_dir", matrix.agent_dir.is_some()),
        ("matrix.agent_command", matrix.agent_command.is_some()),
    ];
    let mut given = axes.into_iter().filter(|(_, given)| *given).map(|(axis, _)| axis);
    if let (Some(first), Some(second)) = (given.next(), given.next()) {
        problems.key(
            at(second),
            format!("`{second}` cannot be used with `{first}`"),
            "keep one of the two: it says what is compared",
        );
    }
    for (axis, given) in axes.into_iter().skip(1) {
        if given && suite.agent_url.is_some() {
            problems.key(
                at(axis),
                format!("`{axis}` cannot be used with `agent_url`: two servers share no address"),
                "let the program speak the agent protocol on its standard input and output",
            );
        }
    }
    repeated("matrix.agent_dir", matrix.agent_dir.as_deref().unwrap_or_default(), problems);
    let commands = matrix.agent_command.iter().flatten().map(|command| command.join(" "));
    repeated("matrix.agent_command", &commands.collect::<Vec<_>>(), problems);
}

/// Everything that is wrong with a suite without a matrix, or with one side of it.
fn validate_side(suite: &Suite, today: jiff::civil::Date) -> Vec<Problem> {
    let mut problems = Problems::default();
    selection(suite, &mut problems);
    agent(suite, &mut problems);
    duplicates(suite, &mut problems);
    mode::check(suite, &mut problems);
    values::check(suite, &mut problems);
    thresholds::check(suite, &mut problems);
    thresholds::gating(suite, &mut problems);
    limits::check(suite, today, &mut problems);
    frequency::check(suite, &mut problems);
    frequency::check_whole(suite, &mut problems);
    cases::check(suite, &mut problems);
    privacy(suite, &mut problems);
    problems.0
}

/// What is wrong with the values of a suite that is read only in part: the rules that look at
/// nothing but the value itself, so that what is missing cannot mislead them.
pub(super) fn validate_part(
    suite: &Suite,
    today: jiff::civil::Date,
    sound: Sound<'_>,
) -> Vec<Problem> {
    let mut problems = Problems::default();
    duplicates(suite, &mut problems);
    values::check(suite, &mut problems);
    thresholds::check(suite, &mut problems);
    limits::check(suite, today, &mut problems);
    frequency::check(suite, &mut problems);
    cases::check_part(suite, sound, &mut problems);
    problems.0
}

/// The problems that were found.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    /// A problem of the value at a path.
    fn value(&mut self, path: Path, message: impl Into<String>, help: impl Into<String>) {
        self.0.push(Problem::new(path, message).help(help));
    }

    /// A problem of the key at a path.
    fn key(&mut self, path: Path, message: impl Into<String>, help: impl Into<String>) {
        self.0.push(Problem::of_key(path, message).help(help));
    }
}

/// The path of keys that hold no dot themselves, such as `websocket.urls`.
fn at(dotted: &str) -> Path {
    Path::of(dotted.split('.'))
}

/// What a suite runs: scenarios and tags, or a folder, or a spec.
fn selection(suite: &Suite, problems: &mut Problems) {
    let by_id = suite.scenarios.is_some() || suite.tags.is_some();
    let ways = [by_id, suite.folder.is_some(), suite.spec.is_some(), suite.cases.is_some()];
    if ways.iter().all(|used| !used) {
        problems.value(
            Path::root(),
            "the suite does not say which scenarios to run",
            "add `scenarios: [101, 102]`, `tags: [smoke]`, `folder: Sales.Inbound` or `spec: cekura.tests.json`",
        );
    }
    let used = [
        ("scenarios", suite.scenarios.is_some()),
        ("tags", suite.tags.is_some()),
        ("folder", suite.folder.is_some()),
        ("spec", suite.spec.is_some()),
        ("cases", suite.cases.is_some()),
    ];
    if ways.iter().filter(|used| **used).count() > 1 {
        let used = used.iter().filter(|(_, used)| *used).map(|(name, _)| *name);
        let used: Vec<&str> = used.collect();
        // The first stands; each later one is in its way.
        let (first, rest) = used.split_first().unwrap_or((&"", &[]));
        for name in rest.iter().filter(|name| (**name, *first) != ("tags", "scenarios")) {
            problems.key(
                at(name),
                format!("`{name}` cannot be used with `{first}`"),
                format!(
                    "keep one of `{name}` and `{first}`; only `scenarios` and `tags` go together"
                ),
            );
        }
    }
    if suite.exclude_tags.is_some() && suite.tags.is_none() && suite.folder.is_none() {
        problems.key(
            at("exclude_tags"),
            "`exclude_tags` needs `tags` or `folder`: it leaves out some of what they select",
            "add one of the two, or remove it and leave the ids out of `scenarios`",
        );
    }
    if suite.folder.is_some() && suite.project.is_none() {
        problems.key(
            at("folder"),
            "`folder` needs `project`",
            "add `project: <id>`: folder paths are looked up within a project",
        );
    }
}

/// A shared page shows what the reports hide.
fn privacy(suite: &Suite, problems: &mut Problems) {
    let Some(reports) = &suite.reports else { return };
    if reports.share_link == Some(true) && reports.redact.is_some() {
        problems.key(
            at("reports.share_link"),
            "`reports.share_link` shows what `reports.redact` hides",
            "remove one of the two: whoever has the link reads the platform's own page, where nothing \
             is redacted",
        );
    }
}

/// The modes that address the agent by its Cekura id only.
const BY_ID_ONLY: [Mode; 7] = [
    Mode::LivekitV2,
    Mode::PipecatV2,
    Mode::Pipecat,
    Mode::Websocket,
    Mode::VapiWebrtc,
    Mode::RetellWebrtc,
    Mode::Email,
];

fn agent(suite: &Suite, problems: &mut Problems) {
    let mode = suite.mode.unwrap_or_default();
    match (suite.agent, &suite.assistant) {
        // The platform takes the agent that the scenarios belong to; test cases belong to none.
        (None, None) if suite.brings_cases() => problems.value(
            Path::root(),
            "the suite does not say which agent to test",
            "add `agent: <id>`: test cases belong to no agent",
        ),
        (None, None) if mode == Mode::Websocket => problems.value(
            Path::root(),
            "the suite does not say which agent to test",
            "add `agent: <id>`: results of mode websocket have no name, and are found by their agent",
        ),
        (Some(_), Some(_)) => problems.key(
            at("assistant"),
            "`assistant` cannot be used with `agent`",
            "keep one of the two: both name the agent under test",
        ),
        (None, Some(_)) if BY_ID_ONLY.contains(&mode) => problems.key(
            at("assistant"),
            format!("mode {} does not accept `assistant`", mode.name()),
            format!(
                "write `agent: <id>` instead; `assistant` belongs to the modes {}",
                mode::all_but(&BY_ID_ONLY)
            ),
        ),
        (None, Some(_)) if suite.brings_cases() => problems.key(
            at("assistant"),
            "`assistant` cannot be used with `spec` or `cases`",
            "write `agent: <id>` instead",
        ),
        _ => {}
    }
}

fn duplicates(suite: &Suite, problems: &mut Problems) {
    let ids = [
        ("scenarios", &suite.scenarios),
        ("personalities", &suite.personalities),
        ("test_profiles", &suite.test_profiles),
    ];
    for (key, ids) in ids {
        repeated(key, ids.as_deref().unwrap_or_default(), problems);
    }
    let words = [
        ("tags", &suite.tags),
        ("exclude_tags", &suite.exclude_tags),
        ("mock_tools", &suite.mock_tools),
    ];
    for (key, words) in words {
        repeated(key, words.as_deref().unwrap_or_default(), problems);
    }
}

fn repeated<T: Ord + ToString>(key: &str, entries: &[T], problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for (index, entry) in entries.iter().enumerate() {
        if !seen.insert(entry) {
            problems.value(
                at(key).child(index),
                format!("{} is in `{key}` twice", crate::document::shown(&entry.to_string())),
                if key == "mock_tools" {
                    "remove one of the two".to_owned()
                } else {
                    "remove one of the two; to run something more often, set `frequency`".to_owned()
                },
            );
        }
    }
}

#[cfg(test)]
mod tests;
