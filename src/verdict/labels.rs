//! Labels of enum metrics: whether the one that a suite asks for is the one that a run gave.
//!
//! Pure. Labels are the same where they differ only in case, in separators (spaces, `_`, `-`), or
//! in how Unicode writes them; a match that needed this is said. A run may give several labels.

use unicode_normalization::UnicodeNormalization;

/// How two labels compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Match {
    /// They are not the same label.
    No,
    /// They are the same but for case, separators or Unicode form.
    Folded,
    /// They are the same, character by character.
    Exact,
}

/// How the label that is asked for compares with one label.
pub(crate) fn matches(wanted: &str, given: &str) -> Match {
    if wanted.trim() == given.trim() {
        Match::Exact
    } else {
        let wanted = folded(wanted);
        // Of a label that is nothing but separators, nothing is left to compare.
        if !wanted.is_empty() && wanted == folded(given) { Match::Folded } else { Match::No }
    }
}

/// The label as it is compared: compatibility characters composed (NFKC), case folded, each run of
/// separators one space, none at the ends. A minus before a number stays: `-1` is not `1`.
fn folded(label: &str) -> String {
    let composed: String = label.nfkc().collect();
    // Upper case first: `ß` and `SS` are the same, and so are both small sigmas.
    let lower = composed.to_uppercase().to_lowercase();
    let characters: Vec<char> = lower.nfkc().collect();
    let mut text = String::with_capacity(lower.len());
    let mut separated = false;
    for (at, c) in characters.iter().enumerate() {
        let next = characters.get(at + 1).copied();
        let begins = text.is_empty() || separated;
        let minus = matches!(c, '-' | '−') && begins && next.is_some_and(char::is_numeric);
        if is_separator(*c) && !minus {
            separated = true;
            continue;
        }
        if separated && !text.is_empty() {
            text.push(' ');
        }
        separated = false;
        text.push(if minus { '-' } else { *c });
    }
    text
}

fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '_' | '-' | '\u{2010}'..='\u{2015}' | '−' | '\u{ad}' | '\u{200b}')
}

/// The labels that a run gave: one, or a list that stands there as JSON.
pub(crate) fn given(label: &str) -> Vec<String> {
    let list = label.trim_start().starts_with('[').then(|| serde_json::from_str(label));
    match list {
        Some(Ok(serde_json::Value::Array(items))) => {
            items.into_iter().filter(|item| !item.is_null()).map(text_of).collect()
        }
        _ => vec![label.to_owned()],
    }
}

fn text_of(value: serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}

/// What runs said about a label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Runs that gave it.
    pub(crate) yes: Vec<u64>,
    /// Runs that gave others.
    pub(crate) no: Vec<u64>,
    /// Runs that gave a text that may be one label or several.
    pub(crate) unclear: Vec<u64>,
    /// What a reader of the check must know.
    pub(crate) notes: Vec<String>,
}

/// Which runs gave a label.
pub(crate) fn seen<'l>(wanted: &str, runs: impl Iterator<Item = (u64, &'l str)>) -> Seen {
    let mut seen = Seen::default();
    let mut others: Vec<(String, usize)> = Vec::new();
    let mut spellings: Vec<String> = Vec::new();
    for (run, text) in runs {
        let labels = given(text);
        let best = labels.iter().map(|label| matches(wanted, label)).max().unwrap_or(Match::No);
        if let Some(label) = labels.iter().find(|label| best == Match::No && lists(wanted, label)) {
            if seen.unclear.is_empty() {
                seen.notes.push(format!(
                    "run {run} gave {}, which may be one label or several",
                    few(std::slice::from_ref(label))
                ));
            }
            seen.unclear.push(run);
            continue;
        }
        if best == Match::Folded {
            let used = labels.iter().filter(|label| matches(wanted, label) == Match::Folded);
            spellings.extend(used.cloned());
        }
        match best {
            Match::No => {
                seen.no.push(run);
                for label in labels {
                    match others.iter_mut().find(|(known, _)| *known == label) {
                        Some((_, count)) => *count += 1,
                        None => others.push((label, 1)),
                    }
                }
            }
            Match::Folded | Match::Exact => seen.yes.push(run),
        }
    }
    spellings.sort();
    spellings.dedup();
    if !spellings.is_empty() {
        seen.notes.push(format!("{} counted as `{wanted}`", few(&spellings)));
    }
    if seen.yes.is_empty() && !others.is_empty() {
        others.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let labels: Vec<String> = others.into_iter().map(|(label, _)| label).collect();
        seen.notes.push(format!("no run gave `{wanted}`, the runs gave {}", few(&labels)));
    }
    seen
}

