//! Values for the files and commands of GitHub, GitLab and Azure.

/// Untrusted text as the message of a workflow command.
pub fn command_data(text: &str) -> String {
    let clean = crate::escape::terminal::neutral(&crate::escape::visible(text));
    clean.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Untrusted text as a property of a workflow command.
pub fn command_property(text: &str) -> String {
    command_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// One entry of a `GITHUB_OUTPUT` file. `delimiter` should be random; where the value holds it
/// all the same, it is made longer until the value doesn't.
pub fn output_entry(key: &str, value: &str, delimiter: &str) -> String {
    let value = crate::escape::one_line(value);
    let mut delimiter = delimiter.to_owned();
    while value.contains(&delimiter) {
        delimiter.push('_');
    }
    format!("{key}<<{delimiter}\n{value}\n{delimiter}\n")
}

/// GitHub takes at most so many bytes of outputs of a job, counted in UTF-16.
pub const OUTPUTS: usize = 1 << 20;

/// Entries for a `GITHUB_OUTPUT` file in which `there` bytes stand already. Short values are always
/// given. A longer one is given whole where the file stays within [`OUTPUTS`], and else as an empty
/// value, which replaces one that was given earlier: half a list would be another value.
pub fn output_entries<'a>(
    outputs: impl IntoIterator<Item = (&'a str, &'a str)>,
    delimiter: &str,
    there: usize,
) -> String {
    let outputs: Vec<_> = outputs.into_iter().collect();
    let entry = |(key, value): (&str, &str)| output_entry(key, value, delimiter);
    // A byte of a file of others is at most one unit of UTF-16.
    let units = |entry: &str| 2 * entry.encode_utf16().count();
    let fixed: usize = outputs
        .iter()
        .map(|(key, value)| units(&entry((key, if is_long(value) { "" } else { value }))))
        .sum();
    let mut room = OUTPUTS.saturating_sub(there.saturating_mul(2)).saturating_sub(fixed);
    let mut text = String::new();
    for (key, value) in outputs {
        let whole = entry((key, value));
        match room.checked_sub(units(&whole)) {
            Some(rest) if is_long(value) => {
                room = rest;
                text.push_str(&whole);
            }
            None if is_long(value) => text.push_str(&entry((key, ""))),
            _ => text.push_str(&whole),
        }
    }
    text
}

/// Whether a value may be left out where there is little room.
fn is_long(value: &str) -> bool {
    value.len() > LONG
}

/// A longer value, in bytes, comes last where there is little room: it takes none from others.
const LONG: usize = 300;

/// GitLab refuses a dotenv report with more variables than this, or longer.
const DOTENV_VARIABLES: usize = 20;
const DOTENV_BYTES: usize = 5000;

/// A dotenv report: a line for each output that has a value, with its name in upper case. A value is
/// there whole or, where the report would be more than GitLab takes, not at all: half an address, or
/// half a list, would be another value.
pub fn dotenv<'a>(outputs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let line = |(key, value): (&str, &str)| {
        let value = crate::escape::one_line(value);
        (!value.is_empty()).then(|| format!("{}={value}\n", key.to_uppercase()))
    };
    let lines = outputs.into_iter().filter_map(line);
    let (short, long): (Vec<_>, Vec<_>) = lines.partition(|line| !is_long(line));
    let (mut file, mut variables) = (String::new(), 0);
    for line in short.iter().chain(&long) {
        if variables < DOTENV_VARIABLES && file.len() + line.len() < DOTENV_BYTES {
            file.push_str(line);
            variables += 1;
        }
    }
    file
}

/// Later steps get each variable in their environment. Windows takes no value of 32,767 characters
/// there, and Linux starts no program with one of 131,072 bytes.
const AZURE_VARIABLE: usize = 30_000;

/// Untrusted text as the value of a variable of Azure Pipelines: whole, or empty where it is longer
/// than later steps can get. Half a list would be another value.
pub fn azure_value(text: &str) -> String {
    let value = azure_data(&crate::escape::one_line(text));
    if value.len() > AZURE_VARIABLE { String::new() } else { value }
}

