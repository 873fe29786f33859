//! What was heard of the agent, and when.

use tokio::time::Instant;

use super::protocol::Line;
use crate::record::ChatFaultKind;

/// What comes of the agent: a line, or what went wrong.
pub(super) type Heard = Result<Line, (ChatFaultKind, String)>;

/// What comes of the agent, and when it came: it may wait until the gate has time for it.
#[derive(Debug, Clone)]
pub(super) struct Timed {
    pub(super) at: Instant,
    pub(super) heard: Heard,
}

impl Timed {
    pub(super) fn now(heard: Heard) -> Self {
        Self { at: Instant::now(), heard }
    }
}
