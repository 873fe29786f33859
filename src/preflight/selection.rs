//! What `run` and `check` are asked for: one suite, or several that are gated side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::event::{Event, Events, What};
use crate::failure::Failure;
use crate::gates::file::Gates;
use crate::input::file::Fence;
use crate::input::overrides::Overrides;
use crate::input::suite_file::Loaded;
use crate::input::{suite_file, suite_list};
use crate::plan::Plan;
use crate::report::files::{DEFAULT_DIR, HTML, report_dir};
use crate::report::gates::sticky;
use crate::scalars::Timeout;
use crate::suite::model::{Budget, Reports, Suite};
use crate::suite::{matrix, together};

/// Where a file that lists suites is looked for when nothing is named and there is no suite.
pub(crate) const DEFAULT_LIST: &str = "gates.yml";

/// The suites of a command, one or several that run side by side, and what they share.
#[derive(Debug)]
pub(crate) struct SuiteSet {
    pub(crate) name: String,
    /// Whether it is one suite that was named alone: its reports lie in `dir` itself, and nothing
    /// that is said needs its name.
    pub(crate) is_single: bool,
    pub(crate) suites: Vec<Member>,
    /// The suites among them that are sides of the same calls.
    pub(crate) groups: Vec<Group>,
    /// How many calls all may have at the same time.
    pub(crate) concurrency: Option<u32>,
    /// Limits for all together.
    pub(crate) budget: Option<Budget>,
    /// How long all may take together.
    pub(crate) timeout: Option<Timeout>,
    /// The directory of the reports of the whole.
    pub(crate) dir: PathBuf,
}

/// Suites that are sides of the same calls: those of one file's `together`.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    /// Name of the suite file's suite.
    pub(crate) name: String,
    /// Their places among all suites.
    pub(crate) places: Range<usize>,
    /// How many calls they may have at the same time, all sides together.
    pub(crate) concurrency: Option<u32>,
    /// Limits for all sides together.
    pub(crate) budget: Option<Budget>,
}

/// One of several suites.
#[derive(Debug)]
pub(crate) struct Member {
    /// Its directory, below that of the whole; empty for a single suite.
    pub(crate) dir: String,
    pub(crate) loaded: Loaded,
    /// The place of the suite whose result it is compared with.
    pub(crate) base: Option<usize>,
    /// Whether it is there for others to be compared with, and gates nothing itself.
    pub(crate) is_base: bool,
}

/// Loads what is named: suite files, directories of them, or a file that lists them.
pub(crate) fn asked(
    named: &[PathBuf],
    overrides: &Overrides,
    context: &Context,
    events: Events<'_>,
) -> Result<SuiteSet, Failure> {
    let list = Path::new(DEFAULT_LIST);
    match named {
        [] if !suite_file::has_default() && list.is_file() && !overrides.makes_a_suite() => {
            many(&[list.to_owned()], overrides, context, events)
        }
        [] => {
            let one = suite_file::suite(None, overrides, context)?;
            if let Some(suite) = one.file.as_deref().filter(|_| list.is_file()) {
                events(Event::of_all(What::Warning(&format!(
                    "{suite} is used and {DEFAULT_LIST} beside it is not; name {DEFAULT_LIST} to use it"
                ))));
            }
            match makes_several(&one.suite).then(|| one.file.clone()).flatten() {
                Some(file) => many(&[file.into()], overrides, context, events),
                None => Ok(single(one)),
            }
        }
        [path] if !path.is_dir() && suite_list::read(path, overrides, context)?.is_none() => {
            let one = suite_file::suite(Some(path), overrides, context)?;
            match makes_several(&one.suite) {
                true => many(named, overrides, context, events),
                false => Ok(single(one)),
            }
        }
        several => many(several, overrides, context, events),
    }
}

/// One suite as a set of one.
fn single(loaded: Loaded) -> SuiteSet {
    SuiteSet {
        name: loaded.name(),
        is_single: true,
        dir: report_dir(loaded.suite.reports.as_ref()).to_owned(),
        suites: vec![Member { dir: String::new(), loaded, base: None, is_base: false }],
        groups: Vec::new(),
        concurrency: None,
        budget: None,
        timeout: None,
    }
}

/// Whether one file makes several suites.
const fn makes_several(suite: &Suite) -> bool {
    suite.matrix.is_some() || suite.together.is_some()
}

