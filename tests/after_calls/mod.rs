//! What comes after a result: the commands `result`, `call`, `prompt` and `test-set`, as their
//! users run them, against the simulator.

mod calls;
mod contract;
mod harness;
mod lost;
mod prompts;
mod results;
mod stopped;
mod verdicts;
