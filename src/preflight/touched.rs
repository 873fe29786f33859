//! Whether a change can touch a suite: which run with `--changed-since`, and why.

use std::path::{Path, PathBuf};

use super::changes::{Changes, Known};
use super::selection::SuiteSet;
use crate::document::shown;
use crate::exit::Code;
use crate::input::suite_file::Loaded;
use crate::report::gates::{Gate, GateEnd};
use crate::suite::model::Suite;
use crate::suite::paths::{first_named, first_of};
use crate::text;

/// Whether a suite runs, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It runs.
    Run(String),
    /// It is left out.
    Skip(String),
}

/// Whether a suite runs. `changes` is none where nobody asked what changed.
pub(crate) fn decide(loaded: &Loaded, changes: Option<&Changes>) -> Decision {
    let Some(changes) = changes else {
        return Decision::Run("every suite runs without --changed-since".to_owned());
    };
    let known = match changes {
        Changes::Known(known) => known,
        Changes::Unknown(why) => {
            return Decision::Run(format!("what changed is not known: {why}"));
        }
    };
    let Some(patterns) = &loaded.suite.paths else {
        return Decision::Run("it has no `paths`".to_owned());
    };
    let own = match own_files(loaded, known) {
        Ok(own) => own,
        Err(why) => return Decision::Run(why),
    };
    if let Some(changed) = first_of(&own, &known.files) {
        return Decision::Run(format!("{} changed, a file of the suite", shown(&changed.path)));
    }
    if let Some((changed, pattern)) = first_named(patterns, &known.files) {
        let (file, pattern) = (shown(&changed.path), shown(pattern));
        return Decision::Run(format!("{file} changed, which {pattern} names"));
    }
    let files = text::count(known.files.len(), "changed file");
    Decision::Skip(format!("none of its `paths` changed since {}, of {files}", known.since))
}

/// The files that make the suite, from the root of the repository. The error says which lies
/// elsewhere.
fn own_files(loaded: &Loaded, known: &Known) -> Result<Vec<String>, String> {
    let mut own = Vec::new();
    for file in files_of(loaded) {
        let named = std::path::absolute(&file).unwrap_or_else(|_| file.clone());
        let beside = named.parent().and_then(|dir| dir.canonicalize().ok());
        let beside = beside.zip(named.file_name()).map(|(dir, name)| dir.join(name));
        let (resolved, mut found) = (named.canonicalize().ok(), false);
        for path in beside.into_iter().chain(resolved) {
            if let Some(path) = below(&path, &known.root) {
                found = true;
                own.push(path);
            }
        }
        if !found {
            let file = shown(&file.display().to_string());
            return Err(format!(
                "{file} lies outside of the repository: its changes are not known"
            ));
        }
    }
    Ok(own)
}

/// A path from the root, with `/` between its parts.
fn below(path: &Path, root: &Path) -> Option<String> {
    let parts = path.strip_prefix(root).ok()?.components();
    let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
    Some(parts.join("/"))
}

/// The suite's file, the list that names it, and what it names itself.
fn files_of(loaded: &Loaded) -> Vec<PathBuf> {
    let suite = &loaded.suite;
    let file = loaded.file.as_ref().map(PathBuf::from);
    let beside = file.as_deref().and_then(Path::parent).unwrap_or(Path::new("")).to_owned();
    let baseline = suite.thresholds.as_ref().and_then(|thresholds| thresholds.baseline.as_ref());
    let baseline = baseline.map(|baseline| PathBuf::from(&baseline.from));
    let prompt = suite.on_failure.as_ref().and_then(|on| on.improve_prompt.as_ref());
    let prompt = prompt.map(|prompt| PathBuf::from(&prompt.agent_prompt));
    let mut files: Vec<PathBuf> = file.into_iter().chain(loaded.listed_in.clone()).collect();
    files.extend(loaded.spec.as_ref().map(|spec| PathBuf::from(spec.name())));
    files.extend(baseline.filter(|path| path.is_file()));
    files.extend(prompt);
    files.extend(programs(suite, &beside));
    files
}

/// The agent's own program: its directories, and the files that its commands name.
fn programs(suite: &Suite, beside: &Path) -> Vec<PathBuf> {
    let matrix = suite.matrix.as_ref();
    let dirs =
        suite.agent_dir.iter().chain(matrix.iter().flat_map(|m| m.agent_dir.iter().flatten()));
    let dirs: Vec<PathBuf> = dirs.map(|dir| beside.join(dir)).collect();
    let commands = suite.agent_command.iter();
    let commands = commands.chain(matrix.iter().flat_map(|m| m.agent_command.iter().flatten()));
    let named = commands.flatten().map(|word| beside.join(word)).filter(|path| path.is_file());
    named.chain(dirs.iter().cloned()).collect()
}

/// A suite that is left out, and its place among all.
#[derive(Debug)]
pub(crate) struct LeftOut {
    place: usize,
    gate: Gate,
}

/// Takes the suites that no change touches out of a set.
pub(crate) fn leave_out(set: &mut SuiteSet, changes: &Changes) -> Vec<LeftOut> {
    let mut left_out = Vec::new();
    // The new place of each suite that stays.
    let mut places = Vec::with_capacity(set.suites.len());
    let mut staying = Vec::new();
    for (place, member) in std::mem::take(&mut set.suites).into_iter().enumerate() {
        places.push(staying.len());
        match decide(&member.loaded, Some(changes)) {
            Decision::Run(_) => staying.push(member),
            Decision::Skip(why) => left_out.push(LeftOut {
                place,
                gate: Gate {
                    name: member.loaded.name(),
                    file: member.loaded.file.clone(),
                    dir: member.dir,
                    is_base: member.is_base,
                    group: None,
                    code: Code::Passed,
                    end: GateEnd::Skipped(why),
                },
            }),
        }
    }
    // What one file makes stays or goes together: a base is never missing.
    let new = |place: usize| places.get(place).copied().unwrap_or(staying.len());
    set.groups.retain(|group| !left_out.iter().any(|one| group.places.contains(&one.place)));
    for group in &mut set.groups {
        group.places = new(group.places.start)..new(group.places.end);
    }
    let bases: Vec<Option<usize>> = staying.iter().map(|one| one.base.map(new)).collect();
    for (member, base) in staying.iter_mut().zip(bases) {
        member.base = base;
    }
    set.suites = staying;
    left_out
}

/// Puts the suites that were left out among those that ran, where they were named.
pub(crate) fn put_back(gates: &mut Vec<Gate>, left_out: Vec<LeftOut>) {
    for LeftOut { place, gate } in left_out {
        gates.insert(place.min(gates.len()), gate);
    }
}
