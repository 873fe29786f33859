//! What becomes of a run: drawn at once, from the world's seed, the scenario's id and how often
//! that scenario has run before. When it becomes so is in `engine`.

use super::dialogue::Mishap;
use super::random::Random;
use super::world::{ErrorStatus, Kind, Metric, Scenario, Values, World};

/// Where runs end that a world gives no reasons for.
const END_REASONS: [&str; 4] = [
    "Testing agent-did-not-connect",
    "Testing agent-pipeline-error",
    "call-failed-unknown-error",
    "Main agent-did-not-answer",
];

/// A run's whole fate.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fate {
    /// How it ends.
    pub(super) end: End,
    /// Simulated seconds from dialling to the first word, or to giving up.
    pub(super) ringing: f64,
    /// Length of the conversation in simulated seconds; 0 when there is none.
    pub(super) talking: f64,
    /// The scores, in the order of the world's metrics.
    pub(super) scores: Vec<Score>,
    /// Expected outcome's score, 0 to 100; none when it was not judged.
    pub(super) outcome: Option<u32>,
    /// Seed of what is said.
    pub(super) script: u64,
}

/// How a run ends.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum End {
    /// A conversation that passed.
    Passed,
    /// A conversation that failed.
    Failed(Mishap),
    /// A conversation that nothing was judged of.
    Unscored,
    /// No conversation.
    Errored {
        /// Why, as the platform writes it in `ended_reason`.
        reason: String,
        /// The run's status.
        status: ErrorStatus,
    },
}

impl End {
    /// Whether there is a conversation.
    pub(super) const fn is_conversation(&self) -> bool {
        !matches!(self, End::Errored { .. })
    }

    /// How the conversation went wrong.
    pub(super) const fn mishap(&self) -> Option<Mishap> {
        match self {
            End::Failed(mishap) => Some(*mishap),
            End::Passed | End::Unscored | End::Errored { .. } => None,
        }
    }
}

/// A metric's score of a run.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Score {
    /// Irrelevant to the run.
    Skipped,
    /// Passed or not.
    Binary(bool),
    /// A rating or a number.
    Number(f64),
    /// A label.
    Label(String),
}

/// Draws the fate of the `repetition`th run (from 0) of a scenario.
pub(super) fn draw(world: &World, scenario: &Scenario, repetition: u64) -> Fate {
    let mut random = Random::new(&[world.seed, scenario.id, repetition]);
    let end = draw_end(scenario, &mut random);
    let length = random.normal(scenario.duration.mean, scenario.duration.spread);
    let ringing = 1.0 + 3.0 * random.unit();
    let script = random.next();
    let talking = match &end {
        End::Passed | End::Unscored => length.max(4.0),
        End::Failed(Mishap::HangsUp | Mishap::HandsOver) => (length * 0.6).max(4.0),
        End::Failed(_) => (length * 1.2).max(4.0),
        End::Errored { .. } => 0.0,
    };
    // The scores draw from a stream of their own: a metric that is added to a world leaves the
    // runs' ends as they were.
    let mut random = Random::new(&[world.seed, scenario.id, repetition, 1]);
    let (scores, outcome) = match &end {
        End::Passed => (scores(world, scenario, None, &mut random), Some(100)),
        End::Failed(mishap) => judge_failure(world, scenario, *mishap, &mut random),
        End::Unscored => (vec![Score::Skipped; world.metrics.len()], None),
        End::Errored { .. } => (Vec::new(), None),
    };
    Fate { end, ringing, talking, scores, outcome, script }
}

fn draw_end(scenario: &Scenario, random: &mut Random) -> End {
    let (error, unscored) = (random.chance(scenario.error), random.chance(scenario.unscored));
    let passed = random.chance(scenario.pass);
    let mishap = random.pick(&Mishap::ALL).copied().unwrap_or(Mishap::WrongAnswer);
    let own = random.pick(&scenario.end_reasons).cloned();
    let common = random.pick(&END_REASONS).copied().unwrap_or_default();
    if error {
        let reason = own.unwrap_or_else(|| common.to_owned());
        End::Errored { reason, status: scenario.error_status }
    } else if unscored {
        End::Unscored
    } else if passed {
        End::Passed
    } else {
        End::Failed(mishap)
    }
}

/// The scores and the expected outcome of a failed run, of which at least one says that it failed.
fn judge_failure(
    world: &World,
    scenario: &Scenario,
    mishap: Mishap,
    random: &mut Random,
) -> (Vec<Score>, Option<u32>) {
    let missed = random.chance(0.8);
    let partly = random.pick(&[0, 25, 50, 75]).copied().unwrap_or_default();
    let stream = random.next();
    let mut scores = scores(world, scenario, Some(mishap), random);
    let mut guilty = missed;
    for (metric, score) in world.metrics.iter().zip(&mut scores) {
        if metric.rubric && matches!(score, Score::Binary(_)) {
            let fails = Random::new(&[stream, metric.id]).chance(0.7) || !guilty;
            *score = Score::Binary(!fails);
            guilty |= fails;
        }
    }
    let outcome = if missed || !guilty { partly } else { 100 };
    (scores, Some(outcome))
}

