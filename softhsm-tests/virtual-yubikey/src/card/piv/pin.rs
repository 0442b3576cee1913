//! PIN and PUK: verified, changed, unblocked and counted.

use super::super::apdu::{Command, Status};

/// PIN and PUK with their counters, and whether the PIN was verified in this session.
#[derive(Default)]
pub(crate) struct Pins {
    secrets: Secrets,
    session: Session,
}

struct Secrets {
    pin: Secret,
    puk: Secret,
}

/// A secret of six to eight bytes, filled up with 0xff.
pub(crate) struct Secret {
    value: [u8; 8],
    factory: [u8; 8],
    pub(crate) tries: u8,
    pub(crate) tries_left: u8,
}

#[derive(Default)]
struct Session {
    verified: bool,
    /// Verified, and no key with the policy "always" was used since.
    fresh: bool,
}

impl Pins {
    /// VERIFY (SP 800-73-4 part 2, 3.2.1): without data it only asks; P1 0xff logs out.
    pub(crate) fn verify(&mut self, command: &Command) -> Result<(), Status> {
        if command.p2 != PIN {
            return Err(Status::REFERENCE_NOT_FOUND);
        }
        match (command.p1, command.data.as_slice()) {
            (0xff, []) => {
                self.forget_session();
                Ok(())
            }
            (0, []) => self.ask(),
            (0, given) => self.try_pin(given),
            _ => Err(Status::WRONG_DATA),
        }
    }

    /// CHANGE REFERENCE DATA (3.2.2): the old one and the new one, each of eight bytes.
    pub(crate) fn change(&mut self, command: &Command) -> Result<(), Status> {
        let (old, new) = two(command)?;
        match command.p2 {
            PIN => self.secrets.pin.change(old, new),
            PUK => self.secrets.puk.change(old, new),
            _ => Err(Status::REFERENCE_NOT_FOUND),
        }
    }

    /// RESET RETRY COUNTER (3.2.3): the PUK sets a new PIN.
    pub(crate) fn unblock(&mut self, command: &Command) -> Result<(), Status> {
        let (puk, new) = two(command)?;
        if command.p2 != PIN {
            return Err(Status::REFERENCE_NOT_FOUND);
        }
        self.secrets.puk.compare(puk)?;
        self.secrets.pin.set(new)
    }

    pub(crate) fn set_retries(&mut self, pin: u8, puk: u8) -> Result<(), Status> {
        if pin == 0 || puk == 0 {
            return Err(Status::WRONG_DATA);
        }
        self.secrets = Secrets {
            pin: Secret::new(FACTORY_PIN, pin),
            puk: Secret::new(FACTORY_PUK, puk),
        };
        self.forget_session();
        Ok(())
    }

    pub(crate) fn is_verified(&self) -> bool {
        self.session.verified
    }

    /// Uses up the verification that a key with the policy "always" wants for each use.
    pub(crate) fn take_fresh(&mut self) -> bool {
        std::mem::take(&mut self.session.fresh)
    }

    pub(crate) fn are_blocked(&self) -> bool {
        self.secrets.pin.tries_left == 0 && self.secrets.puk.tries_left == 0
    }

    pub(crate) fn forget_session(&mut self) {
        self.session = Session::default();
    }

    /// The secret that GET METADATA names.
    pub(crate) fn secret(&self, reference: u8) -> Option<&Secret> {
        match reference {
            PIN => Some(&self.secrets.pin),
            PUK => Some(&self.secrets.puk),
            _ => None,
        }
    }

    fn ask(&self) -> Result<(), Status> {
        match (self.session.verified, self.secrets.pin.tries_left) {
            (_, 0) => Err(Status::BLOCKED),
            (true, _) => Ok(()),
            (false, left) => Err(Status::tries_left(left)),
        }
    }

    fn try_pin(&mut self, given: &[u8]) -> Result<(), Status> {
        self.forget_session();
        // A wrong length is no try.
        let given = given.try_into().map_err(|_| Status::WRONG_DATA)?;
        self.secrets.pin.compare(given)?;
        self.session = Session {
            verified: true,
            fresh: true,
        };
        Ok(())
    }
}

impl Secret {
    fn new(factory: [u8; 8], tries: u8) -> Self {
        Self {
            value: factory,
            factory,
            tries,
            tries_left: tries,
        }
    }

    pub(crate) fn is_factory(&self) -> bool {
        self.value == self.factory
    }

    fn compare(&mut self, given: [u8; 8]) -> Result<(), Status> {
        if self.tries_left == 0 {
            return Err(Status::BLOCKED);
        }
        if given != self.value {
            self.tries_left -= 1;
            return Err(Status::tries_left(self.tries_left));
        }
        self.tries_left = self.tries;
        Ok(())
    }

    fn change(&mut self, old: [u8; 8], new: [u8; 8]) -> Result<(), Status> {
        self.compare(old)?;
        self.set(new)
    }

    fn set(&mut self, new: [u8; 8]) -> Result<(), Status> {
        if !is_well_formed(new) {
            return Err(Status::WRONG_DATA);
        }
        self.value = new;
        self.tries_left = self.tries;
        Ok(())
    }
}

impl Default for Secrets {
    fn default() -> Self {
        Self {
            pin: Secret::new(FACTORY_PIN, FACTORY_TRIES),
            puk: Secret::new(FACTORY_PUK, FACTORY_TRIES),
        }
    }
}

fn two(command: &Command) -> Result<([u8; 8], [u8; 8]), Status> {
    let (old, new) = command.data.split_at_checked(8).ok_or(Status::WRONG_DATA)?;
    let eight = |bytes: &[u8]| <[u8; 8]>::try_from(bytes).map_err(|_| Status::WRONG_DATA);
    Ok((eight(old)?, eight(new)?))
}

/// Six to eight bytes, then nothing but filling.
fn is_well_formed(secret: [u8; 8]) -> bool {
    let length = secret.iter().take_while(|byte| **byte != 0xff).count();
    length >= 6 && secret.iter().skip(length).all(|byte| *byte == 0xff)
}

const PIN: u8 = 0x80;
const PUK: u8 = 0x81;
const FACTORY_PIN: [u8; 8] = *b"123456\xff\xff";
const FACTORY_PUK: [u8; 8] = *b"12345678";
const FACTORY_TRIES: u8 = 3;
