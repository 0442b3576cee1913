//! Which certificates a server saw that the ledger knows nothing of: holds the log of an
//! sshd against the records.

pub mod envelope;
pub mod lines;
pub mod log;

use std::collections::{BTreeSet, HashMap};

use ssh_key::{HashAlg, PublicKey};

use self::log::{Deed, Use};
use crate::certificate::Serial;
use crate::ledger::{Ca, Ledger, LedgerError, Record, Revoked, State};
use crate::wire::RawCertificate;

/// Holds logins against a ledger.
pub struct Reconciler<'l> {
    ledger: &'l Ledger,
    cas: HashMap<[u8; 32], Ca>,
    revocations: Vec<(u64, Revoked)>,
}

/// Which principals may use which account of the servers, where their names differ: what
/// AuthorizedPrincipalsFile says there.
#[derive(Clone, Debug, Default)]
pub struct Accounts(HashMap<String, BTreeSet<String>>);

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
    /// Issued, and used for an account that is none of its principals, nor mapped to one.
    OtherAccount,
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
    pub fn new(ledger: &'l Ledger) -> Result<Self, LedgerError> {
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

    /// The CA that signed a certificate, if it is one of the ledger's.
    #[must_use]
    pub fn ca_of(&self, named: &Use) -> Option<&Ca> {
        self.cas.get(&named.ca)
    }

    /// Whether a CA of the ledger has this key, by the SHA-256 of its blob.
    #[must_use]
    pub fn has_ca(&self, sha256: &[u8; 32]) -> bool {
        self.cas.contains_key(sha256)
    }

    /// What the ledger says of a certificate that sshd named at `time`, in Unix seconds,
    /// where that is known.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn look_up(
        &self,
        named: &Use,
        time: Option<u64>,
        accounts: &Accounts,
    ) -> Result<Finding, LedgerError> {
        let Some(ca) = self.ca_of(named) else {
            return Ok(Finding::OtherCa);
        };
        let record = match Serial::try_from(named.serial) {
            Ok(serial) => self.ledger.record_of(ca, serial)?,
            Err(_zero) => None,
        };
        Ok(match record {
            None => Finding::Unknown(Unknown::SerialNeverTaken),
            Some(record) => self.compare(ca, named, &record, time, accounts),
        })
    }

    fn compare(
        &self,
        ca: &Ca,
        named: &Use,
        record: &Record,
        time: Option<u64>,
        accounts: &Accounts,
    ) -> Finding {
        let certificate = match recorded(record) {
            Ok(certificate) => certificate,
            Err(unknown) => return Finding::Unknown(unknown),
        };
        let key = sha256(certificate.public_key());
        if named.key.is_some_and(|named| key != Some(named)) {
            return Finding::Unknown(Unknown::AnotherKey);
        }
        if certificate.key_id() != named.key_id {
            return Finding::Unknown(Unknown::AnotherKeyId);
        }
        // What sshd refused did no harm, as long as the ledger knows it.
        if named.deed == Deed::Refused {
            return Finding::Known;
        }
        let revoked = self.revoked(ca, named, key);
        match (revoked, time) {
            (Some(since), None) => return Finding::Revoked(since),
            (Some(since), Some(time)) if since <= time => return Finding::Revoked(since),
            _ => {}
        }
        let validity = certificate.valid_after()..certificate.valid_before();
        if time.is_some_and(|time| !validity.contains(&time)) {
            return Finding::OutsideValidity;
        }
        match named.account_name() {
            Some(account) if !accounts.may(account, &certificate) => Finding::OtherAccount,
            _ => Finding::Known,
        }
    }

    /// When it was first revoked, if it ever was.
    fn revoked(&self, ca: &Ca, named: &Use, key: Option<[u8; 32]>) -> Option<u64> {
        let blob = &ca.added().public_key;
        let serial = named.serial;
        let hit = |revoked: &Revoked| {
            let of_ca = revoked.ca.is_empty() || revoked.ca == *blob;
            let by_serial = |(first, last): &(u64, u64)| (*first..=*last).contains(&serial);
            let by_key_id = |id: &String| id.as_bytes() == named.key_id;
            let is_named =
                || revoked.serials.iter().any(by_serial) || revoked.key_ids.iter().any(by_key_id);
            (of_ca && is_named())
                || revoked
                    .key_hashes()
                    .any(|hash| Some(hash) == key || hash == named.ca)
        };
        let times = self.revocations.iter().filter(|(_, revoked)| hit(revoked));
        times.map(|(time, _)| *time).min()
    }
}

/// The certificate of a record, or why there is none.
fn recorded(record: &Record) -> Result<RawCertificate, Unknown> {
    match &record.state {
        State::Issued(blob) => {
            RawCertificate::from_blob(blob).map_err(|_unreadable| Unknown::AnotherKey)
        }
        State::Failed(_) => Err(Unknown::SerialGivenUp),
        State::Reserved => Err(Unknown::SerialOnlyReserved),
    }
}

impl Accounts {
    /// Lets certificates with any of these principals into an account.
    pub fn map(&mut self, account: String, principals: impl IntoIterator<Item = String>) {
        self.0.entry(account).or_default().extend(principals);
    }

    /// Whether a certificate may be used for an account. Without a map for it, its name is
    /// the one principal that may, as in sshd.
    fn may(&self, account: &str, certificate: &RawCertificate) -> bool {
        let has = |principal: &str| {
            let mut principals = certificate.principals().iter();
            principals.any(|has| has == principal.as_bytes())
        };
        match self.0.get(account) {
            Some(principals) => principals.iter().any(|principal| has(principal)),
            None => has(account),
        }
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