/// Scores metrics of a run again, from a stream of their own for each `generation`.
pub(super) fn score_again(
    world: &World,
    scenario: &Scenario,
    fate: &mut Fate,
    generation: u64,
    metrics: &[u64],
) {
    let mishap = fate.end.mishap();
    for (metric, score) in world.metrics.iter().zip(&mut fate.scores) {
        if !metrics.contains(&metric.id) {
            continue;
        }
        let mut random = Random::new(&[fate.script, generation, metric.id]);
        let again = Metric {
            // What is said of the second time goes before what the run's fate says.
            rubric: metric.rubric && metric.when_scored_again.pass.is_none(),
            when_failed: metric.when_failed.overlaid(&metric.when_scored_again),
            values: metric.values.overlaid(&metric.when_scored_again),
            ..metric.clone()
        };
        *score = self::score(&again, scenario, mishap, &mut random);
    }
}

/// Whether a conversation passes by its scores and its expected outcome.
pub(super) fn passes(world: &World, fate: &Fate) -> bool {
    let missed =
        |(metric, score): (&Metric, &Score)| metric.rubric && *score == Score::Binary(false);
    fate.outcome.is_none_or(|outcome| outcome == 100)
        && !world.metrics.iter().zip(&fate.scores).any(missed)
}

fn scores(
    world: &World,
    scenario: &Scenario,
    mishap: Option<Mishap>,
    random: &mut Random,
) -> Vec<Score> {
    world.metrics.iter().map(|metric| score(metric, scenario, mishap, random)).collect()
}

fn score(
    metric: &Metric,
    scenario: &Scenario,
    mishap: Option<Mishap>,
    random: &mut Random,
) -> Score {
    // Each metric takes one number of the run's stream, whatever its distribution takes.
    let mut random = Random::new(&[random.next(), metric.id]);
    let skipped = random.chance(metric.skip);
    if skipped {
        return Score::Skipped;
    }
    let mut values = metric.values.clone();
    if mishap.is_some() {
        values = values.overlaid(&metric.when_failed);
    }
    if let Some(own) = scenario.metrics.get(&metric.name) {
        values = values.overlaid(own);
    }
    match metric.kind {
        Kind::Binary if metric.rubric => Score::Binary(mishap.is_none()),
        Kind::Binary => {
            let pass = values.pass.unwrap_or(if mishap.is_none() { 1.0 } else { 0.0 });
            Score::Binary(random.chance(pass))
        }
        Kind::Rating => Score::Number(rounded(rating(&values, &mut random), 1)),
        Kind::Numeric => Score::Number(rounded(number(&values, &mut random), 2)),
        Kind::Enum => match values.labels.as_ref().and_then(|labels| random.label(labels)) {
            Some(label) => Score::Label(label.to_owned()),
            None => Score::Skipped,
        },
    }
}

fn rating(values: &Values, random: &mut Random) -> f64 {
    let max = values.max.unwrap_or(5.0);
    let mean = values.mean.unwrap_or(max * 0.9);
    let spread = values.spread.unwrap_or(max / 10.0);
    random.normal(mean, spread).min(max).max(values.min.unwrap_or(0.0))
}

fn number(values: &Values, random: &mut Random) -> f64 {
    let drawn = match (values.median, values.mean) {
        (Some(median), _) => random.log_normal(median, values.p95.unwrap_or(2.0 * median)),
        (None, mean) => {
            let mean = mean.unwrap_or(1.0);
            random.normal(mean, values.spread.unwrap_or(mean.abs() / 10.0))
        }
    };
    drawn.max(values.min.unwrap_or(0.0)).min(values.max.unwrap_or(f64::MAX))
}

fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn world(seed: u64) -> World {
        let metric = |id, kind, rubric| Metric {
            id,
            name: format!("m{id}"),
            kind,
            rubric,
            ..Metric::default()
        };
        World {
            seed,
            metrics: vec![metric(1, Kind::Binary, true), metric(2, Kind::Rating, false)],
            ..World::default()
        }
    }

    fn scenario(pass: f64, error: f64) -> Scenario {
        Scenario { id: 7, pass, error, ..Scenario::default() }
    }

    #[test]
    fn probabilities_are_kept_in_the_long_run() {
        let (world, scenario) = (world(3), scenario(0.8, 0.1));
        let ends: Vec<End> = (0..4000).map(|n| draw(&world, &scenario, n).end).collect();
        let errored = ends.iter().filter(|end| !end.is_conversation()).count();
        let passed = ends.iter().filter(|end| **end == End::Passed).count();
        assert!((320..480).contains(&errored), "{errored}");
        assert!((2780..2980).contains(&passed), "{passed}");
    }

    #[test]
    fn a_metric_that_is_added_leaves_the_ends_as_they_were() {
        let (small, mut large) = (world(3), world(3));
        large.metrics.push(Metric { id: 9, name: "new".into(), ..Metric::default() });
        let scenario = scenario(0.5, 0.2);
        for n in 0..50 {
            let (a, b) = (draw(&small, &scenario, n), draw(&large, &scenario, n));
            assert_eq!((a.end, &a.scores[..]), (b.end, &b.scores[..a.scores.len()]));
        }
    }

    proptest! {
        #[test]
        fn the_same_seed_gives_the_same_fate(seed: u64, n in 0_u64..1000, pass in 0.0..=1.0) {
            let scenario = scenario(pass, 0.1);
            prop_assert_eq!(draw(&world(seed), &scenario, n), draw(&world(seed), &scenario, n));
        }

        #[test]
        fn a_failed_run_always_shows_what_failed(seed: u64, n in 0_u64..1000) {
            let fate = draw(&world(seed), &scenario(0.0, 0.0), n);
            let by_metric = fate.scores[0] == Score::Binary(false);
            prop_assert!(by_metric || fate.outcome < Some(100));
        }
    }
}
