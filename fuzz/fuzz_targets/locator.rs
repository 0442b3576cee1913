//! Any text as a key's locator: no panic, and what is written reads as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::signer::Locator;

fuzz_target!(|text: &str| {
    if let Ok(locator) = text.parse::<Locator>() {
        let written = locator.to_string();
        assert_eq!(written.parse(), Ok(locator.clone()));
        assert!(locator.covers(&locator));
        assert!(!written.contains(char::is_control));
    }
});
