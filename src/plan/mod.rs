//! Suite to plan: what will be asked of the platform, in which order, and how many runs that makes.
//!
//! Pure. A plan is made from a valid suite; it knows which ids must be resolved first and builds
//! the request that starts the run. Sending it is `api`'s work. The bodies are in `body`.

mod body;
pub mod mark;
pub mod name;
pub mod order;
pub mod planned;
pub mod rounds;
pub mod slots;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

pub use self::name::{is_of_whole_start, result_name_start};
use crate::checks::spec::DescribedUnits;
use crate::plan::rounds::StartedRound;
use crate::spec::model::Spec;
use crate::suite::model::{Mode, Rounds, Suite};

/// The agent under test, as the platform is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Id of the agent.
    Agent(u64),
    /// The provider's assistant id.
    Assistant(String),
    /// Nobody said: the platform takes the agent that the scenarios belong to.
    OfScenarios,
}

/// Which scenarios run.
#[derive(Debug, Clone, PartialEq)]
pub enum Selection {
    /// The platform picks by tag or folder when the run starts; `ids` come on top of tags.
    ByPlatform(Query),
    /// The tags or the folder must be resolved to ids first, because this mode's start takes ids only.
    Resolve(Query),
    /// These ids, in the suite's order.
    Ids(Vec<u64>),
    /// The test cases that the suite brings.
    Cases(Spec),
}

/// Which scenarios to look for. Either `folder` or `ids` and `tags`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Ids named beside the tags.
    pub ids: Vec<u64>,
    /// Tags.
    pub tags: Vec<String>,
    /// Tags of scenarios that are left out, unless their ids are named.
    pub exclude_tags: Vec<String>,
    /// Dotted folder path.
    pub folder: Option<String>,
    /// Project id.
    pub project: Option<u64>,
    /// Id of the agent that the scenarios belong to.
    pub agent: Option<u64>,
}

impl Query {
    /// What is looked for, in words: `tag smoke`, `folder Sales.Inbound`.
    pub fn describe(&self) -> String {
        match &self.folder {
            Some(folder) => format!("folder {folder}"),
            None if self.tags.len() == 1 => format!("tag {}", self.tags.join(", ")),
            None => format!("any of the tags {}", self.tags.join(", ")),
        }
    }

    /// Whether a scenario with these tags is left out.
    pub fn excludes(&self, tags: &[String]) -> bool {
        tags.iter().any(|tag| self.exclude_tags.contains(tag))
    }
}

/// What will be asked of the platform.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// How the simulated caller reaches the agent.
    pub mode: Mode,
    /// The agent under test.
    pub target: Target,
    /// Which scenarios run.
    pub selection: Selection,
    /// The name of the result: the suite's name and the unique key of this start.
    pub result_name: String,
    /// How many runs each scenario gets.
    pub runs_per_scenario: usize,
    /// Personalities that replace each scenario's own; empty for its own.
    pub personalities: Vec<u64>,
    /// Test profiles that replace each scenario's own; empty for its own.
    pub test_profiles: Vec<u64>,
    /// The units that the account's descriptions of metrics say, once they were looked up.
    pub described_units: DescribedUnits,
    /// How often each scenario has run after each round; empty where there is one start.
    pub looks: Vec<u32>,
    frequency: u32,
    /// How often each case of a spec file runs for once that it says.
    multiplier: usize,
    body: Map<String, Value>,
    each: body::EachScenario,
}

/// The request that starts a run.
#[derive(Debug, Clone, PartialEq)]
pub struct StartRequest {
    /// Path below the API's address.
    pub path: &'static str,
    /// JSON body.
    pub body: Value,
}

/// Why a suite cannot be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Neither agent nor assistant is given.
    #[error("the suite names no agent: add `agent: <id>` or pass --agent")]
    NoAgent,
    /// Neither scenarios, tags nor folder are given.
    #[error(
        "the suite names no scenarios: add `scenarios`, `tags`, `folder` or `spec`, or pass --scenarios, --tags, --folder or --spec"
    )]
    NoScenarios,
}

