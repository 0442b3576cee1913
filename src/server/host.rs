//! The host keys of this machine's sshd, and the certificates beside them.

mod judge;
mod standing;

use std::io;
use std::path::{Path, PathBuf};

use ssh_key::public::KeyData;

pub use judge::{Expected, HostRefusal, judge};
pub use standing::{Missing, Standing, standings};

use super::sshd::Settings;
use crate::certificate::key_line::{KeyLineError, read_certificate_line, read_public_key_line};
use crate::file::read_limited;
use crate::wire::RawCertificate;

/// A host key of sshd, by its public half.
#[derive(Clone, Debug)]
pub struct HostKey {
    /// The private key's path, as `HostKey` names it.
    pub path: PathBuf,
    /// The key.
    pub key: KeyData,
    /// What stands behind the key in its `.pub` file.
    pub comment: String,
}

/// Why a file of a host isn't what it should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostFileError {
    /// It can't be read.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It holds something else.
    #[error("{}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyLineError,
    },
}

impl HostKey {
    /// The host keys that sshd shows, by the `.pub` files beside them.
    ///
    /// # Errors
    /// [`HostFileError`] for the first that can't be read.
    pub fn all(settings: &Settings) -> Result<Vec<Self>, HostFileError> {
        settings.all("hostkey").map(Self::read).collect()
    }

    fn read(path: &str) -> Result<Self, HostFileError> {
        // HostKey may name the public half of a key in an agent.
        let path = PathBuf::from(path.strip_suffix(".pub").unwrap_or(path));
        let (key, comment) = line(&beside(&path, ".pub"), read_public_key_line)?;
        Ok(Self { path, key, comment })
    }

    /// Where the key's certificate lies, as sshd and ssh-keygen have it.
    #[must_use]
    pub fn certificate_path(&self) -> PathBuf {
        beside(&self.path, "-cert.pub")
    }
}

/// Reads a certificate file.
///
/// # Errors
/// [`HostFileError`].
pub fn read_certificate(path: &Path) -> Result<RawCertificate, HostFileError> {
    Ok(line(path, read_certificate_line)?.0)
}

fn line<T>(
    path: &Path,
    read: impl FnOnce(&str) -> Result<T, KeyLineError>,
) -> Result<T, HostFileError> {
    let text = read_limited(path, BYTES_MAX).map_err(|source| HostFileError::File {
        path: path.to_path_buf(),
        source,
    })?;
    read(&text).map_err(|source| HostFileError::Line {
        path: path.to_path_buf(),
        source,
    })
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// More than any key or certificate takes.
const BYTES_MAX: u64 = 128 << 10;
