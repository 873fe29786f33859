//! The signals that stop the gate.

use std::fmt;

use crate::exit::Code;
use crate::report::build::End;

/// What stopped the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// SIGHUP: the terminal or the connection behind the process has gone.
    HangUp,
    /// SIGINT, or Ctrl-C.
    Interrupt,
    /// SIGQUIT, or Ctrl-\\. It ends the gate like the others: a core dump would help nobody, and its
    /// calls would be left going.
    Quit,
    /// SIGTERM.
    Terminate,
}

impl Signal {
    pub(crate) const fn code(self) -> Code {
        match self {
            Signal::HangUp => Code::HungUp,
            Signal::Interrupt => Code::Interrupted,
            Signal::Quit => Code::Quit,
            Signal::Terminate => Code::Terminated,
        }
    }

    /// How it ends a wait.
    pub(crate) const fn end(self) -> End {
        match self {
            Signal::HangUp => End::HungUp,
            Signal::Interrupt => End::Interrupted,
            Signal::Quit => End::Quit,
            Signal::Terminate => End::Terminated,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Signal::HangUp => "SIGHUP",
            Signal::Interrupt => "SIGINT",
            Signal::Quit => "SIGQUIT",
            Signal::Terminate => "SIGTERM",
        })
    }
}
