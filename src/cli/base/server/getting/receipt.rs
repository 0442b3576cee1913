//! The receipt of a certificate: what it is held against, where it is kept, and what is said where it isn't believed.

use crate::cli::base::failure::Failure;
use crate::cli::base::server::Visit;
use crate::cli::base::terminal::warn;
use crate::client::{Ordered, ReceiptsBefore, ServerFolder};
use crate::ledger::receipt::ReceiptError;
use crate::wire::chain;

/// What is known of the server's ledger.
pub(super) fn before(visit: &Visit) -> Result<ReceiptsBefore, Failure> {
    Ok(ReceiptsBefore {
        ledger_key: visit.trusted.trusted_ledger_key(&visit.about),
        head: visit.folder.head_seen()?,
    })
}

/// Keeps it; a server that gave receipts before and gives none now is told of.
pub(super) fn keep(ordered: &Ordered, visit: &Visit) -> Result<(), Failure> {
    match &ordered.receipt {
        Some(receipt) => {
            let certificate = &ordered.certificate;
            Ok(visit
                .folder
                .keep_receipt(&visit.lock, certificate, receipt)?)
        }
        None => {
            if visit.trusted.ledger_key.is_some() {
                warn(NONE);
            }
            Ok(())
        }
    }
}

/// A receipt that isn't believed.
pub(super) fn refused(error: ReceiptError, folder: &ServerFolder) -> Failure {
    let words = format!("{NOT_TAKEN}: {}", chain(&error));
    let receipts = folder.receipts().display().to_string();
    Failure::new(words).hint(if error.is_contradiction() {
        format!(
            "the server shows another ledger than it did before: one that was changed or cut, or an older copy. Keep \
             {receipts}, and show it to whoever audits the CA. If they know that entries were lost, the next \
             receipt begins anew: mv '{receipts}' '{receipts}.lost'"
        )
    } else {
        "tell whoever runs the server; its log names the request".to_owned()
    })
}

const NOT_TAKEN: &str = "the certificate is not taken, since its receipt is not believed";
const NONE: &str =
    "there is no receipt, and the server gave receipts before: ask whoever runs it why";
