//! A receipt, held against the certificate that it is for, and against the head of an earlier one.
//!
//! Pure. What it shows: the ledger of that name held the certificate when its head was signed. Heads that go on
//! from one another are of one ledger, from which nothing was taken and in which nothing was changed; so whoever
//! keeps the newest one sees where a server shows another ledger than before.

use ssh_encoding::base64::{Base64, Encoding};
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::Inclusion;
use super::checkpoint::Checkpoint;
use super::entry::{Entry, Event};
use super::merkle::{Hash, is_consistent};
use super::note::{NoteError, NoteKey, unverified_text};
use crate::api::receipt::Receipt;
use crate::certificate::explain::utc;
use crate::krl::{DelegationError, ReceiptsDelegation};
use crate::wire::RawCertificate;

/// What a receipt shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The head that it leads to.
    pub head: Checkpoint,
    /// The key that signed that.
    pub signer: KeyData,
    /// The reservation and the outcome, each with its way to the head.
    pub entries: [Inclusion; 2],
    /// Until when the ledger key lets that key sign receipts, in Unix seconds; none where it is the ledger key.
    pub until: Option<u64>,
}

/// Why a receipt shows nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// It is not in its form.
    #[error("the receipt's {0} is malformed")]
    Form(&'static str),
    /// Its key is neither the ledger key nor one that this lets sign.
    #[error(
        "the receipt is signed by {0}, which is not the ledger key, nor let sign receipts by it"
    )]
    Signer(String),
    /// The word for its key is none.
    #[error("the word of the ledger key for the receipt's key")]
    Delegation(#[source] DelegationError),
    /// That word is over.
    #[error("the receipt's key may sign receipts until {}, and that is over", utc(*.0))]
    Over(u64),
    /// Its head is not signed.
    #[error("the receipt's head")]
    Head(#[source] NoteError),
    /// An entry doesn't lead to the head.
    #[error("entry {0} of the receipt does not lead to its head")]
    Path(u64),
    /// It is for something else.
    #[error("the receipt is for another certificate")]
    OtherCertificate,
    /// The head is of another ledger than before.
    #[error("the receipt is of ledger {now}, and the one before was of {before}")]
    OtherLedger {
        /// Which ledger it names.
        now: String,
        /// Which the one before named.
        before: String,
    },
    /// The ledger was longer before.
    #[error("the receipt is of a ledger with {now} entries, which had {before} before")]
    Shorter {
        /// How many it has.
        now: u64,
        /// How many it had.
        before: u64,
    },
    /// The ledger is not the one before, grown.
    #[error("the receipt's head of {now} entries does not go on from the one of {before} before")]
    Forked {
        /// How many entries it has.
        now: u64,
        /// How many it had.
        before: u64,
    },
}

impl ReceiptError {
    /// Whether two receipts contradict each other, of which each is right by itself.
    #[must_use]
    pub fn is_contradiction(&self) -> bool {
        matches!(
            self,
            Self::OtherLedger { .. } | Self::Shorter { .. } | Self::Forked { .. }
        )
    }
}

/// What a receipt shows of a certificate, by the word of this ledger key.
///
/// # Errors
/// [`ReceiptError`], none of which is a contradiction.
pub fn check(
    receipt: &Receipt,
    certificate: &RawCertificate,
    ledger_key: &KeyData,
) -> Result<Received, ReceiptError> {
    let text = unverified_text(&receipt.head).map_err(ReceiptError::Head)?;
    let head = Checkpoint::parse(text).map_err(|_form| ReceiptError::Form("head"))?;
    let (signer, until) = signer(receipt, &head, ledger_key)?;
    let key = NoteKey::new(&head.origin, &signer).map_err(ReceiptError::Head)?;
    key.open(&receipt.head).map_err(ReceiptError::Head)?;
    let entries = shown(receipt, &head)?;
    let time = is_of(&entries, certificate)?;
    if let Some(until) = until.filter(|until| time > *until) {
        return Err(ReceiptError::Over(until));
    }
    Ok(Received {
        head,
        signer,
        entries,
        until,
    })
}

/// Whether the head of a receipt is that of the ledger before, grown.
///
/// # Errors
/// [`ReceiptError`].
pub fn goes_on(
    receipt: &Receipt,
    head: &Checkpoint,
    before: &Checkpoint,
) -> Result<(), ReceiptError> {
    if head.origin != before.origin {
        let (now, before) = (head.origin.clone(), before.origin.clone());
        return Err(ReceiptError::OtherLedger { now, before });
    }
    if head.size < before.size {
        let (now, before) = (head.size, before.size);
        return Err(ReceiptError::Shorter { now, before });
    }
    let hashes = receipt.goes_on.iter().flatten().map(|text| hash(text));
    let proof = hashes.collect::<Option<Vec<_>>>();
    let proof = proof.ok_or(ReceiptError::Form("way from the head before"))?;
    if !is_consistent(before.size, &before.root, head.size, &head.root, &proof) {
        let (now, before) = (head.size, before.size);
        return Err(ReceiptError::Forked { now, before });
    }
    Ok(())
}

/// Who signed, and until when that counts.
fn signer(
    receipt: &Receipt,
    head: &Checkpoint,
    ledger_key: &KeyData,
) -> Result<(KeyData, Option<u64>), ReceiptError> {
    let key = PublicKey::from_openssh(&receipt.key).map_err(|_form| ReceiptError::Form("key"))?;
    let Some(delegation) = &receipt.delegation else {
        return if key.key_data() == ledger_key {
            Ok((ledger_key.clone(), None))
        } else {
            Err(other(&key))
        };
    };
    let delegation = ReceiptsDelegation::parse(delegation.as_bytes());
    let delegation = delegation.map_err(ReceiptError::Delegation)?;
    let statement = delegation.statement();
    let is_by_it =
        PublicKey::from(ledger_key.clone()).to_bytes().ok() == Some(delegation.by().to_vec());
    let is_for_it = key.to_bytes().ok().as_ref() == Some(&statement.key);
    if !is_by_it || !is_for_it || statement.ledger != head.origin {
        return Err(other(&key));
    }
    Ok((key.key_data().clone(), Some(statement.until)))
}

fn other(key: &PublicKey) -> ReceiptError {
    ReceiptError::Signer(key.fingerprint(ssh_key::HashAlg::Sha256).to_string())
}

fn shown(receipt: &Receipt, head: &Checkpoint) -> Result<[Inclusion; 2], ReceiptError> {
    let entries = receipt.entries.iter().map(|entry| {
        let inclusion = entry.decode(head).ok_or(ReceiptError::Form("entry"))?;
        if inclusion.holds() {
            Ok(inclusion)
        } else {
            Err(ReceiptError::Path(inclusion.index.saturating_add(1)))
        }
    });
    let entries = entries.collect::<Result<Vec<_>, _>>()?;
    entries
        .try_into()
        .map_err(|_count| ReceiptError::Form("list of entries"))
}

/// When the certificate was issued, if the entries are its.
fn is_of(
    [reserved, issued]: &[Inclusion; 2],
    certificate: &RawCertificate,
) -> Result<u64, ReceiptError> {
    let read = |shown: &Inclusion| {
        Entry::from_bytes(&shown.entry).map_err(|_form| ReceiptError::Form("entry"))
    };
    let (first, second) = (read(reserved)?, read(issued)?);
    let (Event::Reserved(body), Event::Issued(outcome)) = (first.event, second.event) else {
        return Err(ReceiptError::OtherCertificate);
    };
    let is_its = body.to_be_signed == certificate.signed()
        && outcome.signature == certificate.signature()
        && Some(outcome.reserved) == reserved.index.checked_add(1);
    if is_its {
        Ok(second.time)
    } else {
        Err(ReceiptError::OtherCertificate)
    }
}

fn hash(text: &str) -> Option<Hash> {
    Base64::decode_vec(text).ok()?.try_into().ok()
}
