//! The place in a token where a new key goes: named, free, and open for writing.

use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use ssh_key::public::KeyData;

use super::door::{log_in, log_in_as};
use super::field::Field;
use super::find::{FoundKey, find_key};
use super::logins::Credential;
use super::module::Module;
use super::object;
use super::session::{Access, Session};
use super::token::Token;
use super::uri::Uri;
use crate::secret::AskPin;
use crate::signer::NewKey;
use crate::signer::error::{CallFailed, Code, Fault, PlaceError};
use crate::wire::hex;

/// Whether a private key may leave its token, wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    Never,
    /// Until it was wrapped for its copy, and sealed before it signs anything.
    UntilWrapped,
}

/// A label and an id that no key in the token has.
pub(super) struct Vacancy {
    /// None while it is opened anew.
    session: Option<Session>,
    module: Module,
    token: Token,
    credential: Credential,
    pub(super) device: String,
    uri: Uri,
    label: Field,
    id: Vec<u8>,
    leaving: Leaving,
}

/// Makes sure that what the token shows without a PIN leaves label and id of `uri` free.
pub(in crate::signer) fn require_free(uri: &Uri) -> Result<(), PlaceError> {
    let label = uri.object.clone().ok_or(PlaceError::LabelMissing)?;
    let module = Module::of(uri)?;
    let token = Token::find(&module, uri)?;
    let device = token.device();
    let session = Session::open(&module, token.slot, Access::ReadOnly);
    let session = session.map_err(|fault| fault.at(&device))?;
    let is_taken = |label: Option<&[u8]>, id: Option<&[u8]>| {
        let found = session.call(|session| is_there(session, label, id));
        found
            .and_then(|found| found)
            .map_err(|fault| fault.at(&device))
    };
    if is_taken(Some(label.as_bytes()), None)? {
        return Err(PlaceError::LabelTaken {
            device: device.clone(),
            label: label.to_string(),
        });
    }
    match &uri.id {
        Some(id) if is_taken(None, Some(id))? => Err(PlaceError::IdTaken {
            device: device.clone(),
            id: hex(id),
        }),
        _ => Ok(()),
    }
}

