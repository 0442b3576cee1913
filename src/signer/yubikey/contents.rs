//! What a slot holds, by the best word that the card's firmware has for it.

use ::yubikey::piv::{self, SlotId};
use ::yubikey::{Certificate, Error, YubiKey};
use ssh_key::public::KeyData;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};

use super::device::Device;
use super::{CardFault, Firmware, PinPolicy, Slot, TouchPolicy};
use crate::signer::Origin;
use crate::signer::pkcs11::PublicKeyError;
use crate::signer::spki::key_data;

/// A key in a slot. What the firmware doesn't tell is `None`.
pub(super) struct Contents {
    pub(super) public_key: Result<KeyData, PublicKeyError>,
    pub(super) pin: Option<PinPolicy>,
    pub(super) touch: Option<TouchPolicy>,
    pub(super) generated: Option<bool>,
}

impl Contents {
    /// What `slot` holds; nothing if it is empty, or if old firmware doesn't tell of its key.
    pub(super) fn read(device: &mut Device, slot: Slot) -> Result<Option<Self>, CardFault> {
        let raw = device.call(move |card| Raw::read(card, id(slot)?))?;
        Ok(raw.map(|raw| raw.contents(slot)))
    }

    /// What the metadata of `slot` tell.
    pub(super) fn of_metadata(metadata: piv::SlotMetadata, slot: Slot) -> Self {
        Raw::of_metadata(metadata).contents(slot)
    }

    /// The same; where old firmware tells of no key, `known` is believed to be in the slot,
    /// with the strictest policies. Its first signature shows whether it is.
    pub(super) fn read_knowing(
        device: &mut Device,
        slot: Slot,
        known: Option<&KeyData>,
    ) -> Result<Option<Self>, CardFault> {
        let told = Self::read(device, slot)?;
        let known = known.filter(|_| device.firmware() < Firmware::METADATA);
        Ok(told.or_else(|| {
            Some(Self {
                public_key: Ok(known?.clone()),
                pin: None,
                touch: None,
                generated: None,
            })
        }))
    }

    pub(super) fn origin(&self) -> Origin {
        Origin {
            local: self.generated,
            always_authenticate: self.pin.map(|pin| pin == PinPolicy::Always),
            ..Origin::default()
        }
    }
}

/// The card's name of a slot.
pub(super) fn id(slot: Slot) -> Result<SlotId, Error> {
    SlotId::try_from(slot.number())
}

/// The bytes, before anybody believed them.
struct Raw {
    public_key: Vec<u8>,
    /// PIN, then touch, as metadata and attestation number them.
    policies: Option<[u8; 2]>,
    generated: Option<bool>,
}

impl Raw {
    /// Metadata (from firmware 5.3) tells all; an attestation tells of generated keys; a
    /// certificate in the slot tells no more than what somebody wrote there.
    fn read(card: &mut YubiKey, slot: SlotId) -> Result<Option<Self>, Error> {
        match piv::metadata(card, slot) {
            Ok(metadata) => Ok(Some(Self::of_metadata(metadata))),
            Err(Error::NotFound) => Ok(None),
            Err(Error::NotSupported) => match Self::of_attestation(card, slot)? {
                None => Self::of_certificate(card, slot),
                known => Ok(known),
            },
            Err(error) => Err(error),
        }
    }

    /// A slot that has metadata has a key, known or not.
    fn of_metadata(metadata: piv::SlotMetadata) -> Self {
        let public_key = metadata.public.and_then(|key| key.to_der().ok());
        Self {
            public_key: public_key.unwrap_or_default(),
            policies: metadata
                .policy
                .map(|(pin, touch)| [pin.into(), touch.into()]),
            generated: metadata
                .origin
                .map(|origin| origin == piv::Origin::Generated),
        }
    }

    fn of_attestation(card: &mut YubiKey, slot: SlotId) -> Result<Option<Self>, Error> {
        let der = match piv::attest(card, slot) {
            Ok(der) => der,
            // Empty, imported, or too old: the card doesn't say which.
            Err(Error::GenericError | Error::NotSupported) => return Ok(None),
            Err(error) => return Err(error),
        };
        let certificate = x509_cert::Certificate::from_der(&der)?;
        let told = certificate.tbs_certificate();
        let policies = told.extensions().and_then(|extensions| {
            let policy = extensions.iter().find(|e| e.extn_id == POLICIES)?;
            policy.extn_value.as_bytes().try_into().ok()
        });
        Ok(Some(Self {
            public_key: told.subject_public_key_info().to_der()?,
            policies,
            generated: Some(true),
        }))
    }

    fn of_certificate(card: &mut YubiKey, slot: SlotId) -> Result<Option<Self>, Error> {
        let certificate = match Certificate::read(card, slot) {
            Ok(certificate) => certificate.cert,
            Err(Error::NotFound | Error::InvalidObject) => return Ok(None),
            Err(error) => return Err(error),
        };
        let info = certificate.tbs_certificate().subject_public_key_info();
        Ok(Some(Self {
            public_key: info.to_der()?,
            policies: None,
            generated: None,
        }))
    }

    fn contents(self, slot: Slot) -> Contents {
        let [pin, touch] = self.policies.map_or([None; 2], |bytes| bytes.map(Some));
        Contents {
            public_key: key_data(&self.public_key),
            pin: pin.and_then(|pin| pin_policy(pin, slot)),
            touch: touch.and_then(touch_policy),
            generated: self.generated,
        }
    }
}

/// 0 stands for the slot's own: 9c wants the PIN always, 9e never.
fn pin_policy(number: u8, slot: Slot) -> Option<PinPolicy> {
    match (number, slot.number()) {
        (1, _) | (0, 0x9e) => Some(PinPolicy::Never),
        (3, _) | (0, 0x9c) => Some(PinPolicy::Always),
        (2, _) | (0, _) => Some(PinPolicy::Once),
        _ => None,
    }
}

fn touch_policy(number: u8) -> Option<TouchPolicy> {
    match number {
        0 | 1 => Some(TouchPolicy::Never),
        2 => Some(TouchPolicy::Always),
        3 => Some(TouchPolicy::Cached),
        _ => None,
    }
}

/// PIN and touch policy in an attestation: two bytes, bare (Yubico, PIV attestation).
const POLICIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.8");
