//! Any bytes as ssh-keygen's file of a security key, and as the authenticator data in it: no
//! panic, and nothing is believed but the seed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::attestation::{Evidence, FidoEvidence, Roots};

fuzz_target!(|bytes: &[u8]| {
    let roots = Roots::from_pem(&[], &[MAKER]).expect("the seed's maker");
    for file in [bytes.to_vec(), with_data(bytes)] {
        let is_seed = file == SEED;
        let Ok(evidence) = FidoEvidence::new(file, CHALLENGE.to_vec()) else {
            continue;
        };
        let evidence = Evidence::Fido(evidence);
        if let Ok(key) = evidence.claimed_key() {
            assert!(is_seed || evidence.verify(&key, &roots).is_err());
        }
    }
});

/// The seed with other authenticator data. Its last parts: a string in CBOR, and 8 zeros.
fn with_data(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap_or(0);
    let head = match length {
        0..24 => vec![0x40 | length as u8],
        24..256 => vec![0x58, length as u8],
        _ => [&[0x59][..], &length.to_be_bytes()].concat(),
    };
    let total = u32::try_from(head.len() + data.len()).unwrap_or(0);
    let before = &SEED[..SEED.len() - 8 - 138 - 4];
    [before, &total.to_be_bytes(), &head, data, &[0; 8]].concat()
}

const SEED: &[u8] = include_bytes!("../../softhsm-tests/vectors/evidence/fido.att");
const CHALLENGE: &[u8] = include_bytes!("../../softhsm-tests/vectors/evidence/fido.challenge");
const MAKER: &str = include_str!("../../softhsm-tests/vectors/evidence/maker.pem");
