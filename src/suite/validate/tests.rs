//! One row for each rule across keys.

mod chat;
mod frequency;
mod groups;
mod limits;

use crate::document::{Places, Problem, Source};
use crate::suite::{self, model::Suite};

const TODAY: jiff::civil::Date = jiff::civil::date(2026, 8, 1);

fn read(text: &str) -> (Suite, Places) {
    let text = format!("version: 1\n{text}\n");
    let read = suite::read(
        Source { name: "gate.yml", text: &text },
        &|_| None,
        jiff::civil::date(2026, 11, 21),
    );
    let document = read.unwrap_or_else(|faults| panic!("{faults}"));
    (document.value, document.places)
}

/// What `validate` says of a suite.
fn problems_of(text: &str) -> Vec<Problem> {
    let (suite, places) = read(text);
    let problems = suite::validate(&suite, TODAY);
    for problem in &problems {
        assert!(places.contains(&problem.path), "{} is not in {text}", problem.path);
        assert!(problem.help.as_ref().is_some_and(|help| !help.is_empty()), "{problem:?}");
    }
    problems
}

/// Each suite breaks one rule, and is told so at one path.
fn all_refused(base: &str, rows: &[(&str, &str, &str)]) {
    for (text, path, message) in rows {
        let problems: Vec<(String, String)> = problems_of(&format!("{base}\n{text}"))
            .into_iter()
            .map(|problem| (problem.path.to_string(), problem.message))
            .collect();
        assert_eq!(problems, [((*path).to_owned(), (*message).to_owned())], "{text}");
    }
}

fn all_fine(base: &str, rows: &[&str]) {
    for text in rows {
        let problems = problems_of(&format!("{base}\n{text}"));
        assert!(problems.is_empty(), "{text}: {problems:?}");
    }
}

#[test]
fn a_suite_says_once_which_scenarios_to_run() {
    all_refused(
        "agent: 1",
        &[
            ("", "", "the suite does not say which scenarios to run"),
            (
                "scenarios: [1]\nproject: 1\nfolder: A",
                "folder",
                "`folder` cannot be used with `scenarios`",
            ),
            ("tags: [a]\nproject: 1\nfolder: A", "folder", "`folder` cannot be used with `tags`"),
            ("project: 1\nfolder: A\nspec: a.json", "spec", "`spec` cannot be used with `folder`"),
            ("folder: A", "folder", "`folder` needs `project`"),
            ("scenarios: [1, 2, 1]", "scenarios.2", "`1` is in `scenarios` twice"),
            ("tags: [a, b, b]", "tags.2", "`b` is in `tags` twice"),
            (
                "scenarios: [1]\npersonalities: [3, 3]",
                "personalities.1",
                "`3` is in `personalities` twice",
            ),
            (
                "scenarios: [1]\ntest_profiles: [3, 3]",
                "test_profiles.1",
                "`3` is in `test_profiles` twice",
            ),
        ],
    );
    all_fine(
        "agent: 1",
        &["scenarios: [1]\ntags: [a]", "project: 1\nfolder: A", "scenarios: [1]\nmock_tools: []"],
    );
}

#[test]
fn a_suite_names_one_agent_in_the_way_its_mode_takes() {
    let no_agent = "the suite does not say which agent to test";
    all_refused(
        "scenarios: [1]",
        &[
            ("mode: websocket\nwebsocket: {url: wss://a}", "", no_agent),
            ("agent: 1\nassistant: a", "assistant", "`assistant` cannot be used with `agent`"),
            (
                "assistant: a\nmode: livekit_v2",
                "assistant",
                "mode livekit_v2 does not accept `assistant`",
            ),
            (
                "assistant: a\nmode: websocket",
                "assistant",
                "mode websocket does not accept `assistant`",
            ),
        ],
    );
    all_fine(
        "scenarios: [1]",
        &["", "mode: livekit_v2", "assistant: a", "agent: 1", "assistant: a\nmode: text"],
    );
}

