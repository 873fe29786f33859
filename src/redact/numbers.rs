//! Telephone and card numbers in running text: digits with what people put between them, and
//! digits as English words.
//!
//! In doubt a number is taken for a telephone number: what was redacted needlessly can be looked up
//! on the platform, what was shown cannot be taken back.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Card,
    Phone,
}

/// Digits as words, seven or more in a row.
static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let word = "(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)";
    Regex::new(&format!(r"(?i)\b{word}(?:[\s,.–—\-]+{word}){{5,}}\b")).ok()
});

/// Replaces every number of a kind.
pub(super) fn replace(text: &mut Cow<'_, str>, kind: Kind, mark: &str) {
    let mut found: Vec<Range<usize>> =
        candidates(text).iter().flat_map(|number| number.find(kind)).collect();
    found.extend(spoken(text, kind));
    if found.is_empty() {
        return;
    }
    found.sort_by_key(|range| range.start);
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for range in found {
        out.push_str(text.get(from..range.start).unwrap_or_default());
        out.push_str(mark);
        from = range.end.max(from);
    }
    out.push_str(text.get(from..).unwrap_or_default());
    *text = Cow::Owned(out);
}

/// Groups of digits that stand together.
struct Candidate {
    groups: Vec<Group>,
    /// Where a sign or a bracket before the first group begins.
    start: usize,
    plus: bool,
    /// Whether a point is all that stands between its groups.
    decimal: bool,
}

struct Group {
    range: Range<usize>,
    /// The digits; none of other scripts, of which only the number is known.
    digits: String,
    count: usize,
}

impl Candidate {
    fn find(&self, kind: Kind) -> Vec<Range<usize>> {
        match kind {
            Kind::Card => self.cards(),
            Kind::Phone => self.phone().into_iter().collect(),
        }
    }

    /// The groups that make a card number together.
    fn cards(&self) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut groups = self.groups.as_slice();
        while let Some((first, rest)) = groups.split_first() {
            let mut digits = String::new();
            let mut longest = None;
            for (at, group) in groups.iter().enumerate() {
                digits.push_str(&group.digits);
                if digits.len() > 19 || group.digits.len() != group.count {
                    break;
                }
                if is_card(&digits) {
                    longest = Some((at + 1, first.range.start..group.range.end));
                }
            }
            groups = match longest {
                Some((used, range)) => {
                    found.push(range);
                    groups.get(used..).unwrap_or_default()
                }
                None => rest,
            };
        }
        found
    }

    fn phone(&self) -> Option<Range<usize>> {
        let groups = self.without_day();
        let (first, last) = (groups.first()?, groups.last()?);
        let start = if groups.len() == self.groups.len() { self.start } else { first.range.start };
        let total: usize = groups.iter().map(|group| group.count).sum();
        let counts: Vec<usize> = groups.iter().map(|group| group.count).collect();
        let abroad = self.plus || first.digits.starts_with("00");
        let is_phone = if self.decimal && first.count == 1 && !self.plus {
            // `0.000123456` is no number to call; `+1.4155550100` is.
            false
        } else if total > 15 {
            // Several in a row; an unbroken row of digits is a key of something.
            groups.len() > 1
        } else {
            total >= 9
                || (abroad && total >= 7)
                || (first.digits.starts_with('0') && total >= 8)
                || matches!(counts.as_slice(), [3 | 4, 4])
        };
        is_phone.then_some(start..last.range.end)
    }

    /// The groups without a day before them, as in `2026-11-20 14:03`.
    fn without_day(&self) -> &[Group] {
        match self.groups.as_slice() {
            [year, month, day, rest @ ..]
                if year.digits.len() == 4
                    && month.digits.len() == 2
                    && day.digits.len() == 2
                    && matches!(year.digits.get(..2), Some("19" | "20"))
                    && month.digits.as_str() <= "12" =>
            {
                rest
            }
            all => all,
        }
    }
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || (!c.is_ascii() && c.is_numeric())
}

/// What may stand between the digits of one number.
fn separates(c: char) -> bool {
    matches!(c, '(' | ')' | '.' | '-' | '/' | '·' | '_' | '‐'..='―' | '−')
}

