//! The documents of runs: in full, and as an item of the light list.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::super::dialogue::{self, AGENT};
use super::super::fate::{End, Score};
use super::super::random::Random;
use super::super::world::{Kind, Metric, Scenario, Style};
use super::listing::{self, Selection};
use super::{Call, Reply};
use crate::record::Status;
use crate::simulate::state::{Account, Held, HeldRun};

/// A run in full, as a JSON text. Once it has ended the text is kept.
pub(super) fn detail(account: &Account, held: &Held, run: &HeldRun, now: Duration) -> String {
    let at = held.at(&account.world, now);
    let status = run.status(at);
    if status.is_terminal() {
        let write = || document(account, held, run, &status).to_string();
        run.document.get_or_init(write).clone()
    } else {
        document(account, held, run, &status).to_string()
    }
}

/// The runs of an account, as far as the query wants them.
pub(super) fn list(account: &Account, call: &Call, now: Duration) -> Reply {
    let selection = match call.query("ql").map(Selection::parse) {
        Some(None) => return Reply::refused("ql", "Malformed query."),
        Some(Some(selection)) => Some(selection),
        None => None,
    };
    let result = call.number("result_id").or_else(|| call.number("result__id"));
    let agent = call.number("agent_id");
    let ids = call.list("id__in");
    let statuses = call.list("status__in").or_else(|| call.list("status"));
    let wanted =
        |one: &str, list: &Option<Vec<&str>>| list.as_ref().is_none_or(|l| l.contains(&one));
    let mut found = Vec::new();
    for held in account.results.values() {
        if result.is_some_and(|id| id != held.id) || agent.is_some_and(|id| id != held.agent) {
            continue;
        }
        let at = held.at(&account.world, now);
        for run in &held.runs {
            let status = run.status(at);
            if wanted(&run.id.to_string(), &ids) && wanted(status.as_str(), &statuses) {
                found.push((held, run, status));
            }
        }
    }
    listing::page(call, &found, |(held, run, status)| {
        let item = light(account, held, run, status);
        selection.as_ref().map_or_else(|| item.clone(), |selection| selection.apply(&item))
    })
}

/// Several runs in full.
pub(super) fn bulk(account: &Account, call: &Call, now: Duration) -> Reply {
    // The documented name, and the one that Cekura's CLI sends.
    let ids = call.list("run_ids").or_else(|| call.list("ids")).unwrap_or_default();
    let numbers: Option<Vec<u64>> = ids.iter().map(|id| id.parse().ok()).collect();
    let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) else {
        return Reply::refused("run_ids", "Expected a comma-separated list of run IDs.");
    };
    let found = numbers.into_iter().filter_map(|id| account.run(id));
    let texts: Vec<String> = found.map(|(held, run)| detail(account, held, run, now)).collect();
    Reply { status: 200, body: format!("[{}]", texts.join(",")) }
}

/// What every form of a run says.
fn light(account: &Account, held: &Held, run: &HeldRun, status: &Status) -> Value {
    let world = &account.world;
    let scenario = world.scenario(run.scenario);
    let named = |list: &[super::super::world::Named], id: Option<u64>| {
        list.iter().find(|one| Some(one.id) == id).map(|one| one.name.clone())
    };
    let dialled = run.cancelled.is_none_or(|at| at >= run.line.dialled);
    let under_way = !matches!(status, Status::InQueue) && dialled;
    let executed = under_way.then(|| held.on_the_line(account, run.line.dialled));
    let held_talk = *status == Status::Completed && run.fate.end.is_conversation();
    let agent_name = world.agent(held.agent).map(|agent| agent.name);
    json!({
        "id": run.id,
        "provider_call_id": under_way.then(|| format!("call_{:016x}", run.fate.script)),
        "trace_id": "",
        "scenario": run.scenario,
        "scenario_name": scenario.map_or("Scenario Deleted", |scenario| &scenario.name),
        "personality": run.personality,
        "personality_name": named(&world.personalities, run.personality),
        "test_profile_name": named(&world.test_profiles, run.test_profile),
        "result_id": held.id,
        "agent": held.agent,
        "agent_name": agent_name,
        "duration": if held_talk { clock(run.fate.talking) } else { "00:00".to_owned() },
        "status": status.as_str(),
        "evaluation_status": evaluation_status(run, status),
        "success": succeeded(run, status),
        "error_message": error_message(run, status),
        "expected_outcome": expected_outcome(run, status),
        "metadata": metadata(run, status),
        "timestamp": held.calendar(account, 0.0),
        "executed_at": executed,
        "outbound_number": null,
        "inbound_number": (held.run_type == "voice").then_some("+14155550123"),
        "run_as_text": held.run_type == "text",
        "run_type": held.run_type,
    })
}

