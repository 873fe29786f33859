//! The names that starts give to their results, and how a name is recognised again.
//!
//! Pure. `Checkout @main [gate 7h2k9m4xq1]`: the suite, the branch, and a key that no other start
//! has. The key tells results apart; what stands before it may come back in another spelling.

/// The longest that is kept of a suite's name, in characters.
const LONGEST_NAME: usize = 125;
/// The longest that is kept of a branch's name, in characters.
const LONGEST_BRANCH: usize = 60;
/// What the name of the first round's first part ends with, where it has two.
pub const FIRST_PART: &str = "round 1 first";
/// What the name of its other part ends with.
pub const REST: &str = "round 1 rest";
/// What stands before the key.
const MARK: &str = "[gate ";

/// How the name of every result of a suite on a branch starts; the start's key follows. Long names
/// are cut, so that the key always fits; names that differ only in what is cut stay different.
pub fn result_name_start(name: &str, branch: Option<&str>) -> String {
    let branch = branch.map(|branch| format!(" @{}", shortened(branch, LONGEST_BRANCH)));
    format!("{}{} {MARK}", shortened(name, LONGEST_NAME), branch.unwrap_or_default())
}

/// How the names of all results of the same suite on the same branch start; none for a name of
/// another make.
pub fn start_of_name(result_name: &str) -> Option<&str> {
    result_name.get(..result_name.rfind(MARK)? + MARK.len())
}

/// The name of the whole start that a result is the first part of, where the first round has two
/// parts; none for any other name.
pub fn whole_of_first_part(name: &str) -> Option<&str> {
    name.trim().strip_suffix(FIRST_PART)?.strip_suffix(' ')
}

/// Whether a name that starts so is of a whole start, not of a retry, which adds a word.
pub fn is_of_whole_start(name: &str, name_start: &str) -> bool {
    let key = name.strip_prefix(name_start).and_then(|rest| rest.strip_suffix(']'));
    key.is_some_and(|key| !key.contains(']'))
}

/// Whether a result's name is this one, however what stands before the key is spelled.
pub fn is_named(found: &str, name: &str) -> bool {
    tail(found) == tail(name)
}

/// Whether a result's name starts so, however what stands before the key is spelled.
pub fn is_named_from(found: &str, name_start: &str) -> bool {
    match name_start.ends_with(MARK) {
        // Without a key, only the suite and the branch tell results apart.
        true => found.trim().starts_with(name_start),
        false => tail(found).starts_with(tail(name_start)),
    }
}

/// Whether a name may be this one as the platform has it: in another spelling, or cut.
pub fn may_be_spelling_of(found: &str, name: &str) -> bool {
    const LEAST: usize = 8;
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let (cut, whole) = (plain(found), plain(name));
    is_named(found, name) || (cut.len() >= LEAST && whole.starts_with(&cut))
}

/// A name from its key on; all of it where it has none.
fn tail(name: &str) -> &str {
    let name = name.trim();
    name.rfind(MARK).and_then(|at| name.get(at..)).unwrap_or(name)
}

/// A text of at most so many characters. What is cut off is told by a key in its place.
fn shortened(text: &str, most: usize) -> String {
    let text = text.trim();
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let key = key_of([text]);
    let kept: String = text.chars().take(most.saturating_sub(key.len() + 1)).collect();
    format!("{}~{key}", kept.trim_end())
}

