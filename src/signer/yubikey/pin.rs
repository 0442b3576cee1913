//! The card's PIN: asked for once, shown once, and again only if it was right.

use ::yubikey::Error;

use super::channel::Talk;
use super::deadline::Patience;
use super::device::Device;
use super::new_secret::FACTORY_PIN;
use super::{CardFault, PinPolicy, long};
use crate::secret::{AskPin, Pin, read_pin_file, refused};
use crate::signer::error::{LoginError, PinTries};

/// What a key wants of its user.
pub(super) enum Access {
    /// Nothing.
    Free,
    /// A PIN that the card accepted once.
    Once(Pin),
    /// A PIN that the card accepted once, and wants again before each signature.
    EachSignature(Pin),
}

impl Access {
    /// Asks for the PIN where `policy` wants one, and shows it to the card once. A key whose
    /// policy isn't told is treated as the strictest.
    pub(super) fn open(
        device: &mut Device,
        policy: Option<PinPolicy>,
        pins: &mut dyn AskPin,
    ) -> Result<Self, LoginError> {
        if policy == Some(PinPolicy::Never) {
            return Ok(Self::Free);
        }
        let pin = Self::ask_and_show(device, pins)?;
        Ok(match policy {
            Some(PinPolicy::Once) => Self::Once(pin),
            _ => Self::EachSignature(pin),
        })
    }

    /// Shows the PIN once. One that was mistyped may be typed anew, while the card counts tries.
    fn ask_and_show(device: &mut Device, pins: &mut dyn AskPin) -> Result<Pin, LoginError> {
        loop {
            let pin = Self::ask(device, pins)?;
            match show(device, &pin).map_err(|fault| refusal(fault, &device.name())) {
                Ok(()) => return Ok(pin),
                Err(LoginError::WrongPin {
                    device: name,
                    tries,
                }) if tries.are_left()
                    && is_typed(device, pins)
                    && pins.types_again(&name, &tries.to_string()) => {}
                Err(refused) => return Err(refused),
            }
        }
    }

    /// Whether the card took the PIN that every new card has.
    pub(super) fn is_factory(&self) -> bool {
        match self {
            Self::Free => false,
            Self::Once(pin) | Self::EachSignature(pin) => pin.expose() == FACTORY_PIN,
        }
    }

    /// Asks for the PIN, and shows it to nobody.
    pub(super) fn ask(device: &mut Device, pins: &mut dyn AskPin) -> Result<Pin, LoginError> {
        let name = device.name();
        check_tries(device, &name, pins)?;
        let serial = device.serial().to_string();
        let pin = match (pins.pin_of(&serial), pins.file_of(&serial)) {
            (Some(pin), _) => pin,
            (None, Some(file)) => read_pin_file(&file)?,
            (None, None) => pins.pin(&name)?,
        };
        if LENGTHS.contains(&pin.expose().len()) {
            Ok(pin)
        } else {
            Err(LoginError::PinLength {
                device: name,
                least: *LENGTHS.start(),
                most: *LENGTHS.end(),
            })
        }
    }

    /// Shows a PIN that was accepted before to a card that forgot it.
    pub(super) fn show_again(&self, device: &mut Device) -> Result<(), CardFault> {
        match self {
            Self::Free => Ok(()),
            Self::Once(pin) | Self::EachSignature(pin) => show(device, pin),
        }
    }

    /// Does `work`, in the same transaction after the PIN where each signature wants it: no
    /// other program comes between.
    pub(super) fn confirm_and<T: Send + 'static>(
        &self,
        device: &mut Device,
        patience: &Patience<'_>,
        work: impl FnOnce(&Talk<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, CardFault> {
        let Self::EachSignature(pin) = self else {
            return device.talk_within(patience, work);
        };
        let name = device.name();
        if refused::is_refused(pin, &name) {
            return Err(CardFault::PinRefusedBefore);
        }
        let shown = pin.copy();
        let answer = device.talk_within(patience, move |talk| {
            long::verify(talk, shown.expose())?;
            work(talk)
        });
        note(&answer, pin, &name);
        answer
    }
}

/// Names what a card says of its PIN.
pub(super) fn refusal(fault: CardFault, device: &str) -> LoginError {
    match fault {
        CardFault::WrongPin { tries } => LoginError::WrongPin {
            device: device.to_owned(),
            tries: PinTries::of(tries),
        },
        CardFault::PinRefusedBefore => LoginError::PinRefusedBefore {
            device: device.to_owned(),
        },
        other => other.at(device).into(),
    }
}

/// Whether a person gives the PIN, who may have mistyped it.
fn is_typed(device: &Device, pins: &dyn AskPin) -> bool {
    let serial = device.serial().to_string();
    pins.file_of(&serial).is_none() && pins.pin_of(&serial).is_none()
}

/// Before anybody is asked: a locked PIN is of no use, and the last try is a person's choice.
fn check_tries(device: &mut Device, name: &str, pins: &mut dyn AskPin) -> Result<(), LoginError> {
    let tries = device.talk(long::tries_left);
    match tries.map_err(|fault| refusal(fault, name))? {
        0 => Err(LoginError::PinLocked {
            device: name.to_owned(),
        }),
        1 => Ok(pins.last_try(name)?),
        _ => Ok(()),
    }
}

/// One try, of a PIN that was not refused before.
fn show(device: &mut Device, pin: &Pin) -> Result<(), CardFault> {
    let name = device.name();
    if refused::is_refused(pin, &name) {
        return Err(CardFault::PinRefusedBefore);
    }
    let shown = pin.copy();
    let answer = device.talk(move |talk| long::verify(talk, shown.expose()));
    note(&answer, pin, &name);
    answer
}

/// A PIN that was refused is remembered, so that it is shown no more.
fn note<T>(answer: &Result<T, CardFault>, pin: &Pin, device: &str) {
    if matches!(answer, Err(CardFault::WrongPin { .. })) {
        refused::remember(pin, device);
    }
}

/// SP 800-73-4 part 2, 2.4.3. A card may count a PIN of another length as a try.
const LENGTHS: std::ops::RangeInclusive<usize> = 6..=8;
