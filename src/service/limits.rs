//! How often somebody may ask: by session where there is one, else by household.
//!
//! A session that is proved pays from its own bucket, so that an office behind one address shares none. All
//! else, wrong tokens and proofs among it, pays from that of its household: guessing is no way around it. Behind a proxy that
//! doesn't say who asked, all would be one household, and nobody is counted.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use axum::http::header;

use super::Service;
use super::asked::Asked;
use super::authenticate::InSession;
use super::buckets::Buckets;
use super::peer::network;
use super::problem::{ProblemKind, Refused};
use super::sessions::TokenHash;
use crate::config::ServeTls;

/// The buckets of all.
#[derive(Default)]
pub(super) struct Limits {
    households: Mutex<Buckets<IpAddr>>,
    sessions: Mutex<Buckets<TokenHash>>,
}

impl Service {
    /// The session that a request is in, which pays for it.
    ///
    /// # Errors
    /// [`Refused`].
    pub(super) fn session_of(&self, asked: &Asked) -> Result<InSession, Refused> {
        match self.session_shown(asked) {
            Ok(by) => {
                let mut all = self
                    .limits
                    .sessions
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                let taken = all.take(by.hash, self.serve.limits.session, Instant::now());
                taken.map(|()| by).map_err(too_many)
            }
            Err(refused) => {
                if asked.has(header::AUTHORIZATION.as_str()) {
                    self.pays(asked.peer)?;
                }
                Err(refused)
            }
        }
    }

    /// The household of this address pays for a request.
    ///
    /// # Errors
    /// [`Refused`].
    pub(super) fn pays(&self, peer: IpAddr) -> Result<(), Refused> {
        if matches!(self.serve.tls, ServeTls::Proxy { header: None, .. }) {
            return Ok(());
        }
        let mut all = self
            .limits
            .households
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let taken = all.take(network(peer), self.serve.limits.address, Instant::now());
        taken.map_err(too_many)
    }
}

fn too_many(seconds: u64) -> Refused {
    let detail = "so much was asked from here of late that nothing more is answered for a while";
    Refused::new(ProblemKind::TooMany, detail).retry_after(seconds)
}
