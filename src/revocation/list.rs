//! All that was revoked, as a KRL.

use ssh_key::PublicKey as SshPublicKey;

use super::naming;
use crate::certificate::explain::Fields;
use crate::krl::{
    Header, HeldSerials, Krl, ListBase, ListHead, PublicKey, Revocations, SerialRange, Serials,
};
use crate::ledger::{Ca, Ledger, LedgerError, Record, Revoked, State};

/// Whether certificates that have expired are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prune {
    /// Everything is named for ever.
    Nothing,
    /// What expired before this time, in Unix seconds, is left out, where the ledger
    /// knows when it expires. A margin for wrong clocks is the caller's.
    ExpiredBefore(u64),
}

/// Why no KRL can be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KrlError {
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A CA's key cannot be encoded.
    #[error("public key")]
    Encode(#[from] ssh_key::Error),
}

/// The KRL of these CAs: every revocation, the serials of reservations that were given
/// up, whose signature may exist although nobody released it, those of gaps, and the ledger keys
/// that were revoked.
///
/// # Errors
/// [`KrlError`].
pub fn krl(ledger: &Ledger, cas: &[Ca], header: Header, prune: Prune) -> Result<Krl, KrlError> {
    let mut revocations = Revocations::default();
    let revoked = ledger.revocations()?;
    for ca in cas {
        let blob = SshPublicKey::from(ca.public_key().clone()).to_bytes()?;
        // No OpenSSH takes certificates of a CA whose key it doesn't load.
        let Ok(key) = PublicKey::from_blob(&blob) else {
            continue;
        };
        let mut list = OfCa {
            key,
            expired: expired(ledger, ca, prune)?,
            revocations: &mut revocations,
        };
        for serials in given_up(ledger, ca)?.ranges() {
            list.add_serials(serials.first(), serials.last());
        }
        for (first, last) in ledger.gaps(ca)? {
            list.add_serials(first, last);
        }
        // What was taken over from a list may mean every CA.
        let means = |revoked: &Revoked| revoked.ca.is_empty() || revoked.ca == blob;
        for (_, revoked) in revoked.iter().filter(|(_, revoked)| means(revoked)) {
            list.add(revoked);
        }
    }
    for (_, revoked) in &revoked {
        naming::write_keys(revoked, &mut revocations);
    }
    // Nobody logs in by them; it is for servers, which take no list by such a key any more.
    for (key, state) in ledger.ledger_keys()? {
        if state.believed_to.is_some() {
            naming::write_key(&key, &mut revocations);
        }
    }
    Ok(Krl::new(header, revocations))
}

/// What a list by a delegated key is held to: what the ledger had revoked by a head, but for what was
/// over then, and every serial that it held. A margin for wrong clocks is the caller's.
///
/// # Errors
/// [`KrlError`].
pub fn list_base(
    ledger: &Ledger,
    head: ListHead,
    now: u64,
    prune: Prune,
) -> Result<ListBase, KrlError> {
    let cas = ledger.cas()?;
    let mut held = Vec::new();
    for ca in &cas {
        let blob = SshPublicKey::from(ca.public_key().clone()).to_bytes()?;
        if let Ok(key) = PublicKey::from_blob(&blob) {
            let serials = serials(ledger, ca, |_| true)?;
            held.push(HeldSerials { ca: key, serials });
        }
    }
    let header = Header {
        version: now,
        generated: now,
        ..Header::default()
    };
    Ok(ListBase::new(head, held, krl(ledger, &cas, header, prune)?))
}

/// What is revoked by CA, on its way into the KRL.
struct OfCa<'r> {
    key: PublicKey,
    /// Serials that are left out.
    expired: Serials,
    revocations: &'r mut Revocations,
}

impl OfCa<'_> {
    fn add(&mut self, revoked: &Revoked) {
        for range in naming::written_serials(revoked) {
            self.add_serials(range.first(), range.last());
        }
        naming::write_key_ids(revoked, &self.key, self.revocations);
    }

    /// The range, in as many pieces as the expired serials in it leave.
    fn add_serials(&mut self, first: u64, last: u64) {
        let mut start = Some(first);
        for expired in self.expired.ranges_from(first) {
            if expired.first() > last {
                break;
            }
            if let (Some(first), Some(last)) = (start, expired.first().checked_sub(1)) {
                add_range(self.revocations, &self.key, first, last);
            }
            start = expired.last().checked_add(1);
        }
        if let Some(first) = start {
            add_range(self.revocations, &self.key, first, last);
        }
    }
}

/// Adds a range that may be empty: nothing lies between two neighbours that expired.
fn add_range(revocations: &mut Revocations, ca: &PublicKey, first: u64, last: u64) {
    if let Ok(range) = SerialRange::new(first, last) {
        revocations.revoke_serials(Some(ca), range);
    }
}

/// Serials whose reservation was given up.
fn given_up(ledger: &Ledger, ca: &Ca) -> Result<Serials, LedgerError> {
    serials(ledger, ca, |record| {
        !matches!(record.state, State::Issued(_))
    })
}

/// Serials of what has expired and may be left out.
fn expired(ledger: &Ledger, ca: &Ca, prune: Prune) -> Result<Serials, LedgerError> {
    let Prune::ExpiredBefore(time) = prune else {
        return Ok(Serials::default());
    };
    serials(ledger, ca, |record| {
        Fields::of_to_be_signed(&record.reserved.to_be_signed).valid_before < time
    })
}

/// Serials of the CA's records that are meant.
fn serials(
    ledger: &Ledger,
    ca: &Ca,
    is_meant: impl Fn(&Record) -> bool,
) -> Result<Serials, LedgerError> {
    let mut serials = Serials::default();
    ledger.each_record(&mut |record| {
        let serial = SerialRange::one(record.reserved.serial);
        if let Ok(serial) = serial
            && record.ca == ca.name()
            && is_meant(&record)
        {
            serials.push(serial);
        }
    })?;
    serials.settle();
    Ok(serials)
}
