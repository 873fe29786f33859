//! Values that are text to the schema: telephone numbers, URLs, names.

use super::super::model::Suite;
use super::{Problems, at};
use crate::document::{Path, shown};
use crate::redact::rules::Redact;

pub(super) fn check(suite: &Suite, problems: &mut Problems) {
    phones(suite, problems);
    email(suite, problems);
    urls(suite, problems);
    patterns(suite, problems);
    paths(suite, problems);
    for (path, text) in texts(suite) {
        if text.chars().any(char::is_control) {
            problems.value(
                path.clone(),
                format!("`{path}` contains a line break or another control character"),
                "write it on one line; text below `|` or `>` ends with a line break, that below `>-` does not",
            );
        }
    }
    let headers = suite.websocket.as_ref().and_then(|block| block.headers.as_ref());
    for (name, value) in headers.into_iter().flatten() {
        let path = at("websocket.headers").child(name);
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.is_empty() || !name.chars().all(is_token) {
            problems.key(
                path.clone(),
                format!("{} is not the name of a header", shown(name)),
                "letters, digits and `-`, for example `Authorization`",
            );
        }
        if value.chars().any(char::is_control) {
            problems.value(
                path,
                format!(
                    "the header {} contains a line break or another control character",
                    shown(name)
                ),
                "write it on one line",
            );
        }
    }
}

/// A pattern that names no file would leave the suite out for ever.
fn paths(suite: &Suite, problems: &mut Problems) {
    for (index, pattern) in suite.paths.iter().flatten().enumerate() {
        if let Some((why, help)) = super::super::paths::fault(pattern) {
            problems.value(at("paths").child(index), format!("{} {why}", shown(pattern)), help);
        }
    }
}

/// Patterns that can't be used would redact nothing.
fn patterns(suite: &Suite, problems: &mut Problems) {
    let rules = suite.reports.as_ref().and_then(|reports| reports.redact.as_deref());
    let rules = rules.unwrap_or_default();
    for (index, fault) in crate::redact::faults(rules) {
        let Some(Redact::Own(own)) = rules.get(index) else { continue };
        problems.value(
            at("reports.redact").child(index).child("pattern"),
            format!("{} cannot be used as a pattern: {fault}", shown(&own.pattern)),
            "write a regular expression that matches what is to be hidden, in single quotes: 'CUST-\\d{6}'",
        );
    }
}

fn phones(suite: &Suite, problems: &mut Problems) {
    let Some(phone) = &suite.phone else { return };
    let numbers = [("phone.outbound", &phone.outbound), ("phone.agent", &phone.agent)];
    for (path, number) in numbers {
        let Some(number) = number else { continue };
        let digits = number.strip_prefix('+').unwrap_or_default();
        let is_number = (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if !is_number {
            problems.value(
                at(path),
                format!("{} is not a telephone number", shown(number)),
                "write `+`, the country code and the number, digits only: `\"+14155550100\"`",
            );
        }
    }
}

/// The agent's address in mode email.
fn email(suite: &Suite, problems: &mut Problems) {
    let Some(address) = suite.email.as_ref().and_then(|block| block.agent.as_ref()) else { return };
    let is_address = address.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && !domain.contains('@')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !address.contains(char::is_whitespace)
    });
    if !is_address {
        problems.value(
            at("email.agent"),
            format!("{} is not an e-mail address", shown(address)),
            "for example `support@example.com`",
        );
    }
}

