//! Who the server is, by its certificate: TLS 1.2 and 1.3 by rustls on ring.
//!
//! Certificate and key are read again where their files change. One is replaced behind the other, so a
//! change counts once two looks saw the same; and where the two can't be used, what was there before stays.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use x509_cert::der::Decode as _;
use zeroize::Zeroizing;

use crate::file::{Untrusted, Writers, read_bytes};

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

/// The certificate and key that connections are taken by, and the files that they come from.
pub(super) struct Tls {
    files: Mutex<(PathBuf, PathBuf)>,
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
    pub(super) fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        // Looked at before it is read: what changes between is seen as a change.
        let seen = Seen::of(certificate, key);
        Ok(Self {
            files: Mutex::new((certificate.to_path_buf(), key.to_path_buf())),
            now: Mutex::new(identity(certificate, key)?),
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
        let (certificate, key) = self.files();
        let seen = Seen::of(&certificate, &key);
        *self.looks.lock().unwrap_or_else(PoisonError::into_inner) = Looks {
            read: seen,
            last: seen,
        };
        let identity = identity(&certificate, &key)?;
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = identity;
        Ok(())
    }

    /// From now on they are these files.
    ///
    /// # Errors
    /// [`TlsError`] where those are others, and can't be used; then it stays as it was.
    pub(super) fn is_at(&self, certificate: &Path, key: &Path) -> Result<(), TlsError> {
        let files = (certificate.to_path_buf(), key.to_path_buf());
        if self.files() == files {
            return Ok(());
        }
        identity(certificate, key)?;
        *self.files.lock().unwrap_or_else(PoisonError::into_inner) = files;
        self.read_again()
    }

    fn files(&self) -> (PathBuf, PathBuf) {
        self.files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether the files have changed since they were read, and have been as they are for two looks.
    pub(super) fn has_changed(&self) -> bool {
        let (certificate, key) = self.files();
        let seen = Seen::of(&certificate, &key);
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let rests = looks.last == seen;
        looks.last = seen;
        rests && looks.read != seen
    }
}

impl Seen {
    fn of(certificate: &Path, key: &Path) -> Self {
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
        Self([certificate, key].map(stamp))
    }
}

/// Takes connections by this certificate chain and key.
fn identity(certificate: &Path, key: &Path) -> Result<Identity, TlsError> {
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
    // A builder without a provider would take whichever another crate brings along.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, private)?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Ok(Identity { acceptor, expires })
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