/// Whether one text may list several labels, one of them the one that is asked for.
fn lists(wanted: &str, label: &str) -> bool {
    let parts: Vec<&str> = label.split([',', ';', '|', '\n']).collect();
    parts.len() > 1 && parts.iter().any(|part| matches(wanted, part) != Match::No)
}

fn few(labels: &[String]) -> String {
    const MOST: usize = 5;
    let shown = |label: &String| format!("`{}`", label.chars().take(60).collect::<String>());
    let mut names: Vec<String> = labels.iter().take(MOST).map(shown).collect();
    if let Some(more @ 1..) = labels.len().checked_sub(MOST) {
        names.push(format!("{more} more"));
    }
    crate::text::list(&names)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn labels_are_the_same_but_for_case_separators_and_unicode_form() {
        for (wanted, given) in [
            ("angry", "Angry"),
            ("Very Angry", "very_angry"),
            ("Very Angry", "very-angry"),
            ("very  angry", " Very__Angry "),
            ("very angry", "very\u{a0}angry"),
            ("very-angry", "very\u{2013}angry"),
            ("caf\u{e9}", "cafe\u{301}"),
            ("STRASSE", "stra\u{df}e"),
            ("\u{3a3}\u{391}\u{3a3}", "\u{3c3}\u{3b1}\u{3c2}"),
            ("ok", "\u{ff2f}\u{ff2b}"),
            ("tier 1", "tier-1"),
        ] {
            assert_eq!(matches(wanted, given), Match::Folded, "{wanted} {given}");
            assert_eq!(matches(given, wanted), Match::Folded, "{given} {wanted}");
        }
        assert_eq!(matches("angry", " angry "), Match::Exact);
    }

    #[test]
    fn labels_that_look_alike_are_not_the_same() {
        for (wanted, given) in [
            ("unsatisfied", "satisfied"),
            ("resolved", "unresolved"),
            ("complete", "incomplete"),
            ("tier 1", "tier 2"),
            ("tier 1", "tier 11"),
            ("1", "-1"),
            ("score 1", "score -1"),
            ("1.5", "15"),
            ("very angry", "veryangry"),
            ("angry", "not angry"),
            ("", "angry"),
        ] {
            assert_eq!(matches(wanted, given), Match::No, "{wanted} {given}");
        }
    }

    #[test]
    fn a_list_of_labels_holds_each_of_them() {
        assert_eq!(given("[\"angry\",\"calm\"]"), ["angry", "calm"]);
        assert_eq!(given("[angry]"), ["[angry]"]);
        assert_eq!(given("angry"), ["angry"]);
        let runs = [(1, "[\"calm\",\"Angry\"]"), (2, "calm"), (3, "[\"calm\"]")];
        let seen = seen("angry", runs.into_iter());
        assert_eq!((seen.yes, seen.no), (vec![1], vec![2, 3]));
        assert_eq!(seen.notes, ["`Angry` counted as `angry`"]);
    }

    #[test]
    fn a_text_that_may_be_several_labels_is_not_counted() {
        let part = seen("angry", [(7, "calm, angry")].into_iter());
        assert_eq!((part.yes, part.no, part.unclear), (vec![], vec![], vec![7]));
        assert_eq!(part.notes, ["run 7 gave `calm, angry`, which may be one label or several"]);
        let whole = seen("calm, angry", [(7, "calm, angry")].into_iter());
        assert_eq!(whole.yes, [7]);
    }

    #[test]
    fn a_label_that_no_run_gave_is_noted_with_those_that_they_gave() {
        let runs = [(1, "satisfied"), (2, "neutral"), (3, "satisfied")];
        let seen = seen("unsatisfied", runs.into_iter());
        assert_eq!(seen.no, [1, 2, 3]);
        assert_eq!(
            seen.notes,
            ["no run gave `unsatisfied`, the runs gave `satisfied` and `neutral`"]
        );
    }

    proptest! {
        #[test]
        fn folding_is_the_same_from_both_sides_and_settles(a in "\\PC{0,12}", b in "\\PC{0,12}") {
            prop_assert_eq!(matches(&a, &b), matches(&b, &a));
            prop_assert_eq!(folded(&folded(&a)), folded(&a));
        }
    }
}
