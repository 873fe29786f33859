//! Values for the files and commands of GitHub, GitLab and Azure.

/// Untrusted text as the message of a workflow command.
pub fn command_data(text: &str) -> String {
    let clean = super::terminal::neutral(&super::visible(text));
    clean.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Untrusted text as a property of a workflow command.
pub fn command_property(text: &str) -> String {
    command_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// One entry of a `GITHUB_OUTPUT` file. `delimiter` should be random; where the value holds it
/// all the same, it is made longer until the value doesn't.
pub fn output_entry(key: &str, value: &str, delimiter: &str) -> String {
    let value = super::one_line(value);
    let mut delimiter = delimiter.to_owned();
    while value.contains(&delimiter) {
        delimiter.push('_');
    }
    format!("{key}<<{delimiter}\n{value}\n{delimiter}\n")
}

/// One line of a dotenv file, cut to 300 characters of value; none without a value.
pub fn dotenv_line(key: &str, value: &str) -> Option<String> {
    let value: String = super::one_line(value).chars().take(300).collect();
    (!value.is_empty()).then(|| format!("{key}={value}\n"))
}

/// Untrusted text as the message of an Azure logging command, or the value of a variable.
///
/// The agent decodes `%0A` and its like, and by its version may or may not know an escape for `%`
/// itself. So what it would decode is broken by a space, and everything else stays as it reads.
pub fn azure_data(text: &str) -> String {
    let clean = super::terminal::neutral(&super::visible(text));
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

    use super::super::tests::hostile;
    use super::*;

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
            prop_assert!(!super::super::terminal::tests::holds_a_command(&data));
            let lines = super::super::terminal::neutral(&super::super::visible(&text));
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
        fn a_dotenv_line_is_one_line(text in hostile()) {
            if let Some(line) = dotenv_line("KEY", &text) {
                prop_assert_eq!(line.matches('\n').count(), 1);
                prop_assert!(line.starts_with("KEY=") && line.ends_with('\n') && line.len() <= 1210);
            }
        }
    }
}
