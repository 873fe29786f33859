//! A suite to begin with, as text: comments say what to change.

use std::collections::BTreeMap;

use super::yaml::quoted;
use crate::suite::model::Mode;

/// What the suite is to say. What is not known becomes a placeholder.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// Name of the suite.
    pub name: String,
    /// Id of the agent.
    pub agent: Option<u64>,
    /// Provider's assistant id, in place of the agent's.
    pub assistant: Option<String>,
    /// Project id.
    pub project: Option<u64>,
    /// Ids of the scenarios.
    pub scenarios: Vec<u64>,
    /// Tags of the scenarios.
    pub tags: Vec<String>,
    /// Folder of the scenarios.
    pub folder: Option<String>,
    /// How the caller reaches the agent.
    pub mode: Mode,
    /// How often each scenario runs.
    pub frequency: u32,
    /// Whether the gate reports only at first.
    pub report_only: bool,
    /// What the account has to say; none where it was not asked.
    pub found: Option<Found>,
}

/// What the account has to say of a suite. Its texts stand in comments, and are safe there.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Name of the agent.
    pub agent: String,
    /// Why the mode is not the usual one.
    pub mode_because: Option<String>,
    /// What was selected, and what else there is.
    pub selection: Vec<String>,
    /// How many scenarios were selected; none where no one knows.
    pub selected: Option<usize>,
    /// The names of scenarios, by their ids.
    pub names: BTreeMap<u64, String>,
    /// The lines of `thresholds:`.
    pub thresholds: String,
}

impl Answers {
    /// The keys that [`text`] fills with placeholders.
    pub fn placeholders(&self) -> Vec<&'static str> {
        let mut keys = Vec::new();
        if self.agent.is_none() && self.assistant.is_none() {
            keys.push("agent");
        }
        if !self.selects() {
            keys.push("scenarios");
        }
        match self.mode {
            Mode::Websocket => keys.push("websocket.url"),
            Mode::Pipecat => keys.push("pipecat.room"),
            Mode::VapiWebrtc => keys.push("vapi.assistant"),
            Mode::ApiChat => keys.push("agent_command"),
            _ => {}
        }
        keys
    }

    /// Whether it says which scenarios to run.
    pub const fn selects(&self) -> bool {
        !self.scenarios.is_empty() || !self.tags.is_empty() || self.folder.is_some()
    }
}

/// The suite's text.
pub fn text(answers: &Answers) -> String {
    let mut lines = vec![
        "# yaml-language-server: $schema=https://raw.githubusercontent.com/cekura-ai/cekura-gate/main/schema/suite.schema.json".to_owned(),
        "#".to_owned(),
        "# Every key: https://github.com/cekura-ai/cekura-gate/blob/main/docs/suite-file.md".to_owned(),
        "version: 1".to_owned(),
        format!("name: {}", quoted(&answers.name)),
    ];
    let mut line = |text: String| lines.push(text);
    match (&answers.agent, &answers.assistant) {
        (Some(id), _) => match &answers.found {
            Some(found) => line(format!("agent: {id}  # {}", found.agent)),
            None => line(format!("agent: {id}")),
        },
        (None, Some(id)) => line(format!("assistant: {}", quoted(id))),
        (None, None) => {
            line("agent: 123                # placeholder: the id of your agent".into())
        }
    }
    if let Some(id) = answers.project {
        line(format!("project: {id}"));
    }
    for about in answers.found.iter().flat_map(|found| &found.selection) {
        line(format!("# {about}"));
    }
    if !answers.selects() {
        line("# Or tags: [smoke], or folder: Sales.Inbound with its project.".into());
        line("scenarios: [101, 102]     # placeholder: the ids of your scenarios".into());
    }
    if !answers.scenarios.is_empty() {
        let name = |id| answers.found.as_ref().and_then(|found| found.names.get(id));
        if answers.scenarios.iter().any(|id| name(id).is_some()) {
            line("scenarios:".into());
            for id in &answers.scenarios {
                match name(id) {
                    Some(name) => line(format!("  - {id}  # {name}")),
                    None => line(format!("  - {id}")),
                }
            }
        } else {
            let ids: Vec<String> = answers.scenarios.iter().map(u64::to_string).collect();
            line(format!("scenarios: [{}]", ids.join(", ")));
        }
    }
    if !answers.tags.is_empty() {
        let tags: Vec<String> = answers.tags.iter().map(|tag| quoted(tag)).collect();
        line(format!("tags: [{}]", tags.join(", ")));
    }
    if let Some(folder) = &answers.folder {
        line(format!("folder: {}", quoted(folder)));
    }
    let mode = answers.mode.name();
    match answers.found.as_ref().and_then(|found| found.mode_because.as_ref()) {
        Some(because) => line(format!("mode: {mode}  # {because}")),
        None => line(format!("mode: {mode}")),
    }
    match answers.mode {
        Mode::Websocket => {
            line("websocket:".into());
            line("  url: wss://agent.example.com/chat    # placeholder: your agent's".into());
        }
        Mode::Pipecat => {
            line("pipecat:".into());
            line("  room:".into());
            line("    url: https://example.daily.co/room   # placeholder: the room's".into());
        }
        Mode::VapiWebrtc => {
            line("vapi:".into());
            line("  assistant: asst_1234567890           # placeholder: your assistant's".into());
        }
        Mode::ApiChat => {
            line("agent_command: [python, agent.py]    # placeholder: your agent's program".into());
        }
        _ => {}
    }
    line("# One call says little about an agent that answers differently each time.".into());
    if answers.mode != Mode::Pipecat {
        line(format!("frequency: {}", answers.frequency));
    }
    line("timeout: 45m".into());
    if answers.report_only {
        line(REPORT_ONLY.to_owned());
    }
    match &answers.found {
        Some(found) => line(format!("\n{}\n\n{BUDGET}", found.thresholds)),
        None => line(format!("{THRESHOLDS}\n\n{BUDGET}")),
    }
    line(format!("budget: {{ max_runs: {} }}", most_runs(answers)));
    line(RETRY.to_owned());
    lines.join("\n")
}

