//! What the name or the description of a metric says about the unit of its values.
//!
//! Pure. A unit is a word of its own, never the end of another: `Latency (ms)`, `latency_ms`,
//! `latencyMs` and `Latency in seconds` say one, `Problems`, `Ms Smith`, `Second call` and `Pauses
//! above 500 ms` do not.

use crate::checks::grammar::Unit;

/// What words say about a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// The values are times in this unit.
    Time {
        /// The unit.
        unit: Unit,
        /// The word that says so.
        word: String,
        /// Whether it stands in brackets or behind `in`, where nothing else can be meant.
        explicit: bool,
    },
    /// The values are no times, or times in a unit that is not converted.
    Other(String),
    /// No word of a unit, or several that contradict each other at the same place.
    Nothing,
}

/// A word of a name, in lowercase.
struct Word {
    text: String,
    /// Whether it stands in brackets.
    bracketed: bool,
    /// Whether it is the first in its brackets.
    opens: bool,
}

/// What a word can mean.
#[derive(Clone, PartialEq)]
enum Meaning {
    /// The unit, in any place.
    Anywhere(Unit),
    /// The unit, where it stands in brackets, behind `in` or at the end: otherwise it is too short
    /// or means something else (`Ms Smith`, `Second call`, `Min latency`).
    AtTheEnd(Unit),
    /// The unit in brackets alone.
    Bracketed(Unit),
    /// No time, or one that is not converted.
    Other,
    /// Nothing of a unit.
    None,
}

fn meaning(word: &str) -> Meaning {
    use Unit::{Milliseconds, Minutes, Seconds};
    match word {
        "msec" | "msecs" | "millis" | "milliseconds" | "millisecs" => {
            Meaning::Anywhere(Milliseconds)
        }
        "secs" | "seconds" => Meaning::Anywhere(Seconds),
        "mins" | "minutes" => Meaning::Anywhere(Minutes),
        "ms" | "millisecond" | "millisec" => Meaning::AtTheEnd(Milliseconds),
        "s" | "sec" | "second" => Meaning::AtTheEnd(Seconds),
        "min" | "minute" => Meaning::AtTheEnd(Minutes),
        "m" => Meaning::Bracketed(Minutes),
        "hours" | "hrs" | "days" | "microseconds" | "usec" | "usecs" | "nanoseconds" | "%"
        | "percent" | "percentage" => Meaning::Other,
        _ => Meaning::None,
    }
}

/// What a name or a description says about the unit of the values.
pub(crate) fn said(text: &str) -> Said {
    let words = words(text);
    let found: Vec<(usize, Meaning)> = words
        .iter()
        .enumerate()
        .map(|(at, word)| (at, meaning(&word.text)))
        .filter(|(at, meaning)| *meaning != Meaning::None && !is_quantity(&words, *at))
        .collect();
    // In brackets, then behind `in`, then anywhere.
    let explicit = |at: usize| {
        let word = words.get(at);
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        (word.is_some_and(|word| word.bracketed && word.opens), follows(before, "in"))
    };
    let in_brackets = found.iter().filter(|(at, _)| explicit(*at).0);
    let behind_in = found.iter().filter(|(at, _)| explicit(*at).1);
    let elsewhere = found.iter().filter(|(at, meaning)| match meaning {
        Meaning::Anywhere(_) => true,
        Meaning::AtTheEnd(_) => is_at_the_end(&words, *at),
        Meaning::Other => true,
        Meaning::Bracketed(_) | Meaning::None => false,
    });
    let places: [(Vec<&(usize, Meaning)>, bool); 3] =
        [(in_brackets.collect(), true), (behind_in.collect(), true), (elsewhere.collect(), false)];
    for (place, explicit) in places {
        let Some((at, first)) = place.first() else { continue };
        let word = words.get(*at).map(|word| word.text.clone()).unwrap_or_default();
        // `words per minute` counts words.
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        if follows(before, "per") {
            return Said::Other(format!("per {word}"));
        }
        let unit = |meaning: &Meaning| match meaning {
            Meaning::Anywhere(unit) | Meaning::AtTheEnd(unit) | Meaning::Bracketed(unit) => {
                Some(*unit)
            }
            Meaning::Other | Meaning::None => None,
        };
        if place.iter().any(|(_, other)| unit(other) != unit(first)) {
            return Said::Nothing;
        }
        return match unit(first) {
            Some(unit) => Said::Time { unit, word, explicit },
            None => Said::Other(word),
        };
    }
    // `words per minute`, `interruptions per call minute`.
    let per = |(at, word): (usize, &Word)| {
        let next = words.get(at + 1)?;
        (word.text == "per" && meaning(&next.text) != Meaning::None)
            .then(|| Said::Other(format!("per {}", next.text)))
    };
    words.iter().enumerate().find_map(per).unwrap_or(Said::Nothing)
}

