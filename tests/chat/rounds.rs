//! Rounds in mode `api_chat`: the gate holds the conversations of each of them.

use super::{ANSWERS, posted, with_script, world};

#[test]
fn the_conversations_of_every_round_are_held_and_stand_in_the_reports() {
    let keys = "frequency: { start: 2, max: 12, step: 2 }\n\
                thresholds: { success_rate: \">= 50%\", confidence: 95% }";
    let gate = with_script(&world("says: [Hello]"), ANSWERS, keys);
    let finished = gate.run(&["run"]).expect(0);
    let finished = finished.says("6 of at most 12 runs were started, in 3 of 6 rounds; 6 saved");
    assert_eq!(gate.simulator().starts(), 3);
    assert_eq!(posted(&gate, "/chat/").len(), 6);
    let result = finished.result();
    assert_eq!(result["tally"]["passed"], 6);
    for run in result["result"]["runs"].as_array().unwrap() {
        assert_eq!(run["agent_latencies_ms"].as_array().unwrap().len(), 1, "{run}");
    }
    // Whoever resumes pays for nothing again.
    gate.run(&["run", "--resume"]).expect(0).says("in 3 of 6 rounds");
    assert_eq!(gate.simulator().starts(), 3);
    assert_eq!(posted(&gate, "/chat/").len(), 6);
}
