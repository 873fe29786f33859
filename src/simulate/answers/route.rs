//! Which path asks for what.
//!
//! Cekura's own clients leave out the final slash and use `-external` names for the same
//! resources; both are taken.

use super::super::endpoints::{ENDPOINTS, Endpoint};
use super::after::{self, After};

/// What a path asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    Start(&'static Endpoint),
    Results,
    Result(u64),
    EndCalls(u64),
    Share(u64),
    Runs,
    RunsBulk,
    Run(u64),
    EndCall(u64),
    Chat(u64),
    ChatTurn(u64, u64),
    EndChat(u64),
    After(After),
    Scenarios,
    Scenario(u64),
    Folders,
    Metrics,
    Agents,
    Agent(u64),
    Projects,
    Personalities,
    TestProfiles,
    Billing,
    Occupancy,
}

/// Whether a path is of the first version of what a second version has, too.
pub(super) fn is_replaced(path: &str) -> bool {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match segments.as_slice() {
        ["test_framework", "v1", "results", ..] => true,
        ["test_framework", "v1", "runs", rest @ ..] => rest.len() < 2,
        _ => false,
    }
}

/// The route of a path and the method that it takes.
pub(super) fn find(path: &str) -> Option<(&'static str, Route)> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    // Test sets stand beside the versions, not below them.
    if let ["test_framework", "test-sets", rest @ ..] = segments.as_slice() {
        let (method, after) = after::find("test-sets", rest)?;
        return Some((method, Route::After(after)));
    }
    if segments == ["test_framework", "billing", "info"] {
        return Some(("GET", Route::Billing));
    }
    let (area, version, rest) = match segments.as_slice() {
        [area, version, rest @ ..] => (*area, *version, rest),
        _ => return None,
    };
    if !["v1", "v2"].contains(&version) {
        return None;
    }
    if area == "user" {
        return (rest == ["projects"]).then_some(("GET", Route::Projects));
    }
    let (resource, rest) = match rest {
        [resource, rest @ ..] if area == "test_framework" => (*resource, rest),
        _ => return None,
    };
    let resource = resource.strip_suffix("-external").unwrap_or(resource);
    let id = |text: &str| text.parse::<u64>().ok();
    if let Some((method, after)) = after::find(resource, rest) {
        return Some((method, Route::After(after)));
    }
    Some(match (resource, rest) {
        ("scenarios", []) => ("GET", Route::Scenarios),
        ("scenarios", ["folders"]) => ("GET", Route::Folders),
        ("scenarios", [name]) => match ENDPOINTS.iter().find(|endpoint| endpoint.is_at(name)) {
            Some(endpoint) => ("POST", Route::Start(endpoint)),
            None => ("GET", Route::Scenario(id(name)?)),
        },
        ("results", []) => ("GET", Route::Results),
        ("results", [one]) => ("GET", Route::Result(id(one)?)),
        ("results", [one, "end_calls"]) => ("POST", Route::EndCalls(id(one)?)),
        ("results", [one, "create_shareable_link_token"]) => ("POST", Route::Share(id(one)?)),
        ("runs", []) => ("GET", Route::Runs),
        ("runs", ["bulk"]) => ("GET", Route::RunsBulk),
        ("runs", [one]) => ("GET", Route::Run(id(one)?)),
        ("runs", [one, "chat"]) => ("POST", Route::Chat(id(one)?)),
        ("runs", [one, "chat", turn]) => ("GET", Route::ChatTurn(id(one)?, id(turn)?)),
        ("runs", [one, "end-chat"]) => ("POST", Route::EndChat(id(one)?)),
        ("runs", [one, "end_call"]) => ("POST", Route::EndCall(id(one)?)),
        ("metrics", []) => ("GET", Route::Metrics),
        ("aiagents", []) => ("GET", Route::Agents),
        ("aiagents", [one]) => ("GET", Route::Agent(id(one)?)),
        ("phone-numbers", ["check_occupancy"]) => ("GET", Route::Occupancy),
        ("personalities", []) => ("GET", Route::Personalities),
        ("test-profiles", []) => ("GET", Route::TestProfiles),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_and_external_names_make_no_difference() {
        for path in [
            "/test_framework/v1/results/7/",
            "/test_framework/v1/results/7",
            "/test_framework/v2/results/7/",
            "/test_framework/v1/results-external/7",
        ] {
            assert_eq!(find(path), Some(("GET", Route::Result(7))), "{path}");
        }
        assert_eq!(find("/user/v1/projects"), Some(("GET", Route::Projects)));
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for path in ["/", "/test_framework/v3/runs/", "/test_framework/v1/runs/x/", "/v1/runs"] {
            assert_eq!(find(path), None, "{path}");
        }
    }
}
