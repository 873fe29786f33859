//! Values for GitHub's and GitLab's own files and commands.

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

    proptest! {
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
