//! Logins that began: each id counts once, for five minutes.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use base64ct::{Base64UrlUnpadded, Encoding as _};

use super::peer::network;
use crate::config::LoginMethod;

/// Those that nobody answered yet.
#[derive(Default)]
pub(super) struct Logins(Mutex<HashMap<String, Begun>>);

/// A login that began.
#[derive(Clone, Debug)]
pub(super) struct Begun {
    /// By which method.
    pub(super) method: LoginMethod,
    /// What is to be signed.
    pub(super) challenge: [u8; 32],
    /// The first second in which it is over, in Unix seconds.
    pub(super) expires: u64,
    network: IpAddr,
}

/// Why a login can't begin.
#[derive(Debug)]
pub(super) enum NotBegun {
    /// So many began that nobody answered.
    TooMany,
    /// The system has no random numbers.
    Random(getrandom::Error),
}

impl Logins {
    /// Begins one, and returns its id.
    ///
    /// # Errors
    /// [`NotBegun`].
    pub(super) fn begin(
        &self,
        method: &LoginMethod,
        peer: IpAddr,
        now: u64,
    ) -> Result<(String, Begun), NotBegun> {
        let (mut id, mut challenge) = ([0; 16], [0; 32]);
        getrandom::fill(&mut id).map_err(NotBegun::Random)?;
        getrandom::fill(&mut challenge).map_err(NotBegun::Random)?;
        let id = Base64UrlUnpadded::encode_string(&id);
        let begun = Begun {
            method: method.clone(),
            challenge,
            expires: now.saturating_add(LIFE),
            network: network(peer),
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, begun| begun.expires > now);
        let of_peer = all.values().filter(|one| one.network == begun.network);
        if all.len() >= MOST || of_peer.count() >= MOST_OF_ONE {
            return Err(NotBegun::TooMany);
        }
        all.insert(id.clone(), begun.clone());
        Ok((id, begun))
    }

    /// Takes one, so that nobody can answer it again.
    pub(super) fn take(&self, id: &str, now: u64) -> Option<Begun> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(id).filter(|begun| begun.expires > now)
    }
}

/// In seconds.
const LIFE: u64 = 5 * 60;
const MOST: usize = 16_384;
/// A whole office may share an address.
const MOST_OF_ONE: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_400_000;

    fn begin(logins: &Logins, peer: &str, now: u64) -> Result<String, NotBegun> {
        let method = LoginMethod {
            name: "keys".parse().unwrap(),
            kind: crate::login::LoginKind::Key,
            provider: None,
            platform: None,
            directory: None,
            certificates: None,
        };
        let begun = logins.begin(&method, peer.parse().unwrap(), now);
        begun.map(|(id, _)| id)
    }

    #[test]
    fn an_id_counts_once_and_for_five_minutes() {
        let logins = Logins::default();
        let id = begin(&logins, "192.0.2.1", NOW).unwrap();
        assert!(logins.take(&id, NOW + LIFE - 1).is_some());
        assert!(logins.take(&id, NOW).is_none());
        let late = begin(&logins, "192.0.2.1", NOW).unwrap();
        assert!(logins.take(&late, NOW + LIFE).is_none());
        assert!(logins.take("none", NOW).is_none());
    }

    #[test]
    fn one_network_takes_not_the_places_of_all() {
        let logins = Logins::default();
        for host in 0..MOST_OF_ONE {
            begin(&logins, &format!("2001:db8::{host:x}"), NOW).unwrap();
        }
        let one_more = begin(&logins, "2001:db8::ffff", NOW);
        assert!(matches!(one_more, Err(NotBegun::TooMany)));
        begin(&logins, "2001:db8:0:1::1", NOW).unwrap();
        begin(&logins, "2001:db8::ffff", NOW + LIFE).unwrap();
    }
}
