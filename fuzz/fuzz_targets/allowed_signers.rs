//! Any bytes as a file of allowed signers: no panic, and nobody is found who isn't named.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::certificate::key_line::read_public_key_line;
use punchmark::request::AllowedSigners;

fuzz_target!(|bytes: &[u8]| {
    let zone = || jiff::tz::TimeZone::UTC;
    let Ok(signers) = AllowedSigners::parse(bytes, &zone) else {
        return;
    };
    let text = String::from_utf8_lossy(bytes);
    let (key, _) = read_public_key_line(KEY).unwrap();
    let claimed = "peter".parse().unwrap();
    for claimed in [None, Some(&claimed)] {
        if let Some(name) = signers.requester(&key, claimed, 1_800_000_000) {
            // A quote among the names is taken out of them.
            let pattern = text.contains(['*', '?', '"']);
            assert!(pattern || text.contains(name.as_str()));
        }
    }
});

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFBG/fUCXIRhD0pyGp6FnxZT7bSNg8YmUuhcrZHXR8bk";
