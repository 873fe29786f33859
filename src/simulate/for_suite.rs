//! A world made up from what a suite asks for, so that a rehearsal needs no world file.
//!
//! Its scenarios are the suite's, its metrics are guessed from the suite's checks, and its figures
//! lie on the good side of the thresholds: the suite typically passes.

use std::collections::{BTreeMap, BTreeSet};

use super::world::{Agent, Kind, Metric, Named, Project, Scenario, Span, Values, World};
use crate::checks::figures::DURATION;
use crate::checks::grammar::{Aggregate, Operator, Threshold, Unit};
use crate::checks::spec::{CheckSpec, Checks};
use crate::checks::units;
use crate::spec::model::{Case, MetricRef, Spec};
use crate::spec::words::Slug;
use crate::suite::model::Suite;
use crate::suite::thresholds::{Group, Thresholds};

const NAMES: [&str; 8] = [
    "Where is my order",
    "Return shoes that are too small",
    "Book a fitting appointment",
    "Card declined at the checkout",
    "Change the delivery address",
    "Cancel within the hour",
    "Sunday opening hours",
    "Complaint about a broken lamp",
];

impl World {
    /// Makes up a world that holds what `suite` asks for and typically passes it.
    pub fn for_suite(suite: &Suite) -> World {
        let thresholds = suite.thresholds.clone().unwrap_or_default();
        let agent = suite.agent.unwrap_or(1);
        let project = suite.project.unwrap_or(1);
        let ids = |ids: &Option<Vec<u64>>, noun: &str| -> Vec<Named> {
            let ids = ids.iter().flatten();
            ids.map(|id| Named { id: *id, name: format!("{noun} {id}") }).collect()
        };
        World {
            projects: vec![Project { id: project, name: "Rehearsal".into() }],
            agents: vec![Agent {
                id: agent,
                name: "Agent under rehearsal".into(),
                project,
                assistant: suite.assistant.clone(),
                pass: None,
                version: None,
            }],
            personalities: ids(&suite.personalities, "Personality"),
            test_profiles: ids(&suite.test_profiles, "Test profile"),
            scenarios: scenarios(suite, &thresholds),
            metrics: metrics(&thresholds, suite.test_cases().as_ref()),
            ..World::default()
        }
    }
}

fn scenarios(suite: &Suite, thresholds: &Thresholds) -> Vec<Scenario> {
    let mut ids: Vec<u64> = suite.scenarios.clone().unwrap_or_default();
    let named = ids.len();
    if suite.scenarios.is_none() || suite.tags.is_some() {
        let quarantined = suite.quarantine.iter().flatten().map(|entry| entry.scenario);
        let more: Vec<u64> =
            quarantined.chain(101..).filter(|id| !ids.contains(id)).take(5).collect();
        ids.extend(more);
    }
    let pass = pass(thresholds);
    let duration = duration(thresholds);
    if let Some(spec) = suite.test_cases() {
        let cases = spec.scenarios.into_iter().zip(101..);
        let like = |(case, id): (Case, u64)| Scenario {
            id,
            name: case.name,
            pass,
            duration,
            ..Scenario::default()
        };
        return cases.map(like).collect();
    }
    let groups: Vec<&Group> = thresholds.groups.values().collect();
    ids.iter()
        .zip(NAMES.iter().cycle())
        .enumerate()
        .map(|(place, (id, name))| Scenario {
            id: *id,
            name: name_of(place, name, &groups),
            folder: suite.folder.clone(),
            tags: tags(place, place < named, suite, &groups),
            pass,
            duration,
            ..Scenario::default()
        })
        .collect()
}

/// The tags of a scenario: the suite's, unless it is named by its id, and those of every second
/// group, so that each group has some of the scenarios.
fn tags(place: usize, is_named: bool, suite: &Suite, groups: &[&Group]) -> Vec<String> {
    let mut tags = if is_named { Vec::new() } else { suite.tags.clone().unwrap_or_default() };
    let of_groups = groups.iter().enumerate().filter(|(at, _)| (at + place).is_multiple_of(2));
    let first = of_groups.filter_map(|(_, group)| group.tags.as_ref()?.first());
    tags.extend(
        first.filter(|tag| !suite.exclude_tags.iter().flatten().any(|out| out == *tag)).cloned(),
    );
    tags.dedup();
    tags
}

