//! Bad days: what the gate does when the network and the platform fail it, and what it never does.

mod baselines;
mod cekura;
mod clock;
mod early;
mod evidence;
mod exactly_once;
mod harness;
mod hostile;
mod jobs;
mod labels;
mod late;
mod made;
mod rehearsals;
mod rounds;
mod soak;
mod soaked;
mod stopped;
mod taken_up;
mod ways;
