//! A PIN is asked for once a run.

use std::path::PathBuf;

use super::{AskPin, Notice, Pin, PinError};

/// Asks `inner` once a device, and gives the same answer after.
///
/// A command that makes a key and then tries it logs in twice; a person types once. A
/// PIN that was wrong is forgotten, or ends the command at its first use: none is tried twice.
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

    fn pin_of(&self, serial: &str) -> Option<Pin> {
        self.inner.pin_of(serial)
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

    fn types_again(&mut self, device: &str, tries: &str) -> bool {
        self.known.retain(|(known, _)| known != device);
        self.inner.types_again(device, tries)
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

        fn types_again(&mut self, _device: &str, _tries: &str) -> bool {
            true
        }
    }

    #[test]
    fn a_wrong_pin_is_forgotten() {
        let mut pins = RememberPin::new(Count(0));
        assert_eq!(pins.pin("a").unwrap().expose(), "pin 1");
        assert_eq!(pins.pin("b").unwrap().expose(), "pin 2");
        assert!(pins.types_again("a", "4 tries are left"));
        assert_eq!(pins.pin("a").unwrap().expose(), "pin 3");
        assert_eq!(pins.pin("b").unwrap().expose(), "pin 2");
    }

    #[test]
    fn asks_once_a_device() {
        let mut pins = RememberPin::new(Count(0));
        assert_eq!(pins.pin("a").unwrap().expose(), "pin 1");
        assert_eq!(pins.pin("b").unwrap().expose(), "pin 2");
        assert_eq!(pins.pin("a").unwrap().expose(), "pin 1");
    }
}
