//! An existing key pair, brought into a slot.

use ::yubikey::piv::{self, AlgorithmId, RsaKeyData};
use rsa::traits::PrivateKeyParts;
use ssh_key::private::{EcdsaKeypair, KeypairData, RsaKeypair};
use ssh_key::public::KeyData;
use ssh_key::{EcdsaCurve, Mpint};
use zeroize::Zeroizing;

use super::contents::id;
use super::device::Device;
use super::signer::facts;
use super::vacancy::{self, read_back};
use super::{CardFault, Firmware, NewSlotKey, SlotLocator, long};
use crate::secret::AskPin;
use crate::signer::NewKey;
use crate::signer::error::{ImportError, PlaceError};
use crate::signer::halves::check_halves;

/// Brings `keypair` into the slot that `locator` names, and reads its public half back.
pub(in crate::signer) fn import(
    locator: &SlotLocator,
    keypair: &KeypairData,
    wanted: &NewSlotKey<'_>,
    pins: &mut dyn AskPin,
) -> Result<NewKey, ImportError> {
    check_halves(keypair)?;
    let mut device = vacancy::find(locator)?;
    let parts = Parts::of(keypair).filter(|parts| parts.least_firmware() <= device.firmware());
    let (Some(parts), Ok(expected)) = (parts, KeyData::try_from(keypair)) else {
        return Err(cannot(&device, keypair));
    };
    vacancy::open(&mut device, locator, wanted, pins)?;
    put(&mut device, locator, parts, wanted).map_err(|fault| match fault {
        CardFault::NotSupported => cannot(&device, keypair),
        other => PlaceError::from(other.at(&device.name())).into(),
    })?;
    let contents = read_back(&mut device, locator.slot)?;
    match &contents.public_key {
        Ok(there) if *there == expected => {
            Ok(facts(&device, &contents, locator).map_err(PlaceError::from)?)
        }
        _ => Err(ImportError::ImportedOther {
            device: device.name(),
            slot: locator.slot,
        }),
    }
}

/// What is sent of a key.
enum Parts {
    Curve(AlgorithmId, Zeroizing<Vec<u8>>),
    Edwards(Zeroizing<Vec<u8>>),
    Rsa(AlgorithmId, RsaKeyData),
    /// An RSA key of 4096 bits, for which the crate has no room.
    LongRsa([Zeroizing<Vec<u8>>; 5]),
}

impl Parts {
    /// None for a key that no card takes.
    fn of(keypair: &KeypairData) -> Option<Self> {
        match keypair {
            KeypairData::Ecdsa(keypair) => Self::ecdsa(keypair),
            KeypairData::Ed25519(keypair) => {
                let secret: &[u8] = keypair.private.as_ref();
                Some(Self::Edwards(Zeroizing::new(secret.to_vec())))
            }
            KeypairData::Rsa(keypair) => Self::rsa(keypair),
            _ => None,
        }
    }

    /// Cards of older firmware have one word for a kind that they don't know and for anything
    /// else that is wrong.
    fn least_firmware(&self) -> Firmware {
        match self {
            Self::Edwards(_) | Self::LongRsa(_) | Self::Rsa(AlgorithmId::Rsa3072, _) => {
                MORE_ALGORITHMS
            }
            _ => Firmware::default(),
        }
    }

    fn ecdsa(keypair: &EcdsaKeypair) -> Option<Self> {
        let (algorithm, length) = match keypair.curve() {
            EcdsaCurve::NistP256 => (AlgorithmId::EccP256, 32),
            EcdsaCurve::NistP384 => (AlgorithmId::EccP384, 48),
            EcdsaCurve::NistP521 => return None,
        };
        let secret = keypair.private_key_bytes();
        // The yubikey crate 0.9.0-rc.0 panics at a longer one.
        (secret.len() <= length).then(|| Self::Curve(algorithm, Zeroizing::new(secret.to_vec())))
    }

    /// A card has primes of half the modulus, and one exponent.
    fn rsa(keypair: &RsaKeypair) -> Option<Self> {
        let number = |number: &Mpint| number.as_positive_bytes().map(<[u8]>::to_vec);
        let (public, private) = (keypair.public(), keypair.private());
        let (p, q) = (
            Zeroizing::new(number(private.p())?),
            Zeroizing::new(number(private.q())?),
        );
        let modulus = number(public.n())?;
        let fits = 2 * p.len() == modulus.len() && p.len() == q.len();
        if !fits || number(public.e())? != EXPONENT {
            return None;
        }
        let algorithm = match modulus.len() {
            256 => AlgorithmId::Rsa2048,
            384 => AlgorithmId::Rsa3072,
            512 => return long_rsa(keypair, p, q).map(Self::LongRsa),
            _ => return None,
        };
        Some(Self::Rsa(algorithm, RsaKeyData::new(&p, &q).ok()?))
    }
}

/// p, q and what follows from them, as a card wants them.
#[expect(
    clippy::disallowed_types,
    reason = "an import computes with the private key, which is outside hardware anyway"
)]
fn long_rsa(
    keypair: &RsaKeypair,
    p: Zeroizing<Vec<u8>>,
    q: Zeroizing<Vec<u8>>,
) -> Option<[Zeroizing<Vec<u8>>; 5]> {
    let key = rsa::RsaPrivateKey::try_from(keypair).ok()?;
    let bytes =
        |number: &rsa::BoxedUint| Zeroizing::new(number.to_be_bytes_trimmed_vartime().to_vec());
    let inverse = keypair.private().iqmp().as_positive_bytes()?.to_vec();
    let (dp, dq) = (bytes(key.dp()?), bytes(key.dq()?));
    Some([p, q, dp, dq, Zeroizing::new(inverse)])
}

fn put(
    device: &mut Device,
    locator: &SlotLocator,
    parts: Parts,
    wanted: &NewSlotKey<'_>,
) -> Result<(), CardFault> {
    let (slot, (pin, touch)) = (locator.slot, wanted.policies());
    device.call(move |card| match parts {
        Parts::Curve(algorithm, secret) => {
            piv::import_ecc_key(card, id(slot)?, algorithm, &secret, touch, pin)
        }
        Parts::Edwards(secret) => {
            piv::import_cv_key(card, id(slot)?, AlgorithmId::Ed25519, &secret, touch, pin)
        }
        Parts::Rsa(algorithm, key) => {
            piv::import_rsa_key(card, id(slot)?, algorithm, key, touch, pin)
        }
        Parts::LongRsa(numbers) => long::import_rsa4096(card, &numbers, slot, pin, touch),
    })
}

fn cannot(device: &Device, keypair: &KeypairData) -> ImportError {
    let algorithm = keypair.algorithm().ok();
    let algorithm = algorithm.map_or_else(|| "encrypted".to_owned(), |name| name.to_string());
    let bits = match keypair {
        KeypairData::Rsa(keypair) => keypair.public().n().as_positive_bytes(),
        _ => None,
    };
    ImportError::CardCannotImport {
        device: device.name(),
        firmware: device.firmware(),
        key: match bits {
            Some(modulus) => format!("{algorithm} with {} bits", 8 * modulus.len()),
            None => algorithm,
        },
    }
}

/// 65537: a card knows no other.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// RSA 3072 and 4096, and Ed25519.
const MORE_ALGORITHMS: Firmware = Firmware {
    major: 5,
    minor: 7,
    patch: 0,
};
