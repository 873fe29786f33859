//! The flags for what each suite says: whom to call, what to run, and how often. `run` and `check`
//! take them in the place of a suite's keys, `init` writes a suite of them.

use crate::input::words::Words;
use crate::suite::model::Mode;

/// Agent, selection, mode, frequency and name, as they were written.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct BasicFlags {
    /// Id of the agent under test.
    #[arg(long, value_name = "ID", allow_negative_numbers = true)]
    pub(crate) agent: Option<String>,
    /// Provider's assistant id, in place of --agent.
    #[arg(long, value_name = "ID")]
    pub(crate) assistant: Option<String>,
    /// Project id. Needed with --folder.
    #[arg(long, value_name = "ID", allow_negative_numbers = true)]
    pub(crate) project: Option<String>,
    /// Ids of the scenarios to run, separated by commas.
    #[arg(long, value_name = "IDS", allow_negative_numbers = true)]
    pub(crate) scenarios: Option<String>,
    /// Run the scenarios with these tags, separated by commas.
    #[arg(long, value_name = "TAGS")]
    pub(crate) tags: Option<String>,
    /// Run the scenarios of this folder.
    #[arg(long, value_name = "PATH")]
    pub(crate) folder: Option<String>,
    /// How the simulated caller reaches the agent.
    #[arg(long, value_name = "MODE", value_parser = Words::of::<Mode>())]
    pub(crate) mode: Option<String>,
    /// How many times each scenario runs, at most 1000, or rounds such as '{ start: 3, max: 12 }'.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) frequency: Option<String>,
    /// Name of the suite.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}

impl BasicFlags {
    /// The key of each flag, the flag, and its text where it was given.
    pub(crate) const fn texts(&self) -> [(&'static str, &'static str, &Option<String>); 9] {
        [
            ("agent", "--agent", &self.agent),
            ("assistant", "--assistant", &self.assistant),
            ("project", "--project", &self.project),
            ("scenarios", "--scenarios", &self.scenarios),
            ("tags", "--tags", &self.tags),
            ("folder", "--folder", &self.folder),
            ("mode", "--mode", &self.mode),
            ("frequency", "--frequency", &self.frequency),
            ("name", "--name", &self.name),
        ]
    }

    /// Whether none was given.
    pub(crate) fn is_empty(&self) -> bool {
        self.texts().iter().all(|(_, _, text)| text.is_none())
    }
}
