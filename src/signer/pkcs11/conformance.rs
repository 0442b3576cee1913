//! What every token must do for a signer, tried on a real module.
//!
//! PKCS#11's state and its configuration are the process's: each test starts itself again as
//! a child, with tokens of its own in a temporary folder.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute as A, ObjectClass};
use cryptoki::session::UserType;
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use signature::Verifier;
use ssh_key::private::{EcdsaKeypair, Ed25519Keypair, KeypairData, RsaKeypair};
use ssh_key::{Algorithm, EcdsaCurve, HashAlg};

use crate::secret::{AskPin, Pin, PinError};
use crate::signer::yubikey::NewSlotKey;
use crate::signer::{KeyAlgorithm, Locator, PinTries, RsaHash, SignerError};
use crate::signer::{describe, generate, import, inventory, open};

const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";
const CHILD: &str = "PUNCHMARK_TEST_MODULE";
const PIN: &str = "648219";

/// Answers with one PIN, and counts how often it was asked.
struct Answer(&'static str, AtomicUsize);

impl Answer {
    fn new(pin: &'static str) -> Self {
        Self(pin, AtomicUsize::new(0))
    }
}

impl AskPin for Answer {
    fn pin(&mut self, _device: &str) -> Result<Pin, PinError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Ok(Pin::new(self.0.to_owned()))
    }
}

/// Runs `body` in a child process with two fresh tokens, for SoftHSM and for kryoptic where
/// `PUNCHMARK_KRYOPTIC` names its module; `name` is the test's own.
fn with_tokens(name: &str, body: fn(&str)) {
    if let Ok(module) = std::env::var(CHILD) {
        for label in ["Root CA", "Other"] {
            init_token(&module, label);
        }
        return body(&module);
    }
    let kryoptic = std::env::var("PUNCHMARK_KRYOPTIC").ok();
    for module in [SOFTHSM].into_iter().chain(kryoptic.as_deref()) {
        run_child(name, module);
    }
}

fn run_child(name: &str, module: &str) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().display();
    std::fs::create_dir(folder.path().join("tokens")).unwrap();
    let softhsm = folder.path().join("softhsm2.conf");
    std::fs::write(&softhsm, format!("directories.tokendir = {root}/tokens\n")).unwrap();
    let kryoptic = folder.path().join("kryoptic.conf");
    let slot =
        |n| format!("[[slots]]\nslot = {n}\ndbtype = \"sqlite\"\ndbargs = \"{root}/{n}.sql\"\n");
    std::fs::write(&kryoptic, slot(1) + &slot(2)).unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            &format!("signer::pkcs11::conformance::{name}"),
            "--nocapture",
        ])
        .env("SOFTHSM2_CONF", &softhsm)
        .env("KRYOPTIC_CONF", &kryoptic)
        .env(CHILD, module)
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&[child.stdout, child.stderr].concat()).into_owned();
    assert!(child.status.success(), "{module}: {output}");
    assert!(
        output.contains("1 passed"),
        "no test of that name: {output}"
    );
}

fn init_token(module: &str, label: &str) {
    let module = super::module::Module::open(Path::new(module)).unwrap();
    let so_pin = AuthPin::from("12345678");
    let is_blank = |slot: &Slot| {
        !module
            .pkcs11
            .get_token_info(*slot)
            .unwrap()
            .token_initialized()
    };
    let slot = module.slots().unwrap().into_iter().find(is_blank).unwrap();
    module.pkcs11.init_token(slot, &so_pin, label).unwrap();
    let session = module.writing_session(slot).unwrap();
    session.login(UserType::So, Some(&so_pin)).unwrap();
    session.init_pin(&AuthPin::from(PIN)).unwrap();
    session.logout().unwrap();
}

