//! The secrets that this process has come to know. One list for all that it prints and writes: a
//! secret may come back in any text.

use std::sync::{PoisonError, RwLock};

use crate::api::options::ProxyVariables;
use crate::context::Context;
use crate::redact::{Redactor, Secrets};
use crate::suite::model::Suite;

static KNOWN: RwLock<Secrets> = RwLock::new(Secrets::NONE);

/// Keeps a secret out of all that follows.
pub(crate) fn keep(add: impl FnOnce(&mut Secrets)) {
    add(&mut KNOWN.write().unwrap_or_else(PoisonError::into_inner));
}

/// Keeps out what the environment holds for the gate itself: keys, and the passwords of proxies.
pub(crate) fn of_environment(context: &Context) {
    let proxies = ProxyVariables::read(|name| context.var(name));
    keep(|secrets| {
        ["CEKURA_API_KEY", "GITHUB_TOKEN"]
            .into_iter()
            .filter_map(|name| context.var(name))
            .for_each(|key| secrets.add(key));
        let proxies = [proxies.https, proxies.http, proxies.all];
        proxies.into_iter().flatten().for_each(|address| secrets.add_address(&address));
    });
}

/// Keeps out what the headers and the address of a suite carry.
pub(crate) fn of_suite(suite: &Suite) {
    of_rooms(suite);
    let legs = suite.together.iter().flatten().filter_map(|leg| leg.websocket.as_ref());
    for websocket in suite.websocket.iter().chain(legs) {
        let addresses = websocket.urls.iter().flatten().map(|(_, address)| address);
        keep(|secrets| {
            for (name, value) in websocket.headers.iter().flatten() {
                secrets.add_header(name, value);
            }
            websocket.url.iter().chain(addresses).for_each(|one| secrets.add_address(one));
        });
    }
}

/// Keeps out the tokens of rooms.
fn of_rooms(suite: &Suite) {
    let legs = suite.together.iter().flatten().filter_map(|leg| leg.pipecat.as_ref());
    for pipecat in suite.pipecat.iter().chain(legs) {
        let each = pipecat.rooms.iter().flatten().map(|(_, room)| room);
        for room in pipecat.room.iter().chain(each) {
            keep(|secrets| {
                room.token.iter().for_each(|token| secrets.add(token));
                secrets.add_address(&room.url);
            });
        }
    }
}

/// The text without what is known to be secret.
pub(crate) fn hide(text: &str) -> String {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).text(text).into_owned()
}

/// What a suite wants nobody to read, and what nobody may read anyway.
pub(crate) fn redactor(suite: Option<&Suite>) -> Redactor {
    let own = suite.map(|suite| Redactor::new(suite.redactions())).unwrap_or_default();
    own.with(KNOWN.read().unwrap_or_else(PoisonError::into_inner).clone())
}