/// Whether a name is that of a latency: how long the caller waits for an answer.
pub(crate) fn is_latency(name: &str) -> bool {
    let words = words(name);
    let is = |word: &Word| word.text.contains("latenc") || word.text == "ttfb";
    words.iter().any(is) && !words.iter().any(|word| matches!(&*word.text, "score" | "rating"))
}

/// Whether a word is part of a quantity that the name speaks of: `500 ms`, `5s`.
fn is_quantity(words: &[Word], at: usize) -> bool {
    let back = |by: usize| at.checked_sub(by).and_then(|at| words.get(at));
    let is_number = |word: &Word| word.text.chars().all(|c| c.is_ascii_digit());
    let together = |word: &Word| words.get(at).is_some_and(|here| here.bracketed == word.bracketed);
    // `latency_p95_s` speaks of a quantile.
    back(1).is_some_and(|word| is_number(word) && together(word)) && !follows(back(2), "p")
}

fn follows(before: Option<&Word>, wanted: &str) -> bool {
    before.is_some_and(|word| word.text == wanted)
}

/// Whether a word is the last but for numbers and statistics: `latency_ms_p95`, `latency_ms_1562`.
fn is_at_the_end(words: &[Word], at: usize) -> bool {
    const STATISTICS: [&str; 12] = [
        "avg", "average", "mean", "median", "max", "min", "maximum", "minimum", "p", "total",
        "sum", "value",
    ];
    let later = words.get(at + 1..).unwrap_or_default();
    let bare = |word: &Word| {
        STATISTICS.contains(&word.text.as_str()) || word.text.chars().all(|c| c.is_ascii_digit())
    };
    // `latency_ms_min`: the minimum, not minutes.
    let a_statistic = words.get(at).is_some_and(|word| word.text == "min")
        && at
            .checked_sub(1)
            .and_then(|at| words.get(at))
            .is_some_and(|word| meaning(&word.text) != Meaning::None);
    at > 0 && !a_statistic && later.iter().all(bare)
}