impl Plan {
    /// Plans a valid suite. The result is named after `name` and, where it is known, the branch;
    /// `key` makes this start's result findable and must be unique.
    ///
    /// # Errors
    ///
    /// When the suite names no agent or no scenarios, which validation refuses before.
    pub fn new(
        suite: &Suite,
        name: &str,
        branch: Option<&str>,
        key: &str,
    ) -> Result<Self, PlanError> {
        let mode = suite.mode.unwrap_or_default();
        let target = match (suite.agent, &suite.assistant) {
            (Some(agent), _) => Target::Agent(agent),
            (None, Some(assistant)) => Target::Assistant(assistant.clone()),
            (None, None) if suite.brings_cases() => return Err(PlanError::NoAgent),
            (None, None) => Target::OfScenarios,
        };
        let result_name = format!("{}{key}]", result_name_start(name, branch));
        Ok(Plan {
            mode,
            described_units: DescribedUnits::new(),
            selection: selection(suite, mode)?,
            runs_per_scenario: match suite.test_cases() {
                // Checks of each scenario must hold for the one with the fewest runs, too.
                Some(spec) => {
                    let runs = spec.scenarios.iter().map(|case| spec.frequency(case));
                    runs.min().unwrap_or(1).saturating_mul(multiplier(suite))
                }
                None => runs_per_scenario(suite),
            },
            personalities: suite.personalities.clone().unwrap_or_default(),
            test_profiles: suite.test_profiles.clone().unwrap_or_default(),
            frequency: suite.first_repetitions(),
            looks: suite.rounds().map(Rounds::looks).unwrap_or_default(),
            multiplier: multiplier(suite),
            body: match suite.brings_cases() {
                true => body::of_cases(suite, mode, &target, &result_name),
                false => body::common(suite, mode, &target, &result_name),
            },
            each: body::EachScenario::of(suite),
            target,
            result_name,
        })
    }

    /// Id of the agent under test, where the suite names it so.
    pub const fn target_id(&self) -> Option<u64> {
        match self.target {
            Target::Agent(id) => Some(id),
            Target::Assistant(_) | Target::OfScenarios => None,
        }
    }

    /// How many runs start, where the scenarios are known.
    pub fn runs(&self) -> Option<usize> {
        match &self.selection {
            Selection::Ids(ids) => Some(ids.len() * self.runs_per_scenario),
            Selection::Cases(spec) => Some(spec.runs().saturating_mul(self.multiplier)),
            Selection::ByPlatform(_) | Selection::Resolve(_) => None,
        }
    }

    /// How many runs start at most: those of all rounds. As [`Self::runs`] where there is one start.
    pub fn most_runs(&self) -> Option<usize> {
        let runs = self.runs()?;
        // Every round is of the same scenarios: the last look says how often each runs in all.
        Some(match self.looks.last() {
            Some(most) => (runs / self.frequency.max(1) as usize).saturating_mul(*most as usize),
            None => runs,
        })
    }

    /// How many runs a scenario has at most: those of all rounds.
    pub fn most_runs_per_scenario(&self) -> usize {
        let first = self.frequency.max(1) as usize;
        let most = self.looks.last().map_or(first, |most| *most as usize);
        (self.runs_per_scenario / first).saturating_mul(most)
    }

    /// How often each test case runs for once that its spec file says.
    pub const fn case_multiplier(&self) -> usize {
        self.multiplier
    }

    /// The ids of the scenarios, where they are known.
    pub fn scenarios(&self) -> Vec<u64> {
        match &self.selection {
            Selection::Ids(ids) => ids.clone(),
            Selection::ByPlatform(_) | Selection::Resolve(_) | Selection::Cases(_) => Vec::new(),
        }
    }

