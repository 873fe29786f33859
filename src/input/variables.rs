//! Which environment variables a suite may use, and where.
//!
//! What a suite takes out of the environment ends in reports or at the address that the suite names,
//! and a pull request may write suites. So what looks like a secret is refused but for the values
//! of headers, which are shown nowhere.

use crate::context::Context;
use crate::document::{Path, Places, Problem};
use crate::input::secrets;

/// Whether the name of a variable, or what it holds, says that it is a secret.
pub(crate) fn looks_secret(name: &str, value: &str) -> bool {
    const NAMES: [&str; 4] =
        ["CI_REPOSITORY_URL", "SYSTEM_ACCESSTOKEN", "CI_JOB_JWT", "DOCKER_AUTH_CONFIG"];
    const STARTS: [&str; 2] = ["ACTIONS_", "CI_JOB_JWT_"];
    const ENDS: [&str; 10] = [
        "_TOKEN",
        "_SECRET",
        "_KEY",
        "_PASSWORD",
        "_PASSWD",
        "_PASSPHRASE",
        "_CREDENTIALS",
        "_CREDENTIAL",
        "_PAT",
        "_JWT",
    ];
    let upper = name.to_ascii_uppercase();
    let holds_password = || {
        let rest = value.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    };
    NAMES.contains(&upper.as_str())
        || STARTS.iter().any(|start| upper.starts_with(start))
        || ENDS.iter().any(|end| upper.ends_with(end))
        || holds_password()
}

/// Whether a suite may not have this variable outside of a header.
fn is_refused(name: &str, context: &Context) -> bool {
    let value = context.var(name);
    value.is_some_and(|value| looks_secret(name, value))
        && !context.allow_env.iter().any(|allowed| allowed == name)
}

/// What is wrong with the variables that a document uses. Those of headers are kept secret from now
/// on.
pub(crate) fn problems(places: &Places, context: &Context) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, names) in places.variables() {
        if path.is_within(&["websocket", "headers"]) {
            let values = names.iter().filter_map(|name| context.var(name));
            values.for_each(|value| secrets::keep(|secrets| secrets.add(value)));
            continue;
        }
        for name in names.iter().filter(|name| is_refused(name, context)) {
            problems.push(refusal(path.clone(), name));
        }
    }
    problems
}

fn refusal(path: Path, name: &str) -> Problem {
    let message = format!(
        "the variable `{name}` looks like a secret, and this value is shown or sent elsewhere"
    );
    let help = format!("use it in a header only, or allow it with `--allow-env {name}`");
    Problem::new(path, message).help(help)
}

/// The environment for a document whose texts are all shown: secrets are as good as unset.
pub(crate) fn without_secrets(context: &Context) -> impl Fn(&str) -> Option<String> + '_ {
    |name| context.variable(name).filter(|_| !is_refused(name, context))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names_and_by_what_they_hold() {
        for name in [
            "CEKURA_API_KEY",
            "GITHUB_TOKEN",
            "ACTIONS_RUNTIME_URL",
            "CI_JOB_TOKEN",
            "NPM_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "CI_REGISTRY_PASSWORD",
            "APP_SECRET",
            "ci_job_token",
        ] {
            assert!(looks_secret(name, "x"), "{name}");
        }
        assert!(looks_secret("DATABASE_URL", "postgres://me:pw@host/db"));
        for name in ["AGENT_ID", "GITHUB_HEAD_REF", "TOKENS", "KEYBOARD", "AGENT_URL"] {
            assert!(!looks_secret(name, "wss://agent.example/@x"), "{name}");
        }
    }
}
