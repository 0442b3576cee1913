//! What the ledger said of sessions, for as long as it would say the same: so that who asks in a session waits
//! for no write to it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::sessions::TokenHash;
use crate::ledger::{Counts, people_changes};

/// What was found, since something last changed that it hangs on.
#[derive(Default)]
pub(super) struct Looks(Mutex<Found>);

#[derive(Default)]
struct Found {
    changes: u64,
    of: HashMap<TokenHash, Look>,
}

/// What the ledger says of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// From when until when its login counts.
    pub(super) counts: Counts,
    /// To which name the person is bound whom a provider or directory named, if any did.
    pub(super) bound: Option<String>,
}

impl Looks {
    /// What the ledger says of a session whose login counts: found before, or by `look`.
    ///
    /// # Errors
    /// What `look` says; that is not kept.
    pub(super) fn of<E>(
        &self,
        session: &TokenHash,
        now: u64,
        look: impl FnOnce() -> Result<Look, E>,
    ) -> Result<Look, E> {
        // Before the look: what changes beside it makes the next one look again.
        let changes = people_changes();
        let known = self.known(session, changes);
        if let Some(known) = known.filter(|known| now < known.counts.until) {
            return Ok(known);
        }
        let found = look()?;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.changes == changes {
            // Sessions end in many ways; those that still ask are looked up again.
            if all.of.len() >= MOST {
                all.of.clear();
            }
            all.of.insert(*session, found.clone());
        }
        Ok(found)
    }

    fn known(&self, session: &TokenHash, changes: u64) -> Option<Look> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.changes < changes {
            all.changes = changes;
            all.of.clear();
        }
        let is_of_now = all.changes == changes;
        all.of.get(session).filter(|_| is_of_now).cloned()
    }
}

/// So many sessions are known at a time.
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn look(until: u64) -> Look {
        let counts = Counts { since: 1, until };
        let bound = Some("peter".to_owned());
        Look { counts, bound }
    }

    /// Other tests of this process change people of ledgers of their own, after which a look is made again.
    fn within_one_change(check: impl Fn() -> bool) {
        let held = (0..1000).any(|_| {
            let before = people_changes();
            let held = check();
            assert!(held || before != people_changes());
            held
        });
        assert!(held);
    }

    #[test]
    fn a_session_is_looked_up_once_and_again_when_its_login_is_over() {
        within_one_change(|| {
            let looks = Looks::default();
            let first = looks.of(&[1; 32], 5, || Ok::<_, ()>(look(10)));
            let known = looks.of(&[1; 32], 9, || Err(()));
            let other = looks.of(&[2; 32], 9, || Err(()));
            let over = looks.of(&[1; 32], 10, || Err(()));
            (first, known, other, over) == (Ok(look(10)), Ok(look(10)), Err(()), Err(()))
        });
    }

    #[test]
    fn what_was_looked_up_beside_a_change_is_not_known() {
        let looks = Looks::default();
        let beside = looks.of(&[1; 32], 5, || {
            drop(crate::ledger::for_tests::ledger(Box::new(|_| Ok(()))));
            Ok::<_, ()>(look(10))
        });
        assert_eq!(beside, Ok(look(10)));
        assert_eq!(looks.of(&[1; 32], 5, || Err(())), Err(()));
    }

    #[test]
    fn many_sessions_take_no_more_room_than_some() {
        let looks = Looks::default();
        for number in 0..u32::try_from(2 * MOST).unwrap() {
            let mut session = TokenHash::default();
            session[..4].copy_from_slice(&number.to_be_bytes());
            looks.of(&session, 5, || Ok::<_, ()>(look(10))).unwrap();
        }
        assert!(looks.0.lock().unwrap().of.len() <= MOST);
    }
}
