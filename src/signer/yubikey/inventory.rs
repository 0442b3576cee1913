//! Everything that the plugged-in YubiKeys show without a PIN.

use ::yubikey::YubiKey;
use ::yubikey::piv::{self, ManagementSlotId, SlotId};
use ssh_key::PublicKey;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};

use super::attest::f9_certificate;
use super::contents::{Contents, id};
use super::device::Device;
use super::{
    AttestationKeyEntry, CardEntry, CardFault, CardSecrets, Slot, SlotKeyEntry, SlotLocator,
    form_factor_name,
};
use crate::signer::spki::key_data;

/// Lists every card. No PIN is tried, and what another program verified may be forgotten.
pub(in crate::signer) fn inventory() -> Result<Vec<CardEntry>, CardFault> {
    Ok(Device::find_all()?.into_iter().map(entry).collect())
}

fn entry(mut device: Device) -> CardEntry {
    let (mut keys, mut fault) = (Vec::new(), None);
    for slot in Slot::all() {
        match Contents::read(&mut device, slot) {
            Ok(None) => {}
            Ok(Some(contents)) => keys.push(key_entry(&device, slot, contents)),
            Err(error) => {
                let one_slot = matches!(error, CardFault::NotSupported | CardFault::Malformed);
                fault = Some(format!("slot {slot}: {error}"));
                if !one_slot {
                    break;
                }
            }
        }
    }
    let born = keys.iter().find(|key| key.generated == Some(true));
    let form_factor = born.and_then(|key| form_factor(&mut device, key.slot));
    let entry = CardEntry {
        serial: device.serial(),
        reader: device.reader().to_owned(),
        firmware: device.firmware(),
        form_factor: form_factor.map(form_factor_name),
        fips: form_factor.map(|byte| byte & FIPS != 0),
        secrets: secrets(&mut device),
        keys,
        attestation_key: attestation_key(&mut device),
        fault,
    };
    device.leave();
    entry
}

fn key_entry(device: &Device, slot: Slot, contents: Contents) -> SlotKeyEntry {
    let key = contents.public_key.ok().map(PublicKey::from);
    let locator = SlotLocator {
        serial: Some(device.serial()),
        slot,
        pin_source: None,
    };
    SlotKeyEntry {
        slot,
        locator: locator.to_string(),
        algorithm: key.as_ref().map(|key| key.algorithm().to_string()),
        pin_policy: contents.pin,
        touch_policy: contents.touch,
        generated: contents.generated,
        fingerprint: key
            .as_ref()
            .map(|key| key.fingerprint(Default::default()).to_string()),
        public_key: key.and_then(|key| key.to_openssh().ok()),
    }
}

/// What the firmware tells; asking costs no try.
fn secrets(device: &mut Device) -> CardSecrets {
    let mut is_default = |secret| {
        let metadata = device.call(move |card| piv::metadata(card, SlotId::Management(secret)));
        metadata.ok().and_then(|metadata| metadata.default)
    };
    let (pin_is_default, puk_is_default, management_key_is_default) = (
        is_default(ManagementSlotId::Pin),
        is_default(ManagementSlotId::Puk),
        is_default(ManagementSlotId::Management),
    );
    CardSecrets {
        pin_tries_left: device.call(YubiKey::get_pin_retries).ok(),
        pin_is_default,
        puk_is_default,
        management_key_is_default,
    }
}

/// What slot f9 holds, if its certificate can be read.
fn attestation_key(device: &mut Device) -> Option<AttestationKeyEntry> {
    let der = f9_certificate(device).ok()??;
    let certificate = x509_cert::Certificate::from_der(&der).ok()?;
    let told = certificate.tbs_certificate();
    let key = told.subject_public_key_info().to_der().ok();
    let key = key.and_then(|der| key_data(&der).ok());
    Some(AttestationKeyEntry {
        algorithm: key.as_ref().map(|key| key.algorithm().to_string()),
        fingerprint: key.map(|key| key.fingerprint(Default::default()).to_string()),
        subject: told.subject().to_string(),
        issuer: told.issuer().to_string(),
    })
}

/// The byte of an attestation's extension, which only a key that was born here has.
fn form_factor(device: &mut Device, slot: Slot) -> Option<u8> {
    let der = device.call(move |card| piv::attest(card, id(slot)?)).ok()?;
    let certificate = x509_cert::Certificate::from_der(&der).ok()?;
    let mut extensions = certificate.tbs_certificate().extensions()?.iter();
    let told = extensions.find(|extension| extension.extn_id == FORM_FACTOR)?;
    match told.extn_value.as_bytes() {
        [byte] => Some(*byte),
        _ => None,
    }
}

/// One bare byte (Yubico, PIV attestation).
const FORM_FACTOR: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.9");
const FIPS: u8 = 0x80;
