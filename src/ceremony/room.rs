//! What a ceremony needs of the room: somebody to speak to, and the time.

use std::io;
use std::path::PathBuf;

use super::instant::Instant;
use crate::secret::{AskPin, Notice, Pin, PinError};

/// The people at the machine, and its clock.
pub trait Room {
    /// Shows a line to all.
    fn show(&mut self, words: &str);

    /// Asks for a line, which is shown while it is typed: it is never a secret.
    ///
    /// # Errors
    /// What the system says of the terminal; `UnexpectedEof` where nobody answers any more.
    fn ask(&mut self, question: &str) -> io::Result<String>;

    /// Shows a secret to one person alone, on a screen that is wiped behind it, until it is written
    /// down.
    ///
    /// # Errors
    /// As for [`Room::ask`].
    fn show_alone(&mut self, who: &str, what: &str, secret: &str) -> io::Result<()>;

    /// Asks for a secret, of which nothing is shown while it is typed.
    ///
    /// # Errors
    /// [`PinError`] where nobody gives one.
    fn ask_secret(&mut self, question: &str) -> Result<Pin, PinError>;

    /// Unix time in seconds, by the machine's clock.
    fn now(&self) -> u64;

    /// The same, to the minute.
    fn minute(&self) -> Instant {
        Instant::of(self.now())
    }
}

/// Asks for PINs, and knows each that was given in this run, so that none gets into the transcript.
pub(super) struct Guard<'p> {
    inner: &'p mut dyn AskPin,
    given: Vec<Pin>,
    /// PINs that devices have from this session, by the devices' names.
    known: Vec<(String, Pin)>,
}

impl<'p> Guard<'p> {
    pub(super) fn new(inner: &'p mut dyn AskPin) -> Self {
        Self {
            inner,
            given: Vec::new(),
            known: Vec::new(),
        }
    }

    /// Whether a text holds a PIN that was given.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.given.iter().any(|pin| text.contains(pin.expose()))
    }

    /// Keeps a secret out of the transcript from here on.
    pub(super) fn keep_out(&mut self, secret: &Pin) {
        self.given.push(secret.copy());
    }

    /// A device, as it names itself, opens with this PIN from here on.
    pub(super) fn know(&mut self, device: &str, pin: Pin) {
        self.known.retain(|(known, _)| known != device);
        self.known.push((device.to_owned(), pin));
    }

    fn known(&self, device: &str) -> Option<Pin> {
        let known = self.known.iter().find(|(known, _)| known == device);
        known.map(|(_, pin)| pin.copy())
    }

    fn keep(&mut self, pin: Result<Pin, PinError>) -> Result<Pin, PinError> {
        let pin = pin?;
        self.given.push(pin.copy());
        Ok(pin)
    }
}

impl AskPin for Guard<'_> {
    fn pin(&mut self, device: &str) -> Result<Pin, PinError> {
        if let Some(pin) = self.known(device) {
            return Ok(pin);
        }
        let pin = self.inner.pin(device);
        self.keep(pin)
    }

    fn file_of(&self, serial: &str) -> Option<PathBuf> {
        // What this session gave a card goes before any file.
        let is_of = |device: &str| device.ends_with(&format!(" {serial}"));
        if self.known.iter().any(|(device, _)| is_of(device)) {
            return None;
        }
        self.inner.file_of(serial)
    }

    fn is_given(&self) -> bool {
        self.inner.is_given()
    }

    fn passphrase(&mut self, file: &str) -> Result<Pin, PinError> {
        let pin = self.inner.passphrase(file);
        self.keep(pin)
    }

    fn type_on_device(&mut self, device: &str) {
        self.inner.type_on_device(device);
    }

    fn last_try(&mut self, device: &str) -> Result<(), PinError> {
        self.inner.last_try(device)
    }

    fn types_again(&mut self, device: &str, tries: &str) -> bool {
        self.inner.types_again(device, tries)
    }

    fn notice(&self) -> Box<dyn Notice> {
        self.inner.notice()
    }
}
