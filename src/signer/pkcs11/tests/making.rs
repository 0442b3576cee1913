//! Keys that are made in a token, or brought into one.

use super::*;

#[test]
fn a_key_of_every_kind_is_made_in_the_token_and_signs() {
    with_tokens(
        "making::a_key_of_every_kind_is_made_in_the_token_and_signs",
        |module| {
            for algorithm in kinds(module) {
                let locator = key(module, algorithm.as_str());
                let made = generate(
                    &locator,
                    algorithm,
                    &NewSlotKey::default(),
                    &mut Answer::new(PIN),
                )
                .unwrap();
                assert_eq!(made.origin.local, Some(true), "{algorithm}");
                assert_eq!(made.origin.sensitive, Some(true));
                assert_eq!(made.origin.extractable, Some(false));
                let found = describe(&made.locator, &mut Answer::new(PIN)).unwrap();
                assert_eq!(found.public_key, made.public_key);
                let mut signer = open(&locator, RsaHash::Sha512, &mut Answer::new(PIN)).unwrap();
                assert_eq!(*signer.public_key(), made.public_key);
                for message in [&b""[..], b"one", &[7; 5000]] {
                    let signature = signer.sign(message).unwrap();
                    made.public_key.verify(message, &signature).unwrap();
                }
            }
        },
    );
}

#[test]
fn a_key_of_every_kind_is_brought_in_and_signs() {
    with_tokens(
        "making::a_key_of_every_kind_is_brought_in_and_signs",
        |module| {
            let mut rng = rand();
            let pairs: [KeypairData; 5] = [
                EcdsaKeypair::random(&mut rng, EcdsaCurve::NistP256)
                    .unwrap()
                    .into(),
                EcdsaKeypair::random(&mut rng, EcdsaCurve::NistP384)
                    .unwrap()
                    .into(),
                EcdsaKeypair::random(&mut rng, EcdsaCurve::NistP521)
                    .unwrap()
                    .into(),
                Ed25519Keypair::random(&mut rng).into(),
                RsaKeypair::random(&mut rng, 2048).unwrap().into(),
            ];
            let kept = |pair: &&KeypairData| module == SOFTHSM || !pair.is_ed25519();
            for (number, pair) in pairs.iter().filter(kept).enumerate() {
                let locator = key(module, &format!("k{number}"));
                let made = import(
                    &locator,
                    pair,
                    &NewSlotKey::default(),
                    &mut Answer::new(PIN),
                )
                .unwrap_or_else(|fault| panic!("{:?}: {fault:?}", pair.algorithm()));
                assert_eq!(made.origin.local, Some(false));
                assert_eq!(made.origin.never_extractable, Some(false));
                let mut signer =
                    open(&made.locator, RsaHash::Sha256, &mut Answer::new(PIN)).unwrap();
                let signature = signer.sign(b"message").unwrap();
                made.public_key.verify(b"message", &signature).unwrap();
                if let Algorithm::Rsa { hash } = signature.algorithm() {
                    assert_eq!(hash, Some(HashAlg::Sha256));
                }
            }
        },
    );
}

#[test]
fn a_label_or_an_id_that_is_taken_is_refused() {
    with_tokens(
        "making::a_label_or_an_id_that_is_taken_is_refused",
        |module| {
            let make = |path: &str| {
                let locator = locator(module, path);
                generate(
                    &locator,
                    KeyAlgorithm::P256,
                    &NewSlotKey::default(),
                    &mut Answer::new(PIN),
                )
            };
            make("token=Root%20CA;object=a;id=%01").unwrap();
            let fault = make("token=Root%20CA;object=a").unwrap_err();
            assert!(
                matches!(fault, GenerateError::Place(PlaceError::LabelTaken { label, .. }) if label == "\"a\"")
            );
            let fault = make("token=Root%20CA;object=b;id=%01").unwrap_err();
            assert!(
                matches!(fault, GenerateError::Place(PlaceError::IdTaken { id, .. }) if id == "01")
            );
            let fault = make("token=Root%20CA;id=%02").unwrap_err();
            assert!(matches!(
                fault,
                GenerateError::Place(PlaceError::LabelMissing)
            ));
        },
    );
}
