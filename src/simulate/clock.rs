//! The time that the simulator goes by: real, or moved by a test.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// What time it is for a simulator.
pub trait Clock: Send + Sync + 'static {
    /// Real time since the simulator began. Never goes back.
    fn elapsed(&self) -> Duration;

    /// The calendar time at which the simulator began.
    fn began(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct RealClock {
    instant: Instant,
    began: Timestamp,
}

impl RealClock {
    /// A clock that begins now.
    pub fn start() -> Self {
        Self { instant: Instant::now(), began: Timestamp::now() }
    }
}

impl Clock for RealClock {
    fn elapsed(&self) -> Duration {
        self.instant.elapsed()
    }

    fn began(&self) -> Timestamp {
        self.began
    }
}

/// A clock that stands still until it is moved. Clones share their time.
#[derive(Debug, Clone)]
pub struct ManualClock {
    elapsed: Arc<Mutex<Duration>>,
    began: Timestamp,
}

impl ManualClock {
    /// A clock that stands at nothing elapsed since `began`.
    pub fn new(began: Timestamp) -> Self {
        Self { elapsed: Arc::default(), began }
    }

    /// Moves the time forward.
    pub fn advance(&self, by: Duration) {
        let mut elapsed = self.elapsed.lock().unwrap_or_else(PoisonError::into_inner);
        *elapsed = elapsed.saturating_add(by);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new(Timestamp::UNIX_EPOCH)
    }
}

impl Clock for ManualClock {
    fn elapsed(&self) -> Duration {
        *self.elapsed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn began(&self) -> Timestamp {
        self.began
    }
}

/// The header by which the simulator says what it is, and how fast its time goes.
pub(super) const HEADER: &str = "x-cekura-simulator";
