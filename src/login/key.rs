//! Login by an enrolled key: it signs our challenge, and with it which session key it opens.
//!
//! SSHSIG in a namespace of its own, as `ssh-keygen -Y sign -n login@punchmark` makes it, so that
//! keys in files, agents, cards and security keys can do it. The text names the server by its URL
//! and the session's key by its thumbprint: an answer that was lured out for another server, or on its
//! way, opens nothing.

use ssh_key::public::KeyData;
use ssh_key::{HashAlg, SshSig};

use base64ct::{Base64UrlUnpadded, Encoding as _};

use super::jws::Thumbprint;
use super::{Login, LoginKind, MethodName};
use crate::request::{DetachedError, RequesterName, verify_detached};

/// The namespace of the signature.
pub const NAMESPACE: &str = "login@punchmark";
/// The hash within it.
pub const HASH: HashAlg = HashAlg::Sha512;

/// What a key is asked to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChallenge {
    text: String,
}

/// A line of the text that can't be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a login's {0} is printable ASCII of at most {LINE_MAX} characters")]
pub struct KeyChallengeError(&'static str);

/// The answer to a challenge, and whose key made it, which nobody has to believe yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAnswer {
    signature: SshSig,
}

/// Why an answer opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyAnswerError {
    /// Longer than any, or no SSHSIG in its armour.
    #[error("the answer is no signature of the form that ssh-keygen -Y sign makes")]
    Form,
    /// It is one, of something else.
    #[error(transparent)]
    Signature(#[from] DetachedError),
}

impl KeyChallenge {
    /// The text for a server's URL, the id of the login, the server's 32 random bytes, and the
    /// session's key.
    ///
    /// # Errors
    /// [`KeyChallengeError`] if URL or id could stand for more than one line.
    pub fn new(
        url: &str,
        login: &str,
        challenge: &[u8; 32],
        key: &Thumbprint,
    ) -> Result<Self, KeyChallengeError> {
        for (name, line) in [("URL", url), ("id", login)] {
            let is_line = line.bytes().all(|byte| byte.is_ascii_graphic());
            if !is_line || line.is_empty() || line.len() > LINE_MAX {
                return Err(KeyChallengeError(name));
            }
        }
        let challenge = Base64UrlUnpadded::encode_string(challenge);
        let text = format!("{FIRST_LINE}\n{url}\n{login}\n{challenge}\n{key}\n");
        Ok(Self { text })
    }

    /// What is signed in [`NAMESPACE`].
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

impl KeyAnswer {
    /// Reads a signature in its armour.
    ///
    /// # Errors
    /// [`KeyAnswerError::Form`].
    pub fn parse(armour: &str) -> Result<Self, KeyAnswerError> {
        if armour.len() > ANSWER_MAX {
            return Err(KeyAnswerError::Form);
        }
        // What ssh-key says of a place in the Base64 helps nobody.
        let signature = SshSig::from_pem(armour).map_err(|_where| KeyAnswerError::Form)?;
        Ok(Self { signature })
    }

    /// The key that says to have signed: whose it is, is to be looked up.
    #[must_use]
    pub fn key(&self) -> &KeyData {
        self.signature.public_key()
    }

    /// The login of whoever that key is enrolled for, once it is known to have signed the challenge.
    ///
    /// # Errors
    /// [`KeyAnswerError::Signature`].
    pub fn check(
        &self,
        challenge: &KeyChallenge,
        enrolled: RequesterName,
        method: MethodName,
        now: u64,
    ) -> Result<Login, KeyAnswerError> {
        let key = encoded(self.key())?;
        let signature = encoded(&self.signature)?;
        verify_detached(&key, NAMESPACE, challenge.as_bytes(), &signature)?;
        Ok(Login {
            method,
            kind: LoginKind::Key,
            name: enrolled,
            subject: None,
            groups: Vec::new(),
            authenticated_at: Some(now),
            amr: Vec::new(),
            acr: None,
        })
    }
}

/// What was read is written again.
fn encoded(value: &impl ssh_encoding::Encode) -> Result<Vec<u8>, KeyAnswerError> {
    value.encode_vec().map_err(|_never| KeyAnswerError::Form)
}

const FIRST_LINE: &str = "punchmark login 1";
const LINE_MAX: usize = 2048;
/// An RSA key of 16384 bits signs in less.
const ANSWER_MAX: usize = 16 * 1024;

#[cfg(test)]
mod tests;
