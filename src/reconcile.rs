//! Which certificates a server saw that the ledger knows nothing of: holds the log of an
//! sshd against the records.

pub mod log;

use std::collections::HashMap;

use ssh_key::{HashAlg, PublicKey};

use self::log::Login;
use crate::certificate::Serial;
use crate::ledger::{Ca, Ledger as _, LedgerError, Record, Revoked, SqliteLedger, State};
use crate::wire::RawCertificate;

/// Holds logins against a ledger.
pub struct Reconciler<'l> {
    ledger: &'l SqliteLedger,
    cas: HashMap<[u8; 32], Ca>,
    revocations: Vec<(u64, Revoked)>,
}

/// What the ledger says of a certificate that was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Its CA is none of the ledger's.
    OtherCa,
    /// Issued, and good at that time as far as is known.
    Known,
    /// Issued, and revoked before it was used, at this Unix time.
    Revoked(u64),
    /// Issued, and used before or after its validity.
    OutsideValidity,
    /// Not issued by this ledger.
    Unknown(Unknown),
}

/// Why a certificate is not one of the ledger's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unknown {
    /// Nobody took its serial, or it is 0.
    SerialNeverTaken,
    /// Its serial was given up: the signature was never released.
    SerialGivenUp,
    /// Its serial was taken, and nothing was issued.
    SerialOnlyReserved,
    /// Its serial is that of a certificate for another key.
    AnotherKey,
    /// Its serial and key are known, with another key ID.
    AnotherKeyId,
}

impl<'l> Reconciler<'l> {
    /// Reads the CAs and the revocations.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn new(ledger: &'l SqliteLedger) -> Result<Self, LedgerError> {
        let cas = ledger.cas()?.into_iter().filter_map(|ca| {
            let fingerprint = ca.public_key().fingerprint(HashAlg::Sha256);
            Some((fingerprint.sha256()?, ca))
        });
        Ok(Self {
            cas: cas.collect(),
            revocations: ledger.revocations()?,
            ledger,
        })
    }

    /// The CA that signed for a login, if it is one of the ledger's.
    #[must_use]
    pub fn ca_of(&self, login: &Login<'_>) -> Option<&Ca> {
        self.cas.get(&login.ca)
    }

    /// What the ledger says of a login at `time`, in Unix seconds, where that is known.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn look_up(&self, login: &Login<'_>, time: Option<u64>) -> Result<Finding, LedgerError> {
        let Some(ca) = self.ca_of(login) else {
            return Ok(Finding::OtherCa);
        };
        let record = match Serial::try_from(login.serial) {
            Ok(serial) => self.ledger.record_of(ca, serial)?,
            Err(_zero) => None,
        };
        Ok(match record {
            None => Finding::Unknown(Unknown::SerialNeverTaken),
            Some(record) => self.compare(ca, login, &record, time),
        })
    }

    fn compare(&self, ca: &Ca, login: &Login<'_>, record: &Record, time: Option<u64>) -> Finding {
        let blob = match &record.state {
            State::Issued(blob) => blob,
            State::Failed(_) => return Finding::Unknown(Unknown::SerialGivenUp),
            State::Reserved => return Finding::Unknown(Unknown::SerialOnlyReserved),
        };
        let Ok(certificate) = RawCertificate::from_blob(blob) else {
            return Finding::Unknown(Unknown::AnotherKey);
        };
        if sha256(certificate.public_key()) != Some(login.key) {
            return Finding::Unknown(Unknown::AnotherKey);
        }
        if certificate.key_id() != login.key_id {
            return Finding::Unknown(Unknown::AnotherKeyId);
        }
        let revoked = self.revoked(ca, login);
        match (revoked, time) {
            (Some(since), None) => return Finding::Revoked(since),
            (Some(since), Some(time)) if since <= time => return Finding::Revoked(since),
            _ => {}
        }
        let validity = certificate.valid_after()..certificate.valid_before();
        match time.is_none_or(|time| validity.contains(&time)) {
            true => Finding::Known,
            false => Finding::OutsideValidity,
        }
    }

    /// When it was first revoked, if it ever was.
    fn revoked(&self, ca: &Ca, login: &Login<'_>) -> Option<u64> {
        let blob = &ca.added().public_key;
        let serial = login.serial;
        let hit = |revoked: &Revoked| {
            let of_ca = revoked.ca.is_empty() || revoked.ca == *blob;
            let by_serial = |(first, last): &(u64, u64)| (*first..=*last).contains(&serial);
            let by_key_id = |id: &String| id.as_bytes() == login.key_id;
            let named =
                || revoked.serials.iter().any(by_serial) || revoked.key_ids.iter().any(by_key_id);
            (of_ca && named()) || revoked.key_hashes().any(|hash| hash == login.key)
        };
        let times = self.revocations.iter().filter(|(_, revoked)| hit(revoked));
        times.map(|(time, _)| *time).min()
    }
}

impl Unknown {
    /// For people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SerialNeverTaken => "its serial was never taken",
            Self::SerialGivenUp => "its serial was given up, and nothing released",
            Self::SerialOnlyReserved => "its serial was reserved, and nothing issued",
            Self::AnotherKey => "its serial is that of a certificate for another key",
            Self::AnotherKeyId => "its serial and key are known with another key ID",
        }
    }
}

fn sha256(key: &[u8]) -> Option<[u8; 32]> {
    let key = PublicKey::from_bytes(key).ok()?;
    key.fingerprint(HashAlg::Sha256).sha256()
}