/// What the eye does not see.
fn is_space(c: char) -> bool {
    c.is_whitespace() || c.is_control() || crate::hidden::hides(c)
}

fn candidates(text: &str) -> Vec<Candidate> {
    // Most text holds no number: that is seen in its bytes.
    if text.bytes().filter(|byte| byte.is_ascii_digit() || !byte.is_ascii()).take(7).count() < 7 {
        return Vec::new();
    }
    let mut found: Vec<Candidate> = Vec::new();
    let mut open: Option<Candidate> = None;
    // What stands before the next digit: how many signs, where the number's own begin.
    let (mut signs, mut lead, mut plus) = (0, None, false);
    let (mut after_digit, mut only_point) = (false, true);
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if is_digit(c) {
            match (&mut open, after_digit) {
                (Some(candidate), true) => {
                    if let Some(group) = candidate.groups.last_mut() {
                        group.range.end = end;
                        group.count += 1;
                        group.digits.extend(c.is_ascii().then_some(c));
                    }
                }
                (Some(candidate), false) => {
                    candidate.decimal = candidate.groups.len() == 1 && only_point;
                    candidate.groups.push(Group::of(at, end, c));
                }
                (None, _) => {
                    open = Some(Candidate {
                        groups: vec![Group::of(at, end, c)],
                        start: lead.unwrap_or(at),
                        plus,
                        decimal: false,
                    });
                }
            }
            (signs, after_digit, only_point) = (0, true, true);
            (lead, plus) = (None, false);
        } else if c == '+' {
            // The sign begins another number.
            found.extend(open.take());
            (signs, lead, plus, after_digit) = (0, Some(at), true, false);
        } else if separates(c) || is_space(c) {
            after_digit = false;
            only_point &= c == '.';
            signs += usize::from(separates(c));
            if open.is_none() && lead.is_none() && c == '(' {
                lead = Some(at);
            }
            if signs > 2 {
                found.extend(open.take());
                (lead, plus) = (None, false);
            }
        } else {
            found.extend(open.take());
            (signs, lead, plus, after_digit) = (0, None, false, false);
        }
    }
    found.extend(open);
    found
}

impl Group {
    fn of(start: usize, end: usize, c: char) -> Self {
        let digits = c.is_ascii().then_some(c).into_iter().collect();
        Self { range: start..end, digits, count: 1 }
    }
}

/// Whether these digits are a card number: 13 to 19 of them, with a sound check digit (Luhn).
fn is_card(digits: &str) -> bool {
    if !(13..=19).contains(&digits.len()) {
        return false;
    }
    let sum: u32 = digits
        .bytes()
        .rev()
        .map(|digit| u32::from(digit - b'0'))
        .zip([false, true].into_iter().cycle())
        .map(|(digit, doubled)| match (doubled, digit * 2) {
            (false, _) => digit,
            (true, twice) if twice > 9 => twice - 9,
            (true, twice) => twice,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Numbers that are spelled out.
fn spoken(text: &str, kind: Kind) -> Vec<Range<usize>> {
    let Some(pattern) = WORDS.as_ref().filter(|_| text.len() >= 23) else { return Vec::new() };
    let is_number = |words: &str| {
        let digits = digits_of(words);
        match kind {
            Kind::Card => is_card(&digits),
            Kind::Phone => digits.len() >= 7,
        }
    };
    let found = pattern.find_iter(text).filter(|found| is_number(found.as_str()));
    found.map(|found| found.range()).collect()
}

fn digits_of(words: &str) -> String {
    let mut digits = String::new();
    let mut times = 1;
    for word in words.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
        let digit = match word.to_ascii_lowercase().as_str() {
            "double" => {
                times = 2;
                continue;
            }
            "triple" => {
                times = 3;
                continue;
            }
            "zero" | "oh" => '0',
            "one" => '1',
            "two" => '2',
            "three" => '3',
            "four" => '4',
            "five" => '5',
            "six" => '6',
            "seven" => '7',
            "eight" => '8',
            _ => '9',
        };
        digits.extend(std::iter::repeat_n(digit, times));
        times = 1;
    }
    digits
}
