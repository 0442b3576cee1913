//! The object in a token that says which ledger counts the serials of a key.

use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use ssh_key::HashAlg;
use ssh_key::public::KeyData;

use super::door::log_in_as;
use super::logins::Credential;
use super::module::Module;
use super::session::{Access, Session};
use super::token::Token;
use super::uri::Uri;
use crate::secret::AskPin;
use crate::signer::error::{BindError, Fault, OpeningError};

/// The ledgers that the token names for `key`, each once.
pub(in crate::signer) fn bound_to(
    uri: &Uri,
    key: &KeyData,
    pins: &mut dyn AskPin,
) -> Result<Vec<String>, OpeningError> {
    let desk = Desk::open(uri, Access::ReadOnly, pins)?;
    let named = desk.call(|session| {
        let found = session.find_objects(&template(key))?;
        found.iter().map(|object| name(session, *object)).collect()
    });
    let mut named: Vec<String> = named.map_err(|fault| fault.at(&desk.device))?;
    named.sort_unstable();
    named.dedup();
    Ok(named)
}

/// Has the token name `ledger` for `key`, and no other. The new object is there before an old
/// one goes, so that no moment leaves the key free.
pub(in crate::signer) fn bind(
    uri: &Uri,
    key: &KeyData,
    ledger: &str,
    pins: &mut dyn AskPin,
) -> Result<(), BindError> {
    let desk = Desk::open(uri, Access::ReadWrite, pins)?;
    let bound = desk.call(|session| {
        let old = session.find_objects(&template(key))?;
        session.create_object(&whole(key, ledger))?;
        for object in old {
            session.destroy_object(object)?;
        }
        Ok(())
    });
    bound.map_err(|source| BindError::Refused {
        device: desk.device,
        source,
    })
}

/// A token whose user is logged in.
pub(super) struct Desk {
    session: Session,
    device: String,
}

impl Desk {
    pub(super) fn open(
        uri: &Uri,
        access: Access,
        pins: &mut dyn AskPin,
    ) -> Result<Self, OpeningError> {
        let module = Module::of(uri)?;
        let token = Token::find(&module, uri)?;
        let device = token.device();
        let session = Session::open(&module, token.slot, access);
        let mut session = session.map_err(|fault| fault.at(&device))?;
        log_in_as(
            &mut session,
            (&module, &token),
            uri,
            pins,
            Credential::of_user,
        )?;
        Ok(Self { session, device })
    }

    /// The device for messages.
    pub(super) fn device(&self) -> &str {
        &self.device
    }

    /// Works with the session.
    pub(super) fn call<T>(
        &self,
        work: impl FnOnce(&cryptoki::session::Session) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.session.call(work)?
    }
}

/// What such an object of `key` is found by.
fn template(key: &KeyData) -> Vec<Attribute> {
    vec![
        Attribute::Class(ObjectClass::DATA),
        Attribute::Label(format!("{LABEL} {}", key.fingerprint(HashAlg::Sha256)).into_bytes()),
    ]
}

fn whole(key: &KeyData, ledger: &str) -> Vec<Attribute> {
    let mut template = template(key);
    template.extend([
        Attribute::Token(true),
        Attribute::Private(false),
        Attribute::Modifiable(true),
        Attribute::Application(APPLICATION.to_vec()),
        Attribute::Value(ledger.as_bytes().to_vec()),
    ]);
    template
}

/// An object without a value names a ledger too: one that is none of ours.
fn name(session: &cryptoki::session::Session, object: ObjectHandle) -> Result<String, Fault> {
    let values = session.get_attributes(object, &[AttributeType::Value])?;
    let value = values.into_iter().find_map(|attribute| match attribute {
        Attribute::Value(value) => Some(value),
        _ => None,
    });
    let value = value.unwrap_or_default();
    let short = value.get(..NAME_MAX).unwrap_or(&value);
    Ok(String::from_utf8_lossy(short).into_owned())
}

const APPLICATION: &[u8] = b"punchmark";
const LABEL: &str = "punchmark.ledger";

/// Bytes; our own names have 33.
const NAME_MAX: usize = 128;
