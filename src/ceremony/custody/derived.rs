//! The secrets of one device, as they follow from a shared one.

use zeroize::Zeroizing;

use crate::ca::SharedDevice;
use crate::secret::share::SharedSecret;
use crate::secret::{DerivedFor, Pin};
use crate::signer::yubikey::{NewPin, NewPuk, NewSecretError};

/// All secrets of a device for one counter.
pub(in crate::ceremony) enum Derived {
    /// Of a YubiKey.
    Card(CardDerived),
    /// Of a PKCS#11 token.
    Token(TokenDerived),
}

/// Those of a YubiKey: none that anybody tries first, and none that gives the other away.
pub(in crate::ceremony) struct CardDerived {
    pub(in crate::ceremony) pin: NewPin,
    pub(in crate::ceremony) puk: NewPuk,
    /// Bytes of the management key: as many of the first as its cipher takes.
    pub(in crate::ceremony) key: Zeroizing<[u8; 32]>,
}

/// Those of a token.
pub(in crate::ceremony) struct TokenDerived {
    pub(in crate::ceremony) pin: Pin,
    pub(in crate::ceremony) so_pin: Pin,
}

impl Derived {
    /// What a device gets for a counter.
    ///
    /// # Errors
    /// [`NewSecretError`] where no card takes it.
    pub(in crate::ceremony) fn of(
        secret: &SharedSecret,
        device: &SharedDevice,
        serial: &str,
        counter: u32,
    ) -> Result<Self, NewSecretError> {
        Ok(match device {
            SharedDevice::Card(_) => Self::Card(CardDerived::of(secret, serial, counter)?),
            SharedDevice::Token(_) => Self::Token(TokenDerived::of(secret, serial, counter)),
        })
    }

    /// What a device gets for the first counter behind this one that it takes, with that counter.
    pub(super) fn next(
        secret: &SharedSecret,
        device: &SharedDevice,
        serial: &str,
        counter: u32,
    ) -> Option<(u32, Self)> {
        let mut counters = counter.checked_add(1)?..=u32::MAX;
        counters.find_map(|counter| {
            let derived = Self::of(secret, device, serial, counter).ok()?;
            Some((counter, derived))
        })
    }

    pub(in crate::ceremony) fn pin(&self) -> Pin {
        match self {
            Self::Card(card) => Pin::new(card.pin.expose().to_owned()),
            Self::Token(token) => token.pin.copy(),
        }
    }
}

impl CardDerived {
    /// What follows from a secret for the card with this serial.
    ///
    /// # Errors
    /// [`NewSecretError`].
    pub(in crate::ceremony) fn of(
        secret: &SharedSecret,
        serial: &str,
        counter: u32,
    ) -> Result<Self, NewSecretError> {
        let digits = |purpose| secret.digits(purpose, serial, counter, DIGITS);
        let pin = NewPin::new(digits(DerivedFor::Pin))?;
        let puk = NewPuk::new(digits(DerivedFor::Puk))?;
        pin.differs_from(&puk)?;
        let key = secret.derived(DerivedFor::ManagementKey, serial, counter);
        Ok(Self { pin, puk, key })
    }
}

impl TokenDerived {
    /// What follows from a secret for the token with this serial.
    pub(in crate::ceremony) fn of(secret: &SharedSecret, serial: &str, counter: u32) -> Self {
        let digits = |purpose| secret.digits(purpose, serial, counter, TOKEN_DIGITS);
        Self {
            pin: digits(DerivedFor::Pin),
            so_pin: digits(DerivedFor::SoPin),
        }
    }
}

/// As many as a card takes.
const DIGITS: u32 = 8;
/// Tokens take longer ones, and nobody types them.
const TOKEN_DIGITS: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_counter_is_one_whose_secrets_a_card_takes() {
        let secret = SharedSecret::random().unwrap();
        let card = SharedDevice::Card(7);
        let (counter, derived) = Derived::next(&secret, &card, "7", 4).unwrap();
        assert!(counter > 4);
        let again = Derived::of(&secret, &card, "7", counter).unwrap();
        assert!(derived.pin().is_same(&again.pin()));
        assert!(Derived::next(&secret, &card, "7", u32::MAX).is_none());
    }
}
