//! Which certificates a CA's ledger knows: for servers that take no others.

use std::collections::HashMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::ledger::{Ca, Ledger, LedgerError, Record, RevokedSet, State};
use crate::wire::RawCertificate;

/// The certificates of a CA that are issued, not expired and not revoked, by the SHA-256 of their
/// blob, cut to 16 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownCertificates {
    /// All of them.
    pub all: Vec<[u8; 16]>,
    /// Those that a role of emergencies or of the drawer gave.
    pub emergency: Vec<[u8; 16]>,
}

/// Reads them out of a ledger, at this Unix second. What is reserved and not issued yet is left out.
///
/// # Errors
/// [`LedgerError`].
pub fn known_certificates(
    ledger: &Ledger,
    ca: &Ca,
    now: u64,
) -> Result<KnownCertificates, LedgerError> {
    let revoked = RevokedSet::of(ledger)?;
    let mut known = KnownCertificates::default();
    let mut policies = Policies::default();
    let mut failed = Ok(());
    ledger.each_record(&mut |record| {
        if record.ca != ca.name() || revoked.revocation_of(&record).is_some() {
            return;
        }
        let Some(digest) = unexpired(&record, now) else {
            return;
        };
        known.all.push(digest);
        match policies.is_for_emergencies(ledger, &record) {
            Ok(true) => known.emergency.push(digest),
            Ok(false) => {}
            Err(error) => failed = Err(error),
        }
    })?;
    failed.map(|()| known)
}

/// The digest of an issued certificate that is valid now, or will be.
fn unexpired(record: &Record, now: u64) -> Option<[u8; 16]> {
    let State::Issued(blob) = &record.state else {
        return None;
    };
    let certificate = RawCertificate::from_blob(blob).ok()?;
    let digest: [u8; 32] = Sha256::digest(blob).into();
    let cut = digest.first_chunk().copied();
    cut.filter(|_| certificate.valid_before() > now)
}

/// The policies that decided, by their digests: whether each marks what it allows.
#[derive(Default)]
struct Policies(HashMap<[u8; 32], bool>);

impl Policies {
    /// The ledger holds the text of the policy from before the reservation: what a config says by
    /// now changes nothing.
    fn is_for_emergencies(
        &mut self,
        ledger: &Ledger,
        record: &Record,
    ) -> Result<bool, LedgerError> {
        let Some(grounds) = &record.reserved.grounds else {
            return Ok(false);
        };
        if let Some(known) = self.0.get(&grounds.policy) {
            return Ok(*known);
        }
        let text = ledger.policy_of(&grounds.policy)?.unwrap_or_default();
        // What was written by an older program than knew the marks has none.
        let marked = serde_json::from_str(&text).is_ok_and(|policy: Policy| {
            let Marks { emergency, drawer } = policy.table;
            emergency || drawer
        });
        self.0.insert(grounds.policy, marked);
        Ok(marked)
    }
}

#[derive(Deserialize)]
struct Policy {
    table: Marks,
}

#[derive(Deserialize)]
struct Marks {
    #[serde(default)]
    emergency: bool,
    #[serde(default)]
    drawer: bool,
}
