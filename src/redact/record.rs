//! Which texts of a record are searched: every one that the platform wrote.
//!
//! Each type is taken apart without `..`, so that a new field does not compile before someone has
//! decided about it.

use super::Redactor;
use crate::record::{
    ChatFault, Claims, ExpectedOutcome, FailedReason, Insights, MetricRecord, MetricValue,
    NextStep, PathCoverage, ResultRecord, RubricRule, RunRecord, Status, Turn, UnreadableField,
    instant,
};

impl Redactor {
    /// Takes out of a result what no report may show.
    pub fn record(&self, record: &mut ResultRecord) {
        if self.is_idle() {
            return;
        }
        let ResultRecord {
            id: _,
            name,
            status,
            agent: _,
            agent_name,
            agent_version,
            created_at,
            claims,
            insights,
            path_coverage,
            rubric_rules,
            runs,
            unreadable,
        } = record;
        let Claims {
            success_rate: _,
            total_runs: _,
            completed_runs: _,
            success_runs: _,
            failed_runs: _,
        } = claims;
        self.maybe(name);
        self.status(status);
        self.maybe(agent_name);
        self.maybe(agent_version);
        if let Some(PathCoverage { percent: _, total: _, covered, uncovered }) = path_coverage {
            covered.iter_mut().chain(uncovered).for_each(|path| self.string(path));
        }
        for RubricRule { metric, value, met: _ } in rubric_rules {
            self.string(metric);
            self.maybe(value);
        }
        self.time(created_at);
        self.insights(insights);
        runs.iter_mut().for_each(|run| self.run(run));
        unreadable.iter_mut().for_each(|field| self.unreadable(field));
    }

    fn insights(&self, insights: &mut Insights) {
        let Insights { failed_reasons, what_happened, why_it_happened, how_to_fix, next_steps } =
            insights;
        for FailedReason { description, run_ids: _, affected_count: _ } in failed_reasons {
            self.string(description);
        }
        [what_happened, why_it_happened, how_to_fix].into_iter().for_each(|text| self.maybe(text));
        for NextStep { title, description } in next_steps {
            self.string(title);
            self.maybe(description);
        }
    }

    fn run(&self, run: &mut RunRecord) {
        let RunRecord {
            id: _,
            status,
            round: _,
            scenario: _,
            scenario_name,
            case_key,
            // The gate's own words.
            set: _,
            tags,
            personality: _,
            personality_name,
            test_profile: _,
            test_profile_name,
            success: _,
            evaluation_status,
            rubric_skipped: _,
            error_message,
            ended_reason,
            agent_version,
            duration_seconds: _,
            executed_at,
            expected_outcome,
            metrics,
            has_transcript: _,
            transcript,
            recording_url,
            unreadable,
            chat_fault,
            agent_latencies_ms: _,
        } = run;
        unreadable.iter_mut().for_each(|field| self.unreadable(field));
        if let Some(ChatFault { kind: _, message, stderr, counts_as_failed: _ }) = chat_fault {
            self.string(message);
            stderr.iter_mut().for_each(|line| self.string(line));
        }
        tags.iter_mut().flatten().for_each(|tag| self.string(tag));
        self.status(status);
        // A case without a key is known by its name. A key of its own is not text: cases are told
        // apart by it.
        let is_named = case_key.is_some() && case_key == scenario_name;
        [&mut *scenario_name, personality_name, test_profile_name]
            .into_iter()
            .for_each(|text| self.maybe(text));
        if is_named {
            case_key.clone_from(scenario_name);
        }
        [evaluation_status, error_message, ended_reason, agent_version]
            .into_iter()
            .for_each(|text| self.maybe(text));
        self.time(executed_at);
        if let Some(ExpectedOutcome { score: _, explanation, unreadable: _ }) = expected_outcome {
            explanation.iter_mut().for_each(|line| self.string(line));
        }
        metrics.iter_mut().for_each(|metric| self.metric(metric));
        for Turn { role, content, at_seconds: _ } in transcript {
            self.string(role);
            self.string(content);
        }
        // A recording says aloud what the transcript must not show.
        if !self.has_no_rules() {
            *recording_url = None;
        }
        for text in [case_key, recording_url].into_iter().flatten() {
            self.without_secrets(text);
        }
    }

    fn metric(&self, metric: &mut MetricRecord) {
        let MetricRecord { id: _, name, aliases, value, explanation, unreadable: _ } = metric;
        self.string(name);
        aliases.iter_mut().chain(explanation).for_each(|text| self.string(text));
        match value {
            MetricValue::Label(label) => self.maybe(label),
            MetricValue::Binary(_) | MetricValue::Rating(_) | MetricValue::Numeric(_) => {}
        }
    }

    fn unreadable(&self, field: &mut UnreadableField) {
        let UnreadableField { field, metric, value } = field;
        self.string(field);
        self.maybe(metric);
        self.string(value);
    }

    fn status(&self, status: &mut Status) {
        if let Status::Unknown(text) = status {
            self.string(text);
        }
    }

    /// A time is looked into only where it is none.
    fn time(&self, time: &mut Option<String>) {
        if time.as_deref().and_then(instant).is_none() {
            self.maybe(time);
        }
    }

    fn maybe(&self, text: &mut Option<String>) {
        if let Some(text) = text {
            self.string(text);
        }
    }

    /// Takes out of a text what no report may show.
    pub fn string(&self, text: &mut String) {
        if let std::borrow::Cow::Owned(changed) = self.text(text) {
            *text = changed;
        }
    }
}
