//! A key behind a PKCS#11 module: opened, used, and found again when the session is lost.

#[cfg(test)]
mod conformance;
mod fault;
mod find;
pub(super) mod generate;
pub(super) mod import;
pub(super) mod inventory;
mod login;
mod mechanism;
mod module;
mod object;
mod public_key;
mod raw;
mod token;
mod uri;
mod vacancy;

use cryptoki::error::RvError;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use ssh_key::Signature;
use ssh_key::public::KeyData;

pub use fault::Fault;
pub use public_key::PublicKeyError;
pub use uri::{URI_MAX, Uri, UriError};

use super::{NewKey, RsaHash, Signer, SignerError};
use crate::secret::AskPin;
use crate::signer::scheme::Scheme;
use find::{FoundKey, check_named, find_key};
use login::Credential;
use mechanism::{cryptoki_mechanism, mechanism};
use module::Module;
use token::Token;

/// An open key in a token.
pub(crate) struct Pkcs11Signer {
    /// Bound to the token that was found first.
    uri: Uri,
    device: String,
    public_key: KeyData,
    scheme: Scheme,
    credential: Credential,
    confirm: Confirm,
    /// Whether the present login has signed.
    login_used: bool,
    heals_left: u8,
    // The session must be closed before its module's handles go.
    link: Option<Link>,
    module: Option<Module>,
}

impl Pkcs11Signer {
    /// Finds the token, logs in and reads the public key.
    pub(super) fn open(
        uri: &Uri,
        rsa_hash: RsaHash,
        pins: &mut dyn AskPin,
    ) -> Result<Self, SignerError> {
        let (door, key) = Door::open(uri, pins)?;
        let device = door.token.device();
        let scheme = Scheme::of(&key.public_key, rsa_hash).ok_or(SignerError::PublicKey {
            device: device.clone(),
            key: key.object.name(),
            source: PublicKeyError::Type,
        })?;
        let confirm = Confirm::of(&key);
        let link = Link::new(door.session, key.object.handle, &door.module);
        link.check(confirm, &device)?;
        Ok(Self {
            uri: door.token.bind(uri),
            device,
            public_key: key.public_key,
            scheme,
            credential: door.credential,
            confirm,
            login_used: false,
            heals_left: HEALS_MAX,
            link: Some(link),
            module: Some(door.module),
        })
    }

    /// One private-key operation.
    fn try_sign(&self, input: &[u8]) -> Result<Vec<u8>, Fault> {
        let closed = Fault::new("C_Sign", RvError::SessionClosed);
        let (Some(link), Some(module)) = (&self.link, &self.module) else {
            return Err(closed);
        };
        let (session, key) = (&link.session, link.key);
        if !link.direct {
            return Ok(session.sign(&cryptoki_mechanism(self.scheme), key, input)?);
        }
        module.raw.sign_init(session, mechanism(self.scheme), key)?;
        if self.confirm == Confirm::EachSignature {
            self.credential.confirm(session)?;
        }
        module.raw.sign(session, input)
    }

    /// Gets the key back after `fault`: by a fresh session, else by a fresh start of the
    /// module. What the PIN or the key itself forbids is not tried again.
    fn heal(&mut self, fault: Fault) -> Result<(), SignerError> {
        if !self.is_login_spent(&fault) {
            self.heals_left = match self.heals_left.checked_sub(1) {
                Some(left) => left,
                None => return Err(self.gone(fault.at(&self.device))),
            };
        }
        self.link = None;
        let first = match self.reconnect() {
            Err(fault) if is_worth_a_restart(&fault) => fault,
            Err(fault) => return Err(self.gone(fault)),
            Ok(()) => return Ok(()),
        };
        let restarted = match self.module.take() {
            Some(module) => module.restart(),
            None => Err(first),
        };
        self.module = Some(restarted.map_err(|fault| self.gone(fault))?);
        self.reconnect().map_err(|fault| self.gone(fault))
    }

    /// Whether the key's own signature ended the login. A PIV slot that was made with PIN
    /// policy "always" does so, and behind OpenSC and ykcs11 none but 9c says it of itself.
    fn is_login_spent(&self, fault: &Fault) -> bool {
        self.login_used && fault.code() == Some(RvError::UserNotLoggedIn)
    }

