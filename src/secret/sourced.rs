//! A PIN from the file that a locator names for its device.

use std::path::{Path, PathBuf};

use super::{AskPin, Notice, Pin, PinError};

/// Names `source`, where there is one, as the file of a device for which `inner` names none; all
/// else is `inner`'s. A person is asked by it in any case before the last try.
pub(crate) struct SourcedPin<'a> {
    source: Option<&'a Path>,
    inner: &'a mut dyn AskPin,
}

impl<'a> SourcedPin<'a> {
    /// Names `source`, if there is one, for whichever device asks.
    pub(crate) fn new(source: Option<&'a Path>, inner: &'a mut dyn AskPin) -> Self {
        Self { source, inner }
    }
}

impl AskPin for SourcedPin<'_> {
    fn pin(&mut self, device: &str) -> Result<Pin, PinError> {
        self.inner.pin(device)
    }

    fn file_of(&self, serial: &str) -> Option<PathBuf> {
        let named = self.inner.file_of(serial);
        named.or_else(|| self.source.map(Path::to_owned))
    }

    fn pin_of(&self, serial: &str) -> Option<Pin> {
        self.inner.pin_of(serial)
    }

    fn is_given(&self) -> bool {
        self.inner.is_given()
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

    fn types_again(&mut self, device: &str, tries: &str) -> bool {
        self.source.is_none() && self.inner.types_again(device, tries)
    }

    fn notice(&self) -> Box<dyn Notice> {
        self.inner.notice()
    }
}
