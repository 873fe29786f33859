//! Which rule a request falls under. The same requests in the same order meet the same faults.

use std::sync::{Mutex, PoisonError};

use super::super::random::Random;
use super::{Faults, Rule};

/// A fault script and how often each of its rules was matched.
#[derive(Debug)]
pub(in super::super) struct Script {
    faults: Faults,
    /// What the simulator's header says of it.
    pub(super) time_scale: String,
    counts: Mutex<Vec<u64>>,
}

impl Script {
    pub(in super::super) fn new(faults: Faults, time_scale: f64) -> Self {
        let counts = Mutex::new(vec![0; faults.rules.len()]);
        Self { faults, time_scale: time_scale.to_string(), counts }
    }

    /// The rule that acts on a request, if any. Each rule counts every request of its method and
    /// path, also those that another rule acts on.
    pub(super) fn choose(&self, method: &str, path: &str) -> Option<&Rule> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut chosen = None;
        for ((rule, count), place) in self.faults.rules.iter().zip(counts.iter_mut()).zip(0_u64..) {
            if !concerns(rule, method, path) {
                continue;
            }
            *count += 1;
            if chosen.is_none() && takes(rule, *count, &[self.faults.seed, place, *count]) {
                chosen = Some(rule);
            }
        }
        chosen
    }
}

fn concerns(rule: &Rule, method: &str, path: &str) -> bool {
    rule.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
        && rule.path.as_ref().is_none_or(|pattern| matches(pattern, path))
}

fn takes(rule: &Rule, count: u64, seeds: &[u64]) -> bool {
    rule.nth.as_ref().is_none_or(|nth| nth.contains(&count))
        && rule.first.is_none_or(|first| count <= first)
        && rule.after.is_none_or(|after| count > after)
        && rule.probability.is_none_or(|probability| Random::new(seeds).chance(probability))
}

/// Whether a text is of a pattern in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, expected) in [
            ("*", "/a", true),
            ("/a", "/a", true),
            ("/a", "/ab", false),
            ("/a*", "/ab", true),
            ("*/results/*/", "/v1/results/7/", true),
            ("*/results/*/", "/v1/results/7/end_calls/", true),
            ("*/results/*/", "/v1/results/", false),
            ("*b*b", "ab", false),
            ("*/run_scenarios*/", "/v1/scenarios/run_scenarios_text/", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    fn chosen(rule: Rule, requests: usize) -> Vec<usize> {
        let script = Script::new(Faults { rules: vec![rule], ..Faults::default() }, 0.0);
        (1..=requests).filter(|_| script.choose("GET", "/x").is_some()).collect()
    }

    #[test]
    fn requests_are_chosen_by_their_number() {
        assert_eq!(chosen(Rule { nth: Some(vec![1, 3]), ..Rule::default() }, 5), [1, 3]);
        assert_eq!(chosen(Rule { first: Some(2), ..Rule::default() }, 5), [1, 2]);
        assert_eq!(chosen(Rule { after: Some(3), ..Rule::default() }, 5), [4, 5]);
        assert_eq!(chosen(Rule { method: Some("POST".into()), ..Rule::default() }, 5), [0; 0]);
        let often = chosen(Rule { probability: Some(0.3), ..Rule::default() }, 1000).len();
        assert!((250..350).contains(&often), "{often}");
    }

    #[test]
    fn the_first_rule_that_matches_acts_and_the_others_count_on() {
        let first = Rule { nth: Some(vec![1]), status: Some(500), ..Rule::default() };
        let second = Rule { nth: Some(vec![2]), status: Some(501), ..Rule::default() };
        let script = Script::new(Faults { rules: vec![first, second], ..Faults::default() }, 0.0);
        let statuses: Vec<_> =
            (0..3).map(|_| script.choose("GET", "/").and_then(|rule| rule.status)).collect();
        assert_eq!(statuses, [Some(500), Some(501), None]);
    }
}
