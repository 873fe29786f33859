//! Any text is a suite or a list of faults; a suite that is valid can be planned and asked for.

#![no_main]

use cekura_gate::document::Source;
use cekura_gate::plan::Plan;
use cekura_gate::suite;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let lookup = |name: &str| name.starts_with('A').then(|| "12".to_owned());
    let today = jiff::civil::date(2026, 1, 31);
    match suite::read(Source { name: "suite.yml", text }, &lookup, today) {
        Ok(document) if suite::validate(&document.value, today).is_empty() => {
            let Ok(plan) = Plan::new(&document.value, "Suite", Some("main"), "key") else {
                panic!("a valid suite that can't be planned");
            };
            let _ = (plan.runs(), plan.resolved([7, 8]).request());
        }
        Ok(_) => {}
        Err(faults) => {
            let shown = faults.to_string();
            assert!(!shown.is_empty(), "a fault without a word");
            let foreign = |c: char| c.is_control() && c != '\n';
            assert!(!shown.contains(foreign), "a control character got through: {shown:?}");
        }
    }
});
