//! A certificate that was issued before, on its way out once more.
//!
//! A second way out must not be easier than the first: what was revoked or barred since, or
//! has expired, stays in. Whether the rules of today still allow it was decided by whoever
//! brings the [`Wanted`].

use crate::ledger::{Ledger, LedgerError, ReserveError, State, Wanted};
use crate::wire::RawCertificate;

/// Why a certificate that was issued before does not go out again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgainError {
    /// It was revoked, by its serial or its key ID.
    #[error("certificate {0}, which was issued for it, was revoked")]
    Revoked(u64),
    /// Its key, card or requester is not served any more.
    #[error("certificate {serial}, which was issued for it, is not handed out any more")]
    Barred {
        /// Its serial.
        serial: u64,
        /// Why.
        source: ReserveError,
    },
    /// The ledger could not be asked.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// The newest certificate that was issued for this very request, if it is still valid.
///
/// # Errors
/// [`AgainError`] if it was revoked, or its key, card or requester was.
pub fn issued_before(
    ledger: &Ledger,
    wanted: &Wanted,
    now: u64,
) -> Result<Option<RawCertificate>, AgainError> {
    let Some(record) = ledger.issued_for(wanted)? else {
        return Ok(None);
    };
    let State::Issued(blob) = &record.state else {
        return Ok(None);
    };
    let certificate = match RawCertificate::from_blob(blob) {
        Ok(certificate) if certificate.valid_before() > now => certificate,
        // Expired, or unreadable by now: it is as if there were none.
        _ => return Ok(None),
    };
    let serial = record.reserved.serial;
    if let Err(source) = ledger.may_be_certified(wanted)? {
        return Err(AgainError::Barred { serial, source });
    }
    if ledger.is_revoked(wanted.decided().ca(), serial, certificate.key_id())? {
        return Err(AgainError::Revoked(serial));
    }
    Ok(Some(certificate))
}
