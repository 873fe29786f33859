//! The whole for CI systems: step outputs, annotations, links.

use serde_json::json;

use super::Whole;
use crate::escape::ci::{command_data, command_property};
use crate::escape::short;
use crate::exit::Code;
use crate::numbers;
use crate::report::github::{self, Paths, file_property, result_ids};
use crate::report::{gitlab, words};

/// The outputs of the whole: the names of a single gate's, with the figures of all of them.
/// `started` are the ids of all results that have started, in the order of the command line: also
/// of those that came to no evidence.
pub fn outputs<'a>(
    whole: impl Into<Whole<'a>>,
    started: &[u64],
    paths: Paths<'_>,
) -> Vec<(&'static str, String)> {
    let whole = match whole.into() {
        Whole::One(report) => return github::outputs(report, paths),
        Whole::Several(batch) => batch,
    };
    let path = |path: Option<&std::path::Path>| {
        path.map(|path| path.display().to_string()).unwrap_or_default()
    };
    let tally = whole.tally();
    let rate = tally.success_rate();
    vec![
        ("verdict", whole.verdict().name().to_owned()),
        ("exit_code", whole.code().number().to_string()),
        ("passed", whole.has_passed().to_string()),
        ("enforced", whole.is_enforced().to_string()),
        ("simulated", whole.simulated.to_string()),
        ("result_ids", result_ids(started)),
        ("success_rate", rate.map(|rate| numbers::fraction(rate, &[])).unwrap_or_default()),
        ("total_runs", tally.total.to_string()),
        ("passed_runs", tally.passed.to_string()),
        ("failed_runs", tally.failed.to_string()),
        ("errored_runs", tally.errored.to_string()),
        ("junit", path(paths.junit)),
        ("summary_file", path(paths.summary)),
        ("report_dir", path(paths.dir)),
    ]
}

/// The verdict of a gate in words.
fn verdict_word(gate: &super::Gate) -> String {
    match gate.report() {
        Some(report) if gate.is_softened() => words::verdict_word(report),
        _ => gate.verdict().participle().to_owned(),
    }
}

/// GitHub shows ten annotations of each level for a step.
const MOST: usize = 10;

/// A workflow command for each suite that did not pass, at most ten. `place` gives the path of a
/// suite's file from the root of the repository.
pub fn annotations<'a>(
    whole: impl Into<Whole<'a>>,
    place: &dyn Fn(&str) -> Option<String>,
) -> String {
    let whole = match whole.into() {
        Whole::One(report) => return github::annotations(report, place),
        Whole::Several(batch) => batch,
    };
    let bad: Vec<_> = whole
        .worst_first()
        .into_iter()
        .filter(|gate| gate.judged_code() != Code::Passed && !gate.is_base)
        .collect();
    let shown = if bad.len() > MOST { MOST - 1 } else { MOST };
    let mut out = String::new();
    for gate in bad.iter().take(shown) {
        let file = gate.file.as_deref().and_then(|file| file_property(file, place));
        let title = match gate.is_softened() {
            true => format!("{}: {}", short(&gate.name, 80), gate.word()),
            false => short(&gate.name, 120),
        };
        let title = command_property(&title);
        let message = command_data(&short(gate.headline(), 500));
        let file = file.unwrap_or_default();
        let level = if gate.is_softened() { "warning" } else { "error" };
        out.push_str(&format!("::{level} {file}title={title}::{message}\n"));
    }
    for gate in whole.gates.iter().filter(|gate| gate.is_skipped()).take(MOST) {
        let title = command_property(&format!("{}: skipped", short(&gate.name, 80)));
        let message = command_data(&short(gate.headline(), 500));
        out.push_str(&format!("::notice title={title}::{message}\n"));
    }
    let left = bad.len().saturating_sub(shown);
    if left > 0 {
        out.push_str(&format!("::error title={left} more::the rest is in the job summary\n"));
    }
    out
}

/// GitLab takes at most so many bytes of an annotations report: its `ci_job_annotations_size`, whose
/// default is 80 KiB. It also takes at most 1,000 links, which are more than this.
pub(super) const ANNOTATIONS: usize = 81_920;
/// What stands around the links.
const AROUND: usize = 100;

/// GitLab's annotations report: a link to each result, as many as GitLab takes; none where no result
/// has a page.
pub fn gitlab_annotations<'a>(whole: impl Into<Whole<'a>>) -> Option<String> {
    let whole = match whole.into() {
        Whole::One(report) => return gitlab::annotations(report),
        Whole::Several(batch) => batch,
    };
    let mut room = ANNOTATIONS - AROUND;
    let links: Vec<_> = whole
        .gates
        .iter()
        .flat_map(|gate| {
            let results = gate.report().map(words::results).unwrap_or_default();
            let several = results.len() > 1;
            results.into_iter().filter_map(move |(id, url)| {
                let which = if several { format!(" · result {id}") } else { String::new() };
                let (name, verdict) = (short(&gate.name, 200), verdict_word(gate));
                let label = format!("{name}{which} ({verdict})");
                Some(json!({ "external_link": { "label": label, "url": url? } }))
            })
        })
        .map_while(|link| {
            // As it is written below: each line four columns further in, and a comma behind it.
            let text = format!("{link:#}");
            room = room.checked_sub(text.len() + 4 * text.lines().count() + 2)?;
            Some(link)
        })
        .collect();
    (!links.is_empty()).then(|| format!("{:#}\n", json!({ "Cekura": links })))
}
