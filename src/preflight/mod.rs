//! What is known before the first call: the lookup, the budget, the baseline, warnings, suggestions.

pub(crate) mod account;
pub(crate) mod agent_dir;
pub(crate) mod baseline;
pub(crate) mod budget;
pub(crate) mod changes;
pub(crate) mod grouping;
pub(crate) mod history;
pub(crate) mod lookup;
pub(crate) mod power;
pub(crate) mod quarantine;
pub(crate) mod selection;
pub(crate) mod suggestions;
pub(crate) mod touched;
pub(crate) mod warnings;
