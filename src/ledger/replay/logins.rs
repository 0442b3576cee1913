//! Logins to servers, by which reservations go.

use std::collections::HashMap;

use crate::ledger::entry::LoginSeen;

/// Logins so far, by the positions of their entries.
#[derive(Debug, Default)]
pub(super) struct Logins(HashMap<u64, LoginSeen>);

impl Logins {
    pub(super) fn seen(&mut self, position: u64, seen: LoginSeen) {
        // Of a login, the audit needs what can still be wrong with a reservation.
        let kept = LoginSeen {
            name: seen.name,
            key: seen.key,
            until: seen.until,
            ..LoginSeen::default()
        };
        self.0.insert(position, kept);
    }

    /// The login at a position, if it is one of this requester.
    pub(super) fn of(&self, position: u64, requester: &str) -> Option<&LoginSeen> {
        self.0
            .get(&position)
            .filter(|login| login.name == requester)
    }
}