#[test]
fn a_mode_carries_only_its_own_blocks() {
    all_refused(
        "agent: 1\nscenarios: [1, 2]",
        &[
            (
                "livekit: {agent_name: a}",
                "livekit",
                "`livekit` belongs to mode livekit_v2: this suite's mode is voice, the default",
            ),
            (
                "mode: text\npipecat: {agent_name: a}",
                "pipecat",
                "`pipecat` belongs only to modes pipecat_v2 and pipecat: this suite's mode is text",
            ),
            (
                "mode: text\nsip: {endpoint: \"sip:a@b\"}",
                "sip",
                "`sip` belongs to mode sip: this suite's mode is text",
            ),
            (
                "mode: livekit_v2\nphone: {agent: \"+14155550100\"}",
                "phone",
                "`phone` belongs only to modes voice, text, chirp, sip, agora and elevenlabs: this suite's mode is livekit_v2",
            ),
            (
                "mode: text\nphone: {numbers: same}",
                "phone.numbers",
                "`phone.numbers` belongs only to modes voice, chirp, sip, agora and elevenlabs: this suite's mode is text",
            ),
            (
                "mode: sip\nwebsocket: {url: \"wss://a\"}",
                "websocket",
                "`websocket` belongs only to modes websocket, text and chirp: this suite's mode is sip",
            ),
            (
                "mode: chirp\nwebsocket: {headers: {A: b}}",
                "websocket.headers",
                "`websocket.headers` belongs to mode text: this suite's mode is chirp",
            ),
            (
                "mode: text\nwebsocket: {urls: {1: \"wss://a\"}}",
                "websocket.urls",
                "`websocket.urls` belongs to mode websocket: this suite's mode is text",
            ),
            (
                "vapi: {assistant: a}",
                "vapi",
                "`vapi` belongs to mode vapi_webrtc: this suite's mode is voice, the default",
            ),
            (
                "retell: {agent: a}",
                "retell",
                "`retell` belongs to mode retell_webrtc: this suite's mode is voice, the default",
            ),
            (
                "elevenlabs: {agent: a}",
                "elevenlabs",
                "`elevenlabs` belongs to mode elevenlabs: this suite's mode is voice, the default",
            ),
            ("mode: vapi_webrtc", "mode", "mode vapi_webrtc needs the Vapi assistant"),
            (
                "mode: websocket\nconcurrency: 2",
                "concurrency",
                "mode websocket does not support `concurrency`",
            ),
            (
                "mode: pipecat_v2\npipecat: {room: {url: \"https://a/b\"}}",
                "pipecat.room",
                "`pipecat.room` belongs to mode pipecat: this suite's mode is pipecat_v2",
            ),
            (
                "mode: pipecat\npipecat: {room: {url: \"https://a/b\"}, agent_name: a}",
                "pipecat.agent_name",
                "`pipecat.agent_name` belongs to mode pipecat_v2: this suite's mode is pipecat",
            ),
            (
                "mode: pipecat\npipecat: {room: {url: \"https://a/b\"}}\nfrequency: 2",
                "frequency",
                "mode pipecat does not support `frequency`",
            ),
            ("mode: pipecat", "mode", "mode pipecat: scenario `1` has no room"),
            (
                "mode: pipecat\npipecat: {rooms: {1: {url: \"https://a/b\"}}}",
                "mode",
                "mode pipecat: scenario `2` has no room",
            ),
            (
                "mode: email\nconcurrency: 2",
                "concurrency",
                "mode email does not support `concurrency`",
            ),
            (
                "mode: email\nemail: {agent: support}",
                "email.agent",
                "`support` is not an e-mail address",
            ),
            (
                "email: {agent: a@b.example}",
                "email",
                "`email` belongs to mode email: this suite's mode is voice, the default",
            ),
            (
                "mode: retell_webrtc\npersonalities: [2]",
                "personalities",
                "mode retell_webrtc does not support `personalities`",
            ),
            (
                "mode: vapi_webrtc\nvapi: {assistant: a}\ntest_profiles: [2]",
                "test_profiles",
                "mode vapi_webrtc does not support `test_profiles`",
            ),
            (
                "mode: pipecat_v2\nfrequency: 101",
                "frequency",
                "`101` is more than mode pipecat_v2 allows",
            ),
        ],
    );
    all_fine(
        "agent: 1\nscenarios: [1, 2]",
        &[
            "frequency: 101",
            "mode: livekit_v2\nfrequency: 100\nconcurrency: 3\npersonalities: [3]",
            "mode: websocket",
            "mode: websocket\nwebsocket: {urls: {1: \"ws://a\"}}",
            "mode: text\nwebsocket: {url: \"wss://a/b\", headers: {Authorization: Bearer x}}",
            "mode: retell_webrtc",
            "mode: email\nfrequency: 2\nemail: {agent: support@example.com}",
            "mode: pipecat\npipecat: {rooms: {1: {url: \"https://a/b\"}, 2: {url: \"https://a/c\"}}}",
            "mode: vapi_webrtc\nvapi: {assistant: a}",
        ],
    );
}

