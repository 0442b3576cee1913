//! The word of a ledger key for a text: an SSHSIG in a namespace of its own, as `ssh-keygen -Y verify`
//! takes it.

use ssh_encoding::{Decode, Encode, Reader};
use ssh_key::{HashAlg, PublicKey, Signature, SshSig};

use crate::wire::verify::verify_signature;

/// What a key signs, so that [`signed`] makes an SSHSIG of it.
pub(super) fn to_be_signed(namespace: &str, text: &str) -> ssh_key::Result<Vec<u8>> {
    SshSig::signed_data(namespace, HASH, text.as_bytes())
}

/// The bytes of the SSHSIG that a key's signature of [`to_be_signed`] makes.
pub(super) fn signed(
    namespace: &str,
    key: &PublicKey,
    signature: Signature,
) -> ssh_key::Result<Vec<u8>> {
    let key = key.key_data().clone();
    Ok(SshSig::new(key, namespace, HASH, signature)?.encode_vec()?)
}

/// Whether the key with this blob signed exactly this text for this purpose.
pub(super) fn is_signed_by(namespace: &str, text: &str, key: &[u8], mut word: &[u8]) -> bool {
    let (Ok(key), Ok(read)) = (PublicKey::from_bytes(key), SshSig::decode(&mut word)) else {
        return false;
    };
    let is_ours = word.is_finished()
        && read.version() == SshSig::VERSION
        && read.reserved().is_empty()
        && read.namespace() == namespace
        && read.public_key() == key.key_data();
    let message = SshSig::signed_data(namespace, read.hash_alg(), text.as_bytes());
    is_ours
        && message.is_ok_and(|message| {
            verify_signature(&message, read.signature(), key.key_data()).is_ok()
        })
}

/// Whether the key with this blob signed exactly this text for another key than itself, and both are in their one encoding.
pub(super) fn is_of_one_for_another(
    namespace: &str,
    text: &str,
    (by, word): (&[u8], &[u8]),
    key: &[u8],
) -> bool {
    by != key && is_canonical(by) && is_canonical(key) && is_signed_by(namespace, text, by, word)
}

/// Whether this is the one encoding of a public key, so that one key has one hash.
pub(super) fn is_canonical(blob: &[u8]) -> bool {
    let key = PublicKey::from_bytes(blob).and_then(|key| key.to_bytes());
    key.is_ok_and(|again| again == blob)
}

const HASH: HashAlg = HashAlg::Sha512;
