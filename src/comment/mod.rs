//! The comment on a pull request: where it belongs, and how it gets there.
//!
//! What it says is in `report::markdown`. That it cannot be written never changes a verdict: each
//! obstacle has words that say what to do.

pub mod client;

use serde_json::Value;

/// The pull request that a job is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Address of GitHub's API, without a slash at the end.
    pub api: String,
    /// `owner/name`.
    pub repository: String,
    /// Number of the pull request.
    pub number: u64,
    /// Whether its commits come from another repository.
    pub from_fork: bool,
    /// The commit that was pushed, which is not the merge that is checked out.
    pub commit: Option<String>,
    /// Page of the job's run.
    pub run: Option<String>,
}

/// Why there is no pull request to comment on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Absence {
    /// The job is none of GitHub's.
    #[error("GITHUB_REPOSITORY is not set: only a job of GitHub Actions has a pull request here")]
    Elsewhere,
    /// The job is about a branch or a tag.
    #[error("this job is about no pull request (event `{0}`)")]
    NoPullRequest(String),
    /// The API's address is not one to send a token to.
    #[error("GITHUB_API_URL is no https address")]
    Address,
}

/// Finds the pull request in a job's variables and in the text of the event that started it.
///
/// # Errors
///
/// When the job is about none.
pub fn target<'a>(
    variable: impl Fn(&str) -> Option<&'a str>,
    event: Option<&str>,
) -> Result<Target, Absence> {
    let is_name = |part: &str| {
        let sign = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        !part.is_empty() && !part.starts_with('.') && part.chars().all(sign)
    };
    let repository = variable("GITHUB_REPOSITORY")
        .filter(|name| name.split('/').count() == 2 && name.split('/').all(is_name))
        .ok_or(Absence::Elsewhere)?;
    let api = variable("GITHUB_API_URL").unwrap_or("https://api.github.com").trim_end_matches('/');
    if !may_have_a_token(api) {
        return Err(Absence::Address);
    }
    let event: Value = event.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let request = event.get("pull_request");
    let of_event = || request?.get("number")?.as_u64();
    // A comment on a pull request is an event of its issue.
    let of_issue = || {
        let issue = event.get("issue").filter(|issue| issue.get("pull_request").is_some())?;
        issue.get("number")?.as_u64()
    };
    let of_ref =
        || variable("GITHUB_REF")?.strip_prefix("refs/pull/")?.split('/').next()?.parse().ok();
    let number = of_event().or_else(of_issue).or_else(of_ref).ok_or_else(|| {
        let name = variable("GITHUB_EVENT_NAME").unwrap_or("unknown");
        Absence::NoPullRequest(name.to_owned())
    })?;
    let head = request.and_then(|request| request.get("head"));
    // The repository of a fork may have been removed since: then it is null.
    let from = head.map(|head| head.pointer("/repo/full_name").and_then(Value::as_str));
    let commit = head.and_then(|head| head.get("sha")?.as_str()).or_else(|| variable("GITHUB_SHA"));
    let is_hash = |text: &&str| text.len() >= 7 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let run = || {
        let server = variable("GITHUB_SERVER_URL").unwrap_or("https://github.com");
        let id: u64 = variable("GITHUB_RUN_ID")?.parse().ok()?;
        Some(format!("{}/{repository}/actions/runs/{id}", server.trim_end_matches('/')))
    };
    Ok(Target {
        api: api.to_owned(),
        repository: repository.to_owned(),
        number,
        from_fork: from.is_some_and(|from| from != Some(repository)),
        commit: commit.filter(is_hash).map(str::to_owned),
        run: run(),
    })
}

/// Whether a token may be sent there: over https, or to this machine.
fn may_have_a_token(api: &str) -> bool {
    let Some((scheme, rest)) = api.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() || authority.contains(['@', '\\']) {
        return false;
    }
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let loopback = ["localhost", "127.0.0.1", "::1"].contains(&host);
    scheme == "https" || (scheme == "http" && loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = r#"{"pull_request": {"number": 42, "head":
        {"sha": "0123456789abcdef0123456789abcdef01234567", "repo": {"full_name": "acme/shop"}}}}"#;

    fn find(pairs: &[(&str, &str)], event: &str) -> Result<Target, Absence> {
        let known = [("GITHUB_REPOSITORY", "acme/shop"), ("GITHUB_EVENT_NAME", "push")];
        let all: Vec<_> = pairs.iter().chain(&known).copied().collect();
        target(
            |name| all.iter().find(|(key, _)| *key == name).map(|(_, value)| *value),
            Some(event),
        )
    }

    #[test]
    fn the_number_is_the_events_or_the_refs() {
        let number = |pairs: &[(&str, &str)], event| find(pairs, event).map(|found| found.number);
        assert_eq!(number(&[], REQUEST), Ok(42));
        assert_eq!(number(&[("GITHUB_REF", "refs/pull/7/merge")], "not JSON"), Ok(7));
        assert_eq!(number(&[], r#"{"issue": {"number": 8, "pull_request": {}}}"#), Ok(8));
        for (reference, event) in [
            ("refs/heads/main", "{}"),
            ("refs/pull/x/merge", "{}"),
            ("", r#"{"issue": {"number": 8}}"#),
            ("", r#"{"pull_request": {"number": "1; rm"}}"#),
        ] {
            let none = Err(Absence::NoPullRequest("push".to_owned()));
            assert_eq!(number(&[("GITHUB_REF", reference)], event), none, "{reference} {event}");
        }
    }

    #[test]
    fn a_fork_is_known_and_the_pushed_commit_is_named() {
        let own = find(&[("GITHUB_RUN_ID", "9")], REQUEST).unwrap();
        assert!(!own.from_fork);
        assert_eq!(own.commit.as_deref(), Some("0123456789abcdef0123456789abcdef01234567"));
        assert_eq!(own.run.as_deref(), Some("https://github.com/acme/shop/actions/runs/9"));
        let fork = REQUEST.replace("\"acme/shop\"", "\"mallory/shop\"");
        assert!(find(&[], &fork).unwrap().from_fork);
        let gone = REQUEST.replace("{\"full_name\": \"acme/shop\"}", "null");
        assert!(find(&[], &gone).unwrap().from_fork);
        let forged = REQUEST.replace("0123456789abcdef", "<b>");
        assert_eq!(find(&[], &forged).unwrap().commit, None);
        let short = REQUEST.replace("0123456789abcdef0123456789abcdef01234567", "abcdef");
        assert_eq!(find(&[], &short).unwrap().commit, None, "too short to name one commit");
    }

    #[test]
    fn a_token_is_sent_to_no_address_that_others_can_read() {
        for (api, allowed) in [
            ("https://ghe.example.com/api/v3/", true),
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:8080", true),
            ("http://ghe.example.com", false),
            ("http://localhost.example.com", false),
            ("http://127.0.0.1@evil.example", false),
            ("https://me:pass@evil.example", false),
            ("file:///etc", false),
            ("ghe.example.com", false),
        ] {
            let found = find(&[("GITHUB_API_URL", api)], REQUEST);
            assert_eq!(found.is_ok(), allowed, "{api}");
        }
    }

    #[test]
    fn a_repository_that_is_no_name_is_none() {
        for name in ["", "acme", "a/b/c", "../x", "a/..", "a/b?x", "a/b c"] {
            assert_eq!(
                find(&[("GITHUB_REPOSITORY", name)], REQUEST),
                Err(Absence::Elsewhere),
                "{name}"
            );
        }
    }
}
