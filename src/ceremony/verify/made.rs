//! Outputs that follow from keys and ledger are made again: a hash that a transcript has of a file says
//! nothing of what is in it.

use sha2::{Digest, Sha256};

use crate::ceremony::plan::Plan;
use crate::ceremony::public_files::public_files;
use crate::ceremony::steps::{Act, steps};
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::{Account, VerdictFault};
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
