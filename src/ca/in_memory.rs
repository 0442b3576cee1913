//! A CA whose key is made in memory and put into several devices, of which none can prove where it was
//! made: whoever read the memory of the run has it.
//!
//! The devices get it first, the one that the config will name last of all; then the CA is recorded. So the
//! ledger has no word of a key that is not in each of them, and a run that was cut short before makes
//! another key over what it left. Whoever is cut short later takes up what is there.

use ssh_key::private::{EcdsaKeypair, Ed25519Keypair, KeypairData};
use ssh_key::public::KeyData;
use zeroize::Zeroizing;

use super::copying::remove;
use super::spare::{Spare, SpareKey, Use, add_spare};
use super::{EstablishError, NewCa, OfAnother, Source, establish};
use crate::attestation::Roots;
use crate::certificate::Serial;
use crate::config::{CaName, Config, Place};
use crate::ledger::file::OpenError;
use crate::ledger::{Ledger, LedgerError, Purpose};
use crate::secret::AskPin;
use crate::signer::yubikey::{NewSlotKey, Replaceable};
use crate::signer::{self, KeyAlgorithm, Locator, OpeningError};

/// A CA to be, whose key goes into several devices.
pub struct InMemory<'a> {
    /// Its name in the config.
    pub name: &'a CaName,
    /// What it may sign.
    pub purpose: Purpose,
    /// The type of its key: one of [`InMemory::ALGORITHMS`].
    pub algorithm: KeyAlgorithm,
    /// Where the config names the key. Whoever asks for it wrote each place down before, and found it
    /// empty then: what is there by now is overwritten. In a token it has an id.
    pub locator: &'a Locator,
    /// The places in the other devices, likewise.
    pub others: &'a [Locator],
    /// What a YubiKey is asked for.
    pub in_slot: NewSlotKey<'a>,
}

impl InMemory<'_> {
    /// What is made in memory: no primes are searched for, and cards take no P-521.
    pub const ALGORITHMS: [KeyAlgorithm; 3] = [
        KeyAlgorithm::P256,
        KeyAlgorithm::P384,
        KeyAlgorithm::Ed25519,
    ];
}

/// Makes the key, puts it into every device, and makes it a CA; or goes on with what an earlier run did of
/// that. `time` is Unix time in seconds, `keyboard` who is at it. Returns the public key.
///
/// # Errors
/// [`EstablishError`]. The same call goes on; until the ledger has the CA it makes another key.
pub fn establish_in_memory(
    place: &Place,
    new: &InMemory<'_>,
    pins: &mut dyn AskPin,
    keyboard: &str,
    time: u64,
) -> Result<KeyData, EstablishError> {
    let config = place.read_if_there()?;
    let is_named = config.is_some_and(|config| config.ca(new.name.as_str()).is_ok());
    let key = match new.recorded(place)? {
        Some(key) => {
            if !is_named {
                let ca = new.ca(Source::TakenUp);
                establish(place, &ca, pins, keyboard.to_owned(), time)?;
            }
            key
        }
        None => new.make(place, pins, keyboard, time)?,
    };
    for locator in new.others {
        let spare = Spare {
            ca: new.name,
            locator,
            key: SpareKey::There(&key),
            in_slot: &new.in_slot,
            to_be: Use::Spare,
        };
        add_spare(place, &spare, pins, keyboard.to_owned(), time)?;
    }
    Ok(key)
}

impl InMemory<'_> {
    /// The key of the CA in the ledger, which every device has by then.
    fn recorded(&self, place: &Place) -> Result<Option<KeyData>, EstablishError> {
        // The config is written last: the ledger may be there without one.
        let config = place.read_if_there()?;
        let config = config.unwrap_or_else(|| Config::empty(place.path()));
        let ledger = match Ledger::open_to_read(&config.ledger()) {
            Err(LedgerError::Open(OpenError::Missing(_))) => return Ok(None),
            opened => opened?,
        };
        let known = ledger.cas()?.into_iter();
        let mut known = known.filter(|ca| ca.name() == self.name.as_str());
        Ok(known.next().map(|ca| ca.public_key().clone()))
    }

    fn make(
        &self,
        place: &Place,
        pins: &mut dyn AskPin,
        keyboard: &str,
        time: u64,
    ) -> Result<KeyData, EstablishError> {
        let keypair = keypair(self.algorithm)?;
        for locator in self.others {
            let replace = left_there(locator, pins)?;
            signer::import(locator, &keypair, &self.in_slot_over(&replace), pins)?;
        }
        let replace = left_there(self.locator, pins)?;
        let ca = self.ca(Source::InMemory(&keypair, self.in_slot_over(&replace)));
        let made = establish(place, &ca, pins, keyboard.to_owned(), time)?;
        Ok(made.key.public_key)
    }

    fn ca<'a>(&self, source: Source<'a>) -> NewCa<'a> {
        NewCa {
            name: self.name.clone(),
            locator: self.locator.clone(),
            purpose: self.purpose,
            source,
            next_serial: Serial::FIRST,
            // Nobody's word is asked for.
            roots: Roots::default(),
            of_another: OfAnother::Refused,
        }
    }

    fn in_slot_over<'a>(&'a self, replace: &'a [Replaceable]) -> NewSlotKey<'a> {
        NewSlotKey {
            replace,
            ..self.in_slot
        }
    }
}

