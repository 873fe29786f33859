//! The flags that take the place of a suite's keys, so that a pipeline can vary them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::suite::checks::{CheckSpec, Checks};
use crate::suite::model::{
    Baseline, BaselineLimit, CallPolicy, Matrix, Mode, Reports, Suite, Thresholds, Transcripts,
};
use crate::suite::scalars::{ScalarError, Timeout};
use crate::verdict::check::Check;

/// Flags that take the place of a suite's keys.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "In place of the suite's keys")]
pub(super) struct Overrides {
    /// Id of the agent under test.
    #[arg(long, value_name = "ID", conflicts_with = "assistant", value_parser = clap::value_parser!(u64).range(1..))]
    agent: Option<u64>,
    /// Provider's assistant id, in place of --agent.
    #[arg(long, value_name = "ID", value_parser = words)]
    assistant: Option<String>,
    /// Project id.
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(u64).range(1..))]
    project: Option<u64>,
    /// Ids of the scenarios to run, separated by commas.
    #[arg(long, value_name = "IDS", value_delimiter = ',', value_parser = id, conflicts_with = "folder")]
    scenarios: Option<Vec<u64>>,
    /// Run the scenarios with these tags, separated by commas.
    #[arg(long, value_name = "TAGS", value_delimiter = ',', value_parser = words, conflicts_with = "folder")]
    tags: Option<Vec<String>>,
    /// Run the scenarios of this folder.
    #[arg(long, value_name = "PATH", value_parser = words)]
    folder: Option<String>,
    /// Run the test cases of this Tests-as-Code file.
    #[arg(long, value_name = "FILE", value_parser = path, conflicts_with_all = ["scenarios", "tags", "folder"])]
    spec: Option<PathBuf>,
    /// How the simulated caller reaches the agent.
    #[arg(long, value_enum, value_name = "MODE")]
    mode: Option<Mode>,
    /// How many times each scenario runs.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    frequency: Option<u32>,
    /// Personality ids, separated by commas.
    #[arg(long, value_name = "IDS", value_delimiter = ',', value_parser = id)]
    personalities: Option<Vec<u64>>,
    /// Test profile ids, separated by commas.
    #[arg(long, value_name = "IDS", value_delimiter = ',', value_parser = id)]
    test_profiles: Option<Vec<u64>>,
    /// How many calls may run at the same time.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    concurrency: Option<u32>,
    /// How long to wait for the result, such as 45m.
    #[arg(long, value_name = "SPAN", value_parser = scalar::<Timeout>)]
    timeout: Option<Timeout>,
    /// Name of the suite.
    #[arg(long, value_name = "NAME", value_parser = words)]
    name: Option<String>,
    /// Threshold for the success rate, such as ">= 90%".
    #[arg(long, value_name = "CHECK", value_parser = scalar::<Check>)]
    success_rate: Option<Check>,
    /// Compare with this earlier result: a result.json, a result id or a branch; `none` compares
    /// with nothing.
    #[arg(long, value_name = "FROM", value_parser = words)]
    baseline: Option<String>,
    /// Judge and report everything, and exit with 0 unless the gate itself could not do its work.
    #[arg(long)]
    report_only: bool,
    /// What happens to the calls when the gate is stopped.
    #[arg(long, value_enum, value_name = "POLICY")]
    on_cancel: Option<CallPolicy>,
    /// What happens to the calls when the time is over.
    #[arg(long, value_enum, value_name = "POLICY")]
    on_timeout: Option<CallPolicy>,
    /// Directory of the reports.
    #[arg(long, value_name = "DIR", value_parser = path)]
    report_dir: Option<PathBuf>,
    /// Whose transcripts the reports hold.
    #[arg(long, value_enum, value_name = "WHOSE")]
    transcripts: Option<Transcripts>,
    /// Make a link that shows the transcripts to anyone who has it.
    #[arg(long)]
    share_link: bool,
}

impl Overrides {
    /// The flags for each of several suites: how many calls may run at the same time is then said
    /// of all together.
    pub(super) fn of_each(&self) -> Self {
        Self { concurrency: None, ..self.clone() }
    }

    /// The flags for each group of a batch, without those that are defaults for all of them.
    pub(super) fn of_groups(&self) -> Self {
        Self { frequency: None, mode: None, name: None, ..self.of_each() }
    }

