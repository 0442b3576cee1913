//! Outputs that follow from keys and ledger are made again: a hash that a transcript has of a file says
//! nothing of what is in it.

use sha2::{Digest, Sha256};

use super::Outputs;
use crate::ceremony::plan::{Kind, Plan};
use crate::ceremony::public_files::{LIST_FILE, public_files};
use crate::ceremony::steps::{Act, steps};
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::{Account, VerdictFault};
use crate::krl::{Krl, has_all};
use crate::ledger::Ledger;
use crate::revocation::{Prune, krl};
use crate::wire::hex;

/// Each file for servers and clients is what plan and keys come to, byte for byte. Its hash was held against
/// the transcript's by now.
pub(super) fn are_of_the_keys(
    plan: &Plan,
    transcript: &Transcript,
    account: &Account,
) -> Result<(), VerdictFault> {
    if !steps(plan).iter().any(|step| step.act == Act::Lines) {
        return Ok(());
    }
    let files = public_files(plan, transcript);
    let files = files.map_err(|error| VerdictFault::Ledger(error.to_string()))?;
    for (name, text) in files {
        let sha256 = hex(&Sha256::digest(text.as_bytes()));
        let written = account.files.iter().find(|(file, _)| *file == name);
        if written.is_none_or(|(_, found)| *found != sha256) {
            return Err(VerdictFault::NotOfKeys(name));
        }
    }
    Ok(())
}

impl Outputs<'_> {
    /// The first list revokes what the ledger has revoked, which is nothing where the ceremony made the
    /// ledger.
    pub(super) fn list_is_of(
        &self,
        ledger: &Ledger,
        plan: &Plan,
        account: &Account,
    ) -> Result<(), VerdictFault> {
        if plan.kind() != Kind::Create {
            return Ok(());
        }
        let bytes = self.read(LIST_FILE)?;
        let other = || VerdictFault::OtherList;
        let list = Krl::from_bytes(&bytes).map_err(|_form| other())?;
        let own = krl(
            ledger,
            &ledger.cas()?,
            list.header().clone(),
            Prune::Nothing,
        );
        let own = own.map_err(|_ledger| other())?;
        // What others revoked since it was made, and the transcript names, isn't in it.
        let is_before_others = !account.foreign_entries.is_empty() && has_all(&list, &own).is_ok();
        if is_before_others || own.to_bytes().is_ok_and(|own| own == bytes) {
            return Ok(());
        }
        Err(other())
    }
}
