//! The nonces that proofs bear, and which proofs came before.
//!
//! A nonce is a window of time and a MAC over it, by a key that each start of the server makes
//! anew. So nothing has to be kept of those that were given out, no clock of a client matters, and
//! an old proof is over after two windows, or with the server. Within that time its id counts once.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::login::dpop::Proof;

/// Nonces of one run of the server.
pub(super) struct Nonces {
    key: [u8; 32],
    /// Marks of proofs by the window of their nonce.
    seen: Mutex<HashMap<u64, HashSet<Mark>>>,
}

/// What a proof is known by again: of a hash by our own key, so that nobody can make two that are alike. One in
/// 2^64 that is taken for another all the same is made anew by its client.
type Mark = [u8; 8];

/// Why a proof that is right is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// It came before.
    Again,
    /// So many came that no more can be remembered for a moment.
    Full,
}

impl Nonces {
    /// Nonces by a new key.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self {
            key,
            seen: Mutex::default(),
        })
    }

    /// The nonce of now, in Unix seconds.
    pub(super) fn current(&self, now: u64) -> String {
        self.of(now / WINDOW)
    }

    /// Whether a nonce is of this server, and of this window or the one before.
    pub(super) fn is_fresh(&self, nonce: &str, now: u64) -> bool {
        self.window(nonce, now).is_some()
    }

    /// Takes a proof whose nonce is fresh, once.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub(super) fn take(&self, proof: &Proof, now: u64) -> Result<(), NotTaken> {
        let id = Sha256::new_with_prefix(self.key)
            .chain_update(proof.key().as_bytes())
            .chain_update(proof.id())
            .finalize();
        let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = id.into();
        self.take_mark(proof.nonce(), [a, b, c, d, e, f, g, h], now)
    }

    fn take_mark(&self, nonce: &str, mark: Mark, now: u64) -> Result<(), NotTaken> {
        let window = self.window(nonce, now).ok_or(NotTaken::Again)?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|known, _| known + 1 >= now / WINDOW);
        let ids = seen.entry(window).or_default();
        if ids.len() >= MOST {
            return Err(NotTaken::Full);
        }
        ids.insert(mark).then_some(()).ok_or(NotTaken::Again)
    }

    fn window(&self, nonce: &str, now: u64) -> Option<u64> {
        let current = now / WINDOW;
        let windows = [current, current.saturating_sub(1)];
        windows.into_iter().find(|window| {
            let expected = self.of(*window);
            subtle::ConstantTimeEq::ct_eq(expected.as_bytes(), nonce.as_bytes()).into()
        })
    }

    fn of(&self, window: u64) -> String {
        // A MAC of SHA-256 takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            return String::new();
        };
        mac.update(&window.to_be_bytes());
        Base64UrlUnpadded::encode_string(&mac.finalize().into_bytes())
    }
}

/// How long a window is, in seconds. A nonce lives for one to two.
const WINDOW: u64 = 30;
/// So many proofs of a window are remembered, which is 9 MiB.
const MOST: usize = 500_000;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_400_040;

    #[test]
    fn a_nonce_is_fresh_for_two_windows_and_with_its_own_server_alone() {
        let (ours, others) = (Nonces::new().unwrap(), Nonces::new().unwrap());
        let nonce = ours.current(NOW);
        assert!(ours.is_fresh(&nonce, NOW));
        assert!(ours.is_fresh(&nonce, NOW + WINDOW));
        assert!(!ours.is_fresh(&nonce, NOW + 2 * WINDOW));
        assert!(!ours.is_fresh(&nonce, NOW - 2 * WINDOW));
        assert!(!others.is_fresh(&nonce, NOW));
        assert!(!ours.is_fresh("", NOW));
    }

    #[test]
    fn an_id_comes_once_within_the_life_of_its_nonce() {
        let nonces = Nonces::new().unwrap();
        let nonce = nonces.current(NOW);
        nonces.take_mark(&nonce, [1; 8], NOW).unwrap();
        nonces.take_mark(&nonce, [2; 8], NOW).unwrap();
        let later = NOW + WINDOW;
        assert_eq!(
            nonces.take_mark(&nonce, [1; 8], later),
            Err(NotTaken::Again)
        );
        let next = nonces.current(later);
        nonces.take_mark(&next, [1; 8], later).unwrap();
        assert_eq!(nonces.seen.lock().unwrap().len(), 2);
        let last = nonces.current(later + WINDOW);
        nonces.take_mark(&last, [1; 8], later + WINDOW).unwrap();
        assert_eq!(nonces.seen.lock().unwrap().len(), 2);
    }
}
