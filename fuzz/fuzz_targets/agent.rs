//! Any bytes as an ssh-agent's answer: no panic, and no more memory than was given.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::signer::agent::wire::{read_identities, read_signature};

fuzz_target!(|answer: &[u8]| {
    if let Ok(identities) = read_identities(answer) {
        let held = identities
            .iter()
            .map(|i| 8 + i.blob.len() + i.comment.len());
        assert_eq!(5 + held.sum::<usize>(), answer.len());
    }
    let _signature = read_signature(answer);
});
