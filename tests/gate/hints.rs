//! What a suite names and the account does not have, told by `run` at its place with what was
//! probably meant, before anything is paid for.

use super::harness::{GOOD, Gate};

/// One scenario carries two tags.
fn world() -> String {
    GOOD.replacen("tags: [smoke]", "tags: [smoke, nightly]", 1)
}

const BY_TAG: &str = "version: 1\nname: Checkout\nagent: 1\ntags: [nigtly]\n";
const BY_FOLDER: &str = "version: 1\nname: Checkout\nagent: 1\nproject: 9\nfolder: Ordrs\n";

#[test]
fn a_start_by_a_mistyped_tag_is_explained_at_its_place() {
    let gate = Gate::against(&world(), BY_TAG);
    let finished = gate.run(&["run"]).expect(2);
    insta::assert_snapshot!(finished.stderr, @r"
    warning: POST /test_framework/v1/scenarios/run_scenarios/ was refused with status 400: tags: No evaluators found with these tags.
    error: no scenario of the agent has the tag `nigtly`; nothing was started
     --> cekura-gate.yml:4:8
      |
    4 | tags: [nigtly]
      |        ^^^^^^
      |
      = help: did you mean `nightly`?
    ");
    assert_eq!(gate.simulator().starts(), 0);
}

#[test]
fn a_start_by_a_mistyped_folder_is_explained_at_its_place() {
    let gate = Gate::against(&world(), BY_FOLDER);
    gate.run(&["run"])
        .expect(2)
        .says("there is no folder `Ordrs`")
        .says("cekura-gate.yml:5:9")
        .says("did you mean `Orders`?");
    assert_eq!(gate.simulator().starts(), 0);
}

#[test]
fn a_start_by_a_mistyped_flag_is_explained_by_the_flag() {
    let gate = Gate::against(&world(), &BY_TAG.replace("nigtly", "smoke"));
    gate.run(&["run", "--tags", "nigtly"])
        .expect(2)
        .says("--tags: no scenario of the agent has the tag `nigtly`")
        .says("did you mean `nightly`?");
}

#[test]
fn a_start_by_a_mistyped_id_is_explained_at_its_place() {
    let gate = Gate::against(&world(), &BY_TAG.replace("tags: [nigtly]", "scenarios: [1, 22]"));
    gate.run(&["run"])
        .expect(2)
        .says("cekura-gate.yml:4:16")
        .says("the agent has no scenario `22`")
        .says("did you mean `2` (Return shoes)?");
}

#[test]
fn a_selection_that_is_resolved_first_is_explained_alike() {
    for (suite, words) in [
        (BY_TAG, ["did you mean `nightly`?", "cekura-gate.yml:4:8"]),
        (BY_FOLDER, ["did you mean `Orders`?", "cekura-gate.yml:5:9"]),
    ] {
        for more in ["budget: { max_runs: 5 }\n", "mode: livekit_v2\n"] {
            let gate = Gate::against(&world(), &format!("{suite}{more}"));
            let finished = gate.run(&["run"]).expect(2).says("nothing was started");
            words.into_iter().fold(finished, |finished, words| finished.says(words));
            assert!(gate.requests().iter().all(|request| request.starts_with("GET ")));
        }
    }
}

#[test]
fn a_tag_that_adds_nothing_is_warned_of_before_the_calls() {
    let suite = BY_TAG.replace("[nigtly]", "[smoke, nigtly]") + "budget: { max_runs: 5 }\n";
    let gate = Gate::against(&world(), &suite);
    gate.run(&["run"]).expect(0).says(
        "warning: cekura-gate.yml:4:15: no scenario of the agent has the tag `nigtly`; did you mean \
         `nightly`?",
    );
}

#[test]
fn a_suite_whose_tags_are_carried_costs_no_further_question() {
    let gate = Gate::against(&world(), &BY_TAG.replace("nigtly", "nightly"));
    gate.run(&["run"]).expect(0);
    let asked = |path: &str| gate.requests().iter().filter(|asked| asked.contains(path)).count();
    assert_eq!(
        (asked("/scenarios/?"), asked("/scenarios/folders/"), asked("/metrics/")),
        (0, 0, 0)
    );
    let suite = BY_TAG.replace("nigtly", "nightly") + "budget: { max_runs: 5 }\n";
    let gate = Gate::against(&world(), &suite);
    gate.run(&["run"]).expect(0);
    let asked = |path: &str| gate.requests().iter().filter(|asked| asked.contains(path)).count();
    assert_eq!(asked("/scenarios/?"), 1);
}

#[test]
fn a_refusal_for_another_reason_stays_what_it_is() {
    let suite = BY_TAG.replace("nigtly", "smoke") + "personalities: [99]\n";
    let gate =
        Gate::against(&format!("{}personalities: [{{ id: 3, name: Calm }}]\n", world()), &suite);
    gate.run(&["run"]).expect(5).says("was refused with status 400");
}

#[test]
fn a_label_that_the_metric_does_not_give_starts_nothing() {
    let suite = BY_TAG.replace("nigtly", "smoke")
        + "thresholds: { metrics: { Sentiment: 'share(\"clam\") <= 5%' } }\n";
    let gate = Gate::against(&world(), &suite);
    gate.run(&["run"])
        .expect(2)
        .says("the metric `Sentiment` has no label `clam`; nothing was started")
        .says("did you mean `calm`?");
    assert_eq!(gate.simulator().starts(), 0);
    let gate = Gate::against(&world(), &suite.replace("clam", "calm"));
    gate.run(&["run"]).expect(1);
}

#[test]
fn several_suites_are_told_which_of_them_names_what() {
    let gate = Gate::against(&world(), BY_TAG);
    std::fs::write(gate.dir.path().join("b.yml"), "version: 1\nagent: 1\nscenarios: [1]\n")
        .unwrap();
    let finished = gate.run(&["run", "cekura-gate.yml", "b.yml"]).expect(5);
    let line = "cekura-gate.yml:4:8: no scenario of the agent has the tag `nigtly`; nothing was \
                started; did you mean `nightly`?";
    assert!(finished.stderr.contains(&format!("Checkout: not finished: {line}\n")), "{finished:?}");
}