/// Ten letters that two different lists of texts share by chance once in 10^15 pairs.
pub fn key_of<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    for part in parts {
        // With its length before it, no part can pass for the end of another.
        digest.update(&(part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    let first =
        digest.finish().as_ref().iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    letters(first)
}

/// Ten characters for a number, easy to read aloud.
pub fn letters(number: u64) -> String {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut left = number;
    let letter = |_| {
        let at = usize::try_from(left % 32).unwrap_or_default();
        left /= 32;
        LETTERS.get(at).copied().map_or('0', char::from)
    };
    (0..10).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_that_differ_only_in_what_is_cut_stay_different() {
        let long = |end: &str| format!("{}{end}", "long name ".repeat(16));
        let name = |name: &str, branch: &str| result_name_start(name, Some(branch));
        let names: BTreeSet<String> = [
            name(&long("set 101 #1"), "main"),
            name(&long("set 101 #2"), "main"),
            name(&long("set 102 #1"), "main"),
            name("short", &long("a")),
            name("short", &long("b")),
        ]
        .into();
        assert_eq!(names.len(), 5, "{names:#?}");
        for name in &names {
            assert!(name.chars().count() <= 150 + 2 + 60 + 7, "{name}");
        }
        assert_eq!(name(&long("x"), "main"), name(&long("x"), "main"));
        assert_eq!(name(" Checkout ", "main"), "Checkout @main [gate ");
        let longest = shortened(&"x".repeat(300), LONGEST_NAME);
        assert_eq!(longest.chars().count(), LONGEST_NAME);
        assert_eq!(shortened(&"x".repeat(LONGEST_NAME), LONGEST_NAME), "x".repeat(LONGEST_NAME));
    }

    #[test]
    fn the_name_of_a_retry_is_not_that_of_a_whole_start() {
        let start = "Checkout @main [gate ";
        assert!(is_of_whole_start("Checkout @main [gate ab12]", start));
        for other in [
            "Checkout @main [gate ab12] retry 1.1",
            "Checkout @main [gate ab12] [gate cd34]",
            "Returns @main [gate ab12]",
        ] {
            assert!(!is_of_whole_start(other, start), "{other}");
        }
    }

    #[test]
    fn the_start_of_a_name_goes_up_to_its_key() {
        for (name, branch) in [("Checkout", Some("main")), ("Checkout [gate old] x", None)] {
            let start = result_name_start(name, branch);
            for rest in ["ab12]", "ab12] retry 1.1", "ab12] round 1 first"] {
                assert_eq!(start_of_name(&format!("{start}{rest}")), Some(start.as_str()));
            }
        }
        for other in ["", "Checkout @main", "Checkout [gate"] {
            assert_eq!(start_of_name(other), None, "{other}");
        }
    }

    #[test]
    fn the_name_of_a_first_part_says_of_which_start_it_is() {
        let whole = "Checkout @main [gate ab12]";
        for first in [format!("{whole} {FIRST_PART}"), format!("  {whole} {FIRST_PART} ")] {
            assert_eq!(whole_of_first_part(&first), Some(whole), "{first}");
        }
        for other in ["", " retry 1.1", " round 2", " round 1 rest", " round 1 first retry 1.1"] {
            let other = format!("{whole}{other}");
            assert_eq!(whole_of_first_part(&other), None, "{other}");
        }
        assert_eq!(whole_of_first_part(FIRST_PART), None);
    }

    #[test]
    fn a_name_is_known_by_its_key() {
        let ours = "Café  checkout @main [gate ab12]";
        for same in [ours, " Cafe\u{301} checkout @main [gate ab12] ", "[gate ab12]"] {
            assert!(is_named(same, ours), "{same}");
        }
        for other in
            ["Café  checkout @main [gate ab13]", "Café  checkout @main [gate ab12] retry 1.1"]
        {
            assert!(!is_named(other, ours), "{other}");
        }
        assert!(is_named_from("cafe [gate ab12-x]", "Café [gate ab12-"));
        assert!(!is_named_from("Café [gate ab13-x]", "Café [gate ab12-"));
    }

    #[test]
    fn a_name_that_the_platform_has_cut_may_be_ours() {
        let ours = "Checkout of the shop @main [gate ab12]";
        assert!(may_be_spelling_of("checkout of the sh", ours));
        assert!(!may_be_spelling_of("Che", ours), "too short to say");
        assert!(!may_be_spelling_of("Returns of the shop", ours));
    }

    #[test]
    fn a_key_tells_where_one_part_ends_and_the_next_begins() {
        assert_ne!(key_of(["ab", "c"]), key_of(["a", "bc"]));
        // The first 8 bytes of SHA-256: names of earlier versions must stay the same.
        assert_eq!(key_of(["a"]), "nfvq78jtfb");
    }
}
