//! How the host certificates stand that sshd shows: which are there, and for how long.

use std::path::PathBuf;

use super::{HostFileError, HostKey, read_certificate};
use crate::server::sshd::Settings;

/// How the certificate of one host key stands.
#[derive(Debug)]
pub struct Standing {
    /// The certificate's file.
    pub path: PathBuf,
    /// When it is valid, as seconds: from and to; or why it isn't.
    pub valid: Result<(u64, u64), Missing>,
}

/// Why a host key has no certificate that counts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Missing {
    /// The file isn't there, or holds something else.
    #[error(transparent)]
    File(#[from] HostFileError),
    /// `HostCertificate` doesn't name it, so sshd doesn't show it.
    #[error("sshd isn't told of it")]
    NotNamed,
    /// It is of another key.
    #[error("it is of another key than the one beside it")]
    OtherKey,
    /// It is over, or its time hasn't come.
    #[error("it is valid from {} to {}", crate::certificate::explain::utc(*.0), crate::certificate::explain::utc(*.1))]
    Dates(u64, u64),
}

/// The certificates that sshd is told of, and those of host keys that have one beside them.
///
/// # Errors
/// [`HostFileError`] if a host key can't be read.
pub fn standings(settings: &Settings, now: u64) -> Result<Vec<Standing>, HostFileError> {
    let named: Vec<_> = settings.all("hostcertificate").map(PathBuf::from).collect();
    let keys = HostKey::all(settings)?;
    let beside = keys.iter().map(HostKey::certificate_path);
    let unnamed = beside.filter(|path| !named.contains(path) && path.exists());
    let unnamed = unnamed.map(|path| Standing {
        path,
        valid: Err(Missing::NotNamed),
    });
    let unnamed: Vec<_> = unnamed.collect();
    let named = named.into_iter().map(|path| Standing {
        valid: look(&path, &keys, now),
        path,
    });
    Ok(named.chain(unnamed).collect())
}

fn look(path: &std::path::Path, keys: &[HostKey], now: u64) -> Result<(u64, u64), Missing> {
    let certificate = read_certificate(path)?;
    let own = certificate.subject_key();
    if !keys.iter().any(|key| Some(&key.key) == own.as_ref()) {
        return Err(Missing::OtherKey);
    }
    let (from, to) = (certificate.valid_after(), certificate.valid_before());
    if now < from || now >= to {
        return Err(Missing::Dates(from, to));
    }
    Ok((from, to))
}
