//! What later starts of a plan have: retries, rounds, and some of the cases alone.

use serde_json::json;

use super::*;
use crate::plan::rounds::{FirstPart, StartedRound};
use crate::plan::slots::PlanHead;

fn planned(more: Value) -> Plan {
    let mut suite = json!({"agent": 123});
    suite.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    plan(&serde_json::from_value(suite).unwrap())
}

fn cases() -> Plan {
    let case =
        |name: &str, times: u32| json!({"name": name, "instructions": "x", "frequency": times});
    planned(json!({"cases": [case("a", 2), case("b", 1)]}))
}

#[test]
fn a_plan_says_its_agent_only_where_the_suite_names_one_by_id() {
    assert_eq!(planned(json!({"scenarios": [5]})).target_id(), Some(123));
    let suite = json!({"assistant": "asst_1", "scenarios": [5]});
    assert_eq!(plan(&serde_json::from_value(suite).unwrap()).target_id(), None);
}

#[test]
fn only_a_spec_file_is_multiplied_by_the_frequency() {
    let suite = Suite {
        agent: Some(9),
        spec: Some("cekura.tests.json".to_owned()),
        spec_read: serde_json::from_value(
            json!({"version": "1", "scenarios": [{"name": "a", "instructions": "x"}]}),
        )
        .unwrap(),
        frequency: Some(Frequency::Fixed(3)),
        ..Suite::default()
    };
    assert_eq!(plan(&suite).case_multiplier(), 3);
    let inline = json!({"cases": [{"name": "a", "instructions": "x"}], "frequency": 3});
    assert_eq!(planned(inline).case_multiplier(), 1);
}

#[test]
fn some_scenarios_or_cases_alone_run_as_often_as_before() {
    let ids = planned(json!({"scenarios": [5, 6, 7], "frequency": 4})).only(&[6], &[], "again");
    assert_eq!((ids.scenarios(), ids.runs()), (vec![6], Some(4)));
    assert_eq!(ids.request().unwrap().body["name"], "Checkout [gate k1] again");
    let some = cases().only(&[], &["a".to_owned()], "again");
    assert_eq!(some.runs(), Some(2));
    let sent = some.request().unwrap().body;
    let names: Vec<&Value> =
        sent["spec"]["scenarios"].as_array().unwrap().iter().map(|case| &case["name"]).collect();
    assert_eq!(names, ["a"]);
    assert_eq!(sent["name"], "Checkout [gate k1] again");
}

#[test]
fn a_round_starts_its_scenarios_or_cases_so_often() {
    let round = |scenarios: Option<Vec<u64>>, keys: Option<Vec<String>>, runs_per_scenario| {
        StartedRound { number: 2, runs_per_scenario, scenarios, cases: keys, result: None }
    };
    let ids = planned(json!({
        "scenarios": [5, 6], "personalities": [7, 8], "frequency": {"start": 3, "max": 10},
    }));
    let second = ids.round(&round(Some(vec![6]), None, 8)).unwrap();
    assert_eq!((second.scenarios(), second.runs()), (vec![6], Some(8)));
    let sent = second.request().unwrap().body;
    assert_eq!(sent["frequency"], 4, "with each of two personalities");
    assert_eq!(sent["name"], "Checkout [gate k1] round 2");
    let some = cases().round(&round(None, Some(vec!["b".to_owned()]), 3)).unwrap();
    assert_eq!(some.runs(), Some(3));
    assert_eq!(some.request().unwrap().body["spec"]["scenarios"][0]["name"], "b");
}

#[test]
fn each_part_of_a_first_round_is_a_start_with_a_name_of_its_own() {
    let case = |name: &str| json!({"name": name, "instructions": "x"});
    let often = json!({"start": 3, "max": 10});
    let ids = json!({
        "scenarios": [5, 6, 7, 8], "personalities": [7, 8], "frequency": often,
    });
    let cases = json!({"cases": (["a", "b", "c", "d"].map(case)), "frequency": often});
    for (suite, each) in [(ids, 6), (cases, 3)] {
        let plan = planned(suite);
        let mut head = PlanHead::of(&plan);
        head.rounds.as_mut().unwrap().first = Some(FirstPart {
            scenarios: vec![6],
            cases: vec!["b".to_owned()],
            ..FirstPart::default()
        });
        let [first, rest] = head.parts().unwrap();
        let [first, rest] = [plan.part(&first, false).unwrap(), plan.part(&rest, true).unwrap()];
        assert_eq!((first.runs(), rest.runs()), (Some(each), Some(3 * each)));
        let sent = |plan: &Plan| {
            let request = plan.request().unwrap();
            assert_eq!(request.body["name"], plan.result_name);
            let of = request.body.get("spec").unwrap_or(&request.body);
            of["scenarios"].as_array().unwrap().clone()
        };
        let (in_first, in_rest, in_whole) = (sent(&first), sent(&rest), sent(&plan));
        assert_eq!((in_first.len(), in_rest.len(), in_whole.len()), (1, 3, 4));
        assert_eq!(first.result_name, "Checkout [gate k1] round 1 first");
        assert_eq!(rest.result_name, "Checkout [gate k1] round 1 rest");
        assert_eq!(name::whole_of_first_part(&first.result_name), Some(&*plan.result_name));
        for part in [&first, &rest] {
            let start = name::start_of_name(&part.result_name).unwrap();
            assert!(!name::is_of_whole_start(&part.result_name, start), "{}", part.result_name);
            assert!(!name::is_named(&part.result_name, &plan.result_name));
        }
    }
}

#[test]
fn the_largest_start_is_that_of_the_round_with_most_runs() {
    let rounds = planned(json!({
        "scenarios": [5, 6], "personalities": [7, 8], "frequency": {"start": 3, "max": 10},
    }));
    assert_eq!(rounds.largest_start(), Some(12));
    let once = planned(json!({"scenarios": [5, 6], "frequency": 5}));
    assert_eq!(once.largest_start(), Some(10));
    assert_eq!(planned(json!({"tags": ["smoke"]})).largest_start(), None);
}

#[test]
fn what_the_platform_is_to_look_for_is_sent_as_the_suite_has_it_and_nothing_empty() {
    let sent = |more: Value| planned(more).request().unwrap().body;
    let both = sent(json!({"scenarios": [5], "tags": ["smoke"]}));
    assert_eq!((&both["scenarios"], &both["tags"]), (&json!([5]), &json!(["smoke"])));
    let folder = sent(json!({"folder": "Sales"}));
    let fields = ["scenarios", "tags", "project_id"].map(|field| folder.get(field));
    assert_eq!(fields, [None; 3]);
    let tags = sent(json!({"tags": ["smoke"]}));
    assert_eq!(["scenarios", "folder_path"].map(|field| tags.get(field)), [None; 2]);
}

#[test]
fn each_scenario_gets_its_own_room_or_the_common_one() {
    let rooms = body(&fullest(Mode::Pipecat))["scenarios"].to_string();
    assert!(rooms.contains("https://rooms.example/every"), "{rooms}");
    assert!(rooms.contains("https://rooms.example/other"), "{rooms}");
}
