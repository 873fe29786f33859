//! The turn of a conversation that shows what a judge checked against it.
//!
//! Pure, and a guess: a time that the judge names, words that it quotes, or the turn of the agent
//! that shares most with what it says. Where nothing fits, it is what the agent said last.

use std::collections::BTreeSet;

use crate::outcome::RunOutcome;
use crate::record::{RunRecord, Turn};

/// A turn worth showing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment<'a> {
    /// Its place in the transcript, from 0.
    pub at: usize,
    /// The turn.
    pub turn: &'a Turn,
    /// Whether the judge's words fit it. If not, it is what the agent said last.
    pub fits: bool,
}

/// The turn that shows why a run did not pass; none without a transcript.
pub fn moment<'a>(run: &'a RunRecord, outcome: &RunOutcome) -> Option<Moment<'a>> {
    let words = held_against(run, outcome);
    let fitting = words
        .iter()
        .find_map(|text| at_time(run, text).or_else(|| quoted(run, text)))
        .or_else(|| words.iter().find_map(|text| alike(run, text)));
    let last = || run.transcript.iter().rposition(is_agent);
    let (at, fits) = match fitting {
        Some(at) => (at, true),
        None => (last()?, false),
    };
    run.transcript.get(at).map(|turn| Moment { at, turn, fits })
}

/// What the judges say against a run, the most telling first.
fn held_against<'a>(run: &'a RunRecord, outcome: &'a RunOutcome) -> Vec<&'a str> {
    use crate::record::MetricValue::Binary;
    let expected = run.expected_outcome.iter().flat_map(|outcome| &outcome.explanation);
    let against = expected.filter(|line| line.trim_start().starts_with('❌'));
    let missed = run.metrics.iter().filter(|metric| metric.value == Binary(Some(false)));
    std::iter::once(&outcome.reason)
        .chain(against)
        .chain(missed.flat_map(|metric| &metric.explanation))
        .map(String::as_str)
        .take(20)
        .collect()
}

/// Whether a turn is the agent's own. The platform calls its caller the testing agent.
pub fn is_agent(turn: &Turn) -> bool {
    let role = turn.role.to_lowercase();
    !["testing", "caller", "customer", "user", "tool", "function", "system"]
        .iter()
        .any(|other| role.contains(other))
}

/// The turn at a time that is named as `1:04`.
fn at_time(run: &RunRecord, text: &str) -> Option<usize> {
    let colon = text.match_indices(':').map(|(at, _)| at);
    let named = colon.filter_map(|at| {
        let (head, tail) = text.split_at(at);
        let minutes: String = head.chars().rev().take_while(char::is_ascii_digit).collect();
        let minutes: String = minutes.chars().rev().collect();
        let seconds: String = tail.chars().skip(1).take_while(char::is_ascii_digit).collect();
        let fits = (1..=3).contains(&minutes.len()) && seconds.len() == 2;
        let seconds = seconds.parse::<f64>().ok().filter(|seconds| fits && *seconds < 60.0)?;
        Some(minutes.parse::<f64>().ok()? * 60.0 + seconds)
    });
    named.into_iter().find_map(|wanted| {
        run.transcript.iter().position(|turn| {
            turn.at_seconds.is_some_and(|at| at.is_finite() && (at.floor() - wanted).abs() < 1.0)
        })
    })
}

/// The turn that holds words which stand between quotes.
fn quoted(run: &RunRecord, text: &str) -> Option<usize> {
    let quotes: Vec<&str> = text.split(['"', '“', '”', '«', '»']).collect();
    let inside = quotes.iter().skip(1).step_by(2).filter(|words| words.chars().count() >= 8);
    inside.map(|words| words.trim().trim_end_matches(['.', '…', ',']).to_lowercase()).find_map(
        |words| run.transcript.iter().position(|turn| turn.content.to_lowercase().contains(&words)),
    )
}

/// The turn of the agent that shares the most words with a text: two at least.
fn alike(run: &RunRecord, text: &str) -> Option<usize> {
    let wanted = stems(text);
    let mut best: Option<(usize, usize)> = None;
    for (at, turn) in run.transcript.iter().enumerate().filter(|(_, turn)| is_agent(turn)) {
        let shared = stems(&turn.content).intersection(&wanted).count();
        if shared >= 2 && best.is_none_or(|(most, _)| shared >= most) {
            best = Some((shared, at));
        }
    }
    best.map(|(_, at)| at)
}

/// The beginnings of the longer words: `refunded` and `refund` are one.
fn stems(text: &str) -> BTreeSet<String> {
    const COMMON: [&str; 16] = [
        "agent", "calle", "that", "with", "witho", "this", "have", "from", "they", "their", "what",
        "when", "were", "then", "than", "your",
    ];
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().count() >= 4)
        .take(500)
        .map(|word| word.to_lowercase().chars().take(5).collect::<String>())
        .filter(|stem| !COMMON.contains(&stem.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::judge_run;

    fn shown(reason: &str) -> (usize, bool) {
        let turn = |(at, (role, content)): (usize, &(&str, &str))| Turn {
            role: (*role).to_owned(),
            content: (*content).to_owned(),
            at_seconds: Some(at as f64 * 10.0 + 0.4),
        };
        let turns = [
            ("Main Agent", "Thank you for calling, how can I help?"),
            ("Testing Agent", "My order is late and I want a refund."),
            ("Main Agent", "I have issued a full refund for your order."),
            ("Testing Agent", "Don't you need the order number?"),
            ("Main Agent", "No. Goodbye."),
        ];
        let run = RunRecord {
            transcript: turns.iter().enumerate().map(turn).collect(),
            ..RunRecord::default()
        };
        let outcome = RunOutcome { reason: reason.to_owned(), ..judge_run(&run, 1) };
        let moment = moment(&run, &outcome).unwrap();
        (moment.at, moment.fits)
    }

    #[test]
    fn the_turn_is_the_one_that_the_judge_speaks_of() {
        let table = [
            ("At 0:20 the agent gave the money away", (2, true)),
            ("The agent said \"no. goodbye\" and hung up", (4, true)),
            ("A refund was issued for an order that nobody looked up", (2, true)),
            ("The tone was rude", (4, false)),
            ("ratio 12:345, at 99:99", (4, false)),
            ("", (4, false)),
        ];
        for (reason, expected) in table {
            assert_eq!(shown(reason), expected, "{reason}");
        }
    }

    #[test]
    fn without_a_transcript_there_is_none() {
        let run = RunRecord::default();
        assert_eq!(moment(&run, &judge_run(&run, 1)), None);
    }
}