/// Untrusted text as the message of an Azure logging command, or the value of a variable.
///
/// The agent decodes `%0A` and its like, and by its version may or may not know an escape for `%`
/// itself. So what it would decode is broken by a space, and everything else stays as it reads.
pub fn azure_data(text: &str) -> String {
    let clean = crate::escape::terminal::neutral(&crate::escape::visible(text));
    let mut out = String::with_capacity(clean.len());
    for (at, c) in clean.char_indices() {
        match c {
            '\n' => out.push_str("%0A"),
            '%' => {
                out.push('%');
                let rest = clean.get(at + 1..).unwrap_or_default().to_ascii_uppercase();
                if ["0D", "0A", "5D", "3B", "25", "AZP25"].iter().any(|code| rest.starts_with(code))
                {
                    out.push(' ');
                }
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::escape::tests::hostile;

    #[test]
    fn percent_is_escaped_first() {
        assert_eq!(command_data("100%\nof %0A"), "100%25%0Aof %250A");
        assert_eq!(command_property("a:b,c"), "a%3Ab%2Cc");
    }

    #[test]
    fn a_delimiter_in_the_value_grows() {
        assert_eq!(output_entry("k", "x EOF_ y", "EOF"), "k<<EOF__\nx EOF_ y\nEOF__\n");
    }

    #[test]
    fn outputs_never_grow_beyond_what_github_takes() {
        let long = "1,".repeat(OUTPUTS / 8);
        let entries = |there| {
            let pairs = [("ids", long.as_str()), ("more", &long), ("verdict", "pass")];
            output_entries(pairs, "EOF", there)
        };
        let (ids, more) = (format!("ids<<EOF\n{long}\nEOF\n"), "more<<EOF\n\nEOF\n");
        let verdict = "verdict<<EOF\npass\nEOF\n";
        // One of the two has room, and the other one is empty.
        assert_eq!(entries(0), format!("{ids}{more}{verdict}"));
        assert!(2 * entries(0).len() <= OUTPUTS);
        // What others have written counts, and short values are there whatever they wrote.
        let none = format!("ids<<EOF\n\nEOF\n{more}{verdict}");
        for there in [OUTPUTS / 2, OUTPUTS, usize::MAX] {
            assert_eq!(entries(there), none, "{there}");
        }
        // Two bytes of UTF-16 are three of UTF-8.
        let wide = "\u{4e00}".repeat(OUTPUTS / 2 - 100);
        assert!(output_entries([("a", wide.as_str())], "EOF", 0).len() > OUTPUTS);
    }

    #[test]
    fn an_azure_variable_is_whole_or_empty() {
        let fits = "1".repeat(AZURE_VARIABLE);
        assert_eq!(azure_value(&fits), fits);
        assert_eq!(azure_value(&format!("{fits}1")), "");
    }

    #[test]
    fn a_dotenv_report_has_whole_values_within_what_gitlab_takes() {
        let (long, longer) = ("1,".repeat(1500), "2,".repeat(1500));
        let file = dotenv([("a", long.as_str()), ("b", &longer), ("c", ""), ("d", "x")]);
        assert_eq!(file, format!("D=x\nA={long}\n"));
        let many: Vec<(String, String)> = (0..30).map(|n| (format!("v{n}"), "1".into())).collect();
        let many = dotenv(many.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        assert_eq!(many.lines().count(), 20);
    }

    #[test]
    fn azure_decodes_nothing_but_our_own_line_breaks() {
        assert_eq!(azure_data("97% of\nit"), "97% of%0Ait");
        assert_eq!(azure_data("%0a %3B %AZP250A]"), "% 0a % 3B % AZP250A]");
        assert_eq!(azure_data("##vso[task.complete]\r\nx"), "## vso[task.complete]%0Ax");
    }

    proptest! {
        #[test]
        fn an_azure_value_is_one_line_without_a_command(text in hostile()) {
            let data = azure_data(&text);
            prop_assert!(!data.contains(['\n', '\r', '\x1b']));
            prop_assert!(!crate::escape::terminal::tests::holds_a_command(&data));
            let lines = crate::escape::terminal::neutral(&crate::escape::visible(&text));
            prop_assert_eq!(data.matches("%0A").count(), lines.matches('\n').count());
            for code in ["%0D", "%5D", "%3B", "%AZP25", "%0a"] {
                prop_assert!(!data.contains(code), "{}", data);
            }
        }

        #[test]
        fn a_command_is_one_line_and_its_properties_end_nowhere(text in hostile()) {
            let data = command_data(&text);
            prop_assert!(!data.contains(['\n', '\r']));
            for (at, _) in data.match_indices('%') {
                prop_assert!(["%25", "%0A"].iter().any(|code| data[at..].starts_with(code)));
            }
            prop_assert!(!command_property(&text).contains([':', ',', '\n']));
        }

        #[test]
        fn an_output_holds_one_value(text in hostile()) {
            let entry = output_entry("key", &text, "EOF");
            let lines: Vec<&str> = entry.split('\n').collect();
            prop_assert_eq!(lines.len(), 4);
            let delimiter = lines[0].strip_prefix("key<<").unwrap();
            prop_assert_eq!(lines[2], delimiter);
            prop_assert!(!lines[1].contains(delimiter));
        }

        #[test]
        fn a_dotenv_report_has_a_line_for_a_value(text in hostile()) {
            let file = dotenv([("key", text.as_str())]);
            prop_assert!(file.is_empty() || (file.starts_with("KEY=") && file.ends_with('\n')));
            prop_assert_eq!(file.matches('\n').count(), usize::from(!file.is_empty()));
        }
    }
}
