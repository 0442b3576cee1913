//! Delegations of the signing of lists: each the next, signed, and of keys that sign lists.

use super::Replay;
use super::fault::Fault;
use crate::ledger::checkpoint::origin;
use crate::ledger::entry::{LISTS, ListsDelegated};

impl Replay {
    pub(super) fn delegated(&mut self, time: u64, delegated: &ListsDelegated) {
        let found = &mut self.found;
        for key in [&delegated.key, &delegated.by] {
            self.keys.signs(found, &self.subjects, key, LISTS);
        }
        let before = self.delegations;
        self.delegations = before.max(delegated.number);
        let Some(origin) = self.tree.first().map(origin) else {
            found.broken(Fault::Delegation("the ledger has no name yet"));
            return;
        };
        if let Err(why) = delegated.follows(before, time, &origin) {
            found.broken(Fault::Delegation(why));
        }
    }
}
