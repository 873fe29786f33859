//! Finding, reading and validating the suite, flags included.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::api::error::ApiError;
use crate::context::{self, Context};
use crate::document::{self, Diagnostics, Document, Places, Problem, Source};
use crate::failure::Failure;
use crate::gates::batch;
use crate::input::file::Fence;
use crate::input::overrides::Overrides;
use crate::input::profile::{self, Chosen};
use crate::input::{file, input_names, secrets, variables};
use crate::record::ResultRecord;
use crate::simulate::{Faults, World};
use crate::spec::refusals::{self, Stands};
use crate::suite::head::SuiteHead;
use crate::suite::model::{Party, Suite};
use crate::suite::{profiles, validate};

/// Where a suite is looked for when none is named.
pub(crate) const DEFAULTS: [&str; 2] = ["cekura-gate.yml", ".cekura/gate.yml"];

/// What flags alone are called in messages.
const COMMAND_LINE: &str = "the command line";

/// A valid suite and where it came from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Loaded {
    pub(crate) suite: Suite,
    /// The file's path as the user wrote it; none when flags alone made the suite.
    pub(crate) file: Option<String>,
    /// Whether flags took the place of the suite's selection.
    pub(crate) narrowed: bool,
    /// The suite's keys that flags or inputs took the place of, and what each is called: what stands
    /// in the file does not count.
    replaced: Vec<(String, String)>,
    /// The suite file itself, for what is found to be wrong later.
    pub(crate) source: Option<SourceFile>,
    /// The file of test cases that the suite names.
    pub(crate) spec: Option<SourceFile>,
    /// The variables that the file took from the environment, with their values.
    pub(crate) variables: BTreeMap<String, String>,
    /// The earlier result that it is compared with, where that is a file and was read.
    pub(crate) baseline: Option<ResultRecord>,
    /// What the account had to say of it on the way, for its writer to know before the calls.
    pub(crate) noticed: Vec<String>,
    /// The side of a call that this is, and what it says itself; none where it is a whole suite.
    leg: Option<(usize, Party)>,
    /// Whether it is one call of a leg.
    pub(crate) is_call: bool,
    /// Where its group stands in the list of a batch; none where it is a suite file's.
    group: Option<document::Path>,
    /// Whether a CI system's inputs made it, and no file.
    of_inputs: bool,
    /// The list that names it.
    pub(crate) listed_in: Option<PathBuf>,
    /// The profile whose keys are merged in.
    pub(crate) profile: Option<Chosen>,
}

/// A file that was read, kept so that what the platform says of it can be shown at its place.
#[derive(Debug, Clone)]
pub(crate) struct SourceFile {
    name: String,
    text: String,
    places: Places,
}

impl SourceFile {
    /// A file, with the places of its parts.
    pub(crate) const fn new(name: String, text: String, places: Places) -> Self {
        Self { name, text, places }
    }

    /// Its path as the user wrote it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The suite of a group of a batch that stands in this file, at this place.
    pub(crate) fn group(&self, suite: Suite, place: document::Path) -> Loaded {
        Loaded {
            suite,
            file: Some(self.name.clone()),
            source: Some(self.clone()),
            group: Some(place),
            ..Loaded::default()
        }
    }

    /// Problems of this file, shown at their places.
    pub(crate) fn explain(&self, problems: Vec<Problem>) -> Diagnostics {
        let source = Source { name: &self.name, text: &self.text };
        Diagnostics::from_problems(source, &self.places, problems)
    }
}

impl Loaded {
    /// The suite, as far as it explains the verdict.
    pub(crate) fn head(&self) -> SuiteHead {
        SuiteHead {
            name: self.name(),
            file: self.file.clone(),
            mode: self.suite.mode.unwrap_or_default(),
            thresholds: self.suite.thresholds.clone().unwrap_or_default(),
            quarantine: self.suite.quarantine.clone().unwrap_or_default(),
            report_only: self.suite.is_report_only(),
        }
    }

    /// What the directory of its reports is called after, where there are several.
    pub(crate) fn slug_source(&self) -> String {
        let file = self.file.as_deref().filter(|_| self.group.is_none());
        let stem = file.and_then(|file| Path::new(file).file_stem());
        let stem = stem.map(|stem| stem.to_string_lossy().into_owned());
        stem.unwrap_or_else(|| self.name())
    }

    /// The suite of one of its legs.
    pub(crate) fn of_party(&self, index: usize, suite: Suite, name: String) -> Self {
        let leg = self.suite.together.iter().flatten().nth(index).cloned();
        Self {
            suite: Suite { name: Some(name), ..suite },
            leg: leg.map(|leg| (index, leg)),
            ..self.clone()
        }
    }

