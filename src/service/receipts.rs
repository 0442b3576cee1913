//! Receipts: what is shown of a certificate when it is answered.
//!
//! A head is signed for as many as it covers: those whose certificates were recorded together ask one behind the
//! other, and the first of them has the head signed that the others get too. While the key signs, the ledger is
//! free; a head that is in no answer yet is known to nobody. Locked is first what was signed last, then the
//! ledger or the key, and never both of these.

use std::sync::{Arc, Mutex, PoisonError};

use ssh_encoding::base64::{Base64, Encoding};

use super::Service;
use crate::api::issue::Issued;
use crate::api::receipt::{ProvedEntry, Receipt};
use crate::certificate::Serial;
use crate::issue::{SharedLedger, lock};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::key::{LedgerKey, LedgerKeyError};
use crate::ledger::{KnownHashes, Ledger, LedgerError, LedgerKeyAdded};
use crate::wire::chain;

/// The key that signs receipts, and how it is known.
pub struct ReceiptKey {
    /// The key.
    pub key: Arc<Mutex<LedgerKey>>,
    /// What the ledger holds of it before it signs.
    pub added: LedgerKeyAdded,
    /// Its line.
    pub line: String,
    /// The line of the ledger key, by which clients know the ledger.
    pub ledger_key: String,
    /// The ledger key's word for it, where it is another one.
    pub delegation: Option<String>,
}

/// Who makes receipts.
pub(super) struct Receipts {
    key: ReceiptKey,
    signed: Mutex<Signed>,
}

/// What was signed last.
#[derive(Default)]
struct Signed {
    head: Option<(Checkpoint, String)>,
    known: KnownHashes,
}

impl Service {
    /// Adds the receipt, where the config wants one, or says that there is none; gives what the log says of that.
    pub(super) fn receipted(&self, issued: &mut Issued, since: Option<u64>) -> String {
        if self.serve.receipts.is_none() {
            return String::new();
        }
        let Some(receipts) = &self.receipts else {
            issued.warnings.push(NO_KEY.to_owned());
            return String::new();
        };
        let of = (issued.ca.as_str(), issued.serial);
        match receipts.of(&self.ledger, of, since, self.now()) {
            Ok(receipt) => {
                issued.receipt = Some(receipt);
                String::new()
            }
            Err(error) => {
                issued.warnings.push(NONE_NOW.to_owned());
                format!(", no receipt: {}", chain(&error))
            }
        }
    }
}

/// Why there is no receipt; the certificate is as good without.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoReceipt {
    /// The ledger can't be read, or the key may sign nothing of it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The key didn't sign.
    #[error(transparent)]
    Key(#[from] LedgerKeyError),
    /// There is no such certificate.
    #[error("the ledger has no outcome of serial {0}")]
    None(u64),
}

impl Receipts {
    pub(super) fn by(key: ReceiptKey) -> Self {
        Self {
            key,
            signed: Mutex::default(),
        }
    }

    /// The line of the key by which clients know the ledger.
    pub(super) fn ledger_key(&self) -> &str {
        &self.key.ledger_key
    }

    /// The receipt of a certificate that is in the ledger, for whoever has seen a head of `since` entries.
    ///
    /// # Errors
    /// [`NoReceipt`].
    pub(super) fn of(
        &self,
        ledger: &SharedLedger,
        (ca, serial): (&str, u64),
        since: Option<u64>,
        now: u64,
    ) -> Result<Receipt, NoReceipt> {
        let none = || NoReceipt::None(serial);
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        let (places, covered) = {
            let ledger = lock(ledger);
            let cas = ledger.cas()?;
            let ca = cas
                .iter()
                .find(|known| known.name() == ca)
                .ok_or_else(none)?;
            let number = Serial::try_from(serial).map_err(|_zero| none())?;
            let places = ledger.places_of(ca, number)?.ok_or_else(none)?;
            // A head that this ledger never had costs no signature each time.
            let since = since.unwrap_or_default().min(ledger.size());
            (places, places.outcome.max(since))
        };
        let (head, note) = self.head(&mut signed, ledger, covered, now)?;
        let ledger = lock(ledger);
        let shown = ledger.shown_in(places, &head, &signed.known)?;
        let goes_on = since.filter(|since| *since <= head.size);
        let goes_on = goes_on.map(|size| ledger.goes_on_from(size, head.size, &signed.known));
        let goes_on = goes_on.transpose()?;
        drop(ledger);
        let hashes = |hashes: Vec<[u8; 32]>| {
            let texts = hashes.iter().map(|hash| Base64::encode_string(hash));
            texts.collect::<Vec<_>>()
        };
        Ok(Receipt {
            head: note,
            key: self.key.line.clone(),
            delegation: self.key.delegation.clone(),
            entries: shown.iter().map(ProvedEntry::of).collect(),
            goes_on: goes_on.map(hashes),
        })
    }

    /// The head that was signed last if it covers so many entries, or the one of now, signed.
    fn head(
        &self,
        signed: &mut Signed,
        ledger: &SharedLedger,
        covered: u64,
        now: u64,
    ) -> Result<(Checkpoint, String), NoReceipt> {
        let last = signed
            .head
            .as_ref()
            .filter(|(head, _)| head.size >= covered);
        if let Some(last) = last {
            return Ok(last.clone());
        }
        let head = self.head_of_now(&mut lock(ledger), now)?;
        let mut key = self.key.key.lock().unwrap_or_else(PoisonError::into_inner);
        let note = key.sign_head(&head)?;
        drop(key);
        signed.head = Some((head.clone(), note.clone()));
        Ok((head, note))
    }

    /// The ledger knows a key before it signs, and one whose word was ended signs nothing.
    fn head_of_now(&self, ledger: &mut Ledger, now: u64) -> Result<Checkpoint, NoReceipt> {
        ledger.ledger_key_signs(self.key.added.clone(), now)?;
        Ok(ledger.checkpoint()?.ok_or(LedgerError::Head)?)
    }
}

const NO_KEY: &str = "there is no receipt, since the server has no key at hand to sign one; nothing is shown of the ledger";
const NONE_NOW: &str =
    "there is no receipt now; the server's log says why, and nothing is shown of the ledger";
