//! Opening a key in a slot, signing with it, and getting it back when the card was away.

use std::time::{Duration, Instant};

use ssh_key::Signature;
use ssh_key::public::KeyData;

use super::channel::Talk;
use super::contents::Contents;
use super::deadline::Patience;
use super::device::Device;
use super::pin::{Access, refusal};
use super::{CardFault, Slot, SlotLocator, TouchPolicy, long, scheme};
use crate::secret::{AskPin, Notice, SourcedPin};
use crate::signer::error::{LoginError, OpeningError, RSA_MIN_BITS, Seen, SignerError};
use crate::signer::pkcs11::PublicKeyError;
use crate::signer::scheme::Scheme;
use crate::signer::{Locator, NewKey, RsaHash, Signer};

/// An open key in a slot.
struct YubiKeySigner {
    /// None after the card was lost for good.
    device: Option<Device>,
    serial: u32,
    name: String,
    slot: Slot,
    public_key: KeyData,
    scheme: Scheme,
    access: Access,
    touch: Touch,
    heals_left: u8,
}

/// Finds the card and the key, asks for the PIN where one is wanted, and shows it once.
pub(in crate::signer) fn open(
    locator: &SlotLocator,
    known: Option<&KeyData>,
    rsa_hash: RsaHash,
    pins: &mut dyn AskPin,
) -> Result<Box<dyn Signer>, OpeningError> {
    let (mut device, contents) = match find_quickly(locator)? {
        Some(found) => found,
        None => find(locator, known)?,
    };
    let name = device.name();
    let public_key = public_key(&contents, locator.slot, &name)?;
    let scheme = Scheme::of(&public_key, rsa_hash)
        .filter(|scheme| scheme::algorithm(*scheme).is_some())
        .ok_or_else(|| malformed(locator.slot, &name, PublicKeyError::Type))?;
    let mut sourced = SourcedPin::new(locator.pin_source.as_deref(), pins);
    let access = Access::open(&mut device, contents.pin, &mut sourced)?;
    // Here it is known for nothing; the card's word on PUK and management key costs two commands.
    if access.is_factory() {
        pins.notice().has_factory_pin(&name);
    }
    Ok(Box::new(YubiKeySigner {
        serial: device.serial(),
        device: Some(device),
        slot: locator.slot,
        touch: Touch::of(contents.touch, pins.notice()),
        heals_left: HEALS_MAX,
        name,
        public_key,
        scheme,
        access,
    }))
}

/// The facts of the key in a slot, which want no PIN.
pub(in crate::signer) fn describe(
    locator: &SlotLocator,
    known: Option<&KeyData>,
) -> Result<NewKey, OpeningError> {
    let (device, contents) = find(locator, known)?;
    let described = facts(&device, &contents, locator);
    device.leave();
    described
}

/// What a card tells of a key, with the locator that names it alone.
pub(super) fn facts(
    device: &Device,
    contents: &Contents,
    locator: &SlotLocator,
) -> Result<NewKey, OpeningError> {
    Ok(NewKey {
        public_key: public_key(contents, locator.slot, &device.name())?,
        origin: contents.origin(),
        locator: Locator::YubiKey(SlotLocator {
            serial: Some(device.serial()),
            ..locator.clone()
        }),
    })
}

/// The card, if nothing about it takes a longer look. Who waited in vain waits no second time.
fn find_quickly(locator: &SlotLocator) -> Result<Option<(Device, Contents)>, OpeningError> {
    match Device::find_to_sign(locator.serial, locator.slot) {
        Err(silent @ CardFault::Silent { .. }) => Err(silent.at("the smart card readers").into()),
        found => Ok(found.ok().flatten().map(|(device, metadata)| {
            let contents = Contents::of_metadata(metadata, locator.slot);
            (device, contents)
        })),
    }
}

fn find(
    locator: &SlotLocator,
    known: Option<&KeyData>,
) -> Result<(Device, Contents), OpeningError> {
    let wanted = locator.to_string();
    let mut device = Device::find(locator.serial, &wanted)?;
    let name = device.name();
    let contents = Contents::read_knowing(&mut device, locator.slot, known);
    if let Some(contents) = contents.map_err(|fault| fault.at(&name))? {
        return Ok((device, contents));
    }
    let seen = occupied(&mut device).map_err(|fault| fault.at(&name))?;
    device.leave();
    Err(OpeningError::NoKey {
        device: name,
        wanted,
        seen,
    })
}

