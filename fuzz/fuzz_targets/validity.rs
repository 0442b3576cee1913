//! Any text as `-V`: no panic, never an empty interval.
#![no_main]

use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use punchmark::certificate::Validity;

fuzz_target!(|spec: &str| {
    let zone = || TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone");
    if let Ok(validity) = Validity::parse(spec, NOW, &zone) {
        assert!(validity.valid_after() < validity.valid_before());
        assert!(validity.contains(validity.valid_after()));
        assert!(!validity.to_string().is_empty());
    }
});

/// 2026-11-22 10:00:30 UTC
const NOW: u64 = 1_795_341_630;
