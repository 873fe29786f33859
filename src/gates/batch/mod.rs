//! Cekura's batch lists, as they are: the groups that its batch action runs in one step.
//!
//! Pure. A group is one agent's scenarios, or legs that start together; each becomes a suite. The
//! words are the action's (`agent_id`, `scenario_ids`, `execution_mode`, …), and so are its
//! leniences: an id may be text, a list may be text with commas, provider data may be JSON text,
//! and a key without a value is left out.

mod words;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;

pub use self::words::{Id, Ids, ProviderData};

use crate::document::{Path, Problem};
use crate::suite::model::{Frequency, MOST_REPETITIONS, Mode, Party, Phone, Suite, Websocket};
use crate::suite::thresholds::Thresholds;

/// One group of a batch: one agent's scenarios, or legs that start together.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Group {
    /// Name of the group. Default: `group 1`, `group 2`, ….
    #[schemars(length(min = 1, max = 200))]
    pub name: Option<String>,
    /// Id of the agent under test. On a group with `legs`: for every leg without its own.
    pub agent_id: Option<Id>,
    /// Ids of the scenarios: a list, or text with commas between them.
    pub scenario_ids: Option<Ids>,
    /// Sides of one call that start together, matched by position.
    #[schemars(length(min = 2))]
    pub legs: Option<Vec<GroupLeg>>,
    /// How many times each scenario, or each set of legs, runs, at most 1000. Default: 1.
    pub frequency: Option<Id>,
    /// How the simulated caller reaches the agent. Default: voice.
    pub execution_mode: Option<Mode>,
    /// The number that outbound calls come from. Mode voice.
    pub phone_number: Option<String>,
    /// The agent's WebSocket. Mode text.
    pub websocket_url: Option<String>,
    /// LiveKit overrides: agent_name, url, config. Mode livekit_v2.
    pub livekit_data: Option<ProviderData>,
    /// Pipecat Cloud overrides: pipecat_agent_name, config, room_properties. Mode pipecat_v2.
    pub pipecat_data: Option<ProviderData>,
}

/// One leg of a group. What it leaves out is as the group says.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GroupLeg {
    /// Name of the leg. Default: `leg 1`, `leg 2`, ….
    #[schemars(length(min = 1, max = 100))]
    pub name: Option<String>,
    /// Id of the agent under test.
    pub agent_id: Option<Id>,
    /// Ids of the scenarios, one for each set.
    pub scenario_ids: Option<Ids>,
    /// How the simulated caller reaches the agent.
    pub execution_mode: Option<Mode>,
    /// The number that outbound calls come from.
    pub phone_number: Option<String>,
    /// The agent's WebSocket.
    pub websocket_url: Option<String>,
    /// LiveKit overrides.
    pub livekit_data: Option<ProviderData>,
    /// Pipecat Cloud overrides.
    pub pipecat_data: Option<ProviderData>,
}

/// The keys under which groups and legs stand: within them a key without a value is left out.
pub const LISTS: [&str; 3] = ["batch", "groups", "legs"];

/// A file that is a list of groups and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Bare(#[schemars(length(min = 1))] pub Vec<Group>);

/// A file with the list under one key.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keyed {
    /// The groups.
    #[schemars(length(min = 1))]
    pub groups: Vec<Group>,
}

/// What holds for each group that does not say otherwise.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Defaults {
    /// How many times each scenario, or each set, runs.
    pub frequency: Option<Frequency>,
    /// How the simulated caller reaches the agent.
    pub mode: Option<Mode>,
    /// What the runs must show. None: every run must pass, as the batch action has it.
    pub thresholds: Option<Thresholds>,
    /// What stands before the name of each group.
    pub prefix: Option<String>,
}

/// The sound groups as suites, each with its place in the list, and what is wrong with the others.
///
/// `within` is the path of the list in its file.
pub fn suites(
    groups: &[Group],
    within: &Path,
    defaults: &Defaults,
) -> (Vec<(Path, Suite)>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut names = BTreeSet::new();
    let mut suites = Vec::with_capacity(groups.len());
    for (index, group) in groups.iter().enumerate() {
        let numbered = format!("group {}", index + 1);
        let mut name = group.name.clone().unwrap_or_else(|| numbered.clone());
        if !names.insert(name.clone()) {
            name = format!("{name} ({numbered})");
        }
        let name = match &defaults.prefix {
            Some(prefix) => format!("{prefix} · {name}"),
            None => name,
        };
        let (here, known) = (within.child(index), problems.len());
        let suite = suite(group, name, &here, defaults, &mut problems);
        if problems.len() == known {
            suites.push((here, suite));
        }
    }
    (suites, problems)
}