/// The slots that hold a key, for a person who named another one.
fn occupied(device: &mut Device) -> Result<Seen, CardFault> {
    let mut seen = Vec::new();
    for slot in Slot::all() {
        if Contents::read(device, slot)?.is_some() {
            seen.push(format!("slot {slot}"));
        }
    }
    Ok(Seen(seen))
}

fn public_key(contents: &Contents, slot: Slot, name: &str) -> Result<KeyData, OpeningError> {
    let key = contents.public_key.clone();
    let key = key.map_err(|source| malformed(slot, name, source))?;
    match rsa_bits(&key) {
        Some(bits) if bits < RSA_MIN_BITS => Err(OpeningError::RsaTooShort {
            device: name.to_owned(),
            key: format!("slot {slot}"),
            bits,
        }),
        _ => Ok(key),
    }
}

/// In whole bytes: a card knows no other sizes.
fn rsa_bits(key: &KeyData) -> Option<u32> {
    let bytes = key.rsa()?.n().as_positive_bytes()?.len();
    u32::try_from(8 * bytes).ok()
}

fn malformed(slot: Slot, device: &str, source: PublicKeyError) -> OpeningError {
    OpeningError::PublicKey {
        device: device.to_owned(),
        key: format!("slot {slot}"),
        source,
    }
}

impl Signer for YubiKeySigner {
    fn public_key(&self) -> &KeyData {
        &self.public_key
    }

    fn device(&self) -> &str {
        &self.name
    }

    fn sign(&mut self, message: &[u8]) -> Result<Signature, SignerError> {
        let mut signed = self.sign_once_or_healed(message);
        for _more in 0..MISSED_MAX {
            let is_missed = matches!(signed, Err(SignerError::TouchTimeout { .. }));
            if !is_missed || !self.touch.notice.missed(&self.name) {
                break;
            }
            signed = self.sign_once_or_healed(message);
        }
        match &signed {
            Ok(_) => self.touch.notice.signed(&self.name),
            Err(_) => self.touch.notice.gave_up(&self.name),
        }
        signed
    }

    fn reopen(&mut self) -> Result<(), OpeningError> {
        self.reconnect()?;
        self.heals_left = HEALS_MAX;
        Ok(())
    }

    fn longest_message(&self) -> Option<usize> {
        scheme::longest_message(self.scheme)
    }

    fn touch(&self) -> Option<TouchPolicy> {
        self.touch.policy
    }
}

impl YubiKeySigner {
    fn sign_once_or_healed(&mut self, message: &[u8]) -> Result<Signature, SignerError> {
        let input = scheme::input(self.scheme, message).ok_or(SignerError::MessageLength {
            device: self.name.clone(),
            length: message.len(),
        })?;
        let answer = match self.timed_attempt(&input) {
            Err((fault, waited)) => {
                self.heal(fault, waited)?;
                self.timed_attempt(&input)
            }
            answer => answer,
        };
        let answer = answer.map_err(|(fault, waited)| self.failure(fault, waited))?;
        scheme::signature(self.scheme, &answer).map_err(|source| SignerError::Signature {
            device: self.name.clone(),
            source,
        })
    }

    /// A fault comes with the time that the card took for it.
    fn timed_attempt(&mut self, input: &[u8]) -> Result<Vec<u8>, (CardFault, Duration)> {
        let start = Instant::now();
        self.attempt(input)
            .map_err(|fault| (fault, start.elapsed()))
    }

    /// One private-key operation, after the PIN where each wants it.
    fn attempt(&mut self, input: &[u8]) -> Result<Vec<u8>, CardFault> {
        let device = self.device.as_mut().ok_or(CardFault::NotFound)?;
        let algorithm = scheme::algorithm(self.scheme).ok_or(CardFault::NotSupported)?;
        let (slot, input) = (self.slot, input.to_vec());
        let name = &self.name;
        let nudge = || self.touch.notice.touch(name, FINGER_MAX);
        let patience = self.touch.patience(&nudge);
        let sign = move |talk: &Talk<'_>| long::sign(talk, &input, algorithm, slot);
        self.access.confirm_and(device, &patience, sign)
    }

