//! Signals that stop the gate: the first asks it to wrap up, a second ends it at once.

use std::fmt;

use super::failure::Failure;
use crate::exit::Code;

/// What stopped the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// SIGINT, or Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl Signal {
    pub(super) const fn code(self) -> Code {
        match self {
            Signal::Interrupt => Code::Interrupted,
            Signal::Terminate => Code::Terminated,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Signal::Interrupt => "SIGINT",
            Signal::Terminate => "SIGTERM",
        })
    }
}

/// Listens for signals from its creation on.
#[cfg(unix)]
pub(super) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    put_back: Option<Signal>,
}

#[cfg(unix)]
impl Signals {
    pub(super) fn listen() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| {
            signal(kind).map_err(|error| Failure::Internal(format!("no signal handler: {error}")))
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            put_back: None,
        })
    }

    /// Lets a signal be the next once more, for who comes after.
    pub(super) fn put_back(&mut self, signal: Signal) {
        self.put_back = Some(signal);
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) -> Signal {
        if let Some(signal) = self.put_back.take() {
            return signal;
        }
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

/// Listens for Ctrl-C from its creation on.
#[cfg(not(unix))]
pub(super) struct Signals {
    put_back: Option<Signal>,
}

#[cfg(not(unix))]
impl Signals {
    pub(super) fn listen() -> Result<Self, Failure> {
        Ok(Self { put_back: None })
    }

    /// Lets a signal be the next once more, for who comes after.
    pub(super) fn put_back(&mut self, signal: Signal) {
        self.put_back = Some(signal);
    }

    /// Waits for the next Ctrl-C. Where none can be listened for, none ever comes.
    pub(super) async fn next(&mut self) -> Signal {
        if let Some(signal) = self.put_back.take() {
            return signal;
        }
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }
}