/// A run in full.
fn document(account: &Account, held: &Held, run: &HeldRun, status: &Status) -> Value {
    let mut document = light(account, held, run, status);
    let world = &account.world;
    let Some(scenario) = world.scenario(run.scenario) else { return document };
    let judged = *status == Status::Completed && run.fate.end.is_conversation();
    let mut scored: Vec<Value> = Vec::new();
    let mut rubric: Vec<Value> = Vec::new();
    let mut transcript = Vec::new();
    if judged {
        let mishap = run.fate.end.mishap();
        for (metric, score) in world.metrics.iter().zip(&run.fate.scores) {
            let mut explanation = explanation(metric, score, mishap.is_some());
            if run.reviews.scored_again.contains(&metric.id) {
                explanation.push_str(" (scored again)");
            }
            if metric.rubric && metric.kind == Kind::Binary {
                rubric.push(rule(metric, score, &explanation));
            }
            let mut entry = entry(metric, score, explanation);
            if let Some(vote) = run.reviews.metrics.get(&metric.id) {
                reviewed(&mut entry, vote.show());
            }
            scored.push(entry);
        }
        transcript = match &run.chat {
            Some(chat) => chat.transcript(),
            None => turns(run, scenario),
        };
    }
    if let Value::Object(fields) = &mut document {
        fields.insert("result_name".into(), json!(held.name));
        fields.insert("scenario_type".into(), json!("instruction"));
        fields.insert("expected_outcome_prompt".into(), json!(super::catalog::outcome(scenario)));
        fields.insert("evaluation".into(), json!({ "metrics": scored }));
        fields.insert("rubric".into(), json!(rubric));
        fields.insert("transcript".into(), json!(text(&transcript)));
        fields.insert("transcript_object".into(), Value::Array(transcript));
        fields.insert(
            "test_profile_data".into(),
            run.test_profile.map_or(Value::Null, |id| json!({ "id": id })),
        );
        fields.insert("voice_recording_url".into(), Value::Null);
        fields.insert("is_reviewed".into(), json!(run.reviews.is_reviewed()));
        let feedback = run.reviews.outcome.as_ref().and_then(|vote| vote.feedback.as_deref());
        fields.insert("feedback".into(), json!(feedback.unwrap_or_default()));
        fields.insert("critical_categories".into(), json!(critical_categories(run, judged)));
    }
    document
}

/// Puts a vote into a metric's entry.
fn reviewed(entry: &mut Value, vote: Value) {
    let Some(fields) = entry.as_object_mut() else { return };
    match fields.get_mut("extra").and_then(Value::as_object_mut) {
        Some(extra) => drop(extra.insert("review".into(), vote)),
        None => drop(fields.insert("extra".into(), json!({ "review": vote }))),
    }
}

/// The critical scenario that a run's failure belongs to.
pub(super) fn critical(run: &HeldRun) -> Option<u64> {
    let mishap = run.fate.end.mishap()?;
    let place = dialogue::Mishap::ALL.iter().position(|one| *one == mishap)?;
    Some(41 + place as u64)
}

