//! An open key in a token: it signs, heals a lost session, and is opened again.

use cryptoki::error::RvError;
use cryptoki::object::ObjectHandle;
use ssh_key::Signature;
use ssh_key::public::KeyData;

use super::door::{Door, open_again};
use super::find::FoundKey;
use super::login;
use super::logins::Credential;
use super::mechanism::{cryptoki_mechanism, mechanism};
use super::module::{Module, Start};
use super::session::Session;
use super::token::Token;
use super::uri::Uri;
use crate::secret::AskPin;
use crate::signer::error::{Fault, LoginError, OpeningError, PublicKeyError, SignerError};
use crate::signer::scheme::Scheme;
use crate::signer::{RsaHash, Sessions, Signer};

/// Opens the key that `uri` names, by up to `at_most` sessions of one login.
pub(in crate::signer) fn open(
    uri: &Uri,
    known: Option<&KeyData>,
    rsa_hash: RsaHash,
    at_most: usize,
    pins: &mut dyn AskPin,
) -> Result<Sessions, OpeningError> {
    let door = Door::open(uri, known, pins)?;
    let kind = Kind::of(uri, &door, rsa_hash)?;
    let more = if at_most > 1 && kind.is_one_login_for_all(&door) {
        door.more(uri, at_most - 1)
    } else {
        Vec::new()
    };
    let (credential, module) = (door.credential, door.module);
    let signer = |(session, key): (Session, FoundKey)| -> Box<dyn Signer> {
        Box::new(Pkcs11Signer {
            kind: kind.clone(),
            credential: credential.clone(),
            login_used: false,
            heals_left: HEALS_MAX,
            refused: false,
            link: Some(Link::new(session, &key)),
            module: module.clone(),
        })
    };
    let first = signer((door.session, door.key));
    Ok((first, more.into_iter().map(signer).collect()))
}

/// A key, by one session with its token.
struct Pkcs11Signer {
    kind: Kind,
    credential: Credential,
    /// Whether the present login has signed.
    login_used: bool,
    heals_left: u8,
    /// Whether the token refuses the PIN that it took before: it is shown no more.
    refused: bool,
    /// None while the session is lost.
    link: Option<Link>,
    module: Module,
}

/// What all sessions with one key have in common.
#[derive(Clone)]
struct Kind {
    /// Bound to the token that was found first.
    uri: Uri,
    device: String,
    public_key: KeyData,
    scheme: Scheme,
    confirm: Confirm,
}

impl Kind {
    fn of(uri: &Uri, door: &Door, rsa_hash: RsaHash) -> Result<Self, OpeningError> {
        let device = door.token.device();
        let scheme = Scheme::of(&door.key.public_key, rsa_hash);
        let kind = Self {
            uri: door.token.bind(uri),
            public_key: door.key.public_key.clone(),
            scheme: scheme.ok_or(OpeningError::PublicKey {
                device: device.clone(),
                key: door.key.object.name(),
                source: PublicKeyError::Type,
            })?,
            confirm: Confirm::of(&door.key),
            device,
        };
        if kind.confirm == Confirm::EachSignature && !door.session.is_direct() {
            return Err(OpeningError::PinPerSignature {
                device: kind.device,
            });
        }
        Ok(kind)
    }

    /// A PIN for each signature is one session's, and a person types on one keypad at a time.
    /// A proxy, whose sessions the second handle doesn't know, loses signatures if several
    /// threads ask it for lengths. A card in a reader signs one thing at a time, so that it
    /// gains nothing; and a PIV card may end the login of all sessions with each signature
    /// without saying so, by which two would take the login from one another.
    fn is_one_login_for_all(&self, door: &Door) -> bool {
        self.confirm == Confirm::OncePerLogin
            && !matches!(door.credential, Credential::Keypad)
            && door.session.is_direct()
            && !door.token.is_removable(&door.module)
    }
}

impl Pkcs11Signer {
    /// One private-key operation.
    fn try_sign(&self, input: &[u8]) -> Result<Vec<u8>, Fault> {
        let Some(Link { session, key }) = &self.link else {
            return Err(Fault::new("C_OpenSession", RvError::SessionClosed));
        };
        let scheme = self.kind.scheme;
        if !session.is_direct() {
            let sign = |raw: &cryptoki::session::Session| {
                raw.sign(&cryptoki_mechanism(scheme), *key, input)
            };
            return Ok(session.call(sign)??);
        }
        session.call_with_raw(|session, raw| {
            raw.sign_init(session, mechanism(scheme), *key)?;
            if self.kind.confirm == Confirm::EachSignature {
                self.credential.confirm(session)?;
            }
            raw.sign(session, input)
        })?
    }

