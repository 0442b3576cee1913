//! The least that a signature by a token costs: C_Sign in a loop, and nothing else.
//!
//!     bare_sign MODULE TOKEN OBJECT ALGORITHM COUNT < PIN
//!
//! Signs as Punchmark's signer does (the same mechanism, hashed on the host), but one input
//! over and over. `scripts/bench` holds a batch against it.

use std::error::Error;
use std::io::BufRead;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use sha2::{Digest, Sha256, Sha384, Sha512};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, token, object, algorithm, count] = arguments.as_slice() else {
        return Err("usage: bare_sign MODULE TOKEN OBJECT ALGORITHM COUNT < PIN".into());
    };
    let module = Pkcs11::new(module)?;
    module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))?;
    let session = log_in(&module, token)?;
    let key = private_key(&session, object)?;
    let (mechanism, input) = scheme(algorithm)?;
    for _ in 0..count.parse()? {
        session.sign(&mechanism, key, &input)?;
    }
    Ok(())
}

fn log_in(module: &Pkcs11, label: &str) -> Outcome<Session> {
    let mut pin = String::new();
    std::io::stdin().lock().read_line(&mut pin)?;
    for slot in module.get_slots_with_token()? {
        if module.get_token_info(slot)?.label() == label {
            let session = module.open_ro_session(slot)?;
            session.login(UserType::User, Some(&pin.trim_end().into()))?;
            return Ok(session);
        }
    }
    Err("no such token".into())
}

fn private_key(session: &Session, label: &str) -> Outcome<ObjectHandle> {
    let found = session.find_objects(&[
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::Label(label.into()),
    ])?;
    found.first().copied().ok_or_else(|| "no such key".into())
}

/// The mechanism, and what it gets of a message.
fn scheme(algorithm: &str) -> Outcome<(Mechanism<'static>, Vec<u8>)> {
    Ok(match algorithm {
        "p256" => (Mechanism::Ecdsa, Sha256::digest(MESSAGE).to_vec()),
        "p384" => (Mechanism::Ecdsa, Sha384::digest(MESSAGE).to_vec()),
        "rsa3072" => (
            Mechanism::RsaPkcs,
            [SHA512_INFO, &Sha512::digest(MESSAGE)].concat(),
        ),
        "ed25519" => {
            let pure = EddsaParams::new(EddsaSignatureScheme::Ed25519);
            (Mechanism::Eddsa(pure), MESSAGE.to_vec())
        }
        other => return Err(format!("no algorithm {other}").into()),
    })
}

/// As long as the signed part of a user certificate for an Ed25519 key by a P-256 CA.
const MESSAGE: &[u8] = &[0x5a; 420];

/// DigestInfo of SHA-512 up to the digest (RFC 8017, 9.2, note 1).
const SHA512_INFO: &[u8] = &[
    0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05,
    0x00, 0x04, 0x40,
];
