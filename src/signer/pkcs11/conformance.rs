//! What every token must do for a signer, tried on a real module.
//!
//! PKCS#11's state and its configuration are the process's: each test starts itself again as
//! a child, with tokens of its own in a temporary folder.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute as A, ObjectClass};
use cryptoki::session::{SessionState, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use signature::Verifier;
use ssh_key::private::{EcdsaKeypair, Ed25519Keypair, KeypairData, RsaKeypair};
use ssh_key::{Algorithm, EcdsaCurve, HashAlg};

use crate::secret::{AskPin, Pin, PinError};
use crate::signer::pkcs11::Uri;
use crate::signer::yubikey::NewSlotKey;
use crate::signer::{
    GenerateError, KeyAlgorithm, Locator, LoginError, NewKey, OpeningError, PinTries, PlaceError,
    RsaHash, Signer, SignerError,
};
use crate::signer::{describe, generate, import, inventory, open, open_sessions};

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

/// Somebody else in this process, who uses the module behind its owner's back.
fn foreign(module: &str) -> Pkcs11 {
    let foreign = Pkcs11::new(module).unwrap();
    let _started_before = foreign.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
    foreign
}

fn init_token(module: &str, label: &str) {
    let foreign = foreign(module);
    let so_pin = AuthPin::from("12345678");
    let is_blank = |slot: &Slot| !foreign.get_token_info(*slot).unwrap().token_initialized();
    let slots = foreign.get_slots_with_token().unwrap();
    let slot = slots.into_iter().find(is_blank).unwrap();
    foreign.init_token(slot, &so_pin, label).unwrap();
    let session = foreign.open_rw_session(slot).unwrap();
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
                matches!(
                    &fault,
                    GenerateError::Place(PlaceError::Opening(OpeningError::Login(
                        LoginError::WrongPin { tries, .. }
                    ))) if *tries == told
                ),
                "{fault}"
            );
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
            assert!(matches!(missing, OpeningError::ModuleMissing { .. }));
            let no_module = fault("/etc/passwd", "token=Root%20CA;object=a");
            assert!(matches!(no_module, OpeningError::NotAModule { .. }));
            let no_token = fault(module, "token=Rot%20CA;object=a");
            assert!(matches!(&no_token, OpeningError::NoToken { .. }));
            assert!(no_token.to_string().contains("\"Root CA\""), "{no_token}");
            let several = fault(module, "object=a");
            assert!(
                matches!(several, OpeningError::SeveralTokens { .. }),
                "{several}"
            );
            let no_key = fault(module, "token=Root%20CA");
            assert!(matches!(no_key, OpeningError::NoKeyNamed));
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
        "two_private_keys_with_one_id_never_get_each_others_public_key",
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
            let foreign = foreign(module);
            for slot in foreign.get_slots_with_token().unwrap() {
                let _logged_out = foreign
                    .open_ro_session(slot)
                    .map(|session| session.logout());
            }
            let signature = signer.sign(b"after a logout").unwrap();
            made.public_key
                .verify(b"after a logout", &signature)
                .unwrap();
            foreign.finalize().unwrap();
            let signature = signer.sign(b"after the end").unwrap();
            made.public_key
                .verify(b"after the end", &signature)
                .unwrap();
            assert_eq!(pins.1.load(Ordering::Relaxed), 1);
        },
    );
}

fn p256(module: &str, token: &str) -> NewKey {
    let locator = locator(module, &format!("token={token};object=a"));
    let mut pins = Answer::new(PIN);
    generate(
        &locator,
        KeyAlgorithm::P256,
        &NewSlotKey::default(),
        &mut pins,
    )
    .unwrap()
}

fn sign_and_verify(signer: &mut dyn Signer) {
    let signature = signer.sign(b"message").unwrap();
    signer.public_key().verify(b"message", &signature).unwrap();
}

#[test]
fn a_second_signer_of_a_token_shows_the_pin_that_is_logged_in_or_is_refused() {
    with_tokens(
        "a_second_signer_of_a_token_shows_the_pin_that_is_logged_in_or_is_refused",
        |module| {
            let made = p256(module, "Root%20CA");
            let open = |pin| open(&made.locator, RsaHash::Sha512, &mut Answer::new(pin));
            let mut first = open(PIN).unwrap();
            let fault = open("000000").err().unwrap();
            assert!(
                matches!(fault, OpeningError::Login(LoginError::OtherPin { .. })),
                "{fault}"
            );
            let mut second = open(PIN).unwrap();
            sign_and_verify(second.as_mut());
            drop(second);
            sign_and_verify(first.as_mut());
            drop(first);
            // Nobody is logged in any more, so now the token says it, once.
            let fault = open("000000").err().unwrap();
            assert!(
                matches!(fault, OpeningError::Login(LoginError::WrongPin { .. })),
                "{fault}"
            );
            let fault = open("000000").err().unwrap();
            assert!(
                matches!(
                    fault,
                    OpeningError::Login(LoginError::PinRefusedBefore { .. })
                ),
                "{fault}"
            );
            sign_and_verify(open(PIN).unwrap().as_mut());
        },
    );
}

