//! GENERAL AUTHENTICATE: what a private key is used for.

use std::time::Instant;

use super::{
    super::{
        apdu::{Command, Status},
        policy::PinPolicy,
        slot::SlotId,
        tlv,
    },
    Piv, management_key,
};

impl Piv {
    /// GENERAL AUTHENTICATE (SP 800-73-4 part 2, 3.2.4): a step of the management key's proof,
    /// or the use of a slot's key.
    pub(crate) fn authenticate(
        &mut self,
        command: &Command,
        now: Instant,
    ) -> Result<Vec<u8>, Status> {
        let records = tlv::read_all(tlv::read_only(0x7c, &command.data)?)?;
        if command.p2 == management_key::REFERENCE {
            self.touch.ask(self.management.touch, now)?;
            return self.management.step(command.p1, &records);
        }
        let slot = SlotId::read(command.p2, Status::WRONG_PARAMETERS)?;
        let result = self.use_key(slot, command.p1, &records, now)?;
        Ok(tlv::write(&[0x7c], &tlv::write(&[RESPONSE], &result)))
    }

    /// The PIN first, then the touch: a card without its PIN never asks for a finger.
    fn use_key(
        &mut self,
        slot: SlotId,
        algorithm: u8,
        records: &[(u8, &[u8])],
        now: Instant,
    ) -> Result<Vec<u8>, Status> {
        let held = self.keys.get(&slot).ok_or(Status::WRONG_DATA)?;
        if slot == SlotId::ATTESTATION || held.key.algorithm().byte() != algorithm {
            return Err(Status::WRONG_DATA);
        }
        let allowed = match held.pin {
            PinPolicy::Never => true,
            PinPolicy::Once => self.pins.is_verified(),
            PinPolicy::Always => self.pins.take_fresh(),
        };
        if !allowed {
            return Err(Status::SECURITY_NOT_SATISFIED);
        }
        self.touch.ask(held.touch, now)?;
        self.touch.spend_a_signature();
        match (
            tlv::find(records, CHALLENGE),
            tlv::find(records, EXPONENTIATION),
        ) {
            (Some(input), None) => held.key.sign(input),
            (None, Some(point)) => held.key.agree(point),
            _ => Err(Status::WRONG_DATA),
        }
    }
}

const CHALLENGE: u8 = 0x81;
const RESPONSE: u8 = 0x82;
const EXPONENTIATION: u8 = 0x85;
