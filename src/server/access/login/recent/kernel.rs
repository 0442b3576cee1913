//! What Linux keeps in the account's own keyring.

use linux_keyutils::{KeyError, KeyRing, KeyRingIdentifier};

use super::{PAIR_BYTES, TOLD_MAX};

/// The bytes that were kept last; none where there are none, or none can be had.
pub(super) fn kept() -> Option<Vec<u8>> {
    read().ok()
}

/// Keeps these bytes in the place of those before, if the kernel lets it.
pub(super) fn keep(bytes: &[u8]) {
    let keyring = KeyRing::from_special_id(KeyRingIdentifier::User, false);
    let _all_is_told = keyring.and_then(|keyring| keyring.add_key(NAME, &bytes));
}

fn read() -> Result<Vec<u8>, KeyError> {
    let keyring = KeyRing::from_special_id(KeyRingIdentifier::User, false)?;
    let key = keyring.search(NAME)?;
    // Only who possesses a key may read it: what is linked to the process is possessed by it.
    KeyRing::from_special_id(KeyRingIdentifier::Process, true)?.link_keyring(keyring)?;
    let mut bytes = vec![0; TOLD_MAX * PAIR_BYTES];
    let length = key.read(&mut bytes)?;
    bytes.truncate(length);
    Ok(bytes)
}

/// The name of the key; the keyring is the account's own.
const NAME: &str = "punchmark-principals";