    /// Path of the start, below the API's address.
    pub const fn path(&self) -> &'static str {
        match &self.selection {
            Selection::Cases(_) => CASES_PATH,
            _ => start_path(self.mode),
        }
    }

    /// The test cases that the suite brings.
    pub const fn spec(&self) -> Option<&Spec> {
        match &self.selection {
            Selection::Cases(spec) => Some(spec),
            Selection::ByPlatform(_) | Selection::Resolve(_) | Selection::Ids(_) => None,
        }
    }

    /// The plan with its scenarios resolved: the ids named and those found, each once.
    #[must_use]
    pub fn resolved(mut self, found: impl IntoIterator<Item = u64>) -> Self {
        if let Selection::Resolve(query) | Selection::ByPlatform(query) = &self.selection {
            let mut seen = BTreeSet::new();
            let ids = query.ids.iter().copied().chain(found).filter(|id| seen.insert(*id));
            self.selection = Selection::Ids(ids.collect());
        }
        self
    }

    /// The plan with its result under another name: one that an earlier gate gave, or one with
    /// another key.
    #[must_use]
    pub fn named(mut self, result_name: String) -> Self {
        if carries_name(self.mode) {
            self.body.insert("name".to_owned(), result_name.clone().into());
        }
        self.result_name = result_name;
        self
    }

    /// The plan with at most so many calls at the same time.
    ///
    /// # Errors
    ///
    /// What the suite has that keeps its start from being told.
    pub fn limited(mut self, calls: u32) -> Result<Self, &'static str> {
        if self.spec().is_some() {
            return Err("a start that brings its test cases along");
        }
        if !takes_concurrency(self.mode) {
            return Err(match self.mode {
                Mode::Pipecat => "mode pipecat",
                Mode::Email => "mode email",
                _ => "mode websocket",
            });
        }
        if self.mode == Mode::ApiChat {
            // The gate itself holds the conversations, and no more of them than this.
            return Ok(self);
        }
        self.body.insert("concurrency_limit".to_owned(), calls.into());
        Ok(self)
    }

    /// A plan that starts some of the scenarios again, so often, as a result with a name of its own.
    #[must_use]
    pub fn again(&self, ids: Vec<u64>, frequency: u32, suffix: &str) -> Self {
        let mut plan = self.clone();
        let overrides = self.runs_per_scenario / self.frequency.max(1) as usize;
        plan.runs_per_scenario = overrides.max(1) * frequency as usize;
        plan.frequency = frequency;
        plan.selection = Selection::Ids(ids);
        plan.looks = Vec::new();
        if takes_frequency(self.mode) {
            plan.body.insert("frequency".to_owned(), frequency.into());
        }
        for key in ["tags", "folder_path"] {
            plan.body.remove(key);
        }
        plan.named(format!("{} {suffix}", self.result_name))
    }

    /// A plan that starts some of the test cases again, so often, as a result with a name of its
    /// own. None where the suite brings no cases.
    pub fn cases_again(&self, keys: &[String], frequency: u32, suffix: &str) -> Option<Self> {
        let spec = self.spec()?.again(keys, frequency);
        let mut plan = self.clone();
        plan.runs_per_scenario = frequency as usize;
        plan.frequency = frequency;
        plan.selection = Selection::Cases(spec);
        plan.looks = Vec::new();
        // What a case says is all that counts here.
        plan.multiplier = 1;
        plan.body.remove("frequency");
        plan.result_name = format!("{} {suffix}", self.result_name);
        plan.body.insert("name".to_owned(), plan.result_name.clone().into());
        Some(plan)
    }

    /// A plan of some of the scenarios alone, or of some of the test cases by their keys, each as
    /// often as in this one, as a result with a name of its own.
    #[must_use]
    pub fn only(&self, ids: &[u64], keys: &[String], suffix: &str) -> Self {
        let Some(spec) = self.spec() else {
            return self.again(ids.to_vec(), self.frequency, suffix);
        };
        let mut spec = spec.clone();
        spec.scenarios.retain(|case| keys.iter().any(|key| key == case.key()));
        let mut plan = self.clone();
        plan.selection = Selection::Cases(spec);
        plan.named(format!("{} {suffix}", self.result_name))
    }

    /// The plan of a later round: its scenarios or test cases, so often, as a result with a name of
    /// its own.
    pub fn round(&self, round: &StartedRound) -> Option<Self> {
        self.part_of_round(round, &format!("round {}", round.number))
    }

    /// The plans of the first round's two parts, where it has two: [`crate::plan::slots::PlanHead::parts`].
    pub fn part(&self, part: &StartedRound, is_rest: bool) -> Option<Self> {
        self.part_of_round(part, if is_rest { name::REST } else { name::FIRST_PART })
    }

    fn part_of_round(&self, round: &StartedRound, suffix: &str) -> Option<Self> {
        let overrides = self.runs_per_scenario / self.frequency.max(1) as usize;
        let times = u32::try_from(round.runs_per_scenario / overrides.max(1)).ok()?;
        match self.spec() {
            Some(spec) => {
                let keys = spec.scenarios.iter().map(|case| case.key().to_owned());
                let keys: Vec<String> = keys.filter(|key| round.has(None, Some(key))).collect();
                self.cases_again(&keys, times, suffix)
            }
            None => {
                let ids = self.scenarios().into_iter().filter(|id| round.has(Some(*id), None));
                Some(self.again(ids.collect(), times, suffix))
            }
        }
    }

    /// How many runs the largest of its starts has.
    pub fn largest_start(&self) -> Option<usize> {
        let first = self.frequency.max(1);
        let steps =
            self.looks.windows(2).filter_map(|pair| pair.get(1)?.checked_sub(*pair.first()?));
        let most = steps.max().unwrap_or(first).max(first);
        Some((self.runs()? / first as usize).saturating_mul(most as usize))
    }

    /// The request that starts the run; none while the ids still have to be resolved.
    pub fn request(&self) -> Option<StartRequest> {
        let mut body = self.body.clone();
        match &self.selection {
            Selection::Cases(spec) => {
                body.insert("spec".to_owned(), serde_json::to_value(spec).unwrap_or_default());
            }
            Selection::Resolve(_) => return None,
            Selection::ByPlatform(query) => {
                if !query.ids.is_empty() {
                    body.insert("scenarios".to_owned(), query.ids.clone().into());
                }
                if !query.tags.is_empty() {
                    body.insert("tags".to_owned(), query.tags.clone().into());
                }
                if let Some(folder) = &query.folder {
                    body.insert("folder_path".to_owned(), folder.clone().into());
                }
                if let Some(project) = query.project {
                    body.insert("project_id".to_owned(), project.into());
                }
            }
            Selection::Ids(ids) => {
                let scenarios = body::scenarios(self.mode, ids, &self.each);
                body.insert("scenarios".to_owned(), scenarios);
            }
        }
        Some(StartRequest { path: self.path(), body: Value::Object(body) })
    }
}

