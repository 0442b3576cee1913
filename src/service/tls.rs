//! Who the server is, by its certificate: TLS 1.2 and 1.3 by rustls on ring.
//!
//! Certificate and key are read again where their files change. One is replaced behind the other, so a
//! change counts once two looks saw the same; and where the two can't be used, what was there before stays.
//!
//! Where people log in by client certificates, clients are asked for one (`shown`). No session of TLS is taken up
//! again there: each connection shows for itself who has the private key.

mod shown;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;
use rustls::{DistinguishedName, ServerConfig};
use tokio_rustls::TlsAcceptor;
use x509_cert::der::Decode as _;
use zeroize::Zeroizing;

use crate::file::{Untrusted, Writers, read_bytes};
use shown::AnyCertificate;
pub(super) use shown::ShownCertificates;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file can't be read.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others can write the key.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// Others can read the key.
    #[error("{} can be read by others: chmod 600", .0.display())]
    Readable(PathBuf),
    /// It holds no PEM of what is meant.
    #[error("{} holds no {what} in PEM", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is meant.
        what: &'static str,
    },
    /// The two don't go together, or can't be used.
    #[error("certificate and key of [serve] can't be used")]
    Unfit(#[from] rustls::Error),
}

/// By what connections are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TlsBy {
    /// The file of the server's certificate chain.
    pub(super) certificate: PathBuf,
    /// The file of its key.
    pub(super) key: PathBuf,
    /// The names, in DER, of the CAs whose certificates clients are asked for; they are asked for none where nobody logs in
    /// by one.
    pub(super) client_cas: Option<Vec<Vec<u8>>>,
}

/// The certificate and key that connections are taken by, and the files that they come from.
pub(super) struct Tls {
    by: Mutex<TlsBy>,
    now: Mutex<Identity>,
    looks: Mutex<Looks>,
}

/// What connections are taken by, and the first second in which its certificate is over, where that can be read.
#[derive(Clone)]
struct Identity {
    acceptor: TlsAcceptor,
    expires: Option<u64>,
}

/// What was seen of the two files.
struct Looks {
    /// When they were read.
    read: Seen,
    /// A moment ago.
    last: Seen,
}

/// Tells one state of the two files from another.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen([Option<Stamp>; 2]);

/// Device, inode, size, and the time of the last change, which nobody can set.
type Stamp = (u64, u64, u64, i64, i64);

impl Tls {
    /// Reads both.
    ///
    /// # Errors
    /// [`TlsError`].
    pub(super) fn read(by: TlsBy) -> Result<Self, TlsError> {
        // Looked at before it is read: what changes between is seen as a change.
        let seen = Seen::of(&by);
        Ok(Self {
            now: Mutex::new(identity(&by)?),
            by: Mutex::new(by),
            looks: Mutex::new(Looks {
                read: seen,
                last: seen,
            }),
        })
    }

    /// Takes the next connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.now().acceptor
    }

    /// The first second in which the certificate is over, in Unix seconds.
    pub(super) fn expires(&self) -> Option<u64> {
        self.now().expires
    }

    fn now(&self) -> Identity {
        self.now
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads both again, for all connections from now on.
    ///
    /// # Errors
    /// [`TlsError`]; what was there before stays.
    pub(super) fn read_again(&self) -> Result<(), TlsError> {
        let by = self.by();
        let seen = Seen::of(&by);
        *self.looks.lock().unwrap_or_else(PoisonError::into_inner) = Looks {
            read: seen,
            last: seen,
        };
        let identity = identity(&by)?;
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = identity;
        Ok(())
    }

    /// From now on connections are taken by this.
    ///
    /// # Errors
    /// [`TlsError`] where that is something else, and can't be used; then it stays as it was.
    pub(super) fn becomes(&self, by: TlsBy) -> Result<(), TlsError> {
        if self.by() == by {
            return Ok(());
        }
        identity(&by)?;
        *self.by.lock().unwrap_or_else(PoisonError::into_inner) = by;
        self.read_again()
    }

    fn by(&self) -> TlsBy {
        self.by
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether the files have changed since they were read, and have been as they are for two looks.
    pub(super) fn has_changed(&self) -> bool {
        let seen = Seen::of(&self.by());
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let rests = looks.last == seen;
        looks.last = seen;
        rests && looks.read != seen
    }
}

impl Seen {
    fn of(by: &TlsBy) -> Self {
        let stamp = |path: &Path| {
            use std::os::unix::fs::MetadataExt as _;
            let found = std::fs::metadata(path).ok()?;
            Some((
                found.dev(),
                found.ino(),
                found.size(),
                found.ctime(),
                found.ctime_nsec(),
            ))
        };
        Self([&by.certificate, &by.key].map(|path| stamp(path)))
    }
}

/// Takes connections by this certificate chain and key.
fn identity(by: &TlsBy) -> Result<Identity, TlsError> {
    let (certificate, key) = (by.certificate.as_path(), by.key.as_path());
    let pem = read(certificate)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let chain = chain.unwrap_or_default();
    if chain.is_empty() {
        return Err(none(certificate, "certificate"));
    }
    let expires = chain.first().and_then(|leaf| expires(leaf));
    refuse_open(key)?;
    let pem = Zeroizing::new(read(key)?);
    let private = PrivateKeyDer::from_pem_slice(&pem);
    let private = private.map_err(|_form| none(key, "private key"))?;
    let config = config(by.client_cas.clone(), (chain, private))?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Ok(Identity { acceptor, expires })
}

fn config(
    client_cas: Option<Vec<Vec<u8>>>,
    (chain, key): (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>),
) -> Result<ServerConfig, rustls::Error> {
    // A builder without a provider would take whichever another crate brings along.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let config = ServerConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions()?;
    let Some(names) = client_cas else {
        return config.with_no_client_auth().with_single_cert(chain, key);
    };
    let names = names.into_iter().map(DistinguishedName::from);
    let any = AnyCertificate::new(names.collect(), algorithms);
    let config = config.with_client_cert_verifier(Arc::new(any));
    let mut config = config.with_single_cert(chain, key)?;
    // What is kept of a session has its certificates, and whoever takes it up again shows no key of theirs.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

fn expires(leaf: &[u8]) -> Option<u64> {
    let leaf = x509_cert::Certificate::from_der(leaf).ok()?;
    let last = leaf.tbs_certificate().validity().not_after;
    Some(last.to_unix_duration().as_secs().saturating_add(1))
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    read_bytes(path, LARGEST).map_err(|source| TlsError::File {
        path: path.to_path_buf(),
        source,
    })
}

fn refuse_open(key: &Path) -> Result<(), TlsError> {
    use std::os::unix::fs::MetadataExt as _;
    Writers::of_this_account().check(key)?;
    let found = std::fs::metadata(key).map_err(|source| TlsError::File {
        path: key.to_path_buf(),
        source,
    })?;
    if found.mode() & 0o004 != 0 {
        return Err(TlsError::Readable(key.to_path_buf()));
    }
    Ok(())
}

fn none(path: &Path, what: &'static str) -> TlsError {
    let path = path.to_path_buf();
    TlsError::Pem { path, what }
}

/// In bytes.
const LARGEST: usize = 1 << 20;
