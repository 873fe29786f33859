//! Several gates that ran side by side to one verdict and one report of the whole.
//!
//! Pure. Each gate keeps its own report; here is what is said of all of them together.

mod ci;
mod console;
mod index;
mod markdown;
mod verdict;

pub use self::ci::{annotations, gitlab_annotations, outputs};
pub use self::console::console;
pub use self::index::{Index, index, index_schema, read_index};
pub use self::markdown::{brief, comment, comment_without_marker, markdown, step_summary, sticky};
pub use self::verdict::BatchVerdict;

use std::collections::BTreeMap;

use super::model::{Report, Tally, Timing};
use super::words;
use crate::exit::Code;
use crate::text;
use crate::traffic::Traffic;
use crate::verdict::Verdict;

/// Several gates that ran side by side.
#[derive(Debug)]
pub struct BatchReport {
    /// What they are together.
    pub name: String,
    /// The gates, in the order of the command line.
    pub gates: Vec<Gate>,
    /// When it was.
    pub timing: Timing,
    /// What talking to the platform took.
    pub traffic: Traffic,
    /// How many calls all could have at the same time; none: as many as the account allows.
    pub concurrency: Option<u32>,
    /// Whether a simulator gave the evidence.
    pub simulated: bool,
    /// Which output of the whole could not be written, and why.
    pub not_written: Option<String>,
    /// Whether it is of one suite that was named alone: its own report is that of the whole.
    pub is_single: bool,
}

/// What the reports in a directory are of: one suite, or a batch of several.
#[derive(Debug, Clone, Copy)]
pub enum Whole<'a> {
    /// One suite.
    One(&'a Report),
    /// Several, with a word on each.
    Several(&'a BatchReport),
}

impl<'a> From<&'a Report> for Whole<'a> {
    fn from(report: &'a Report) -> Self {
        Self::One(report)
    }
}

impl<'a> From<&'a BatchReport> for Whole<'a> {
    fn from(batch: &'a BatchReport) -> Self {
        batch.single().map_or(Self::Several(batch), Self::One)
    }
}

impl Whole<'_> {
    /// What became of it in one line that says what it is of.
    pub fn line(self) -> String {
        match self {
            Self::One(report) => words::verdict_line(report),
            Self::Several(batch) => format!("{}: {}", batch.name, batch.headline()),
        }
    }
}

/// One of them.
#[derive(Debug, Clone)]
pub struct Gate {
    /// Name of its suite.
    pub name: String,
    /// Path of its suite file as the user wrote it.
    pub file: Option<String>,
    /// The directory of its reports, below that of the whole.
    pub dir: String,
    /// Whether it is there for others to be compared with: it counts towards nothing itself.
    pub is_base: bool,
    /// Name of the group whose calls start together and that it is a side of; none of a whole suite.
    pub group: Option<String>,
    /// The code that it would have exited with alone.
    pub code: Code,
    /// What became of it.
    pub end: GateEnd,
}

/// The order of ends in a headline.
const fn order(code: Code) -> u8 {
    match code {
        Code::Failed => 0,
        Code::Inconclusive => 1,
        _ => 2,
    }
}

/// What became of a gate.
#[derive(Debug, Clone)]
pub enum GateEnd {
    /// It was judged.
    Judged(Box<Report>),
    /// It ended without evidence: why, in words.
    Ended(String),
    /// It was not started, because no change touches it: why, in words.
    Skipped(String),
}

impl Gate {
    /// Its report, where it has one.
    pub fn report(&self) -> Option<&Report> {
        match &self.end {
            GateEnd::Judged(report) => Some(report),
            GateEnd::Ended(_) | GateEnd::Skipped(_) => None,
        }
    }

    /// Whether it was not started, because no change touches it.
    pub const fn is_skipped(&self) -> bool {
        matches!(self.end, GateEnd::Skipped(_))
    }

    /// Its verdict: without evidence nothing is known.
    pub fn verdict(&self) -> BatchVerdict {
        if self.is_skipped() {
            return BatchVerdict::Skipped;
        }
        match self.report().map(|report| report.verdict) {
            Some(Verdict::Pass) if self.code == Code::Passed => BatchVerdict::Pass,
            Some(Verdict::Fail) => BatchVerdict::Fail,
            Some(Verdict::Pass | Verdict::Inconclusive) | None => BatchVerdict::Inconclusive,
        }
    }

