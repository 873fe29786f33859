//! Scores before and after they were judged again.

use serde::Serialize;

use super::super::console::Style;
use super::super::words;
use super::title;
use crate::escape::short;
use crate::escape::terminal::neutral;
use crate::record::{MetricRecord, ResultRecord};
use crate::text;

/// A score before and after.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rescored {
    /// Id of the run.
    pub run: u64,
    /// Id of the metric.
    pub metric: u64,
    /// Name of the metric.
    pub name: Option<String>,
    /// The score as it was, in words; none when there was none.
    pub before: Option<String>,
    /// The score as it is; none when there is none.
    pub after: Option<String>,
}

/// The scores of some metrics of some runs, before and after.
pub fn rescored(
    before: &ResultRecord,
    after: &ResultRecord,
    runs: &[u64],
    metrics: &[u64],
) -> Vec<Rescored> {
    let find = |record: &'_ ResultRecord, run: u64, metric: u64| -> Option<MetricRecord> {
        let run = record.runs.iter().find(|one| one.id == run)?;
        run.metrics.iter().find(|one| one.id == Some(metric)).cloned()
    };
    let pairs = runs.iter().flat_map(|run| metrics.iter().map(|metric| (*run, *metric)));
    pairs
        .map(|(run, metric)| {
            let (old, new) = (find(before, run, metric), find(after, run, metric));
            Rescored {
                run,
                metric,
                name: new.as_ref().or(old.as_ref()).map(|one| one.name.clone()),
                before: old.as_ref().map(words::score),
                after: new.as_ref().map(words::score),
            }
        })
        .collect()
}

impl Rescored {
    /// The scores for a person: those that changed, and how many did not.
    pub fn show(all: &[Rescored], style: Style) -> String {
        let mut out = String::new();
        let changed: Vec<&Rescored> = all.iter().filter(|one| one.before != one.after).collect();
        title(&mut out, style, "New scores");
        let word = |score: &Option<String>| match score {
            Some(score) => short(score, 40),
            None => "none".to_owned(),
        };
        for one in &changed {
            let name = one.name.as_deref().map(|name| short(name, 60));
            let line = format!(
                "run {} · {} ({}): {} → {}",
                one.run,
                name.unwrap_or_else(|| "metric".to_owned()),
                one.metric,
                word(&one.before),
                word(&one.after)
            );
            out.push_str(&style.wrap("  ", 4, &line));
        }
        let same = all.len() - changed.len();
        if same > 0 {
            out.push_str(&format!("  {} as before\n", text::count(same, "score")));
        }
        neutral(&out)
    }
}
