//! What a person should know before the first call: checks that cannot pass, failures that no check
//! sees, steps after the verdict that will do nothing.

use std::path::Path;

use crate::checks::figures::BuiltIn;
use crate::input::suite_file::Loaded;
use crate::plan::{Plan, Selection};
use crate::preflight::power::{Size, against_the_baseline};
use crate::spec::conditions;
use crate::suite::model::Suite;
use crate::suite::test_sets::TestSetFrom;
use crate::suite::thresholds::Thresholds;
use crate::suite::trivial_checks;
use crate::verdict::prospects::unpassable_checks;

/// What a person should know before paying: checks that cannot pass, failures that no check sees.
pub(crate) fn warnings(loaded: &Loaded, plan: &Plan) -> Vec<String> {
    let default = Thresholds::default();
    let thresholds = loaded.suite.thresholds.as_ref().unwrap_or(&default);
    let (runs, each) = (plan.most_runs(), plan.most_runs_per_scenario());
    let mut warnings = unpassable_checks(thresholds, runs, each);
    warnings.extend(loaded.lines(trivial_checks::all(thresholds, runs, each)));
    let in_rules = |rules: &Thresholds| {
        let sees = |figure: &BuiltIn| figure.sees_failures();
        rules.figures.iter().any(|(figure, _)| sees(figure))
            || rules.baseline.as_ref().is_some_and(|limits| {
                limits.new_failures.is_some() || limits.figures.iter().any(|(one, _)| sees(one))
            })
            || rules.each_scenario.iter().any(|each| each.figures.iter().any(|(one, _)| sees(one)))
    };
    let sees_failures = thresholds.with_groups().iter().any(|(_, rules)| in_rules(rules));
    if loaded.suite.thresholds.is_some() && !sees_failures {
        warnings.push(
            "no check looks at the success rate: a failed run changes nothing unless another check \
             notices it"
                .to_owned(),
        );
    }
    if loaded.suite.is_report_only() && crate::suite::only_warns(thresholds) {
        warnings.push(
            "every check only warns: that is fine to report only, and can neither pass nor fail once \
             the suite is enforced"
                .to_owned(),
        );
    }
    let sight = Size::of(plan).and_then(|size| against_the_baseline(thresholds, &size));
    warnings.extend(sight.filter(|sight| sight.is_blind).map(|sight| {
        let than = if sight.shows_any { ": more than twice `max_drop`" } else { "" };
        format!("{}{than}; run each scenario more often, or allow a larger drop", sight.told)
    }));
    warnings.extend(idle_afterwards(&loaded.suite));
    warnings.extend(repeated_ids(loaded, plan));
    warnings.extend(plan.spec().into_iter().flat_map(conditions::warnings));
    warnings.extend(loaded.noticed.iter().cloned());
    warnings
}

/// A group of a batch may name an id repeatedly. Nobody says whether the platform runs it so often.
pub(crate) fn repeated_ids(loaded: &Loaded, plan: &Plan) -> Option<String> {
    let Selection::Ids(ids) = &plan.selection else { return None };
    let mut seen = std::collections::BTreeSet::new();
    let twice = ids.iter().find(|id| !seen.insert(**id)).filter(|_| !loaded.is_party())?;
    Some(format!(
        "scenario {twice} is in one group more than once: where the platform runs it once, runs are \
         missing and the verdict is inconclusive; `frequency` says how often surely"
    ))
}

/// What the suite wants after its verdict and will not get: better known before the calls.
pub(crate) fn idle_afterwards(suite: &Suite) -> Vec<String> {
    let improve = suite.on_failure.as_ref().and_then(|on| on.improve_prompt.as_ref());
    let prompt = improve.map(|improve| improve.agent_prompt.as_str());
    let set = suite.on_success.as_ref().and_then(|on| on.test_set.as_ref());
    let baseline = suite.thresholds.as_ref().and_then(|thresholds| thresholds.baseline.as_ref());
    let mut told = Vec::new();
    if let Some(file) = prompt.filter(|file| !Path::new(file).is_file()) {
        told.push(format!(
            "`on_failure.improve_prompt` will not improve {file}: there is no such file"
        ));
    }
    if set.is_some_and(|set| set.from == TestSetFrom::FailingBefore) && baseline.is_none() {
        told.push(
            "`on_success.test_set` will do nothing: without a baseline no run failed before"
                .to_owned(),
        );
    }
    told
}
