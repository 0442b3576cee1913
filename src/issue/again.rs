//! A certificate that was issued before, on its way out once more.
//!
//! A second way out must not be easier than the first: what was revoked or barred since, or
//! has expired, stays in. Whether the rules of today still allow it was decided by whoever
//! brings the [`Wanted`].

use crate::certificate::Serial;
use crate::ledger::{Ledger, LedgerError, Record, ReserveError, State, Wanted};
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

/// The certificates that were issued for one request, the newest first. Each goes out once: two
/// files that ask the same each had one of their own.
#[derive(Debug)]
pub struct Before {
    request: [u8; 32],
    left: Vec<u64>,
}

impl Before {
    /// Finds those of the first so many `entries` of the ledger, without reading them.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn find(ledger: &Ledger, wanted: &Wanted, entries: u64) -> Result<Self, LedgerError> {
        let mut left = ledger.reservations_for(wanted)?;
        left.retain(|position| *position <= entries);
        Ok(Self {
            request: wanted.request_hash(),
            left,
        })
    }

    /// Whether these are of this request.
    pub fn are_of(&self, wanted: &Wanted) -> bool {
        self.request == wanted.request_hash()
    }

    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// The next one that is valid and that nobody has by `taken`, which is asked of its serial.
    ///
    /// # Errors
    /// [`AgainError`] if it was revoked, or its key, card or requester was.
    pub fn next(
        &mut self,
        ledger: &Ledger,
        wanted: &Wanted,
        now: u64,
        taken: &dyn Fn(u64) -> bool,
    ) -> Result<Option<RawCertificate>, AgainError> {
        while let Some(position) = self.left.pop() {
            let Some(record) = ledger.issued_at(wanted, position)? else {
                continue;
            };
            if !taken(record.reserved.serial) {
                return again(ledger, wanted, &record, now);
            }
        }
        Ok(None)
    }
}

/// Whether a certificate that somebody has was issued for this very request, is valid, and is
/// as it was issued.
///
/// # Errors
/// [`AgainError`] if it was revoked, or its key, card or requester was.
pub fn stands(
    ledger: &Ledger,
    wanted: &Wanted,
    there: &RawCertificate,
    now: u64,
) -> Result<bool, AgainError> {
    let Ok(serial) = Serial::try_from(there.serial()) else {
        return Ok(false);
    };
    let Some(record) = ledger.issued_as(wanted, serial)? else {
        return Ok(false);
    };
    match &record.state {
        State::Issued(blob) if blob == there.blob() => {
            Ok(again(ledger, wanted, &record, now)?.is_some())
        }
        _ => Ok(false),
    }
}

fn again(
    ledger: &Ledger,
    wanted: &Wanted,
    record: &Record,
    now: u64,
) -> Result<Option<RawCertificate>, AgainError> {
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
