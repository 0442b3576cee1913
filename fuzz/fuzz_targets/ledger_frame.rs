//! Any bytes as a frame of a ledger's file: no panic, and no more memory than was given.
//!
//! No bytes that are made up have a right checksum, so that one is put behind them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::ledger::file::format::decode;
use sha2::{Digest, Sha256};

fuzz_target!(|content: &[u8]| {
    let frame = [content, &Sha256::digest(content)].concat();
    if let Ok(read) = decode(&frame) {
        let entries: usize = read.entries.iter().map(|entry| entry.len() + 4).sum();
        assert!(entries < content.len());
    }
    let _a_wrong_checksum = decode(content);
});