/// The name of a scenario: one that a group asks for, where there is such a group.
fn name_of(place: usize, usual: &str, groups: &[&Group]) -> String {
    let patterns = groups.iter().filter_map(|group| group.names.as_ref()?.first());
    match patterns.clone().nth(place) {
        Some(pattern) => pattern.replace('*', &format!(" {usual} ")).trim().to_owned(),
        None => usual.to_owned(),
    }
}

/// How often conversations pass: nineteen in twenty, or more where the suite wants more.
fn pass(thresholds: &Thresholds) -> f64 {
    let in_rules = |rules: &Thresholds| {
        let of_each = rules.each_scenario.iter().flat_map(|each| each.figures.iter());
        let rates = rules.figures.iter().chain(of_each).filter(|(one, _)| one.sees_failures());
        let specs = rates.flat_map(|(_, checks)| &checks.0);
        specs
            .filter(|spec| spec.check.threshold.unit == Unit::Percent)
            .map(|spec| spec.check.threshold.value / 100.0)
            .fold(0.0, f64::max)
    };
    let wanted =
        thresholds.with_groups().iter().map(|(_, rules)| in_rules(rules)).fold(0.0, f64::max);
    // Without thresholds every run must pass.
    if *thresholds == Thresholds::default() { 1.0 } else { comfortable(wanted).max(0.95) }
}

/// A rate that clears `wanted` with room for chance.
fn comfortable(wanted: f64) -> f64 {
    1.0 - (1.0 - wanted) / 8.0
}

fn duration(thresholds: &Thresholds) -> Span {
    let groups = thresholds.groups.values().map(|group| &group.figures);
    let all = std::iter::once(&thresholds.figures).chain(groups);
    let all = all.filter_map(|figures| figures.get(&DURATION));
    let specs: Vec<&CheckSpec> = all.flat_map(|one| &one.0).collect();
    let bounds = Bounds::of(&specs, Some(Unit::Seconds));
    match bounds {
        Bounds { low: None, high: None } => Span::default(),
        bounds => {
            let (mean, spread) = bounds.middle();
            Span { mean, spread }
        }
    }
}

fn metrics(thresholds: &Thresholds, spec: Option<&Spec>) -> Vec<Metric> {
    let refs: Vec<String> = spec.into_iter().flat_map(metric_refs).collect();
    let mut checks: BTreeMap<&str, Vec<&CheckSpec>> = BTreeMap::new();
    let each = thresholds.each_scenario.iter().flat_map(|each| &each.metrics);
    let of_groups = thresholds.groups.values().flat_map(|group| {
        let each = group.each_scenario.iter().flat_map(|each| &each.metrics);
        group.metrics.iter().chain(each)
    });
    for (name, Checks(specs)) in thresholds.metrics.iter().chain(each).chain(of_groups) {
        checks.entry(name).or_default().extend(specs);
    }
    for name in thresholds.baseline.iter().flat_map(|baseline| baseline.metrics.keys()) {
        checks.entry(name).or_default();
    }
    // What only the test cases name is there, too.
    for name in &refs {
        if !checks.keys().any(|known| known.to_lowercase() == *name) {
            checks.entry(name).or_default();
        }
    }
    let taken: BTreeSet<u64> = checks.keys().filter_map(|name| name.parse().ok()).collect();
    let mut free = (501..).filter(|id| !taken.contains(id));
    checks
        .into_iter()
        .map(|(name, specs)| {
            let own: Option<u64> = name.parse().ok();
            let (kind, values) = guess(name, &specs);
            Metric {
                id: own.or_else(|| free.next()).unwrap_or_default(),
                name: own.map_or_else(|| name.to_owned(), |id| format!("Metric {id}")),
                slug: name.to_lowercase().parse::<Slug>().ok().map(|slug| slug.0),
                kind,
                values,
                ..Metric::default()
            }
        })
        .collect()
}

/// The metrics that test cases name.
fn metric_refs(spec: &Spec) -> Vec<String> {
    let defaults = spec.defaults.iter().filter_map(|defaults| defaults.metrics.as_ref());
    let own = spec.scenarios.iter().filter_map(|case| case.metrics.as_ref());
    let refs = defaults.chain(own).flatten().map(|metric| match metric {
        MetricRef::Id(id) => id.to_string(),
        MetricRef::Slug(slug) => slug.0.clone(),
    });
    refs.collect()
}

