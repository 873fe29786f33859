//! Every mode's fullest body, checked against the published schema and against a short list of facts
//! for checkouts that have no contract folder beside them.

mod contract;
mod starts;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::suite::model::{
    Elevenlabs, Email, Frequency, Livekit, Numbers, Phone, Pipecat, Retell, Room, Sip, Vapi,
    Websocket,
};

/// A suite with every optional field that the mode can carry.
fn fullest(mode: Mode) -> Suite {
    let overrides = !matches!(
        mode,
        Mode::Websocket | Mode::VapiWebrtc | Mode::RetellWebrtc | Mode::Pipecat | Mode::Email
    );
    let room = |name: &str| Room {
        url: format!("https://rooms.example/{name}"),
        token: Some("token".to_owned()),
    };
    let phone = takes_tags(mode).then(|| Phone {
        outbound: Some("+14155550100".to_owned()),
        agent: Some("+14155550101".to_owned()),
        numbers: (mode != Mode::Text).then_some(Numbers::Different),
    });
    let websocket = match mode {
        Mode::Websocket => Some(Websocket {
            url: Some("wss://agent.example/chat".to_owned()),
            headers: None,
            urls: Some([("102".to_owned(), "wss://agent.example/other".to_owned())].into()),
        }),
        Mode::Text | Mode::Chirp => Some(Websocket {
            url: Some("wss://agent.example/chat".to_owned()),
            headers: (mode == Mode::Text).then(|| [("X-Env".to_owned(), "pr".to_owned())].into()),
            urls: None,
        }),
        _ => None,
    };
    let config = json!({"empty_timeout": 30}).as_object().cloned();
    let message = || json!({"call": "test"}).as_object().cloned();
    Suite {
        version: 1,
        agent: Some(123),
        project: Some(1376),
        scenarios: Some(vec![101, 102]),
        mode: Some(mode),
        frequency: takes_frequency(mode).then_some(Frequency::Fixed(5)),
        personalities: overrides.then(|| vec![3, 7]),
        test_profiles: overrides.then(|| vec![20]),
        concurrency: takes_concurrency(mode).then_some(10),
        mock_tools: Some(vec!["lookup_order".to_owned()]),
        phone,
        websocket,
        livekit: (mode == Mode::LivekitV2).then(|| Livekit {
            agent_name: Some("bot-pr-42".to_owned()),
            url: Some("wss://livekit.example".to_owned()),
            config: config.clone(),
            publish_data_message: message(),
        }),
        pipecat: match mode {
            Mode::PipecatV2 => Some(Pipecat {
                agent_name: Some("bot-pr-42".to_owned()),
                config: config.clone(),
                room_properties: config,
                publish_data_message: message(),
                ..Pipecat::default()
            }),
            Mode::Pipecat => Some(Pipecat {
                room: Some(room("every")),
                rooms: Some([("102".to_owned(), room("other"))].into()),
                publish_data_message: message(),
                ..Pipecat::default()
            }),
            _ => None,
        },
        email: (mode == Mode::Email)
            .then(|| Email { agent: Some("support@example.com".to_owned()) }),
        sip: (mode == Mode::Sip).then(|| Sip { endpoint: Some("sip:bot@example".to_owned()) }),
        vapi: (mode == Mode::VapiWebrtc).then(|| Vapi { assistant: Some("asst_1".to_owned()) }),
        retell: (mode == Mode::RetellWebrtc).then(|| Retell { agent: Some("agent_1".to_owned()) }),
        elevenlabs: (mode == Mode::Elevenlabs).then(|| Elevenlabs {
            agent: Some("el_1".to_owned()),
            base_url: Some("https://eu.elevenlabs.example".to_owned()),
            branch: Some("br_7".to_owned()),
            environment: Some("staging".to_owned()),
        }),
        ..Suite::default()
    }
}

fn plan(suite: &Suite) -> Plan {
    Plan::new(suite, "Checkout", None, "k1").unwrap()
}

fn body(suite: &Suite) -> Value {
    plan(suite).request().unwrap().body
}

