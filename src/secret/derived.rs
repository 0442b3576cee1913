//! What opens a device, made from the secret that several people hold in shares.
//!
//! HKDF-SHA-256 (RFC 5869) of the secret, with the salt `punchmark ceremony` and an `info` of purpose,
//! serial number and counter with a zero byte between them; one block of output. A PIN is that block
//! as a number, modulo a power of ten. `docs/formats/device-secrets.md` says it in a few lines of
//! Python, which do the same without this program.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Pin;
use super::share::SharedSecret;

/// What a secret of a device is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DerivedFor {
    /// The PIN of its user.
    Pin,
    /// What unlocks a card's PIN.
    Puk,
    /// The PIN of a token's security officer.
    SoPin,
    /// What lets a card's slots be changed.
    ManagementKey,
    /// No device: it tells whether shares gave the secret that was meant, and nothing of the secret.
    Check,
}

impl DerivedFor {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::Puk => "puk",
            Self::SoPin => "so-pin",
            Self::ManagementKey => "management-key",
            Self::Check => "check",
        }
    }
}

impl SharedSecret {
    /// Thirty-two bytes for one purpose, one device and one counter.
    #[must_use]
    pub fn derived(&self, purpose: DerivedFor, serial: &str, counter: u32) -> Zeroizing<[u8; 32]> {
        let key = Zeroizing::new(hmac(SALT, &[self.expose()]));
        let counter = counter.to_string();
        let info: [&[u8]; 6] = [
            purpose.as_str().as_bytes(),
            b"\0",
            serial.as_bytes(),
            b"\0",
            counter.as_bytes(),
            b"\x01",
        ];
        Zeroizing::new(hmac(key.as_slice(), &info))
    }

    /// So many digits for one purpose, one device and one counter.
    #[must_use]
    pub fn digits(&self, purpose: DerivedFor, serial: &str, counter: u32, count: u32) -> Pin {
        let most = 10_u128.pow(count.min(DIGITS_MAX));
        let bytes = self.derived(purpose, serial, counter);
        let number = bytes
            .iter()
            .fold(0, |number, byte| (number << 8 | u128::from(*byte)) % most);
        let width = usize::try_from(count.min(DIGITS_MAX)).unwrap_or_default();
        Pin::new(format!("{number:0width$}"))
    }

    /// Whether it is the secret of which this was noted.
    #[must_use]
    pub fn check(&self) -> [u8; 32] {
        *self.derived(DerivedFor::Check, "", 0)
    }
}

/// RFC 2104.
fn hmac(key: &[u8], message: &[&[u8]]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key)
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of every length (RFC 2104, 2)"));
    for part in message {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

const SALT: &[u8] = b"punchmark ceremony";
/// What a number of 128 bits holds beside one more byte.
const DIGITS_MAX: u32 = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::share::Quorum;
    use crate::wire::hex;

    #[test]
    fn each_purpose_device_and_counter_has_bytes_of_its_own() {
        let secret = SharedSecret::random().unwrap();
        let mut all = Vec::new();
        for purpose in [
            DerivedFor::Pin,
            DerivedFor::Puk,
            DerivedFor::SoPin,
            DerivedFor::ManagementKey,
            DerivedFor::Check,
        ] {
            for serial in ["", "1", "12", "2"] {
                for counter in [1, 2, 12] {
                    all.push(hex(secret.derived(purpose, serial, counter).as_slice()));
                }
            }
        }
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn shares_give_the_same_pin_and_digits_are_as_many_as_asked_for() {
        let secret = SharedSecret::random().unwrap();
        let shares = secret.split(Quorum::new(2, 3).unwrap()).unwrap();
        let again = SharedSecret::combine(&shares[1..]).unwrap();
        for count in [6, 8, 16] {
            let pin = secret.digits(DerivedFor::Pin, "12345678", 1, count);
            let other = again.digits(DerivedFor::Pin, "12345678", 1, count);
            assert!(pin.is_same(&other));
            assert_eq!(pin.expose().len(), usize::try_from(count).unwrap());
            assert!(pin.expose().bytes().all(|byte| byte.is_ascii_digit()));
        }
        assert_eq!(secret.check(), again.check());
        assert_ne!(secret.check(), SharedSecret::random().unwrap().check());
    }
}