fn critical_categories(run: &HeldRun, judged: bool) -> Vec<Value> {
    let Some((id, mishap)) = critical(run).zip(run.fate.end.mishap()) else { return Vec::new() };
    let category = json!({
        "category_id": id,
        "category": mishap.remedy().0,
        "deviation": 1.0,
        "wrongly_marked": run.reviews.wrong.contains(&id),
        "feedback": "",
        "priority": "critical",
    });
    if judged { vec![category] } else { Vec::new() }
}

/// Whether the platform calls a run successful. It says so even when nothing was judged.
pub(super) fn succeeded(run: &HeldRun, status: &Status) -> bool {
    let by_fate = matches!(run.fate.end, End::Passed | End::Unscored);
    *status == Status::Completed && run.reviews.success.unwrap_or(by_fate)
}

fn evaluation_status(run: &HeldRun, status: &Status) -> Option<&'static str> {
    let word = match (succeeded(run, status), run.reviews.is_reviewed()) {
        (true, false) => "success",
        (true, true) => "reviewed_success",
        (false, false) => "failure",
        (false, true) => "reviewed_failure",
    };
    status.is_terminal().then_some(word)
}

fn ended_reason<'a>(run: &'a HeldRun, status: &Status) -> Option<&'a str> {
    if !status.is_terminal() {
        return None;
    }
    if run.cancelled.is_some() {
        return Some("run-cancelled-by-user");
    }
    if let Some(reason) = run.chat.as_ref().and_then(|chat| chat.ended_reason.as_deref()) {
        return Some(reason);
    }
    Some(match &run.fate.end {
        End::Errored { reason, .. } => reason,
        End::Failed(dialogue::Mishap::HangsUp | dialogue::Mishap::HandsOver) => {
            "Main agent-ended-call"
        }
        End::Passed | End::Failed(_) | End::Unscored => "Testing agent-ended-call",
    })
}

fn error_message(run: &HeldRun, status: &Status) -> Option<String> {
    let reason = ended_reason(run, status)?;
    let errored = matches!(run.fate.end, End::Errored { .. });
    (errored || run.cancelled.is_some()).then(|| format!("The call could not be held: {reason}"))
}

fn metadata(run: &HeldRun, status: &Status) -> Value {
    match ended_reason(run, status) {
        Some(reason) => json!({
            "ended_reason": reason,
            "ringing_duration": (run.fate.ringing * 10.0).round() / 10.0,
        }),
        None => json!({}),
    }
}

pub(super) fn expected_outcome(run: &HeldRun, status: &Status) -> Value {
    let Some(score) = run.fate.outcome.filter(|_| *status == Status::Completed) else {
        return json!({});
    };
    // A run may fail by a metric and meet its outcome all the same.
    let mishap = run.fate.end.mishap().filter(|_| score < 100);
    let mut explanation = dialogue::explanation(mishap);
    if run.reviews.outcome_again {
        explanation.push("✅ Judged again, with what a person said in mind.");
    }
    let alignments: Vec<Value> = explanation
        .iter()
        .map(|line| {
            let outcome = line.trim_start_matches(['✅', '❌', ' ']);
            json!({ "outcome": outcome, "prompt_part": "", "aligned": line.starts_with('✅') })
        })
        .collect();
    json!({ "score": score, "explanation": explanation, "outcome_alignments": alignments })
}

fn explanation(metric: &Metric, score: &Score, failed: bool) -> String {
    match score {
        Score::Skipped => format!("{} is not relevant to this conversation.", metric.name),
        Score::Binary(true) => format!("✅ {}: nothing to object to.", metric.name),
        Score::Binary(false) if failed => {
            format!(
                "❌ {}: the agent left the workflow before the matter was settled.",
                metric.name
            )
        }
        Score::Binary(false) => format!("❌ {}: the agent missed a required step.", metric.name),
        Score::Number(value) if metric.kind == Kind::Rating => {
            format!("{}: {value} after weighing tone, clarity and result.", metric.name)
        }
        Score::Number(value) => format!("{}: {value} over the whole call.", metric.name),
        Score::Label(label) => format!("The caller came across as {label}."),
    }
}

