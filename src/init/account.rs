//! What an account has, to what a suite of it says: which scenarios, which mode, which thresholds.
//!
//! Pure. `preflight/account` asks; here is chosen, by rules that the comments in the suite repeat.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::suite::{Answers, Found};
use super::thresholds::thresholds;
use super::yaml::comment;
use crate::lookup::{Agent, Listing, Metric, Scenario};
use crate::record::{ResultRecord, RunRecord};
use crate::suite::model::Mode;
use crate::text::{count, list};

/// Tags by which teams mark what a gate should run, the most fitting first.
const USUAL_TAGS: [&str; 5] = ["gate", "ci", "smoke", "regression", "release"];
/// Without such a tag, scenarios are named one by one: so many at most.
const MOST_SCENARIOS: usize = 20;
/// So many tags and folders are named in a comment.
const MOST_NAMES: usize = 8;

/// What was found of an agent.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// The agent.
    pub agent: Agent,
    /// Its scenarios.
    pub scenarios: Listing<Scenario>,
    /// Its metrics.
    pub metrics: Vec<Metric>,
    /// Its last results that came to their end, the newest first.
    pub results: Vec<ResultRecord>,
    /// Whether the conversations of the newest were text.
    pub is_text: bool,
}

impl Account {
    /// The agent in words, for a person.
    pub fn agent_in_words(&self) -> String {
        describe(&self.agent)
    }

    /// Fills in what the flags leave open. `mode_is_open` says whether no flag gave the mode.
    pub fn fill(&self, answers: &mut Answers, mode_is_open: bool, today: Date) {
        let mut found = Found { agent: comment(&self.agent.name), ..Found::default() };
        if answers.assistant.is_none() {
            answers.agent = Some(self.agent.id);
            if mode_is_open {
                let (mode, because) = self.mode();
                answers.mode = mode;
                found.mode_because = because;
            }
        }
        if answers.folder.is_some() && answers.project.is_none() {
            answers.project = self.agent.project;
        }
        if !answers.selects() {
            self.select(answers);
        }
        let chosen = self.chosen(answers);
        found.selection = self.selection_in_words(answers, &chosen);
        found.names = chosen.iter().map(|one| (one.id, comment(&one.name))).collect();
        found.selected = Some(chosen.len()).filter(|many| *many > 0);
        let ids: BTreeSet<u64> = chosen.iter().map(|one| one.id).collect();
        let is_chosen = |run: &&RunRecord| run.scenario.is_some_and(|id| ids.contains(&id));
        let of = |result: &&ResultRecord| result.runs.iter().any(|run| is_chosen(&run));
        let results: Vec<String> =
            self.results.iter().filter(of).map(|result| result.id.to_string()).collect();
        let from = match results.as_slice() {
            [only] => format!("result {only}"),
            several => format!("the results {}", list(several)),
        };
        let runs = self.results.iter().flat_map(|result| &result.runs);
        let runs: Vec<RunRecord> = runs.filter(is_chosen).cloned().collect();
        found.thresholds = thresholds(&runs, &self.metrics, &from, today);
        answers.found = Some(found);
    }

    /// The mode that fits the agent, and why where it is not the usual one.
    fn mode(&self) -> (Mode, Option<String>) {
        let provider = self.agent.provider.as_deref().unwrap_or_default();
        let rooms = match provider {
            "livekit" => Some(Mode::LivekitV2),
            "pipecat" => Some(Mode::PipecatV2),
            _ => None,
        };
        match rooms.filter(|_| !self.agent.has_number) {
            Some(mode) => (mode, Some(format!("the agent runs on {provider}, without a number"))),
            None if self.is_text => (Mode::Text, Some("as its last result".to_owned())),
            None => (Mode::Voice, None),
        }
    }

    /// One of the usual tags where scenarios carry it, or else the scenarios one by one.
    fn select(&self, answers: &mut Answers) {
        let tags = tags(&self.scenarios.items);
        let usual = |name: &&str| tags.keys().find(|tag| tag.eq_ignore_ascii_case(name)).copied();
        if let Some(tag) = USUAL_TAGS.iter().find_map(usual) {
            answers.tags = vec![tag.to_owned()];
            return;
        }
        let mut ids: Vec<u64> = self.scenarios.items.iter().map(|one| one.id).collect();
        ids.sort_unstable();
        if ids.len() > MOST_SCENARIOS {
            // What ran last comes first.
            let last: BTreeSet<u64> = self
                .results
                .iter()
                .flat_map(|one| &one.runs)
                .filter_map(|run| run.scenario)
                .collect();
            ids.sort_by_key(|id| !last.contains(id));
            ids.truncate(MOST_SCENARIOS);
            ids.sort_unstable();
        }
        answers.scenarios = ids;
    }

