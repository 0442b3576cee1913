//! What of a CA servers would still take, and when its last certificate ends.

use std::collections::BTreeMap;

use crate::ledger::{Ca, Ledger, LedgerError, OPERATOR, Record, RevokedSet, State, Term};
use crate::wire::RawCertificate;

/// Certificates of a CA that were not revoked, in short.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Living {
    /// How many are valid now or will be, those that are being signed among them.
    pub valid: u64,
    /// For whom: the requester, or the key ID where nobody was named; and when the last of theirs
    /// ends, in Unix seconds.
    pub who: BTreeMap<String, u64>,
    /// The certificate that ends last, be it over or not.
    pub last: Option<Last>,
}

/// One certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    /// Its serial.
    pub serial: u64,
    /// Its key ID.
    pub key_id: String,
    /// The first second in which it is not valid any more; [`u64::MAX`] for never.
    pub valid_before: u64,
}

/// Reads out of the ledger what is left of a CA at this Unix second.
///
/// # Errors
/// [`LedgerError`].
pub fn living(ledger: &Ledger, ca: &Ca, now: u64) -> Result<Living, LedgerError> {
    let mut living = Living::default();
    let revoked = RevokedSet::of(ledger)?;
    let terms = [Term::Serials(ca, 1, u64::MAX)];
    ledger.each_record_of(&terms, &mut |record| {
        let is_gone = matches!(record.state, State::Failed(_));
        if record.ca == ca.name() && !is_gone && revoked.revocation_of(&record).is_none() {
            living.take(&record, now);
        }
    })?;
    Ok(living)
}

impl Living {
    /// What is reserved may be signed, and counts.
    fn take(&mut self, record: &Record, now: u64) {
        let Ok(content) = RawCertificate::of_to_be_signed(&record.reserved.to_be_signed) else {
            return;
        };
        let (key_id, ends) = (
            String::from_utf8_lossy(content.key_id()).into_owned(),
            content.valid_before(),
        );
        if self
            .last
            .as_ref()
            .is_none_or(|last| last.valid_before < ends)
        {
            self.last = Some(Last {
                serial: record.reserved.serial,
                key_id: key_id.clone(),
                valid_before: ends,
            });
        }
        if ends > now {
            self.valid += 1;
            let who = match record.reserved.requester.as_str() {
                OPERATOR => key_id,
                requester => requester.to_owned(),
            };
            let known = self.who.entry(who).or_default();
            *known = ends.max(*known);
        }
    }
}
