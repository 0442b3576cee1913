//! Logging in: whose PIN, and from where. The protocol is that of [`logins`](super::logins).

use std::sync::Arc;

use cryptoki::error::RvError;

use super::logins::{Credential, Refused};
use super::module::Module;
use super::token::Token;
use super::uri::Uri;
use crate::secret::{AskPin, read_pin_file};
use crate::signer::error::{Fault, LoginError, PinTries};

impl Credential {
    /// Gets what `token` wants. Nothing was tried on it when this returns.
    pub(super) fn for_token(
        uri: &Uri,
        token: &Token,
        pins: &mut dyn AskPin,
    ) -> Result<Self, LoginError> {
        if token.flags.login_required {
            Self::asked(uri, token, pins)
        } else {
            Ok(Self::NotNeeded)
        }
    }

    /// Gets the PIN wherever there can be one: to make a key or to look at all, for which tokens
    /// were seen to want a login that they deny wanting.
    pub(super) fn of_user(
        uri: &Uri,
        token: &Token,
        pins: &mut dyn AskPin,
    ) -> Result<Self, LoginError> {
        if token.flags.pin_set || Self::is_at_hand(uri, token, pins) {
            Self::asked(uri, token, pins)
        } else {
            Self::for_token(uri, token, pins)
        }
    }

    /// Whether the user gave a PIN for the token. Then its flags are a hint, since cloud and
    /// network HSMs were seen that say of no PIN that it was set: the login tells.
    pub(super) fn is_at_hand(uri: &Uri, token: &Token, pins: &dyn AskPin) -> bool {
        Self::is_in_file(uri, token, pins) || pins.is_given()
    }

    /// Whether a file holds the PIN of this very token, or the session knows it.
    pub(super) fn is_in_file(uri: &Uri, token: &Token, pins: &dyn AskPin) -> bool {
        let serial = token.serial.lossy();
        uri.pin_file().is_some()
            || pins.file_of(&serial).is_some()
            || pins.pin_of(&serial).is_some()
    }

    /// Gets the PIN, although the token may not say that it wants one.
    pub(super) fn asked(
        uri: &Uri,
        token: &Token,
        pins: &mut dyn AskPin,
    ) -> Result<Self, LoginError> {
        let device = token.device();
        if token.flags.pin_locked {
            return Err(LoginError::PinLocked { device });
        }
        if !token.flags.pin_set && !Self::is_at_hand(uri, token, pins) {
            return Err(LoginError::PinNotSet { device });
        }
        if token.flags.pin_final_try {
            // A wrong one locks the CA's key: a person's choice, never a job's.
            pins.last_try(&device)?;
        }
        let serial = token.serial.lossy();
        let named = pins.file_of(&serial);
        let named = named.as_deref().or_else(|| uri.pin_file());
        let pin = match (pins.pin_of(&serial), named) {
            (Some(pin), _) => pin,
            (None, Some(path)) => read_pin_file(path)?,
            (None, None) if token.flags.own_keypad => {
                pins.type_on_device(&device);
                return Ok(Self::Keypad);
            }
            (None, None) => pins.pin(&device)?,
        };
        match token.pin_lengths() {
            Some(lengths) if !lengths.contains(&pin.expose().len()) => Err(LoginError::PinLength {
                device,
                least: *lengths.start(),
                most: *lengths.end(),
            }),
            _ => Ok(Self::Pin(Arc::new(pin))),
        }
    }
}

impl Refused {
    /// What it means for who wanted to use `token`.
    pub(super) fn of(self, module: &Module, token: &Token) -> LoginError {
        let device = token.device();
        match self {
            Self::OtherPin => LoginError::OtherPin { device },
            Self::Before => LoginError::PinRefusedBefore { device },
            Self::Fault(fault) => {
                // Asked of a card that was just pulled, OpenSC 0.23 waits for itself for ever.
                let after = fault
                    .is_about_pin()
                    .then(|| Token::read(module, token.slot));
                let after = after.and_then(Result::ok);
                refusal(fault, &device, after.as_ref())
            }
        }
    }
}

