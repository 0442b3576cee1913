//! An agent that keeps certificates for logins, each with its key and for as long as it is valid.
//!
//! A certificate is added alone: `ssh-add` adds key and certificate, and each costs one of a server's
//! MaxAuthTries. OpenSSH's agent keeps a certificate that is over, if it came without a lifetime.

use ssh_key::PublicKey;
use ssh_key::private::Ed25519Keypair;

use super::connection::Connection;
use super::wire::{request_addition, request_removal};
use super::{AgentFault, own_socket};
use crate::wire::RawCertificate;

/// The agent of whoever runs this.
pub struct Keeper {
    connection: Connection,
}

impl Keeper {
    /// Reaches the agent that `SSH_AUTH_SOCK` names.
    ///
    /// # Errors
    /// [`AgentFault`].
    pub fn open() -> Result<Self, AgentFault> {
        let connection = Connection::open(&own_socket()?)?;
        Ok(Self { connection })
    }

    /// Gives it a certificate and its key, for so many seconds.
    ///
    /// # Errors
    /// [`AgentFault::Refused`] by an agent that takes no certificates or no lifetimes, as some
    /// desktops have; also where it says yes and has the certificate not.
    pub fn add(
        &mut self,
        certificate: &RawCertificate,
        pair: &Ed25519Keypair,
        comment: &str,
        seconds: u32,
    ) -> Result<(), AgentFault> {
        let what = (certificate.algorithm(), certificate.blob());
        let request = request_addition(what, pair, comment, seconds);
        self.connection.command(&request)?;
        if self.has(certificate.blob())? {
            Ok(())
        } else {
            Err(AgentFault::Refused)
        }
    }

    /// Whether it has this certificate.
    ///
    /// # Errors
    /// [`AgentFault`].
    pub fn has(&mut self, certificate: &[u8]) -> Result<bool, AgentFault> {
        let identities = self.connection.identities()?;
        Ok(identities.iter().any(|one| one.blob == certificate))
    }

    /// Makes it forget the certificates that have this comment, but for one.
    ///
    /// # Errors
    /// [`AgentFault`].
    pub fn forget(&mut self, comment: &str, but: Option<&[u8]>) -> Result<(), AgentFault> {
        for identity in self.connection.identities()? {
            let is_meant = identity.comment == comment.as_bytes()
                && but != Some(identity.blob.as_slice())
                && RawCertificate::from_blob(&identity.blob).is_ok();
            if is_meant {
                self.connection.command(&request_removal(&identity.blob))?;
            }
        }
        Ok(())
    }

    /// The plain keys that it has.
    ///
    /// # Errors
    /// [`AgentFault`].
    pub fn keys(&mut self) -> Result<Vec<PublicKey>, AgentFault> {
        let identities = self.connection.identities()?;
        let keys = identities
            .iter()
            .filter_map(|one| PublicKey::from_bytes(&one.blob).ok());
        Ok(keys.collect())
    }
}