/// Debian 12's OpenSSL is too old for kryoptic's Ed25519.
fn kinds(module: &str) -> Vec<KeyAlgorithm> {
    let is_there = |kind: &KeyAlgorithm| module == SOFTHSM || *kind != KeyAlgorithm::Ed25519;
    KeyAlgorithm::ALL.into_iter().filter(is_there).collect()
}

fn locator(module: &str, path: &str) -> Locator {
    format!("pkcs11:{path}?module-path={module}")
        .parse()
        .unwrap()
}

fn key(module: &str, object: &str) -> Locator {
    locator(module, &format!("token=Root%20CA;object={object}"))
}

#[test]
fn a_key_of_every_kind_is_made_in_the_token_and_signs() {
    with_tokens(
        "a_key_of_every_kind_is_made_in_the_token_and_signs",
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
    with_tokens("a_key_of_every_kind_is_brought_in_and_signs", |module| {
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
            let mut signer = open(&made.locator, RsaHash::Sha256, &mut Answer::new(PIN)).unwrap();
            let signature = signer.sign(b"message").unwrap();
            made.public_key.verify(b"message", &signature).unwrap();
            if let Algorithm::Rsa { hash } = signature.algorithm() {
                assert_eq!(hash, Some(HashAlg::Sha256));
            }
        }
    });
}

#[test]
fn a_label_or_an_id_that_is_taken_is_refused() {
    with_tokens("a_label_or_an_id_that_is_taken_is_refused", |module| {
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
        assert!(matches!(fault, SignerError::LabelTaken { label, .. } if label == "a"));
        let fault = make("token=Root%20CA;object=b;id=%01").unwrap_err();
        assert!(matches!(fault, SignerError::IdTaken { id, .. } if id == "01"));
        let fault = make("token=Root%20CA;id=%02").unwrap_err();
        assert!(matches!(fault, SignerError::LabelMissing));
    });
}

#[test]
fn a_wrong_pin_is_tried_once_and_the_tokens_word_is_told() {
    with_tokens(
        "a_wrong_pin_is_tried_once_and_the_tokens_word_is_told",
        |module| {
            let mut wrong = Answer::new("000000");
            let fault = generate(
                &key(module, "a"),
                KeyAlgorithm::P256,
                &NewSlotKey::default(),
                &mut wrong,
            )
            .unwrap_err();
            let told = match module {
                SOFTHSM => PinTries::Left,
                _ => PinTries::Untold,
            };
            assert!(
                matches!(&fault, SignerError::WrongPin { tries, .. } if *tries == told),
                "{fault}"
            );
            assert!(fault.ends_the_run());
            assert_eq!(wrong.1.load(Ordering::Relaxed), 1);
            assert!(!format!("{fault} {fault:?}").contains("000000"));
        },
    );
}

#[test]
fn no_pin_is_asked_for_where_module_token_or_key_name_is_missing() {
    with_tokens(
        "no_pin_is_asked_for_where_module_token_or_key_name_is_missing",
        |module| {
            let mut pins = Answer::new(PIN);
            let mut fault = |module: &str, path: &str| {
                let opened = open(&locator(module, path), RsaHash::Sha512, &mut pins);
                opened.err().unwrap()
            };
            let missing = fault("/no/such/module.so", "token=Root%20CA;object=a");
            assert!(matches!(missing, SignerError::ModuleMissing { .. }));
            let no_module = fault("/etc/passwd", "token=Root%20CA;object=a");
            assert!(matches!(no_module, SignerError::NotAModule { .. }));
            let no_token = fault(module, "token=Rot%20CA;object=a");
            assert!(matches!(&no_token, SignerError::NoToken { .. }));
            assert!(no_token.to_string().contains("\"Root CA\""), "{no_token}");
            let several = fault(module, "object=a");
            assert!(
                matches!(several, SignerError::SeveralTokens { .. }),
                "{several}"
            );
            let no_key = fault(module, "token=Root%20CA");
            assert!(matches!(no_key, SignerError::NoKeyNamed));
            assert_eq!(pins.1.load(Ordering::Relaxed), 0);
        },
    );
}

