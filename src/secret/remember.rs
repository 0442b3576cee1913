//! A PIN is asked for once a run.

use std::path::PathBuf;

use super::{AskPin, Notice, Pin, PinError};

/// Asks `inner` once a device, and gives the same answer after.
///
/// A command that makes a key and then tries it logs in twice; a person types once. A
/// PIN that was wrong ends the command at its first use, so none is tried twice.
pub struct RememberPin<A> {
    inner: A,
    known: Vec<(String, Pin)>,
}

impl<A: AskPin> RememberPin<A> {
    /// Remembers nothing yet.
    pub fn new(inner: A) -> Self {
        Self {
            inner,
            known: Vec::new(),
        }
    }

    fn once(
        &mut self,
        device: &str,
        ask: impl FnOnce(&mut A, &str) -> Result<Pin, PinError>,
    ) -> Result<Pin, PinError> {
        if let Some((_, pin)) = self.known.iter().find(|(known, _)| known == device) {
            return Ok(pin.copy());
        }
        let pin = ask(&mut self.inner, device)?;
        self.known.push((device.to_owned(), pin.copy()));
        Ok(pin)
    }
}

impl<A: AskPin> AskPin for RememberPin<A> {
    fn pin(&mut self, device: &str) -> Result<Pin, PinError> {
        self.once(device, A::pin)
    }

    fn file_of(&self, serial: &str) -> Option<PathBuf> {
        self.inner.file_of(serial)
    }

    fn is_given(&self) -> bool {
        self.inner.is_given()
    }

    fn passphrase(&mut self, file: &str) -> Result<Pin, PinError> {
        self.once(file, A::passphrase)
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

#[cfg(test)]
mod tests {
    use super::*;

    struct Count(u32);

    impl AskPin for Count {
        fn pin(&mut self, _device: &str) -> Result<Pin, PinError> {
            self.0 += 1;
            Ok(Pin::new(format!("pin {}", self.0)))
        }
    }

    #[test]
    fn asks_once_a_device() {
        let mut pins = RememberPin::new(Count(0));
        assert_eq!(pins.pin("a").unwrap().expose(), "pin 1");
        assert_eq!(pins.pin("b").unwrap().expose(), "pin 2");
        assert_eq!(pins.pin("a").unwrap().expose(), "pin 1");
    }
}
