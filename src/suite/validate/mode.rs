//! What each mode can carry.

use super::super::model::{Mode, Suite};
use super::{Problems, at};
use crate::document::shown;
use crate::text;

/// The most often that a scenario may run in the modes that cap it.
const MAX_FREQUENCY: u32 = 100;

pub(super) fn check(suite: &Suite, problems: &mut Problems) {
    blocks(suite, problems);
    keys(suite, problems);
    websocket(suite, problems);
    super::chat::check(suite, problems);
    let mode = suite.mode.unwrap_or_default();
    if let Some(frequency) = suite.frequency
        && frequency > MAX_FREQUENCY
        && matches!(mode, Mode::LivekitV2 | Mode::PipecatV2 | Mode::Websocket)
    {
        problems.value(
            at("frequency"),
            format!("`{frequency}` is more than mode {} allows", mode.name()),
            format!("at most {MAX_FREQUENCY}"),
        );
    }
    let assistant = suite.vapi.as_ref().and_then(|vapi| vapi.assistant.as_ref());
    if mode == Mode::VapiWebrtc && assistant.is_none() {
        problems.value(
            at("mode"),
            "mode vapi_webrtc needs the Vapi assistant",
            "add `vapi: { assistant: <its id> }`",
        );
    }
}

/// The blocks that belong to some modes only.
fn blocks(suite: &Suite, problems: &mut Problems) {
    const PHONE: [Mode; 6] =
        [Mode::Voice, Mode::Text, Mode::Chirp, Mode::Sip, Mode::Agora, Mode::Elevenlabs];
    const WEBSOCKET: [Mode; 3] = [Mode::Websocket, Mode::Text, Mode::Chirp];
    let blocks: [(&str, bool, &[Mode]); 18] = [
        ("phone", suite.phone.is_some(), &PHONE),
        ("livekit", suite.livekit.is_some(), &[Mode::LivekitV2]),
        ("pipecat", suite.pipecat.is_some(), &[Mode::PipecatV2]),
        ("sip", suite.sip.is_some(), &[Mode::Sip]),
        ("websocket", suite.websocket.is_some(), &WEBSOCKET),
        ("vapi", suite.vapi.is_some(), &[Mode::VapiWebrtc]),
        ("retell", suite.retell.is_some(), &[Mode::RetellWebrtc]),
        ("elevenlabs", suite.elevenlabs.is_some(), &[Mode::Elevenlabs]),
        ("agent_command", suite.agent_command.is_some(), &[Mode::ApiChat]),
        ("agent_processes", suite.agent_processes.is_some(), &[Mode::ApiChat]),
        ("agent_url", suite.agent_url.is_some(), &[Mode::ApiChat]),
        ("agent_api", suite.agent_api.is_some(), &[Mode::ApiChat]),
        ("agent_ready", suite.agent_ready.is_some(), &[Mode::ApiChat]),
        ("agent_env", suite.agent_env.is_some(), &[Mode::ApiChat]),
        ("agent_dir", suite.agent_dir.is_some(), &[Mode::ApiChat]),
        ("agent_errors", suite.agent_errors.is_some(), &[Mode::ApiChat]),
        ("turn_limit", suite.turn_limit.is_some(), &[Mode::ApiChat]),
        ("turn_timeout", suite.turn_timeout.is_some(), &[Mode::ApiChat]),
    ];
    for (key, given, modes) in blocks {
        if given && !modes.contains(&suite.mode.unwrap_or_default()) {
            belongs(key, modes, suite, problems);
        }
    }
    let numbers = suite.phone.as_ref().and_then(|phone| phone.numbers);
    if suite.mode == Some(Mode::Text) && numbers.is_some() {
        belongs(
            "phone.numbers",
            &[Mode::Voice, Mode::Chirp, Mode::Sip, Mode::Agora, Mode::Elevenlabs],
            suite,
            problems,
        );
    }
    let websocket = suite.websocket.as_ref();
    let mode = suite.mode.unwrap_or_default();
    if WEBSOCKET.contains(&mode) {
        if mode != Mode::Text && websocket.is_some_and(|block| block.headers.is_some()) {
            belongs("websocket.headers", &[Mode::Text], suite, problems);
        }
        if mode != Mode::Websocket && websocket.is_some_and(|block| block.urls.is_some()) {
            belongs("websocket.urls", &[Mode::Websocket], suite, problems);
        }
    }
}

fn belongs(key: &str, modes: &[Mode], suite: &Suite, problems: &mut Problems) {
    let names: Vec<&str> = modes.iter().map(|mode| mode.name()).collect();
    let noun = if modes.len() == 1 { "mode" } else { "modes" };
    let belongs = if modes.len() == 1 { "belongs" } else { "belongs only" };
    let own = match suite.mode {
        Some(mode) => format!("this suite's mode is {}", mode.name()),
        None => "this suite's mode is voice, the default".to_owned(),
    };
    let set = match names.as_slice() {
        [only] => format!("set `mode: {only}`, or remove `{key}`"),
        _ => format!("remove `{key}`, or set another `mode`"),
    };
    problems.key(
        at(key),
        format!("`{key}` {belongs} to {noun} {}: {own}", text::list(&names)),
        set,
    );
}

/// The plain keys that some modes' requests have no place for.
fn keys(suite: &Suite, problems: &mut Problems) {
    let keys: [(&str, bool, &[Mode]); 4] = [
        ("mock_tools", suite.mock_tools.is_some(), &[Mode::ApiChat]),
        ("concurrency", suite.concurrency.is_some(), &[Mode::Websocket]),
        (
            "personalities",
            suite.personalities.is_some(),
            &[Mode::Websocket, Mode::VapiWebrtc, Mode::RetellWebrtc],
        ),
        (
            "test_profiles",
            suite.test_profiles.is_some(),
            &[Mode::Websocket, Mode::VapiWebrtc, Mode::RetellWebrtc],
        ),
    ];
    let mode = suite.mode.unwrap_or_default();
    for (key, given, without) in keys {
        if given && without.contains(&mode) {
            problems.key(
                at(key),
                format!("mode {} cannot carry `{key}`", mode.name()),
                format!("remove `{key}`: the platform takes none in this mode"),
            );
        }
    }
}

/// The scenarios that `websocket.urls` names.
fn websocket(suite: &Suite, problems: &mut Problems) {
    let urls = suite.websocket.as_ref().and_then(|block| block.urls.as_ref());
    for key in urls.into_iter().flat_map(|urls| urls.keys()) {
        let path = at("websocket.urls").child(key);
        let canonical = key.parse::<u64>().ok().filter(|id| *id > 0 && id.to_string() == *key);
        let Some(id) = canonical else {
            problems.key(
                path,
                format!("{} is not the id of a scenario", shown(key)),
                "write the number, for example `101: \"wss://…\"`",
            );
            continue;
        };
        let Some(scenarios) = suite.scenarios.as_ref() else { continue };
        if suite.tags.is_none() && !scenarios.contains(&id) {
            problems.key(
                path,
                format!("scenario `{id}` is not in `scenarios`"),
                "add it there, or remove its URL",
            );
        }
    }
}
