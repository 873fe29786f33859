//! Whether a result that calls itself ended shows all that it is to be judged by.
//!
//! The platform may call a result completed before its last runs are shown or scored. Pure: how long
//! to wait for the rest is decided in the loop.

use std::collections::BTreeSet;
use std::fmt;

use crate::checks::figures::{BuiltIn, Late, SUCCESS_RATE, is_unreadable};
use crate::checks::spec::Level;
use crate::outcome::{Outcome, judge_run};
use crate::record::{ResultRecord, RunRecord, Status};
use crate::suite::thresholds::Thresholds;
use crate::text;

/// What a result is to show before it is judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// How many runs were planned and started, where that is known.
    pub runs: Option<usize>,
    /// The figures that checks ask for.
    pub figures: Figures,
}

/// The figures of a run that checks ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Whether the run passed.
    pub success: bool,
    /// Other built-in figures that the platform may add to a run after its end.
    late: Vec<&'static BuiltIn>,
    /// Which of the agent's paths were covered: it is of the result, not of a run.
    pub coverage: bool,
    /// Metrics, as the suite names them.
    pub metrics: BTreeSet<String>,
}

impl Figures {
    /// What these thresholds ask for. Without any, each run must pass.
    pub fn of(thresholds: &Thresholds) -> Self {
        let mut all = Self::default();
        let mut asks = false;
        for (_, rules) in thresholds.with_groups() {
            let figures = Self::named_in(&rules);
            let each = rules.each_scenario.as_ref();
            asks |= figures != Self::default()
                || !rules.figures.is_empty()
                || each.is_some_and(|each| !each.figures.is_empty());
            all.success |= figures.success;
            for figure in figures.late {
                if !all.late.contains(&figure) {
                    all.late.push(figure);
                }
            }
            all.metrics.extend(figures.metrics);
        }
        // What only warns is not waited for.
        let coverage = thresholds.coverage.iter().flat_map(|checks| &checks.0);
        let coverage = coverage.into_iter().any(|spec| spec.level == Level::Error);
        Self { success: all.success || !asks, coverage, ..all }
    }

    /// What thresholds without groups name.
    fn named_in(thresholds: &Thresholds) -> Self {
        let each = thresholds.each_scenario.as_ref();
        let baseline = thresholds.baseline.as_ref();
        let metrics = thresholds
            .metrics
            .keys()
            .chain(each.into_iter().flat_map(|each| each.metrics.keys()))
            .chain(baseline.into_iter().flat_map(|baseline| baseline.metrics.keys()));
        let of_each = each.into_iter().flat_map(|each| each.figures.iter());
        let of_each = of_each.map(|(figure, _)| figure);
        let figures: Vec<&'static BuiltIn> =
            thresholds.figures.iter().map(|(figure, _)| figure).chain(of_each).collect();
        Self {
            success: figures.contains(&&SUCCESS_RATE) || baseline.is_some(),
            late: figures.into_iter().filter(|figure| figure.late.is_some()).collect(),
            coverage: false,
            metrics: metrics.cloned().collect(),
        }
    }
}

/// Whether a result can be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It does not call itself ended.
    InProgress,
    /// It calls itself ended, and something is still to come.
    WaitingFor(Awaited),
    /// There is nothing more to come.
    Settled,
}

/// What is still to come of a result that calls itself ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Awaited {
    /// The ends of so many runs.
    Ends(usize),
    /// Runs that are not shown yet.
    Runs {
        /// How many are shown.
        shown: usize,
        /// How many there are to be.
        of: usize,
    },
    /// Which of the agent's paths were covered.
    Coverage,
    /// A figure that runs do not have yet.
    Figure {
        /// The figure, as a message names it.
        figure: String,
        /// How many runs lack it.
        runs: usize,
    },
}

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Awaited::Ends(going) => write!(f, "{} not ended yet", text::count(*going, "run")),
            Awaited::Runs { shown, of } => write!(f, "it shows {shown} of {of} runs"),
            Awaited::Coverage => f.write_str("the coverage of the agent's paths is not there yet"),
            Awaited::Figure { figure, runs } => {
                write!(f, "{} without {figure}", text::count(*runs, "run"))
            }
        }
    }
}

