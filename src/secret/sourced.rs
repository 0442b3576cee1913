//! A PIN from the file that a locator names for its device.

use std::path::Path;

use super::{AskPin, Notice, Pin, PinError, read_pin_file};

/// Reads the PIN from `source` where there is one, and else asks `inner`; a person is asked by
/// `inner` in any case before the last try.
pub(crate) struct SourcedPin<'a> {
    source: Option<&'a Path>,
    inner: &'a mut dyn AskPin,
}

impl<'a> SourcedPin<'a> {
    /// Takes the PIN from `source`, if there is one.
    pub(crate) fn new(source: Option<&'a Path>, inner: &'a mut dyn AskPin) -> Self {
        Self { source, inner }
    }
}

impl AskPin for SourcedPin<'_> {
    fn pin(&mut self, device: &str) -> Result<Pin, PinError> {
        match self.source {
            Some(source) => Ok(read_pin_file(source)?.for_one_device()),
            None => self.inner.pin(device),
        }
    }

    fn passphrase(&mut self, file: &str) -> Result<Pin, PinError> {
        self.inner.passphrase(file)
    }

    fn type_on_device(&mut self, device: &str) {
        self.inner.type_on_device(device);
    }

    fn last_try(&mut self, device: &str) -> Result<(), PinError> {
        self.inner.last_try(device)
    }

    fn notice(&self) -> Box<dyn Notice> {
        self.inner.notice()
    }
}