    /// One call of a leg. What is wrong with it was said of the leg.
    pub(crate) fn of_call(&self, suite: Suite, name: String) -> Self {
        Self {
            suite: Suite { name: Some(name), ..suite },
            file: self.file.clone(),
            narrowed: self.narrowed,
            replaced: Vec::new(),
            source: None,
            spec: None,
            variables: BTreeMap::new(),
            baseline: None,
            noticed: Vec::new(),
            leg: None,
            is_call: true,
            group: None,
            of_inputs: false,
            listed_in: None,
            profile: None,
        }
    }

    /// Whether it is one side of calls that start together.
    pub(crate) const fn is_party(&self) -> bool {
        self.leg.is_some()
    }

    /// The same under the name of its profile.
    fn named_by_profile(mut self) -> Self {
        if let Some(chosen) = &self.profile {
            self.suite.name = Some(profile::name_of(&self.name(), &chosen.name));
        }
        self
    }

    /// The profile that a result or a gate of this name ran by; none where it ran by none.
    pub(crate) fn profile_of(&self, of: &str) -> Option<String> {
        let name = self.name();
        let mut names = self.suite.profiles.iter().flatten().map(|(profile, _)| profile);
        names.find(|profile| of.starts_with(&profile::name_of(&name, profile))).cloned()
    }

    /// Problems of the suite, shown at their places in its file.
    pub(crate) fn explain(&self, mut problems: Vec<Problem>) -> Diagnostics {
        for problem in &mut problems {
            if let Some((index, leg)) = &self.leg {
                problem.path = leg.place(*index, &problem.path);
            }
            if let Some(group) = &self.group {
                problem.path = batch::place(group, &problem.path);
            }
            let of_profile = self.profile.as_ref();
            let in_profile = of_profile.and_then(|chosen| chosen.place(&problem.path));
            let at = format!("{}.", problem.path);
            let is_at = |key: &str| at.starts_with(&format!("{key}."));
            if let Some((_, origin)) = self.replaced.iter().find(|(key, _)| is_at(key)) {
                problem.message = format!("{origin}: {}", problem.message);
                problem.path = document::Path::of([origin.as_str()]);
            } else if let Some(place) = in_profile {
                problem.path = place;
            }
        }
        if self.of_inputs {
            problems.iter_mut().for_each(input_names::in_words_of_inputs);
        }
        let nowhere =
            Source { name: if self.of_inputs { "the inputs" } else { COMMAND_LINE }, text: "" };
        match &self.source {
            Some(kept) => kept.explain(problems),
            None => Diagnostics::from_problems(nowhere, &Places::default(), problems),
        }
    }

    /// Problems of the suite and of its test cases, as one failure.
    pub(crate) fn explain_all(&self, own: Vec<Problem>, of_cases: Vec<Problem>) -> Failure {
        let some = |problems: &Vec<Problem>| !problems.is_empty();
        let of_cases = Some(of_cases).filter(some).map(|problems| match &self.spec {
            Some(kept) => kept.explain(problems),
            None => self.explain(problems),
        });
        together([Some(own).filter(some).map(|problems| self.explain(problems)), of_cases])
    }

    /// Problems of the suite as lines of a log: `suite.yml:4:8: what is wrong; the way out`.
    pub(crate) fn lines(&self, problems: Vec<Problem>) -> Vec<String> {
        self.explain(problems).lines().collect()
    }

    /// A failure to start, with the suite's name where nobody answered, and shown in the file that
    /// it is about where it is a refusal of test cases.
    pub(crate) fn explain_failure(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Api(source @ ApiError::Unreachable { .. }) => {
                Failure::NotStarted { suite: self.name(), source: Box::new(source) }
            }
            Failure::Api(error) => self.explain_refusal(error),
            other => other,
        }
    }

    /// A refusal of the platform, shown in the file that it is about where it is about test cases.
    pub(crate) fn explain_refusal(&self, error: ApiError) -> Failure {
        let ApiError::Refused { status: 400, fields, .. } = &error else { return error.into() };
        if !self.suite.brings_cases() || !refusals::is_about_the_spec(fields) {
            return error.into();
        }
        let (kept, stands) = match (&self.spec, &self.source) {
            (Some(kept), _) => (kept, Stands::Alone),
            (None, Some(kept)) => (kept, Stands::Inline),
            (None, None) => return error.into(),
        };
        kept.explain(refusals::problems(fields, stands, &kept.places)).into()
    }

    /// The suite's name: its own, that of its test cases, the file's, or a general one.
    pub(crate) fn name(&self) -> String {
        let of_file = || {
            let stem = Path::new(self.file.as_deref()?).file_stem()?;
            Some(stem.to_string_lossy().into_owned())
        };
        let of_cases = || self.suite.spec_read.as_ref()?.suite.as_ref()?.name.clone();
        self.suite
            .name
            .clone()
            .or_else(of_cases)
            .or_else(of_file)
            .unwrap_or_else(|| "cekura-gate".to_owned())
    }
}