#[test]
fn two_keys_with_one_label_are_listed_and_none_is_taken() {
    with_tokens(
        "two_keys_with_one_label_are_listed_and_none_is_taken",
        |module| {
            twins(module, "same", 1);
            twins(module, "same", 2);
            let opened = open(&key(module, "same"), RsaHash::Sha512, &mut Answer::new(PIN));
            let fault = opened.err().unwrap();
            assert!(matches!(fault, SignerError::SeveralKeys { .. }), "{fault}");
            let id = locator(module, "token=Root%20CA;object=same;id=%02");
            assert!(open(&id, RsaHash::Sha512, &mut Answer::new(PIN)).is_ok());
            let none = open(
                &key(module, "other"),
                RsaHash::Sha512,
                &mut Answer::new(PIN),
            );
            let fault = none.err().unwrap();
            assert!(matches!(fault, SignerError::NoKey { .. }), "{fault}");
            assert!(fault.to_string().contains("id 02"), "{fault}");
        },
    );
}

#[test]
fn two_private_keys_with_one_id_never_get_each_others_public_key() {
    with_tokens(
        "two_private_keys_with_one_id_never_get_each_others_public_key",
        |module| {
            twins(module, "a", 1);
            twins(module, "b", 1);
            let opened = open(&key(module, "a"), RsaHash::Sha512, &mut Answer::new(PIN));
            let fault = opened.err().unwrap();
            assert!(
                matches!(fault, SignerError::AmbiguousPublicKey { .. }),
                "{fault}"
            );
        },
    );
}

#[test]
fn a_signer_heals_when_its_session_is_logged_out_or_its_module_ended() {
    with_tokens(
        "a_signer_heals_when_its_session_is_logged_out_or_its_module_ended",
        |module| {
            let locator = key(module, "a");
            let made = generate(
                &locator,
                KeyAlgorithm::P256,
                &NewSlotKey::default(),
                &mut Answer::new(PIN),
            )
            .unwrap();
            let mut pins = Answer::new(PIN);
            let mut signer = open(&locator, RsaHash::Sha512, &mut pins).unwrap();
            let foreign = super::module::Module::open(Path::new(module)).unwrap();
            for slot in foreign.slots().unwrap() {
                let _logged_out = foreign.session(slot).map(|session| session.logout());
            }
            let signature = signer.sign(b"after a logout").unwrap();
            made.public_key
                .verify(b"after a logout", &signature)
                .unwrap();
            foreign.pkcs11.clone().finalize().unwrap();
            let signature = signer.sign(b"after the end").unwrap();
            made.public_key
                .verify(b"after the end", &signature)
                .unwrap();
            assert_eq!(pins.1.load(Ordering::Relaxed), 1);
        },
    );
}

#[test]
fn a_key_that_is_gone_ends_the_run() {
    with_tokens("a_key_that_is_gone_ends_the_run", |module| {
        let locator = key(module, "a");
        generate(
            &locator,
            KeyAlgorithm::P256,
            &NewSlotKey::default(),
            &mut Answer::new(PIN),
        )
        .unwrap();
        let mut signer = open(&locator, RsaHash::Sha512, &mut Answer::new(PIN)).unwrap();
        remove_keys(module);
        let fault = signer.sign(b"message").unwrap_err();
        assert!(matches!(fault, SignerError::DeviceGone { .. }), "{fault}");
        assert!(fault.ends_the_run());
    });
}

#[test]
fn every_locator_of_an_inventory_opens_its_key() {
    with_tokens("every_locator_of_an_inventory_opens_its_key", |module| {
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
        let hidden = inventory(Some(Path::new(module)), None).unwrap();
        let tokens = hidden.slots.iter().filter_map(|slot| slot.token.as_ref());
        assert!(
            tokens
                .flat_map(|token| &token.keys)
                .all(|key| key.private.is_none())
        );
    });
}