    /// The code that goes with its verdict, whether or not that is enforced.
    pub fn judged_code(&self) -> Code {
        self.report().map_or(self.code, |report| match report.would_exit_code {
            Some(_) if self.code == Code::Passed => report.judged_code(),
            _ => self.code,
        })
    }

    /// Whether it has another verdict than a pass and is reported only.
    pub fn is_softened(&self) -> bool {
        self.judged_code() != self.code
    }

    /// How it ended in a word: what it would have done, where it is reported only.
    pub fn word(&self) -> &'static str {
        match (self.judged_code(), self.is_softened()) {
            _ if self.is_skipped() => "skipped",
            (Code::Passed, _) => "passed",
            (Code::Failed, false) => "failed",
            (Code::Inconclusive, false) => "inconclusive",
            (_, false) => "not finished",
            (Code::Failed, true) => "would fail (report only)",
            (Code::Inconclusive, true) => "would be inconclusive (report only)",
            (_, true) => "would not be finished (report only)",
        }
    }

    /// Its name and what became of it, for those who watch.
    pub fn line(&self) -> String {
        format!("{}: {}: {}", self.name, self.word(), self.headline())
    }

    /// Takes the pass back where one of its outputs could not be written.
    pub fn not_written(&mut self, why: &str) {
        if let GateEnd::Judged(report) = &mut self.end {
            report.not_written(why);
            self.code = Code::of_number(report.exit_code).unwrap_or(Code::Internal);
        }
    }

    /// What became of it in one line.
    pub fn headline(&self) -> &str {
        match &self.end {
            GateEnd::Judged(report) => &report.headline,
            GateEnd::Ended(why) | GateEnd::Skipped(why) => why,
        }
    }
}

impl BatchReport {
    /// The batch of one suite that was named alone.
    pub fn of_one(report: Report) -> Self {
        let whole = Self {
            name: report.suite.name.clone(),
            gates: Vec::new(),
            timing: report.timing.clone(),
            traffic: report.traffic,
            concurrency: None,
            simulated: report.simulated,
            not_written: None,
            is_single: true,
        };
        let gate = Gate {
            name: report.suite.name.clone(),
            file: report.suite.file.clone(),
            dir: String::new(),
            is_base: false,
            group: None,
            code: Code::of_number(report.exit_code).unwrap_or(Code::Internal),
            end: GateEnd::Judged(Box::new(report)),
        };
        Self { gates: vec![gate], ..whole }
    }

    /// The report of the one suite, where it was named alone and was judged.
    pub fn single(&self) -> Option<&Report> {
        self.gates.first().filter(|_| self.is_single)?.report()
    }

    /// The name that the comment on a pull request is found by.
    pub fn comment_name(&self) -> &str {
        if self.is_single { &self.name } else { sticky(&self.name, self.gates.len()) }
    }

    /// Takes the pass back from a batch that passed and could not write one of its outputs.
    pub fn not_written(&mut self, why: &str) {
        match self.gates.first_mut().filter(|_| self.is_single) {
            Some(gate) => gate.not_written(why),
            None => self.not_written = Some(why.to_owned()),
        }
    }

    /// The gates that count.
    fn gating(&self) -> impl Iterator<Item = &Gate> {
        self.gates.iter().filter(|gate| !gate.is_base)
    }

    /// The gates that count and were started.
    fn ran(&self) -> impl Iterator<Item = &Gate> {
        self.gating().filter(|gate| !gate.is_skipped())
    }

    /// The code of the whole: the worst of its gates'. One that passed is none where an output of
    /// the whole could not be written.
    pub fn code(&self) -> Code {
        match Code::worst(self.gating().map(|gate| gate.code)) {
            Code::Passed if self.not_written.is_some() => Code::Report,
            code => code,
        }
    }

    /// Whether a gate has another verdict than a pass and is reported only.
    pub fn is_softened(&self) -> bool {
        self.gating().any(Gate::is_softened)
    }

    /// Whether the verdict of each gate decides its exit code.
    pub fn is_enforced(&self) -> bool {
        !self.gating().filter_map(Gate::report).any(|report| report.suite.report_only)
    }

    /// Whether all gates that ran passed, by their verdicts and the code of the whole. Where none ran,
    /// nothing has.
    pub fn has_passed(&self) -> bool {
        self.code() == Code::Passed && !self.is_softened() && !self.is_skipped()
    }

    /// Whether no gate ran, because no change touches any.
    pub fn is_skipped(&self) -> bool {
        self.verdict() == BatchVerdict::Skipped
    }

