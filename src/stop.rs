//! Signals that stop the gate: the first asks it to wrap up, a second ends it at once.

use tokio::sync::watch;
use tokio::time::Instant;

use crate::failure::Failure;
use crate::signal::Signal;

/// What was heard so far.
#[derive(Debug, Clone, Copy, Default)]
struct Heard {
    first: Option<(Signal, Instant)>,
    second: Option<Signal>,
}

/// Whether the gate was asked to stop. Each of several gates that run side by side has its own, and
/// all of them hear the same.
#[derive(Debug, Clone)]
pub(crate) struct Stop(watch::Receiver<Heard>);

impl Stop {
    /// The first signal and when it came, if one has come.
    pub(crate) fn heard(&self) -> Option<(Signal, Instant)> {
        self.0.borrow().first
    }

    /// Waits for the first signal: at once, where it has come.
    pub(crate) async fn first_signal(&self) -> Signal {
        self.wait(|heard| heard.first.map(|(signal, _)| signal)).await
    }

    /// Waits for the second signal, which leaves no time for anything.
    pub(crate) async fn second_signal(&self) -> Signal {
        self.wait(|heard| heard.second).await
    }

    async fn wait(&self, what: impl Fn(&Heard) -> Option<Signal>) -> Signal {
        let mut heard = self.0.clone();
        if let Ok(heard) = heard.wait_for(|heard| what(heard).is_some()).await
            && let Some(signal) = what(&heard)
        {
            return signal;
        }
        // Nobody listens any more: no signal will come.
        std::future::pending().await
    }
}

/// Does work that may be asked to stop: signals are heard from here to its end.
pub(crate) async fn with_signals<T, F>(work: impl FnOnce(Stop) -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut signals = Signals::listen()?;
    let (sender, heard) = watch::channel(Heard::default());
    let relay = async {
        loop {
            let signal = signals.next().await;
            sender.send_modify(|heard| match heard.first {
                None => heard.first = Some((signal, Instant::now())),
                Some(_) => heard.second = Some(signal),
            });
        }
    };
    let work = work(Stop(heard));
    tokio::select! {
        biased;
        () = relay => Err(Failure::Internal("the signal handler ended".to_owned())),
        done = work => done,
    }
}

/// Listens for signals from its creation on.
#[cfg(unix)]
pub(crate) struct Signals {
    /// None where the process was started with the signal ignored, as `nohup` does.
    hang_up: Option<tokio::signal::unix::Signal>,
    interrupt: tokio::signal::unix::Signal,
    quit: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn listen() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| {
            signal(kind).map_err(|error| Failure::Internal(format!("no signal handler: {error}")))
        };
        Ok(Self {
            hang_up: match crate::context::ignores_hang_up() {
                true => None,
                false => Some(listen(SignalKind::hangup())?),
            },
            interrupt: listen(SignalKind::interrupt())?,
            quit: listen(SignalKind::quit())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) -> Signal {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = hang_up => Signal::HangUp,
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.quit.recv() => Signal::Quit,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

/// Listens for Ctrl-C from its creation on.
#[cfg(not(unix))]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn listen() -> Result<Self, Failure> {
        Ok(Self)
    }

    /// Waits for the next Ctrl-C. Where none can be listened for, none ever comes.
    pub(crate) async fn next(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }
}
