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
    },
    /// No answer came, however often it was asked for.
    #[error("{request} got no answer: {reason}; check the network, the proxy and --api-url")]
    Unreachable {
        /// Method and path.
        request: String,
        /// The last reason.
        reason: String,
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
    /// The answer to a start was lost, and no result of that name was found.
    #[error(
        "{request}: the answer was lost ({reason}) and no result named `{name}` was found; it was not \
         started again, because it may be running: look for it on the dashboard, then `watch` it or run again"
    )]
    StartLost {
        /// Method and path.
        request: String,
        /// Why the answer was lost.
        reason: String,
        /// The name that the result would carry.
        name: String,
    },
    /// The client could not be set up.
    #[error("the HTTP client could not be set up: {0}")]
    Setup(String),
}

fn hint(status: u16) -> &'static str {
    match status {
        401 | 403 => {
            "; check the API key (CEKURA_API_KEY, --api-key-file or ~/.cekura/config.toml)"
        }
        404 => "; check the id, and that the key belongs to its project",
        429 => "; the account's rate limit is used up: wait, or lower the frequency",
        500..=599 => "; the platform is in trouble: try again later",
        _ => "",
    }
}