    /// A flag that names an agent or scenarios, where there is one.
    pub(super) const fn of_one_agent(&self) -> Option<&'static str> {
        match self {
            Self { agent: Some(_), .. } => Some("--agent"),
            Self { assistant: Some(_), .. } => Some("--assistant"),
            Self { scenarios: Some(_), .. } => Some("--scenarios"),
            Self { tags: Some(_), .. } => Some("--tags"),
            Self { folder: Some(_), .. } => Some("--folder"),
            Self { spec: Some(_), .. } => Some("--spec"),
            _ => None,
        }
    }

    /// How many times each scenario runs.
    pub(super) const fn frequency(&self) -> Option<u32> {
        self.frequency
    }

    /// How the simulated caller reaches the agent.
    pub(super) const fn mode(&self) -> Option<Mode> {
        self.mode
    }

    /// Name of the suite.
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// How long to wait.
    pub(super) const fn timeout(&self) -> Option<Timeout> {
        self.timeout
    }

    /// How many calls may run at the same time.
    pub(super) const fn concurrency(&self) -> Option<u32> {
        self.concurrency
    }

    /// The directory of the reports.
    pub(super) fn report_dir(&self) -> Option<&Path> {
        self.report_dir.as_deref()
    }

    /// Those of a command that judges a result that is there, and takes no other of these flags.
    pub(super) fn of_waiting(timeout: Option<Timeout>, report_dir: Option<PathBuf>) -> Self {
        Self { timeout, report_dir, ..Self::default() }
    }

    /// Whether the flags alone say what to run, where there is no suite file.
    pub(super) fn makes_a_suite(&self) -> bool {
        let target = self.agent.is_some() || self.assistant.is_some();
        target && self.selects()
    }

    /// Whether the flags take the place of the suite's selection.
    pub(super) const fn selects(&self) -> bool {
        self.scenarios.is_some()
            || self.tags.is_some()
            || self.folder.is_some()
            || self.spec.is_some()
    }

    /// The suite's keys that stand in the flags.
    pub(super) fn keys(&self) -> Vec<&'static str> {
        let keys = [
            ("agent", self.agent.is_some()),
            ("assistant", self.assistant.is_some()),
            ("project", self.project.is_some()),
            ("scenarios", self.scenarios.is_some()),
            ("tags", self.tags.is_some()),
            ("folder", self.folder.is_some()),
            ("spec", self.spec.is_some()),
            ("mode", self.mode.is_some()),
            ("frequency", self.frequency.is_some()),
            ("personalities", self.personalities.is_some()),
            ("test_profiles", self.test_profiles.is_some()),
            ("concurrency", self.concurrency.is_some()),
            ("thresholds.success_rate", self.success_rate.is_some()),
        ];
        keys.into_iter().filter(|(_, given)| *given).map(|(key, _)| key).collect()
    }

    /// The file of test cases that a flag names.
    pub(super) fn spec(&self) -> Option<&Path> {
        self.spec.as_deref()
    }

    /// Puts the flags in the place of the suite's keys. A selection by flags replaces the suite's
    /// whole selection, an agent by flag the suite's assistant.
    pub(super) fn apply(&self, suite: &mut Suite) {
        if self.agent.is_some() || self.assistant.is_some() {
            (suite.agent, suite.assistant) = (self.agent, self.assistant.clone());
        }
        self.apply_to_axes(suite);
        if self.selects() {
            suite.scenarios = self.scenarios.clone();
            suite.tags = self.tags.clone();
            suite.folder = self.folder.clone();
            suite.exclude_tags = None;
            suite.spec = self.spec.as_ref().map(|path| path.display().to_string());
            suite.cases = None;
            if let (Some(ids), Some(entries)) = (&self.scenarios, &mut suite.quarantine) {
                entries.retain(|entry| ids.contains(&entry.scenario));
            }
        }
        replace(&mut suite.project, self.project);
        replace(&mut suite.mode, self.mode);
        replace(&mut suite.frequency, self.frequency);
        replace(&mut suite.personalities, self.personalities.clone());
        replace(&mut suite.test_profiles, self.test_profiles.clone());
        replace(&mut suite.concurrency, self.concurrency);
        replace(&mut suite.timeout, self.timeout);
        replace(&mut suite.name, self.name.clone());
        replace(&mut suite.enforce, self.report_only.then_some(false));
        replace(&mut suite.on_cancel, self.on_cancel);
        replace(&mut suite.on_timeout, self.on_timeout);
        if let Some(check) = &self.success_rate {
            let thresholds = suite.thresholds.get_or_insert_default();
            thresholds.success_rate = Some(Checks(vec![CheckSpec::plain(check.clone())]));
        }
        if let Some(from) = &self.baseline {
            apply_baseline(suite, from);
        }
        self.apply_reports(suite);
    }

    /// A flag takes the place of an axis of the matrix, too: the one side that it names is run.
    fn apply_to_axes(&self, suite: &mut Suite) {
        let Some(matrix) = &mut suite.matrix else { return };
        if self.agent.is_some() || self.assistant.is_some() {
            matrix.agent = None;
        }
        if self.mode.is_some() {
            matrix.mode = None;
        }
        let taken = self.agent.is_some() || self.assistant.is_some() || self.mode.is_some();
        if taken && *matrix == Matrix::default() {
            suite.matrix = None;
        }
    }

    fn apply_reports(&self, suite: &mut Suite) {
        let reports: &mut Reports = suite.reports.get_or_insert_default();
        replace(&mut reports.dir, self.report_dir.as_ref().map(|dir| dir.display().to_string()));
        replace(&mut reports.transcripts, self.transcripts);
        replace(&mut reports.share_link, self.share_link.then_some(true));
    }
}