#[test]
fn the_sockets_of_a_suite_belong_to_its_scenarios() {
    let not_listed = "scenario `3` is not in `scenarios`";
    all_refused(
        "agent: 1\nmode: websocket",
        &[
            ("scenarios: [1]\nwebsocket: {urls: {3: \"wss://a\"}}", "websocket.urls.3", not_listed),
            (
                "tags: [a]\nwebsocket: {urls: {x: \"wss://a\"}}",
                "websocket.urls.x",
                "`x` is not the id of a scenario",
            ),
            (
                "tags: [a]\nwebsocket: {urls: {03: \"wss://a\"}}",
                "websocket.urls.03",
                "`03` is not the id of a scenario",
            ),
            (
                "tags: [a]\nwebsocket: {urls: {3: \"https://a\"}}",
                "websocket.urls.3",
                "`https://a` does not begin with `ws://` or `wss://`, or has no host",
            ),
        ],
    );
    all_fine(
        "agent: 1\nmode: websocket",
        &["scenarios: [1]\ntags: [a]\nwebsocket: {urls: {3: \"wss://a\"}}"],
    );
}

#[test]
fn numbers_and_names_are_what_they_are_called() {
    all_refused(
        "agent: 1\nscenarios: [1]",
        &[
            (
                "phone: {outbound: \"4155550100\"}",
                "phone.outbound",
                "`4155550100` is not a telephone number",
            ),
            (
                "phone: {agent: \"+1 415 555 0100\"}",
                "phone.agent",
                "`+1 415 555 0100` is not a telephone number",
            ),
            (
                "name: \"a\\nb\"",
                "name",
                "`name` contains a line break or another control character",
            ),
            (
                "mock_tools: [\"a\\u0007\"]",
                "mock_tools.0",
                "`mock_tools.0` contains a line break or another control character",
            ),
            (
                "mode: text\nwebsocket: {headers: {\"A B\": c}}",
                "websocket.headers.A B",
                "`A B` is not the name of a header",
            ),
            (
                "mode: text\nwebsocket: {headers: {A: \"b\\nc\"}}",
                "websocket.headers.A",
                "the header `A` contains a line break or another control character",
            ),
            (
                "mode: sip\nsip: {endpoint: agent@example.com}",
                "sip.endpoint",
                "`agent@example.com` does not begin with `sip:` or `sips:`, or has no host",
            ),
        ],
    );
    all_fine(
        "agent: 1\nscenarios: [1]",
        &["phone: {outbound: +14155550100}", "mode: sip\nsip: {endpoint: \"sips:a@b\"}"],
    );
}

