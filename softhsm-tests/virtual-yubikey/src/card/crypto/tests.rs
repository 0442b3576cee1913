use rsa::traits::PublicKeyParts as _;
use signature::{Verifier as _, hazmat::PrehashVerifier as _};

use super::*;

#[test]
fn signs_a_digest_with_p256() {
    let key = PrivateKey::generate(Algorithm::P256).unwrap();
    let PrivateKey::P256(secret) = &key else {
        panic!("another algorithm");
    };
    let signature = key.sign(&[7; 32]).unwrap();
    let signature = p256::ecdsa::DerSignature::try_from(signature.as_slice()).unwrap();
    let verifier = p256::ecdsa::VerifyingKey::from(secret.public_key());
    verifier.verify_prehash(&[7; 32], &signature).unwrap();
}

#[test]
fn signs_a_message_with_ed25519() {
    let key = PrivateKey::generate(Algorithm::Ed25519).unwrap();
    let PrivateKey::Ed25519(secret) = &key else {
        panic!("another algorithm");
    };
    let signature = key.sign(b"whole").unwrap();
    let signature = ed25519_dalek::Signature::from_slice(&signature).unwrap();
    secret.verifying_key().verify(b"whole", &signature).unwrap();
}

#[test]
fn a_raw_rsa_operation_is_undone_by_the_public_one() {
    let key = PrivateKey::generate(Algorithm::Rsa1024).unwrap();
    let PrivateKey::Rsa(_, secret) = &key else {
        panic!("another algorithm");
    };
    let input = [&[0, 1][..], &[7; 126]].concat();
    let output = key.sign(&input).unwrap();
    assert_eq!(output.len(), 128);
    let number = BoxedUint::from_be_slice(&output, secret.n().bits_precision()).unwrap();
    let back = rsa::hazmat::rsa_encrypt(secret.as_ref(), &number).unwrap();
    assert_eq!(back.to_be_bytes().to_vec(), input);
}

#[test]
fn both_sides_agree_on_one_secret() {
    for algorithm in [Algorithm::P256, Algorithm::P384] {
        let (one, other) = (
            PrivateKey::generate(algorithm).unwrap(),
            PrivateKey::generate(algorithm).unwrap(),
        );
        let (one_record, other_record) = (one.public_records(), other.public_records());
        let one_point = tlv::read_only(0x86, &one_record).unwrap();
        let other_point = tlv::read_only(0x86, &other_record).unwrap();
        assert_eq!(one.agree(other_point), other.agree(one_point));
    }
}

#[test]
fn refuses_a_digest_longer_than_the_curve() {
    let key = PrivateKey::generate(Algorithm::P256).unwrap();
    assert_eq!(key.sign(&[7; 33]), Err(Status::WRONG_DATA));
}

#[test]
fn refuses_primes_that_are_none() {
    let even = [0x80; 64];
    let other = [0x90; 64];
    assert_eq!(
        PrivateKey::import(Algorithm::Rsa1024, &[(1, &even), (2, &other)]).err(),
        Some(Status::WRONG_DATA)
    );
}
