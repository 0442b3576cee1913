//! The entry by which a ledger key delegates the signing of lists.

use crate::krl::{Delegation, DelegationStatement};

/// A ledger key lets another key sign lists until a time: that of a mirror, which servers don't know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListsDelegated {
    /// Which delegation of this ledger it is, from 1.
    pub number: u64,
    /// The last second, in Unix time, in which a list by the key is taken.
    pub until: u64,
    /// The public key blob of the key that signs lists.
    pub key: Vec<u8>,
    /// The public key blob of the ledger key that delegates.
    pub by: Vec<u8>,
    /// SSHSIG by that ledger key over the statement of the delegation.
    pub word: Vec<u8>,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

impl ListsDelegated {
    /// The delegation in the ledger of this name; none where the ledger key did not sign it.
    #[must_use]
    pub fn in_ledger(&self, ledger: &str) -> Option<Delegation> {
        let statement = DelegationStatement {
            ledger: ledger.to_owned(),
            number: self.number,
            until: self.until,
            key: self.key.clone(),
        };
        Delegation::new(statement, self.by.clone(), self.word.clone())
    }

    /// Why it can't follow so many delegations at this time, as far as that is seen in it.
    pub(in crate::ledger) fn follows(
        &self,
        before: u64,
        time: u64,
        ledger: &str,
    ) -> Result<(), &'static str> {
        if Some(self.number) != before.checked_add(1) {
            return Err("its number is not that of the next one");
        }
        if self.until <= time {
            return Err("it is over before it begins");
        }
        if self.in_ledger(ledger).is_none() {
            return Err("it is not signed by the key that it names");
        }
        Ok(())
    }
}

wire!(ListsDelegated: number, until, key, by, word, keyboard);
