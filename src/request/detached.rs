//! An SSHSIG blob apart from what it signs, by a key that somebody named before.

use ssh_encoding::Decode;
use ssh_key::{HashAlg, PublicKey, SshSig};

use crate::wire::verify::{SignatureError, verify_possession};

/// Why a signature is not that of the key over the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DetachedError {
    /// The key is none.
    #[error("the key that is to have signed cannot be read")]
    Key,
    /// It can't be read, or is for something else.
    #[error("the signature is not in the form that ssh-keygen makes for this")]
    Form,
    /// Another key's signature.
    #[error("another key signed it")]
    OtherKey,
    /// A security key that nobody touched.
    #[error("nobody touched the security key that signed it")]
    Untouched,
    /// It is not the key's signature of this.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

/// Whether the key of a blob signed the message for this namespace, as `ssh-keygen -Y sign` does: by
/// SHA-512, and of a security key with a touch.
///
/// # Errors
/// [`DetachedError`].
pub fn verify_detached(
    key: &[u8],
    namespace: &str,
    message: &[u8],
    mut signature: &[u8],
) -> Result<(), DetachedError> {
    let key = PublicKey::from_bytes(key).map_err(|_form| DetachedError::Key)?;
    let parsed = SshSig::decode(&mut signature).map_err(|_form| DetachedError::Form)?;
    if parsed.public_key() != key.key_data() {
        return Err(DetachedError::OtherKey);
    }
    let is_ours = parsed.namespace() == namespace
        && parsed.version() == SshSig::VERSION
        && parsed.hash_alg() == HASH
        && parsed.reserved().is_empty()
        && signature.is_empty();
    if !is_ours {
        return Err(DetachedError::Form);
    }
    let message = SshSig::signed_data(namespace, HASH, message);
    let message = message.map_err(|_never| DetachedError::Form)?;
    match verify_possession(&message, parsed.signature(), key.key_data())? {
        Some(used) if !used.present => Err(DetachedError::Untouched),
        _ => Ok(()),
    }
}

/// The hash within such a signature, which ssh-keygen takes where nobody says otherwise.
const HASH: HashAlg = HashAlg::Sha512;
