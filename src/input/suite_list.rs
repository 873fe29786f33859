//! Files that name several gates, and the groups of a batch as suites.

use std::path::Path;

use crate::context::{self, Context};
use crate::document::{self, Path as Place, Problem, Source};
use crate::failure::Failure;
use crate::gates::batch::{self, Defaults};
use crate::gates::file::{self, List};
use crate::input::file::{Fence, outside, reports_outside};
use crate::input::input_names::BATCH;
use crate::input::overrides::Overrides;
use crate::input::suite_file::{Loaded, SourceFile};
use crate::input::{suite_file, variables};
use crate::suite::model::Suite;
use crate::suite::together::distinct_scenarios;
use crate::suite::validate;

/// A file that names several gates.
pub(crate) struct SuiteList {
    pub(crate) list: List,
    kept: SourceFile,
    /// Whether it is the text of an input, and no file.
    pub(crate) is_inline: bool,
}

/// Reads a file that names several gates; none where it is something else. Its faults are told with
/// those of its suites.
pub(crate) fn read(
    path: &Path,
    overrides: &Overrides,
    context: &Context,
) -> Result<Option<SuiteList>, Failure> {
    let name = path.display().to_string();
    let inline = overrides.inputs().and_then(|inputs| inputs.batch.as_ref());
    let inline = inline.filter(|_| path == Path::new(BATCH));
    let bytes = match inline {
        Some(text) => text.clone().into_bytes(),
        None => suite_file::read_file(path, context)?,
    };
    let text = document::decode(&name, &bytes)?;
    let lookup = |variable: &str| context.variable(variable);
    let read = file::read(Source { name: &name, text }, &lookup)
        .map_err(|faults| suite_file::with_its_suites(faults, path, text, overrides, context))?;
    let Some(mut list) = read else {
        return match inline {
            Some(_) => Err(Failure::Usage(format!(
                "{BATCH} is not a list of groups: begin each with `- name: …`, or write a JSON list"
            ))),
            None => Ok(None),
        };
    };
    let places = std::mem::take(&mut list.places);
    let mut problems = variables::problems(&places, context);
    let rules = Suite { thresholds: list.gates.thresholds.clone(), ..Suite::default() };
    let fence = Fence::around(path.parent(), context);
    problems.extend(outside(&rules, &fence));
    if overrides.report_dir().is_none() {
        let dir = list.gates.report_dir.as_deref();
        problems.extend(reports_outside(&["report_dir"], dir, &fence));
    }
    let kept = SourceFile::new(name, text.to_owned(), places);
    match problems.is_empty() {
        true => Ok(Some(SuiteList { list, kept, is_inline: inline.is_some() })),
        false => Err(kept.explain(problems).into()),
    }
}

impl SuiteList {
    /// What is wrong with the list itself.
    fn check(&self) -> Result<(), Failure> {
        let gates = &self.list.gates;
        if gates.thresholds.is_none() || gates.batch.is_some() {
            return Ok(());
        }
        let problem = Problem::of_key(
            Place::of(["thresholds"]),
            "`thresholds` here apply to a `batch`, and there is none",
        );
        let problem = problem.help("write them into each suite file");
        Err(self.kept.explain(vec![problem]).into())
    }

    /// The groups of its batch as suites; none where it has none. The flags are defaults where the
    /// batch action has inputs of that name, and stand in place of the suite's keys elsewhere.
    pub(crate) fn groups(&self, overrides: &Overrides) -> Result<Vec<Loaded>, Failure> {
        self.check()?;
        let Some(groups) = &self.list.gates.batch else { return Ok(Vec::new()) };
        if overrides.profile().is_some() {
            return Err(Failure::Usage(format!(
                "{}: profiles stand in suite files, and the groups of a batch have none; nothing \
                 was started",
                overrides.called("--profile")
            )));
        }
        if let Some(flag) = overrides.of_one_agent() {
            return Err(Failure::Usage(format!(
                "{flag} cannot be used with a batch: each group names its own agent and scenarios"
            )));
        }
        let defaults = Defaults {
            frequency: overrides.frequency(),
            mode: overrides.mode(),
            thresholds: self.list.gates.thresholds.clone(),
            prefix: overrides.name().map(str::to_owned).or_else(|| self.prefix(overrides)),
        };
        let (suites, mut problems) = batch::suites(groups, &self.list.within, &defaults);
        let flags = overrides.of_groups();
        let mut loaded = Vec::with_capacity(suites.len());
        for (place, mut suite) in suites {
            flags.apply(&mut suite);
            // An id that stands there repeatedly runs so often.
            let ids = distinct_scenarios(&suite);
            let once = Suite { scenarios: (!ids.is_empty()).then_some(ids), ..suite.clone() };
            let found = validate(&once, context::today()).into_iter();
            problems.extend(found.map(|mut problem| {
                problem.path = batch::place(&place, &problem.path);
                problem
            }));
            let mut group = self.kept.group(suite, place);
            group.file = group.file.filter(|_| !self.is_inline);
            loaded.push(group);
        }
        if problems.is_empty() { Ok(loaded) } else { Err(self.kept.explain(problems).into()) }
    }

    /// What stands before the names of the groups where no name is given: the batch action has the
    /// id of its workflow run there.
    fn prefix(&self, overrides: &Overrides) -> Option<String> {
        let inputs = overrides.inputs().filter(|_| self.list.is_foreign)?;
        inputs.batch_prefix.clone()
    }

    /// The rules that it has for the result of one of its groups.
    pub(crate) fn rules(&self, overrides: &Overrides) -> Loaded {
        let thresholds = self.list.gates.thresholds.clone();
        let mut suite = Suite { version: 1, thresholds, ..Suite::default() };
        overrides.apply(&mut suite);
        self.kept.group(suite, Place::root())
    }
}