/// Puts another baseline in the place of the suite's. Where the suite has none, no drop of the
/// success rate is accepted that is unlikely to be noise.
fn apply_baseline(suite: &mut Suite, from: &str) {
    if from == "none" {
        if let Some(thresholds) = &mut suite.thresholds {
            thresholds.baseline = None;
            if *thresholds == Thresholds::default() {
                suite.thresholds = None;
            }
        }
        return;
    }
    let thresholds = suite.thresholds.get_or_insert_default();
    match &mut thresholds.baseline {
        Some(baseline) => baseline.from = from.to_owned(),
        None => {
            let no_drop = BaselineLimit { max_drop: "0%".parse().ok(), ..BaselineLimit::default() };
            thresholds.baseline = Some(Baseline {
                from: from.to_owned(),
                if_missing: None,
                success_rate: Some(no_drop),
                metrics: BTreeMap::new(),
                new_failures: None,
                significance: None,
            });
        }
    }
}

/// Reads a text that may not be empty, as the same key in a file may not.
fn words(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it is empty; leave the flag out where there is no value".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// Reads a path that may not be empty.
fn path(text: &str) -> Result<PathBuf, String> {
    words(text).map(|_| PathBuf::from(text))
}

/// Reads one of a list's ids.
fn id(text: &str) -> Result<u64, String> {
    match words(text)?.parse() {
        Ok(0) | Err(_) => Err("it is no id: write a whole number, at least 1".to_owned()),
        Ok(id) => Ok(id),
    }
}

/// Reads a flag's text, with the way out in the error.
pub(super) fn scalar<T: FromStr<Err = ScalarError>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: ScalarError| match &error.help {
        Some(help) => format!("{error}; {help}"),
        None => error.to_string(),
    })
}

fn replace<T>(key: &mut Option<T>, flag: Option<T>) {
    if flag.is_some() {
        *key = flag;
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command, FromArgMatches as _};

    use super::*;

    fn parsed(flag: &str, value: &str) -> Result<Overrides, clap::Error> {
        let command = Overrides::augment_args(Command::new("gate"));
        let matches =
            command.try_get_matches_from(["gate".to_owned(), format!("{flag}={value}")])?;
        Overrides::from_arg_matches(&matches)
    }

    #[test]
    fn no_flag_takes_an_empty_value_for_everything_or_nothing() {
        let command = Overrides::augment_args(Command::new("gate"));
        let flags: Vec<String> = command
            .get_arguments()
            .filter(|argument| argument.get_action().takes_values())
            .filter_map(|argument| Some(format!("--{}", argument.get_long()?)))
            .collect();
        assert!(flags.len() > 15, "{flags:?}");
        for flag in flags {
            for value in ["", " "] {
                assert!(parsed(&flag, value).is_err(), "{flag} {value:?}");
            }
        }
        for flag in ["--tags", "--scenarios", "--personalities", "--test-profiles"] {
            for value in [",", "1,,2", "1, ,2", "1,"] {
                assert!(parsed(flag, value).is_err(), "{flag} {value:?}");
            }
        }
    }

    #[test]
    fn spaces_around_the_items_of_a_list_mean_nothing() {
        assert_eq!(parsed("--scenarios", "1, 2").unwrap().scenarios, Some(vec![1, 2]));
        let tags = parsed("--tags", "a , b").unwrap().tags;
        assert_eq!(tags, Some(vec!["a".to_owned(), "b".to_owned()]));
        assert!(parsed("--scenarios", "0").is_err());
        assert_eq!(parsed("--frequency", "101").unwrap().frequency, Some(101));
    }
}