/// Whether one of the default files is there.
pub(crate) fn has_default() -> bool {
    DEFAULTS.iter().any(|path| Path::new(path).exists())
}

/// Loads the suite that is named, or the first default that exists, or makes one of the flags.
pub(crate) fn suite(
    named: Option<&Path>,
    overrides: &Overrides,
    context: &Context,
) -> Result<Loaded, Failure> {
    let default = || DEFAULTS.iter().map(PathBuf::from).find(|path| path.exists());
    let path = match named {
        Some(path) => Some(path.to_owned()),
        None => default(),
    };
    let Some(path) = path else {
        return from_flags(overrides, context);
    };
    let name = path.display().to_string();
    let bytes = read_file(&path, context)?;
    let text = document::decode(&name, &bytes)?;
    let source = Source { name: &name, text };
    let fence = Fence::around(path.parent(), context);
    let variables = RefCell::new(BTreeMap::new());
    let lookup = |variable: &str| {
        let value = context.variable(variable)?;
        variables.borrow_mut().insert(variable.to_owned(), value.clone());
        Some(value)
    };
    let read = crate::suite::read(source, &lookup, context::today());
    let Document { mut value, places } =
        read.map_err(|faults| match World::read(source, &lookup) {
            Ok(_) => Failure::Usage(format!(
                "{name} is a world of the simulator, not a suite; did you mean `--simulate={name}`, \
             with the `=`?"
            )),
            Err(_) => {
                let named = document::texts_at(text, "spec").pop();
                let path = spec_path(named.as_deref(), overrides.spec(), path.parent());
                let path = path.filter(|path| fence.hold(path).is_ok());
                together([Some(faults), path.and_then(|path| faults_of_spec(&path))])
            }
        })?;
    let mut in_file = variables::problems(&places, context);
    secrets::of_suite(&value);
    let profile = Chosen::of(&value, &name, overrides)?;
    in_file.extend(profiles::problems(&value, overrides.profile(), context::today()));
    if let Some(chosen) = &profile {
        chosen.profile.apply(&mut value);
    }
    let mut problems = file::outside(&value, &fence);
    if overrides.report_dir().is_none() {
        let dir = value.reports.as_ref().and_then(|reports| reports.dir.as_deref());
        problems.extend(file::reports_outside(&["reports", "dir"], dir, &fence));
    }
    overrides.apply(&mut value);
    problems.extend(validate(&value, context::today()));
    let mut loaded = Loaded {
        suite: value,
        narrowed: overrides.selects() || profile.as_ref().is_some_and(|one| one.profile.selects()),
        replaced: overrides.keys(),
        source: Some(SourceFile { name: name.clone(), text: text.to_owned(), places }),
        file: Some(name),
        variables: variables.into_inner(),
        profile,
        ..Loaded::default()
    };
    let in_file =
        loaded.source.as_ref().filter(|_| !in_file.is_empty()).map(|s| s.explain(in_file));
    let own = (!problems.is_empty()).then(|| loaded.explain(problems));
    let own = Diagnostics::of_all(in_file.into_iter().chain(own));
    with_spec(&mut loaded, own, overrides.spec(), (path.parent(), &fence))?;
    Ok(loaded.named_by_profile())
}

/// Faults of several documents as one failure.
pub(crate) fn together(all: impl IntoIterator<Item = Option<Diagnostics>>) -> Failure {
    match Diagnostics::of_all(all.into_iter().flatten()) {
        Some(faults) => faults.into(),
        None => Failure::Internal("there are no faults to show".to_owned()),
    }
}

/// The faults of a file that lists suites, with those of the suites that it lists.
pub(crate) fn with_its_suites(
    faults: Diagnostics,
    list: &Path,
    text: &str,
    overrides: &Overrides,
    context: &Context,
) -> Failure {
    let beside = list.parent().unwrap_or(Path::new(""));
    let suites = document::texts_at(text, "suites").into_iter().map(|one| beside.join(one));
    let more = suites.filter_map(|path| match suite(Some(&path), &overrides.of_each(), context) {
        Err(Failure::Document(faults)) => Some(faults),
        Ok(_) | Err(_) => None,
    });
    together([Some(faults)].into_iter().chain(more.map(Some)))
}

/// Reads the file of test cases, and tells its faults together with the suite's own.
fn with_spec(
    loaded: &mut Loaded,
    own: Option<Diagnostics>,
    flag: Option<&Path>,
    beside: (Option<&Path>, &Fence),
) -> Result<(), Failure> {
    match (own, read_spec(loaded, flag, beside)) {
        (None, read) => read,
        (Some(own), Err(Failure::Document(more))) => Err(together([Some(own), Some(more)])),
        (Some(own), _) => Err(own.into()),
    }
}

