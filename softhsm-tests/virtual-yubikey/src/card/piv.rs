//! The PIV applet (NIST SP 800-73-4 part 2) with Yubico's extensions.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::{
    apdu::{Command, Status},
    attestation::Attestation,
    finger::Touch,
    model::Model,
    policy::{PinPolicy, TouchPolicy},
    slot::SlotId,
};
use key::{Origin, Slot};
use management_key::ManagementKey;
use object::Objects;
use pin::Pins;

mod attest;
mod generate;
mod key;
mod management_key;
mod metadata;
mod object;
mod pin;
mod sign;

/// The applet: what it keeps without power, and the session that it forgets.
pub(crate) struct Piv {
    pub(crate) touch: Touch,
    model: Model,
    pins: Pins,
    management: ManagementKey,
    keys: BTreeMap<SlotId, Slot>,
    objects: Objects,
}

impl Piv {
    /// The applet as the factory leaves it, with its attestation key in slot f9.
    pub(crate) fn new(model: Model, attestation: Attestation) -> Self {
        let mut objects = Objects::default();
        objects.put(object::ATTESTATION, attestation.object());
        let attestation = Slot {
            key: attestation.key,
            origin: Origin::Generated,
            pin: PinPolicy::Never,
            touch: TouchPolicy::Never,
        };
        Self {
            touch: Touch::new(),
            model,
            pins: Pins::default(),
            management: ManagementKey::factory(model.firmware),
            keys: BTreeMap::from([(SlotId::ATTESTATION, attestation)]),
            objects,
        }
    }

    /// Answers a whole command; what this firmware doesn't know has no instruction.
    pub(crate) fn answer(&mut self, command: &Command, now: Instant) -> Result<Vec<u8>, Status> {
        match command.instruction {
            0x20 => self.pins.verify(command).map(none),
            0x24 => self.pins.change(command).map(none),
            0x2c => self.pins.unblock(command).map(none),
            0x47 => self.generate(command),
            0x87 => self.authenticate(command, now),
            0xcb => self.get_data(command),
            0xdb => self.put_data(command).map(none),
            _ => self.answer_extension(command),
        }
    }

    /// Forgets what was verified: another applet was selected, or the power went.
    pub(crate) fn forget_session(&mut self) {
        self.pins.forget_session();
        self.management.forget_session();
        self.touch.forget();
    }

    /// How long the caller has to wait for the last answer.
    pub(crate) fn take_delay(&mut self) -> Duration {
        self.touch.take_delay()
    }

    /// Yubico's own instructions.
    fn answer_extension(&mut self, command: &Command) -> Result<Vec<u8>, Status> {
        let firmware = self.model.firmware;
        match command.instruction {
            0xf6 if firmware.is_5_7() => self.move_key(command).map(none),
            0xf7 if firmware.has_metadata() => self.metadata(command),
            0xf8 if firmware.has_serial_in_piv() => Ok(self.model.serial.to_be_bytes().to_vec()),
            0xf9 => self.attest(command),
            0xfa => self.set_retries(command).map(none),
            0xfb => self.reset().map(none),
            0xfd => Ok(firmware.bytes().to_vec()),
            0xfe => self.import(command).map(none),
            0xff => self.management.replace(command, firmware).map(none),
            _ => Err(Status::INSTRUCTION_NOT_SUPPORTED),
        }
    }

    /// Sets how often PIN and PUK may be wrong, and both back to the factory's.
    fn set_retries(&mut self, command: &Command) -> Result<(), Status> {
        self.management.require()?;
        if !self.pins.is_verified() {
            return Err(Status::SECURITY_NOT_SATISFIED);
        }
        self.pins.set_retries(command.p1, command.p2)
    }

    /// Back to the factory's state, once PIN and PUK are blocked; slot f9 stays as it is.
    fn reset(&mut self) -> Result<(), Status> {
        if !self.pins.are_blocked() {
            return Err(Status::CONDITIONS_NOT_SATISFIED);
        }
        self.pins = Pins::default();
        self.management = ManagementKey::factory(self.model.firmware);
        self.keys.retain(|slot, _| *slot == SlotId::ATTESTATION);
        self.objects.reset();
        self.touch.forget();
        Ok(())
    }
}

fn none(_: ()) -> Vec<u8> {
    Vec::new()
}

/// The full identifier; its first five bytes are the short one.
pub(crate) const APPLICATION_ID: &[u8] = &[
    0xa0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00,
];
/// The application property template (SP 800-73-4 part 2, 3.1.1).
pub(crate) const GREETING: &[u8] = &[
    0x61, 0x11, 0x4f, 0x06, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00, 0x79, 0x07, 0x4f, 0x05, 0xa0, 0x00,
    0x00, 0x03, 0x08,
];
