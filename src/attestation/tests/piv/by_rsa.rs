//! Signatures by RSA, and the two faults of old cards that are taken from them alone.

use rsa::pkcs8::EncodePublicKey;

use super::*;

#[test]
fn two_names_of_one_signatures_algorithm_are_refused() {
    let card = Card::new();
    let contents = card.leaf();
    let mut other = contents.clone();
    other.algorithm = sequence(&[tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3])]);
    let signature = card.f9.key.sign(&contents.body());
    let parts = [
        contents.body(),
        other.algorithm,
        pki::bit_string(&signature),
    ];
    let fault = card.fault(&card.evidence_of(sequence(&parts)));
    assert!(
        matches!(fault, PivError::Chain(ChainError::Form(_))),
        "{fault}"
    );
}

/// A YubiKey 4 whose DigestInfo has no NULL.

#[test]
fn the_missing_null_of_some_old_cards_is_taken_in_the_leafs_signature() {
    let rsa = Rsa::new(2048);
    let card = rsa.in_f9(Card::new());
    let mismatch = PivError::Chain(ChainError::Signature(format!("CN={F9}")));
    let evidence = |prefix| card.evidence_of(rsa.sign(card.leaf(), prefix));
    assert!(card.verify_as_old(&evidence(WITH_NULL)).is_ok());
    assert!(card.verify_as_old(&evidence(WITHOUT_NULL)).is_ok());
    assert_eq!(piv_fault(card.verify_as_old(&evidence(&[]))), mismatch);
    assert!(card.verify(&evidence(WITH_NULL)).is_ok());
    assert_eq!(card.fault(&evidence(WITHOUT_NULL)), mismatch);
}

#[test]
fn an_attestation_key_of_1024_bits_attests_nothing_with_or_without_the_null() {
    let rsa = Rsa::new(1024);
    let card = rsa.in_f9(Card::new());
    let mismatch = PivError::Chain(ChainError::Signature(format!("CN={F9}")));
    for prefix in [WITH_NULL, WITHOUT_NULL] {
        let evidence = card.evidence_of(rsa.sign(card.leaf(), prefix));
        assert_eq!(card.fault(&evidence), mismatch);
        assert_eq!(piv_fault(card.verify_as_old(&evidence)), mismatch);
    }
}

#[test]
fn the_missing_null_is_not_taken_in_any_other_signature() {
    let rsa = Rsa::new(2048);
    let mut card = Card::new();
    let mut root = Contents::new("Root", &card.root.key, "Root").with(&[authority(None)]);
    root.key_info = rsa.info();
    card.root.der = rsa.sign(root, WITH_NULL);
    let f9 = Contents::new(F9, &card.f9.key, "Root");
    card.f9.der = rsa.sign(f9.clone(), WITH_NULL);
    assert!(card.verify_as_old(&card.evidence()).is_ok());
    card.f9.der = rsa.sign(f9, WITHOUT_NULL);
    let mismatch = PivError::Chain(ChainError::Signature("CN=Root".to_owned()));
    assert_eq!(piv_fault(card.verify_as_old(&card.evidence())), mismatch);
}

/// A key as cards' makers have it.
#[expect(clippy::disallowed_types, reason = "made for one test, and nobody's")]
struct Rsa(rsa::RsaPrivateKey);

#[expect(clippy::disallowed_types, reason = "made for one test, and nobody's")]
impl Rsa {
    fn new(bits: usize) -> Self {
        let mut random = getrandom::rand_core::UnwrapErr(getrandom::SysRng);
        Self(rsa::RsaPrivateKey::new_unchecked(&mut random, bits).unwrap())
    }

    /// The card with this key in f9, whose certificate is in order.
    fn in_f9(&self, mut card: Card) -> Card {
        let mut f9 = Contents::new(F9, &card.f9.key, "Root").with(&[authority(Some(0))]);
        f9.key_info = self.info();
        card.f9.der = f9.signed_by(&card.root.key);
        card
    }

    fn info(&self) -> Vec<u8> {
        let der = self.0.to_public_key().to_public_key_der().unwrap();
        der.as_bytes().to_vec()
    }

    /// With SHA-256, and the DigestInfo's beginning that is given.
    fn sign(&self, mut contents: Contents, prefix: &[u8]) -> Vec<u8> {
        contents.algorithm = sequence(&[tlv(6, RSA_SHA256), tlv(5, &[])]);
        let scheme = rsa::Pkcs1v15Sign {
            hash_len: Some(32),
            prefix: prefix.into(),
        };
        let signature = self.0.sign(scheme, &Sha256::digest(contents.body()));
        contents.with_signature(&signature.unwrap())
    }
}

const RSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0b];
const WITH_NULL: &[u8] = &[
    0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20,
];
const WITHOUT_NULL: &[u8] = &[
    0x30, 0x2f, 0x30, 0x0b, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 4, 0x20,
];
