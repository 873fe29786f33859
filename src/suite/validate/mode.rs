//! What each mode can carry.

use super::super::model::{Frequency, Mode, Suite};
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
    rooms(suite, problems);
    let capped = [Mode::LivekitV2, Mode::PipecatV2, Mode::Websocket, Mode::Email];
    if let Some(frequency) = suite.frequency.map(Frequency::most)
        && frequency > MAX_FREQUENCY
        && capped.contains(&mode)
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
    const PIPECAT: [Mode; 2] = [Mode::PipecatV2, Mode::Pipecat];
    const WEBSOCKET: [Mode; 3] = [Mode::Websocket, Mode::Text, Mode::Chirp];
    let blocks: [(&str, bool, &[Mode]); 19] = [
        ("phone", suite.phone.is_some(), &PHONE),
        ("livekit", suite.livekit.is_some(), &[Mode::LivekitV2]),
        ("pipecat", suite.pipecat.is_some(), &PIPECAT),
        ("sip", suite.sip.is_some(), &[Mode::Sip]),
        ("websocket", suite.websocket.is_some(), &WEBSOCKET),
        ("vapi", suite.vapi.is_some(), &[Mode::VapiWebrtc]),
        ("retell", suite.retell.is_some(), &[Mode::RetellWebrtc]),
        ("elevenlabs", suite.elevenlabs.is_some(), &[Mode::Elevenlabs]),
        ("email", suite.email.is_some(), &[Mode::Email]),
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
    if let Some(pipecat) = suite.pipecat.as_ref().filter(|_| PIPECAT.contains(&mode)) {
        let keys: [(&str, bool, Mode); 5] = [
            ("pipecat.agent_name", pipecat.agent_name.is_some(), Mode::PipecatV2),
            ("pipecat.config", pipecat.config.is_some(), Mode::PipecatV2),
            ("pipecat.room_properties", pipecat.room_properties.is_some(), Mode::PipecatV2),
            ("pipecat.room", pipecat.room.is_some(), Mode::Pipecat),
            ("pipecat.rooms", pipecat.rooms.is_some(), Mode::Pipecat),
        ];
        for (key, given, only) in keys {
            if given && only != mode {
                belongs(key, &[only], suite, problems);
            }
        }
    }
}

/// The rooms of mode pipecat: every scenario needs one.
fn rooms(suite: &Suite, problems: &mut Problems) {
    if suite.mode != Some(Mode::Pipecat) {
        return;
    }
    let block = suite.pipecat.as_ref();
    let rooms = block.and_then(|block| block.rooms.as_ref());
    let ids = rooms.into_iter().flat_map(|rooms| rooms.keys());
    scenario_keys("pipecat.rooms", ids, "{ url: \"https://…\" }", suite, problems);
    if block.is_some_and(|block| block.room.is_some()) {
        return;
    }
    let has_room = |id: &&u64| rooms.is_some_and(|rooms| rooms.contains_key(&id.to_string()));
    let without = suite.scenarios.iter().flatten().find(|id| !has_room(id));
    let help = "add `pipecat: { room: { url: <address of the room> } }`, or one for each scenario \
                below `pipecat.rooms`";
    match without {
        Some(id) => {
            problems.value(at("mode"), format!("mode pipecat: scenario `{id}` has no room"), help);
        }
        None if suite.scenarios.is_none() || suite.tags.is_some() => problems.value(
            at("mode"),
            "mode pipecat needs a room for whatever scenarios are found",
            "add `pipecat: { room: { url: <address of the room> } }`",
        ),
        None => {}
    }
}

/// The names of all modes but these.
pub(super) fn all_but(without: &[Mode]) -> String {
    let with = Mode::ALL.iter().filter(|mode| !without.contains(mode));
    let names: Vec<&str> = with.map(|mode| mode.name()).collect();
    text::list(&names)
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
    const NO_OVERRIDES: [Mode; 5] =
        [Mode::Websocket, Mode::VapiWebrtc, Mode::RetellWebrtc, Mode::Pipecat, Mode::Email];
    const NO_LIMIT: [Mode; 3] = [Mode::Websocket, Mode::Pipecat, Mode::Email];
    let keys: [(&str, bool, &[Mode]); 5] = [
        ("mock_tools", suite.mock_tools.is_some(), &[Mode::ApiChat, Mode::Email]),
        ("frequency", suite.frequency.is_some(), &[Mode::Pipecat]),
        ("concurrency", suite.concurrency.is_some(), &NO_LIMIT),
        ("personalities", suite.personalities.is_some(), &NO_OVERRIDES),
        ("test_profiles", suite.test_profiles.is_some(), &NO_OVERRIDES),
    ];
    let mode = suite.mode.unwrap_or_default();
    for (key, given, without) in keys {
        if given && without.contains(&mode) {
            problems.key(
                at(key),
                format!("mode {} does not support `{key}`", mode.name()),
                format!("remove `{key}`: it belongs to the modes {}", all_but(without)),
            );
        }
    }
}

/// The scenarios that `websocket.urls` names.
fn websocket(suite: &Suite, problems: &mut Problems) {
    let urls = suite.websocket.as_ref().and_then(|block| block.urls.as_ref());
    let ids = urls.into_iter().flat_map(|urls| urls.keys());
    scenario_keys("websocket.urls", ids, "\"wss://…\"", suite, problems);
}

/// The keys of a mapping that says something for each scenario: their ids.
fn scenario_keys<'a>(
    mapping: &str,
    keys: impl Iterator<Item = &'a String>,
    example: &str,
    suite: &Suite,
    problems: &mut Problems,
) {
    for key in keys {
        let path = at(mapping).child(key);
        let canonical = key.parse::<u64>().ok().filter(|id| *id > 0 && id.to_string() == *key);
        let Some(id) = canonical else {
            problems.key(
                path,
                format!("{} is not the id of a scenario", shown(key)),
                format!("write the number, for example `101: {example}`"),
            );
            continue;
        };
        let Some(scenarios) = suite.scenarios.as_ref() else { continue };
        if suite.tags.is_none() && !scenarios.contains(&id) {
            problems.key(
                path,
                format!("scenario `{id}` is not in `scenarios`"),
                format!("add it there, or remove it from `{mapping}`"),
            );
        }
    }
}