/// What kind of metric the checks speak of, and values that pass them.
fn guess(name: &str, specs: &[&CheckSpec]) -> (Kind, Values) {
    let shares = |spec: &&&CheckSpec| matches!(spec.check.aggregate, Some(Aggregate::Share(_)));
    if specs.iter().any(|spec| shares(&spec)) {
        return (Kind::Enum, Values { labels: Some(labels(specs)), ..Values::default() });
    }
    let percent = |spec: &&CheckSpec| spec.check.threshold.unit == Unit::Percent;
    if specs.is_empty() || specs.iter().any(percent) {
        return (Kind::Binary, Values { pass: Some(share(specs)), ..Values::default() });
    }
    let unit = specs.iter().find_map(|spec| spec.unit);
    let bounds = Bounds::of(specs, units::assumed([name], unit, None).unit);
    let bare = specs.iter().all(|spec| spec.check.threshold.unit == Unit::None);
    let rating = |low: f64| bare && bounds.high.is_none() && (0.0..=100.0).contains(&low);
    if let Some(low) = bounds.low.filter(|low| rating(*low)) {
        let max = if low <= 5.0 { 5.0 } else { 100.0 };
        let (mean, spread) = (0.5 * (low + max), (max - low) / 8.0);
        let values =
            Values { mean: Some(mean), spread: Some(spread), max: Some(max), ..Values::default() };
        return (Kind::Rating, values);
    }
    let (mean, spread) = bounds.middle();
    (Kind::Numeric, Values { mean: Some(mean), spread: Some(spread), ..Values::default() })
}

/// A share on the good side of the checks.
fn share(specs: &[&CheckSpec]) -> f64 {
    let mut share = 0.98_f64;
    for spec in specs {
        let wanted = spec.check.threshold.value / 100.0;
        share = match spec.check.operator {
            Operator::AtLeast | Operator::Above => share.max(comfortable(wanted)),
            Operator::AtMost | Operator::Below => share.min(wanted / 8.0),
            Operator::Equal => wanted,
            Operator::Unequal => share,
        };
    }
    share
}

/// Labels as often as the checks want them, and one that the checks do not name for the rest.
fn labels(specs: &[&CheckSpec]) -> BTreeMap<String, f64> {
    let mut labels: BTreeMap<String, f64> = BTreeMap::new();
    for spec in specs {
        if let Some(Aggregate::Share(label)) = &spec.check.aggregate {
            let weight = match spec.check.operator {
                Operator::AtMost | Operator::Below => spec.check.threshold.value / 100.0 / 8.0,
                Operator::AtLeast | Operator::Above => {
                    comfortable(spec.check.threshold.value / 100.0)
                }
                Operator::Equal => spec.check.threshold.value / 100.0,
                Operator::Unequal => 0.5,
            };
            labels.insert(label.clone(), weight);
        }
    }
    let rest = 1.0 - labels.values().sum::<f64>();
    let other = ["neutral", "calm", "other"].into_iter().find(|name| !labels.contains_key(*name));
    if let Some(other) = other.filter(|_| rest > 0.0) {
        labels.insert(other.to_owned(), rest);
    }
    labels
}

/// Between what a metric's values must lie, in the metric's own unit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Bounds {
    low: Option<f64>,
    high: Option<f64>,
}

impl Bounds {
    /// The bounds of the checks, except those on how many values there are.
    fn of(specs: &[&CheckSpec], unit: Option<Unit>) -> Self {
        let mut bounds = Bounds::default();
        for spec in specs {
            let check = &spec.check;
            if matches!(check.aggregate, Some(Aggregate::Count | Aggregate::Sum)) {
                continue;
            }
            let value = in_unit(check.threshold, unit);
            let low = bounds.low.map_or(value, |low: f64| low.max(value));
            let high = bounds.high.map_or(value, |high: f64| high.min(value));
            match check.operator {
                Operator::AtLeast | Operator::Above => bounds.low = Some(low),
                Operator::AtMost | Operator::Below => bounds.high = Some(high),
                Operator::Equal => bounds = Bounds { low: Some(value), high: Some(value) },
                Operator::Unequal => {}
            }
        }
        bounds
    }

