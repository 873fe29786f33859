//! The files that name several gates: `gates.yml`, and the lists of Cekura's batch action.

use schemars::JsonSchema;
use serde::Deserialize;

use super::batch::{self, Bare, Group, Keyed};
use crate::document::{self, Diagnostics, Document, Format, Path, Places, Root, Source, Top};
use crate::scalars::Timeout;
use crate::suite;
use crate::suite::model::Budget;
use crate::suite::thresholds::Thresholds;

/// Suites that are gated side by side, and what they share.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "cekura-gate gates", extend("required" = ["version"]))]
pub struct Gates {
    /// Version of the format. Always 1.
    #[schemars(range(min = 1, max = 1), extend("default" = 1))]
    pub version: u32,
    /// Name of the whole. Default: the file's name.
    #[schemars(length(min = 1, max = 200))]
    pub name: Option<String>,
    /// Suite files, or directories of them, below this file's own directory.
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub suites: Vec<String>,
    /// Groups as Cekura's batch action has them, each a suite of its own.
    #[schemars(length(min = 1))]
    pub batch: Option<Vec<Group>>,
    /// What the runs of each group of the `batch` must show. Without it every run must pass.
    pub thresholds: Option<Thresholds>,
    /// How many calls all suites may have at the same time. Default: as many as the account allows.
    #[schemars(range(min = 1))]
    pub concurrency: Option<u32>,
    /// How long all suites may take together. What has not started by then is not started. Default:
    /// no limit but each suite's own.
    pub timeout: Option<Timeout>,
    /// Limits for all suites together, checked before the first call.
    pub budget: Option<Budget>,
    /// Directory of the reports: one below it for each suite. Default: cekura-report.
    #[schemars(length(min = 1))]
    pub report_dir: Option<String>,
}

impl Root for Gates {
    fn format(name: &str) -> Option<Format> {
        suite::format(name)
    }
}

impl Root for Keyed {
    fn format(name: &str) -> Option<Format> {
        suite::format(name)
    }
}

impl Root for Bare {
    fn format(name: &str) -> Option<Format> {
        suite::format(name)
    }
}

/// A file that names several gates, as it was read.
#[derive(Debug)]
pub struct List {
    /// What it names.
    pub gates: Gates,
    /// Where the groups of its batch stand.
    pub within: Path,
    /// Whether it is the batch action's list and nothing else.
    pub is_foreign: bool,
    /// Where each part stands in the text.
    pub places: Places,
}

/// Reads a file that names several gates; none where it is none.
///
/// # Errors
///
/// Every fault of the text, each with its place.
pub fn read(
    source: Source<'_>,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<List>, Diagnostics> {
    let top = document::top(source.text);
    let foreign = |groups: Vec<Group>, within: Path, places: Places| List {
        gates: Gates { version: 1, batch: Some(groups), ..Gates::default() },
        within,
        is_foreign: true,
        places,
    };
    if top.has("suites") || top.has("batch") {
        let Document { value, places } = document::read::<Gates>(source, lookup)?;
        let within = Path::of(["batch"]);
        return Ok(Some(List { gates: value, within, is_foreign: false, places }));
    }
    if top.has("groups") {
        let Document { value, places } = document::read_foreign::<Keyed>(source, &batch::LISTS)?;
        return Ok(Some(foreign(value.groups, Path::of(["groups"]), places)));
    }
    if top == Top::List {
        let Document { value, places } = document::read_foreign::<Bare>(source, &batch::LISTS)?;
        return Ok(Some(foreign(value.0, Path::root(), places)));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> List {
        read(Source { name: "a", text }, &|_| Some("5".to_owned())).unwrap().unwrap()
    }

    #[test]
    fn a_batch_is_taken_as_it_is() {
        let group = "name: a\n  agent_id: 1\n  scenario_ids: 1,2\n  phone_number:\n";
        for text in [
            format!("- {group}"),
            format!("groups:\n- {group}"),
            r#"[{"name": "a", "agent_id": "1", "scenario_ids": [1, "2"], "phone_number": ""}]"#
                .to_owned(),
            r#"{"groups": [{"name": "a", "agent_id": 1, "scenario_ids": "1,2"}]}"#.to_owned(),
        ] {
            let list = list(&text);
            let groups = list.gates.batch.unwrap();
            assert_eq!(groups.len(), 1, "{text}");
            assert_eq!(groups[0].scenario_ids.as_ref().unwrap().0, [1, 2]);
            assert_eq!(groups[0].phone_number, None);
            assert!(list.is_foreign);
        }
    }

    #[test]
    fn what_looks_like_a_variable_is_text_in_a_batch_and_a_variable_in_a_list() {
        let batch = list("- {agent_id: 1, scenario_ids: 1, phone_number: \"${A}\"}");
        assert_eq!(batch.gates.batch.unwrap()[0].phone_number.as_deref(), Some("${A}"));
        let own = list("version: 1\nconcurrency: ${A}\nsuites: [a.yml]");
        assert_eq!(own.gates.concurrency, Some(5));
    }

    #[test]
    fn a_suite_and_a_text_that_cannot_be_read_are_no_lists() {
        for text in ["version: 1\nagent: 1", "{", "", "\"text\""] {
            assert!(read(Source { name: "a", text }, &|_| None).unwrap().is_none(), "{text}");
        }
    }

    #[test]
    fn an_unknown_key_of_a_group_is_shown_with_the_nearest_one() {
        let text = "- name: a\n  agetnt_id: 1\n  scenario_ids: 1\n";
        let faults = read(Source { name: "b.yml", text }, &|_| None).unwrap_err().to_string();
        assert!(faults.contains("b.yml:2:3") && faults.contains("agent_id"), "{faults}");
    }
}
