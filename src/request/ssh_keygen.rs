//! `ssh-keygen -Y sign`, which asks ssh-agent, a security key, or for a passphrase.
//!
//! What it makes is an SSHSIG in a namespace, whose preamble no certificate can begin with
//! (PROTOCOL.sshsig).

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use ssh_key::SshSig;

/// Why `ssh-keygen` gave no signature.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SshKeygenError {
    /// It could not be run.
    #[error("ssh-keygen cannot be run")]
    Start(#[source] io::Error),
    /// It did not sign; it said why.
    #[error("ssh-keygen did not sign ({0})")]
    Failed(ExitStatus),
    /// What came back is no signature.
    #[error("the answer of ssh-keygen is no SSHSIG signature")]
    Signature(#[source] ssh_key::Error),
}

/// Has the key of a file sign these bytes for a purpose. The file is that of the public half (the
/// other one is in an agent then) or of the private one; what `ssh-keygen` says to a person (touch the key, type
/// the passphrase) passes through.
///
/// # Errors
/// [`SshKeygenError`].
pub fn by_ssh_keygen(bytes: &[u8], namespace: &str, key: &Path) -> Result<SshSig, SshKeygenError> {
    let mut child = Command::new("ssh-keygen")
        .args(["-q", "-Y", "sign", "-n", namespace, "-f"])
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(SshKeygenError::Start)?;
    // A child that fails early reads nothing; its exit tells.
    let _read = child.stdin.take().map(|mut stdin| stdin.write_all(bytes));
    let mut answer = String::new();
    let read = child
        .stdout
        .take()
        .map(|stdout| stdout.take(LONGEST_ANSWER).read_to_string(&mut answer));
    let status = child.wait().map_err(SshKeygenError::Start)?;
    if !status.success() {
        return Err(SshKeygenError::Failed(status));
    }
    read.transpose().map_err(SshKeygenError::Start)?;
    SshSig::from_pem(&answer).map_err(SshKeygenError::Signature)
}

/// An SSHSIG by an RSA key of 16384 bits takes 6 KiB.
const LONGEST_ANSWER: u64 = 64 * 1024;
