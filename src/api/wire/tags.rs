//! `runs_by_tags` of a result: the only place where it tells the tags of its scenarios.
//!
//! Its shape is not published: each tag has its runs, as ids, as objects with an id, or as an object
//! keyed by id. What cannot be read names no run, and where no tag names any, nothing is known.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::lenient;
use crate::record::{RunRecord, Status};

/// The tags of a result's runs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct RunsByTags {
    by_run: BTreeMap<u64, BTreeSet<String>>,
    /// Whether a run that no tag names is known to have none.
    is_whole: bool,
}

impl RunsByTags {
    /// Reads the field of a result with this status.
    pub(super) fn of(field: &Value, status: &Status) -> Self {
        let mut by_run: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
        for (tag, runs) in field.as_object().into_iter().flatten() {
            for run in ids(runs) {
                by_run.entry(run).or_default().insert(tag.clone());
            }
        }
        // While runs are going it may name only those that have ended.
        let is_whole = !by_run.is_empty() && status.is_terminal();
        Self { by_run, is_whole }
    }

    /// Puts the tags into the runs.
    pub(super) fn mark(&self, runs: &mut [RunRecord]) {
        for run in runs {
            let tags = self.by_run.get(&run.id);
            if tags.is_some() || self.is_whole {
                run.tags = Some(tags.into_iter().flatten().cloned().collect());
            }
        }
    }
}

/// The ids of runs that stand in the entry of a tag.
fn ids(runs: &Value) -> Vec<u64> {
    let id_of = |value: &Value| {
        let own = ["id", "run_id"].into_iter().find_map(|key| value.get(key));
        lenient::whole_of(own.unwrap_or(value))
    };
    match runs {
        Value::Array(items) => items.iter().filter_map(id_of).collect(),
        Value::Object(fields) => {
            let list = ["runs", "run_ids"].into_iter().find_map(|key| fields.get(key));
            match list {
                Some(list) => ids(list),
                None => fields.keys().filter_map(|key| key.trim().parse().ok()).collect(),
            }
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn marked(field: Value, status: Status) -> Vec<Option<Vec<String>>> {
        let mut runs: Vec<RunRecord> =
            (1..=3).map(|id| RunRecord { id, ..RunRecord::default() }).collect();
        RunsByTags::of(&field, &status).mark(&mut runs);
        runs.into_iter().map(|run| run.tags).collect()
    }

    #[test]
    fn tags_are_read_in_whatever_shape_they_name_their_runs() {
        let tags = |tags: &[&str]| Some(tags.iter().map(|tag| (*tag).to_owned()).collect());
        for field in [
            json!({"b": [1, "2"], "a": [1]}),
            json!({"b": [{"id": 1}, {"run_id": 2}], "a": [{"id": "1"}]}),
            json!({"b": {"1": {}, "2": {}}, "a": {"runs": [1]}}),
            json!({"b": {"run_ids": [1, 2]}, "a": {"count": 1, "runs": {"1": {}}}}),
        ] {
            let found = marked(field.clone(), Status::Completed);
            assert_eq!(found, [tags(&["a", "b"]), tags(&["b"]), tags(&[])], "{field}");
        }
    }

    #[test]
    fn what_names_no_run_tells_nothing() {
        for field in [json!(null), json!({}), json!("x"), json!([1]), json!({"a": "x", "b": []})] {
            assert_eq!(marked(field.clone(), Status::Completed), [None, None, None], "{field}");
        }
    }

    #[test]
    fn while_runs_are_going_a_run_that_is_not_named_may_have_any_tag() {
        let found = marked(json!({"a": [1]}), Status::Running);
        assert_eq!(found, [Some(vec!["a".to_owned()]), None, None]);
    }
}