#[test]
fn a_login_that_nobody_counts_on_lets_no_wrong_pin_pass() {
    with_tokens(
        "a_login_that_nobody_counts_on_lets_no_wrong_pin_pass",
        |module| {
            let made = p256(module, "Root%20CA");
            let _logged_in = careless_session(module);
            let opened = open(&made.locator, RsaHash::Sha512, &mut Answer::new("000000"));
            let fault = opened.err().unwrap();
            assert!(
                matches!(fault, OpeningError::Login(LoginError::WrongPin { .. })),
                "{fault}"
            );
        },
    );
}

#[test]
fn a_restart_ends_the_sessions_of_all_signers_once_and_each_finds_its_key_again() {
    with_tokens(
        "a_restart_ends_the_sessions_of_all_signers_once_and_each_finds_its_key_again",
        |module| {
            let keys = ["Root%20CA", "Other"].map(|token| p256(module, token));
            let mut signers = keys
                .each_ref()
                .map(|made| open(&made.locator, RsaHash::Sha512, &mut Answer::new(PIN)).unwrap());
            let owner = super::module::Module::of(&Uri::of_module(module.into())).unwrap();
            let first = owner.start();
            for _ in 0..20 {
                let before = owner.start();
                foreign(module).finalize().unwrap();
                signers[0].reopen().unwrap();
                // That the module was restarted is not held against the second's device.
                for signer in &mut signers {
                    sign_and_verify(signer.as_mut());
                }
                owner.restart(before).unwrap();
                assert_ne!(owner.start(), before);
            }
            for (signer, made) in signers.iter().zip(&keys) {
                assert_eq!(*signer.public_key(), made.public_key);
            }
            assert_ne!(owner.start(), first);
        },
    );
}

#[test]
fn a_restart_that_somebody_else_made_is_not_made_again() {
    with_tokens(
        "a_restart_that_somebody_else_made_is_not_made_again",
        |module| {
            let made = p256(module, "Root%20CA");
            let mut signer = open(&made.locator, RsaHash::Sha512, &mut Answer::new(PIN)).unwrap();
            let owner = super::module::Module::of(&Uri::of_module(module.into())).unwrap();
            let failed = owner.start();
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| owner.restart(failed).unwrap());
                }
            });
            let now = owner.start();
            owner.restart(failed).unwrap();
            assert!(owner.start() == now && now != failed);
            sign_and_verify(signer.as_mut());
        },
    );
}

#[test]
fn a_module_has_one_owner_whatever_its_file_is_called() {
    with_tokens(
        "a_module_has_one_owner_whatever_its_file_is_called",
        |module| {
            let folder = tempfile::tempdir().unwrap();
            let other = folder.path().join("other.so");
            std::os::unix::fs::symlink(module, &other).unwrap();
            let made = p256(module, "Root%20CA");
            let mut first = open(&made.locator, RsaHash::Sha512, &mut Answer::new(PIN)).unwrap();
            let locator = key(other.to_str().unwrap(), "a");
            let fault = open(&locator, RsaHash::Sha512, &mut Answer::new("000000"));
            assert!(matches!(
                fault.err(),
                Some(OpeningError::Login(LoginError::OtherPin { .. }))
            ));
            let mut second = open(&locator, RsaHash::Sha512, &mut Answer::new(PIN)).unwrap();
            sign_and_verify(second.as_mut());
            drop(second);
            sign_and_verify(first.as_mut());
        },
    );
}

#[test]
fn several_sessions_of_one_login_sign_at_once_and_the_last_one_logs_out() {
    with_tokens(
        "several_sessions_of_one_login_sign_at_once_and_the_last_one_logs_out",
        |module| {
            let made = p256(module, "Root%20CA");
            let mut pins = Answer::new(PIN);
            let mut signers =
                open_sessions(&made.locator, None, RsaHash::Sha512, 4, &mut pins).unwrap();
            assert_eq!(signers.len(), 4);
            assert_eq!(pins.1.load(Ordering::Relaxed), 1);
            std::thread::scope(|scope| {
                for signer in &mut signers {
                    scope.spawn(|| (0..20).for_each(|_| sign_and_verify(signer.as_mut())));
                }
            });
            foreign(module).finalize().unwrap();
            std::thread::scope(|scope| {
                for signer in &mut signers {
                    scope.spawn(|| sign_and_verify(signer.as_mut()));
                }
            });
            let last = signers.pop();
            drop(signers);
            sign_and_verify(last.unwrap().as_mut());
            assert!(!is_logged_in(module));
        },
    );
}

fn is_logged_in(module: &str) -> bool {
    let foreign = foreign(module);
    let slots = foreign.get_slots_with_token().unwrap();
    let sessions = slots
        .into_iter()
        .filter_map(|slot| foreign.open_ro_session(slot).ok());
    let mut states = sessions.map(|session| session.get_session_info().unwrap().session_state());
    states.any(|state| state == SessionState::RoUser)
}

