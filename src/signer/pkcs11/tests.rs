//! What every token must do for a signer, tried on a real module.
//!
//! PKCS#11's state and its configuration are the process's: each test starts itself again as
//! a child, with tokens of its own in a temporary folder.

mod finding;
mod healing;
mod logins;
mod making;

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
/// `PUNCHMARK_KRYOPTIC` names its module; `name` is the test's own, behind its file's.
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
            &format!("signer::pkcs11::tests::{name}"),
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
    format!("pkcs11:{path}?module-path={}", in_uri(module))
        .parse()
        .unwrap()
}

/// A path as a locator has it: that of the checkout may have a blank.
fn in_uri(module: &str) -> String {
    module.replace('%', "%25").replace(' ', "%20")
}

fn key(module: &str, object: &str) -> Locator {
    locator(module, &format!("token=Root%20CA;object={object}"))
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

fn is_logged_in(module: &str) -> bool {
    let foreign = foreign(module);
    let slots = foreign.get_slots_with_token().unwrap();
    let sessions = slots
        .into_iter()
        .filter_map(|slot| foreign.open_ro_session(slot).ok());
    let mut states = sessions.map(|session| session.get_session_info().unwrap().session_state());
    states.any(|state| state == SessionState::RoUser)
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