/// What a result shows of what is wanted of it.
pub fn state(record: &ResultRecord, wanted: &Wanted) -> State {
    if !record.status.is_terminal() {
        return State::InProgress;
    }
    let going = record.runs.iter().filter(|run| !run.status.is_terminal()).count();
    if going > 0 {
        return State::WaitingFor(Awaited::Ends(going));
    }
    let shown = record.runs.len();
    let counted = record.claims.total_runs.and_then(|total| usize::try_from(total).ok());
    match wanted.runs.max(counted) {
        Some(of) if shown < of => State::WaitingFor(Awaited::Runs { shown, of }),
        _ => match lacking(&record.runs, &wanted.figures) {
            Some(figure) => State::WaitingFor(figure),
            None if wanted.figures.coverage && record.path_coverage.is_none() => {
                State::WaitingFor(Awaited::Coverage)
            }
            None => State::Settled,
        },
    }
}

/// Whether a run calls itself completed and unsuccessful, and shows nothing that says so: neither a
/// conversation, nor a score, nor why there is none. It may only have been called completed early.
fn is_bare(run: &RunRecord) -> bool {
    let says = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
    run.status == Status::Completed
        && run.success == Some(false)
        && !run.has_transcript
        && run.metrics.is_empty()
        && run.expected_outcome.is_none()
        && run.unreadable.is_empty()
        && run.chat_fault.is_none()
        && !says(&run.error_message)
        && !says(&run.ended_reason)
}

/// The first figure that runs with a conversation lack, or what a run without anything lacks.
fn lacking(runs: &[RunRecord], figures: &Figures) -> Option<Awaited> {
    let bare = runs.iter().filter(|run| is_bare(run)).count();
    if bare > 0 {
        let figure = "a conversation or a reason for having none".to_owned();
        return Some(Awaited::Figure { figure, runs: bare });
    }
    let outcomes: Vec<(&RunRecord, Outcome)> = runs
        .iter()
        .filter(|run| run.status == Status::Completed)
        .map(|run| (run, judge_run(run, 1).outcome))
        .filter(|(_, outcome)| *outcome != Outcome::Errored)
        .collect();
    let held: Vec<&RunRecord> = outcomes.iter().map(|(run, _)| *run).collect();
    let awaited = |figure: &str, runs: usize| {
        (runs > 0).then(|| Awaited::Figure { figure: figure.to_owned(), runs })
    };
    let unscored = || {
        let unscored = outcomes.iter().filter(|(run, outcome)| {
            *outcome == Outcome::Unscored && !run.rubric_skipped && !is_unreadable(run, "success")
        });
        awaited("a score", unscored.count())
    };
    let late = |figure: &&BuiltIn| {
        let Late { name, has } = figure.late?;
        awaited(name, without(&held, has))
    };
    let metric = |name: &String| {
        let has = |run: &RunRecord| has_metric(run, name) || run.has_unreadable_metrics();
        awaited(&format!("the metric `{name}`"), without(&held, has))
    };
    figures
        .success
        .then(unscored)
        .flatten()
        .or_else(|| figures.late.iter().find_map(late))
        .or_else(|| figures.metrics.iter().find_map(metric))
}

/// How many runs lack a figure that they may yet get: where some runs have it, only the others of
/// the same scenarios.
fn without(runs: &[&RunRecord], has: impl Fn(&RunRecord) -> bool) -> usize {
    let (with, without): (Vec<&RunRecord>, Vec<&RunRecord>) = runs.iter().partition(|run| has(run));
    let scenarios: BTreeSet<Option<u64>> = with.iter().map(|run| run.scenario).collect();
    let may_get = |run: &&&RunRecord| scenarios.is_empty() || scenarios.contains(&run.scenario);
    without.iter().filter(may_get).count()
}

