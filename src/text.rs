//! Small words for people: counts with their nouns, spans of time, percentages, nearest names.
//!
//! Pure formatting. Escaping for a surface (XML, Markdown, a terminal) lives in `report`.

use std::time::Duration;

/// `1 run`, `2 runs`: a count with its noun.
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("{n} {noun}") } else { format!("{n} {noun}s") }
}

/// `1 run was`, `2 runs were`: a count with its noun and the verb that goes with it.
pub fn count_with(n: usize, noun: &str, one: &str, many: &str) -> String {
    format!("{} {}", count(n, noun), if n == 1 { one } else { many })
}

/// A text without the byte-order mark that some editors put before it.
pub fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// A span of time as it is written in a suite file, such as `1h30m`, `42s` or `250ms`.
pub fn span(span: Duration) -> String {
    let total = span.as_secs();
    let (hours, minutes, seconds, millis) =
        (total / 3600, total / 60 % 60, total % 60, span.subsec_millis());
    let mut text = String::new();
    for (value, unit) in [(hours, "h"), (minutes, "m"), (seconds, "s"), (u64::from(millis), "ms")] {
        if value > 0 {
            text.push_str(&format!("{value}{unit}"));
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Whether a text fits a pattern in which `*` stands for any text, in upper or lower case.
pub fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.trim().to_lowercase(), text.trim().to_lowercase());
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match left.split_once(part) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    left.ends_with(end)
}

/// Seconds to the precision that a person wants: `250ms`, `42s`, `4.2s`, `1h30m`.
pub fn seconds(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "–".to_owned();
    }
    if seconds < 1.0 {
        return format!("{:.0}ms", seconds * 1000.0);
    }
    if seconds < 10.0 {
        return format!("{}s", trim_number(seconds, 1));
    }
    span(Duration::from_secs(seconds.round().min(1e12) as u64))
}

/// A number with at most `digits` decimals and no trailing zeros.
/// What is not finite is said to be that.
pub fn trim_number(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return crate::text::NOT_FINITE.to_owned();
    }
    let text = format!("{value:.digits$}");
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// The candidate nearest to `name`, if one is near enough to be what was meant (any case).
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(similarity, _)| *similarity >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// `a, b and c`: a list as a sentence has it.
pub fn list<S: AsRef<str>>(items: &[S]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [head @ .., last] => {
            let head: Vec<&str> = head.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", head.join(", "), last.as_ref())
        }
    }
}

/// What stands where a figure is no number that can be shown.
pub const NOT_FINITE: &str = "not a finite number";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::percent;

    #[test]
    fn a_star_in_a_pattern_stands_for_any_text() {
        for (pattern, text) in [
            ("login*", "Login with a card"),
            ("*", ""),
            ("*refund*", "a Refund, please"),
            ("a*b*c", "aXbYc"),
            ("exact", " Exact "),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("login", "logins"), ("login*", "a login"), ("a*a", "a"), ("a*b", "abc"), ("", "a")]
        {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_percentage_never_rounds_to_a_perfect_score() {
        assert_eq!(percent(1.0), "100%");
        assert_eq!(percent(0.9999), "99.99%");
        assert_eq!(percent(0.875), "87.5%");
        assert_eq!(percent(0.0), "0%");
        assert_eq!(percent(0.0001), "0.01%");
    }

    #[test]
    fn seconds_are_shown_as_a_person_says_them() {
        let shown: Vec<String> = [0.25, 4.2, 42.4, 90.0, 5400.0].map(seconds).to_vec();
        assert_eq!(shown, ["250ms", "4.2s", "42s", "1m30s", "1h30m"]);
    }

    #[test]
    fn the_nearest_name_ignores_case_and_far_names() {
        let names = ["Latency", "Workflow adherence"];
        assert_eq!(nearest("latncy", names), Some("Latency"));
        assert_eq!(nearest("workflow adherance", names), Some("Workflow adherence"));
        assert_eq!(nearest("zzz", names), None);
    }
}