/// Makes room for the key: what a run that was cut short left in a token is removed, in a slot it may be
/// overwritten.
fn left_there(
    locator: &Locator,
    pins: &mut dyn AskPin,
) -> Result<Vec<Replaceable>, EstablishError> {
    match locator {
        Locator::Pkcs11(_) if locator.key_id().is_some() => {
            remove(locator, pins).map(|()| Vec::new())
        }
        Locator::YubiKey(_) => {
            let there = match signer::shown(locator) {
                Err(OpeningError::NoKey { .. }) => None,
                there => there?,
            };
            let print = |key: KeyData| Replaceable::Key(key.fingerprint(ssh_key::HashAlg::Sha256));
            Ok(there.map(print).into_iter().collect())
        }
        // A place without an id may be anybody's: what is there is refused.
        _ => Ok(Vec::new()),
    }
}

/// A new key pair, by the randomness of the system.
fn keypair(algorithm: KeyAlgorithm) -> Result<KeypairData, EstablishError> {
    match algorithm {
        KeyAlgorithm::P256 => {
            let secret = scalar(|bytes: &[u8; 32]| p256::SecretKey::from_slice(bytes).ok())?;
            Ok(EcdsaKeypair::NistP256 {
                public: secret.public_key().into(),
                private: secret.into(),
            }
            .into())
        }
        KeyAlgorithm::P384 => {
            let secret = scalar(|bytes: &[u8; 48]| p384::SecretKey::from_slice(bytes).ok())?;
            Ok(EcdsaKeypair::NistP384 {
                public: secret.public_key().into(),
                private: secret.into(),
            }
            .into())
        }
        KeyAlgorithm::Ed25519 => {
            let seed = scalar(|bytes: &[u8; 32]| Some(Zeroizing::new(*bytes)))?;
            Ok(Ed25519Keypair::from_seed(&seed).into())
        }
        other => Err(EstablishError::NotInMemory(other)),
    }
}

/// Random bytes that are a secret key: those of a number beyond the order of its curve are drawn anew
/// (FIPS 186-5, A.2.2).
fn scalar<const SIZE: usize, T>(
    take: impl Fn(&[u8; SIZE]) -> Option<T>,
) -> Result<T, EstablishError> {
    loop {
        let mut bytes = Zeroizing::new([0; SIZE]);
        getrandom::fill(bytes.as_mut()).map_err(EstablishError::Random)?;
        if let Some(secret) = take(&bytes) {
            return Ok(secret);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signer::KeyAlgorithm;

    #[test]
    fn a_pair_of_each_kind_belongs_together_and_no_two_are_the_same() {
        for algorithm in InMemory::ALGORITHMS {
            let pairs = [keypair(algorithm).unwrap(), keypair(algorithm).unwrap()];
            let public = pairs
                .each_ref()
                .map(|pair| KeyData::try_from(pair).unwrap());
            assert_ne!(public[0], public[1]);
            for (pair, public) in pairs.into_iter().zip(public) {
                let key = ssh_key::PrivateKey::new(pair, "").unwrap();
                let signed: ssh_key::Signature =
                    signature::Signer::try_sign(&key, b"message").unwrap();
                signature::Verifier::verify(&public, b"message", &signed).unwrap();
            }
        }
        for other in [KeyAlgorithm::P521, KeyAlgorithm::Rsa2048] {
            let refused = keypair(other).unwrap_err();
            assert!(matches!(refused, EstablishError::NotInMemory(found) if found == other));
        }
    }
}
