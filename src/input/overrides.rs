//! The flags that take the place of a suite's keys, so that a pipeline can vary them.
//!
//! A flag is a text until it is read by the rule of its key, as the same text in a suite file is:
//! so both take the same values, and refuse them in the same words.

use std::path::Path;

use crate::checks::figures::SUCCESS_RATE;
use crate::document::{Given, ScalarError, read_given};
use crate::failure::Failure;
use crate::input::basic_flags::BasicFlags;
use crate::input::caps::Caps;
use crate::input::carrier_flags::{self, CarrierFlags, PIPECAT_NAMES};
use crate::input::input_names;
use crate::input::input_names::Inputs;
use crate::input::words::Words;
use crate::plan::Plan;
use crate::scalars::Timeout;
use crate::suite::model::{CallPolicy, Frequency, Mode, Reports, Suite, Transcripts};
use crate::suite::thresholds::{Baseline, BaselineLimit, Thresholds};

/// Flags that take the place of a suite's keys, as they were written.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "In place of the suite's keys")]
pub(crate) struct KeyFlags {
    #[command(flatten)]
    basic: BasicFlags,
    /// Run the test cases of this Tests-as-Code file.
    #[arg(long, value_name = "FILE")]
    spec: Option<String>,
    /// Personality ids, separated by commas.
    #[arg(long, value_name = "IDS", allow_negative_numbers = true)]
    personalities: Option<String>,
    /// Test profile ids, separated by commas.
    #[arg(long, value_name = "IDS", allow_negative_numbers = true)]
    test_profiles: Option<String>,
    /// How many calls may run at the same time.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    concurrency: Option<String>,
    /// How long to wait for the result, such as 45m.
    #[arg(long, value_name = "SPAN", allow_negative_numbers = true)]
    timeout: Option<String>,
    /// Threshold for the success rate, such as ">= 90%".
    #[arg(long, value_name = "CHECK", allow_negative_numbers = true)]
    success_rate: Option<String>,
    /// Compare with this earlier result: a result.json, a result id or a branch; `none` compares
    /// with nothing.
    #[arg(long, value_name = "FROM")]
    baseline: Option<String>,
    /// Judge and report everything, and exit with 0 unless the gate itself could not do its work.
    #[arg(long)]
    report_only: bool,
    /// What happens to the calls when the gate is stopped.
    #[arg(long, value_name = "POLICY", value_parser = Words::of::<CallPolicy>())]
    on_cancel: Option<String>,
    /// What happens to the calls when the time limit is reached.
    #[arg(long, value_name = "POLICY", value_parser = Words::of::<CallPolicy>())]
    on_timeout: Option<String>,
    /// Directory of the reports.
    #[arg(long, value_name = "DIR")]
    report_dir: Option<String>,
    /// Which transcripts the reports contain.
    #[arg(long, value_name = "WHOSE", value_parser = Words::of::<Transcripts>())]
    transcripts: Option<String>,
    /// Make a link that shows the transcripts to anyone who has it.
    #[arg(long)]
    share_link: bool,
    #[command(flatten)]
    carrier: CarrierFlags,
    #[command(flatten)]
    caps: Caps,
    /// Put the keys of this profile of the suite in the place of the suite's own. Flags come after.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// What a CI system's inputs say beside flags; none where flags were typed.
    #[arg(skip)]
    inputs: Option<Inputs>,
}

impl KeyFlags {
    /// Those of a command that judges a result that is there, and takes no other of these flags.
    pub(crate) fn of_waiting(timeout: Option<String>, report_dir: Option<String>) -> Self {
        Self { timeout, report_dir, ..Self::default() }
    }

    /// The directory of the reports, as it was written.
    pub(crate) fn report_dir(&self) -> Option<&Path> {
        self.report_dir.as_deref().map(Path::new)
    }

    /// Reads the flags by the rules of their keys.
    ///
    /// # Errors
    ///
    /// Every fault of their values.
    pub(crate) fn read(&self) -> Result<Overrides, Failure> {
        let mut overrides = Overrides::of(self.given())?;
        overrides.caps = self.caps;
        overrides.inputs = self.inputs.clone();
        overrides.profile = self.profile.clone();
        Ok(overrides)
    }

