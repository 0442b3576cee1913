//! Does a KRL revoke this key or certificate?

use super::certificate::{Certificate, Subject};
use super::{Authority, Krl};
use crate::wire::PublicKey;

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
            lists.keys.contains(blob).then_some(KeyMatch::Explicit)
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
        if self.key_ids.contains(certificate.key_id.to_bytes()) {
            Some(Reason::KeyId(scope))
        } else if self.serials.contains(certificate.serial) {
            Some(Reason::Serial(scope))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{certificate, key, krl};
    use super::super::{Header, Revocations, SerialRange};
    use super::*;

    fn check(
        revoke: impl FnOnce(&mut Revocations),
        subject: impl FnOnce() -> Subject,
    ) -> Option<Reason> {
        let mut revocations = Revocations::default();
        revoke(&mut revocations);
        Krl::new(Header::default(), revocations).revokes(&subject())
    }

    fn signed() -> Subject {
        Subject::Certificate(certificate("serial-7"))
    }

    fn plain() -> Subject {
        Subject::Key(key("user"))
    }

    fn serials(first: u64, last: u64) -> SerialRange {
        SerialRange::new(first, last).unwrap()
    }

    #[test]
    fn a_key_is_revoked_by_itself_and_by_its_fingerprints() {
        for subject in [plain, signed] {
            assert_eq!(
                check(|list| list.revoke_key(&key("user")), subject),
                Some(Reason::Key(KeyMatch::Explicit))
            );
            assert_eq!(
                check(|list| list.revoke_sha1(key("user").sha1()), subject),
                Some(Reason::Key(KeyMatch::Sha1))
            );
            assert_eq!(
                check(|list| list.revoke_sha256(key("user").sha256()), subject),
                Some(Reason::Key(KeyMatch::Sha256))
            );
        }
    }

    #[test]
    fn a_certificate_goes_down_with_its_ca() {
        let revoke_ca = |list: &mut Revocations| list.revoke_sha256(key("ca").sha256());
        assert_eq!(check(revoke_ca, signed), Some(Reason::Ca(KeyMatch::Sha256)));
        assert_eq!(check(revoke_ca, plain), None);
    }

    #[test]
    fn serials_and_key_ids_hit_certificates_of_their_ca_alone() {
        let (ca, other) = (key("ca"), key("other-ca"));
        assert_eq!(
            check(|list| list.revoke_serials(Some(&ca), serials(1, 9)), signed),
            Some(Reason::Serial(Scope::Ca))
        );
        assert_eq!(
            check(|list| list.revoke_serials(Some(&ca), serials(8, 9)), signed),
            None
        );
        assert_eq!(
            check(
                |list| list.revoke_key_id(Some(&ca), c"peter, laptop"),
                signed
            ),
            Some(Reason::KeyId(Scope::Ca))
        );
        let others = |list: &mut Revocations| {
            list.revoke_serials(Some(&other), serials(1, u64::MAX));
            list.revoke_key_id(Some(&other), c"peter, laptop");
        };
        assert_eq!(check(others, signed), None);
    }

    #[test]
    fn without_a_ca_they_hit_certificates_of_every_ca() {
        assert_eq!(
            check(|list| list.revoke_serials(None, serials(7, 7)), signed),
            Some(Reason::Serial(Scope::AnyCa))
        );
        assert_eq!(
            check(|list| list.revoke_key_id(None, c"peter, laptop"), signed),
            Some(Reason::KeyId(Scope::AnyCa))
        );
        assert_eq!(
            check(|list| list.revoke_key_id(None, c"peter"), signed),
            None
        );
    }

    #[test]
    fn serial_zero_is_revoked_by_its_key_id_alone() {
        let subject = || Subject::Certificate(certificate("serial-0"));
        let all = |list: &mut Revocations| list.revoke_serials(None, serials(1, u64::MAX));
        assert_eq!(check(all, subject), None);
        assert_eq!(
            check(|list| list.revoke(&subject()), subject),
            Some(Reason::KeyId(Scope::Ca))
        );
    }

    #[test]
    fn a_krl_of_certificates_revokes_each_of_them_and_not_their_key() {
        let krl = krl("certificates");
        for name in ["serial-7", "serial-0", "other-7", "rsa-ca", "p521-ca"] {
            let subject = Subject::Certificate(certificate(name));
            assert!(krl.revokes(&subject).is_some(), "{name}");
        }
        assert_eq!(krl.revokes(&plain()), None);
    }
}