/// Whether a run has an entry of a metric, with a score or without.
fn has_metric(run: &RunRecord, wanted: &str) -> bool {
    let wanted = wanted.trim();
    let (id, name) = (wanted.parse::<u64>().ok(), wanted.to_lowercase());
    run.metrics.iter().any(|metric| {
        (id.is_some() && metric.id == id)
            || metric.name.to_lowercase() == name
            || metric.aliases.iter().any(|alias| alias.to_lowercase() == name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{MetricRecord, MetricValue};

    fn metric(name: &str, score: Option<f64>) -> MetricRecord {
        MetricRecord {
            id: None,
            name: name.to_owned(),
            aliases: vec![],
            value: MetricValue::Numeric(score),
            explanation: vec![],
            unreadable: false,
        }
    }

    fn run(id: u64, scenario: u64, success: Option<bool>, metrics: &[&str]) -> RunRecord {
        RunRecord {
            id,
            scenario: Some(scenario),
            status: Status::Completed,
            success,
            has_transcript: true,
            metrics: metrics.iter().map(|name| metric(name, Some(1.0))).collect(),
            ..RunRecord::default()
        }
    }

    fn result(runs: &[RunRecord]) -> ResultRecord {
        let status = Status::Completed;
        ResultRecord { id: 1, status, runs: runs.to_vec(), ..ResultRecord::default() }
    }

    fn wanted(runs: usize, figures: &str) -> Wanted {
        let thresholds: Thresholds = serde_json::from_str(figures).unwrap();
        Wanted { runs: Some(runs), figures: Figures::of(&thresholds) }
    }

    fn awaits(record: &ResultRecord, wanted: &Wanted) -> String {
        match state(record, wanted) {
            State::WaitingFor(awaited) => awaited.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_result_that_shows_fewer_runs_than_planned_or_counted_is_waited_for() {
        let mut record = result(&[run(1, 1, Some(true), &["A"])]);
        assert_eq!(awaits(&record, &wanted(1, "{}")), "Settled");
        assert_eq!(awaits(&record, &wanted(3, "{}")), "it shows 1 of 3 runs");
        record.claims.total_runs = Some(2);
        assert_eq!(awaits(&record, &wanted(1, "{}")), "it shows 1 of 2 runs");
        record.status = Status::Running;
        assert_eq!(awaits(&record, &wanted(3, "{}")), "InProgress");
    }

    #[test]
    fn runs_that_have_not_ended_are_waited_for_first() {
        let going = RunRecord { status: Status::Evaluating, ..run(2, 1, None, &[]) };
        let record = result(&[run(1, 1, None, &[]), going]);
        assert_eq!(awaits(&record, &wanted(3, "{}")), "1 run not ended yet");
    }

    #[test]
    fn scores_are_waited_for_only_where_a_check_asks_for_them() {
        let unscored = result(&[run(1, 1, Some(true), &["A"]), run(2, 1, None, &[])]);
        assert_eq!(awaits(&unscored, &wanted(2, "{}")), "1 run without a score");
        let success = r#"{"success_rate": ["90%"]}"#;
        assert_eq!(awaits(&unscored, &wanted(2, success)), "1 run without a score");
        assert_eq!(awaits(&unscored, &wanted(2, r#"{"errors": ["<= 10%"]}"#)), "Settled");
        let duration = r#"{"duration": ["p95 <= 3m"]}"#;
        assert_eq!(awaits(&unscored, &wanted(2, duration)), "2 runs without a duration");
        let outcome = r#"{"expected_outcome": [">= 90%"]}"#;
        assert!(awaits(&unscored, &wanted(2, outcome)).contains("expected outcome"));
    }

    #[test]
    fn a_metric_is_waited_for_in_the_scenarios_that_have_it() {
        let check = r#"{"metrics": {"b": [">= 1"]}}"#;
        let of = |runs: &[RunRecord]| awaits(&result(runs), &wanted(runs.len(), check));
        let with = |id, scenario| run(id, scenario, Some(true), &["A", "B"]);
        let without = |id, scenario| run(id, scenario, Some(true), &["A"]);
        assert_eq!(of(&[with(1, 1), with(2, 2)]), "Settled");
        assert_eq!(of(&[with(1, 1), without(2, 1)]), "1 run without the metric `b`");
        assert_eq!(of(&[without(1, 1), without(2, 2)]), "2 runs without the metric `b`");
        assert_eq!(of(&[with(1, 1), without(2, 2)]), "Settled", "it belongs to scenario 1 alone");
        let skipped = RunRecord { metrics: vec![metric("B", None)], ..with(2, 1) };
        assert_eq!(of(&[with(1, 1), skipped]), "Settled", "skipped is an answer");
    }

    #[test]
    fn what_cannot_be_read_or_was_skipped_is_not_waited_for() {
        let unreadable = |field: &str| {
            vec![crate::record::UnreadableField { field: field.to_owned(), ..Default::default() }]
        };
        let without = run(1, 1, None, &[]);
        let success = r#"{"success_rate": ["90%"]}"#;
        let duration = r#"{"duration": ["p95 <= 3m"]}"#;
        let outcome = r#"{"expected_outcome": [">= 90%"]}"#;
        let metric = r#"{"metrics": {"b": [">= 1"]}}"#;
        let unscored = crate::record::ExpectedOutcome { unreadable: true, ..Default::default() };
        for (check, answered) in [
            (success, RunRecord { unreadable: unreadable("success"), ..without.clone() }),
            (success, RunRecord { rubric_skipped: true, ..without.clone() }),
            (duration, RunRecord { unreadable: unreadable("duration"), ..without.clone() }),
            (outcome, RunRecord { expected_outcome: Some(unscored), ..without.clone() }),
            (metric, RunRecord { unreadable: unreadable("evaluation.metrics"), ..without.clone() }),
        ] {
            let of =
                |run: &RunRecord| awaits(&result(std::slice::from_ref(run)), &wanted(1, check));
            assert_eq!(of(&answered), "Settled", "{check}");
            assert!(of(&without).starts_with("1 run without "), "{check}");
            let other = RunRecord { unreadable: unreadable("name"), ..without.clone() };
            assert!(of(&other).starts_with("1 run without "), "{check}: another field");
        }
    }

    #[test]
    fn what_never_was_a_conversation_gets_no_scores() {
        let errored = RunRecord {
            status: Status::Failed,
            has_transcript: false,
            ..run(1, 1, Some(false), &[])
        };
        assert_eq!(awaits(&result(&[errored]), &wanted(1, "{}")), "Settled");
    }

    #[test]
    fn a_completed_run_that_shows_nothing_is_waited_for_whatever_is_asked() {
        let bare = RunRecord { has_transcript: false, ..run(1, 1, Some(false), &[]) };
        let of = |run: RunRecord| awaits(&result(&[run]), &wanted(1, r#"{"errors": ["<= 10%"]}"#));
        let awaited = "1 run without a conversation or a reason for having none";
        assert_eq!(of(bare.clone()), awaited);
        let blank = RunRecord { error_message: Some(" ".to_owned()), ..bare.clone() };
        assert_eq!(of(blank), awaited);
        for thresholds in [
            RunRecord { error_message: Some("no line".to_owned()), ..bare.clone() },
            RunRecord { ended_reason: Some("call-canceled".to_owned()), ..bare.clone() },
            RunRecord { has_transcript: true, ..bare.clone() },
            RunRecord { metrics: vec![metric("A", None)], ..bare.clone() },
            RunRecord { status: Status::Failed, ..bare },
        ] {
            assert_eq!(of(thresholds), "Settled");
        }
    }

    #[test]
    fn each_figure_that_a_check_asks_for_is_waited_for() {
        let of = |thresholds: &str| Figures::of(&serde_json::from_str(thresholds).unwrap());
        for (thresholds, success) in [
            ("{}", true),
            (r#"{"success_rate": ["90%"]}"#, true),
            (r#"{"each_scenario": {"success_rate": ["90%"]}}"#, true),
            (r#"{"baseline": {"from": "main", "success_rate": {"max_drop": "5%"}}}"#, true),
            (r#"{"errors": ["<= 10%"]}"#, false),
            (r#"{"agent_latency": ["p95 <= 2s"]}"#, false),
            (r#"{"each_scenario": {"agent_latency": ["p95 <= 2s"]}}"#, false),
            (r#"{"duration": ["p95 <= 3m"]}"#, false),
            (r#"{"duration": ["p95 <= 3m"], "success_rate": ["90%"]}"#, true),
            (r#"{"duration": ["p95 <= 3m"], "each_scenario": {"success_rate": ["90%"]}}"#, true),
            (r#"{"duration": ["p95 <= 3m"], "each_scenario": {"metrics": {"A": ["> 1"]}}}"#, false),
            (
                r#"{"duration": ["p95 <= 3m"], "baseline": {"from": "main", "new_failures": 0}}"#,
                true,
            ),
        ] {
            assert_eq!(of(thresholds).success, success, "{thresholds}");
        }
        assert!(of(r#"{"coverage": [{"check": ">= 80%", "level": "error"}]}"#).coverage);
        assert!(!of(r#"{"coverage": [{"check": ">= 80%", "level": "warn"}]}"#).coverage);
    }

    #[test]
    fn the_coverage_is_waited_for_last_and_only_where_it_is_not_there() {
        let mut record = result(&[run(1, 1, Some(true), &["A"])]);
        let check = r#"{"coverage": [{"check": ">= 80%", "level": "error"}]}"#;
        let wanted = wanted(1, check);
        assert_eq!(state(&record, &wanted), State::WaitingFor(Awaited::Coverage));
        record.path_coverage = Some(crate::record::PathCoverage::default());
        assert_eq!(state(&record, &wanted), State::Settled);
    }

    #[test]
    fn a_metric_is_found_by_its_id_its_name_or_an_alias() {
        let of = |wanted: &str, metric: MetricRecord| {
            has_metric(&RunRecord { metrics: vec![metric], ..run(1, 1, None, &[]) }, wanted)
        };
        let known = || MetricRecord {
            id: Some(55),
            aliases: vec!["Latency_55".to_owned()],
            ..metric("Latency", None)
        };
        for wanted in ["55", "latency", " LATENCY ", "latency_55"] {
            assert!(of(wanted, known()), "{wanted}");
        }
        assert!(!of("56", known()));
        assert!(!of("Tone", known()));
        assert!(!of("Tone", metric("Latency", None)), "neither has an id");
    }
}