    /// Says that the flags were made of a CI system's inputs.
    pub(crate) fn made_of(&mut self, inputs: Inputs) {
        self.inputs = Some(inputs);
    }

    /// The flags that were given: the key of each, and its text.
    fn given(&self) -> Vec<Given> {
        let share_link = self.share_link.then(|| "true".to_owned());
        let enforce = self.report_only.then(|| "false".to_owned());
        let flags = [
            ("spec", "--spec", &self.spec),
            ("personalities", "--personalities", &self.personalities),
            ("test_profiles", "--test-profiles", &self.test_profiles),
            ("concurrency", "--concurrency", &self.concurrency),
            ("timeout", "--timeout", &self.timeout),
            ("enforce", "--report-only", &enforce),
            ("thresholds.success_rate", "--success-rate", &self.success_rate),
            (BASELINE, "--baseline", &self.baseline),
            ("on_cancel", "--on-cancel", &self.on_cancel),
            ("on_timeout", "--on-timeout", &self.on_timeout),
            ("reports.dir", "--report-dir", &self.report_dir),
            ("reports.transcripts", "--transcripts", &self.transcripts),
            ("reports.share_link", "--share-link", &share_link),
        ];
        let given =
            self.basic.texts().into_iter().chain(flags).chain(self.carrier.texts()).filter_map(
                |(key, flag, text)| {
                    let text = text.clone()?;
                    let origin = match self.inputs {
                        Some(_) => input_names::of_key(key, true),
                        None => flag.to_owned(),
                    };
                    let also = if key == "pipecat" { PIPECAT_NAMES } else { &[] };
                    Some(Given { key: key.to_owned(), text, also, origin })
                },
            );
        given.collect()
    }
}

/// The key of the earlier result that a suite is compared with.
const BASELINE: &str = "thresholds.baseline.from";

/// Values in place of a suite's keys, wherever they come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overrides {
    /// A suite of these keys alone.
    suite: Suite,
    /// Each key and what its value is called: `thresholds.success_rate`, `--success-rate`.
    keys: Vec<(String, String)>,
    caps: Caps,
    inputs: Option<Inputs>,
    /// Name of the suite's profile.
    profile: Option<String>,
}

impl Overrides {
    /// Reads texts by the rules of the keys whose place they take.
    ///
    /// # Errors
    ///
    /// Every fault of the texts, each with what it is called.
    pub(crate) fn of(given: Vec<Given>) -> Result<Self, Failure> {
        let suite = read_given(&given)?;
        let keys = given.into_iter().map(|one| (one.key, one.origin)).collect();
        Ok(Self { suite, keys, ..Self::default() })
    }

    /// The values for each of several suites: how many calls may run at the same time is then said
    /// of all together.
    pub(crate) fn of_each(&self) -> Self {
        let suite = Suite { concurrency: None, ..self.suite.clone() };
        self.but(&["concurrency"], suite)
    }

    /// The values for each group of a batch, without those that are defaults for all of them.
    pub(crate) fn of_groups(&self) -> Self {
        let each = self.of_each();
        let suite = Suite { frequency: None, mode: None, name: None, ..each.suite.clone() };
        each.but(&["frequency", "mode", "name"], suite)
    }

    fn but(&self, without: &[&str], suite: Suite) -> Self {
        let keys = self.keys.iter().filter(|(key, _)| !without.contains(&key.as_str()));
        Self { suite, keys: keys.cloned().collect(), ..self.clone() }
    }

    /// What a CI system's inputs say beside flags.
    pub(crate) const fn inputs(&self) -> Option<&Inputs> {
        self.inputs.as_ref()
    }

    /// The limits of whoever started the command.
    pub(crate) const fn caps(&self) -> &Caps {
        &self.caps
    }

    /// Refuses plans that are over the caller's limits.
    pub(crate) fn check_caps(&self, plans: &[(&Suite, &Plan)]) -> Result<(), Failure> {
        self.caps.check(plans, &|flag| self.called(flag))
    }

    /// What a flag is called where it was given: `--agent`, or the input that it was made of.
    pub(crate) fn called(&self, flag: &'static str) -> String {
        let input = input_names::input_of(flag).filter(|_| self.inputs.is_some());
        input.map_or_else(|| format!("`{flag}`"), |input| format!("the input `{input}`"))
    }

