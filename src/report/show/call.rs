//! One call: how it ended, what was expected, what its metrics say, and what was said.

use unicode_width::UnicodeWidthStr;

use super::super::console::{Ink, Style, pad};
use super::super::words;
use super::{fact, ink, named, paragraph, title};
use crate::escape::terminal::neutral;
use crate::escape::{one_line, short, url};
use crate::outcome::{Outcome, judge_run};
use crate::record::{MetricRecord, MetricValue, RunRecord, Turn};
use crate::review::{CallView, Vote};
use crate::text;

/// A call for a person. Of a long conversation only its beginning and its end are shown, unless
/// `all_turns` are wanted.
pub fn call(view: &CallView, all_turns: bool, style: Style) -> String {
    let run = &view.run;
    let mut out = String::new();
    head(&mut out, view, style);
    expectation(&mut out, view, style);
    metrics(&mut out, view, style);
    critical(&mut out, view, style);
    transcript(&mut out, run, all_turns, style);
    out.push('\n');
    if let Some(address) = run.recording_url.as_deref().and_then(url::web) {
        fact(&mut out, style, "recording", &address);
    }
    if let Some(result) = view.result {
        fact(&mut out, style, "next", &format!("cekura-gate result show {result}"));
    }
    neutral(out.trim_end()) + "\n"
}

fn head(out: &mut String, view: &CallView, style: Style) {
    let run = &view.run;
    let outcome = judge_run(run, 1);
    let ended = run.status.is_terminal();
    let (ink, mark) = if ended { ink(outcome.outcome) } else { (Ink::Faint, "…") };
    let word = if ended { outcome.outcome.name() } else { run.status.as_str() };
    let scenario = short(run.scenario_name.as_deref().unwrap_or("deleted scenario"), 100);
    let line = format!("{mark} Call {} · {scenario} · {}", run.id, one_line(word));
    out.push_str(&style.paint(ink, style.wrap("", 2, &line).trim_end()));
    out.push('\n');
    if ended && outcome.outcome != Outcome::Passed {
        out.push_str(&style.wrap("  ", 2, &short(&outcome.reason, 500)));
    }
    let rows = [
        ("result", named(view.result_name.as_deref(), view.result)),
        ("agent", named(view.agent_name.as_deref(), view.agent)),
        ("scenario", named(run.scenario_name.as_deref(), run.scenario)),
        ("caller", named(run.personality_name.as_deref(), run.personality)),
        ("profile", named(run.test_profile_name.as_deref(), run.test_profile)),
        ("ended", ending(run)),
        ("when", run.executed_at.as_deref().map(|when| short(when, 60))),
        ("status", Some(short(run.status.as_str(), 30))),
        (
            "reviewed",
            view.reviewed.then(|| short(run.evaluation_status.as_deref().unwrap_or("yes"), 40)),
        ),
        ("feedback", view.feedback.as_deref().map(|words| short(words, 500))),
        ("trace", detail(view, "trace_id")),
        ("provider", detail(view, "provider_call_id")),
    ];
    for (name, value) in rows {
        if let Some(value) = value {
            fact(out, style, name, &value);
        }
    }
}

/// How the call ended, and after how long; a call that never was has no length.
fn ending(run: &RunRecord) -> Option<String> {
    let talked = run.duration_seconds.is_some_and(|seconds| seconds > 0.0);
    let ending = match talked {
        true => words::ending(run),
        false => run.ended_reason.clone(),
    };
    ending.map(|ending| short(&ending, 120))
}

fn detail(view: &CallView, key: &str) -> Option<String> {
    view.details.get(key)?.as_str().map(|text| short(text, 100))
}

/// The expected outcome, its judge's words, and which of its parts met.
fn expectation(out: &mut String, view: &CallView, style: Style) {
    let outcome = view.run.expected_outcome.as_ref();
    if outcome.is_none() && view.expected.is_none() {
        return;
    }
    let score = outcome.and_then(|outcome| outcome.score);
    let score = score.map(|score| format!(": {} of 100", text::trim_number(score, 1)));
    title(out, style, &format!("Expected outcome{}", score.unwrap_or_default()));
    if let Some(expected) = &view.expected {
        paragraph(out, style, "  ", expected);
    }
    for line in outcome.into_iter().flat_map(|outcome| &outcome.explanation) {
        out.push_str(&style.wrap("    ", 4, &short(line, 1000)));
    }
    // The judge often says the same twice: as its explanation, and part by part.
    let said = |line: &str| {
        let bare = |text: &str| one_line(text.trim_start_matches(['✅', '❌', ' ']));
        let mut lines = outcome.into_iter().flat_map(|outcome| &outcome.explanation);
        lines.any(|explained| bare(explained) == bare(line))
    };
    for part in &view.alignments {
        if part.expected.is_none() && said(&part.outcome) {
            continue;
        }
        let (ink, mark, word) = match part.aligned {
            Some(true) => (Ink::Good, "✓", "met"),
            Some(false) => (Ink::Bad, "✗", "not met"),
            None => (Ink::Unsure, "?", "not judged"),
        };
        let expected = part.expected.as_deref().unwrap_or(&part.outcome);
        let line = format!("{} ({word})", short(expected, 500));
        out.push_str(&format!("    {}", style.paint(ink, mark)));
        out.push_str(&style.wrap(" ", 6, &line));
        if part.expected.is_some() {
            out.push_str(&style.wrap("      ", 6, &short(&part.outcome, 500)));
        }
    }
}

