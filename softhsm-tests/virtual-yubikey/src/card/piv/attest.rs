//! ATTEST: a certificate that says how a slot's key came to be, signed by the key in f9.

use super::{
    super::{
        apdu::{Command, Status},
        attestation,
        model::Model,
        slot::SlotId,
        x509::{self, Contents, Extension},
    },
    Piv,
    key::{Origin, Slot},
};

impl Piv {
    /// The certificate for the key in slot P1, which must have been born there.
    ///
    /// Its issuer is the name in the factory's certificate of f9, also where that was replaced.
    pub(crate) fn attest(&self, command: &Command) -> Result<Vec<u8>, Status> {
        let slot = SlotId::read(command.p1, Status::WRONG_PARAMETERS)?;
        let held = self.keys.get(&slot).ok_or(Status::REFERENCE_NOT_FOUND)?;
        let attestation = self
            .keys
            .get(&SlotId::ATTESTATION)
            .ok_or(Status::WRONG_DATA)?;
        if slot == SlotId::ATTESTATION || held.origin == Origin::Imported {
            return Err(Status::WRONG_DATA);
        }
        let contents = Contents {
            subject: &format!("YubiKey PIV Attestation {:x}", slot.byte()),
            issuer: attestation::CARD,
            public_key_info: held.key.public_key_info()?,
            extensions: self.statements(held),
        };
        x509::issue(&contents, &attestation.key)
    }

    /// Firmware, serial and policies, and from firmware 5 the form factor. All but the serial
    /// are raw bytes, as a real card writes them.
    fn statements(&self, held: &Slot) -> Vec<Extension> {
        let mut statements = vec![
            Extension::yubico(3, self.model.firmware.bytes().to_vec()),
            Extension::yubico(7, x509::integer(self.model.serial)),
            Extension::yubico(8, vec![held.pin.byte(), held.touch.byte()]),
        ];
        if !self.model.firmware.is_4() {
            statements.push(Extension::yubico(9, vec![Model::FORM_FACTOR]));
        }
        statements
    }
}
