//! Certificates that clients show in TLS, where a login method takes them.
//!
//! Everybody may connect: with none, with one of any CA, with one that is over. A handshake sees that whoever shows a
//! certificate has its private key, and nothing more; what the certificate counts for is asked at the login, by the
//! config and the clock of then (`authorities`), and answered in words, which an alert of TLS has none of. So nothing
//! but a login may look at what is kept here.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, ServerConnection,
    SignatureScheme,
};

/// The chain that a client showed; of its first certificate, it has the private key.
#[derive(Clone)]
pub(in crate::service) struct ShownCertificates(Arc<[CertificateDer<'static>]>);

/// Asks each client for a certificate, and takes any, or none.
#[derive(Debug)]
pub(super) struct AnyCertificate {
    /// What clients are told, which may choose among several by it.
    names: Vec<DistinguishedName>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ShownCertificates {
    /// What was shown on a connection; none where nothing was.
    pub(in crate::service) fn on(connection: &ServerConnection) -> Option<Self> {
        let shown = connection.peer_certificates()?;
        (!shown.is_empty()).then(|| Self(shown.to_vec().into()))
    }

    /// The client's own certificate, and those that it sent along.
    pub(in crate::service) fn parts(
        &self,
    ) -> Option<(&CertificateDer<'static>, &[CertificateDer<'static>])> {
        self.0.split_first()
    }
}

impl AnyCertificate {
    pub(super) fn new(
        names: Vec<DistinguishedName>,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Self {
        Self { names, algorithms }
    }
}

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.names
    }

    /// What is kept as long as the connection is, for nobody knows whom, has a limit.
    fn verify_client_cert(
        &self,
        own: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let bytes: usize = above.iter().map(|one| one.len()).sum();
        if above.len() > MOST_ABOVE || own.len().saturating_add(bytes) > LARGEST {
            let much = CertificateError::ApplicationVerificationFailure;
            return Err(Error::InvalidCertificate(much));
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, own, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, own, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Certificates between a client's own and the client CA.
const MOST_ABOVE: usize = 8;
/// Of a chain, in bytes.
const LARGEST: usize = 16 * 1024;
