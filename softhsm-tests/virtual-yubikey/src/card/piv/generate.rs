//! Keys come into slots, move between them, and go.

use super::{
    super::{
        apdu::{Command, Status},
        crypto::{Algorithm, PrivateKey},
        policy::{PIN_POLICY, PinPolicy, TOUCH_POLICY, TouchPolicy},
        slot::SlotId,
        tlv,
    },
    Piv,
    key::{Origin, Slot},
};

impl Piv {
    /// GENERATE ASYMMETRIC KEY PAIR (SP 800-73-4 part 2, 3.3.2): replaces the slot's key, and
    /// answers the public key.
    pub(crate) fn generate(&mut self, command: &Command) -> Result<Vec<u8>, Status> {
        let slot = self.slot_to_fill(command.p2)?;
        let records = tlv::read_all(tlv::read_only(0xac, &command.data)?)?;
        let Some([algorithm]) = tlv::find(&records, 0x80) else {
            return Err(Status::WRONG_DATA);
        };
        let algorithm = Algorithm::read(*algorithm, self.model.firmware)?;
        let (pin, touch) = policies(&records, slot)?;
        let key = PrivateKey::generate(algorithm)?;
        let public = tlv::write(&[0x7f, 0x49], &key.public_records());
        self.fill(slot, key, Origin::Generated, (pin, touch));
        Ok(public)
    }

    /// IMPORT ASYMMETRIC KEY: replaces the slot's key.
    pub(crate) fn import(&mut self, command: &Command) -> Result<(), Status> {
        let slot = self.slot_to_fill(command.p2)?;
        let records = tlv::read_all(&command.data)?;
        let algorithm = Algorithm::read(command.p1, self.model.firmware)?;
        let policies = policies(&records, slot)?;
        let key = PrivateKey::import(algorithm, &records)?;
        self.fill(slot, key, Origin::Imported, policies);
        Ok(())
    }

    /// MOVE KEY: from slot P2 to the empty slot P1, or nowhere (0xff).
    pub(crate) fn move_key(&mut self, command: &Command) -> Result<(), Status> {
        self.management.require()?;
        let from = SlotId::read(command.p2, Status::WRONG_PARAMETERS)?;
        if command.p1 == NOWHERE {
            return self
                .keys
                .remove(&from)
                .map(drop)
                .ok_or(Status::REFERENCE_NOT_FOUND);
        }
        let to = SlotId::read(command.p1, Status::WRONG_PARAMETERS)?;
        if [from, to].contains(&SlotId::ATTESTATION) || self.keys.contains_key(&to) {
            return Err(Status::WRONG_DATA);
        }
        let moved = self.keys.remove(&from).ok_or(Status::REFERENCE_NOT_FOUND)?;
        self.keys.insert(to, moved);
        Ok(())
    }

    fn slot_to_fill(&self, byte: u8) -> Result<SlotId, Status> {
        let slot = SlotId::read(byte, Status::WRONG_PARAMETERS)?;
        self.management.require()?;
        Ok(slot)
    }

    fn fill(
        &mut self,
        slot: SlotId,
        key: PrivateKey,
        origin: Origin,
        (pin, touch): (PinPolicy, TouchPolicy),
    ) {
        let held = Slot {
            key,
            origin,
            pin,
            touch,
        };
        self.keys.insert(slot, held);
    }
}

fn policies(records: &[(u8, &[u8])], slot: SlotId) -> Result<(PinPolicy, TouchPolicy), Status> {
    Ok((
        PinPolicy::read(tlv::find(records, PIN_POLICY), slot)?,
        TouchPolicy::read(tlv::find(records, TOUCH_POLICY))?,
    ))
}

const NOWHERE: u8 = 0xff;