    /// Makes ready for one more attempt after `fault`, which came after `waited`.
    fn heal(&mut self, fault: CardFault, waited: Duration) -> Result<(), SignerError> {
        if self.heals_left == 0 {
            return Err(self.failure(fault, waited));
        }
        self.heals_left -= 1;
        match fault {
            // Another program selected an applet, and the card forgot the PIN.
            CardFault::NotAllowed if !self.is_touch_missing(waited) => Ok(self.show_pin_again()?),
            fault if fault.may_heal() => self.reconnect().map_err(|error| match error {
                OpeningError::Login(refused) if refused.is_about_pin() => refused.into(),
                error => self.gone(error),
            }),
            fault => Err(self.failure(fault, waited)),
        }
    }

    fn reconnect(&mut self) -> Result<(), OpeningError> {
        self.device = None;
        let at = |fault: CardFault| fault.at(&self.name);
        let mut device = Device::find_again(self.serial).map_err(at)?;
        let known = Some(&self.public_key);
        let contents = Contents::read_knowing(&mut device, self.slot, known).map_err(at)?;
        let key = contents.and_then(|contents| contents.public_key.ok());
        if key.as_ref() != Some(&self.public_key) {
            return Err(OpeningError::KeyChanged {
                device: self.name.clone(),
            });
        }
        self.device = Some(device);
        Ok(self.show_pin_again()?)
    }

    /// A PIN that is refused now was changed by somebody: it is never shown again.
    fn show_pin_again(&mut self) -> Result<(), LoginError> {
        let Some(device) = self.device.as_mut() else {
            return Ok(());
        };
        self.access.show_again(device).map_err(|fault| {
            let refused = matches!(fault, CardFault::WrongPin { .. });
            if refused {
                self.device = None;
                self.heals_left = 0;
            }
            refusal(fault, &self.name)
        })
    }

    /// What a fault that stays means for the run.
    fn failure(&mut self, fault: CardFault, waited: Duration) -> SignerError {
        let device = self.name.clone();
        match fault {
            CardFault::NotAllowed if self.is_touch_missing(waited) => {
                SignerError::TouchTimeout { device }
            }
            CardFault::WrongPin { .. } => {
                self.device = None;
                self.heals_left = 0;
                refusal(fault, &device).into()
            }
            CardFault::Lost { .. } => self.gone(fault.at(&device).into()),
            other => other.at(&device).into(),
        }
    }

    /// The card has one word for a missing PIN and a missing touch. It gives the first at
    /// once, the second after it waited for a finger.
    fn is_touch_missing(&self, waited: Duration) -> bool {
        self.touch.policy != Some(TouchPolicy::Never) && waited >= TOUCH_MIN
    }

    fn gone(&self, source: OpeningError) -> SignerError {
        SignerError::DeviceGone {
            device: self.name.clone(),
            source: Box::new(source),
        }
    }
}

/// Whether signatures wait for a finger, and who tells its owner.
struct Touch {
    policy: Option<TouchPolicy>,
    notice: Box<dyn Notice>,
}

impl Touch {
    fn of(policy: Option<TouchPolicy>, notice: Box<dyn Notice>) -> Self {
        Self { policy, notice }
    }

    /// A touch that is certain is asked for at once; one that may be remembered, or that
    /// isn't told of, when the card lets us wait.
    fn patience<'a>(&self, nudge: &'a dyn Fn()) -> Patience<'a> {
        match self.policy {
            Some(TouchPolicy::Never) => Patience::of(SIGNATURE_MAX),
            Some(TouchPolicy::Always) => Patience::of(TOUCH_MAX).nudging(Duration::ZERO, nudge),
            _ => Patience::of(TOUCH_MAX).nudging(TOUCH_LIKELY, nudge),
        }
    }
}

/// RSA-4096 takes a card about a second.
const SIGNATURE_MAX: Duration = Duration::from_secs(20);
/// A card waits for a finger so long, then gives up by itself.
const FINGER_MAX: Duration = Duration::from_secs(15);
/// An answer that comes later than the card's own time is none.
const TOUCH_MAX: Duration = Duration::from_secs(40);
/// How often a person who is there is asked again for a touch that they missed.
const MISSED_MAX: usize = 2;
/// An answer that takes longer than this is likely waiting for a finger.
const TOUCH_LIKELY: Duration = Duration::from_secs(1);
/// A refusal that came sooner was not for want of a finger.
const TOUCH_MIN: Duration = Duration::from_millis(300);
/// How often a run gets its card back before it counts as gone.
const HEALS_MAX: u8 = 16;
