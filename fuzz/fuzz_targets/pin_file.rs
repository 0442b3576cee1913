//! Any bytes as a PIN file: no panic, and no PIN that nobody sees whole.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::secret::{SecretKind, pin_from_bytes};
use zeroize::Zeroizing;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(pin) = pin_from_bytes(Zeroizing::new(bytes.to_vec()), SecretKind::Pin, "a file") {
        let pin = pin.expose();
        assert!(!pin.is_empty() && pin.len() <= 255);
        assert_eq!(pin.trim(), pin);
        assert!(!pin.contains(|c: char| c.is_control() || c == '\u{feff}'));
        assert!(pin.chars().all(|c| c == ' ' || !c.is_whitespace()));
    }
});
