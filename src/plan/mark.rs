//! What the name of a result says of its start, beside its key: what started it, of which commit,
//! and a print of what it runs. By this a later gate knows whether the result can be its baseline.
//!
//! `Checkout @main [gate 7h2k9m4xq1 push.1a2b3c4 k3m2p9]`. A commit that is not known is `-`.

use serde_json::json;

use crate::suite::model::Suite;

/// What started a CI job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A push to the branch.
    Push,
    /// A schedule.
    Schedule,
    /// A person or a program, for the branch.
    Manual,
    /// A pull request, whatever its branch is called.
    PullRequest,
    /// A tag, whatever it is called.
    Tag,
    /// Something else that is not known to be about the branch.
    Other,
    /// Nobody says: no CI system, or one that does not tell.
    Unknown,
}

impl Event {
    const ALL: [Self; 7] = [
        Self::Push,
        Self::Schedule,
        Self::Manual,
        Self::PullRequest,
        Self::Tag,
        Self::Other,
        Self::Unknown,
    ];

    /// The word for it in a result's name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Schedule => "cron",
            Self::Manual => "hand",
            Self::PullRequest => "pull",
            Self::Tag => "tag",
            Self::Other => "other",
            Self::Unknown => "any",
        }
    }

    /// Why what it started is no result of the branch; none where it is one.
    pub const fn is_foreign(self) -> Option<&'static str> {
        match self {
            Self::Push | Self::Schedule | Self::Manual | Self::Unknown => None,
            Self::PullRequest => Some("it was started by a pull request"),
            Self::Tag => Some("it was started by a tag"),
            Self::Other => Some("what started it is not known to be about the branch"),
        }
    }
}

/// What started a job, and the commit that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// What started it.
    pub event: Event,
    /// The commit, shortened; none where it is not known.
    pub commit: Option<String>,
}

impl Origin {
    /// The origin, of a commit in full.
    pub fn new(event: Event, commit: Option<&str>) -> Self {
        let short = |commit: &str| commit.chars().take(7).collect::<String>().to_lowercase();
        let is_hash = |commit: &&str| {
            commit.len() >= 7 && commit.chars().all(|letter| letter.is_ascii_hexdigit())
        };
        Self { event, commit: commit.filter(is_hash).map(short) }
    }
}

/// What the name of a result says of its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// What started it.
    pub origin: Origin,
    /// The print of its agent, mode and selection.
    pub selection: String,
}

impl Mark {
    /// The mark of a suite's start.
    pub fn new(origin: Origin, suite: &Suite) -> Self {
        Self { origin, selection: selection(suite) }
    }

    /// A key with the mark behind it, as it stands in a name.
    pub fn after(&self, key: &str) -> String {
        let Origin { event, commit } = &self.origin;
        let commit = commit.as_deref().unwrap_or("-");
        format!("{key} {}.{commit} {}", event.word(), self.selection)
    }

    /// The mark in a name; none in one that an earlier version gave.
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, inner) = name.trim().rsplit_once("[gate ")?;
        let (inner, _) = inner.split_once(']')?;
        let [_, origin, selection] = inner.split(' ').collect::<Vec<_>>().try_into().ok()?;
        let (event, commit) = origin.split_once('.')?;
        let event = Event::ALL.into_iter().find(|one| one.word() == event)?;
        let commit = Some(commit.to_owned()).filter(|commit| commit != "-");
        Some(Self { origin: Origin { event, commit }, selection: selection.to_owned() })
    }
}

/// Six letters for what a suite runs: agent, mode, scenarios, personalities and profiles. How often
/// each runs is not among it.
fn selection(suite: &Suite) -> String {
    let sorted = |ids: &Option<Vec<u64>>| {
        let mut ids = ids.clone().unwrap_or_default();
        ids.sort_unstable();
        ids
    };
    let mut tags = suite.tags.clone().unwrap_or_default();
    tags.sort_unstable();
    let cases: Vec<String> = suite
        .test_cases()
        .map(|spec| spec.scenarios.iter().map(|case| case.name.clone()).collect())
        .unwrap_or_default();
    let mut what = json!([
        suite.agent,
        suite.assistant,
        suite.mode.unwrap_or_default().name(),
        suite.project,
        sorted(&suite.scenarios),
        tags,
        suite.folder,
        cases,
        sorted(&suite.personalities),
        sorted(&suite.test_profiles),
    ]);
    // Only where there are any: the prints of suites that know none stay as they are.
    if let (Some(tags), Some(items)) = (&suite.exclude_tags, what.as_array_mut()) {
        let mut tags = tags.clone();
        tags.sort_unstable();
        items.push(json!({ "without": tags }));
    }
    // FNV-1a: nobody gains by two suites of one name and branch that share a print.
    let mut print: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in what.to_string().bytes() {
        print = (print ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let letter = |at: u32| {
        let digit = u32::try_from((print >> (at * 5)) & 31).unwrap_or_default();
        char::from_digit(digit, 32).unwrap_or('0')
    };
    (0..6).map(|at| letter(at * 2)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(more: serde_json::Value) -> Suite {
        let mut suite = json!({ "agent": 1, "scenarios": [1, 2] });
        suite.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(suite).unwrap()
    }

    fn mark(more: serde_json::Value) -> Mark {
        Mark::new(Origin::new(Event::Push, Some("1A2B3C4D5E6F")), &suite(more))
    }

    #[test]
    fn what_a_name_says_of_its_start_is_read_back() {
        let mark = mark(json!({}));
        let name = format!("Checkout @main [gate {}]", mark.after("7h2k9m4xq1-ab3d-k"));
        assert!(name.starts_with("Checkout @main [gate 7h2k9m4xq1-ab3d-k push.1a2b3c4 "), "{name}");
        assert_eq!(Mark::of_name(&name), Some(mark.clone()));
        assert_eq!(Mark::of_name(&format!("{name} retry 1.1")), Some(mark));
        for old in
            ["Checkout @main [gate 7h2k9m4xq1]", "Checkout", "x [gate a b c d]", "[gate a b c]"]
        {
            assert_eq!(Mark::of_name(old), None, "{old}");
        }
    }

    #[test]
    fn a_print_stays_the_same_in_later_versions() {
        assert_eq!(mark(json!({})).selection, "ao5m0h");
        assert_eq!(mark(json!({ "mode": "text", "exclude_tags": ["slow"] })).selection, "gk7au4");
    }

    #[test]
    fn only_what_was_started_for_the_branch_is_a_result_of_it() {
        let reasons = Event::ALL.map(Event::is_foreign);
        assert_eq!(
            reasons,
            [
                None,
                None,
                None,
                Some("it was started by a pull request"),
                Some("it was started by a tag"),
                Some("what started it is not known to be about the branch"),
                None,
            ]
        );
    }

    #[test]
    fn another_agent_mode_or_selection_has_another_print_and_another_frequency_has_not() {
        let same = mark(json!({ "scenarios": [2, 1], "frequency": 9, "timeout": "5m" }));
        assert_eq!(mark(json!({})), same);
        for other in [
            json!({ "agent": 2 }),
            json!({ "mode": "text" }),
            json!({ "scenarios": [1, 2, 3] }),
            json!({ "tags": ["smoke"] }),
            json!({ "personalities": [7] }),
            json!({ "test_profiles": [7] }),
        ] {
            assert_ne!(mark(json!({})).selection, mark(other.clone()).selection, "{other}");
        }
    }
}
