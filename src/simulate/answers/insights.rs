//! What the platform says about the failures of a result that has ended.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::dialogue::Mishap;
use crate::record::Status;
use crate::simulate::state::HeldRun;

/// Adds the platform's explanations to a result's document.
pub(super) fn add(document: &mut Map<String, Value>, runs: &[(&HeldRun, Status)], now: &str) {
    let mut causes: BTreeMap<Mishap, Vec<u64>> = BTreeMap::new();
    let mut unheld = Vec::new();
    for (run, status) in runs {
        match run.fate.end.mishap().filter(|_| *status == Status::Completed) {
            Some(mishap) => causes.entry(mishap).or_default().push(run.id),
            None if !run.fate.end.is_conversation() => unheld.push(run.id),
            None => {}
        }
    }
    let mut causes: Vec<(Mishap, Vec<u64>)> = causes.into_iter().collect();
    causes.sort_by_key(|(_, ids)| std::cmp::Reverse(ids.len()));
    let failed: usize = causes.iter().map(|(_, ids)| ids.len()).sum();
    if failed == 0 {
        document.insert("ai_summary_status".into(), json!("skipped_no_failures"));
        return;
    }
    let issues: Vec<Value> = causes
        .iter()
        .zip(1..)
        .map(|((mishap, ids), rank)| {
            json!({
                "rank": rank,
                "run_ids": ids,
                "description": mishap.description(),
                "affected_count": ids.len(),
            })
        })
        .collect();
    let remedies: Vec<(&str, &str)> = causes.iter().map(|(mishap, _)| mishap.remedy()).collect();
    let why: Vec<&str> = causes.iter().map(|(mishap, _)| mishap.description()).collect();
    let how: Vec<&str> = remedies.iter().map(|(_, description)| *description).collect();
    let mut what = format!(
        "{failed} of {} failed. The failures fall into {}.",
        crate::text::count(runs.len(), "run"),
        crate::text::count(causes.len(), "group"),
    );
    if !unheld.is_empty() {
        let unheld = crate::text::count(unheld.len(), "more run");
        what.push_str(&format!(" {unheld} never became a conversation."));
    }
    let steps: Vec<Value> = remedies
        .iter()
        .map(|(title, description)| json!({ "title": title, "description": description }))
        .collect();
    document
        .insert("failed_reasons".into(), json!({ "issues": issues, "total_failed_runs": failed }));
    document.insert(
        "ai_summary".into(),
        json!({
            "what_happened": what,
            "why_it_happened": why.join(" "),
            "how_to_fix": how.join(" "),
            "generated_from_runs_count": runs.len(),
            "generated_at": now,
        }),
    );
    document.insert("ai_summary_status".into(), json!("completed"));
    document.insert("next_steps".into(), json!(steps));
}

/// Which of the agent's paths the runs covered.
pub(super) fn paths(paths: &BTreeMap<String, bool>, now: &str) -> Value {
    let of = |wanted: bool| -> Vec<&String> {
        paths.iter().filter(|(_, covered)| **covered == wanted).map(|(path, _)| path).collect()
    };
    let (covered, uncovered) = (of(true), of(false));
    let share = covered.len() as f64 / paths.len().max(1) as f64 * 100.0;
    json!({
        "coverage_pct": (share * 10.0).round() / 10.0,
        "total_paths": paths.len(),
        "covered_paths": covered,
        "uncovered_paths": uncovered,
        "generated_at": now,
    })
}