fn many(
    named: &[PathBuf],
    overrides: &Overrides,
    context: &Context,
    events: Events<'_>,
) -> Result<SuiteSet, Failure> {
    let mut list = Gates::default();
    let (mut paths, mut groups_of_list) = (Vec::new(), Vec::new());
    let (mut timeout, mut listed_in) = (None, None);
    for path in named {
        if !path.is_dir()
            && let Some(named_in) = suite_list::read(path, overrides, context)?
        {
            if named.len() > 1 {
                return Err(Failure::Usage(format!(
                    "{} lists suites: name it without other files",
                    path.display()
                )));
            }
            groups_of_list = named_in.groups(overrides)?;
            listed_in = Some(path.clone());
            let found = named_in.list.gates;
            let beside = path.parent().unwrap_or(Path::new(""));
            let fence = Fence::around(Some(beside), context);
            for entry in &found.suites {
                let named = beside.join(entry);
                fence.hold(&named).map_err(|reason| refuse(&named, reason))?;
                for file in suite_files(&named, events)? {
                    fence.hold(&file).map_err(|reason| refuse(&file, reason))?;
                    paths.push(file);
                }
            }
            // In the batch action it is that of the whole.
            let of_whole = overrides.timeout().filter(|_| named_in.list.is_foreign);
            timeout = of_whole.or(found.timeout);
            let own = match named_in.is_inline {
                true => Some("cekura-batch".to_owned()),
                false => stem(path),
            };
            list = Gates { name: found.name.clone().or(own), ..found };
        } else {
            paths.extend(suite_files(path, events)?);
        }
    }
    let mut loaded = load_all(&paths, &overrides.of_each(), context, events)?;
    loaded.iter_mut().for_each(|one| one.listed_in.clone_from(&listed_in));
    loaded.extend(groups_of_list);
    let dir = dir(&loaded, overrides, &list)?;
    let of_one = (loaded.len() == 1).then(|| loaded.first().map(Loaded::name)).flatten();
    let (mut suites, mut groups) = (Vec::new(), Vec::new());
    for one in loaded {
        let first = suites.len();
        let group = one.suite.together.is_some().then(|| group_of(&one));
        suites.extend(members(one, first));
        groups.extend(group.map(|group| Group { places: first..suites.len(), ..group }));
    }
    name_dirs(&mut suites);
    let many = SuiteSet {
        name: list.name.or(of_one).unwrap_or_else(|| format!("{} suites", suites.len())),
        is_single: false,
        suites,
        groups,
        concurrency: overrides.concurrency().or(list.concurrency),
        budget: list.budget,
        timeout,
        dir,
    };
    distinct(&many)?;
    fits(&many)?;
    Ok(many)
}

fn refuse(path: &Path, reason: String) -> Failure {
    Failure::Input { path: path.to_owned(), reason }
}

fn stem(path: &Path) -> Option<String> {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned())
}

/// The file itself, or the suite files of a directory, in the order of their names. All of its
/// YAML files are taken for suites: one that was passed over in silence would gate nothing. What
/// lies deeper is not looked for, and that is said.
fn suite_files(path: &Path, events: Events<'_>) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let refuse = |reason: String| Failure::Input { path: path.to_owned(), reason };
    let entries = std::fs::read_dir(path).map_err(|error| refuse(error.to_string()))?;
    let mut found = Vec::new();
    for entry in entries {
        let file = entry.map_err(|error| refuse(error.to_string()))?.path();
        if file.is_dir() {
            events(Event::of_all(What::Warning(&format!(
                "{} is a directory: its files are not run; name it too if it has suites",
                file.display()
            ))));
        } else if is_yaml(&file) {
            found.push(file);
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(refuse(
            "the directory has no suite: no file in it ends in .yml or .yaml".into(),
        ));
    }
    Ok(found)
}

fn is_yaml(file: &Path) -> bool {
    let end = file.extension().map(|end| end.to_string_lossy().to_ascii_lowercase());
    end.is_some_and(|end| end == "yml" || end == "yaml")
}

/// Loads every suite, and shows what is wrong with each before it gives up.
fn load_all(
    paths: &[PathBuf],
    overrides: &Overrides,
    context: &Context,
    events: Events<'_>,
) -> Result<Vec<Loaded>, Failure> {
    let (mut suites, mut failures) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for path in paths {
        if !seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
            return Err(Failure::Usage(format!("{} is named twice", path.display())));
        }
        match suite_file::suite(Some(path), overrides, context) {
            Ok(loaded) => suites.push(loaded),
            Err(failure) => failures.push(failure),
        }
    }
    let Some(last) = failures.pop() else { return Ok(suites) };
    for failure in &failures {
        events(Event::of_all(What::Refused(failure)));
    }
    Err(last)
}

/// The directory of the whole. The suites' own would scatter the reports.
fn dir(suites: &[Loaded], overrides: &Overrides, list: &Gates) -> Result<PathBuf, Failure> {
    if let Some(dir) = overrides.report_dir() {
        return Ok(dir.to_owned());
    }
    if let Some(dir) = &list.report_dir {
        return Ok(PathBuf::from(dir));
    }
    let own = suites.iter().filter_map(|one| one.suite.reports.as_ref()?.dir.as_deref());
    let own: BTreeSet<&str> = own.collect();
    let mut own = own.into_iter();
    match (own.next(), own.next()) {
        (None, _) => Ok(PathBuf::from(DEFAULT_DIR)),
        (Some(dir), None) => Ok(PathBuf::from(dir)),
        (Some(first), Some(second)) => Err(Failure::Usage(format!(
            "the suites put their reports into different directories ({first}, {second}), but several suites share one: set it with --report-dir"
        ))),
    }
}

/// What the legs of a suite share.
fn group_of(loaded: &Loaded) -> Group {
    Group {
        name: loaded.name(),
        places: 0..0,
        concurrency: loaded.suite.concurrency,
        budget: loaded.suite.budget.clone(),
    }
}