fn suite(
    group: &Group,
    name: String,
    here: &Path,
    defaults: &Defaults,
    problems: &mut Vec<Problem>,
) -> Suite {
    let of_group = group.frequency.and_then(Id::small).map(Frequency::Fixed);
    let mut suite = Suite {
        version: 1,
        name: Some(name),
        frequency: of_group.or(defaults.frequency),
        thresholds: defaults.thresholds.clone(),
        ..Suite::default()
    };
    if group.frequency.is_some_and(|frequency| frequency.small().is_none()) {
        let path = here.child("frequency");
        let what = format!("`frequency` is out of range: at most {MOST_REPETITIONS}");
        problems.push(Problem::new(path, what).help("write for example 5"));
    }
    let own = Keys {
        agent_id: group.agent_id,
        scenario_ids: group.scenario_ids.as_ref(),
        execution_mode: group.execution_mode,
        phone_number: group.phone_number.as_deref(),
        websocket_url: group.websocket_url.as_deref(),
        livekit_data: group.livekit_data.as_ref(),
        pipecat_data: group.pipecat_data.as_ref(),
    };
    let Some(legs) = &group.legs else {
        own.required(here, "", problems);
        let leg = own.leg(None, defaults.mode, here, problems);
        let Party { agent, scenarios, mode, phone, websocket, livekit, pipecat, .. } = leg;
        return Suite { agent, scenarios, mode, phone, websocket, livekit, pipecat, ..suite };
    };
    if own.scenario_ids.is_some() {
        let path = here.child("scenario_ids");
        let problem = Problem::of_key(path, "`scenario_ids` cannot be used with `legs`");
        problems.push(problem.help("put them on each leg: one id for each call"));
    }
    let legs = legs.iter().enumerate().map(|(index, leg)| {
        let here = here.child("legs").child(index);
        let keys = Keys {
            agent_id: leg.agent_id.or(own.agent_id),
            scenario_ids: leg.scenario_ids.as_ref(),
            execution_mode: leg.execution_mode.or(own.execution_mode),
            phone_number: leg.phone_number.as_deref().or(own.phone_number),
            websocket_url: leg.websocket_url.as_deref().or(own.websocket_url),
            livekit_data: leg.livekit_data.as_ref().or(own.livekit_data),
            pipecat_data: leg.pipecat_data.as_ref().or(own.pipecat_data),
        };
        keys.required(&here, " or on its group", problems);
        keys.leg(leg.name.clone(), defaults.mode, &here, problems)
    });
    suite.together = Some(legs.collect());
    suite
}

/// The keys that a group and a leg have in common.
#[derive(Clone, Copy)]
struct Keys<'a> {
    agent_id: Option<Id>,
    scenario_ids: Option<&'a Ids>,
    execution_mode: Option<Mode>,
    phone_number: Option<&'a str>,
    websocket_url: Option<&'a str>,
    livekit_data: Option<&'a ProviderData>,
    pipecat_data: Option<&'a ProviderData>,
}

impl Keys<'_> {
    fn required(&self, here: &Path, elsewhere: &str, problems: &mut Vec<Problem>) {
        if self.agent_id.is_none() {
            let problem = Problem::new(here.clone(), "`agent_id` is missing");
            problems.push(problem.help(format!("add `agent_id: 123` here{elsewhere}")));
        }
        if self.scenario_ids.is_none() {
            let problem = Problem::new(here.clone(), "`scenario_ids` is missing");
            problems.push(problem.help("add for example `scenario_ids: 1001,1002`"));
        }
    }

    /// As one side of a call.
    fn leg(
        &self,
        name: Option<String>,
        mode: Option<Mode>,
        here: &Path,
        problems: &mut Vec<Problem>,
    ) -> Party {
        let mode = self.execution_mode.or(mode);
        let is = mode.unwrap_or_default();
        for (key, stands, only) in [
            ("phone_number", self.phone_number.is_some(), Mode::Voice),
            ("websocket_url", self.websocket_url.is_some(), Mode::Text),
            ("livekit_data", self.livekit_data.is_some(), Mode::LivekitV2),
            ("pipecat_data", self.pipecat_data.is_some(), Mode::PipecatV2),
        ] {
            if stands && is != only {
                let (only, is) = (only.name(), is.name());
                let problem = Problem::of_key(
                    here.child(key),
                    format!("`{key}` goes with execution_mode {only} only, and this is {is}"),
                );
                problems
                    .push(problem.help(format!("remove it, or write `execution_mode: {only}`")));
            }
        }
        let mut wrong = |key: &str, error: String| {
            let problem =
                Problem::new(here.child(key), format!("`{key}` is not what it should be: {error}"));
            problems.push(problem.help("write an object, or its JSON as text"));
        };
        let livekit = self.livekit_data.and_then(|data| match data.livekit() {
            Ok(livekit) => Some(livekit),
            Err(error) => {
                wrong("livekit_data", error);
                None
            }
        });
        let pipecat = self.pipecat_data.and_then(|data| match data.pipecat() {
            Ok(pipecat) => Some(pipecat),
            Err(error) => {
                wrong("pipecat_data", error);
                None
            }
        });
        Party {
            name,
            agent: self.agent_id.map(|id| id.0),
            scenarios: self.scenario_ids.map(|ids| ids.0.clone()),
            mode,
            phone: self
                .phone_number
                .map(|number| Phone { outbound: Some(number.to_owned()), ..Phone::default() }),
            websocket: self
                .websocket_url
                .map(|url| Websocket { url: Some(url.to_owned()), ..Websocket::default() }),
            livekit,
            pipecat,
            ..Party::default()
        }
    }
}