/// The metrics, those that did not pass first, each with why and with the votes on it.
fn metrics(out: &mut String, view: &CallView, style: Style) {
    let metrics = words::metrics_worst_first(&view.run);
    if metrics.is_empty() {
        return;
    }
    title(out, style, "Metrics");
    let names: Vec<String> = metrics
        .iter()
        .map(|metric| named(Some(&metric.name), metric.id).unwrap_or_default())
        .collect();
    let width = names.iter().map(|name| name.width()).max().unwrap_or(0).min(50);
    for (metric, name) in metrics.iter().zip(&names) {
        let (ink, mark) = metric_ink(metric);
        let score = short(&words::score(metric), 60);
        out.push_str(&format!("  {} {}", style.paint(ink, mark), pad(name, width)));
        out.push_str(&style.wrap("  ", 6, &score));
        for line in &metric.explanation {
            out.push_str(&style.wrap("      ", 6, &short(line, 1000)));
        }
        let votes =
            view.votes.iter().filter(|vote| vote.metric.is_some() && vote.metric == metric.id);
        for vote in votes {
            out.push_str(&style.wrap("      vote: ", 8, &vote_words(vote)));
        }
    }
}

const fn metric_ink(metric: &MetricRecord) -> (Ink, &'static str) {
    match metric.value {
        MetricValue::Binary(Some(true)) => (Ink::Good, "✓"),
        MetricValue::Binary(Some(false)) => (Ink::Bad, "✗"),
        _ if metric.unreadable => (Ink::Title, "?"),
        _ if metric.value.is_skipped() => (Ink::Faint, "–"),
        _ => (Ink::Title, "·"),
    }
}

fn vote_words(vote: &Vote) -> String {
    let word = match vote.thumbs_up {
        Some(true) => "agreed",
        Some(false) => "disagreed",
        None => "neither agrees nor disagrees",
    };
    let expected = match &vote.expected {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => format!(", expected {}", short(text, 200)),
        other => format!(", expected {}", short(&other.to_string(), 200)),
    };
    let why = vote.feedback.as_deref().map(|why| format!(": {}", short(why, 500)));
    format!("{word}{expected}{}", why.unwrap_or_default())
}

fn critical(out: &mut String, view: &CallView, style: Style) {
    if view.critical.is_empty() {
        return;
    }
    title(out, style, "Critical scenarios");
    for entry in &view.critical {
        let name = named(Some(&entry.name), entry.id).unwrap_or_default();
        let facts: Vec<String> = [
            Some(name),
            entry.priority.as_deref().map(|priority| short(priority, 30)),
            entry.deviation.map(|off| format!("deviation {}", text::trim_number(off, 2))),
            entry.wrongly_marked.then(|| "marked as wrong by a person".to_owned()),
            entry.feedback.as_deref().map(|words| short(words, 300)),
        ]
        .into_iter()
        .flatten()
        .collect();
        out.push_str(&style.wrap("  - ", 4, &facts.join(" · ")));
    }
}

fn transcript(out: &mut String, run: &RunRecord, all: bool, style: Style) {
    if run.transcript.is_empty() {
        if run.status.is_terminal() {
            out.push_str("\nThere is no transcript.\n");
        }
        return;
    }
    title(out, style, "Transcript");
    let turns = run.transcript.as_slice();
    let (head, between, tail) = if all { (turns, 0, [].as_slice()) } else { words::excerpt(turns) };
    let role = |turn: &Turn| {
        let role = short(&turn.role, 30);
        if role.is_empty() { "?".to_owned() } else { role }
    };
    let roles = turns.iter().map(|turn| role(turn).width()).max().unwrap_or(0).min(20);
    let show = |out: &mut String, turn: &Turn| {
        let at = words::clock(turn).unwrap_or_default();
        let role = pad(&role(turn), roles);
        out.push_str(&format!("  {at:>6}  {}", style.paint(Ink::Faint, &role)));
        let indent = 12 + roles;
        // The head of the line stands already: only what follows is wrapped.
        let said = style.wrap(&" ".repeat(indent), indent, &one_line(&turn.content));
        out.push_str("  ");
        out.push_str(said.trim_start());
    };
    for turn in head {
        show(out, turn);
    }
    if between > 0 {
        let left = text::count(between, "turn");
        out.push_str(&format!("          … {left} left out; --full shows them\n"));
    }
    for turn in tail {
        show(out, turn);
    }
}