/// A metric's entry in `evaluation.metrics`, in the metric's way of writing.
fn entry(metric: &Metric, score: &Score, explanation: String) -> Value {
    let mut entry = Map::new();
    entry.insert("id".into(), json!(metric.id));
    entry.insert("name".into(), json!(metric.name));
    let mut put = |key: &str, value: Value| entry.insert(key.to_owned(), value);
    let number = match score {
        Score::Number(value) => Some(*value),
        _ => None,
    };
    let passed = match score {
        Score::Binary(passed) => Some(*passed),
        _ => None,
    };
    let points = |most: u32| json!(passed.map(|passed| if passed { most } else { 0 }));
    let many = json!([explanation]);
    match (metric.kind, metric.style) {
        (Kind::Binary, Style::Passed) => {
            put("eval_type", json!("binary"));
            put("type", json!("llm_judge"));
            put("passed", json!(passed));
            put("score", points(5));
            put("explanation", many);
        }
        (Kind::Binary, Style::Workflow) => {
            put("type", json!("binary_workflow_adherence"));
            put("score", points(5));
            put("explanation", many);
        }
        (Kind::Binary, Style::Qualitative) => {
            put("type", json!("binary_qualitative"));
            put("score", points(100));
            put("score_normalized", points(1));
            put("explanation", json!(explanation));
        }
        (Kind::Binary, Style::Plain) => {
            put("type", json!("binary"));
            put("score", points(1));
            put("explanation", json!(explanation));
        }
        (Kind::Rating, _) => {
            put("type", json!("continuous_qualitative"));
            put("score", json!(number));
            put("explanation", many);
        }
        (Kind::Numeric, _) => {
            put("type", json!("numeric"));
            put("score", json!(number));
            put("explanation", json!(explanation));
            put("extra", json!({ "percentiles": { "p50": number } }));
        }
        (Kind::Enum, _) => {
            let label = match score {
                Score::Label(label) => Some(label),
                _ => None,
            };
            put("type", json!("enum"));
            put("score", Value::Null);
            put("enum", json!(label));
            put("value", json!(label));
            put("explanation", many);
        }
    }
    if let Some(code) = &metric.code {
        put("vocera_defined_metric_code", json!(code));
    }
    Value::Object(entry)
}

/// A metric's entry in the rubric.
fn rule(metric: &Metric, score: &Score, explanation: &str) -> Value {
    let passed = match score {
        Score::Binary(passed) => Some(*passed),
        _ => None,
    };
    json!({
        "metric_id": metric.id,
        "metric_name": metric.name,
        "value": passed.map(|passed| if passed { 5 } else { 0 }),
        "explanation": [explanation],
        "passed": passed,
        "conditions": "score gte 5",
    })
}

/// The conversation, its turns spread over the talking time.
fn turns(run: &HeldRun, scenario: &Scenario) -> Vec<Value> {
    let mut random = Random::new(&[run.fate.script]);
    let topic = dialogue::topic(&scenario.name);
    let turns = dialogue::turns(topic, run.fate.end.mishap(), &mut random);
    let words: usize = turns.iter().map(|(_, content)| content.len()).sum();
    let pace = run.fate.talking / words.max(1) as f64;
    let mut said = 0;
    turns
        .into_iter()
        .map(|(role, content)| {
            let timestamp = (said as f64 * pace * 10.0).round() / 10.0;
            said += content.len();
            json!({ "role": role, "content": content, "timestamp": timestamp })
        })
        .collect()
}

fn text(turns: &[Value]) -> String {
    let line = |turn: &Value| {
        let word = |key| turn.get(key).and_then(Value::as_str).unwrap_or_default();
        let at = turn.get("timestamp").and_then(Value::as_f64).unwrap_or_default();
        let role = if word("role").is_empty() { AGENT } else { word("role") };
        format!("[{}] {role}: {}", clock(at), word("content"))
    };
    turns.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// `MM:SS`, or `H:MM:SS` from an hour on.
pub(super) fn clock(seconds: f64) -> String {
    let total = seconds.round() as u64;
    let (hours, minutes, seconds) = (total / 3600, total / 60 % 60, total % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}