    fn reconnect(&mut self) -> Result<(), SignerError> {
        self.login_used = false;
        let Some(module) = &self.module else {
            return Err(
                Fault::new("C_OpenSession", RvError::CryptokiNotInitialized).at(&self.device)
            );
        };
        let token = Token::find(module, &self.uri)?;
        let session = module.session(token.slot);
        let session = session.map_err(|fault| fault.at(&self.device))?;
        self.credential.log_in(&session, module, &token)?;
        let key = find_key(&session, &self.uri, &self.device)?;
        if key.public_key != self.public_key {
            return Err(SignerError::KeyChanged {
                device: self.device.clone(),
            });
        }
        self.link = Some(Link::new(session, key.object.handle, module));
        Ok(())
    }

    /// What a failed signature means for the run. A PIN that was refused is not shown again.
    fn failure(&mut self, fault: Fault) -> SignerError {
        if fault.is_about_pin() {
            self.link = None;
            self.heals_left = 0;
            return login::refusal(fault, &self.device, None);
        }
        match fault.may_heal() {
            true => self.gone(fault.at(&self.device)),
            false => fault.at(&self.device),
        }
    }

    fn gone(&self, source: SignerError) -> SignerError {
        SignerError::DeviceGone {
            device: self.device.clone(),
            source: Box::new(source),
        }
    }
}

impl Signer for Pkcs11Signer {
    fn public_key(&self) -> &KeyData {
        &self.public_key
    }

    fn device(&self) -> &str {
        &self.device
    }

    fn sign(&mut self, message: &[u8]) -> Result<Signature, SignerError> {
        let input = self.scheme.input(message);
        let bytes = match self.try_sign(&input) {
            Err(fault) if fault.may_heal() => {
                self.heal(fault)?;
                self.try_sign(&input)
            }
            answer => answer,
        };
        let bytes = bytes.map_err(|fault| self.failure(fault))?;
        self.login_used = true;
        let signature = self.scheme.signature(&bytes);
        signature.map_err(|source| SignerError::Signature {
            device: self.device.clone(),
            source,
        })
    }
}

impl Drop for Pkcs11Signer {
    fn drop(&mut self) {
        if let Some(link) = &self.link {
            // Closing the last session logs out too; a token that is gone needs neither.
            let _logged_out = link.session.logout();
        }
    }
}

/// The facts of the key that `uri` names.
pub(super) fn describe(uri: &Uri, pins: &mut dyn AskPin) -> Result<NewKey, SignerError> {
    let (_door, key) = Door::open(uri, pins)?;
    Ok(key.facts(uri))
}

/// A token that was opened for a user.
struct Door {
    session: Session,
    credential: Credential,
    token: Token,
    module: Module,
}

impl Door {
    /// Whatever can be seen without a PIN is seen before one is asked for.
    fn open(uri: &Uri, pins: &mut dyn AskPin) -> Result<(Self, FoundKey), SignerError> {
        check_named(uri)?;
        let module = Module::of(uri)?;
        let token = Token::find(&module, uri)?;
        let device = token.device();
        let session = module.session(token.slot);
        let session = session.map_err(|fault| fault.at(&device))?;
        let credential = Credential::for_token(uri, &token, pins)?;
        credential.log_in(&session, &module, &token)?;
        let key = find_key(&session, uri, &device)?;
        let door = Self {
            session,
            credential,
            token,
            module,
        };
        Ok((door, key))
    }
}

/// A session that is logged in, and the key's handle in it.
struct Link {
    session: Session,
    key: ObjectHandle,
    /// Whether the raw handle shares the module's sessions; else each signature costs
    /// `cryptoki`'s question for the length.
    direct: bool,
}

impl Link {
    fn new(session: Session, key: ObjectHandle, module: &Module) -> Self {
        let direct = module.raw.knows(&session);
        Self {
            session,
            key,
            direct,
        }
    }

    fn check(&self, confirm: Confirm, device: &str) -> Result<(), SignerError> {
        match (self.direct, confirm) {
            (false, Confirm::EachSignature) => Err(SignerError::PinPerSignature {
                device: device.to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

/// Whether the token wants the PIN at each signature (`CKA_ALWAYS_AUTHENTICATE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Confirm {
    OncePerLogin,
    EachSignature,
}

impl Confirm {
    fn of(key: &FoundKey) -> Self {
        match key.object.origin.always_authenticate {
            Some(true) => Self::EachSignature,
            _ => Self::OncePerLogin,
        }
    }
}

/// A PIN that was refused, or another key in the place of the first, stays so.
fn is_worth_a_restart(fault: &SignerError) -> bool {
    matches!(
        fault,
        SignerError::Call { .. }
            | SignerError::NoToken { .. }
            | SignerError::NoKey { .. }
            | SignerError::PublicKey { .. }
    )
}

/// How often a run gets a lost session back before the device counts as gone.
const HEALS_MAX: u8 = 16;
