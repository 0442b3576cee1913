//! The client CAs of the config, by which certificates are held that were shown in TLS.
//!
//! Each login method has one CA of its own, and takes no chain that ends anywhere else. It is read with the config. What
//! its certificate says, and lists of revoked ones, are held against the clock at each login, and the lists are read
//! anew: they are written anew while the server runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};

use super::tls::{ShownCertificates, TlsBy};
use crate::config::{ClientCaConfig, LoginMethod, ServeTls};
use crate::file::{Untrusted, Writers, read_bytes};
use crate::login::MethodName;
use crate::login::tls::{CertificateError, ClientCa, ClientCaError, Expected, Person};

/// All of them.
pub(super) struct Authorities(Vec<Authority>);

/// The client CA of a login method.
pub(super) struct Authority {
    method: MethodName,
    config: ClientCaConfig,
    ca: ClientCa,
    roots: Arc<RootCertStore>,
    /// Holds a chain against the CA.
    chains: Arc<dyn ClientCertVerifier>,
}

/// Why nobody could log in by client certificates.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthoritiesError {
    /// What a method names can't be used.
    #[error("[login.{method}]: {}", path.display())]
    File {
        /// The method.
        method: MethodName,
        /// The file.
        path: PathBuf,
        /// Why.
        source: AuthorityFileError,
    },
    /// Its people would be bound with one name.
    #[error(
        "[login.{one}] and [login.{other}] have the same client CA, and people are bound by it: one method for each"
    )]
    Same {
        /// A method.
        one: MethodName,
        /// The other.
        other: MethodName,
    },
}

