//! The agent's own program, in mode `api_chat`: the gate starts it and carries the turns.

use schemars::JsonSchema;
use serde::Deserialize;

/// How many processes of `agent_command` there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentProcesses {
    /// One for each conversation.
    #[default]
    PerConversation,
    /// One for all conversations.
    Shared,
}

/// The shape of the request that is sent to `agent_url`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentApi {
    /// The gate's own: the conversation and the caller's message.
    #[default]
    Gate,
    /// An OpenAI chat completion: all messages so far.
    Openai,
}

/// How a run counts in which the agent's program failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentErrors {
    /// A failure of the agent.
    #[default]
    Failed,
    /// No evidence about the agent.
    Errored,
}
