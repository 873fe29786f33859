//! Every mode's fullest and smallest body, checked against the published contract.

#[cfg(test)]
use super::*;

/// The published contract, where it stands beside this folder.
fn contract() -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/contract/cekura-openapi.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("passed over: {} is missing", path.display());
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

/// The name of the schema of a start's body.
fn schema_of<'a>(openapi: &'a Value, path: &str) -> &'a str {
    let content = &openapi["paths"][path]["post"]["requestBody"]["content"];
    let reference = content["application/json"]["schema"]["$ref"].as_str();
    reference.unwrap().rsplit('/').next().unwrap()
}

/// What a body breaks of the schema.
fn schema_errors(openapi: &Value, schema: &str, body: &Value) -> Vec<String> {
    let schema = json!({
        "$ref": format!("#/components/schemas/{schema}"),
        "components": openapi["components"],
    });
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(body).map(|error| error.to_string()).collect()
}

/// The fields that the platform takes and the body lacks, and those that it does not take.
fn difference(openapi: &Value, schema: &str, body: &Value) -> (Vec<String>, Vec<String>) {
    let known = fields(&openapi["components"]["schemas"][schema]["properties"]);
    let sent = fields(body);
    let owned = |names: Vec<&&str>| names.into_iter().map(|name| (*name).to_owned()).collect();
    (owned(known.difference(&sent).collect()), owned(sent.difference(&known).collect()))
}

#[test]
fn each_modes_fullest_body_is_valid_against_the_published_schema() {
    let Some(openapi) = contract() else { return };
    for mode in Mode::ALL {
        let mut body = body(&fullest(mode));
        if mode == Mode::PipecatV2 {
            // The one documented exception: sent although the published schema lacks it.
            assert!(body.as_object_mut().unwrap().remove("agent").is_some());
        }
        let name = schema_of(&openapi, start_path(mode));
        let (new, unknown) = difference(&openapi, name, &body);
        assert!(unknown.is_empty(), "{}: {unknown:?} are not in {name}", mode.name());

        // A field that the platform has added since shows up here.
        let passed_over = [
            "assistant_id",
            "tags",
            "folder_path",
            "project_id",
            "personality_id",
            "test_profile_id",
        ];
        let new: Vec<_> =
            new.into_iter().filter(|field| !passed_over.contains(&field.as_str())).collect();
        assert!(new.is_empty(), "{}: the platform also takes {new:?}", mode.name());
        assert_eq!(schema_errors(&openapi, name, &body), [""; 0], "{}", mode.name());
    }
}

/// A suite that says no more than its mode needs.
fn smallest(mode: Mode) -> Suite {
    let full = fullest(mode);
    Suite {
        version: 1,
        agent: Some(1),
        scenarios: Some(vec![5]),
        mode: Some(mode),
        websocket: full.websocket.filter(|_| mode == Mode::Websocket),
        pipecat: full.pipecat.filter(|_| mode == Mode::Pipecat),
        vapi: full.vapi,
        ..Suite::default()
    }
}

#[test]
fn each_modes_smallest_body_is_valid_against_the_published_schema() {
    let Some(openapi) = contract() else { return };
    for mode in Mode::ALL {
        let body = body(&smallest(mode));
        let name = schema_of(&openapi, start_path(mode));
        assert_eq!(schema_errors(&openapi, name, &body), [""; 0], "{}", mode.name());
        let (_, mut unknown) = difference(&openapi, name, &body);
        unknown.retain(|field| mode != Mode::PipecatV2 || field != "agent");
        assert!(unknown.is_empty(), "{}: {unknown:?} are not in {name}", mode.name());
    }
}

#[test]
fn an_assistant_is_sent_in_exactly_the_modes_whose_schema_takes_one() {
    let Some(openapi) = contract() else { return };
    for mode in Mode::ALL {
        let name = schema_of(&openapi, start_path(mode));
        let takes = openapi["components"]["schemas"][name]["properties"].get("assistant_id");
        let assistant = Some("asst_1".to_owned());
        let suite = Suite { agent: None, assistant, ..smallest(mode) };
        let problems = crate::suite::validate(&suite, jiff::civil::date(2026, 1, 1));
        let refused = problems.iter().any(|problem| problem.path.to_string() == "assistant");
        assert_eq!(refused, takes.is_none(), "{}: {problems:?}", mode.name());
        if takes.is_some() {
            let body = body(&suite);
            assert_eq!(body["assistant_id"], "asst_1", "{}", mode.name());
            assert_eq!(schema_errors(&openapi, name, &body), [""; 0], "{}", mode.name());
        }
    }
}

#[test]
fn the_fullest_and_the_smallest_start_with_test_cases_are_valid_too() {
    let Some(openapi) = contract() else { return };
    let case = json!({ "name": "A", "instructions": "x" });
    let rooms = json!({ "agent_name": "bot" });
    let full = json!({
        "agent": 123, "spec": "cekura.tests.json", "frequency": 3, "concurrency": 2,
        "livekit": rooms, "pipecat": rooms,
    });
    let mut sent = BTreeSet::new();
    for mode in ["voice", "text", "elevenlabs", "livekit_v2", "pipecat_v2"] {
        for mut suite in [full.clone(), json!({ "agent": 1, "spec": "a.json" })] {
            suite["mode"] = json!(mode);
            let mut suite: Suite = serde_json::from_value(suite).unwrap();
            let spec = json!({ "version": "1", "scenarios": [case] });
            suite.spec_read = Some(serde_json::from_value(spec).unwrap());
            let mut body = body(&suite);
            sent.extend(fields(&body).into_iter().map(str::to_owned));
            assert_eq!(schema_errors(&openapi, "TestSuiteSpecUpload", &body), [""; 0], "{mode}");
            // Sent by the platform's own suite action, and missing from its schema.
            for unpublished in ["frequency", "concurrency_limit"] {
                body.as_object_mut().unwrap().remove(unpublished);
            }
            let (_, unknown) = difference(&openapi, "TestSuiteSpecUpload", &body);
            assert!(unknown.is_empty(), "{mode}: {unknown:?}");
        }
    }
    let known = fields(&openapi["components"]["schemas"]["TestSuiteSpecUpload"]["properties"]);
    let new: Vec<&&str> =
        known.iter().filter(|field| **field != "file" && !sent.contains(**field)).collect();
    assert!(new.is_empty(), "the platform also takes {new:?}");
}

#[test]
fn what_stands_within_a_body_is_all_that_the_platform_takes_there() {
    let Some(openapi) = contract() else { return };
    let rows = [
        ("LivekitScenario", body(&fullest(Mode::LivekitV2))["scenarios"][0].clone()),
        ("LivekitRunDataOverride", body(&fullest(Mode::LivekitV2))["livekit_data"].clone()),
        ("SchemaPipecatV2Scenario", body(&fullest(Mode::PipecatV2))["scenarios"][0].clone()),
        ("SchemaPipecatV2Data", body(&fullest(Mode::PipecatV2))["pipecat_data"].clone()),
        ("SchemaPipecatScenario", body(&fullest(Mode::Pipecat))["scenarios"][0].clone()),
        ("ScenarioWithWebsocket", body(&fullest(Mode::Websocket))["scenarios"][0].clone()),
        ("SchemaElevenLabsData", body(&fullest(Mode::Elevenlabs))["elevenlabs_data"].clone()),
    ];
    for (name, sent) in rows {
        let known = fields(&openapi["components"]["schemas"][name]["properties"]);
        assert_eq!(fields(&sent), known, "{name}");
    }
}
