//! Does a KRL revoke this key or certificate?

use super::certificate::{Certificate, Subject};
use super::key::PublicKey;
use super::{Authority, Krl};

impl Krl {
    /// Why the KRL revokes `subject`; `None` if it does not.
    ///
    /// The answer is that of sshd and of `ssh-keygen -Q`: a key is revoked if it or
    /// one of its fingerprints is named. A certificate is revoked if its subject key
    /// or its CA key is, or if its key ID or its serial is, under its CA or under
    /// every CA. Serial 0 is never revoked. Takes logarithmic time.
    pub fn revokes(&self, subject: &Subject) -> Option<Reason> {
        let by_key = self.revoked_key(subject.key()).map(Reason::Key);
        match subject {
            Subject::Key(_) => by_key,
            Subject::Certificate(certificate) => by_key
                .or_else(|| self.revoked_certificate(certificate))
                .or_else(|| self.revoked_key(&certificate.ca).map(Reason::Ca)),
        }
    }

    fn revoked_key(&self, key: &PublicKey) -> Option<KeyMatch> {
        let lists = &self.revocations;
        let blob = key.as_blob();
        // Hashing costs more than searching: not without a list to search.
        if !lists.sha1s.is_empty() && lists.sha1s.binary_search(&key.sha1()).is_ok() {
            Some(KeyMatch::Sha1)
        } else if !lists.sha256s.is_empty() && lists.sha256s.binary_search(&key.sha256()).is_ok() {
            Some(KeyMatch::Sha256)
        } else {
            let found = lists.keys.binary_search_by(|key| key.as_ref().cmp(blob));
            found.is_ok().then_some(KeyMatch::Explicit)
        }
    }

    fn revoked_certificate(&self, certificate: &Certificate) -> Option<Reason> {
        [Scope::Ca, Scope::AnyCa].into_iter().find_map(|scope| {
            let ca = (scope == Scope::Ca).then(|| certificate.ca.clone());
            let authority = self.revocations.authorities.get(&ca)?;
            authority.revoked(certificate, scope)
        })
    }
}

/// What revokes a key or certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The key, or the certificate's subject key, is revoked.
    Key(KeyMatch),
    /// The certificate's CA key is revoked.
    Ca(KeyMatch),
    /// The certificate's key ID is revoked.
    KeyId(Scope),
    /// The certificate's serial is revoked.
    Serial(Scope),
}

/// How a KRL names a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyMatch {
    /// By the whole key.
    Explicit,
    /// By its SHA-1 fingerprint.
    Sha1,
    /// By its SHA-256 fingerprint.
    Sha256,
}

/// Whose certificates a revocation hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those of the certificate's own CA.
    Ca,
    /// Those of every CA.
    AnyCa,
}

impl Authority {
    fn revoked(&self, certificate: &Certificate, scope: Scope) -> Option<Reason> {
        if self.key_ids.binary_search(&certificate.key_id).is_ok() {
            Some(Reason::KeyId(scope))
        } else if self.serials.contains(certificate.serial) {
            Some(Reason::Serial(scope))
        } else {
            None
        }
    }
}
