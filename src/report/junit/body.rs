//! The text inside a case that did not pass: all that a person needs, the most important first.

use crate::escape::{one_line, short};
use crate::outcome::RunOutcome;
use crate::record::{RunRecord, Turn};
use crate::report::model::{Report, ScenarioRuns};
use crate::report::words;
use crate::retry::RetryRun;
use crate::text;
use crate::verdict::CheckReport;

/// The body of a run's case. It stops being built shortly after `most` bytes. `others` are the other
/// attempts at it.
pub(super) fn of_run(
    report: &Report,
    scenario: &ScenarioRuns<'_>,
    (run, outcome): (&RunRecord, &RunOutcome),
    others: &[&RetryRun],
    (message, most): (&str, usize),
) -> Body {
    let mut body = Body::new(most);
    body.line(message);
    body.line("");
    body.line(&format!(
        "run {} of {} · {}",
        run.id,
        scenario.scenario.name,
        words::variant(run, outcome)
    ));
    if let Some(blame) = outcome.blame {
        body.line(&format!("blame: {}", words::blame_name(report, blame)));
    }
    if let Some(ending) = words::ending(run) {
        body.line(&format!("ended: {ending}"));
    }
    if let Some(error) = &run.error_message {
        body.line(&format!("error: {error}"));
    }
    for other in others {
        let (run, outcome) = (other.run, other.outcome.name());
        body.line(&format!("another attempt, run {run}, {outcome}: {}", short(&other.reason, 300)));
    }
    if let Some(url) = words::page(report) {
        body.line(&format!("see: {url}"));
    }
    if let Some(expected) = &run.expected_outcome {
        let score = expected.score.map(|score| format!(" {} of 100", text::trim_number(score, 1)));
        body.line("");
        body.line(&format!("expected outcome:{}", score.as_deref().unwrap_or(" not scored")));
        expected.explanation.iter().take(50).for_each(|line| body.line(&format!("  {line}")));
    }
    if !run.metrics.is_empty() {
        body.line("");
        body.line("metrics:");
    }
    for metric in words::metrics_worst_first(run) {
        body.line(&format!("  {}: {}", metric.name, words::score(metric)));
        metric.explanation.iter().take(20).for_each(|line| body.line(&format!("    {line}")));
    }
    if !run.transcript.is_empty() {
        body.line("");
        body.line("transcript:");
        let (beginning, left_out, end) = words::excerpt(&run.transcript);
        beginning.iter().for_each(|turn| body.turn(turn));
        if left_out > 0 {
            body.line(&format!("  … {} left out", text::count(left_out, "turn")));
        }
        end.iter().for_each(|turn| body.turn(turn));
    }
    body
}

/// The body of a check's case.
pub(super) fn of_check(report: &Report, check: &CheckReport, message: &str) -> Body {
    let mut body = Body::new(4000);
    body.line(message);
    body.line("");
    body.line(&format!("check: {} {}", words::check_name(check), check.condition));
    body.line(&format!("seen: {}", words::seen(check)));
    if let Some(interval) = words::interval(check) {
        body.line(&format!("interval: {interval}"));
    }
    body.line(&format!("samples: {}", words::samples(check)));
    if !check.deciding_runs.is_empty() {
        body.line(&format!("runs: {}", words::ids(&check.deciding_runs, 50)));
    }
    if let Some(url) = words::page(report) {
        body.line(&format!("see: {url}"));
    }
    body
}

/// The body of the case for a verdict that no check explains.
pub(super) fn of_verdict(report: &Report, message: &str) -> Body {
    let mut body = Body::new(4000);
    body.line(message);
    body.line("");
    body.line(&format!("exit code {}: {}", report.exit_code, words::exit_meaning(report)));
    body.line(&words::tally(report));
    if let Some(url) = words::page(report) {
        body.line(&format!("see: {url}"));
    }
    body
}

/// Lines of text, up to a limit.
pub(super) struct Body {
    /// The lines.
    pub(super) text: String,
    /// How many bytes the text may take once escaped.
    pub(super) most: usize,
}

impl Body {
    fn new(most: usize) -> Self {
        Self { text: String::new(), most }
    }

    fn line(&mut self, line: &str) {
        if self.text.len() > self.most {
            return;
        }
        let indent = line.len() - line.trim_start_matches(' ').len();
        self.text.push_str(line.split_at(indent).0);
        self.text.push_str(&short(line, 2000));
        self.text.push('\n');
    }

    fn turn(&mut self, turn: &Turn) {
        let clock = words::clock(turn).map(|clock| format!("{clock} ")).unwrap_or_default();
        self.line(&format!("  {clock}{}: {}", one_line(&turn.role), turn.content));
    }
}