/// The words of a text in lowercase: cut where anything else than a letter or a digit stands,
/// between letters and digits, and at the borders of camelCase. An apostrophe cuts nothing.
fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut current = String::new();
    let (mut depth, mut opens) = (0_usize, false);
    let mut last: Option<char> = None;
    let mut end = |current: &mut String, depth: usize, opens: &mut bool| {
        if !current.is_empty() {
            let text = std::mem::take(current).to_lowercase();
            // `(in ms)` opens with its unit as `(ms)` does.
            let still = *opens && depth > 0 && matches!(text.as_str(), "in" | "as");
            words.push(Word { text, bracketed: depth > 0, opens: *opens && depth > 0 });
            *opens = still;
        }
    };
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let next = characters.peek().copied();
        match c {
            '(' | '[' | '{' => {
                end(&mut current, depth, &mut opens);
                depth += 1;
                opens = true;
            }
            ')' | ']' | '}' => {
                end(&mut current, depth, &mut opens);
                depth = depth.saturating_sub(1);
            }
            '%' => {
                end(&mut current, depth, &mut opens);
                current.push('%');
                end(&mut current, depth, &mut opens);
            }
            '\'' | '’' if last.is_some_and(char::is_alphanumeric) => current.push('’'),
            c if c.is_alphanumeric() => {
                let border = last.is_some_and(|last| {
                    let rises = last.is_lowercase() && c.is_uppercase();
                    // `HTTPLatency` is two words; `latencyMS` ends with one.
                    let begins = last.is_uppercase()
                        && c.is_uppercase()
                        && next.is_some_and(char::is_lowercase);
                    let kind = last.is_alphanumeric() && last.is_numeric() != c.is_numeric();
                    rises || begins || kind
                });
                if border {
                    end(&mut current, depth, &mut opens);
                }
                current.push(c);
            }
            _ => end(&mut current, depth, &mut opens),
        }
        last = Some(c);
    }
    end(&mut current, depth, &mut opens);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(text: &str) -> Option<Unit> {
        match said(text) {
            Said::Time { unit, .. } => Some(unit),
            Said::Other(_) | Said::Nothing => None,
        }
    }

    #[test]
    fn a_unit_in_a_name_is_a_word_of_its_own() {
        let (ms, s, m) = (Unit::Milliseconds, Unit::Seconds, Unit::Minutes);
        let rows = [
            ("Latency (s)", s),
            ("Latency [ms]", ms),
            ("Latency (in ms)", ms),
            ("Latency (sec.)", s),
            ("Latency (ms, p95)", ms),
            ("latency_sec", s),
            ("latency_s", s),
            ("latency_ms", ms),
            ("latency-ms", ms),
            ("latencyMs", ms),
            ("latencyMS", ms),
            ("latencySeconds", s),
            ("latency_ms_1562", ms),
            ("latency_ms_p95", ms),
            ("latency_ms_min", ms),
            ("latency_p95_s", s),
            ("Latency in seconds", s),
            ("Latency in sec", s),
            ("Latency MS", ms),
            ("Seconds of silence", s),
            ("Milliseconds until the first word", ms),
            ("Minutes on hold", m),
            ("Hold time (min)", m),
            ("Hold time min", m),
            ("hold_time_minutes", m),
            ("Hold time (m)", m),
            ("Hold time (as m)", m),
            ("'Seconds of silence", s),
            ("Pauses over 500 ms (s)", s),
            ("TTFB msec", ms),
            ("Latency, Secs", s),
            ("Wait at level 5 (s)", s),
        ];
        for (name, expected) in rows {
            assert_eq!(unit(name), Some(expected), "{name}");
        }
    }

    #[test]
    fn other_words_say_no_unit() {
        for name in [
            "Problems",
            "Items",
            "Systems",
            "Terms",
            "Programs",
            "Hold times",
            "Ms Smith was greeted",
            "MS Teams transfers",
            "Second call",
            "Time to second answer",
            "Min latency",
            "min_response_time",
            "Caller's wait",
            "Pauses above 500 ms",
            "Pauses of 500ms",
            "Silence > 5s",
            "5 second silences",
            "S",
            "ms",
            "Seminars",
            "Parsecs",
            "",
            "(ms)(s)",
            "7fd534f5",
            "Wait m",
            "Hold (level m)",
            "Hold (level as m)",
            "Hold () as m",
            "Hold () m",
            "Wait at the caller's",
        ] {
            assert_eq!(unit(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_counted_per_time_is_no_time() {
        for name in [
            "Words per minute",
            "Words per second",
            "Speech rate (words per minute)",
            "Interruptions per minute",
            "Turns per min of the call",
            "Talk ratio (%)",
            "Talk %",
            "Age in hours",
            "Delay (microseconds)",
        ] {
            assert!(matches!(said(name), Said::Other(_)), "{name}: {:?}", said(name));
        }
    }

    #[test]
    fn what_is_counted_per_something_else_says_nothing() {
        for name in ["Cost per call", "Turns per scenario", "Time to second answer", "Per"] {
            assert_eq!(said(name), Said::Nothing, "{name}");
        }
    }

    #[test]
    fn a_latency_is_known_by_a_word_of_its_name() {
        for name in
            ["Latency", "latency_55", "avg-latency", "E2ELatency", "e2elatency", "Latencies"]
        {
            assert!(is_latency(name), "{name}");
        }
        for name in ["Hold time", "Latency score", "Delight"] {
            assert!(!is_latency(name), "{name}");
        }
    }
}
