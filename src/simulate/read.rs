//! Reading a world file: its shape, and what its parts must be to each other.

use std::collections::BTreeSet;

use super::world::{Kind, World};
use crate::document::{self, Diagnostics, Path, Problem, Source, shown};
use crate::text;

impl document::Root for World {}

impl World {
    /// Reads a world file.
    ///
    /// `lookup` gives the value of an environment variable for `${VAR}`.
    ///
    /// # Errors
    ///
    /// Every fault of the text, each with its place; or, in a text of the right shape, every id
    /// that is missing, stands twice or leads nowhere.
    pub fn read(
        source: Source<'_>,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<World, Diagnostics> {
        let document = document::read::<World>(source, lookup)?;
        let problems = problems(&document.value);
        if problems.is_empty() {
            Ok(document.value)
        } else {
            Err(Diagnostics::from_problems(source, &document.places, problems))
        }
    }
}

/// What is wrong with a world of the right shape.
fn problems(world: &World) -> Vec<Problem> {
    let mut problems = Vec::new();
    let agents = ids("agents", world.agents.iter().map(|one| one.id), &mut problems);
    ids("projects", world.projects.iter().map(|one| one.id), &mut problems);
    let people = ids("personalities", world.personalities.iter().map(|one| one.id), &mut problems);
    let profiles =
        ids("test_profiles", world.test_profiles.iter().map(|one| one.id), &mut problems);
    ids("scenarios", world.scenarios.iter().map(|one| one.id), &mut problems);
    ids("metrics", world.metrics.iter().map(|one| one.id), &mut problems);
    for (place, metric) in world.metrics.iter().enumerate() {
        let path = Path::of(["metrics"]).child(place);
        if metric.name.is_empty() {
            let problem = Problem::new(path.clone(), "the metric has no name");
            problems.push(problem.help("add `name`: suites name a metric by it"));
        }
        if metric.kind == Kind::Enum && metric.values.labels.is_none() {
            let problem = Problem::new(path, "the metric has no labels to choose from");
            problems.push(problem.help("add `values: { labels: { calm: 9, angry: 1 } }`"));
        }
    }
    for (place, scenario) in world.scenarios.iter().enumerate() {
        let path = Path::of(["scenarios"]).child(place);
        let mut leads = |key: &str, id: Option<u64>, known: &BTreeSet<u64>, list: &str| {
            if let Some(id) = id.filter(|id| !known.is_empty() && !known.contains(id)) {
                let problem = Problem::new(path.child(key), format!("`{id}` is not in `{list}`"));
                problems.push(problem.help(format!("add it to `{list}` or name another")));
            }
        };
        leads("agent", scenario.agent, &agents, "agents");
        leads("personality", scenario.personality, &people, "personalities");
        leads("test_profile", scenario.test_profile, &profiles, "test_profiles");
        for name in scenario.metrics.keys() {
            if world.metrics.iter().any(|metric| metric.name == *name) {
                continue;
            }
            let path = path.child("metrics").child(name);
            let problem = Problem::of_key(path, format!("no metric is named {}", shown(name)));
            let names = world.metrics.iter().map(|metric| metric.name.as_str());
            problems.push(match text::nearest(name, names) {
                Some(near) => problem.help(format!("did you mean {}?", shown(near))),
                None => problem.help("add it to `metrics`"),
            });
        }
    }
    problems
}

/// The ids of a list, after a complaint about those that are missing or stand twice.
fn ids(list: &str, all: impl Iterator<Item = u64>, problems: &mut Vec<Problem>) -> BTreeSet<u64> {
    let mut seen = BTreeSet::new();
    for (place, id) in all.enumerate() {
        let path = Path::of([list]).child(place);
        if id == 0 {
            problems.push(Problem::new(path, "the id is missing").help("add `id: 1` or higher"));
        } else if !seen.insert(id) {
            let path = path.child("id");
            problems.push(Problem::new(path, format!("`{id}` is listed twice in `{list}`")));
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> String {
        let source = Source { name: "world.yml", text };
        match World::read(source, &|_| None) {
            Ok(_) => String::new(),
            Err(faults) => faults.render(false),
        }
    }

    #[test]
    fn ids_that_are_missing_stand_twice_or_lead_nowhere_are_refused() {
        insta::assert_snapshot!(faults(
            "\
agents:
  - { id: 1, name: Mia }
scenarios:
  - { id: 7, name: Order, agent: 2 }
  - { id: 7, name: Return }
  - { name: Booking }
  - id: 8
    metrics:
      Latensy: { median: 900 }
metrics:
  - { id: 1, name: Latency, kind: numeric }
  - { id: 2, kind: enum }
"
        ), @r#"
        error: `2` is not in `agents`
         --> world.yml:4:34
          |
        4 |   - { id: 7, name: Order, agent: 2 }
          |                                  ^
          |
          = help: add it to `agents` or name another

        error: `7` is listed twice in `scenarios`
         --> world.yml:5:11
          |
        5 |   - { id: 7, name: Return }
          |           ^

        error: the id is missing
         --> world.yml:6:5
          |
        6 |   - { name: Booking }
          |     ^^^^^^^^^^^^^^^^^
          |
          = help: add `id: 1` or higher

        error: no metric is named `Latensy`
         --> world.yml:9:7
          |
        9 |       Latensy: { median: 900 }
          |       ^^^^^^^
          |
          = help: did you mean `Latency`?

        error: the metric has no name
          --> world.yml:12:5
           |
        12 |   - { id: 2, kind: enum }
           |     ^^^^^^^^^^^^^^^^^^^^^
           |
           = help: add `name`: suites name a metric by it

        error: the metric has no labels to choose from
          --> world.yml:12:5
           |
        12 |   - { id: 2, kind: enum }
           |     ^^^^^^^^^^^^^^^^^^^^^
           |
           = help: add `values: { labels: { calm: 9, angry: 1 } }`
        "#);
    }

    #[test]
    fn an_empty_world_is_a_world() {
        assert_eq!(faults("seed: 4\n"), "");
    }
}