/// What is wrong with a file of test cases that can be read at all.
fn faults_of_spec(path: &Path) -> Option<Diagnostics> {
    if is_yaml(path) {
        return None;
    }
    let name = path.display().to_string();
    let bytes = read_within_limit(path).ok()?;
    let text = document::decode(&name, &bytes).ok()?;
    crate::spec::read(Source { name: &name, text }).err()
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml")
}

/// Where the file of test cases is: where a flag says, or beside the suite.
fn spec_path(named: Option<&str>, flag: Option<&Path>, beside: Option<&Path>) -> Option<PathBuf> {
    match (flag, named) {
        (Some(path), _) => Some(path.to_owned()),
        (None, named) => Some(beside.unwrap_or(Path::new("")).join(named?)),
    }
}

/// Reads the file of test cases that the suite names, beside the suite's own, or a flag.
fn read_spec(
    loaded: &mut Loaded,
    flag: Option<&Path>,
    (beside, fence): (Option<&Path>, &Fence),
) -> Result<(), Failure> {
    let flag = flag.filter(|_| loaded.suite.spec.is_some());
    let Some(path) = spec_path(loaded.suite.spec.as_deref(), flag, beside) else { return Ok(()) };
    if is_yaml(&path) {
        let problem = Problem::new(
            document::Path::of(["spec"]),
            "a spec is a JSON file, as Cekura's own tools take it",
        );
        let problem = problem.help("in YAML, write the cases into the suite itself, under `cases`");
        return Err(loaded.explain(vec![problem]).into());
    }
    let read = match flag {
        Some(_) => fence.hold_links(&path).and_then(|()| read_within_limit(&path)),
        None => fence
            .hold(&path)
            .map_err(|reason| Failure::Input { path: path.clone(), reason })
            .and_then(|()| read_within_limit(&path)),
    };
    let bytes = match (read, flag) {
        (Err(Failure::Input { path, reason }), None) => {
            let shown = document::shown(&path.display().to_string());
            let problem = Problem::new(
                document::Path::of(["spec"]),
                format!("cannot read {shown}: {reason}"),
            );
            return Err(loaded.explain(vec![problem]).into());
        }
        (read, _) => read?,
    };
    let name = path.display().to_string();
    let text = document::decode(&name, &bytes)?;
    let Document { value, places } = crate::spec::read(Source { name: &name, text })?;
    loaded.suite.spec_read = Some(value);
    loaded.spec = Some(SourceFile { name, text: text.to_owned(), places });
    Ok(())
}

fn from_flags(overrides: &Overrides, context: &Context) -> Result<Loaded, Failure> {
    if !overrides.can_make_a_suite() {
        return Err(Failure::Usage(input_names::no_suite(overrides.inputs().is_some(), DEFAULTS)));
    }
    if overrides.profile().is_some() {
        return Err(Failure::Usage(format!(
            "{}: profiles stand in a suite file, and there is none; nothing was started",
            overrides.called("--profile")
        )));
    }
    let mut suite = Suite { version: 1, ..Suite::default() };
    overrides.apply(&mut suite);
    let problems = validate(&suite, context::today());
    let mut loaded = Loaded {
        suite,
        replaced: overrides.keys(),
        of_inputs: overrides.inputs().is_some(),
        ..Loaded::default()
    };
    let fence = Fence::around(None, context);
    let own = (!problems.is_empty()).then(|| loaded.explain(problems));
    with_spec(&mut loaded, own, overrides.spec(), (None, &fence))?;
    Ok(loaded)
}

/// Reads a world of the simulator.
pub(crate) fn world(path: &Path, context: &Context) -> Result<World, Failure> {
    let name = path.display().to_string();
    let bytes = read_file(path, context)?;
    let text = document::decode(&name, &bytes)?;
    let lookup = variables::without_secrets(context);
    Ok(World::read(Source { name: &name, text }, &lookup)?)
}

/// Reads a fault script of the simulator.
pub(crate) fn faults(path: &Path, context: &Context) -> Result<Faults, Failure> {
    let name = path.display().to_string();
    let bytes = read_file(path, context)?;
    let text = document::decode(&name, &bytes)?;
    let lookup = variables::without_secrets(context);
    Ok(Faults::read(Source { name: &name, text }, &lookup)?)
}

/// Reads a file that a flag or an argument names, unless it is too long to be a suite.
pub(crate) fn read_file(path: &Path, context: &Context) -> Result<Vec<u8>, Failure> {
    Fence::around(path.parent(), context).hold_links(path)?;
    read_within_limit(path)
}

/// Reads a regular file, unless it is too long to be a suite.
pub(crate) fn read_within_limit(path: &Path) -> Result<Vec<u8>, Failure> {
    file::read(path, document::MAX_BYTES as u64)
        .map_err(|reason| Failure::Input { path: path.to_owned(), reason })
}