/// The path that starts a run of test cases, in whatever mode.
pub const CASES_PATH: &str = "/test_framework/v1/scenarios/run_scenarios_json/";

/// The path that starts a run in this mode.
pub const fn start_path(mode: Mode) -> &'static str {
    match mode {
        Mode::Voice => "/test_framework/v1/scenarios/run_scenarios/",
        Mode::Text => "/test_framework/v1/scenarios/run_scenarios_text/",
        Mode::Chirp => "/test_framework/v1/scenarios/run_scenarios_chirp/",
        Mode::Agora => "/test_framework/v1/scenarios/run_scenarios_agora/",
        Mode::Sip => "/test_framework/v1/scenarios/run_scenarios_sip/",
        Mode::Elevenlabs => "/test_framework/v1/scenarios/run_scenarios_elevenlabs/",
        Mode::LivekitV2 => "/test_framework/v1/scenarios/run_scenarios_livekit_v2/",
        Mode::PipecatV2 => "/test_framework/v1/scenarios/run_scenarios_pipecat_v2/",
        Mode::Pipecat => "/test_framework/v1/scenarios/run_scenarios_pipecat/",
        Mode::Websocket => "/test_framework/v1/scenarios/run_scenarios_with_websockets/",
        Mode::VapiWebrtc => "/test_framework/v1/scenarios/run_scenarios_vapi_webrtc/",
        Mode::RetellWebrtc => "/test_framework/v1/scenarios/run_scenarios_retell_webrtc/",
        Mode::Email => "/test_framework/v1/scenarios/run_scenarios_email/",
        Mode::ApiChat => "/test_framework/v1/scenarios/run_scenarios_api_chat/",
    }
}

/// Whether the mode's start takes tags and folders itself.
pub const fn takes_tags(mode: Mode) -> bool {
    matches!(
        mode,
        Mode::Voice
            | Mode::Text
            | Mode::Chirp
            | Mode::Sip
            | Mode::Agora
            | Mode::Elevenlabs
            | Mode::ApiChat
    )
}

/// Whether the mode's start carries a name by which a lost answer can be found again.
pub const fn carries_name(mode: Mode) -> bool {
    !matches!(mode, Mode::Websocket | Mode::Pipecat | Mode::Email)
}

/// Whether the mode's start says how often each scenario runs.
pub const fn takes_frequency(mode: Mode) -> bool {
    !matches!(mode, Mode::Pipecat)
}

/// Whether the mode's start can limit how many calls go at once.
pub const fn takes_concurrency(mode: Mode) -> bool {
    !matches!(mode, Mode::Websocket | Mode::Pipecat | Mode::Email)
}

/// How often each test case runs for once that it says: `frequency` beside a spec file multiplies.
/// Beside inline cases it is their default.
fn multiplier(suite: &Suite) -> usize {
    match suite.spec {
        Some(_) => suite.first_repetitions() as usize,
        None => 1,
    }
}

fn runs_per_scenario(suite: &Suite) -> usize {
    let frequency = suite.first_repetitions() as usize;
    let overrides = |ids: &Option<Vec<u64>>| ids.as_ref().map_or(1, |ids| ids.len().max(1));
    frequency
        .saturating_mul(overrides(&suite.personalities))
        .saturating_mul(overrides(&suite.test_profiles))
}

fn selection(suite: &Suite, mode: Mode) -> Result<Selection, PlanError> {
    if suite.brings_cases() {
        return suite.test_cases().map(Selection::Cases).ok_or(PlanError::NoScenarios);
    }
    let ids = suite.scenarios.clone().unwrap_or_default();
    let tags = suite.tags.clone().unwrap_or_default();
    if tags.is_empty() && suite.folder.is_none() {
        return if ids.is_empty() { Err(PlanError::NoScenarios) } else { Ok(Selection::Ids(ids)) };
    }
    let query = Query {
        ids,
        tags,
        exclude_tags: suite.exclude_tags.clone().unwrap_or_default(),
        folder: suite.folder.clone(),
        project: suite.project,
        agent: suite.agent,
    };
    // No start takes tags that are left out: then the ids are looked up here.
    let by_platform = takes_tags(mode) && query.exclude_tags.is_empty();
    Ok(if by_platform { Selection::ByPlatform(query) } else { Selection::Resolve(query) })
}

#[cfg(test)]
mod tests;
