//! The start endpoints of the API and the fields that each takes.

use serde_json::{Map, Value};

/// A start endpoint.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// Last segment of its path.
    pub(super) name: &'static str,
    /// `run_type` of its results.
    pub(super) run_type: &'static str,
    /// Status of a good answer.
    pub(super) answer: u16,
    /// Scenarios come as objects, not as ids.
    pub(super) pairs: bool,
    /// The fields of the body.
    pub(super) fields: &'static [&'static str],
    /// The fields that a body must hold.
    pub(super) required: &'static [&'static str],
}

macro_rules! telephony {
    ($($more:literal),*) => {
        &[
            "agent_id", "assistant_id", "scenarios", "tags", "folder_path", "project_id",
            "frequency", "name", "outbound_phone_number", "agent_number", "personality_ids",
            "test_profile_ids", "concurrency_limit", "mock_tool_names", $($more),*
        ]
    };
}

macro_rules! rooms {
    ($($more:literal),*) => {
        &[
            "name", "frequency", "scenarios", "personality_ids", "test_profile_ids",
            "personality_id", "test_profile_id", "mock_tool_names", "concurrency_limit", "agent",
            $($more),*
        ]
    };
}

/// The endpoint whose starts bring their test cases along.
pub(super) const CASES: &str = "run_scenarios_json";

/// The endpoint that checks such a start, and starts nothing. It is not published.
pub(super) const VALIDATE: &str = "validate_scenarios_json";

/// The endpoint whose caller plays the agent.
pub(super) const CHAT: &str = "run_scenarios_api_chat";

/// Every start endpoint. `agent` of `run_scenarios_pipecat_v2` is missing from the published
/// schema but sent by Cekura's own clients; so are
/// `frequency` and `concurrency_limit` of `run_scenarios_json`.
pub(super) static ENDPOINTS: [Endpoint; 15] = [
    Endpoint {
        name: "run_scenarios",
        run_type: "voice",
        answer: 201,
        pairs: false,
        fields: telephony!["personality_id", "test_profile_id", "mode"],
        required: &[],
    },
    Endpoint {
        name: "run_scenarios_text",
        run_type: "text",
        answer: 201,
        pairs: false,
        fields: telephony!["websocket_url", "websocket_headers"],
        required: &[],
    },
    Endpoint {
        name: "run_scenarios_chirp",
        run_type: "chirp",
        answer: 200,
        pairs: false,
        fields: telephony!["personality_id", "test_profile_id", "mode", "websocket_url"],
        required: &[],
    },
    Endpoint {
        name: "run_scenarios_sip",
        run_type: "sip",
        answer: 200,
        pairs: false,
        fields: telephony!["personality_id", "test_profile_id", "mode", "sip_endpoint"],
        required: &[],
    },
    Endpoint {
        name: "run_scenarios_agora",
        run_type: "agora",
        answer: 200,
        pairs: false,
        fields: telephony!["personality_id", "test_profile_id", "mode"],
        required: &[],
    },
    Endpoint {
        name: "run_scenarios_elevenlabs",
        run_type: "elevenlabs",
        answer: 200,
        pairs: false,
        fields: telephony![
            "personality_id",
            "test_profile_id",
            "mode",
            "elevenlabs_agent_id",
            "elevenlabs_data"
        ],
        required: &[],
    },
    Endpoint {
        name: "run_scenarios_livekit_v2",
        run_type: "livekit_v2",
        answer: 200,
        pairs: true,
        fields: rooms!["livekit_data"],
        required: &["scenarios"],
    },
    Endpoint {
        name: "run_scenarios_pipecat_v2",
        run_type: "pipecat_v2",
        answer: 200,
        pairs: true,
        fields: rooms!["pipecat_data"],
        required: &["scenarios"],
    },
    Endpoint {
        name: "run_scenarios_pipecat",
        run_type: "pipecat",
        answer: 200,
        pairs: true,
        fields: &["agent", "scenarios", "mock_tool_names"],
        required: &["scenarios"],
    },
    Endpoint {
        name: "run_scenarios_email",
        run_type: "email",
        answer: 200,
        pairs: false,
        fields: &["agent_id", "scenarios", "frequency", "agent_email"],
        required: &["frequency", "scenarios"],
    },
    Endpoint {
        name: "run_scenarios_with_websockets",
        run_type: "websocket",
        answer: 201,
        pairs: true,
        fields: &["agent", "scenarios", "frequency", "mock_tool_names"],
        required: &["scenarios", "frequency"],
    },
    Endpoint {
        name: CHAT,
        run_type: "api_chat",
        answer: 200,
        pairs: false,
        fields: &[
            "agent_id",
            "assistant_id",
            "name",
            "scenarios",
            "tags",
            "folder_path",
            "project_id",
            "frequency",
            "personality_ids",
            "test_profile_ids",
            "timeout",
        ],
        required: &[],
    },
    Endpoint {
        name: CASES,
        run_type: "voice",
        answer: 200,
        pairs: false,
        fields: &[
            "spec",
            "file",
            "agent_id",
            "name",
            "channel",
            "livekit_data",
            "pipecat_data",
            "frequency",
            "concurrency_limit",
        ],
        required: &["spec"],
    },
    Endpoint {
        name: "run_scenarios_vapi_webrtc",
        run_type: "vapi_webrtc",
        answer: 200,
        pairs: false,
        fields: &[
            "scenarios",
            "vapi_assistant_id",
            "agent_id",
            "project_id",
            "frequency",
            "name",
            "concurrency_limit",
            "mock_tool_names",
        ],
        required: &["scenarios", "vapi_assistant_id"],
    },
    Endpoint {
        name: "run_scenarios_retell_webrtc",
        run_type: "retell_webrtc",
        answer: 200,
        pairs: false,
        fields: &[
            "scenarios",
            "agent_id",
            "project_id",
            "retell_agent_id",
            "frequency",
            "name",
            "concurrency_limit",
            "mock_tool_names",
        ],
        required: &["scenarios"],
    },
];

