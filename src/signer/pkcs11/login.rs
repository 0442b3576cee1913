//! Logging in: whose PIN, from where, and never the same one twice.

use cryptoki::error::RvError;
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;

use super::fault::Fault;
use super::module::Module;
use super::token::Token;
use super::uri::Uri;
use crate::secret::{AskPin, Pin, read_pin_file};
use crate::signer::{PinTries, SignerError};

/// How the user shows the token that it is they. Kept for the run: a lost session is healed
/// with it, and some keys want it for each signature.
pub(super) enum Credential {
    /// The token wants no login.
    NotNeeded,
    /// The PIN is typed on the token's own keypad.
    Keypad,
    /// A PIN that was read or asked for.
    Pin(AuthPin),
}

impl Credential {
    /// Gets what `token` wants. Nothing was tried on it when this returns.
    pub(super) fn for_token(
        uri: &Uri,
        token: &Token,
        pins: &mut dyn AskPin,
    ) -> Result<Self, SignerError> {
        let device = token.device();
        if !token.flags.login_required {
            return Ok(Self::NotNeeded);
        }
        if token.flags.pin_locked {
            return Err(SignerError::PinLocked { device });
        }
        if !token.flags.pin_set {
            return Err(SignerError::PinNotSet { device });
        }
        if let Some(path) = uri.pin_file() {
            return Ok(Self::from_pin(&read_pin_file(path)?));
        }
        if token.flags.own_keypad {
            pins.type_on_device(&device);
            return Ok(Self::Keypad);
        }
        Ok(Self::from_pin(&pins.pin(&device)?))
    }

    /// Logs `session` in, by one try.
    pub(super) fn log_in(
        &self,
        session: &Session,
        module: &Module,
        token: &Token,
    ) -> Result<(), SignerError> {
        match self.present(session, UserType::User) {
            Ok(()) => Ok(()),
            Err(fault) => {
                // Asked of a card that was just pulled, OpenSC 0.23 waits for itself for ever.
                let after = fault
                    .is_about_pin()
                    .then(|| Token::read(module, token.slot));
                let after = after.and_then(Result::ok);
                Err(refusal(fault, &token.device(), after.as_ref()))
            }
        }
    }

    /// Shows the PIN for the one signature that was just begun.
    pub(super) fn confirm(&self, session: &Session) -> Result<(), Fault> {
        self.present(session, UserType::ContextSpecific)
    }

    fn present(&self, session: &Session, user: UserType) -> Result<(), Fault> {
        let pin = match self {
            Self::NotNeeded => return Ok(()),
            Self::Keypad => None,
            Self::Pin(pin) => Some(pin),
        };
        match session.login(user, pin).map_err(Fault::from) {
            // Another signer of this process is logged in to the token.
            Err(fault) if fault.code() == Some(RvError::UserAlreadyLoggedIn) => Ok(()),
            answer => answer,
        }
    }

    fn from_pin(pin: &Pin) -> Self {
        Self::Pin(AuthPin::from(pin.expose()))
    }
}

/// Says what the token tells about the PIN `after` it refused one.
pub(super) fn refusal(fault: Fault, device: &str, after: Option<&Token>) -> SignerError {
    let device = device.to_owned();
    match fault.code() {
        Some(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange) => {
            let tries = after.map_or(PinTries::Untold, Token::pin_tries);
            SignerError::WrongPin { device, tries }
        }
        Some(RvError::PinLocked) => SignerError::PinLocked { device },
        Some(RvError::PinExpired) => SignerError::PinExpired { device },
        Some(RvError::UserPinNotInitialized) => SignerError::PinNotSet { device },
        _ => fault.at(&device),
    }
}
