//! Both engines say the same of every signature, whichever this processor takes.

use proptest::prelude::*;
use ssh_key::private::{EcdsaKeypair, Ed25519Keypair};
use ssh_key::{EcdsaCurve, PrivateKey};

use super::engine::Engine;
use super::*;

fn p384() -> &'static PrivateKey {
    static KEY: std::sync::OnceLock<PrivateKey> = std::sync::OnceLock::new();
    KEY.get_or_init(|| {
        let mut rng = getrandom::rand_core::UnwrapErr(getrandom::SysRng);
        EcdsaKeypair::random(&mut rng, EcdsaCurve::NistP384)
            .unwrap()
            .into()
    })
}

fn signed(key: &PrivateKey, message: &[u8]) -> Vec<u8> {
    let signature: Signature = signature::Signer::try_sign(key, message).unwrap();
    signature.as_bytes().to_vec()
}

fn point() -> Vec<u8> {
    let KeyData::Ecdsa(point) = p384().public_key().key_data() else {
        unreachable!()
    };
    point.as_sec1_bytes().to_vec()
}

/// What changes: nothing, or one bit of key, message or signature.
fn flips() -> impl Strategy<Value = Option<(u8, usize)>> {
    prop::option::of((0..3_u8, any::<usize>()))
}

fn flip(parts: &mut [Vec<u8>; 3], flipped: Option<(u8, usize)>) {
    let Some((part, bit)) = flipped else { return };
    let part = &mut parts[usize::from(part)];
    if !part.is_empty() {
        let bit = bit % (part.len() * 8);
        part[bit / 8] ^= 1 << (bit % 8);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn ed25519_is_judged_alike_with_and_without_graviola(
        seed: [u8; 32],
        message in prop::collection::vec(any::<u8>(), 0..300),
        flipped in flips(),
    ) {
        let key = PrivateKey::from(Ed25519Keypair::from_seed(&seed));
        let public = key.public_key().key_data().ed25519().unwrap().0.to_vec();
        let signature = signed(&key, &message);
        let mut parts = [public, message, signature];
        flip(&mut parts, flipped);
        let [public, message, signature] = &parts;
        let by = |engine: Engine| engine.ed25519(public, message, signature);
        prop_assert_eq!(by(Engine::Ring), by(Engine::here()));
        prop_assert_eq!(by(Engine::Ring).is_ok(), flipped.is_none() || message.is_empty() && matches!(flipped, Some((1, _))));
    }

    #[test]
    fn p384_is_judged_alike_with_and_without_graviola(
        message in prop::collection::vec(any::<u8>(), 0..300),
        flipped in flips(),
    ) {
        let signature = fixed_size(&signed(p384(), &message), 48).unwrap();
        let mut parts = [point(), message, signature];
        flip(&mut parts, flipped);
        let [point, message, signature] = &parts;
        let by = |engine: Engine| engine.p384(point, message, signature);
        prop_assert_eq!(by(Engine::Ring), by(Engine::here()));
        prop_assert_eq!(by(Engine::Ring).is_ok(), flipped.is_none() || message.is_empty() && matches!(flipped, Some((1, _))));
    }
}

#[test]
fn a_key_and_a_signature_of_another_length_are_refused_by_both() {
    for engine in [Engine::Ring, Engine::here()] {
        for length in [0, 31, 33, 63, 65, 95, 97] {
            let bytes = vec![4; length];
            for refused in [
                engine.ed25519(&bytes, b"", &[0; 64]),
                engine.ed25519(&[9; 32], b"", &bytes),
                engine.p384(&bytes, b"", &[1; 96]),
                engine.p384(&point(), b"", &bytes),
            ] {
                assert_eq!(refused, Err(SignatureError::Mismatch), "{length}");
            }
        }
    }
}