/// Whether the session shows a half of a key with this label, or this id.
fn is_there(
    session: &cryptoki::session::Session,
    label: Option<&[u8]>,
    id: Option<&[u8]>,
) -> Result<bool, Fault> {
    for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
        if !object::handles(session, class, label, id)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Vacancy {
    /// Logs in to the token that `uri` names, and makes sure that label and id are free.
    pub(super) fn open(uri: &Uri, pins: &mut dyn AskPin) -> Result<Self, PlaceError> {
        let label = uri.object.clone().ok_or(PlaceError::LabelMissing)?;
        let module = Module::of(uri)?;
        let token = Token::find(&module, uri)?;
        let device = token.device();
        let mut session = enter(&module, &token)?;
        let id = uri.id.clone().map_or_else(random_id, Ok);
        let id = id.map_err(|fault| fault.at(&device))?;
        let place = (&module, &token);
        let credential = log_in_as(&mut session, place, uri, pins, Credential::of_user)?;
        let vacancy = Self {
            session: Some(session),
            module,
            token,
            credential,
            uri: uri.with_id(&id),
            label,
            id,
            device,
            leaving: Leaving::Never,
        };
        vacancy.check_free()?;
        Ok(vacancy)
    }

    /// The same, for a key that may leave until it was wrapped.
    pub(super) fn leaving(self, leaving: Leaving) -> Self {
        Self { leaving, ..self }
    }

    /// A session of its own for the next try. A call that failed may have left objects open in
    /// the last one: tpm2-pkcs11 without a resource manager has room for three, and then fails
    /// whatever is asked of it.
    pub(super) fn begin_anew(&mut self) -> Result<(), PlaceError> {
        // The old one first: it logs out, by which the token lets go of what it loaded.
        self.session = None;
        let mut session = enter(&self.module, &self.token)?;
        log_in(&mut session, &self.credential, &self.module, &self.token)?;
        self.session = Some(session);
        Ok(())
    }

    /// What the public object must say.
    pub(super) fn public_template(&self) -> Vec<Attribute> {
        let mut template = self.name();
        template.push(Attribute::Verify(true));
        template
    }

    /// What the private object must say: it signs, and never shows itself.
    pub(super) fn private_template(&self) -> Vec<Attribute> {
        let mut template = self.name();
        template.extend([
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(self.leaving == Leaving::UntilWrapped),
            Attribute::Sign(true),
        ]);
        template
    }

    /// Reads the new key back, and takes it away again if it is not protected as asked for, or
    /// is another one than `expected`.
    pub(super) fn accept(
        self,
        public: ObjectHandle,
        private: ObjectHandle,
        expected: Option<&KeyData>,
    ) -> Result<NewKey, PlaceError> {
        let found = self.find();
        match found.and_then(|key| self.check(key, expected)) {
            Ok(key) => Ok(key.facts(&self.uri)),
            Err(fault) => {
                self.remove(private)?;
                self.remove(public)?;
                Err(fault)
            }
        }
    }

    fn check(&self, key: FoundKey, expected: Option<&KeyData>) -> Result<FoundKey, PlaceError> {
        let device = self.device.clone();
        if expected.is_some_and(|expected| *expected != key.public_key) {
            return Err(PlaceError::KeyChanged { device });
        }
        match (key.object.origin.sensitive, key.object.origin.extractable) {
            (Some(false), _) => Err(PlaceError::NotProtected { device }),
            (_, Some(true)) if self.leaving == Leaving::Never => {
                Err(PlaceError::NotProtected { device })
            }
            _ => Ok(key),
        }
    }

    /// Removes an object that was just made here.
    pub(super) fn remove(&self, object: ObjectHandle) -> Result<(), PlaceError> {
        let removed = self.call(|session| Ok(session.destroy_object(object)?));
        removed.map_err(|source| PlaceError::Leftover {
            device: self.device.clone(),
            key: format!("key {} (id {})", self.label, hex(&self.id)),
            source,
        })
    }

    /// Works with the session.
    pub(super) fn call<T>(
        &self,
        work: impl FnOnce(&cryptoki::session::Session) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.session()?.call(work)?
    }

    fn session(&self) -> Result<&Session, Fault> {
        self.session
            .as_ref()
            .ok_or(Fault::new("C_OpenSession", Code::SessionClosed))
    }

    fn find(&self) -> Result<FoundKey, PlaceError> {
        let found = self.session().and_then(|session| {
            session.call(|session| find_key(session, &self.uri, None, &self.device))
        });
        Ok(found.map_err(|fault| fault.at(&self.device))??)
    }

    fn name(&self) -> Vec<Attribute> {
        vec![
            Attribute::Token(true),
            Attribute::Label(self.label.as_bytes().to_vec()),
            Attribute::Id(self.id.clone()),
        ]
    }

    fn check_free(&self) -> Result<(), PlaceError> {
        let device = || self.device.clone();
        if self.is_taken(Some(self.label.as_bytes()), None)? {
            return Err(PlaceError::LabelTaken {
                device: device(),
                label: self.label.to_string(),
            });
        }
        if self.is_taken(None, Some(&self.id))? {
            return Err(PlaceError::IdTaken {
                device: device(),
                id: hex(&self.id),
            });
        }
        Ok(())
    }

    fn is_taken(&self, label: Option<&[u8]>, id: Option<&[u8]>) -> Result<bool, PlaceError> {
        let found = self.call(|session| is_there(session, label, id));
        Ok(found.map_err(|fault| fault.at(&self.device))?)
    }
}

fn enter(module: &Module, token: &Token) -> Result<Session, CallFailed> {
    let session = Session::open(module, token.slot, Access::ReadWrite);
    session.map_err(|fault| fault.at(&token.device()))
}

/// What a private key is told not to do, where the module lets itself be told.
pub(super) fn private_denials() -> [Attribute; 4] {
    [
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
        Attribute::SignRecover(false),
        Attribute::Derive(false),
    ]
}

/// What a public key is denied, as a private key is.
pub(super) fn public_denials() -> [Attribute; 3] {
    [
        Attribute::Encrypt(false),
        Attribute::Wrap(false),
        Attribute::VerifyRecover(false),
    ]
}

fn random_id() -> Result<Vec<u8>, Fault> {
    let mut id = vec![0; ID_BYTES];
    match getrandom::fill(&mut id) {
        Ok(()) => Ok(id),
        Err(_) => Err(Fault::new(
            "getrandom",
            cryptoki::error::RvError::RandomNoRng,
        )),
    }
}

/// Enough that two never meet, short enough to be read aloud.
const ID_BYTES: usize = 8;
