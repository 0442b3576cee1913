//! Logouts at identity providers: which were told before, and that none falls between a login and its session.
//!
//! A login holds [`Logouts::login`] from before it is taken until its session is there; a logout waits for those, and
//! they for it. So what a logout ends is in one of two places: among the logins that wait, or among the sessions.
//!
//! Ids that came are remembered for as long as their tokens count, which is minutes. A start of the server
//! forgets them: an old token again would end sessions, and open none.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use sha2::{Digest as _, Sha256};

use crate::login::oidc::LogoutToken;

/// What was told, and who waits.
#[derive(Default)]
pub(super) struct Logouts(RwLock<Seen>);

/// The ids of tokens, each hashed with its method, and when it counts no more.
#[derive(Default)]
pub(super) struct Seen(HashMap<[u8; 32], u64>);

/// Why a logout that is right is not done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotDone<E> {
    /// It was done before.
    Again,
    /// So many came that no more can be told apart.
    Full,
    /// It could not be done; the same token may come again.
    Failed(E),
}

impl Logouts {
    /// Keeps logouts away until it is dropped.
    pub(super) fn login(&self) -> RwLockReadGuard<'_, Seen> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what a token says, once, while nobody logs in.
    ///
    /// # Errors
    /// [`NotDone`].
    pub(super) fn once<T, E>(
        &self,
        (method, token): (&str, &LogoutToken),
        now: u64,
        done: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, NotDone<E>> {
        let id = Sha256::new_with_prefix(method)
            .chain_update([0])
            .chain_update(token.id());
        self.once_of((id.finalize().into(), token.counts_until()), now, done)
    }

    fn once_of<T, E>(
        &self,
        (id, until): ([u8; 32], u64),
        now: u64,
        done: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, NotDone<E>> {
        let mut seen = self.0.write().unwrap_or_else(PoisonError::into_inner);
        seen.0.retain(|_, until| *until > now);
        if seen.0.contains_key(&id) {
            return Err(NotDone::Again);
        }
        if seen.0.len() >= MOST {
            return Err(NotDone::Full);
        }
        let done = done().map_err(NotDone::Failed)?;
        seen.0.insert(id, until);
        Ok(done)
    }
}

/// More than a provider tells in ten minutes.
const MOST: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_400_000;

    fn done() -> Result<u8, ()> {
        Ok(7)
    }

    #[test]
    fn an_id_counts_once_unless_nothing_could_be_done() {
        let logouts = Logouts::default();
        let once = |id: u8, now, what: fn() -> Result<u8, ()>| {
            logouts.once_of(([id; 32], NOW + 60), now, what)
        };
        assert_eq!(once(1, NOW, || Err(())), Err(NotDone::Failed(())));
        assert_eq!(once(1, NOW, done), Ok(7));
        assert_eq!(once(1, NOW + 59, done), Err(NotDone::Again));
        assert_eq!(once(2, NOW + 59, done), Ok(7));
        // Its token counts no more.
        assert_eq!(once(1, NOW + 60, done), Ok(7));
    }

    #[test]
    fn so_many_are_told_apart_and_no_more() {
        let logouts = Logouts::default();
        let id = |number: usize| {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&number.to_be_bytes());
            id
        };
        let full = (0..MOST).map(|number| (id(number), NOW + 60)).collect();
        logouts.0.write().unwrap().0 = full;
        let one_more = |now| logouts.once_of((id(MOST), NOW + 60), now, done);
        assert_eq!(one_more(NOW), Err(NotDone::Full));
        assert_eq!(one_more(NOW + 60), Ok(7));
    }

    #[test]
    fn a_logout_waits_for_a_login_that_is_under_way() {
        let logouts = Logouts::default();
        let order = std::sync::Mutex::new(Vec::new());
        let login = logouts.login();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                logouts.once_of(([1; 32], NOW + 60), NOW, || {
                    order.lock().unwrap().push("logout");
                    done()
                })
            });
            std::thread::sleep(std::time::Duration::from_millis(50));
            order.lock().unwrap().push("login");
            drop(login);
        });
        assert_eq!(order.into_inner().unwrap(), ["login", "logout"]);
    }
}
