//! `agent:SHA256:…?socket=/run/user/1000/agent`

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ssh_key::{Fingerprint, HashAlg};

/// Names a key by its fingerprint, in the agent at a socket; without one, at the one that
/// `SSH_AUTH_SOCK` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentLocator {
    fingerprint: Fingerprint,
    socket: Option<PathBuf>,
}

/// Why a text is no agent's locator. The text is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AgentLocatorError {
    /// Longer than any locator.
    #[error("an agent's locator has at most {LENGTH_MAX} bytes")]
    Length,
    /// No SHA-256 fingerprint.
    #[error("an agent's locator reads agent:SHA256:…, as ssh-add -l prints it")]
    Fingerprint,
    /// What stands after the `?` is something else.
    #[error("what may follow in an agent's locator is ?socket=/path")]
    Form,
    /// A relative path, or one that would not print.
    #[error("an agent's socket is an absolute path without control characters")]
    Socket,
}

impl AgentLocator {
    /// The key's SHA-256 fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The agent's socket, where one is named.
    pub fn socket(&self) -> Option<&Path> {
        self.socket.as_deref()
    }

    /// Whether all that this locator says, `other` says too.
    pub(in crate::signer) fn covers(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
            && (self.socket.is_none() || self.socket == other.socket)
    }

    pub(super) fn device(&self) -> String {
        format!("ssh-agent key {}", self.fingerprint)
    }
}

impl FromStr for AgentLocator {
    type Err = AgentLocatorError;

    fn from_str(text: &str) -> Result<Self, AgentLocatorError> {
        if text.len() > LENGTH_MAX {
            return Err(AgentLocatorError::Length);
        }
        let (fingerprint, query) = match text.split_once('?') {
            Some((fingerprint, query)) => (fingerprint, Some(query)),
            None => (text, None),
        };
        let fingerprint: Fingerprint = fingerprint
            .strip_prefix("agent:")
            .and_then(|fingerprint| fingerprint.parse().ok())
            .ok_or(AgentLocatorError::Fingerprint)?;
        if fingerprint.algorithm() != HashAlg::Sha256 {
            return Err(AgentLocatorError::Fingerprint);
        }
        let socket = query.map(socket).transpose()?;
        Ok(Self {
            fingerprint,
            socket,
        })
    }
}

impl fmt::Display for AgentLocator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "agent:{}", self.fingerprint)?;
        match &self.socket {
            Some(socket) => write!(f, "?socket={}", socket.display()),
            None => Ok(()),
        }
    }
}

fn socket(query: &str) -> Result<PathBuf, AgentLocatorError> {
    let path = query
        .strip_prefix("socket=")
        .ok_or(AgentLocatorError::Form)?;
    if path.starts_with('/') && !path.contains(char::is_control) {
        Ok(path.into())
    } else {
        Err(AgentLocatorError::Socket)
    }
}

const LENGTH_MAX: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "agent:SHA256:Nh0Me49Zh9fDw/VYUfq43IJmI1T+XrjiYONPND8GzaM";

    fn read(text: &str) -> Result<AgentLocator, AgentLocatorError> {
        text.parse()
    }

    #[test]
    fn is_written_as_it_was_read() {
        for text in [KEY.to_owned(), format!("{KEY}?socket=/run/a b")] {
            assert_eq!(read(&text).unwrap().to_string(), text);
        }
        let (any, one) = (
            read(KEY).unwrap(),
            read(&format!("{KEY}?socket=/a")).unwrap(),
        );
        assert!(any.covers(&one) && !one.covers(&any));
    }

    #[test]
    fn each_fault_has_its_own_name() {
        use AgentLocatorError as E;
        for (text, fault) in [
            ("agent:", E::Fingerprint),
            ("agent:SHA256:", E::Fingerprint),
            (&KEY[..KEY.len() - 1], E::Fingerprint),
            (&format!("{KEY}="), E::Fingerprint),
            ("agent:MD5:00:11", E::Fingerprint),
            (&format!("{KEY}?"), E::Form),
            (&format!("{KEY}?pin-value=123456"), E::Form),
            (&format!("{KEY}?socket=agent"), E::Socket),
            (&format!("{KEY}?socket=/a\nb"), E::Socket),
            (&format!("{KEY}?socket=/{}", "a".repeat(512)), E::Length),
        ] {
            assert_eq!(read(text), Err(fault), "{text:?}");
        }
    }
}