#[test]
fn a_key_that_wants_its_pin_each_time_signs_with_the_one_that_was_asked_for() {
    with_tokens(
        "a_key_that_wants_its_pin_each_time_signs_with_the_one_that_was_asked_for",
        |module| {
            create(
                module,
                "a",
                1,
                &[A::Sign(true), A::AlwaysAuthenticate(true)],
            );
            let mut pins = Answer::new(PIN);
            let mut signer = open(&key(module, "a"), RsaHash::Sha512, &mut pins).unwrap();
            for message in [b"one", b"two"] {
                let signature = signer.sign(message).unwrap();
                signer.public_key().verify(message, &signature).unwrap();
            }
            assert_eq!(pins.1.load(Ordering::Relaxed), 1);
        },
    );
}

#[test]
fn a_key_that_may_not_sign_is_refused() {
    with_tokens("a_key_that_may_not_sign_is_refused", |module| {
        create(module, "a", 1, &[A::Sign(false)]);
        let opened = open(&key(module, "a"), RsaHash::Sha512, &mut Answer::new(PIN));
        assert!(matches!(
            opened.err(),
            Some(SignerError::KeyCannotSign { .. })
        ));
    });
}

#[test]
fn a_pin_source_is_read_and_nobody_is_asked() {
    with_tokens("a_pin_source_is_read_and_nobody_is_asked", |module| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("{PIN}\n")).unwrap();
        let path = file.path().display();
        let text = format!("pkcs11:token=Other;object=a?module-path={module}&pin-source={path}");
        let locator: Locator = text.parse().unwrap();
        let mut pins = Answer::new("000000");
        let made = generate(
            &locator,
            KeyAlgorithm::P256,
            &NewSlotKey::default(),
            &mut pins,
        )
        .unwrap();
        let mut signer = open(&made.locator, RsaHash::Sha512, &mut pins).unwrap();
        let signature = signer.sign(b"message").unwrap();
        made.public_key.verify(b"message", &signature).unwrap();
        assert_eq!(pins.1.load(Ordering::Relaxed), 0);
    });
}

/// A key pair as a careless tool makes it: nobody looks whether its names are taken.
fn twins(module: &str, label: &str, id: u8) {
    create(module, label, id, &[A::Sign(true)]);
}

fn create(module: &str, label: &str, id: u8, more: &[A]) {
    let session = careless_session(module);
    let name = [A::Token(true), A::Label(label.into()), A::Id(vec![id])];
    let curve = A::EcParams(super::public_key::nist_params(EcdsaCurve::NistP256).to_vec());
    let public = [name.as_slice(), &[curve]].concat();
    let private = [name.as_slice(), &[A::Private(true)], more].concat();
    let mechanism = Mechanism::EccKeyPairGen;
    session
        .generate_key_pair(&mechanism, &public, &private)
        .unwrap();
}

fn remove_keys(module: &str) {
    let session = careless_session(module);
    for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
        for object in session.find_objects(&[A::Class(class)]).unwrap() {
            session.destroy_object(object).unwrap();
        }
    }
}

fn careless_session(module: &str) -> cryptoki::session::Session {
    let Locator::Pkcs11(uri) = locator(module, "token=Root%20CA") else {
        panic!("another kind of locator");
    };
    let module = super::module::Module::open(Path::new(module)).unwrap();
    let token = super::token::Token::find(&module, &uri).unwrap();
    let session = module.writing_session(token.slot).unwrap();
    let credential = super::login::Credential::for_token(&uri, &token, &mut Answer::new(PIN));
    credential
        .unwrap()
        .log_in(&session, &module, &token)
        .unwrap();
    session
}

fn rand() -> impl rsa::rand_core::CryptoRng {
    getrandom::rand_core::UnwrapErr(getrandom::SysRng)
}
