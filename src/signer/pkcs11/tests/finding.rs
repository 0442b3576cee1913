//! Which key a locator finds, and that it is that one alone.

use super::*;

#[test]
fn two_keys_with_one_label_are_listed_and_none_is_taken() {
    with_tokens(
        "finding::two_keys_with_one_label_are_listed_and_none_is_taken",
        |module| {
            twins(module, "same", 1);
            twins(module, "same", 2);
            let opened = open(&key(module, "same"), RsaHash::Sha512, &mut Answer::new(PIN));
            let fault = opened.err().unwrap();
            assert!(matches!(fault, OpeningError::SeveralKeys { .. }), "{fault}");
            let id = locator(module, "token=Root%20CA;object=same;id=%02");
            assert!(open(&id, RsaHash::Sha512, &mut Answer::new(PIN)).is_ok());
            let none = open(
                &key(module, "other"),
                RsaHash::Sha512,
                &mut Answer::new(PIN),
            );
            let fault = none.err().unwrap();
            assert!(matches!(fault, OpeningError::NoKey { .. }), "{fault}");
            assert!(fault.to_string().contains("id 02"), "{fault}");
        },
    );
}

#[test]
fn two_private_keys_with_one_id_never_get_each_others_public_key() {
    with_tokens(
        "finding::two_private_keys_with_one_id_never_get_each_others_public_key",
        |module| {
            twins(module, "a", 1);
            twins(module, "b", 1);
            let opened = open(&key(module, "a"), RsaHash::Sha512, &mut Answer::new(PIN));
            let fault = opened.err().unwrap();
            assert!(
                matches!(fault, OpeningError::AmbiguousPublicKey { .. }),
                "{fault}"
            );
        },
    );
}

#[test]
fn a_token_that_hides_its_keys_although_it_wants_no_login_is_logged_in_to() {
    with_tokens(
        "finding::a_token_that_hides_its_keys_although_it_wants_no_login_is_logged_in_to",
        |module| {
            let made = p256(module, "Root%20CA");
            let Locator::Pkcs11(uri) = &made.locator else {
                panic!("another kind of locator");
            };
            let owner = super::super::module::Module::of(uri).unwrap();
            let mut token = super::super::token::Token::find(&owner, uri).unwrap();
            token.flags.login_required = false;
            let mut pins = Answer::new(PIN);
            let door =
                super::super::door::Door::into((owner, token), uri, None, &mut pins).unwrap();
            assert_eq!(door.key.public_key, made.public_key);
            assert_eq!(pins.1.load(Ordering::Relaxed), 1);
        },
    );
}

#[test]
fn a_key_pair_without_an_id_is_a_pair_by_its_label() {
    with_tokens(
        "finding::a_key_pair_without_an_id_is_a_pair_by_its_label",
        |module| {
            let make = |label: &str| {
                let session = careless_session(module);
                let name = [A::Token(true), A::Label(label.into())];
                let curve = super::super::public_key::nist_params(EcdsaCurve::NistP256).to_vec();
                let public = [&name[..], &[A::EcParams(curve)]].concat();
                let private = [&name[..], &[A::Private(true), A::Sign(true)]].concat();
                let mechanism = Mechanism::EccKeyPairGen;
                session
                    .generate_key_pair(&mechanism, &public, &private)
                    .unwrap();
                session.logout().unwrap();
            };
            make("a");
            make("b");
            for label in ["a", "b"] {
                let mut pins = Answer::new(PIN);
                let mut signer = open(&key(module, label), RsaHash::Sha512, &mut pins).unwrap();
                sign_and_verify(signer.as_mut());
            }
            make("a");
            let opened = open(&key(module, "a"), RsaHash::Sha512, &mut Answer::new(PIN));
            assert!(matches!(
                opened.err(),
                Some(OpeningError::SeveralKeys { .. })
            ));
        },
    );
}

#[test]
fn a_token_that_was_never_set_up_matches_no_locator() {
    with_tokens(
        "finding::a_token_that_was_never_set_up_matches_no_locator",
        |module| {
            let made = p256(module, "Root%20CA");
            let serial = made.locator.to_string();
            // SoftHSM always shows one more token, which is blank.
            let blank = super::super::module::Module::of(&Uri::of_module(module.into())).unwrap();
            let all = super::super::token::Token::all(&blank).unwrap();
            let used = all.iter().filter(|token| token.flags.initialized);
            assert_eq!(used.count(), 2, "{serial}");
            let both = open(
                &locator(module, "object=a"),
                RsaHash::Sha512,
                &mut Answer::new(PIN),
            );
            let Some(OpeningError::SeveralTokens { seen, .. }) = both.err() else {
                panic!("not several");
            };
            assert_eq!(seen.to_string().matches("token ").count(), 2, "{seen}");
        },
    );
}

#[test]
fn every_locator_of_an_inventory_opens_its_key() {
    with_tokens(
        "finding::every_locator_of_an_inventory_opens_its_key",
        |module| {
            for name in ["a", "b"] {
                generate(
                    &key(module, name),
                    KeyAlgorithm::P256,
                    &NewSlotKey::default(),
                    &mut Answer::new(PIN),
                )
                .unwrap();
            }
            twins(module, "same", 1);
            twins(module, "same", 2);
            let Locator::Pkcs11(uri) = locator(module, "token=Root%20CA") else {
                panic!("another kind of locator");
            };
            let mut pins = Answer::new(PIN);
            let seen = inventory(None, Some((&*uri, &mut pins))).unwrap();
            let tokens = seen.slots.iter().filter_map(|slot| slot.token.as_ref());
            let keys: Vec<_> = tokens.flat_map(|token| &token.keys).collect();
            assert_eq!(keys.len(), 4);
            for entry in keys {
                let locator: Locator = entry.locator.as_ref().unwrap().parse().unwrap();
                let found = describe(&locator, &mut Answer::new(PIN)).unwrap();
                let line = ssh_key::PublicKey::new(found.public_key, "")
                    .to_openssh()
                    .unwrap();
                assert_eq!(Some(line), entry.public_key);
                assert_eq!((entry.private, entry.bits), (Some(true), Some(256)));
            }
            let hidden = inventory(Some(&Uri::of_module(module.into())), None).unwrap();
            let tokens = hidden.slots.iter().filter_map(|slot| slot.token.as_ref());
            assert!(
                tokens
                    .flat_map(|token| &token.keys)
                    .all(|key| key.private.is_none())
            );
        },
    );
}

#[test]
fn a_key_that_may_not_sign_is_refused() {
    with_tokens("finding::a_key_that_may_not_sign_is_refused", |module| {
        create(module, "a", 1, &[A::Sign(false)]);
        let opened = open(&key(module, "a"), RsaHash::Sha512, &mut Answer::new(PIN));
        assert!(matches!(
            opened.err(),
            Some(OpeningError::KeyCannotSign { .. })
        ));
    });
}
