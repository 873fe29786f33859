//! The flags for what belongs to a way to the agent: telephone numbers, mocked tools, and what a
//! provider is sent.

use crate::input::words::Words;
use crate::suite::model::{Numbers, Suite};

/// Flags in place of the suite's keys for its way to the agent, as they were written.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct CarrierFlags {
    /// Number that outbound calls come from.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    phone_number: Option<String>,
    /// The agent's number.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    agent_number: Option<String>,
    /// Whether the scenarios share one telephone number.
    #[arg(long, value_name = "WHICH", value_parser = Words::of::<Numbers>())]
    numbers: Option<String>,
    /// Names of the tools to mock, separated by commas or as a JSON list; `[]` mocks none.
    #[arg(long, value_name = "NAMES")]
    mock_tools: Option<String>,
    /// The agent's WebSocket.
    #[arg(long, value_name = "URL")]
    websocket_url: Option<String>,
    /// The agent's SIP endpoint.
    #[arg(long, value_name = "ADDRESS")]
    sip_endpoint: Option<String>,
    /// LiveKit overrides as a JSON object: agent_name, url, config.
    #[arg(long, value_name = "JSON")]
    livekit_data: Option<String>,
    /// Pipecat Cloud overrides as a JSON object: pipecat_agent_name, config, room_properties.
    #[arg(long, value_name = "JSON")]
    pipecat_data: Option<String>,
}

/// The name that Cekura's own actions have for the agent among the Pipecat overrides, and the
/// suite's.
pub(crate) const PIPECAT_NAMES: &[(&str, &str)] = &[("pipecat_agent_name", "agent_name")];

impl CarrierFlags {
    /// The key of each flag, the flag, and its text where it was given.
    pub(crate) const fn texts(&self) -> [(&'static str, &'static str, &Option<String>); 8] {
        [
            ("phone.outbound", "--phone-number", &self.phone_number),
            ("phone.agent", "--agent-number", &self.agent_number),
            ("phone.numbers", "--numbers", &self.numbers),
            ("mock_tools", "--mock-tools", &self.mock_tools),
            ("websocket.url", "--websocket-url", &self.websocket_url),
            ("sip.endpoint", "--sip-endpoint", &self.sip_endpoint),
            ("livekit", "--livekit-data", &self.livekit_data),
            ("pipecat", "--pipecat-data", &self.pipecat_data),
        ]
    }
}

/// Puts the keys of flags in the place of a suite's: a number at a time, what a provider is sent as
/// a whole.
pub(crate) fn apply(own: &Suite, suite: &mut Suite) {
    if let Some(own) = &own.phone {
        let phone = suite.phone.get_or_insert_default();
        replace(&mut phone.outbound, own.outbound.as_ref());
        replace(&mut phone.agent, own.agent.as_ref());
        replace(&mut phone.numbers, own.numbers.as_ref());
    }
    replace(&mut suite.mock_tools, own.mock_tools.as_ref());
    if let Some(own) = &own.websocket {
        replace(&mut suite.websocket.get_or_insert_default().url, own.url.as_ref());
    }
    if let Some(own) = &own.sip {
        replace(&mut suite.sip.get_or_insert_default().endpoint, own.endpoint.as_ref());
    }
    replace(&mut suite.livekit, own.livekit.as_ref());
    replace(&mut suite.pipecat, own.pipecat.as_ref());
}

fn replace<T: Clone>(key: &mut Option<T>, flag: Option<&T>) {
    if let Some(value) = flag {
        *key = Some(value.clone());
    }
}