#[test]
fn a_check_is_asked_of_a_figure_that_has_it() {
    all_refused(
        "agent: 1\nscenarios: [1]",
        &[
            ("thresholds: {}", "thresholds", "`thresholds` contains no check"),
            ("thresholds: {confidence: 95%}", "thresholds", "`thresholds` contains no check"),
            (
                "thresholds: {success_rate: 90%, each_scenario: {}}",
                "thresholds.each_scenario",
                "`each_scenario` contains no check",
            ),
            (
                "thresholds: {success_rate: '>= 90'}",
                "thresholds.success_rate",
                "`>= 90` compares a rate with a number that is not a percentage",
            ),
            (
                "thresholds: {success_rate: [90%, '>= 5s']}",
                "thresholds.success_rate.1",
                "`>= 5s` compares a rate with a number that is not a percentage",
            ),
            (
                "thresholds: {success_rate: mean >= 4}",
                "thresholds.success_rate",
                "`success_rate` has no `mean`",
            ),
            ("thresholds: {errors: p95 <= 4}", "thresholds.errors", "`errors` has no `p95`"),
            (
                "thresholds: {expected_outcome: '>= 80'}",
                "thresholds.expected_outcome",
                "`>= 80` compares a rate with a number that is not a percentage",
            ),
            (
                "thresholds: {expected_outcome: mean >= 8s}",
                "thresholds.expected_outcome",
                "`mean >= 8s` gives a score a unit",
            ),
            (
                "thresholds: {expected_outcome: 'share(\"a\") >= 8%'}",
                "thresholds.expected_outcome",
                "`expected_outcome` has no `share(\"a\")`",
            ),
            (
                "thresholds: {duration: <= 3m}",
                "thresholds.duration",
                "`<= 3m` does not say which duration: each run has its own",
            ),
            (
                "thresholds: {duration: p95 <= 180}",
                "thresholds.duration",
                "`p95 <= 180` has no unit of time",
            ),
            (
                "thresholds: {duration: rate >= 5%}",
                "thresholds.duration",
                "`duration` has no `rate`",
            ),
            (
                "thresholds: {errors: [{check: <= 5%, unit: ms}]}",
                "thresholds.errors.unit",
                "`unit` belongs to a metric of the account, `errors` has its own",
            ),
            (
                "thresholds: {metrics: {\"\": 90%}}",
                "thresholds.metrics.",
                "`` is not the name of a metric",
            ),
            (
                "thresholds: {each_scenario: {success_rate: '> 0.5'}}",
                "thresholds.each_scenario.success_rate",
                "`> 0.5` compares a rate with a number that is not a percentage",
            ),
        ],
    );
    all_fine(
        "agent: 1\nscenarios: [1]",
        &[
            "thresholds: {success_rate: rate >= 90%, errors: [<= 10%, count <= 2]}",
            "thresholds: {expected_outcome: [90%, mean >= 80], duration: [p95 <= 3m, count >= 5]}",
            "thresholds: {metrics: {Latency: {check: p95 <= 3s, unit: ms}}}",
        ],
    );
}

#[test]
fn a_check_that_nothing_can_meet_is_refused() {
    let share = "can never pass: a share lies between 0% and 100%";
    let rows = [
        ("success_rate: '> 100%'", "success_rate", format!("`> 100%` {share}")),
        ("success_rate: [90%, '< 0%']", "success_rate.1", format!("`< 0%` {share}")),
        ("errors: '< 0%'", "errors", format!("`< 0%` {share}")),
        ("metrics: {A: '> 100%'}", "metrics.A", format!("`> 100%` {share}")),
        (
            "each_scenario: {metrics: {A: 'share(\"x\") < 0%'}}",
            "each_scenario.metrics.A",
            format!("`share(\"x\") < 0%` {share}"),
        ),
        (
            "errors: count < 0",
            "errors",
            "`count < 0` can never pass: a count is never below 0".to_owned(),
        ),
        (
            "metrics: {A: count == 2.5}",
            "metrics.A",
            "`count == 2.5` can never pass: a count is a whole number".to_owned(),
        ),
        (
            "expected_outcome: mean > 100",
            "expected_outcome",
            "`mean > 100` can never pass: the score lies between 0 and 100".to_owned(),
        ),
        (
            "duration: p95 < 0s",
            "duration",
            "`p95 < 0s` can never pass: no call is shorter than 0 s".to_owned(),
        ),
    ];
    for (thresholds, path, message) in rows {
        let text = format!("thresholds: {{{thresholds}}}");
        let path = format!("thresholds.{path}");
        all_refused("agent: 1\nscenarios: [1]", &[(&text, &path, &message)]);
    }
    all_fine(
        "agent: 1\nscenarios: [1]",
        &["thresholds: {success_rate: ['>= 100%', '== 100%'], metrics: {Drift: mean < 0}}"],
    );
}
