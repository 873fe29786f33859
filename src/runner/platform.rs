//! The platform that a command talks to, or the simulator in its place.

use crate::api::client::Client;
use crate::simulate::Simulator;

/// The platform or its simulator.
pub(crate) struct Platform {
    pub(crate) client: Client,
    pub(crate) dashboard: Option<String>,
    /// Serves while this lives.
    #[expect(dead_code, reason = "dropping it ends the simulator")]
    pub(crate) simulator: Option<Simulator>,
}