    /// What its exit code means.
    pub fn exit_meaning(&self) -> String {
        match self.code() {
            Code::Passed if self.is_softened() => {
                "report only; a suite would not have passed".to_owned()
            }
            Code::Passed if self.is_skipped() => {
                "skipped; nothing was started and nothing judged".to_owned()
            }
            code => code.meaning().to_owned(),
        }
    }

    /// The verdict of the whole: the worst of those of the gates that ran. Without a gate nothing is
    /// known.
    pub fn verdict(&self) -> BatchVerdict {
        let verdicts = || self.ran().map(Gate::verdict);
        if verdicts().any(|verdict| verdict == BatchVerdict::Fail) {
            BatchVerdict::Fail
        } else if verdicts().any(|verdict| verdict != BatchVerdict::Pass)
            || self.code() != Code::Passed
        {
            BatchVerdict::Inconclusive
        } else if verdicts().next().is_some() {
            BatchVerdict::Pass
        } else if self.gating().next().is_some() {
            BatchVerdict::Skipped
        } else {
            BatchVerdict::Inconclusive
        }
    }

    /// How all runs ended.
    pub fn tally(&self) -> Tally {
        let mut sum = Tally::default();
        for tally in self.gating().filter_map(Gate::report).map(|report| report.tally) {
            sum.total += tally.total;
            sum.passed += tally.passed;
            sum.failed += tally.failed;
            sum.errored += tally.errored;
            sum.unscored += tally.unscored;
            sum.missing += tally.missing;
            sum.quarantined += tally.quarantined;
        }
        sum
    }

    /// How many of the errored runs were still going when the gates left.
    pub fn still_going(&self) -> usize {
        self.gating().filter_map(Gate::report).map(words::still_going).sum()
    }

    /// The whole in one line: `2 of 3 suites passed, 1 failed`.
    pub fn headline(&self) -> String {
        let count = |wanted: &dyn Fn(&Gate) -> bool| self.ran().filter(|g| wanted(g)).count();
        let passed = count(&|gate| gate.judged_code() == Code::Passed);
        let skipped: Vec<&Gate> = self.gating().filter(|gate| gate.is_skipped()).collect();
        let mut line = match (skipped.as_slice(), self.ran().count()) {
            ([only], 0) => format!("skipped: {}", only.headline()),
            ([_, ..], 0) => format!("{} skipped", text::count(skipped.len(), "suite")),
            (_, ran) => format!("{passed} of {} passed", text::count(ran, "suite")),
        };
        let mut words: Vec<&Gate> =
            self.ran().filter(|gate| gate.judged_code() != Code::Passed).collect();
        words.sort_by_key(|gate| (gate.is_softened(), order(gate.judged_code())));
        words.dedup_by_key(|gate| gate.word());
        for word in words.into_iter().map(Gate::word) {
            line.push_str(&format!(", {} {word}", count(&|gate| gate.word() == word)));
        }
        if !skipped.is_empty() && self.ran().next().is_some() {
            line.push_str(&format!(", {} skipped", skipped.len()));
        }
        line.push_str(&self.groups_line());
        match &self.not_written {
            Some(why) if self.code() == Code::Report => {
                format!("a report could not be written ({why}): {line}")
            }
            _ => line,
        }
    }

    /// How many groups passed, a suite without sides being one of its own; empty where no gate is a
    /// side.
    fn groups_line(&self) -> String {
        let (mut passed, mut failed, mut groups) = (0, 0, BTreeMap::new());
        for gate in self.ran() {
            match &gate.group {
                Some(group) => groups.entry(group).or_insert_with(Vec::new).push(gate.code),
                None if gate.code == Code::Passed => passed += 1,
                None => failed += 1,
            }
        }
        if groups.is_empty() {
            return String::new();
        }
        for codes in groups.values() {
            match codes.iter().all(|code| *code == Code::Passed) {
                true => passed += 1,
                false => failed += 1,
            }
        }
        let all = text::count(passed + failed, "group");
        format!("; {passed} of {all} passed")
    }

    /// The gates with the worst first, in the order of the command line within each code.
    pub fn worst_first(&self) -> Vec<&Gate> {
        let mut gates: Vec<&Gate> = self.gates.iter().collect();
        gates.sort_by_key(|gate| {
            let worst = std::cmp::Reverse(gate.code.severity());
            (gate.is_base, worst, std::cmp::Reverse(gate.judged_code().severity()))
        });
        gates
    }
}

#[cfg(test)]
mod tests;
