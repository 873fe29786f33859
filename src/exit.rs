//! The exit codes: one enum, the only place that knows their numbers.
//!
//! The table in `docs/exit-codes.md` and the README is held equal to [`Code::ALL`] by a test.

use std::process::ExitCode;

/// What happened, as a process exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// Every gating check passed.
    Passed,
    /// A gating check failed.
    Failed,
    /// Usage, an invalid suite file, or a plan over budget. Nothing was started.
    Usage,
    /// Not enough evidence to say.
    Inconclusive,
    /// The result did not finish within `timeout`.
    TimedOut,
    /// The API refused or could not be reached.
    Api,
    /// A report could not be written.
    Report,
    /// A fault of this program.
    Internal,
    /// Stopped by SIGHUP: the terminal or the connection behind it has gone.
    HungUp,
    /// Stopped by SIGINT.
    Interrupted,
    /// Stopped by SIGQUIT.
    Quit,
    /// Stopped by SIGTERM.
    Terminated,
}

impl Code {
    /// Every code, in ascending order of its number.
    pub const ALL: [Code; 12] = [
        Code::Passed,
        Code::Failed,
        Code::Usage,
        Code::Inconclusive,
        Code::TimedOut,
        Code::Api,
        Code::Report,
        Code::Internal,
        Code::HungUp,
        Code::Interrupted,
        Code::Quit,
        Code::Terminated,
    ];

    /// The codes of several gates, the best first: the code of the whole is the last of them that
    /// any gate has. A pipeline that softens one of the uncertain codes softens no failure by it.
    const BY_SEVERITY: [Code; 12] = [
        Code::Passed,
        Code::Inconclusive,
        Code::TimedOut,
        Code::Api,
        Code::Report,
        Code::Failed,
        Code::Usage,
        Code::Internal,
        Code::HungUp,
        Code::Interrupted,
        Code::Quit,
        Code::Terminated,
    ];

    /// The code of a number, as a report holds it.
    pub fn of_number(number: u8) -> Option<Code> {
        Self::ALL.into_iter().find(|code| code.number() == number)
    }

    /// How bad a code is among those of several gates; 0 is a pass.
    pub fn severity(self) -> usize {
        Self::BY_SEVERITY.iter().position(|code| *code == self).unwrap_or(usize::MAX)
    }

    /// The code of several gates together. Without any, nothing is known.
    pub fn worst(codes: impl IntoIterator<Item = Code>) -> Code {
        codes.into_iter().max_by_key(|code| code.severity()).unwrap_or(Code::Inconclusive)
    }

    /// Whether it tells what a result showed: not that the gate could not do its work.
    pub const fn is_of_a_verdict(self) -> bool {
        matches!(self, Code::Passed | Code::Failed | Code::Inconclusive | Code::TimedOut)
    }

    /// Whether a signal stopped the gate.
    pub const fn is_signal(self) -> bool {
        matches!(self, Code::HungUp | Code::Interrupted | Code::Quit | Code::Terminated)
    }

    /// The number that the process exits with.
    pub const fn number(self) -> u8 {
        match self {
            Code::Passed => 0,
            Code::Failed => 1,
            Code::Usage => 2,
            Code::Inconclusive => 3,
            Code::TimedOut => 4,
            Code::Api => 5,
            Code::Report => 6,
            Code::Internal => 70,
            Code::HungUp => 129,
            Code::Interrupted => 130,
            Code::Quit => 131,
            Code::Terminated => 143,
        }
    }

    /// The meaning, as the docs' table says it.
    pub const fn meaning(self) -> &'static str {
        match self {
            Code::Passed => "every gating check passed",
            Code::Failed => "a gating check failed",
            Code::Usage => "usage, an invalid suite file, or a plan over budget",
            Code::Inconclusive => "inconclusive: not enough evidence to say",
            Code::TimedOut => "the result did not finish within `timeout`",
            Code::Api => {
                "the API refused or could not be reached (credentials missing or wrong, 4xx, outage)"
            }
            Code::Report => "a report could not be written",
            Code::Internal => "internal error",
            Code::HungUp => "stopped by SIGHUP",
            Code::Interrupted => "stopped by SIGINT",
            Code::Quit => "stopped by SIGQUIT",
            Code::Terminated => "stopped by SIGTERM",
        }
    }

    /// Whether calls may have been paid for when the process ends with this code.
    pub const fn spent_money(self) -> &'static str {
        match self {
            Code::Usage => "no",
            Code::Api => "as reported",
            Code::Internal => "–",
            Code::Passed
            | Code::Failed
            | Code::Inconclusive
            | Code::TimedOut
            | Code::Report
            | Code::HungUp
            | Code::Interrupted
            | Code::Quit
            | Code::Terminated => "yes",
        }
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        ExitCode::from(code.number())
    }
}

/// The Markdown table of the codes, as it stands in the docs.
pub fn markdown_table() -> String {
    let mut table = String::from("| code | meaning | spent money? |\n|---|---|---|\n");
    for code in Code::ALL {
        table.push_str(&format!(
            "| {} | {} | {} |\n",
            code.number(),
            code.meaning(),
            code.spent_money()
        ));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_hidden_by_no_uncertainty_and_a_pass_hides_nothing() {
        let worst = |codes: &[Code]| Code::worst(codes.iter().copied());
        assert_eq!(worst(&[Code::Passed, Code::Passed]), Code::Passed);
        for uncertain in [Code::Inconclusive, Code::TimedOut, Code::Api, Code::Report] {
            assert_eq!(worst(&[Code::Passed, uncertain]), uncertain);
            assert_eq!(worst(&[Code::Failed, uncertain]), Code::Failed);
        }
        assert_eq!(worst(&[Code::Failed, Code::Interrupted]), Code::Interrupted);
        assert_eq!(worst(&[]), Code::Inconclusive);
        let mut severities: Vec<usize> = Code::ALL.iter().map(|code| code.severity()).collect();
        severities.sort_unstable();
        assert_eq!(severities, (0..Code::ALL.len()).collect::<Vec<_>>());
    }

    #[test]
    fn codes_are_listed_in_ascending_order_without_a_gap() {
        let numbers: Vec<u8> = Code::ALL.iter().map(|code| code.number()).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 70, 129, 130, 131, 143]);
    }
}
