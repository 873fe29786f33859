//! What Azure Pipelines reads: logging commands for issues, the summary and output variables.

use std::path::Path;

use super::issues::{Issue, issues};
use super::model::Report;
use crate::escape::ci::{azure_data, azure_value};

/// The issues of a finished gate, a command each: at most ten errors and ten warnings, the most
/// useful first. Each is shorter than 4,096 characters.
pub fn annotations(report: &Report) -> String {
    issues(report).iter().map(issue).collect()
}

/// The commands that show the summary and set the variables. `summary` is the absolute path of the
/// summary, if it was written.
pub fn results(outputs: &[(&'static str, String)], summary: Option<&Path>) -> String {
    let mut out = String::new();
    if let Some(path) = summary {
        let path = azure_data(&path.display().to_string());
        out.push_str(&format!("##vso[task.uploadsummary]{path}\n"));
    }
    for (name, value) in outputs {
        out.push_str(&variable(name, value));
    }
    out
}

/// Sets an output variable of the step: `$(STEP.NAME)` in later steps of the job. `name` is ours.
fn variable(name: &str, value: &str) -> String {
    format!("##vso[task.setvariable variable={name};isOutput=true]{}\n", azure_value(value))
}

fn issue(issue: &Issue) -> String {
    let text = azure_data(&format!("{}: {}", issue.title, issue.message));
    format!("##vso[task.logissue type={}]{text}\n", issue.level.word())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_one_line_of_what_can_be_seen() {
        let forged = variable("name", "a\u{1b}[2J\u{202e}b\n##vso[task.complete]c");
        assert!(!forged.contains(['\u{1b}', '\u{202e}']), "{forged:?}");
        assert_eq!(forged.matches("##vso[").count(), 1, "{forged:?}");
        assert_eq!(forged.lines().count(), 1, "{forged:?}");
    }
}