    /// The scenarios that the answers select, as far as the account has them.
    fn chosen(&self, answers: &Answers) -> Vec<&Scenario> {
        let is_chosen = |one: &&Scenario| {
            answers.scenarios.contains(&one.id)
                || one.tags.iter().any(|tag| answers.tags.contains(tag))
                || answers.folder.is_some() && one.folder == answers.folder
        };
        self.scenarios.items.iter().filter(is_chosen).collect()
    }

    /// Comments on what was selected, and what else there is.
    fn selection_in_words(&self, answers: &Answers, chosen: &[&Scenario]) -> Vec<String> {
        let all = &self.scenarios.items;
        let more = if self.scenarios.whole { "" } else { " or more" };
        let selected = chosen.len();
        let mut lines = vec![match selected == all.len() && self.scenarios.whole {
            true => format!("All of the agent's {}.", count(selected, "scenario")),
            false => format!("{selected} of the agent's {}{more}.", count(all.len(), "scenario")),
        }];
        let others =
            tags(all).into_iter().filter(|(tag, _)| !answers.tags.iter().any(|t| t == tag));
        lines.extend(names("Tags, to select by in their place", others.collect()));
        let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
        for folder in all.iter().filter_map(|one| one.folder.as_deref()) {
            *folders.entry(folder).or_default() += 1;
        }
        lines.extend(names("Folders", folders));
        lines
    }
}

/// The agent in words, for a person.
pub fn describe(agent: &Agent) -> String {
    match agent.name.trim() {
        "" => agent.id.to_string(),
        name => format!("{} {}", agent.id, comment(name)),
    }
}

/// The tags that a suite can name, with how many scenarios carry each.
fn tags(scenarios: &[Scenario]) -> BTreeMap<&str, usize> {
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for scenario in scenarios {
        let own: BTreeSet<&str> = scenario.tags.iter().map(String::as_str).collect();
        for tag in own.into_iter().filter(|tag| !tag.trim().is_empty() && !tag.contains(',')) {
            *found.entry(tag).or_default() += 1;
        }
    }
    found
}

/// A comment that lists names with how many scenarios have each, the most frequent first.
fn names(label: &str, found: BTreeMap<&str, usize>) -> Option<String> {
    let mut found: Vec<(&str, usize)> = found.into_iter().collect();
    found.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    let more = found.len().saturating_sub(MOST_NAMES);
    let shown =
        found.iter().take(MOST_NAMES).map(|(name, times)| format!("{} ({times})", comment(name)));
    let shown: Vec<String> = shown.collect();
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    (!shown.is_empty()).then(|| format!("{label}: {}{more}.", shown.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_is_that_of_the_agents_rooms_or_of_its_last_result() {
        let account = |provider: &str, has_number, is_text| {
            let provider = Some(provider.to_owned());
            let agent = Agent { provider, has_number, ..Agent::default() };
            Account { agent, is_text, ..Account::default() }.mode().0
        };
        assert_eq!(account("livekit", false, false), Mode::LivekitV2);
        assert_eq!(account("pipecat", false, true), Mode::PipecatV2);
        // What has a number can be called.
        assert_eq!(account("livekit", true, false), Mode::Voice);
        assert_eq!(account("vapi", true, true), Mode::Text);
        assert_eq!(account("vapi", false, false), Mode::Voice);
    }

    #[test]
    fn of_many_scenarios_those_that_ran_last_are_named() {
        let scenario = |id| Scenario { id, tags: vec!["a,b".into()], ..Scenario::default() };
        let run = |id| RunRecord { scenario: Some(id), ..RunRecord::default() };
        let mut account = Account {
            scenarios: Listing { items: (1..=50).map(scenario).collect(), whole: true },
            results: vec![ResultRecord { runs: vec![run(40), run(50)], ..ResultRecord::default() }],
            ..Account::default()
        };
        let mut answers = Answers::default();
        account.fill(&mut answers, true, jiff::civil::date(2026, 1, 1));
        let first: Vec<u64> = (1..=18).chain([40, 50]).collect();
        assert_eq!(answers.scenarios, first);
        // One of the tags that say what a gate should run goes before that, however it is written.
        account.scenarios.items[7].tags = vec!["Smoke".into()];
        let mut answers = Answers::default();
        account.fill(&mut answers, true, jiff::civil::date(2026, 1, 1));
        assert_eq!((answers.tags, answers.scenarios), (vec!["Smoke".to_owned()], Vec::new()));
    }
}
