//! A client certificate and its private key, as files have them and TLS shows them.

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use ureq::tls::{Certificate, ClientCert, PrivateKey};

/// A certificate, those between it and its CA, and its private key.
pub struct ClientCertificate(ClientCert);

/// Why nothing can be shown by these files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientCertificateError {
    /// It is none, or broken.
    #[error("it holds no certificate in PEM")]
    NoCertificate,
    /// It is none, or broken, or they are several.
    #[error("it doesn't hold one private key in PEM")]
    NoKey,
    /// Nobody is asked for a passphrase.
    #[error("its private key is encrypted, which this program doesn't read")]
    Encrypted,
    /// They don't go together, or the key is of a kind that TLS doesn't sign with.
    #[error("certificate and key can't be used together")]
    Pair(#[source] rustls::Error),
}

impl ClientCertificate {
    /// The chain of one PEM text, its own certificate first, and the key of another.
    ///
    /// # Errors
    /// [`ClientCertificateError`].
    pub fn of_pem(chain: &str, key: &str) -> Result<Self, ClientCertificateError> {
        let chain: Result<Vec<_>, PemError> =
            CertificateDer::pem_slice_iter(chain.as_bytes()).collect();
        let chain = chain.unwrap_or_default();
        if chain.is_empty() {
            return Err(ClientCertificateError::NoCertificate);
        }
        let read = private_key(key)?;
        // What asks servers takes the two for right, and a run would end where they are not.
        let pair = CertifiedKey::from_der(chain.clone(), read, &default_provider());
        pair.map_err(ClientCertificateError::Pair)?;
        let chain = chain
            .iter()
            .map(|one| Certificate::from_der(one).to_owned());
        let chain: Vec<_> = chain.collect();
        let key = PrivateKey::from_pem(key.as_bytes());
        let key = key.map_err(|_form| ClientCertificateError::NoKey)?;
        Ok(Self(ClientCert::new_with_certs(&chain, key)))
    }

    pub(super) fn to_show(&self) -> ClientCert {
        self.0.clone()
    }
}

fn private_key(pem: &str) -> Result<PrivateKeyDer<'static>, ClientCertificateError> {
    // PKCS#8 says so in its first line, older forms in the one behind.
    let encrypted = [
        "-----BEGIN ENCRYPTED PRIVATE KEY-----",
        "Proc-Type: 4,ENCRYPTED",
    ];
    if pem.lines().any(|line| encrypted.contains(&line.trim())) {
        return Err(ClientCertificateError::Encrypted);
    }
    // Of several, each reader may take another.
    let keys: Result<Vec<_>, PemError> = PrivateKeyDer::pem_slice_iter(pem.as_bytes()).collect();
    let mut keys = keys.unwrap_or_default();
    match (keys.pop(), keys.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(ClientCertificateError::NoKey),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pair_is_told_before_it_is_used() {
        let told = |chain: &str, key: &str| {
            let error = ClientCertificate::of_pem(chain, key).err().unwrap();
            crate::wire::chain(&error)
        };
        let (key, other) = (KEY, OTHER_KEY);
        assert!(ClientCertificate::of_pem(CERTIFICATE, key).is_ok());
        assert!(told(CERTIFICATE, other).contains("can't be used together"));
        assert!(told("", key).contains("no certificate in PEM"));
        assert!(told(key, key).contains("no certificate in PEM"));
        for none in [CERTIFICATE, &format!("{key}{other}")] {
            assert!(told(CERTIFICATE, none).contains("one private key in PEM"));
        }
        assert!(
            told(CERTIFICATE, &key.replace("PRIVATE", "ENCRYPTED PRIVATE")).contains("encrypted")
        );
        let older = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n";
        assert!(told(CERTIFICATE, older).contains("encrypted"));
        let cut = CERTIFICATE.replacen("MII", "M", 1);
        assert!(!told(&cut, key).is_empty());
    }

    const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBdjCCARugAwIBAgIUJo53c2vT5LNEeaNSXysdikWf3XAwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEYW5uYTAgFw0yNjExMjgwNjMzMDlaGA8yMTI2MTEwNDA2MzMw
OVowDzENMAsGA1UEAwwEYW5uYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJ55
pZ8r3GJOE1OzdTkJECsXXDgZmUvlhbHObWi+oeFJbuPtseFg+xB5Hmpre686C0Yx
lQa87xGlKx8U/Y/M7HujUzBRMB0GA1UdDgQWBBTBsyttWDJ2mkMkDJ8KlI0dOySR
bzAfBgNVHSMEGDAWgBTBsyttWDJ2mkMkDJ8KlI0dOySRbzAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0kAMEYCIQCDEOOy7c2O7ps9slYpuOEAwZx90Ks3n95G
WggGdkJXQwIhAJK4LmrJ7nvdGp3Avkx720LKJn3v1rvto216R1ZGFCYY
-----END CERTIFICATE-----
";
    const KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgg7InoS36tQlA6Yir
5kM9vsI5txQ1PFCmz2jObBVwfSahRANCAASeeaWfK9xiThNTs3U5CRArF1w4GZlL
5YWxzm1ovqHhSW7j7bHhYPsQeR5qa3uvOgtGMZUGvO8RpSsfFP2PzOx7
-----END PRIVATE KEY-----
";
    const OTHER_KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFP8eKdtlGwc06FQj
KIdEaSnJ1jGj786uoU3NI3vNg3yhRANCAAQFRAML0n+eQ6Z9mEdhl5wO470fntPP
dXe2N+V1zjup3QGz0nh7kLF+LIqI2jooQ/tQd2DNv4pc/jH4lNVW7zKs
-----END PRIVATE KEY-----
";
}
