//! The comment on a pull request: the verdict, the checks, the difference to the baseline, and why
//! it failed.
//!
//! It holds no transcripts: whoever can see the pull request can read it.

use super::sheet::Sheet;
use super::{baseline, checks, cut, failures, head, rank, rest};
use crate::escape::url;
use crate::outcome::word;
use crate::report::model::Report;
use crate::report::words;
use crate::text;

/// GitHub takes 65,536 characters. Bytes are never fewer.
pub(in crate::report) const LIMIT: usize = 65_000;
/// Scenarios whose reasons are given.
const SCENARIOS: usize = 20;

/// Where the comment comes from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Origin<'a> {
    /// The commit that was judged.
    pub commit: Option<&'a str>,
    /// Page of the job's run.
    pub run: Option<&'a str>,
}

/// The hidden first line that the comment of a suite is found by. Suites of other names have
/// comments of their own.
pub fn marker(suite: &str) -> String {
    let mut name = String::new();
    // Longer than any name that a suite may have; it must leave room for the verdict.
    for byte in suite.bytes().take(800) {
        // No sign that could end the line or the comment that hides it.
        if byte.is_ascii_alphanumeric() {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("<!-- cekura-gate: {name} -->")
}

/// The comment, of at most 65,536 characters.
pub fn comment(report: &Report, origin: Origin<'_>) -> String {
    let (marker, foot) = (marker(&report.suite.name), foot(origin));
    let room = LIMIT.saturating_sub(marker.len() + foot.len() + 1);
    format!(
        "{marker}\n{}{foot}",
        section(report, room, "This comment is cut to fit GitHub's limit")
    )
}

/// The same for whoever posts it as a comment of their own: without the line that the gate's own is
/// found by.
pub fn without_marker(report: &Report) -> String {
    unmarked(&comment(report, Origin::default()))
}

/// A comment without its first line.
pub(in crate::report) fn unmarked(comment: &str) -> String {
    comment.split_once('\n').map_or(comment, |(_, rest)| rest).to_owned()
}

/// What a comment says of a suite, of at most so many bytes. `notice` says why it was cut.
pub(in crate::report) fn section(report: &Report, limit: usize, notice: &str) -> String {
    let scenarios = report.scenarios();
    let mut sheet = Sheet::default();
    head(&mut sheet, report);
    checks(&mut sheet, report);
    baseline(&mut sheet, report);
    let failing = words::failing(&scenarios);
    let more = failing.len().saturating_sub(SCENARIOS);
    let has_failing = !failing.is_empty();
    if has_failing {
        rest::fold(&mut sheet, &failures::with_failed_runs(failing.len(), scenarios.len()));
    }
    for scenario in failing.into_iter().take(SCENARIOS) {
        sheet.add(rank::FIRST, "scenario", move || failures::scenario_head(scenario));
    }
    if more > 0 {
        sheet.fixed(format!("and {} with failed runs\n\n", text::count(more, "other scenario")));
    }
    if has_failing {
        sheet.fixed("</details>\n\n");
    }
    let unknown = words::unknown_by_blame(&scenarios);
    if !unknown.is_empty() {
        let runs: usize = unknown.values().map(Vec::len).sum();
        rest::fold(&mut sheet, &format!("{} without a verdict", text::count(runs, "run")));
        for ((outcome, blame), runs) in unknown {
            let n = text::count(runs.len(), "run");
            sheet.fixed(format!(
                "- {n} {} · cause: {}\n",
                word(outcome, Some(blame)),
                words::blame_name(report, blame)
            ));
        }
        sheet.fixed("\n</details>\n\n");
    }
    rest::notes(&mut sheet, report);
    rest::failed_from_line(&mut sheet, report);
    sheet.finish(limit, notice)
}

/// The comment of a gate that ended without a verdict, so that an earlier one does not stand for
/// it.
pub fn without_a_verdict(suite: &str, code: u8, why: &str, origin: Origin<'_>) -> String {
    let marker = marker(suite);
    let (suite, why) = (cut(suite, 200), cut(why, 2000));
    format!(
        "{marker}\n## ❔ No verdict\n\n**{suite}** · exit code {code}\n\n{why}\n\n{}",
        foot(origin)
    )
}

pub(in crate::report) fn foot(origin: Origin<'_>) -> String {
    let commit = origin.commit.map(|commit| {
        let short: String = commit.chars().take(10).collect();
        format!("commit {}", cut(&short, 10))
    });
    let run = origin.run.and_then(url::web).map(|url| format!("[the job]({url})"));
    let version = format!("cekura-gate {}", env!("CARGO_PKG_VERSION"));
    let parts: Vec<String> = commit.into_iter().chain(run).chain([version]).collect();
    format!("{}\n", parts.join(" · "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::escape::tests::hostile;

    #[test]
    fn suites_of_different_names_have_different_comments() {
        assert_eq!(marker("Shop a-b"), "<!-- cekura-gate: Shop%20a%2Db -->");
        assert_ne!(marker("a b"), marker("a-b"));
    }

    proptest! {
        #[test]
        fn a_marker_is_one_hidden_line(name in hostile()) {
            let marker = marker(&name);
            let inner = marker.strip_prefix("<!-- ").unwrap().strip_suffix(" -->").unwrap();
            prop_assert!(!inner.contains(['<', '>', '\n', '-', '`']) || inner.starts_with("cekura-gate: "));
            prop_assert!(!inner.contains("--") && !inner.contains('>') && !marker.contains('\n'));
        }

        #[test]
        fn words_of_a_failure_stay_words(why in hostile()) {
            let text = without_a_verdict("Shop", 5, &why, Origin::default());
            prop_assert_eq!(text.lines().count(), 8, "{}", text);
            prop_assert!(!text.lines().nth(5).unwrap().contains(['<', '>']));
        }
    }
}
