//! What is left on the account, and which telephone numbers are occupied.

use serde_json::json;

use super::super::world::World;
use super::{Call, Reply};
use crate::simulate::state::Account;

/// Answers how many credits are left.
pub(super) fn info(account: &Account) -> Reply {
    match account.credits() {
        Some(left) => Reply::ok(&json!({
            "credits_remaining": format!("{left:.2}"),
            "subscription_status": "active",
        })),
        None => Reply::detail(403, "Project-scoped API keys are not allowed."),
    }
}

/// Refuses a start that costs more than what is left.
pub(super) fn too_low() -> Reply {
    Reply::detail(402, "Insufficient balance.")
}

/// Answers whether a telephone number is occupied.
pub(super) fn occupancy(world: &World, call: &Call) -> Reply {
    let Some(number) = call.query("phone_number") else {
        return Reply::detail(400, "phone_number is required.");
    };
    if world.occupied_numbers.iter().any(|occupied| occupied == number) {
        return Reply::ok(&json!({
            "phone_number": number,
            "is_occupied": true,
            "message": "Phone number is currently occupied by another run",
            "pending_runs_count": 1,
        }));
    }
    Reply::ok(&json!({
        "phone_number": number,
        "is_occupied": false,
        "message": "Phone number is available",
    }))
}
