//! The PINs that a device refused in this process: none is shown again.
//!
//! A device counts its wrong PINs and locks. So a PIN that it refused is never shown to it
//! again, whoever gives it.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use sha2::{Digest, Sha256};

use super::Pin;

/// Remembers that `device` refused `pin`.
pub(crate) fn remember(pin: &Pin, device: &str) {
    entries().push(Entry {
        pin: digest(pin),
        device: device.to_owned(),
    });
}

/// Whether `pin` must not be shown to `device`, since it was refused before.
pub(crate) fn is_refused(pin: &Pin, device: &str) -> bool {
    let wanted = digest(pin);
    entries()
        .iter()
        .any(|entry| entry.pin == wanted && entry.device == device)
}

/// A salted hash tells whether two PINs are the same, and is of no use in another process.
struct Entry {
    pin: [u8; 32],
    device: String,
}

fn digest(pin: &Pin) -> [u8; 32] {
    static SALT: OnceLock<[u8; 32]> = OnceLock::new();
    let salt = SALT.get_or_init(|| {
        let mut salt = [0; 32];
        // Without random numbers the hash still compares; it only tells more to who reads it.
        let _unsalted = getrandom::fill(&mut salt);
        salt
    });
    Sha256::new()
        .chain_update(salt)
        .chain_update(pin.expose())
        .finalize()
        .into()
}

fn entries() -> MutexGuard<'static, Vec<Entry>> {
    static ENTRIES: Mutex<Vec<Entry>> = Mutex::new(Vec::new());
    ENTRIES.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_refused_for_the_device_that_refused_it() {
        let pin = Pin::new("typed 7301".to_owned());
        remember(&pin, "a");
        assert!(is_refused(&pin, "a"));
        assert!(!is_refused(&pin, "b"));
        assert!(!is_refused(&Pin::new("typed 7302".to_owned()), "a"));
    }
}
