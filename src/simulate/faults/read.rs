//! Reading a fault script: each rule does exactly one thing.

use super::{Faults, Rule};
use crate::document::{self, Diagnostics, Path, Problem, Source};

impl document::Root for Faults {}

impl Faults {
    /// Reads a fault script.
    ///
    /// `lookup` gives the value of an environment variable for `${VAR}`.
    ///
    /// # Errors
    ///
    /// Every fault of the text, each with its place; or, in a text of the right shape, every rule
    /// that does nothing or more than one thing.
    pub fn read(
        source: Source<'_>,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Faults, Diagnostics> {
        let document = document::read::<Faults>(source, lookup)?;
        let mut problems = Vec::new();
        for (place, rule) in document.value.rules.iter().enumerate() {
            let path = Path::of(["rules"]).child(place);
            problems.extend(problem(rule, path));
        }
        if problems.is_empty() {
            Ok(document.value)
        } else {
            Err(Diagnostics::from_problems(source, &document.places, problems))
        }
    }
}

fn problem(rule: &Rule, path: Path) -> Option<Problem> {
    let given = actions(rule);
    match given.as_slice() {
        [] if rule.delay > 0.0 => None,
        [] => {
            let problem = Problem::new(path, "the rule does nothing");
            Some(problem.help("add what happens, such as `drop: after` or `status: 503`"))
        }
        [_, second, ..] => {
            let words = format!("a rule does one thing, this one has {}", given.join(" and "));
            let problem = Problem::of_key(path.child(*second), words);
            Some(problem.help("make it two rules"))
        }
        [only] => {
            let needs = |key: &str, wanted: &str| {
                let problem =
                    Problem::of_key(path.child(key), format!("`{key}` goes with {wanted}"));
                problem.help("leave it out")
            };
            let status = *only == "status";
            if rule.retry_after.is_some() && !status {
                return Some(needs("retry_after", "`status`"));
            }
            if rule.retry_after_as.is_some() && rule.retry_after.is_none() {
                return Some(needs("retry_after_as", "`retry_after`"));
            }
            if rule.processed && !status && *only != "redirect" {
                return Some(needs("processed", "`status` or `redirect`"));
            }
            None
        }
    }
}

/// The keys of a rule that say what happens.
fn actions(rule: &Rule) -> Vec<&'static str> {
    let all = [
        ("drop", rule.drop.is_some()),
        ("cut_request", rule.cut_request.is_some()),
        ("cut_answer", rule.cut_answer.is_some()),
        ("cut_body", rule.cut_body.is_some()),
        ("truncate", rule.truncate.is_some()),
        ("drip", rule.drip.is_some()),
        ("garble", rule.garble.is_some()),
        ("status", rule.status.is_some()),
        ("redirect", rule.redirect.is_some()),
        ("endless", rule.endless),
        ("gzip_bomb", rule.gzip_bomb.is_some()),
        ("pretend_status", rule.pretend_status.is_some()),
        ("vanish", rule.vanish.is_some()),
        ("multiply", rule.multiply.is_some()),
    ];
    all.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> String {
        let source = Source { name: "chaos.yml", text };
        match Faults::read(source, &|_| None) {
            Ok(_) => String::new(),
            Err(faults) => faults.render(false),
        }
    }

    #[test]
    fn a_rule_that_does_nothing_or_two_things_is_refused() {
        insta::assert_snapshot!(faults(
            "\
rules:
  - { method: POST }
  - { drop: after, delay: 2 }
  - { drop: before, status: 503 }
  - { garble: html, retry_after: 3 }
"
        ), @r#"
        error: the rule does nothing
         --> chaos.yml:2:5
          |
        2 |   - { method: POST }
          |     ^^^^^^^^^^^^^^^^
          |
          = help: add what happens, such as `drop: after` or `status: 503`

        error: a rule does one thing, this one has drop and status
         --> chaos.yml:4:21
          |
        4 |   - { drop: before, status: 503 }
          |                     ^^^^^^
          |
          = help: make it two rules

        error: `retry_after` goes with `status`
         --> chaos.yml:5:21
          |
        5 |   - { garble: html, retry_after: 3 }
          |                     ^^^^^^^^^^^
          |
          = help: leave it out
        "#);
    }

    #[test]
    fn a_key_or_word_that_is_unknown_is_refused_with_its_place() {
        insta::assert_snapshot!(faults("rules: [{ drop: late }, { stats: 503 }]\n"), @r#"
        error: `drop` cannot be `late`
         --> chaos.yml:1:17
          |
        1 | rules: [{ drop: late }, { stats: 503 }]
          |                 ^^^^
          |
          = help: the values are `before` and `after`

        error: unknown key `stats`
         --> chaos.yml:1:27
          |
        1 | rules: [{ drop: late }, { stats: 503 }]
          |                           ^^^^^
          |
          = help: did you mean `status`?
        "#);
    }

    #[test]
    fn an_empty_script_does_no_harm() {
        assert_eq!(faults("seed: 4\n"), "");
    }
}