const THRESHOLDS: &str = r#"
thresholds:
  success_rate: ">= 90%"
  # A good total hides no broken scenario.
  each_scenario: { success_rate: ">= 60%" }
  # Calls that never became a conversation leave nothing to judge.
  errors: "<= 10%"
  # The account's metrics, each by its name:
  # metrics:
  #   Latency: "p95 <= 2500ms""#;

const BUDGET: &str = "# Each run is billed: nothing starts when the plan has more of them.";

const REPORT_ONLY: &str =
    "# The gate judges and reports everything, and no job fails by it. Take this line out to gate.
enforce: false";

const RETRY: &str =
    "# A call that never became a conversation is no evidence: it is started again, once.
retry: { on: [error], attempts: 1 }
";

/// Twice what is planned now, so that a suite that has grown is noticed.
fn most_runs(answers: &Answers) -> u64 {
    let found = answers.found.as_ref().and_then(|found| found.selected);
    let named = answers.tags.is_empty() && answers.folder.is_none();
    let scenarios = found.or_else(|| named.then(|| answers.scenarios.len().max(2)));
    let runs = (scenarios.unwrap_or_default() as u64).saturating_mul(answers.frequency.into());
    runs.saturating_mul(2).max(50)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::document::Source;
    use crate::escape::tests::hostile;
    use crate::suite::model::Suite;

    fn read(answers: &Answers) -> Suite {
        let text = text(answers);
        let read =
            crate::suite::read(Source { name: "x", text: &text }, &|_| None, date(2026, 1, 1));
        let suite = read.unwrap_or_else(|faults| panic!("{faults}\n{text}")).value;
        let problems = crate::suite::validate(&suite, date(2026, 1, 1));
        assert!(problems.is_empty(), "{problems:?}\n{text}");
        suite
    }

    #[test]
    fn a_suite_of_each_mode_is_valid_without_any_answer() {
        for mode in Mode::ALL {
            let suite =
                read(&Answers { name: "Bot".into(), mode, frequency: 3, ..Answers::default() });
            assert_eq!(suite.mode, Some(mode));
        }
    }

    #[test]
    fn a_suite_that_reports_only_says_so_and_any_other_gates() {
        let enforce = |report_only| {
            read(&Answers { name: "Bot".into(), frequency: 3, report_only, ..Answers::default() })
                .enforce
        };
        assert_eq!((enforce(true), enforce(false)), (Some(false), None));
    }

    #[test]
    fn what_is_still_to_be_filled_in_is_named() {
        let missing = |mode| Answers { mode, ..Answers::default() }.placeholders();
        assert_eq!(missing(Mode::Voice), ["agent", "scenarios"]);
        assert_eq!(missing(Mode::Websocket), ["agent", "scenarios", "websocket.url"]);
        assert_eq!(missing(Mode::VapiWebrtc), ["agent", "scenarios", "vapi.assistant"]);
    }

    #[test]
    fn answers_take_the_place_of_the_placeholders() {
        let answers = Answers {
            name: "Bot".into(),
            assistant: Some("asst_1".into()),
            project: Some(9),
            folder: Some("Sales.Inbound".into()),
            frequency: 2,
            ..Answers::default()
        };
        let suite = read(&answers);
        assert_eq!((suite.agent, suite.assistant.as_deref()), (None, Some("asst_1")));
        assert_eq!((suite.folder.as_deref(), suite.project), (Some("Sales.Inbound"), Some(9)));
        assert_eq!(suite.scenarios, None);
        assert!(answers.placeholders().is_empty());
        assert!(!text(&answers).contains("placeholder"));
    }

    #[test]
    fn the_budget_holds_what_is_planned() {
        let answers = Answers { scenarios: (1..=40).collect(), frequency: 3, ..Answers::default() };
        let suite = read(&Answers { name: "Bot".into(), ..answers });
        assert_eq!(suite.budget.unwrap().max_runs, Some(240));
    }

    proptest! {
        #[test]
        fn any_name_and_tag_is_carried_as_it_is(name in hostile(), tag in hostile()) {
            prop_assume!((1..=200).contains(&name.chars().count()) && !name.trim().is_empty() && !tag.trim().is_empty());
            let answers = Answers { name, tags: vec![tag], frequency: 1, ..Answers::default() };
            let text = text(&answers);
            let read =
                crate::suite::read(Source { name: "x", text: &text }, &|_| None, date(2026, 1, 1));
            let suite = read.unwrap_or_else(|faults| panic!("{faults}\n{text}")).value;
            prop_assert_eq!(suite.name, Some(answers.name));
            prop_assert_eq!(suite.tags, Some(answers.tags));
        }
    }
}
