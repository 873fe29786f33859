//! Which changed files a suite is about: its `paths`.
//!
//! Pure. What changed is found out in `preflight`.

use globset::{GlobBuilder, GlobMatcher};

/// A changed file, by its path from the root of the repository, with `/` between its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The path.
    pub path: String,
    /// Whether more may have changed below it than is told: a submodule, a link or a directory.
    pub is_opaque: bool,
}

/// The signs that stand for others in a pattern.
const SIGNS: [char; 5] = ['*', '?', '[', '{', '\\'];

/// Reads a pattern. The error says what is wrong with it, and what to write.
fn read(pattern: &str) -> Result<GlobMatcher, (String, &'static str)> {
    const FROM_ROOT: &str = "write the path from the root of the repository, as in `prompts/**`";
    if pattern.starts_with('!') {
        let why = "leaves files out, and a pattern only takes them in";
        return Err((why.to_owned(), "name what the suite is about; the rest is left out"));
    }
    if pattern.starts_with('/') {
        return Err(("begins with `/`".to_owned(), FROM_ROOT));
    }
    if pattern.split('/').any(|part| part == "." || part == "..") {
        return Err(("holds `.` or `..`".to_owned(), FROM_ROOT));
    }
    let glob = GlobBuilder::new(pattern.trim_end_matches('/')).literal_separator(true).build();
    let glob = glob.map_err(|error| {
        let why = format!("cannot be read: {}", error.kind());
        (why, "`*` is any name, `**` any directories, `?` one character, `{a,b}` one of two")
    })?;
    Ok(glob.compile_matcher())
}

/// What is wrong with a pattern, and what to write; none where nothing is.
pub(super) fn fault(pattern: &str) -> Option<(String, &'static str)> {
    read(pattern).err()
}

/// Whether a pattern names a changed file: itself, or a directory that it lies in. A pattern that
/// cannot be read names everything.
fn names(pattern: &str, changed: &Changed) -> bool {
    let Ok(glob) = read(pattern) else { return true };
    let path = changed.path.trim_end_matches('/');
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    if ends.into_iter().any(|end| path.get(..end).is_some_and(|path| glob.is_match(path))) {
        return true;
    }
    let start = pattern.find(SIGNS).and_then(|at| pattern.get(..at)).unwrap_or(pattern);
    let below = format!("{path}/");
    changed.is_opaque && (below.starts_with(start) || start.starts_with(&below))
}

/// The first changed file that one of the patterns names, and that pattern.
pub fn first_named<'a>(
    patterns: &'a [String],
    changed: &'a [Changed],
) -> Option<(&'a Changed, &'a str)> {
    changed.iter().find_map(|one| {
        let pattern = patterns.iter().find(|pattern| names(pattern, one))?;
        Some((one, pattern.as_str()))
    })
}

/// The first changed file that is one of these files, or lies in one of these directories.
pub fn first_of<'a>(files: &[String], changed: &'a [Changed]) -> Option<&'a Changed> {
    changed.iter().find(|one| {
        let path = one.path.trim_end_matches('/');
        files.iter().any(|file| {
            let is_in = |outer: &str, inner: &str| {
                inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
            };
            // The root itself is the empty path.
            file.is_empty()
                || file == path
                || is_in(file, path)
                || (one.is_opaque && is_in(path, file))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> Changed {
        Changed { path: path.to_owned(), is_opaque: false }
    }

    #[test]
    fn a_pattern_names_files_and_all_that_lies_in_a_directory_that_it_names() {
        for (pattern, path, expected) in [
            ("prompts/**", "prompts/a.md", true),
            ("prompts/**", "prompts/de/a.md", true),
            ("prompts/**", "docs/prompts/a.md", false),
            ("**/*.md", "a.md", true),
            ("**/*.md", "x/y/a.md", true),
            ("*.md", "x/a.md", false),
            ("prompts", "prompts/de/a.md", true),
            ("prompts/", "prompts/de/a.md", true),
            ("prompts", "prompts2/a.md", false),
            ("agent/*.py", "agent/a.py", true),
            ("agent/*.py", "agent/x/a.py", false),
            ("agent/{a,b}.py", "agent/b.py", true),
            ("a b/*", "a b/c\nd \u{1b}[31m", true),
        ] {
            assert_eq!(names(pattern, &file(path)), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn what_cannot_be_looked_into_touches_whatever_might_lie_in_it() {
        let opaque = |path: &str| Changed { path: path.to_owned(), is_opaque: true };
        for (pattern, path, expected) in [
            ("agent/**", "agent", true),
            ("agent/src/*.py", "agent", true),
            ("*.py", "agent", true),
            ("prompts/**", "agent", false),
            ("agent/**", "agent/vendored/", true),
            ("agent/x.py", "agent/vendored/", false),
        ] {
            assert_eq!(names(pattern, &opaque(path)), expected, "{pattern} {path}");
        }
        assert!(first_of(&["agent/gate.yml".to_owned()], &[opaque("agent")]).is_some());
        assert!(first_of(&["agent/gate.yml".to_owned()], &[file("agent")]).is_none());
    }

    #[test]
    fn a_pattern_that_could_name_nothing_is_refused() {
        for pattern in ["!docs/**", "/prompts", "./prompts", "a/../b", "[a", "{a", "a{b,"] {
            assert!(fault(pattern).is_some(), "{pattern}");
        }
        assert_eq!(fault("prompts/**"), None);
    }
}
