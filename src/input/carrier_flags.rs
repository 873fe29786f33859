//! The flags for what belongs to a way to the agent: telephone numbers, mocked tools, and what a
//! provider is sent.

use crate::gates::batch::ProviderData;
use crate::suite::model::{Livekit, Numbers, Phone, Pipecat, Sip, Suite, Websocket};

/// Flags in place of the suite's keys for its way to the agent.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct CarrierFlags {
    /// Number that outbound calls come from.
    #[arg(long, value_name = "NUMBER", value_parser = words)]
    phone_number: Option<String>,
    /// The agent's number.
    #[arg(long, value_name = "NUMBER", value_parser = words)]
    agent_number: Option<String>,
    /// Whether the scenarios share one telephone number.
    #[arg(long, value_enum, value_name = "WHICH")]
    numbers: Option<Numbers>,
    /// Names of the tools to mock, separated by commas or as a JSON list; `[]` mocks none.
    #[arg(long, value_name = "NAMES", value_parser = tools)]
    mock_tools: Option<Tools>,
    /// The agent's WebSocket.
    #[arg(long, value_name = "URL", value_parser = words)]
    websocket_url: Option<String>,
    /// The agent's SIP endpoint.
    #[arg(long, value_name = "ADDRESS", value_parser = words)]
    sip_endpoint: Option<String>,
    /// LiveKit overrides as a JSON object: agent_name, url, config.
    #[arg(long, value_name = "JSON", value_parser = livekit)]
    livekit_data: Option<Livekit>,
    /// Pipecat Cloud overrides as a JSON object: pipecat_agent_name, config, room_properties.
    #[arg(long, value_name = "JSON", value_parser = pipecat)]
    pipecat_data: Option<Pipecat>,
}

/// Names of tools; none of them mocks none.
#[derive(Debug, Clone, Default, PartialEq)]
struct Tools(Vec<String>);

impl CarrierFlags {
    /// The suite's keys that stand in the flags.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&'static str, bool)> {
        let phone = self.phone_number.is_some();
        [
            ("phone.outbound", phone),
            ("phone.agent", self.agent_number.is_some()),
            ("phone.numbers", self.numbers.is_some()),
            ("mock_tools", self.mock_tools.is_some()),
            ("websocket.url", self.websocket_url.is_some()),
            ("sip.endpoint", self.sip_endpoint.is_some()),
            ("livekit", self.livekit_data.is_some()),
            ("pipecat", self.pipecat_data.is_some()),
        ]
        .into_iter()
    }

    /// Puts the flags in the place of the suite's keys: a number at a time, the rest as a whole.
    pub(crate) fn apply(&self, suite: &mut Suite) {
        let Self { phone_number, agent_number, numbers, .. } = self;
        if phone_number.is_some() || agent_number.is_some() || numbers.is_some() {
            let phone: &mut Phone = suite.phone.get_or_insert_default();
            replace(&mut phone.outbound, phone_number.as_ref());
            replace(&mut phone.agent, agent_number.as_ref());
            replace(&mut phone.numbers, numbers.as_ref());
        }
        replace(&mut suite.mock_tools, self.mock_tools.as_ref().map(|tools| &tools.0));
        if self.websocket_url.is_some() {
            let websocket: &mut Websocket = suite.websocket.get_or_insert_default();
            replace(&mut websocket.url, self.websocket_url.as_ref());
        }
        if self.sip_endpoint.is_some() {
            let sip: &mut Sip = suite.sip.get_or_insert_default();
            replace(&mut sip.endpoint, self.sip_endpoint.as_ref());
        }
        replace(&mut suite.livekit, self.livekit_data.as_ref());
        replace(&mut suite.pipecat, self.pipecat_data.as_ref());
    }
}

fn replace<T: Clone>(key: &mut Option<T>, flag: Option<&T>) {
    if let Some(value) = flag {
        *key = Some(value.clone());
    }
}

/// Reads names of tools: a JSON list, which may be empty, or names with commas between them.
fn tools(text: &str) -> Result<Tools, String> {
    if text.trim_start().starts_with('[') {
        let names: Vec<String> = serde_json::from_str(text)
            .map_err(|error| format!("it is no JSON list of names: {error}"))?;
        return match names.iter().any(|name| name.trim().is_empty()) {
            true => Err("one of its names is empty".to_owned()),
            false => Ok(Tools(names)),
        };
    }
    text.split(',').map(words).collect::<Result<Vec<_>, _>>().map(Tools)
}

fn object(text: &str) -> Result<ProviderData, String> {
    let text = words(text)?;
    serde_json::from_str(&text).map_err(|error| format!("it is not a JSON object: {error}"))
}

fn livekit(text: &str) -> Result<Livekit, String> {
    object(text)?.livekit()
}

fn pipecat(text: &str) -> Result<Pipecat, String> {
    object(text)?.pipecat()
}

/// Reads a text that may not be empty, as the same key in a file may not.
pub(crate) fn words(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it is empty; leave the flag out where there is no value".to_owned()),
        text => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_a_list_of_commas_or_of_json_and_an_empty_json_list_mocks_none() {
        let named = |names: &[&str]| Ok(Tools(names.iter().map(|&name| name.into()).collect()));
        assert_eq!(tools("lookup , refund"), named(&["lookup", "refund"]));
        assert_eq!(tools(r#"["lookup", "a, b"]"#), named(&["lookup", "a, b"]));
        assert_eq!(tools(" [] "), named(&[]));
        for text in ["", ",", "a,,b", "[", "[1]", r#"[""]"#] {
            assert!(tools(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_the_outermost_name_of_pipecats_agent_is_the_suites_own() {
        let read = pipecat(
            r#"{"pipecat_agent_name": "bot", "config": {"pipecat_agent_name": "inner", "a": "${B}"}}"#,
        );
        let read = read.unwrap();
        assert_eq!(read.agent_name.as_deref(), Some("bot"));
        let config = read.config.unwrap();
        assert_eq!(config["pipecat_agent_name"], "inner");
        assert_eq!(config["a"], "${B}");
        assert!(livekit("[1]").unwrap_err().contains("JSON object"));
    }
}