/// Where a part of a group's suite stands in the batch.
pub fn place(group: &Path, path: &Path) -> Path {
    let rename = |key: &str| match key {
        "agent" => Some("agent_id"),
        "scenarios" => Some("scenario_ids"),
        "mode" => Some("execution_mode"),
        "phone" => Some("phone_number"),
        "websocket" => Some("websocket_url"),
        "livekit" => Some("livekit_data"),
        "pipecat" => Some("pipecat_data"),
        "together" => Some("legs"),
        "frequency" => Some("frequency"),
        "name" => Some("name"),
        _ => None,
    };
    let mut place = group.clone();
    for segment in &path.0 {
        let is_index = segment.parse::<usize>().is_ok();
        match rename(segment) {
            Some(key) => place = place.child(key),
            None if is_index && place.0.last().is_some_and(|last| last == "legs") => {
                place = place.child(segment);
            }
            // What lies deeper is no key of a batch.
            None => break,
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::suite::together::legs;

    fn read(groups: Value, defaults: &Defaults) -> Result<Vec<Suite>, Vec<Problem>> {
        let groups: Vec<Group> = serde_json::from_value(groups).unwrap();
        let (suites, problems) = suites(&groups, &Path::of(["batch"]), defaults);
        let suites = suites.into_iter().map(|(_, suite)| suite).collect();
        if problems.is_empty() { Ok(suites) } else { Err(problems) }
    }

    #[test]
    fn a_group_of_one_agent_is_a_suite() {
        let groups = json!([
            { "name": "inbound", "agent_id": "123", "scenario_ids": "1001, 1002,1001,", "frequency": "2" },
            { "agent_id": 5, "scenario_ids": 7, "execution_mode": "text", "websocket_url": "wss://a" },
            { "name": "inbound", "agent_id": 5, "scenario_ids": ["8", 9],
              "execution_mode": "pipecat_v2", "pipecat_data": "{\"pipecat_agent_name\": \"bot\"}" },
        ]);
        let defaults = Defaults {
            frequency: Some(Frequency::Fixed(3)),
            prefix: Some("nightly".to_owned()),
            ..Defaults::default()
        };
        let suites = read(groups, &defaults).unwrap();
        let [inbound, text, pipecat] = suites.as_slice() else { panic!() };
        assert_eq!(inbound.name.as_deref(), Some("nightly · inbound"));
        let times = |suite: &Suite| suite.frequency.map(Frequency::most);
        assert_eq!((inbound.agent, times(inbound), inbound.mode), (Some(123), Some(2), None));
        assert_eq!(inbound.scenarios.as_deref(), Some([1001, 1002, 1001].as_slice()));
        assert_eq!(text.name.as_deref(), Some("nightly · group 2"));
        assert_eq!((times(text), text.mode), (Some(3), Some(Mode::Text)));
        assert_eq!(text.websocket.as_ref().unwrap().url.as_deref(), Some("wss://a"));
        assert_eq!(pipecat.name.as_deref(), Some("nightly · inbound (group 3)"));
        assert_eq!(pipecat.pipecat.as_ref().unwrap().agent_name.as_deref(), Some("bot"));
    }

    #[test]
    fn what_a_group_says_holds_for_its_legs() {
        let groups = json!([{
            "name": "warm-transfer", "agent_id": 9, "execution_mode": "livekit_v2",
            "livekit_data": { "url": "wss://a" },
            "legs": [
                { "name": "caller", "scenario_ids": "2001,2001" },
                { "agent_id": 123, "scenario_ids": [3001, 3002], "livekit_data": { "agent_name": "b" } },
            ],
        }]);
        let suites = read(groups, &Defaults::default()).unwrap();
        let legs = legs(&suites[0]);
        let seen: Vec<(&str, Option<u64>, Option<Mode>)> =
            legs.iter().map(|leg| (leg.label.as_str(), leg.suite.agent, leg.suite.mode)).collect();
        assert_eq!(
            seen,
            [
                ("caller", Some(9), Some(Mode::LivekitV2)),
                ("leg 2", Some(123), Some(Mode::LivekitV2)),
            ]
        );
        assert_eq!(legs[0].suite.livekit.as_ref().unwrap().url.as_deref(), Some("wss://a"));
        assert_eq!(legs[1].suite.livekit.as_ref().unwrap().url, None);
    }

    #[test]
    fn each_way_to_the_agent_holds_for_the_legs_without_their_own() {
        for (mode, key, value, own) in [
            ("voice", "phone_number", json!("+1"), json!("+2")),
            ("text", "websocket_url", json!("wss://a"), json!("wss://b")),
            ("livekit_v2", "livekit_data", json!({ "url": "a" }), json!({ "url": "b" })),
            (
                "pipecat_v2",
                "pipecat_data",
                json!({ "config": { "a": 1 } }),
                json!({ "config": {} }),
            ),
        ] {
            let read = |group: Value, first: Value| {
                let legs = json!([first, { "scenario_ids": 2 }]);
                let mut group = group;
                group["agent_id"] = 1.into();
                group["execution_mode"] = mode.into();
                group["legs"] = legs;
                legs_of(&self::read(json!([group]), &Defaults::default()).unwrap()[0])
            };
            let on_group = read(json!({ key: value }), json!({ "scenario_ids": 1 }));
            let on_each = read(json!({}), json!({ "scenario_ids": 1, key: value }));
            assert_eq!(on_group[0], on_each[0], "{key}");
            assert_ne!(on_group[1], on_each[1], "{key}: the group's holds for the second, too");
            let overruled = read(json!({ key: value }), json!({ "scenario_ids": 1, key: own }));
            assert_ne!(overruled[0], on_group[0], "{key}");
        }
    }

    fn legs_of(suite: &Suite) -> Vec<Suite> {
        legs(suite).into_iter().map(|leg| leg.suite).collect()
    }

    #[test]
    fn what_the_batch_action_refuses_is_refused_at_its_place() {
        for (group, place, words) in [
            (json!({ "scenario_ids": 1 }), "batch.0", "`agent_id` is missing"),
            (json!({ "agent_id": 1 }), "batch.0", "`scenario_ids` is missing"),
            (
                json!({ "agent_id": 1, "scenario_ids": 1, "execution_mode": "text", "phone_number": "+1" }),
                "batch.0.phone_number",
                "execution_mode voice only",
            ),
            (
                json!({ "agent_id": 1, "scenario_ids": 1, "legs": [{ "scenario_ids": 1 }, { "scenario_ids": 2 }] }),
                "batch.0.scenario_ids",
                "cannot be used with `legs`",
            ),
            (
                json!({ "agent_id": 1, "legs": [{ "scenario_ids": 1 }, {}] }),
                "batch.0.legs.1",
                "`scenario_ids` is missing",
            ),
            (
                json!({ "agent_id": 1, "scenario_ids": 1, "execution_mode": "livekit_v2", "livekit_data": "{\"urll\": 1}" }),
                "batch.0.livekit_data",
                "urll",
            ),
            (
                json!({ "agent_id": 1, "scenario_ids": 1, "frequency": "99999999999" }),
                "batch.0.frequency",
                "range",
            ),
        ] {
            let problems = read(json!([group]), &Defaults::default()).unwrap_err();
            assert_eq!(problems[0].path.to_string(), place, "{problems:?}");
            assert!(problems[0].message.contains(words), "{problems:?}");
        }
    }

    #[test]
    fn a_part_of_the_suite_is_found_in_the_words_of_the_batch() {
        let group = Path::of(["batch", "2"]);
        for (path, expected) in [
            ("agent", "batch.2.agent_id"),
            ("phone.outbound", "batch.2.phone_number"),
            ("scenarios.1", "batch.2.scenario_ids"),
            ("together.1.scenarios.0", "batch.2.legs.1.scenario_ids"),
            ("together", "batch.2.legs"),
            ("thresholds.success_rate", "batch.2"),
        ] {
            assert_eq!(place(&group, &Path::of(path.split('.'))).to_string(), expected);
        }
    }
}
