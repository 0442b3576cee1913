//! A YubiKey without I/O: the bytes of one command in, the bytes of the answer out.
//!
//! Time is an argument, and waiting is a part of the answer: the card says how long a real one
//! would have taken, and the [link](crate::link) does the waiting.

use std::time::{Duration, Instant};

use apdu::{Command, Reply, Status};
use piv::Piv;

pub use attestation::{Manufacturer, ManufacturerError};
pub use finger::Finger;
pub use model::{Firmware, Model, UnknownFirmware};

mod apdu;
mod attestation;
mod conversation;
mod crypto;
mod finger;
mod management;
mod model;
mod otp;
mod piv;
mod policy;
mod slot;
mod tlv;
mod x509;

/// One YubiKey with its PIV applet, the part of the management applet that tells what the device
/// is, and the part of the OTP applet that tells its serial.
pub struct Card {
    model: Model,
    selected: Option<Applet>,
    conversation: conversation::Conversation,
    piv: Piv,
}

/// What a card answers, and how long a real one would have taken for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The answer's data and its two status bytes.
    pub bytes: Vec<u8>,
    /// How long the card makes its caller wait: for a finger, or for the signature.
    pub after: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Applet {
    Piv,
    Management,
    Otp,
}

impl Card {
    /// A factory-new card of `model`, whose attestation key `manufacturer` vouches for.
    ///
    /// # Errors
    ///
    /// When the attestation key or its certificate can't be made.
    pub fn new(model: Model, manufacturer: &Manufacturer) -> Result<Self, ManufacturerError> {
        Ok(Self {
            piv: Piv::new(model, manufacturer.attestation(&model)?),
            conversation: conversation::Conversation::default(),
            selected: None,
            model,
        })
    }

    /// What kind of card this is.
    #[must_use]
    pub fn model(&self) -> Model {
        self.model
    }

    /// The answer to reset, as a real card of this generation gives it over USB.
    #[must_use]
    pub fn answer_to_reset(&self) -> &'static [u8] {
        self.model.answer_to_reset()
    }

    /// Answers one command. Any bytes are a command: what is none gets an error status.
    pub fn transmit(&mut self, command: &[u8], now: Instant) -> Answer {
        let reply = match Command::parse(command) {
            Ok(command) => self.converse(command, now),
            Err(status) => status.into(),
        };
        Answer {
            bytes: reply.into_bytes(),
            after: self.piv.take_delay(),
        }
    }

    /// Takes the power away: what was verified is forgotten, and no applet is selected.
    pub fn power_off(&mut self) {
        self.selected = None;
        self.conversation = conversation::Conversation::default();
        self.piv.forget_session();
    }

    /// Says what the finger at this card does from now on.
    pub fn set_finger(&mut self, finger: Finger) {
        self.piv.touch.set_finger(finger);
    }

    /// How long the card waits for a finger before it gives up; 15 seconds on a real one.
    pub fn set_touch_timeout(&mut self, timeout: Duration) {
        self.piv.touch.set_timeout(timeout);
    }

    /// How long each use of a private key takes.
    pub fn set_signature_time(&mut self, time: Duration) {
        self.piv.touch.set_signature_time(time);
    }

    fn converse(&mut self, command: Command, now: Instant) -> Reply {
        if let Some(reply) = self.conversation.more_of_the_last_answer(&command) {
            return reply;
        }
        let room = command.room;
        let reply = match self.conversation.join(command) {
            Ok(Some(whole)) => self.dispatch(&whole, now),
            Ok(None) => Status::OK.into(),
            Err(status) => status.into(),
        };
        self.conversation.first_part(reply, room)
    }

    fn dispatch(&mut self, command: &Command, now: Instant) -> Reply {
        if command.instruction == SELECT {
            return self.select(command).into();
        }
        match self.selected {
            Some(Applet::Piv) => self.piv.answer(command, now),
            Some(Applet::Management) => management::answer(&self.model, command),
            Some(Applet::Otp) => otp::answer(&self.model, command),
            None => Err(Status::INSTRUCTION_NOT_SUPPORTED),
        }
        .into()
    }

    /// Selecting an applet by its full or its short identifier forgets the session of PIV;
    /// an unknown identifier leaves the selected one selected.
    fn select(&mut self, command: &Command) -> Result<Vec<u8>, Status> {
        let (applet, greeting) = match command.data.as_slice() {
            id if names(id, piv::APPLICATION_ID, 5) => (Applet::Piv, piv::GREETING.to_vec()),
            id if names(id, management::APPLICATION_ID, 8) => {
                (Applet::Management, management::greeting(&self.model))
            }
            id if names(id, otp::APPLICATION_ID, 7) => (Applet::Otp, otp::greeting(&self.model)),
            _ => return Err(Status::NOT_FOUND),
        };
        self.piv.forget_session();
        self.selected = Some(applet);
        Ok(greeting)
    }
}

/// Whether `id` is the start of `full`, and at least `shortest` bytes of it.
fn names(id: &[u8], full: &[u8], shortest: usize) -> bool {
    id.len() >= shortest && full.starts_with(id)
}

const SELECT: u8 = 0xa4;

#[cfg(test)]
mod tests;