/// Says what the token tells about the PIN `after` it refused one.
pub(super) fn refusal(fault: Fault, device: &str, after: Option<&Token>) -> LoginError {
    let device = device.to_owned();
    match fault.code() {
        Some(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange) => {
            let tries = after.map_or(PinTries::Untold, Token::pin_tries);
            LoginError::WrongPin { device, tries }
        }
        Some(RvError::PinLocked) => LoginError::PinLocked { device },
        Some(RvError::PinExpired) => LoginError::PinExpired { device },
        Some(RvError::UserPinNotInitialized) => LoginError::PinNotSet { device },
        _ => fault.at(&device).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::{Pin, PinError};

    /// Gives a PIN, and says yes to a last try or not.
    struct Person {
        pin: &'static str,
        dares: bool,
        asked: usize,
    }

    impl AskPin for Person {
        fn pin(&mut self, _device: &str) -> Result<Pin, PinError> {
            self.asked += 1;
            Ok(Pin::new(self.pin.to_owned()))
        }

        fn last_try(&mut self, device: &str) -> Result<(), PinError> {
            if self.dares {
                Ok(())
            } else {
                Err(PinError::LastTry {
                    device: device.to_owned(),
                })
            }
        }
    }

    fn person(pin: &'static str) -> Person {
        Person {
            pin,
            dares: false,
            asked: 0,
        }
    }

    #[test]
    fn the_last_try_is_spent_only_by_who_says_yes_whatever_gives_the_pin() {
        let mut token = Token::sample();
        token.flags.pin_final_try = true;
        let file: Uri = "pkcs11:object=a?pin-source=/no/such/file".parse().unwrap();
        for uri in [&Uri::default(), &file] {
            let mut person = person("1234");
            let fault = Credential::for_token(uri, &token, &mut person).err();
            let last = |fault| matches!(fault, LoginError::Pin(PinError::LastTry { .. }));
            assert!(fault.is_some_and(last));
            assert_eq!(person.asked, 0);
        }
        token.flags.own_keypad = true;
        let keypad = Credential::for_token(&Uri::default(), &token, &mut person("")).err();
        assert!(matches!(
            keypad,
            Some(LoginError::Pin(PinError::LastTry { .. }))
        ));
        token.flags.own_keypad = false;
        let mut sure = person("1234");
        sure.dares = true;
        assert!(Credential::for_token(&Uri::default(), &token, &mut sure).is_ok());
        assert_eq!(sure.asked, 1);
    }

    #[test]
    fn a_pin_that_the_token_is_too_short_or_long_for_is_not_taken_there() {
        for (pin, taken) in [
            ("123", false),
            ("1234", true),
            ("12345678", true),
            ("123456789", false),
        ] {
            let answer = Credential::for_token(&Uri::default(), &Token::sample(), &mut person(pin));
            match (taken, answer.err()) {
                (true, None)
                | (
                    false,
                    Some(LoginError::PinLength {
                        least: 4, most: 8, ..
                    }),
                ) => {}
                (_, other) => panic!("{pin}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_pin_that_was_given_is_shown_to_a_token_that_says_it_has_none() {
        struct Given;
        impl AskPin for Given {
            fn pin(&mut self, _device: &str) -> Result<Pin, PinError> {
                Ok(Pin::new("1234".to_owned()))
            }

            fn is_given(&self) -> bool {
                true
            }
        }
        let mut unset = Token::sample();
        unset.flags.pin_set = false;
        assert!(Credential::for_token(&Uri::default(), &unset, &mut Given).is_ok());
        unset.flags.pin_locked = true;
        let locked = Credential::for_token(&Uri::default(), &unset, &mut Given).err();
        assert!(matches!(locked, Some(LoginError::PinLocked { .. })));
    }

    #[test]
    fn a_locked_pin_and_one_that_was_never_set_are_not_asked_for() {
        let mut locked = Token::sample();
        locked.flags.pin_locked = true;
        let mut unset = Token::sample();
        unset.flags.pin_set = false;
        let refused = |token: &Token| {
            let mut person = person("1234");
            let fault = Credential::for_token(&Uri::default(), token, &mut person).err();
            assert_eq!(person.asked, 0);
            fault
        };
        assert!(matches!(
            refused(&locked),
            Some(LoginError::PinLocked { .. })
        ));
        assert!(matches!(
            refused(&unset),
            Some(LoginError::PinNotSet { .. })
        ));
    }
}
