//! The body of the request that starts a run, mode by mode.
//!
//! A body holds exactly the fields that the mode's published schema has; a test holds every mode's
//! fullest body against it. The one exception is `agent` in mode pipecat_v2: the schema lacks it,
//! the platform's own batch action sends it all the same. So it is with `frequency` and
//! `concurrency_limit` of a start that brings a spec: the platform's own suite action sends both.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Target;
use crate::suite::model::{Frequency, Mode, Numbers, Room, Suite};

/// The WebSocket of each scenario in mode websocket.
#[derive(Debug, Clone, Default, PartialEq)]
struct WebsocketUrls {
    every: Option<String>,
    each: BTreeMap<String, String>,
}

impl WebsocketUrls {
    fn of(suite: &Suite) -> Self {
        match &suite.websocket {
            Some(websocket) => Self {
                every: websocket.url.clone(),
                each: websocket.urls.clone().unwrap_or_default(),
            },
            None => Self::default(),
        }
    }
}

/// The room of each scenario in mode pipecat.
#[derive(Debug, Clone, Default, PartialEq)]
struct Rooms {
    every: Option<Room>,
    each: BTreeMap<String, Room>,
}

impl Rooms {
    fn of(suite: &Suite) -> Self {
        match &suite.pipecat {
            Some(pipecat) => Self {
                every: pipecat.room.clone(),
                each: pipecat.rooms.clone().unwrap_or_default(),
            },
            None => Self::default(),
        }
    }
}

/// What a start says beside each scenario's id.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct EachScenario {
    websocket: WebsocketUrls,
    rooms: Rooms,
    /// What is published in each session, in the modes livekit_v2, pipecat_v2 and pipecat.
    message: Option<Map<String, Value>>,
}

impl EachScenario {
    pub(super) fn of(suite: &Suite) -> Self {
        let of_livekit =
            suite.livekit.as_ref().and_then(|block| block.publish_data_message.clone());
        let of_pipecat =
            suite.pipecat.as_ref().and_then(|block| block.publish_data_message.clone());
        Self {
            websocket: WebsocketUrls::of(suite),
            rooms: Rooms::of(suite),
            message: of_livekit.or(of_pipecat),
        }
    }
}

/// The longest that the platform keeps a conversation of mode api_chat open, in seconds.
const LONGEST_CHAT: u64 = 3600;

/// The `scenarios` field: bare ids or objects, as the mode has it.
pub(super) fn scenarios(mode: Mode, ids: &[u64], each: &EachScenario) -> Value {
    let EachScenario { websocket, rooms, message } = each;
    let entries = ids.iter().map(|id| match mode {
        Mode::LivekitV2 | Mode::PipecatV2 => match message {
            Some(message) => json!({ "scenario": id, "publish_data_message": message }),
            None => json!({ "scenario": id }),
        },
        Mode::Websocket => {
            let url = websocket.each.get(&id.to_string()).or(websocket.every.as_ref());
            match url {
                Some(url) => json!({ "scenario": id, "websocket_url": url }),
                None => json!({ "scenario": id }),
            }
        }
        Mode::Pipecat => {
            let room = rooms.each.get(&id.to_string()).or(rooms.every.as_ref());
            let mut entry = Body::default();
            entry.put("scenario", Some(*id));
            entry.put("pipecat_room_url", room.map(|room| room.url.clone()));
            entry.put("pipecat_token", room.and_then(|room| room.token.clone()));
            entry.put("publish_data_message", message.clone());
            Value::Object(entry.0)
        }
        Mode::Voice
        | Mode::Text
        | Mode::Chirp
        | Mode::Sip
        | Mode::Agora
        | Mode::VapiWebrtc
        | Mode::RetellWebrtc
        | Mode::Elevenlabs
        | Mode::Email
        | Mode::ApiChat => json!(id),
    });
    Value::Array(entries.collect())
}

/// Everything but the scenarios.
pub(super) fn common(suite: &Suite, mode: Mode, target: &Target, name: &str) -> Map<String, Value> {
    let mut body = Body::default();
    match mode {
        Mode::Voice | Mode::Text | Mode::Chirp | Mode::Sip | Mode::Agora | Mode::Elevenlabs => {
            body.target(target);
            body.put("name", Some(name));
            body.put("frequency", suite.frequency.map(Frequency::first));
            body.overrides(suite);
            body.phone(suite, mode);
        }
        Mode::LivekitV2 | Mode::PipecatV2 => {
            body.agent(target);
            body.put("name", Some(name));
            body.put("frequency", suite.frequency.map(Frequency::first));
            body.overrides(suite);
        }
        Mode::ApiChat => {
            body.target(target);
            body.put("name", Some(name));
            body.put("frequency", suite.frequency.map(Frequency::first));
            body.overrides(suite);
            // The time of a conversation that waits for its turn is running already.
            let most = suite.timeout.unwrap_or_default().duration().as_secs();
            body.put("timeout", Some(most.clamp(1, LONGEST_CHAT)));
            return body.0;
        }
        Mode::Websocket => {
            body.agent(target);
            body.put("frequency", Some(suite.first_repetitions()));
        }
        Mode::Pipecat => {
            body.agent(target);
            body.put("mock_tool_names", suite.mock_tools.clone());
            return body.0;
        }
        Mode::Email => {
            body.target(target);
            body.put("frequency", Some(suite.first_repetitions()));
            let agent = suite.email.as_ref().and_then(|email| email.agent.clone());
            body.put("agent_email", agent);
            return body.0;
        }
        Mode::VapiWebrtc | Mode::RetellWebrtc => {
            body.target(target);
            body.put("name", Some(name));
            body.put("project_id", suite.project);
            body.put("frequency", suite.frequency.map(Frequency::first));
        }
    }
    if mode != Mode::Websocket {
        body.put("concurrency_limit", suite.concurrency);
    }
    body.put("mock_tool_names", suite.mock_tools.clone());
    body.carrier(suite, mode);
    body.0
}

