//! What of a revocation by a revoker counts nowhere: a mirror takes no such word, and neither does the ledger
//! out of a bundle.

use ssh_key::{Fingerprint, HashAlg, PublicKey};

use crate::certificate::Serial;
use crate::ledger::{Ca, Ledger, LedgerError, Revoked};

/// Why what a revoker revokes counts nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Beyond {
    /// A CA is ended by whoever has the ledger.
    #[error("that would end CA `{0}`, which is ended where the ledger is")]
    Ca(String),
    /// So is a key of the ledger.
    #[error("{0} is a key of the ledger, which is revoked where that is")]
    LedgerKey(Fingerprint),
    /// The bytes that it names are no key.
    #[error("what it revokes is no key")]
    NoKey,
    /// Its CA is none of the ledger.
    #[error("it is of a CA that is not known")]
    UnknownCa,
    /// The ledger does not hold so high a serial.
    #[error("serial {last} of {ca} is none that the ledger holds: {next} comes next")]
    Serial {
        /// The highest that it names.
        last: u64,
        /// The CA.
        ca: String,
        /// The serial that comes next.
        next: u64,
    },
}

/// What of it counts nowhere: the end of a CA or of a key of the ledger, which are ended where the ledger is,
/// serials that it does not hold, and what is no key. None where all of it counts.
///
/// # Errors
/// [`LedgerError`].
pub fn beyond(revoked: &Revoked, ledger: &Ledger) -> Result<Option<Beyond>, LedgerError> {
    for ca in ledger.cas()? {
        let hash = ca.public_key().fingerprint(HashAlg::Sha256).sha256();
        if revoked.key_hashes().any(|key| Some(key) == hash) {
            return Ok(Some(Beyond::Ca(ca.name().to_owned())));
        }
    }
    for key in revoked.key_hashes() {
        if ledger.ledger_key(&key)?.is_some() {
            return Ok(Some(Beyond::LedgerKey(Fingerprint::Sha256(key))));
        }
    }
    let is_no_key = |key: &Vec<u8>| PublicKey::from_bytes(key).is_err();
    if revoked.keys.iter().any(is_no_key) {
        return Ok(Some(Beyond::NoKey));
    }
    serials_beyond(revoked, ledger)
}

fn serials_beyond(revoked: &Revoked, ledger: &Ledger) -> Result<Option<Beyond>, LedgerError> {
    let cas = ledger.cas()?;
    let is_meant = |ca: &&Ca| revoked.ca.is_empty() || revoked.ca == ca.added().public_key;
    if !cas.iter().any(|ca| is_meant(&ca)) {
        return Ok(Some(Beyond::UnknownCa));
    }
    for ca in cas.iter().filter(is_meant) {
        let next = ledger.next_serial(ca)?.map_or(u64::MAX, Serial::number);
        if let Some((_, last)) = revoked.serials.iter().find(|(_, last)| *last >= next) {
            return Ok(Some(Beyond::Serial {
                last: *last,
                ca: ca.name().to_owned(),
                next,
            }));
        }
    }
    Ok(None)
}