    /// A mean and a standard deviation well within the bounds.
    fn middle(self) -> (f64, f64) {
        match (self.low, self.high) {
            (Some(low), Some(high)) => (0.5 * (low + high), (high - low).abs() / 10.0),
            (Some(low), None) => (low + low.abs().max(1.0) * 0.5, low.abs().max(1.0) * 0.08),
            (None, Some(high)) => (high * 0.5, high.abs() * 0.08),
            (None, None) => (1.0, 0.1),
        }
    }
}

/// A threshold in a unit of time; as it is where there is none.
fn in_unit(threshold: Threshold, unit: Option<Unit>) -> f64 {
    let of_unit = unit.and_then(Unit::in_seconds);
    let seconds = threshold.unit.in_seconds();
    seconds.zip(of_unit).map_or(threshold.value, |(seconds, unit)| threshold.value * seconds / unit)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::fate::{self, End, Score};
    use super::*;

    fn world(suite: Value) -> World {
        World::for_suite(&serde_json::from_value(suite).unwrap())
    }

    #[test]
    fn it_holds_the_suites_scenarios_and_overrides() {
        let world = world(json!({
            "agent": 123, "scenarios": [9, 4], "personalities": [3], "test_profiles": [20],
        }));
        assert_eq!(world.agents[0].id, 123);
        assert_eq!(world.scenarios.iter().map(|one| one.id).collect::<Vec<_>>(), [9, 4]);
        assert_eq!((world.personalities[0].id, world.test_profiles[0].id), (3, 20));
        assert!(world.scenarios.iter().all(|one| one.pass == 1.0), "every run must pass");
    }

    #[test]
    fn tags_and_folders_are_carried_by_five_scenarios() {
        let by_tags = world(json!({"tags": ["smoke"], "scenarios": [101]}));
        assert_eq!(by_tags.scenarios.len(), 6);
        assert_eq!(by_tags.scenarios.iter().filter(|one| one.tags == ["smoke"]).count(), 5);
        let by_folder = world(json!({
            "folder": "Sales.Inbound", "project": 1376,
            "quarantine": [{"scenario": 104, "until": "2026-12-31", "owner": "a", "reason": "b"}],
        }));
        assert_eq!(by_folder.scenarios.len(), 5);
        assert_eq!(by_folder.scenarios[0].id, 104);
        assert_eq!(by_folder.scenarios[0].folder.as_deref(), Some("Sales.Inbound"));
    }

    #[test]
    fn the_values_lie_on_the_good_side_of_the_thresholds() {
        let world = world(json!({
            "scenarios": [1],
            "thresholds": {
                "success_rate": ">= 90%",
                "duration": "p95 <= 2m",
                "metrics": {
                    "Workflow adherence": ">= 95%",
                    "Latency": ["p95 <= 2500ms", "mean <= 1200ms"],
                    "Customer satisfaction": "mean >= 4.2",
                    "Sentiment": "share(\"angry\") <= 5%",
                    "Hold time": {"check": "p90 <= 20s", "level": "warn"},
                    "Hallucination": "rate <= 5%",
                    "7012": "max <= 3",
                },
            },
        }));
        let scenario = &world.scenarios[0];
        let fates: Vec<_> = (0..200).map(|n| fate::draw(&world, scenario, n)).collect();
        let passed = fates.iter().filter(|fate| fate.end == End::Passed).count();
        assert!(passed > 190, "{passed}");
        assert!(fates.iter().all(|fate| fate.talking < 120.0));
        for (place, metric) in world.metrics.iter().enumerate() {
            let scores = || fates.iter().map(|fate| &fate.scores[place]);
            let good = |wanted: &dyn Fn(&Score) -> bool| scores().filter(|one| wanted(one)).count();
            let below = |most: f64| good(&|one| matches!(one, Score::Number(n) if *n <= most));
            match metric.name.as_str() {
                "Workflow adherence" => assert!(good(&|one| *one == Score::Binary(true)) > 192),
                "Hallucination" => assert!(good(&|one| *one == Score::Binary(true)) < 8),
                "Latency" => assert_eq!(below(1200.0), 200),
                "Hold time" => assert_eq!(below(20.0), 200),
                "Customer satisfaction" => assert_eq!((below(4.2), below(5.0)), (0, 200)),
                "Sentiment" => assert!(good(&|one| *one == Score::Label("angry".into())) < 8),
                "Metric 7012" => assert_eq!((metric.id, below(3.0)), (7012, 200)),
                other => panic!("{other}"),
            }
        }
    }
}