/// Everything but the spec, of a start that brings its test cases along.
pub(super) fn of_cases(
    suite: &Suite,
    mode: Mode,
    target: &Target,
    name: &str,
) -> Map<String, Value> {
    let mut body = Body::default();
    body.target(target);
    body.put("name", Some(name));
    body.put("channel", Some(mode.name()));
    if suite.spec.is_some() {
        // Beside inline cases they stand in the cases' own defaults.
        body.put("frequency", suite.frequency.map(Frequency::first));
        body.put("concurrency_limit", suite.concurrency);
    }
    if matches!(mode, Mode::LivekitV2 | Mode::PipecatV2) {
        body.carrier(suite, mode);
    }
    body.0
}

#[derive(Default)]
struct Body(Map<String, Value>);

impl Body {
    fn put(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.0.insert(key.to_owned(), value.into());
        }
    }

    fn target(&mut self, target: &Target) {
        match target {
            Target::Agent(id) => self.put("agent_id", Some(*id)),
            Target::Assistant(id) => self.put("assistant_id", Some(id.clone())),
            Target::OfScenarios => {}
        }
    }

    /// Modes with the short `agent` field take ids only; validation refuses an assistant there.
    fn agent(&mut self, target: &Target) {
        if let Target::Agent(id) = target {
            self.put("agent", Some(*id));
        }
    }

    fn overrides(&mut self, suite: &Suite) {
        self.put("personality_ids", suite.personalities.clone());
        self.put("test_profile_ids", suite.test_profiles.clone());
    }

    fn phone(&mut self, suite: &Suite, mode: Mode) {
        let Some(phone) = &suite.phone else { return };
        self.put("outbound_phone_number", phone.outbound.clone());
        self.put("agent_number", phone.agent.clone());
        if mode != Mode::Text {
            self.put(
                "mode",
                phone.numbers.map(|numbers| match numbers {
                    Numbers::Same => "same_number",
                    Numbers::Different => "different_numbers",
                }),
            );
        }
    }

    /// What belongs to the mode's own way to the agent.
    fn carrier(&mut self, suite: &Suite, mode: Mode) {
        match mode {
            Mode::Voice
            | Mode::Agora
            | Mode::Websocket
            | Mode::Pipecat
            | Mode::Email
            | Mode::ApiChat => {}
            Mode::Text | Mode::Chirp => {
                let Some(websocket) = &suite.websocket else { return };
                self.put("websocket_url", websocket.url.clone());
                if mode == Mode::Text {
                    self.put("websocket_headers", websocket.headers.as_ref().map(|h| json!(h)));
                }
            }
            Mode::Sip => {
                self.put("sip_endpoint", suite.sip.as_ref().and_then(|sip| sip.endpoint.clone()));
            }
            Mode::Elevenlabs => {
                let Some(elevenlabs) = &suite.elevenlabs else { return };
                self.put("elevenlabs_agent_id", elevenlabs.agent.clone());
                let mut data = Body::default();
                data.put("elevenlabs_base_url_override", elevenlabs.base_url.clone());
                data.put("elevenlabs_branch_id", elevenlabs.branch.clone());
                data.put("elevenlabs_environment", elevenlabs.environment.clone());
                self.put("elevenlabs_data", data.nonempty());
            }
            Mode::LivekitV2 => {
                let Some(livekit) = &suite.livekit else { return };
                let mut data = Body::default();
                data.put("agent_name", livekit.agent_name.clone());
                data.put("url", livekit.url.clone());
                data.put("config", livekit.config.clone());
                self.put("livekit_data", data.nonempty());
            }
            Mode::PipecatV2 => {
                let Some(pipecat) = &suite.pipecat else { return };
                let mut data = Body::default();
                data.put("pipecat_agent_name", pipecat.agent_name.clone());
                data.put("config", pipecat.config.clone());
                data.put("room_properties", pipecat.room_properties.clone());
                self.put("pipecat_data", data.nonempty());
            }
            Mode::VapiWebrtc => {
                let assistant = suite.vapi.as_ref().and_then(|vapi| vapi.assistant.clone());
                self.put("vapi_assistant_id", assistant);
            }
            Mode::RetellWebrtc => {
                let agent = suite.retell.as_ref().and_then(|retell| retell.agent.clone());
                self.put("retell_agent_id", agent);
            }
        }
    }

    fn nonempty(self) -> Option<Value> {
        (!self.0.is_empty()).then_some(Value::Object(self.0))
    }
}