fn fields(body: &Value) -> BTreeSet<&str> {
    body.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn each_mode_sends_exactly_these_fields() {
    let common = [
        "agent_id",
        "name",
        "scenarios",
        "frequency",
        "personality_ids",
        "test_profile_ids",
        "outbound_phone_number",
        "agent_number",
        "concurrency_limit",
        "mock_tool_names",
    ];
    let v2 = [
        "agent",
        "name",
        "scenarios",
        "frequency",
        "personality_ids",
        "test_profile_ids",
        "concurrency_limit",
        "mock_tool_names",
    ];
    let webrtc = [
        "agent_id",
        "name",
        "scenarios",
        "frequency",
        "project_id",
        "concurrency_limit",
        "mock_tool_names",
    ];
    let chat =
        ["agent_id", "name", "scenarios", "frequency", "personality_ids", "test_profile_ids"];
    let rows: [(Mode, &[&str], &[&str]); 14] = [
        (Mode::Voice, &common, &["mode"]),
        (Mode::Text, &common, &["websocket_url", "websocket_headers"]),
        (Mode::Chirp, &common, &["mode", "websocket_url"]),
        (Mode::Sip, &common, &["mode", "sip_endpoint"]),
        (Mode::Agora, &common, &["mode"]),
        (Mode::Elevenlabs, &common, &["mode", "elevenlabs_agent_id", "elevenlabs_data"]),
        (Mode::LivekitV2, &v2, &["livekit_data"]),
        (Mode::PipecatV2, &v2, &["pipecat_data"]),
        (Mode::Pipecat, &["agent", "scenarios", "mock_tool_names"], &[]),
        (Mode::Email, &["agent_id", "scenarios", "frequency"], &["agent_email"]),
        (Mode::Websocket, &["agent", "scenarios", "frequency", "mock_tool_names"], &[]),
        (Mode::VapiWebrtc, &webrtc, &["vapi_assistant_id"]),
        (Mode::RetellWebrtc, &webrtc, &["retell_agent_id"]),
        (Mode::ApiChat, &chat, &["timeout"]),
    ];
    let covered: BTreeSet<Mode> = rows.iter().map(|row| row.0).collect();
    assert_eq!(covered, Mode::ALL.into_iter().collect());
    for (mode, shared, own) in rows {
        let expected: BTreeSet<&str> = shared.iter().chain(own).copied().collect();
        assert_eq!(fields(&body(&fullest(mode))), expected, "{}", mode.name());
    }
}

#[test]
fn the_smallest_suite_sends_nothing_that_it_does_not_say() {
    let suite = Suite { agent: Some(1), scenarios: Some(vec![5]), ..Suite::default() };
    assert_eq!(
        body(&suite),
        json!({"agent_id": 1, "name": "Checkout [gate k1]", "scenarios": [5]})
    );
}

#[test]
fn an_assistant_stands_in_for_the_agent() {
    let suite = Suite {
        assistant: Some("asst_1".to_owned()),
        scenarios: Some(vec![5]),
        ..Suite::default()
    };
    assert_eq!(body(&suite)["assistant_id"], "asst_1");
}

#[test]
fn mocking_no_tool_is_told_apart_from_the_default() {
    let mut suite = Suite { agent: Some(1), scenarios: Some(vec![5]), ..Suite::default() };
    assert!(body(&suite).get("mock_tool_names").is_none());
    suite.mock_tools = Some(Vec::new());
    assert_eq!(body(&suite)["mock_tool_names"], json!([]));
}

#[test]
fn tags_and_folders_go_to_the_platform_where_the_mode_takes_them() {
    let suite = Suite {
        agent: Some(1),
        folder: Some("Sales.Inbound".to_owned()),
        project: Some(9),
        ..Suite::default()
    };
    let body = body(&suite);
    assert_eq!(body["folder_path"], "Sales.Inbound");
    assert_eq!(body["project_id"], 9);
    assert_eq!(plan(&suite).runs(), None);
}

#[test]
fn tags_are_resolved_to_ids_where_the_mode_takes_ids_only() {
    let suite = Suite {
        agent: Some(1),
        mode: Some(Mode::LivekitV2),
        scenarios: Some(vec![5]),
        tags: Some(vec!["smoke".to_owned()]),
        frequency: Some(Frequency::Fixed(2)),
        ..Suite::default()
    };
    let plan = plan(&suite);
    assert_eq!(plan.request(), None, "nothing can start before the ids are known");
    let plan = plan.resolved([7, 5, 9]);
    assert_eq!(
        plan.request().unwrap().body["scenarios"],
        json!([{"scenario": 5}, {"scenario": 7}, {"scenario": 9}])
    );
    assert_eq!(plan.runs(), Some(6));
}

#[test]
fn each_scenario_gets_its_own_websocket_or_the_common_one() {
    assert_eq!(
        body(&fullest(Mode::Websocket))["scenarios"],
        json!([
            {"scenario": 101, "websocket_url": "wss://agent.example/chat"},
            {"scenario": 102, "websocket_url": "wss://agent.example/other"},
        ])
    );
}

#[test]
fn frequency_personalities_and_profiles_multiply_the_runs() {
    let rows = [
        (Mode::Voice, 2 * 5 * 2),
        (Mode::Text, 2 * 5 * 2),
        (Mode::LivekitV2, 2 * 5 * 2),
        (Mode::Websocket, 2 * 5),
        (Mode::VapiWebrtc, 2 * 5),
    ];
    for (mode, runs) in rows {
        assert_eq!(plan(&fullest(mode)).runs(), Some(runs), "{}", mode.name());
    }
}

#[test]
fn a_long_name_is_cut_so_that_the_key_survives() {
    let suite = Suite { agent: Some(1), scenarios: Some(vec![5]), ..Suite::default() };
    let plan = Plan::new(&suite, &"é".repeat(400), Some("main"), "k1").unwrap();
    assert!(plan.result_name.ends_with(" @main [gate k1]"));
    assert!(plan.result_name.chars().count() <= 255);
}

#[test]
fn a_retry_starts_only_these_scenarios_so_often_under_its_own_name() {
    for mode in Mode::ALL {
        if mode == Mode::Pipecat {
            let again = plan(&fullest(mode)).again(vec![102], 1, "retry 1").request().unwrap();
            assert!(again.body.get("frequency").is_none(), "{again:?}");
            continue;
        }
        let plan = plan(&fullest(mode));
        let again = plan.again(vec![102], 2, "retry 1");
        let request = again.request().unwrap();
        assert_eq!(request.path, start_path(mode));
        assert_eq!(request.body["frequency"], 2);
        assert_eq!(request.body["scenarios"].as_array().unwrap().len(), 1, "{}", mode.name());
        assert_eq!(again.runs(), plan.runs().map(|runs| runs / 2 / 5 * 2), "{}", mode.name());
        if carries_name(mode) {
            assert_eq!(request.body["name"], "Checkout [gate k1] retry 1");
        }
    }
}

#[test]
fn a_results_name_says_its_branch_so_that_a_baseline_can_be_found() {
    let suite = Suite { agent: Some(1), scenarios: Some(vec![5]), ..Suite::default() };
    let plan = Plan::new(&suite, "Checkout", Some("main"), "k1").unwrap();
    assert_eq!(plan.result_name, "Checkout @main [gate k1]");
    assert!(plan.result_name.starts_with(&result_name_start("Checkout", Some("main"))));
    assert!(!plan.result_name.starts_with(&result_name_start("Checkout", Some("mai"))));
    assert!(!plan.result_name.starts_with(&result_name_start("Checkout", None)));
}

#[test]
fn test_cases_are_sent_with_the_fields_that_the_platform_takes() {
    let fields = ["spec", "agent_id", "name", "channel", "livekit_data", "pipecat_data"];
    let case = json!({"name": "A", "instructions": "x"});
    for (mode, more) in [
        (Mode::Voice, None),
        (Mode::Text, None),
        (Mode::Elevenlabs, None),
        (Mode::LivekitV2, Some(("livekit_data", json!({"agent_name": "bot"})))),
        (Mode::PipecatV2, Some(("pipecat_data", json!({"pipecat_agent_name": "bot"})))),
    ] {
        let suite: Suite = serde_json::from_value(json!({
            "agent": 123, "mode": mode.name(), "frequency": 3, "concurrency": 2, "cases": [case],
            "livekit": {"agent_name": "bot"}, "pipecat": {"agent_name": "bot"},
        }))
        .unwrap();
        let plan = Plan::new(&suite, "Shop", None, "key").unwrap();
        let request = plan.request().unwrap();
        assert_eq!(request.path, "/test_framework/v1/scenarios/run_scenarios_json/");
        let body = request.body.as_object().unwrap();
        assert!(body.keys().all(|key| fields.contains(&key.as_str())), "{body:?}");
        assert_eq!(
            (&body["channel"], &body["name"]),
            (&json!(mode.name()), &json!("Shop [gate key]"))
        );
        assert_eq!(
            body["spec"],
            json!({
                "version": "1",
                "defaults": {"frequency": 3, "concurrency_limit": 2},
                "scenarios": [case],
            })
        );
        match more {
            Some((key, data)) => assert_eq!(body[key], data),
            None => assert_eq!(body.len(), 4, "{body:?}"),
        }
        assert_eq!((plan.runs(), plan.runs_per_scenario), (Some(3), 3));
        let again = plan.cases_again(&["A".to_owned()], 2, "retry 1.2").unwrap();
        let again = again.request().unwrap().body;
        assert_eq!(again["spec"]["scenarios"][0]["frequency"], 2);
        assert_eq!(again["name"], "Shop [gate key] retry 1.2");
    }
}

#[test]
fn elevenlabs_and_the_rooms_get_what_is_said_of_this_run() {
    let body = |mode| body(&fullest(mode));
    let of_elevenlabs = json!({
        "elevenlabs_base_url_override": "https://eu.elevenlabs.example",
        "elevenlabs_branch_id": "br_7",
        "elevenlabs_environment": "staging",
    });
    assert_eq!(body(Mode::Elevenlabs)["elevenlabs_data"], of_elevenlabs);
    for mode in [Mode::LivekitV2, Mode::PipecatV2] {
        let each = |id: u64| json!({"scenario": id, "publish_data_message": {"call": "test"}});
        assert_eq!(body(mode)["scenarios"], json!([each(101), each(102)]), "{mode:?}");
    }
}

#[test]
fn frequency_and_concurrency_go_with_a_spec_and_multiply_every_case() {
    let spec = json!({
        "version": "1",
        "scenarios": [
            {"name": "a", "instructions": "x", "frequency": 2},
            {"name": "b", "instructions": "x"},
        ],
    });
    let suite = Suite {
        version: 1,
        agent: Some(9),
        spec: Some("cekura.tests.json".to_owned()),
        spec_read: Some(serde_json::from_value(spec).unwrap()),
        frequency: Some(Frequency::Fixed(3)),
        concurrency: Some(4),
        ..Suite::default()
    };
    let plan = plan(&suite);
    assert_eq!((plan.runs(), plan.runs_per_scenario), (Some(9), 3));
    let sent = plan.request().unwrap().body;
    assert_eq!((&sent["frequency"], &sent["concurrency_limit"]), (&json!(3), &json!(4)));
    let again = plan.cases_again(&["a".to_owned()], 2, "again").unwrap();
    assert_eq!(again.runs(), Some(2), "a retry says how often, and nothing multiplies it");
    assert!(again.request().unwrap().body.get("frequency").is_none());
}

#[test]
fn the_first_start_of_rounds_is_of_the_first_number_and_the_worst_case_of_the_largest() {
    let suite = serde_json::from_value(json!({
        "agent": 1, "scenarios": [101, 102], "personalities": [7, 8],
        "frequency": { "start": 3, "max": 10 },
    }));
    let plan = plan(&suite.unwrap());
    assert_eq!(plan.request().unwrap().body["frequency"], 3);
    assert_eq!((plan.runs(), plan.most_runs()), (Some(12), Some(40)));
    assert_eq!((plan.runs_per_scenario, plan.most_runs_per_scenario()), (6, 20));
    assert_eq!(plan.looks, [3, 5, 7, 9, 10]);
    let again = plan.again(vec![102], 3, "round 2");
    assert_eq!((again.runs(), again.most_runs()), (Some(6), Some(6)));
}

#[test]
fn a_search_for_scenarios_is_told_in_words_and_leaves_out_excluded_tags() {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let query = |tags: &[&str], folder: Option<&str>| Query {
        ids: vec![],
        tags: texts(tags),
        exclude_tags: texts(&["slow"]),
        folder: folder.map(str::to_owned),
        project: None,
        agent: None,
    };
    assert_eq!(query(&["smoke"], None).describe(), "tag smoke");
    assert_eq!(query(&["smoke", "sales"], None).describe(), "any of the tags smoke, sales");
    assert_eq!(query(&["smoke"], Some("Sales.In")).describe(), "folder Sales.In");
    assert!(query(&[], None).excludes(&texts(&["smoke", "slow"])));
    assert!(!query(&[], None).excludes(&texts(&["smoke"])));
}

#[test]
fn a_start_that_cannot_limit_its_calls_says_of_which_mode_it_is() {
    let limited = |mode: Mode| plan(&fullest(mode)).limited(3);
    assert_eq!(limited(Mode::Pipecat).unwrap_err(), "mode pipecat");
    assert_eq!(limited(Mode::Email).unwrap_err(), "mode email");
    assert_eq!(limited(Mode::Websocket).unwrap_err(), "mode websocket");
    let body = limited(Mode::Voice).unwrap().request().unwrap().body;
    assert_eq!(body["concurrency_limit"], 3);
    assert_eq!(limited(Mode::ApiChat).unwrap(), plan(&fullest(Mode::ApiChat)));
}

#[test]
fn only_starts_that_carry_a_name_are_sent_one() {
    for mode in [Mode::Voice, Mode::Text, Mode::ApiChat, Mode::LivekitV2] {
        assert!(carries_name(mode), "{mode:?}");
        let body = plan(&fullest(mode)).named("other".to_owned()).request().unwrap().body;
        assert_eq!(body["name"], "other", "{mode:?}");
    }
    for mode in [Mode::Websocket, Mode::Pipecat, Mode::Email] {
        assert!(!carries_name(mode), "{mode:?}");
        let body = plan(&fullest(mode)).named("other".to_owned()).request().unwrap().body;
        assert_eq!(body.get("name"), None, "{mode:?}");
    }
}
