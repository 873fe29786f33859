//! Groups and confidences.

use super::{all_fine, all_refused};

#[test]
fn a_confidence_lies_strictly_between_a_coin_and_certainty() {
    for text in ["50%", "100%", "0%"] {
        let message =
            format!("`{text}` is not a useful confidence: it must be above 50% and below 100%");
        let rows = [
            (format!("{{success_rate: 90%, confidence: {text}}}"), "thresholds.confidence"),
            (
                format!("{{each_scenario: {{success_rate: 90%, confidence: {text}}}}}"),
                "thresholds.each_scenario.confidence",
            ),
            (
                format!("{{metrics: {{A: {{check: 90%, confidence: {text}}}}}}}"),
                "thresholds.metrics.A.confidence",
            ),
        ];
        for (thresholds, path) in rows {
            let suite = format!("thresholds: {thresholds}");
            all_refused("agent: 1\nscenarios: [1]", &[(&suite, path, &message)]);
        }
    }
    all_fine("agent: 1\nscenarios: [1]", &["thresholds: {success_rate: 90%, confidence: 99.9%}"]);
}

#[test]
fn a_group_says_which_scenarios_it_has_and_what_they_must_show() {
    all_refused(
        "agent: 1\nscenarios: [1]",
        &[
            (
                "thresholds: { groups: { g: { success_rate: 90% } } }",
                "thresholds.groups.g",
                "the group `g` does not say which scenarios it has",
            ),
            (
                "thresholds: { groups: { g: { tags: [a] } } }",
                "thresholds.groups.g",
                "the group `g` contains no check",
            ),
            (
                "thresholds: { groups: { g: { cases: [a], success_rate: 90% } } }",
                "thresholds.groups.g.cases",
                "`cases` needs a suite with test cases of its own",
            ),
            (
                "thresholds: { groups: { g: { tags: [a], success_rate: \"<= 90%\" } } }",
                "thresholds.groups.g.success_rate",
                "`<= 90%` passes when runs fail",
            ),
            (
                "thresholds: { groups: { g: { tags: [a], level: warn, success_rate: 90% } } }",
                "thresholds",
                "every check only warns: such a gate can never pass nor fail",
            ),
            (
                "exclude_tags: [a]",
                "exclude_tags",
                "`exclude_tags` needs `tags` or `folder`: it leaves out some of what they select",
            ),
        ],
    );
    all_fine(
        "agent: 1",
        &[
            "tags: [a]\nexclude_tags: [b]\nthresholds: { groups: { g: { tags: [c], success_rate: 90% } } }",
        ],
    );
}