#[test]
fn a_signer_that_ended_is_opened_again_and_a_refused_pin_is_shown_no_more() {
    with_tokens(
        "a_signer_that_ended_is_opened_again_and_a_refused_pin_is_shown_no_more",
        |module| {
            let pair: KeypairData = Ed25519Keypair::from_seed(&[7; 32]).into();
            let pair = match module {
                SOFTHSM => pair,
                _ => EcdsaKeypair::random(&mut rand(), EcdsaCurve::NistP256)
                    .unwrap()
                    .into(),
            };
            let bring = || {
                let mut pins = Answer::new(PIN);
                import(&key(module, "a"), &pair, &NewSlotKey::default(), &mut pins).unwrap()
            };
            bring();
            let mut signer =
                open(&key(module, "a"), RsaHash::Sha512, &mut Answer::new(PIN)).unwrap();
            remove_keys(module);
            assert!(signer.sign(b"message").is_err() && signer.reopen().is_err());
            bring();
            signer.reopen().unwrap();
            sign_and_verify(signer.as_mut());

            let session = careless_session(module);
            let (old, new) = (AuthPin::from(PIN), AuthPin::from("913572"));
            session.set_pin(&old, &new).unwrap();
            session.logout().unwrap();
            drop(session);
            assert!(signer.sign(b"message").is_err());
            let fault = signer.reopen().unwrap_err();
            assert!(
                matches!(
                    fault,
                    OpeningError::Login(LoginError::PinRefusedBefore { .. })
                ),
                "{fault}"
            );
            let fault = signer.sign(b"message").unwrap_err();
            assert!(
                matches!(
                    fault,
                    SignerError::Login(LoginError::PinRefusedBefore { .. })
                ),
                "{fault}"
            );
        },
    );
}

#[test]
fn a_pin_of_a_length_that_the_token_never_takes_is_not_tried() {
    with_tokens(
        "a_pin_of_a_length_that_the_token_never_takes_is_not_tried",
        |module| {
            let made = p256(module, "Root%20CA");
            let short = open(&made.locator, RsaHash::Sha512, &mut Answer::new("1"));
            match (module, short.err().unwrap()) {
                (
                    SOFTHSM,
                    OpeningError::Login(LoginError::PinLength {
                        least: 4,
                        most: 255,
                        ..
                    }),
                ) => {}
                // kryoptic's word on its lengths is not believed.
                (other, OpeningError::Login(LoginError::WrongPin { .. })) if other != SOFTHSM => {}
                (_, fault) => panic!("{fault}"),
            }
        },
    );
}

#[test]
fn a_token_that_hides_its_keys_although_it_wants_no_login_is_logged_in_to() {
    with_tokens(
        "a_token_that_hides_its_keys_although_it_wants_no_login_is_logged_in_to",
        |module| {
            let made = p256(module, "Root%20CA");
            let Locator::Pkcs11(uri) = &made.locator else {
                panic!("another kind of locator");
            };
            let owner = super::module::Module::of(uri).unwrap();
            let mut token = super::token::Token::find(&owner, uri).unwrap();
            token.flags.login_required = false;
            let mut pins = Answer::new(PIN);
            let door = super::door::Door::into((owner, token), uri, None, &mut pins).unwrap();
            assert_eq!(door.key.public_key, made.public_key);
            assert_eq!(pins.1.load(Ordering::Relaxed), 1);
        },
    );
}

#[test]
fn a_key_pair_without_an_id_is_a_pair_by_its_label() {
    with_tokens(
        "a_key_pair_without_an_id_is_a_pair_by_its_label",
        |module| {
            let make = |label: &str| {
                let session = careless_session(module);
                let name = [A::Token(true), A::Label(label.into())];
                let curve = super::public_key::nist_params(EcdsaCurve::NistP256).to_vec();
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
        "a_token_that_was_never_set_up_matches_no_locator",
        |module| {
            let made = p256(module, "Root%20CA");
            let serial = made.locator.to_string();
            // SoftHSM always shows one more token, which is blank.
            let blank = super::module::Module::of(&Uri::of_module(module.into())).unwrap();
            let all = super::token::Token::all(&blank).unwrap();
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
        let hidden = inventory(Some(&Uri::of_module(module.into())), None).unwrap();
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
            let locator = key(module, "a");
            let mut signers = open_sessions(&locator, None, RsaHash::Sha512, 4, &mut pins).unwrap();
            assert_eq!(signers.len(), 1);
            let mut signer = signers.remove(0);
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
            Some(OpeningError::KeyCannotSign { .. })
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
    let foreign = foreign(module);
    let is_root = |slot: &Slot| foreign.get_token_info(*slot).unwrap().label() == "Root CA";
    let slots = foreign.get_slots_with_token().unwrap();
    let slot = slots.into_iter().find(is_root).unwrap();
    let session = foreign.open_rw_session(slot).unwrap();
    let _logged_in_before = session.login(UserType::User, Some(&AuthPin::from(PIN)));
    session
}

fn rand() -> impl rsa::rand_core::CryptoRng {
    getrandom::rand_core::UnwrapErr(getrandom::SysRng)
}