/// Why a file is no client CA, or no list of revoked certificates.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityFileError {
    /// It can't be read.
    #[error("can't be read")]
    Read(#[from] std::io::Error),
    /// Others can write it.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// It holds another number than one.
    #[error(
        "holds {0} certificates in PEM, and is to hold that of the client CA alone; another CA is another login method"
    )]
    Certificates(usize),
    /// The certificate is none of a CA.
    #[error("is no client CA's certificate")]
    Ca(#[from] ClientCaError),
    /// TLS can't use it.
    #[error("is no certificate that TLS can use")]
    Root(#[source] rustls::Error),
    /// It holds no list.
    #[error("holds no list of revoked certificates (X509 CRL) in PEM")]
    NoList,
    /// A list can't be used.
    #[error("holds a list of revoked certificates that can't be used")]
    List(#[from] VerifierBuilderError),
}

/// Why what was shown lets nobody in.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotCertified {
    /// No client has an empty chain.
    #[error("no client certificate was shown")]
    Nothing,
    /// The certificate says so itself.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The CA's own certificate.
    #[error("the client CA's own certificate is over, or not valid yet")]
    CaOver,
    /// It doesn't come from the CA, or doesn't count any more.
    #[error("the client certificate is not verified by the client CA")]
    Chain(#[source] rustls::Error),
    /// Whether it was revoked can't be known.
    #[error("lists of revoked certificates, {}", path.display())]
    Lists {
        /// The file.
        path: PathBuf,
        /// Why.
        source: AuthorityFileError,
    },
}

impl Authorities {
    /// Reads those that the methods name.
    ///
    /// # Errors
    /// [`AuthoritiesError`].
    pub(super) fn open(methods: &[LoginMethod]) -> Result<Self, AuthoritiesError> {
        let with = methods.iter().filter_map(|method| {
            let config = method.certificates.as_ref()?;
            Some(Authority::open(&method.name, config))
        });
        let all = with.collect::<Result<Vec<_>, _>>()?;
        for (place, one) in all.iter().enumerate() {
            let mut before = all.iter().take(place);
            if let Some(other) = before.find(|other| other.issuer() == one.issuer()) {
                return Err(AuthoritiesError::Same {
                    one: other.method.clone(),
                    other: one.method.clone(),
                });
            }
        }
        Ok(Self(all))
    }

    /// The client CA of a method.
    pub(super) fn of(&self, method: &MethodName) -> Option<&Authority> {
        self.0.iter().find(|authority| authority.method == *method)
    }

    /// The names that clients are told, in DER; none where nobody logs in by a certificate.
    fn names(&self) -> Option<Vec<Vec<u8>>> {
        let names = self.0.iter().map(|one| one.ca.subject_der().to_vec());
        (!self.0.is_empty()).then(|| names.collect())
    }

    /// Which CA each method takes certificates of, in words.
    pub(super) fn told(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|authority| {
            let Authority { method, ca, .. } = authority;
            let (subject, issuer) = (ca.subject(), ca.issuer());
            format!(
                "logins by {method} are by client certificates of {subject}, who are bound with {issuer}"
            )
        })
    }
}

impl Authority {
    fn open(method: &MethodName, config: &ClientCaConfig) -> Result<Self, AuthoritiesError> {
        let failed = |path: &Path, source| AuthoritiesError::File {
            method: method.clone(),
            path: path.to_path_buf(),
            source,
        };
        let file = config.client_ca.as_path();
        let (ca, roots) = client_ca(file).map_err(|error| failed(file, error))?;
        let roots = Arc::new(roots);
        let chains = verifier(&roots, Vec::new()).map_err(|error| failed(file, error))?;
        if let Some(file) = &config.client_crl {
            let listed = lists(file).and_then(|lists| verifier(&roots, lists));
            listed.map_err(|error| failed(file, error))?;
        }
        Ok(Self {
            method: method.clone(),
            config: config.clone(),
            ca,
            roots,
            chains,
        })
    }

    /// What people are bound with whom it certified.
    pub(super) fn issuer(&self) -> &str {
        self.ca.issuer()
    }

    /// Whose certificate was shown, at a time in Unix seconds.
    ///
    /// # Errors
    /// [`NotCertified`].
    pub(super) fn person(
        &self,
        shown: &ShownCertificates,
        now: u64,
    ) -> Result<Person, NotCertified> {
        let (own, above) = shown.parts().ok_or(NotCertified::Nothing)?;
        let expected = Expected {
            issuer: self.issuer(),
            names: &self.config.names,
            now,
        };
        let person = Person::of(own, &expected)?;
        if !self.ca.counts(now) {
            return Err(NotCertified::CaOver);
        }
        let time = UnixTime::since_unix_epoch(Duration::from_secs(now));
        let holds = |by: &dyn ClientCertVerifier| {
            let verified = by.verify_client_cert(own, above, time);
            verified.map(drop).map_err(NotCertified::Chain)
        };
        // Lists are long, and nobody has them read whom the CA didn't certify.
        holds(&*self.chains)?;
        if let Some(file) = &self.config.client_crl {
            holds(&*self.listed(file)?)?;
        }
        Ok(person)
    }

    /// What holds a chain against the lists that are there now, too.
    fn listed(&self, file: &Path) -> Result<Arc<dyn ClientCertVerifier>, NotCertified> {
        let listed = lists(file).and_then(|lists| verifier(&self.roots, lists));
        listed.map_err(|source| NotCertified::Lists {
            path: file.to_path_buf(),
            source,
        })
    }
}

impl TlsBy {
    /// What connections are taken by, as the config says; none where a proxy does TLS.
    pub(super) fn of(tls: &ServeTls, authorities: &Authorities) -> Option<Self> {
        match tls {
            ServeTls::Proxy { .. } => None,
            ServeTls::Files { certificate, key } => Some(Self {
                certificate: certificate.clone(),
                key: key.clone(),
                client_cas: authorities.names(),
            }),
        }
    }
}

fn client_ca(file: &Path) -> Result<(ClientCa, RootCertStore), AuthorityFileError> {
    let pem = trusted(file, LARGEST_CA)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.unwrap_or_default();
    let [only] = certificates.as_slice() else {
        return Err(AuthorityFileError::Certificates(certificates.len()));
    };
    let ca = ClientCa::of(only)?;
    let mut roots = RootCertStore::empty();
    let added = roots.add(only.clone());
    added.map_err(AuthorityFileError::Root)?;
    Ok((ca, roots))
}

/// What holds a chain against a CA, and against lists, none of which may be over, if there are any.
fn verifier(
    roots: &Arc<RootCertStore>,
    lists: Vec<CertificateRevocationListDer<'static>>,
) -> Result<Arc<dyn ClientCertVerifier>, AuthorityFileError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(roots), provider);
    let verifier = verifier.with_crls(lists).enforce_revocation_expiration();
    Ok(verifier.build()?)
}

fn lists(file: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, AuthorityFileError> {
    let pem = trusted(file, LARGEST_LISTS)?;
    let lists: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(&pem).collect();
    // Without any, nothing would be held against lists.
    let lists = lists.ok().filter(|lists| !lists.is_empty());
    lists.ok_or(AuthorityFileError::NoList)
}

fn trusted(file: &Path, limit: usize) -> Result<Vec<u8>, AuthorityFileError> {
    Writers::of_this_account().check(file)?;
    Ok(read_bytes(file, limit)?)
}

/// In bytes.
const LARGEST_CA: usize = 64 * 1024;
/// In bytes; a list has 40 of each certificate.
const LARGEST_LISTS: usize = 8 << 20;
