//! Anybody's bytes as the rollovers beside a list, and as a mark: nothing panics, what is read is
//! written again as it was, and no key is led to that did not sign.

#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::krl::rollover::Rollovers;
use punchmark::server::fetch::Mark;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(rollovers) = Rollovers::parse(bytes) {
        assert_eq!(rollovers.to_string().as_bytes(), bytes);
        assert!(rollovers.between(&[0; 32], &[1; 32]).is_none());
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(mark) = Mark::parse(text) {
        assert_eq!(Mark::parse(&mark.to_string()), Ok(mark));
    }
});
