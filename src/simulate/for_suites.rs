//! A world made up from what several suites ask for: one account that holds it all.

use std::collections::BTreeMap;

use super::world::World;
use crate::suite::model::Suite;

impl World {
    /// Makes up a world that holds what each of `suites` asks for and typically passes it.
    pub fn for_suites<'a>(suites: impl IntoIterator<Item = &'a Suite>) -> World {
        let mut worlds = suites.into_iter().map(World::for_suite);
        let mut all = worlds.next().unwrap_or_default();
        for world in worlds {
            add(&mut all, world);
        }
        all
    }
}

/// Adds a world to another. What both have stays as the first has it, but for the chance to pass,
/// which is the better one's.
fn add(all: &mut World, other: World) {
    let first_agent = other.agents.first().map(|agent| agent.id);
    for project in other.projects {
        if all.projects.iter().all(|one| one.id != project.id) {
            all.projects.push(project);
        }
    }
    for agent in other.agents {
        if all.agents.iter().all(|one| one.id != agent.id) {
            all.agents.push(agent);
        }
    }
    for (mine, theirs) in [
        (&mut all.personalities, other.personalities),
        (&mut all.test_profiles, other.test_profiles),
    ] {
        for named in theirs {
            if mine.iter().all(|one| one.id != named.id) {
                mine.push(named);
            }
        }
    }
    for mut scenario in other.scenarios {
        match all.scenarios.iter_mut().find(|one| one.id == scenario.id) {
            Some(one) => {
                one.pass = one.pass.max(scenario.pass);
                one.folder = one.folder.take().or(scenario.folder);
                one.tags.extend(scenario.tags);
            }
            None => {
                scenario.agent = scenario.agent.or(first_agent);
                all.scenarios.push(scenario);
            }
        }
    }
    // Metrics are known by their names; a number that is taken already gives way to a free one.
    let mut free = 501..;
    let mut taken: BTreeMap<u64, ()> = all.metrics.iter().map(|one| (one.id, ())).collect();
    for mut metric in other.metrics {
        if all.metrics.iter().any(|one| one.name == metric.name) {
            continue;
        }
        if taken.contains_key(&metric.id) {
            metric.id = free.find(|id| !taken.contains_key(id)).unwrap_or(metric.id);
        }
        taken.insert(metric.id, ());
        all.metrics.push(metric);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_account_holds_what_each_suite_asks_for() {
        let suites = [
            json!({ "agent": 1, "scenarios": [1, 2],
                "thresholds": { "metrics": { "Latency": "p95 <= 2s", "Tone": "mean >= 4" } } }),
            json!({ "agent": 2, "scenarios": [2, 3],
                "thresholds": { "metrics": { "Latency": "p95 <= 2s", "Accuracy": "90%" } } }),
        ];
        let suites = suites.map(|suite| serde_json::from_value::<Suite>(suite).unwrap());
        let world = World::for_suites(&suites);
        let ids = |list: Vec<u64>| list;
        assert_eq!(ids(world.agents.iter().map(|one| one.id).collect()), [1, 2]);
        assert_eq!(ids(world.scenarios.iter().map(|one| one.id).collect()), [1, 2, 3]);
        let mut metrics: Vec<u64> = world.metrics.iter().map(|one| one.id).collect();
        assert_eq!(metrics.len(), 3);
        metrics.sort_unstable();
        metrics.dedup();
        assert_eq!(metrics.len(), 3, "each metric has a number of its own");
    }
}
