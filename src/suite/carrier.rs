//! How the simulated caller reaches the agent: the modes, and what each can be told.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How the simulated caller reaches the agent.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
    clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Mode {
    /// Telephone call.
    #[default]
    Voice,
    /// Text chat.
    Text,
    /// Chirp voice.
    Chirp,
    /// LiveKit room.
    LivekitV2,
    /// Pipecat Cloud session.
    PipecatV2,
    /// Pipecat room that is open already.
    Pipecat,
    /// SIP call.
    Sip,
    /// Agora channel.
    Agora,
    /// Text over the agent's WebSocket.
    Websocket,
    /// Vapi WebRTC call.
    VapiWebrtc,
    /// Retell WebRTC call.
    RetellWebrtc,
    /// ElevenLabs session.
    Elevenlabs,
    /// Conversation by e-mail.
    Email,
    /// Chat with the agent's own program, which the gate starts.
    ApiChat,
}

impl Mode {
    /// Every mode, in the order of the docs.
    pub const ALL: [Mode; 14] = [
        Mode::Voice,
        Mode::Text,
        Mode::Chirp,
        Mode::LivekitV2,
        Mode::PipecatV2,
        Mode::Pipecat,
        Mode::Sip,
        Mode::Agora,
        Mode::Websocket,
        Mode::VapiWebrtc,
        Mode::RetellWebrtc,
        Mode::Elevenlabs,
        Mode::Email,
        Mode::ApiChat,
    ];

    /// The mode as it is written in a suite file.
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Voice => "voice",
            Mode::Text => "text",
            Mode::Chirp => "chirp",
            Mode::LivekitV2 => "livekit_v2",
            Mode::PipecatV2 => "pipecat_v2",
            Mode::Pipecat => "pipecat",
            Mode::Sip => "sip",
            Mode::Agora => "agora",
            Mode::Websocket => "websocket",
            Mode::VapiWebrtc => "vapi_webrtc",
            Mode::RetellWebrtc => "retell_webrtc",
            Mode::Elevenlabs => "elevenlabs",
            Mode::Email => "email",
            Mode::ApiChat => "api_chat",
        }
    }
}

/// Telephone numbers.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Phone {
    /// The number that outbound calls come from, for example `+14155550100`.
    #[schemars(length(min = 1))]
    pub outbound: Option<String>,
    /// The agent's number, for example `+14155550101`.
    #[schemars(length(min = 1))]
    pub agent: Option<String>,
    /// Whether the scenarios share one number. Not in mode text.
    pub numbers: Option<Numbers>,
}

/// Whether the scenarios share one telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Numbers {
    /// The same number for every scenario.
    Same,
    /// A number of its own for each scenario.
    Different,
}

/// LiveKit overrides for this run.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Livekit {
    /// LiveKit agent name for explicit dispatch.
    #[schemars(length(min = 1))]
    pub agent_name: Option<String>,
    /// LiveKit server, `wss://…`.
    #[schemars(length(min = 1))]
    pub url: Option<String>,
    /// Room configuration. Replaces the agent's saved one.
    pub config: Option<Map<String, Value>>,
    /// JSON message that is published in each session, to the agent.
    pub publish_data_message: Option<Map<String, Value>>,
}

/// Pipecat Cloud overrides for this run, or the Pipecat rooms that are open already.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Pipecat {
    /// Pipecat Cloud agent name. Mode pipecat_v2.
    #[schemars(length(min = 1))]
    pub agent_name: Option<String>,
    /// Session configuration. Replaces the agent's saved one. Mode pipecat_v2.
    pub config: Option<Map<String, Value>>,
    /// Daily room properties. Replace the agent's saved ones. Mode pipecat_v2.
    pub room_properties: Option<Map<String, Value>>,
    /// The room that the caller joins in every scenario. Mode pipecat.
    pub room: Option<Room>,
    /// A room for each scenario id. Mode pipecat.
    pub rooms: Option<BTreeMap<String, Room>>,
    /// JSON message that is published in each session, to the agent.
    pub publish_data_message: Option<Map<String, Value>>,
}

/// A Pipecat room that is open already.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("required" = ["url"]))]
pub struct Room {
    /// Address of the room, `https://…`.
    pub url: String,
    /// Token with which the caller joins the room.
    #[schemars(length(min = 1))]
    pub token: Option<String>,
}

/// E-mail overrides for this run.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Email {
    /// The agent's address, for example `support@example.com`. Default: the one that is saved on the
    /// agent.
    #[schemars(length(min = 1))]
    pub agent: Option<String>,
}

/// SIP overrides for this run.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sip {
    /// SIP endpoint, `sip:…` or `sips:…`.
    #[schemars(length(min = 1))]
    pub endpoint: Option<String>,
}

/// WebSocket endpoints.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Websocket {
    /// The agent's WebSocket, `ws://…` or `wss://…`.
    #[schemars(length(min = 1))]
    pub url: Option<String>,
    /// Headers of the WebSocket connection. Mode text only.
    pub headers: Option<BTreeMap<String, String>>,
    /// A WebSocket for each scenario id. Mode websocket only.
    pub urls: Option<BTreeMap<String, String>>,
}

/// Vapi assistant.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Vapi {
    /// Vapi assistant id.
    #[schemars(length(min = 1))]
    pub assistant: Option<String>,
}

/// Retell agent.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retell {
    /// Retell agent id. Default: the agent's assistant id.
    #[schemars(length(min = 1))]
    pub agent: Option<String>,
}

/// ElevenLabs overrides for this run.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Elevenlabs {
    /// ElevenLabs agent id. Default: the agent's assistant id.
    #[schemars(length(min = 1))]
    pub agent: Option<String>,
    /// ElevenLabs base URL, for a regional or self-hosted endpoint.
    #[schemars(length(min = 1))]
    pub base_url: Option<String>,
    /// Branch of the ElevenLabs agent. Default: the one that is saved on the agent.
    #[schemars(length(min = 1))]
    pub branch: Option<String>,
    /// ElevenLabs environment, which decides the agent's variables. Default: the one that is saved on
    /// the agent.
    #[schemars(length(min = 1))]
    pub environment: Option<String>,
}
