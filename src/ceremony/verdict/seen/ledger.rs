//! What belongs to the step that looks at a ledger that is there before.

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::{Seen, foreign};
use crate::ceremony::facts::{
    LEDGER_BEFORE, LEDGER_KEY, LEDGER_KEY_PRINT, MADE_TO_FIND, head_of_words, made_to_find,
};
use crate::ceremony::plan::Plan;
use crate::ceremony::verdict::VerdictFault;
use crate::certificate::subject::fingerprint;

impl Seen {
    /// The ledger has the name of the plan and is no shorter, and the CAs have the plan's keys. That it
    /// goes on from the plan's head is checked by the ledger itself.
    pub(super) fn ledger_before(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        let Some(planned) = &plan.ledger else {
            return Err(foreign(line, "a ledger"));
        };
        let (at, words) = self.fact(line, LEDGER_BEFORE)?;
        let goes_on = |head: crate::ledger::checkpoint::Checkpoint| {
            head.origin == planned.head.origin && head.size >= planned.head.size
        };
        if !head_of_words(words).is_some_and(goes_on) {
            let (line, name) = (*at, LEDGER_BEFORE.to_owned());
            return Err(VerdictFault::Fact { line, name });
        }
        if let Some(made) = made_to_find(plan) {
            self.is(line, MADE_TO_FIND, &made)?;
        }
        for ca in &planned.cas {
            let name = format!("public key {}", ca.name);
            let print = format!("fingerprint {}", ca.name);
            self.public_key(line, &name, &print)?;
            self.is(line, &print, &ca.fingerprint.to_string())?;
        }
        self.public_key(line, LEDGER_KEY, LEDGER_KEY_PRINT)
            .map(drop)
    }

    /// A public key, and the fingerprint that was shown of it.
    pub(super) fn public_key(
        &self,
        line: u64,
        name: &str,
        print: &str,
    ) -> Result<KeyData, VerdictFault> {
        let (at, text) = self.fact(line, name)?;
        let key = text.parse::<PublicKey>();
        let key = key.map_err(|_form| VerdictFault::Fact {
            line: *at,
            name: name.to_owned(),
        })?;
        // There is one spelling, with the name of the key behind it.
        let comment = match name.strip_prefix("public key ") {
            Some(ca) if name != LEDGER_KEY => ca,
            _ => "ledger key",
        };
        let spelt = PublicKey::new(key.key_data().clone(), comment).to_openssh();
        if !spelt.is_ok_and(|spelt| spelt.trim_end() == text) {
            let (line, name) = (*at, name.to_owned());
            return Err(VerdictFault::Fact { line, name });
        }
        self.is(line, print, &fingerprint(key.key_data()))?;
        Ok(key.key_data().clone())
    }
}