    /// Gets the key back after `fault`: by a fresh session, else by a fresh start of the
    /// module. What the PIN or the key itself forbids is not tried again.
    fn heal(&mut self, fault: Fault) -> Result<(), SignerError> {
        if !self.is_excused(&fault) {
            self.heals_left = match self.heals_left.checked_sub(1) {
                Some(left) => left,
                None => return Err(self.gone(fault.at(&self.kind.device).into())),
            };
        }
        self.get_back().map_err(|fault| self.gone(fault))
    }

    /// Whether the device is not to blame for a lost session. A key's own signature ended the
    /// login: a PIV slot that was made with PIN policy "always" does so, and behind OpenSC and
    /// ykcs11 none but 9c says it of itself. Or another signer restarted the module.
    fn is_excused(&self, fault: &Fault) -> bool {
        let ended_by_signing = self.login_used && fault.code() == Some(RvError::UserNotLoggedIn);
        let restarted = |link: &Link| link.session.is_over();
        ended_by_signing || self.link.as_ref().is_some_and(restarted)
    }

    fn get_back(&mut self) -> Result<(), OpeningError> {
        self.link = None;
        let start = self.module.start();
        match self.reconnect() {
            Err(fault) if self.is_worth_a_restart(&fault, start) => {
                self.module.restart(start)?;
                self.reconnect()
            }
            answer => answer,
        }
    }

    fn reconnect(&mut self) -> Result<(), OpeningError> {
        self.login_used = false;
        let Kind { uri, device, .. } = &self.kind;
        let token = Token::find(&self.module, uri)?;
        let (session, key) = open_again(
            &self.module,
            uri,
            Some(&self.kind.public_key),
            &token,
            &self.credential,
        )
        .inspect_err(|fault| {
            self.refused |= matches!(fault, OpeningError::Login(login) if login.is_about_pin());
        })?;
        if key.public_key != self.kind.public_key {
            return Err(OpeningError::KeyChanged {
                device: device.clone(),
            });
        }
        self.link = Some(Link::new(session, &key));
        Ok(())
    }

    /// A PIN that was refused, or another key in the place of the first, stays so. A token that
    /// is away is no reason to end the sessions of the others.
    fn is_worth_a_restart(&self, fault: &OpeningError, start: Start) -> bool {
        match fault {
            OpeningError::Call(_)
            | OpeningError::Login(LoginError::Call(_))
            | OpeningError::PublicKey { .. }
            | OpeningError::NoKey { .. } => true,
            OpeningError::NoToken { .. } => {
                self.module.start() != start || self.module.logins().is_empty()
            }
            _ => false,
        }
    }

    /// What a failed signature means for the run. A PIN that was refused is not shown again.
    fn failure(&mut self, fault: Fault) -> SignerError {
        if fault.is_about_pin() {
            self.link = None;
            self.refused = true;
            return login::refusal(fault, &self.kind.device, None).into();
        }
        if fault.may_heal() {
            self.gone(fault.at(&self.kind.device).into())
        } else {
            fault.at(&self.kind.device).into()
        }
    }

    fn gone(&self, source: OpeningError) -> SignerError {
        SignerError::DeviceGone {
            device: self.kind.device.clone(),
            source: Box::new(source),
        }
    }

    fn require_pin_not_refused(&self) -> Result<(), LoginError> {
        if self.refused {
            Err(LoginError::PinRefusedBefore {
                device: self.kind.device.clone(),
            })
        } else {
            Ok(())
        }
    }
}

impl Signer for Pkcs11Signer {
    fn public_key(&self) -> &KeyData {
        &self.kind.public_key
    }

    fn device(&self) -> &str {
        &self.kind.device
    }

    fn sign(&mut self, message: &[u8]) -> Result<Signature, SignerError> {
        self.require_pin_not_refused()?;
        let input = self.kind.scheme.input(message);
        let bytes = match self.try_sign(&input) {
            Err(fault) if fault.may_heal() => {
                self.heal(fault)?;
                self.try_sign(&input)
            }
            answer => answer,
        };
        let bytes = bytes.map_err(|fault| self.failure(fault))?;
        self.login_used = true;
        let signature = self.kind.scheme.signature(&bytes);
        signature.map_err(|source| SignerError::Signature {
            device: self.kind.device.clone(),
            source,
        })
    }

    fn reopen(&mut self) -> Result<(), OpeningError> {
        self.require_pin_not_refused()?;
        self.get_back()?;
        self.heals_left = HEALS_MAX;
        Ok(())
    }
}

/// A session that is logged in, and the key's handle in it.
struct Link {
    session: Session,
    key: ObjectHandle,
}

impl Link {
    fn new(session: Session, key: &FoundKey) -> Self {
        Self {
            session,
            key: key.object.handle,
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

/// How often a run gets a lost session back before the device counts as gone.
const HEALS_MAX: u8 = 16;
