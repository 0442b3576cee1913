//! A key behind an ssh-agent (draft-miller-ssh-agent), named by its fingerprint.
//!
//! Whether that key lies in hardware is the agent's word at best, so it counts as software.
//! The agent is not believed: the key must have the fingerprint, the signature must be of
//! the algorithm that was asked for, and the spine verifies it.

mod connection;
#[cfg(feature = "login")]
mod keeper;
mod locator;
pub mod wire;

use std::path::PathBuf;

use ssh_key::public::KeyData;
use ssh_key::{Algorithm, HashAlg, PublicKey, Signature};

pub use super::error::AgentFault;
#[cfg(feature = "login")]
pub use keeper::Keeper;
pub use locator::{AgentLocator, AgentLocatorError};

use super::error::SignerError;
use super::error::{OpeningError, Seen};
use super::scheme::Scheme;
use super::{Locator, NewKey, Origin, RsaHash, Signer};
use connection::Connection;
use wire::Identity;

/// A key that an agent keeps.
struct AgentSigner {
    connection: Connection,
    socket: PathBuf,
    name: String,
    public_key: KeyData,
    blob: Vec<u8>,
    algorithm: Algorithm,
}

/// Finds the key in the agent's list. A certificate of the same key is not the key.
pub(super) fn open(
    locator: &AgentLocator,
    rsa_hash: RsaHash,
) -> Result<Box<dyn Signer>, OpeningError> {
    let name = locator.device();
    let socket = socket(locator).map_err(|source| at(&name, source))?;
    let mut connection = Connection::open(&socket).map_err(|source| at(&name, source))?;
    let identities = connection.identities();
    let identities = identities.map_err(|source| at(&name, source))?;
    let (public_key, blob) = find(locator, &name, identities)?;
    let scheme = Scheme::of(&public_key, rsa_hash).ok_or_else(|| at(&name, AgentFault::KeyType))?;
    super::software::refuse_short_rsa(&public_key, &name)?;
    Ok(Box::new(AgentSigner {
        algorithm: scheme.algorithm(),
        connection,
        socket,
        name,
        public_key,
        blob,
    }))
}

/// The facts of one key, which want no passphrase.
pub(super) fn describe(locator: &AgentLocator) -> Result<NewKey, OpeningError> {
    let signer = open(locator, RsaHash::default())?;
    Ok(NewKey {
        public_key: signer.public_key().clone(),
        origin: Origin::default(),
        locator: Locator::Agent(locator.clone()),
    })
}

fn socket(locator: &AgentLocator) -> Result<PathBuf, AgentFault> {
    match locator.socket() {
        Some(named) => Ok(named.to_path_buf()),
        None => own_socket(),
    }
}

/// The socket of the agent of whoever runs this.
fn own_socket() -> Result<PathBuf, AgentFault> {
    let socket = std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty());
    socket.map(PathBuf::from).ok_or(AgentFault::NoSocket)
}

fn find(
    locator: &AgentLocator,
    name: &str,
    identities: Vec<Identity>,
) -> Result<(KeyData, Vec<u8>), OpeningError> {
    let mut seen = Vec::new();
    for Identity { blob, .. } in identities {
        // Certificates, and kinds that we don't know, stand among the keys.
        let Ok(key) = PublicKey::from_bytes(&blob) else {
            continue;
        };
        let fingerprint = key.fingerprint(HashAlg::Sha256);
        if fingerprint == locator.fingerprint() {
            return Ok((key.key_data().clone(), blob));
        }
        seen.push(format!("{} {fingerprint}", key.algorithm()));
    }
    Err(OpeningError::NoKey {
        device: name.to_owned(),
        wanted: locator.to_string(),
        seen: Seen(seen),
    })
}

impl Signer for AgentSigner {
    fn public_key(&self) -> &KeyData {
        &self.public_key
    }

    fn device(&self) -> &str {
        &self.name
    }

    fn sign(&mut self, message: &[u8]) -> Result<Signature, SignerError> {
        let signature = match self.ask(message) {
            // An agent that was started again, or closed what stood idle.
            Err(AgentFault::Connection { .. }) => self.reconnect().and_then(|()| self.ask(message)),
            answered => answered,
        };
        signature.map_err(|source| unsigned(&self.name, source))
    }

    /// Whether the agent still has the key shows at the next signature.
    fn reopen(&mut self) -> Result<(), OpeningError> {
        self.reconnect().map_err(|source| at(&self.name, source))
    }
}

impl AgentSigner {
    fn ask(&mut self, message: &[u8]) -> Result<Signature, AgentFault> {
        let signature = self.connection.sign(&self.blob, message, &self.algorithm)?;
        if signature.algorithm() == self.algorithm {
            Ok(signature)
        } else {
            Err(AgentFault::OtherAlgorithm {
                wanted: self.algorithm.to_string(),
                given: signature.algorithm().to_string(),
            })
        }
    }

    fn reconnect(&mut self) -> Result<(), AgentFault> {
        self.connection = Connection::open(&self.socket)?;
        Ok(())
    }
}

fn at(device: &str, source: AgentFault) -> OpeningError {
    OpeningError::Agent {
        device: device.to_owned(),
        source,
    }
}

fn unsigned(device: &str, source: AgentFault) -> SignerError {
    SignerError::Agent {
        device: device.to_owned(),
        source,
    }
}
