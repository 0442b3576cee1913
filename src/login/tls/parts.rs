//! A certificate taken apart: when it counts, and its extensions, each of which stands there once.

use x509_cert::der::Decode;
use x509_cert::der::oid::{AssociatedOid, ObjectIdentifier};
use x509_cert::ext::Extension;
use x509_cert::{Certificate, Version};

use super::{CertificateError, LARGEST};

/// What a certificate says, whoever signed it.
pub(super) struct Parts {
    pub(super) certificate: Certificate,
    /// The first second in which it counts, in Unix seconds.
    pub(super) valid_after: u64,
    /// The first second in which it is over.
    pub(super) over_at: u64,
}

impl Parts {
    /// Reads DER to its last byte.
    pub(super) fn read(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > LARGEST {
            return Err(CertificateError::TooLarge(der.len()));
        }
        let certificate = Certificate::from_der(der).map_err(CertificateError::Form)?;
        let inner = certificate.tbs_certificate();
        if inner.version() != Version::V3 {
            return Err(CertificateError::Version);
        }
        let validity = inner.validity();
        let seconds = |time: x509_cert::time::Time| time.to_unix_duration().as_secs();
        let parts = Self {
            valid_after: seconds(validity.not_before),
            over_at: seconds(validity.not_after).saturating_add(1),
            certificate,
        };
        parts.refuse_twice()?;
        Ok(parts)
    }

    /// An extension, if it is there.
    pub(super) fn extension<T>(&self) -> Result<Option<T>, CertificateError>
    where
        T: AssociatedOid + for<'a> Decode<'a, Error = x509_cert::der::Error>,
    {
        let found = self.extensions().iter().find(|one| one.extn_id == T::OID);
        let value = found.map(|one| T::from_der(one.extn_value.as_bytes()));
        value.transpose().map_err(CertificateError::Form)
    }

    /// Every critical extension is one of these.
    pub(super) fn refuse_unknown_critical(
        &self,
        known: &[ObjectIdentifier],
    ) -> Result<(), CertificateError> {
        let mut critical = self.extensions().iter().filter(|one| one.critical);
        match critical.find(|one| !known.contains(&one.extn_id)) {
            Some(other) => Err(CertificateError::Critical(other.extn_id.to_string())),
            None => Ok(()),
        }
    }

    fn refuse_twice(&self) -> Result<(), CertificateError> {
        let all = self.extensions();
        for (place, one) in all.iter().enumerate() {
            let mut before = all.iter().take(place);
            if before.any(|other| other.extn_id == one.extn_id) {
                return Err(CertificateError::Twice(one.extn_id.to_string()));
            }
        }
        Ok(())
    }

    fn extensions(&self) -> &[Extension] {
        let extensions = self.certificate.tbs_certificate().extensions();
        extensions.map_or(&[], Vec::as_slice)
    }
}
