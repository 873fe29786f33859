//! A batch of one or more suites: start, wait, stop, retry, resume, call groups, the call limit.

pub(crate) mod active_run;
pub(crate) mod announce;
pub(crate) mod batch;
pub(crate) mod call_groups;
pub(crate) mod call_limit;
pub(crate) mod ci_job;
pub(crate) mod failed_from;
pub(crate) mod follow_up;
pub(crate) mod gate;
pub(crate) mod parallel;
pub(crate) mod platform;
pub(crate) mod prepare;
pub(crate) mod refusal;
pub(crate) mod retries;
pub(crate) mod reuse;
pub(crate) mod rounds;
pub(crate) mod share_link;
pub(crate) mod start;
pub(crate) mod test_sets;
pub(crate) mod wait_policy;

#[cfg(test)]
mod tests;