    /// What names an agent or scenarios, where something does.
    pub(crate) fn of_one_agent(&self) -> Option<&str> {
        const KEYS: [&str; 6] = ["agent", "assistant", "scenarios", "tags", "folder", "spec"];
        let one = self.keys.iter().find(|(key, _)| KEYS.contains(&key.as_str()));
        one.map(|(_, origin)| origin.as_str())
    }

    /// How many times each scenario runs.
    pub(crate) const fn frequency(&self) -> Option<Frequency> {
        self.suite.frequency
    }

    /// How the simulated caller reaches the agent.
    pub(crate) const fn mode(&self) -> Option<Mode> {
        self.suite.mode
    }

    /// The same values with a profile of the suite.
    pub(crate) fn with_profile(&self, name: String) -> Self {
        Self { profile: Some(name), ..self.clone() }
    }

    /// Name of the suite's profile.
    pub(crate) fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// Name of the suite.
    pub(crate) fn name(&self) -> Option<&str> {
        self.suite.name.as_deref()
    }

    /// How long to wait.
    pub(crate) const fn timeout(&self) -> Option<Timeout> {
        self.suite.timeout
    }

    /// How many calls may run at the same time.
    pub(crate) const fn concurrency(&self) -> Option<u32> {
        self.suite.concurrency
    }

    /// The directory of the reports.
    pub(crate) fn report_dir(&self) -> Option<&Path> {
        self.suite.reports.as_ref()?.dir.as_deref().map(Path::new)
    }

    /// Whether they alone say what to run, where there is no suite file.
    pub(crate) const fn makes_a_suite(&self) -> bool {
        self.names_agent() && self.selects()
    }

    const fn names_agent(&self) -> bool {
        self.suite.agent.is_some() || self.suite.assistant.is_some()
    }

    /// Whether they make a suite where there is none: the agent may be that of the scenarios.
    pub(crate) const fn can_make_a_suite(&self) -> bool {
        self.makes_a_suite() || (self.selects() && self.suite.spec.is_none())
    }

    /// Whether they take the place of the suite's selection.
    pub(crate) const fn selects(&self) -> bool {
        self.suite.scenarios.is_some()
            || self.suite.tags.is_some()
            || self.suite.folder.is_some()
            || self.suite.spec.is_some()
    }

    /// The keys that they take the place of, and what each is called.
    pub(crate) fn keys(&self) -> Vec<(String, String)> {
        self.keys.clone()
    }

    /// The file of test cases that one names.
    pub(crate) fn spec(&self) -> Option<&Path> {
        self.suite.spec.as_deref().map(Path::new)
    }

    /// Puts them in the place of the suite's keys. A selection replaces the suite's whole selection,
    /// an agent the suite's assistant.
    pub(crate) fn apply(&self, suite: &mut Suite) {
        let own = &self.suite;
        suite.replace(own);
        if let Some(thresholds) = &own.thresholds {
            if let Some(checks) = thresholds.figures.get(&SUCCESS_RATE) {
                let figures = &mut suite.thresholds.get_or_insert_default().figures;
                figures.put(&SUCCESS_RATE, checks.clone());
            }
            if let Some(baseline) = &thresholds.baseline {
                apply_baseline(suite, &baseline.from);
            }
        }
        carrier_flags::apply(own, suite);
        self.apply_reports(suite);
    }

    fn apply_reports(&self, suite: &mut Suite) {
        let Some(own) = &self.suite.reports else { return };
        let reports: &mut Reports = suite.reports.get_or_insert_default();
        replace(&mut reports.dir, own.dir.clone());
        replace(&mut reports.transcripts, own.transcripts);
        replace(&mut reports.share_link, own.share_link);
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
            let mut baseline = Baseline { from: from.to_owned(), ..Baseline::default() };
            baseline.figures.put(&SUCCESS_RATE, no_drop);
            thresholds.baseline = Some(baseline);
        }
    }
}

/// Reads the text of a flag that is no key, with the fix in the error.
pub(crate) fn scalar<T: std::str::FromStr<Err = ScalarError>>(text: &str) -> Result<T, String> {
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
mod tests;