/// Calls that start together must fit into the calls of all suites.
fn fits(many: &SuiteSet) -> Result<(), Failure> {
    let Some(most) = many.concurrency else { return Ok(()) };
    match many.groups.iter().find(|group| group.places.len() > most as usize) {
        None => Ok(()),
        Some(group) => Err(Failure::Usage(format!(
            "{}: {} calls start together, and all suites may have {most} at a time: raise the \
             concurrency to {} or more; nothing was started",
            group.name,
            group.places.len(),
            group.places.len()
        ))),
    }
}

/// The suite itself, or the sides of its matrix or of its calls, each with a name of its own.
fn members(loaded: Loaded, first: usize) -> Vec<Member> {
    let legs = together::legs(&loaded.suite);
    if !legs.is_empty() {
        let (name, dir) = (loaded.name(), loaded.slug_source());
        let member = |(index, leg): (usize, together::PartySuite)| Member {
            dir: format!("{dir} {}", leg.label),
            loaded: loaded.of_party(index, leg.suite, format!("{name} · {}", leg.label)),
            base: None,
            is_base: false,
        };
        return legs.into_iter().enumerate().map(member).collect();
    }
    let sides = matrix::sides(&loaded.suite);
    if sides.is_empty() {
        return vec![Member { dir: loaded.slug_source(), loaded, base: None, is_base: false }];
    }
    let (name, dir) = (loaded.name(), loaded.slug_source());
    let member = |side: matrix::MatrixCell| {
        let mut loaded = loaded.clone();
        loaded.suite = side.suite;
        loaded.suite.name = Some(format!("{name} · {}", side.label));
        Member {
            dir: format!("{dir} {}", side.label),
            loaded,
            base: side.base.map(|base| first + base),
            is_base: side.is_base,
        }
    };
    sides.into_iter().map(member).collect()
}

/// Gives each suite a directory of its own, after its file.
fn name_dirs(suites: &mut [Member]) {
    let mut taken: BTreeMap<String, u32> = BTreeMap::new();
    // The pages of the whole have this one.
    taken.insert(HTML.to_owned(), 1);
    for member in suites {
        let base = slug(&member.dir);
        let mut slug = base.clone();
        while taken.contains_key(&slug) {
            let number = taken.entry(base.clone()).or_insert(1);
            *number += 1;
            slug = format!("{base}-{number}");
        }
        taken.entry(slug.clone()).or_insert(1);
        member.dir = slug;
    }
}

/// A name as a directory of every system can have it.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().take(80) {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "suite".to_owned() } else { slug.to_owned() }
}

/// Two suites of one name would be one to whoever looks a result up by its name.
fn distinct(many: &SuiteSet) -> Result<(), Failure> {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for Member { loaded, .. } in &many.suites {
        let file = loaded.file.clone().unwrap_or_default();
        if let Some(other) = seen.insert(loaded.name(), file.clone()) {
            return Err(Failure::Usage(format!(
                "{other} and {file} are both named `{}`: give each suite a `name` of its own",
                loaded.name()
            )));
        }
    }
    Ok(())
}

impl SuiteSet {
    /// Refuses plans that are over the budget of all suites together, or over that of the sides of
    /// the same calls. `plans` are those of the suites, in their order.
    pub(crate) fn check_budgets(&self, plans: &[(&Suite, &Plan)]) -> Result<(), Failure> {
        if let Some(budget) = &self.budget {
            crate::preflight::budget::check_all(budget, plans)?;
        }
        for group in &self.groups {
            if let (Some(budget), Some(plans)) = (&group.budget, plans.get(group.places.clone())) {
                crate::preflight::budget::check_all(budget, plans)?;
            }
        }
        Ok(())
    }

    /// The directory of one suite's reports.
    pub(crate) fn dir_of(&self, slug: &str) -> PathBuf {
        if self.is_single { self.dir.clone() } else { self.dir.join(slug) }
    }

    /// The name that the comment on a pull request is found by.
    pub(crate) fn comment_name(&self, left_out: usize) -> &str {
        if self.is_single { &self.name } else { sticky(&self.name, self.suites.len() + left_out) }
    }

    /// A failure that is of one suite, with that suite's name where there are several.
    pub(crate) fn failure_of(&self, name: String, failure: Failure) -> Failure {
        match self.is_single {
            true => failure,
            false => Failure::Suite { name, source: Box::new(failure) },
        }
    }
}

/// Puts a suite's reports into a directory, whatever it says itself.
pub(crate) fn reports_to(loaded: &mut Loaded, dir: &Path) {
    let reports: &mut Reports = loaded.suite.reports.get_or_insert_default();
    reports.dir = Some(dir.display().to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_of_every_system_can_have_the_slug() {
        for (name, expected) in [
            ("Checkout regression", "checkout-regression"),
            ("../../etc/passwd", "etc-passwd"),
            ("Ünï · (text)", "n-text"),
            ("…", "suite"),
        ] {
            assert_eq!(slug(name), expected);
        }
    }
}
