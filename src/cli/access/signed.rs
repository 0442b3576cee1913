//! Signing what is published, by the keys of persons.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use ssh_key::SshSig;
use ssh_key::public::KeyData;

use crate::cli::base::failure::{Advised, At, Failure};
use crate::config::{SubjectFile, read_bytes};
use crate::request::by_ssh_keygen;
use crate::server::publication::{
    LIST_NAMESPACE, SIGNATURES_BYTES_MAX, Signatures, SignaturesError,
};

/// Which key signs.
#[derive(Debug, Args)]
pub(super) struct Key {
    /// The key that signs, as for ssh-keygen -Y sign: a public key whose private half is in an
    /// ssh-agent, or a private key file, also of a security key
    #[arg(long, value_name = "FILE", required = true)]
    key: PathBuf,
}

impl Key {
    /// Has the key sign these bytes for a purpose.
    pub(super) fn signature(&self, bytes: &[u8], namespace: &str) -> Result<SshSig, Failure> {
        Ok(by_ssh_keygen(bytes, namespace, &self.key)?)
    }

    /// Its public half, without which ssh-keygen signs nothing either.
    pub(super) fn public(&self) -> Result<KeyData, Failure> {
        let read = SubjectFile::read(&self.key).in_file(&self.key)?;
        Ok(read.key)
    }

    /// Signs a list.
    pub(super) fn sign_list(&self, list: &[u8]) -> Result<SshSig, Failure> {
        self.signature(list, LIST_NAMESPACE)
    }
}

/// The file of this ending that lies beside a list.
pub(super) fn beside(list: &Path, ending: &str) -> PathBuf {
    let mut path = list.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// The signatures beside a list; none if there is no file.
pub(super) fn read_signatures(list: &Path) -> Result<Signatures, Failure> {
    let path = beside(list, SIGNATURE_ENDING);
    let text = match read_bytes(&path, SIGNATURES_BYTES_MAX) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Signatures::default()),
        Err(error) => return Err(error).in_file(&path),
    };
    Signatures::read(&text).in_file(&path)
}

impl Advised for SignaturesError {}

/// The end of the name of the signatures, behind that of the list.
pub(super) const SIGNATURE_ENDING: &str = ".sig";
/// What is published is no secret to those who fetch it.
pub(super) const PUBLISHED_MODE: u32 = 0o644;