impl Endpoint {
    /// Whether its path ends so.
    pub(super) fn is_at(&self, segment: &str) -> bool {
        self.name == segment || (self.name == CASES && segment == VALIDATE)
    }

    /// Whether a body may hold this field.
    pub(super) fn takes(&self, field: &str) -> bool {
        self.fields.contains(&field)
    }

    /// The fields of a body that this endpoint ignores.
    pub(super) fn unknown_fields(&self, body: &Map<String, Value>) -> Vec<String> {
        body.keys().filter(|key| !self.takes(key)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// The fields of a request body in the published contract.
    fn published(contract: &Value, name: &str) -> Option<BTreeSet<String>> {
        let path = format!("/test_framework/v1/scenarios/{name}/");
        let content = &contract["paths"][&path]["post"]["requestBody"]["content"];
        let schema = &content["application/json"]["schema"];
        let schema = match schema["$ref"].as_str() {
            Some(reference) => contract.pointer(reference.trim_start_matches('#'))?,
            None => schema,
        };
        Some(schema["properties"].as_object()?.keys().cloned().collect())
    }

    #[test]
    fn the_fields_are_those_of_the_published_contract() {
        let place = Path::new(env!("CARGO_MANIFEST_DIR"));
        let path = place.join("../shared/contract/cekura-openapi.json");
        let Ok(text) = std::fs::read_to_string(&path) else {
            println!("passed over: {} is missing", path.display());
            return;
        };
        let contract: Value = serde_json::from_str(&text).unwrap();
        for endpoint in &ENDPOINTS {
            let mut expected = published(&contract, endpoint.name).unwrap();
            match endpoint.name {
                "run_scenarios_pipecat_v2" => {
                    expected.insert("agent".into());
                }
                CASES => expected.extend(["frequency".into(), "concurrency_limit".into()]),
                _ => {}
            }
            let fields: BTreeSet<String> =
                endpoint.fields.iter().map(|field| (*field).to_owned()).collect();
            assert_eq!(fields, expected, "{}", endpoint.name);
        }
    }
}