fn urls(suite: &Suite, problems: &mut Problems) {
    let mut check = |path: Path, url: Option<&String>, schemes: &[&str], example: &str| {
        let Some(url) = url else { return };
        let rest = schemes.iter().find_map(|scheme| strip_prefix_any_case(url, scheme));
        let is_url = rest.is_some_and(|rest| {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            !host.is_empty() && !rest.contains(char::is_whitespace)
        });
        if !is_url {
            let schemes: Vec<String> = schemes.iter().map(|scheme| shown(scheme)).collect();
            problems.value(
                path,
                format!(
                    "{} does not begin with {}, or has no host",
                    shown(url),
                    schemes.join(" or ")
                ),
                format!("for example `{example}`"),
            );
        }
    };
    const WEBSOCKET: [&str; 2] = ["ws://", "wss://"];
    let livekit = suite.livekit.as_ref().and_then(|block| block.url.as_ref());
    check(at("livekit.url"), livekit, &WEBSOCKET, "wss://example.livekit.cloud");
    let websocket = suite.websocket.as_ref().and_then(|block| block.url.as_ref());
    check(at("websocket.url"), websocket, &WEBSOCKET, "wss://agent.example.com");
    let urls = suite.websocket.as_ref().and_then(|block| block.urls.as_ref());
    for (id, url) in urls.into_iter().flatten() {
        let path = at("websocket.urls").child(id);
        check(path, Some(url), &WEBSOCKET, "wss://agent.example.com");
    }
    let sip = suite.sip.as_ref().and_then(|block| block.endpoint.as_ref());
    check(at("sip.endpoint"), sip, &["sip:", "sips:"], "sip:agent@sip.example.com");
    const ROOM: [&str; 2] = ["https://", "http://"];
    let example = "https://example.daily.co/room";
    let room = suite.pipecat.as_ref().and_then(|block| block.room.as_ref());
    check(at("pipecat.room.url"), room.map(|room| &room.url), &ROOM, example);
    let rooms = suite.pipecat.as_ref().and_then(|block| block.rooms.as_ref());
    for (id, room) in rooms.into_iter().flatten() {
        check(at("pipecat.rooms").child(id).child("url"), Some(&room.url), &ROOM, example);
    }
    let elevenlabs = suite.elevenlabs.as_ref().and_then(|block| block.base_url.as_ref());
    let example = "https://api.eu.residency.elevenlabs.io";
    check(at("elevenlabs.base_url"), elevenlabs, &["https://", "http://"], example);
}

fn strip_prefix_any_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| text.get(prefix.len()..)).flatten()
}

/// The texts that name something, on the platform or in a report.
fn texts(suite: &Suite) -> Vec<(Path, &str)> {
    let single = [
        ("name", suite.name.as_ref()),
        ("assistant", suite.assistant.as_ref()),
        ("folder", suite.folder.as_ref()),
        ("spec", suite.spec.as_ref()),
        ("livekit.agent_name", suite.livekit.as_ref().and_then(|block| block.agent_name.as_ref())),
        ("livekit.url", suite.livekit.as_ref().and_then(|block| block.url.as_ref())),
        ("pipecat.agent_name", suite.pipecat.as_ref().and_then(|block| block.agent_name.as_ref())),
        ("sip.endpoint", suite.sip.as_ref().and_then(|block| block.endpoint.as_ref())),
        ("websocket.url", suite.websocket.as_ref().and_then(|block| block.url.as_ref())),
        ("vapi.assistant", suite.vapi.as_ref().and_then(|block| block.assistant.as_ref())),
        ("retell.agent", suite.retell.as_ref().and_then(|block| block.agent.as_ref())),
        ("email.agent", suite.email.as_ref().and_then(|block| block.agent.as_ref())),
        ("elevenlabs.agent", suite.elevenlabs.as_ref().and_then(|block| block.agent.as_ref())),
        (
            "elevenlabs.base_url",
            suite.elevenlabs.as_ref().and_then(|block| block.base_url.as_ref()),
        ),
        ("reports.dir", suite.reports.as_ref().and_then(|block| block.dir.as_ref())),
    ];
    let single = single.into_iter().filter_map(|(path, text)| Some((at(path), text?.as_str())));
    let mut texts: Vec<(Path, &str)> = single.collect();
    let lists = [
        ("tags", &suite.tags),
        ("exclude_tags", &suite.exclude_tags),
        ("mock_tools", &suite.mock_tools),
    ];
    for (key, entries) in lists {
        let entries = entries.iter().flatten().enumerate();
        texts.extend(entries.map(|(index, text)| (at(key).child(index), text.as_str())));
    }
    for (index, entry) in suite.quarantine.iter().flatten().enumerate() {
        let path = at("quarantine").child(index);
        texts.push((path.child("owner"), &entry.owner));
        texts.push((path.child("reason"), &entry.reason));
    }
    let rules = suite.reports.as_ref().and_then(|reports| reports.redact.as_ref());
    for (index, rule) in rules.into_iter().flatten().enumerate() {
        if let Redact::Own(own) = rule
            && let Some(name) = &own.r#as
        {
            texts.push((at("reports.redact").child(index).child("as"), name));
        }
    }
    texts
}
