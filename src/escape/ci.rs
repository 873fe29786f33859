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

/// GitLab refuses a dotenv report with more variables than this, or longer.
const DOTENV_VARIABLES: usize = 20;
const DOTENV_BYTES: usize = 5000;
/// Longer lines come last, so that they take no room from others.
const DOTENV_LINE: usize = 300;

/// A dotenv report: a line for each output that has a value, with its name in upper case. A value is
/// there whole or, where the report would be more than GitLab takes, not at all: half an address, or
/// half a list, would be another value.
pub fn dotenv<'a>(outputs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let line = |(key, value): (&str, &str)| {
        let value = crate::escape::one_line(value);
        (!value.is_empty()).then(|| format!("{}={value}\n", key.to_uppercase()))
    };
    let lines = outputs.into_iter().filter_map(line);
    let (short, long): (Vec<_>, Vec<_>) = lines.partition(|line| line.len() <= DOTENV_LINE);
    let (mut file, mut variables) = (String::new(), 0);
    for line in short.iter().chain(&long) {
        if variables < DOTENV_VARIABLES && file.len() + line.len() < DOTENV_BYTES {
            file.push_str(line);
            variables += 1;
        }
    }
    file
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
