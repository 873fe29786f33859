//! Finding, reading and validating the suite, flags included.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::overrides::Overrides;
use crate::context::{self, Context};
use crate::document::{self, Diagnostics, Document, Source};
use crate::simulate::{Faults, World};
use crate::suite::model::Suite;
use crate::suite::validate;

/// Where a suite is looked for when none is named.
const DEFAULTS: [&str; 2] = ["cekura-gate.yml", ".cekura/gate.yml"];

/// A valid suite and where it came from.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    pub(super) suite: Suite,
    /// The file's path as the user wrote it; none when flags alone made the suite.
    pub(super) file: Option<String>,
    /// Whether flags took the place of the suite's selection.
    pub(super) narrowed: bool,
    /// The variables that the file took from the environment, with their values.
    pub(super) variables: BTreeMap<String, String>,
}

impl Loaded {
    /// What the directory of its reports is called after, where there are several.
    pub(super) fn slug_source(&self) -> String {
        let stem = self.file.as_deref().and_then(|file| Path::new(file).file_stem());
        let stem = stem.map(|stem| stem.to_string_lossy().into_owned());
        stem.unwrap_or_else(|| self.name())
    }

    /// The suite's name: its own, the file's, or a general one.
    pub(super) fn name(&self) -> String {
        let of_file = || {
            let stem = Path::new(self.file.as_deref()?).file_stem()?;
            Some(stem.to_string_lossy().into_owned())
        };
        self.suite.name.clone().or_else(of_file).unwrap_or_else(|| "cekura-gate".to_owned())
    }
}

/// Whether one of the default files is there.
pub(super) fn has_default() -> bool {
    DEFAULTS.iter().any(|path| Path::new(path).exists())
}

/// Loads the suite that is named, or the first default that exists, or makes one of the flags.
pub(super) fn suite(
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
        return from_flags(overrides);
    };
    let name = path.display().to_string();
    let bytes = read_file(&path)?;
    let text = document::decode(&name, &bytes)?;
    let source = Source { name: &name, text };
    let variables = RefCell::new(BTreeMap::new());
    let lookup = |variable: &str| {
        let value = context.env.get(variable).cloned()?;
        variables.borrow_mut().insert(variable.to_owned(), value.clone());
        Some(value)
    };
    let Document { mut value, places } = crate::suite::read(source, &lookup, context::today())?;
    overrides.apply(&mut value);
    let problems = validate(&value, context::today());
    if !problems.is_empty() {
        return Err(Diagnostics::from_problems(source, &places, problems).into());
    }
    let narrowed = overrides.selects();
    Ok(Loaded { suite: value, file: Some(name), narrowed, variables: variables.into_inner() })
}

fn from_flags(overrides: &Overrides) -> Result<Loaded, Failure> {
    if !overrides.makes_a_suite() {
        let [first, second] = DEFAULTS;
        return Err(Failure::Usage(format!(
            "no suite: neither {first} nor {second} exists here; name a suite file, or pass --agent \
             with --scenarios, --tags or --folder"
        )));
    }
    let mut suite = Suite { version: 1, ..Suite::default() };
    overrides.apply(&mut suite);
    let problems = validate(&suite, context::today());
    if problems.is_empty() {
        let variables = BTreeMap::new();
        return Ok(Loaded { suite, file: None, narrowed: false, variables });
    }
    let source = Source { name: "the command line", text: "" };
    Err(Diagnostics::from_problems(source, &document::Places::default(), problems).into())
}

/// Reads a world of the stand-in.
pub(super) fn world(path: &Path, context: &Context) -> Result<World, Failure> {
    let name = path.display().to_string();
    let bytes = read_file(path)?;
    let text = document::decode(&name, &bytes)?;
    let lookup = |variable: &str| context.env.get(variable).cloned();
    Ok(World::read(Source { name: &name, text }, &lookup)?)
}

/// Reads a fault script of the stand-in.
pub(super) fn faults(path: &Path, context: &Context) -> Result<Faults, Failure> {
    let name = path.display().to_string();
    let bytes = read_file(path)?;
    let text = document::decode(&name, &bytes)?;
    let lookup = |variable: &str| context.env.get(variable).cloned();
    Ok(Faults::read(Source { name: &name, text }, &lookup)?)
}

/// Reads a file, unless it is no file or too long to be a suite.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let refuse = |reason: String| Failure::Input { path: path.to_owned(), reason };
    let about = fs::metadata(path).map_err(|error| refuse(error.to_string()))?;
    if about.is_dir() {
        return Err(refuse("it is a directory; name the suite file in it".to_owned()));
    }
    let limit = document::MAX_BYTES as u64;
    if about.len() > limit {
        let (size, most) = (about.len() >> 10, limit >> 10);
        return Err(refuse(format!("it has {size} KiB; a suite file has at most {most} KiB")));
    }
    fs::read(path).map_err(|error| refuse(error.to_string()))
}
