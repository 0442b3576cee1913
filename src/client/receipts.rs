//! What is known of a server's ledger, and a receipt held against it.

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use crate::api::issue::Issued;
use crate::api::receipt::KeptReceipt;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::receipt::{ReceiptError, check, goes_on};
use crate::wire::RawCertificate;

/// What receipts of a server are held against.
#[derive(Clone, Debug, Default)]
pub struct ReceiptsBefore {
    /// The server's ledger key; none where it makes no receipts.
    pub ledger_key: Option<KeyData>,
    /// The newest head that was seen here.
    pub head: Option<Checkpoint>,
}

/// A receipt that was checked, and is to be kept.
#[derive(Clone, Debug)]
pub struct NewReceipt {
    /// What is kept of it.
    pub kept: KeptReceipt,
    /// Its head, as it was signed.
    pub note: String,
}

impl ReceiptsBefore {
    /// How many entries the newest head has that was seen here.
    #[must_use]
    pub fn since(&self) -> Option<u64> {
        self.ledger_key.as_ref()?;
        self.head.as_ref().map(|head| head.size)
    }

    /// The receipt of a certificate, if the server gave one and what it shows holds and goes on from before.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn hold(
        &self,
        issued: &Issued,
        certificate: &RawCertificate,
        now: u64,
    ) -> Result<Option<NewReceipt>, ReceiptError> {
        let (Some(key), Some(receipt)) = (&self.ledger_key, &issued.receipt) else {
            return Ok(None);
        };
        let received = check(receipt, certificate, key)?;
        if let Some(until) = received.until.filter(|until| now > *until) {
            return Err(ReceiptError::Over(until));
        }
        if let Some(before) = &self.head {
            goes_on(receipt, &received.head, before)?;
        }
        let ledger_key = PublicKey::from(key.clone()).to_openssh();
        Ok(Some(NewReceipt {
            kept: KeptReceipt {
                certificate: issued.certificate.trim().to_owned(),
                ledger_key: ledger_key.map_err(|_form| ReceiptError::Form("key"))?,
                receipt: receipt.clone(),
            },
            note: receipt.head.clone(),
        }))
    }
}
