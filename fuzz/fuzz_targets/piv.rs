//! Any bytes as a card's attestation, and as the certificate of its f9: no panic, and under the
//! seed's root nothing is believed but the seed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::attestation::{Evidence, PivEvidence, Roots};

fuzz_target!(|bytes: &[u8]| {
    let Ok(Evidence::Piv(seed)) = Evidence::from_text(SEED) else {
        panic!("the seed is evidence");
    };
    let roots = Roots::from_pem(&[], &[MAKER]).expect("the seed's maker");
    let leaf = PivEvidence::new(bytes.to_vec(), seed.f9.clone(), Vec::new());
    let f9 = PivEvidence::new(seed.leaf.clone(), bytes.to_vec(), vec![bytes.to_vec()]);
    for evidence in [leaf, f9].into_iter().flatten() {
        let is_seed = evidence.leaf == seed.leaf && evidence.f9 == seed.f9;
        let evidence = Evidence::Piv(evidence);
        if let Ok(key) = evidence.claimed_key() {
            assert!(is_seed || evidence.verify(&key, &roots).is_err());
        }
    }
});

const SEED: &str = include_str!("../../softhsm-tests/vectors/evidence/piv.pem");
const MAKER: &str = include_str!("../../softhsm-tests/vectors/evidence/maker.pem");
