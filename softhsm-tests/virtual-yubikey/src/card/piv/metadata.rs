//! GET METADATA: what the card tells about PIN, PUK, management key and slots (from 5.3).

use super::{
    super::{
        apdu::{Command, Status},
        slot::SlotId,
        tlv,
    },
    Piv, management_key,
};

impl Piv {
    /// What P2 names: 80 the PIN, 81 the PUK, 9b the management key, or a slot.
    pub(crate) fn metadata(&self, command: &Command) -> Result<Vec<u8>, Status> {
        if command.p2 == management_key::REFERENCE {
            return Ok(self.management_key_metadata());
        }
        if let Some(secret) = self.pins.secret(command.p2) {
            return Ok([
                tlv::write(&[ALGORITHM], &[0xff]),
                tlv::write(&[IS_DEFAULT], &[secret.is_factory().into()]),
                tlv::write(&[TRIES], &[secret.tries, secret.tries_left]),
            ]
            .concat());
        }
        self.slot_metadata(SlotId::read(command.p2, Status::REFERENCE_NOT_FOUND)?)
    }

    fn management_key_metadata(&self) -> Vec<u8> {
        [
            tlv::write(&[ALGORITHM], &[self.management.algorithm.byte()]),
            tlv::write(&[POLICIES], &[0, self.management.touch.byte()]),
            tlv::write(&[IS_DEFAULT], &[self.management.is_factory().into()]),
        ]
        .concat()
    }

    fn slot_metadata(&self, slot: SlotId) -> Result<Vec<u8>, Status> {
        let held = self.keys.get(&slot).ok_or(Status::REFERENCE_NOT_FOUND)?;
        Ok([
            tlv::write(&[ALGORITHM], &[held.key.algorithm().byte()]),
            tlv::write(&[POLICIES], &[held.pin.byte(), held.touch.byte()]),
            tlv::write(&[ORIGIN], &[held.origin.byte()]),
            tlv::write(&[PUBLIC_KEY], &held.key.public_records()),
        ]
        .concat())
    }
}

const ALGORITHM: u8 = 0x01;
const POLICIES: u8 = 0x02;
const ORIGIN: u8 = 0x03;
const PUBLIC_KEY: u8 = 0x04;
const IS_DEFAULT: u8 = 0x05;
const TRIES: u8 = 0x06;
