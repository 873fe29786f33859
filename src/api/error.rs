//! What can go wrong between the gate and the platform, in words that say what to do.

use super::wire::WireError;

/// A request that gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The platform answered and refused.
    #[error("{request} was refused with status {status}: {detail}{}", hint(*status))]
    Refused {
        /// Method and path.
        request: String,
        /// HTTP status.
        status: u16,
        /// The platform's words, flattened.
        detail: String,
        /// What it says field by field, where it does: `scenarios[0].name` and its message.
        fields: Vec<(String, String)>,
    },
    /// No answer came, however often it was asked for.
    #[error("{request} got no answer from {address}, {tried}: {reason}; {cause}")]
    Unreachable {
        /// Method and path.
        request: String,
        /// Scheme, host and port of what was asked.
        address: String,
        /// How often and for how long it was tried, in words.
        tried: String,
        /// The last reason.
        reason: String,
        /// What to look at.
        cause: Cause,
    },
    /// An answer came that cannot be read.
    #[error("the answer to {request} cannot be read: {source}")]
    Unreadable {
        /// Method and path.
        request: String,
        /// Where and why.
        source: WireError,
    },
    /// An answer came that is larger than any result.
    #[error("the answer to {request} is larger than {limit_mib} MiB; it was not read")]
    TooLarge {
        /// Method and path.
        request: String,
        /// The limit in MiB.
        limit_mib: u64,
    },
    /// The answer to a start was lost, and its result was not found.
    #[error(
        "{request}: {reason}, and so it is not known whether it started; {sought}. \
         It was not started again, because that could pay twice: look for it on the dashboard; if it is there, continue with `cekura-gate watch ID`, otherwise run again"
    )]
    StartLost {
        /// Method and path.
        request: String,
        /// What came in place of the answer.
        reason: String,
        /// How the result was looked for, and what came of it.
        sought: String,
    },
    /// The client could not be set up.
    #[error("the HTTP client could not be set up: {0}")]
    Setup(String),
}

impl ApiError {
    /// Whether asking again later may help.
    pub(super) const fn may_pass(&self) -> bool {
        match self {
            ApiError::Refused { status, .. } => matches!(*status, 408 | 425 | 429 | 500..=599),
            ApiError::Unreachable { cause, .. } => !matches!(cause, Cause::Untrusted),
            ApiError::Unreadable { .. } => true,
            ApiError::TooLarge { .. } | ApiError::StartLost { .. } | ApiError::Setup(_) => false,
        }
    }
}

/// What to look at when no answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The network, a proxy, or the platform.
    Network,
    /// The name of the host.
    UnknownHost,
    /// The host's certificate.
    Untrusted,
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Cause::Network => "check the network, the proxy (HTTPS_PROXY, NO_PROXY) and --api-url",
            Cause::UnknownHost => {
                "check --api-url and the name servers; where hosts are reached through a proxy, set \
                 HTTPS_PROXY"
            }
            Cause::Untrusted => {
                "the key was not sent; where a proxy or a private authority signs the certificate, pass \
                 the authority's own with --ca-file"
            }
        })
    }
}

fn hint(status: u16) -> &'static str {
    match status {
        300..=399 => {
            "; the key was not sent on: set --api-url to the address that answers, or sign in to the network"
        }
        401 | 403 => {
            "; check the API key (CEKURA_API_KEY, --api-key-file or ~/.cekura/config.toml)"
        }
        402 => "; the balance is too low: add credits to the account",
        404 => "; check the id, and that the key belongs to its project",
        407 => "; the proxy wants a name and a password: put them into HTTPS_PROXY",
        429 => "; the account's rate limit is used up: wait, or lower the frequency",
        500..=599 => "; the platform is not available: try again later",
        _ => "",
    }
}

/// The status that the platform refused with.
pub(crate) const fn status_of(error: &ApiError) -> Option<u16> {
    match error {
        ApiError::Refused { status, .. } => Some(*status),
        _ => None,
    }
}
