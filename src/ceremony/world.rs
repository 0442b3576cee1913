//! What a rehearsal finds, made before its first step: a ledger with its key, and the CAs that the plan calls
//! known, in tokens that are thrown away.
//!
//! It works on a sketch of the rehearsal's plan, which has every name of it and no fingerprint yet. A run that
//! was cut short here leaves no plan, and the next one makes all of it anew.

mod asked;
mod bundles;
mod homes;
mod roles;
mod shares;
mod wrapped;

use std::path::Path;

use ssh_key::public::KeyData;
use ssh_key::{HashAlg, PublicKey};

use super::conduct::{ConductError, self_name};
use super::key_place;
use super::plan::{CaBefore, Device, Hardware, KeyPlace, Plan, PlannedBundle, TokenPlace};
use super::rehearsal::{Found, MARK};
use super::room::Guard;
use crate::attestation::Roots;
use crate::bundle::BundleError;
use crate::ca::{self, InMemory, NewCa, OfAnother, Source, establish_in_memory};
use crate::certificate::Serial;
use crate::config::{CaName, Config, Place, with_ledger_key};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::{EnrolError, HEADS, LISTS, Ledger, LedgerKeyAdded, Purpose};
use crate::output;
use crate::request::SignRequestError;
use crate::secret::{AskPin, Pin};
use crate::signer::yubikey::{NewSlotKey, PinPolicy, TouchPolicy};
use crate::signer::{self, KeyAlgorithm, Locator};

pub use asked::Asked;
use homes::{Homes, holder_of_ledger_key};
pub use shares::Sheet;
use wrapped::Wrapping;

/// What a rehearsal finds, as it is to be made.
pub struct World<'a> {
    /// The plan of the rehearsal, in which what it finds is sketched.
    pub sketch: &'a Plan,
    /// Where its config is.
    pub place: &'a Place,
    /// Tokens for keys that are in no device of the room, as many as [`World::elsewhere`] says.
    pub elsewhere: Vec<TokenPlace>,
    /// The folder of its medium, which is there where [`World::has_wrapped_keys`].
    pub medium: &'a Path,
    /// What its bundles ask for.
    pub asked: Asked,
    /// What opens every token that is thrown away.
    pub pin: Pin,
    /// Whose word is taken for where a key was born.
    pub roots: Roots,
    /// Who is at the keyboard, by the system's word.
    pub keyboard: String,
    /// Unix time in seconds.
    pub now: u64,
}

/// What was made.
pub struct Made {
    /// What the plan of the rehearsal says of it.
    pub found: Found,
    /// The shares that open its devices, where the plan has custodians.
    pub shares: Vec<Sheet>,
    /// The components of its wrapped keys, where the plan opens such.
    pub components: Vec<Sheet>,
    /// The files of its medium, by their names.
    pub medium: Vec<(String, Vec<u8>)>,
}

/// Why nothing was made for a rehearsal to find.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// No device can hold the ledger key.
    #[error(
        "no device of the plan has a PIN before its first step, so that none can hold the ledger key"
    )]
    NoHome,
    /// A card has no slot left for what it holds before.
    #[error("`{0}` has no slot left for a key that is there before")]
    NoSlot(String),
    /// A card gives no key away.
    #[error("the key of CA `{0}` would be wrapped, and a spare card gives no key away")]
    OfCard(CaName),
    /// The registrar of its bundles is not enrolled.
    #[error("the registrar of the rehearsal")]
    Registrar(#[from] EnrolError),
    /// A bundle is not made.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A bundle is not signed.
    #[error(transparent)]
    Signed(#[from] SignRequestError),
    /// Something that a ceremony does as well.
    #[error(transparent)]
    Conduct(#[from] ConductError),
}

impl World<'_> {
    /// How many tokens hold keys that are in no device of the room.
    #[must_use]
    pub fn elsewhere(sketch: &Plan) -> usize {
        Homes::of(sketch).elsewhere()
    }

    /// The roles that the config has before.
    #[must_use]
    pub fn roles(&self) -> String {
        roles::of(self.sketch, &self.asked)
    }

    /// Makes it. The config is there, with the roles.
    ///
    /// # Errors
    /// [`WorldError`]; what was made by then is of no use.
    pub fn make(&self, pins: &mut dyn AskPin) -> Result<Made, WorldError> {
        let mut guard = Guard::new(pins);
        for token in self.tokens() {
            guard.know(&self_name(token), self.pin.copy());
        }
        let homes = Homes::of(self.sketch);
        let mut wrapping = Wrapping::new()?;
        let (mut cas, mut missing) = (Vec::new(), Vec::new());
        for (number, ca) in (0..).zip(self.known()) {
            let locators = self.locators(&homes, number, ca)?;
            cas.push(if self.sketch.finds_wrapped(&ca.name) {
                self.wrapped_ca((number, ca), &locators, &mut wrapping, &mut guard)?
            } else {
                self.ca((number, ca), &locators, &mut guard)?
            });
            missing.extend(homes.missing(number, &locators));
            self.are_gone(ca, &homes.gone_before(number, &locators))?;
        }
        missing.extend(wrapping.missing(self.sketch));
        missing.sort();
        self.ledger_key(&mut guard)?;
        let shares = self.share_out()?;
        let components = self.components(&wrapping)?;
        let registrar = self.registrar()?;
        let head = self.head()?;
        let carried = self.bundles(registrar, &cas, &head)?;
        let (bundles, medium): (Vec<PlannedBundle>, _) = carried.into_iter().unzip();
        let names = bundles.iter().map(|bundle| bundle.file.clone());
        let medium = names.zip::<Vec<_>>(medium).collect();
        let found = Found {
            head,
            cas: cas
                .iter()
                .map(|key| key.fingerprint(HashAlg::Sha256))
                .collect(),
            missing: missing.into_iter().map(|(_, locator)| locator).collect(),
            wrapped: wrapping.names(self.sketch),
            bundles,
        };
        Ok(Made {
            found,
            shares,
            components,
            medium,
        })
    }

    fn head(&self) -> Result<Checkpoint, ConductError> {
        let ledger = Ledger::open_to_read(&self.config()?.ledger())?;
        ledger.checkpoint()?.ok_or(ConductError::Gone("the ledger"))
    }

    fn tokens(&self) -> impl Iterator<Item = &TokenPlace> {
        let in_room = self.sketch.devices.iter();
        let in_room = in_room.filter_map(|device| match &device.hardware {
            Hardware::Token(token) => Some(token),
            Hardware::YubiKey { .. } => None,
        });
        in_room.chain(&self.elsewhere)
    }

    fn known(&self) -> &[CaBefore] {
        let ledger = self.sketch.ledger.as_ref();
        ledger.map_or(&[], |ledger| &ledger.cas)
    }

    fn config(&self) -> Result<Config, ConductError> {
        Ok(self.place.read()?)
    }

    /// Where the key of a CA is put, the place that the config names first.
    fn locators(
        &self,
        homes: &Homes<'_>,
        number: usize,
        ca: &CaBefore,
    ) -> Result<Vec<Locator>, WorldError> {
        let mut id = [0; ID];
        getrandom::fill(&mut id).map_err(ConductError::Random)?;
        let elsewhere: Vec<_> = self.elsewhere.iter().map(homes::elsewhere).collect();
        let devices = homes.devices(number, &elsewhere);
        let locator = |device: &Device| {
            let place = self.free_place(device, ca.name.as_str(), FOR_CAS)?;
            Ok(key_place::key(device, &place, &id).map_err(ConductError::from)?)
        };
        devices.into_iter().map(locator).collect()
    }

    /// A place for a key that is none of the plan's new ones.
    fn free_place(
        &self,
        device: &Device,
        name: &str,
        slots: [&str; 2],
    ) -> Result<KeyPlace, WorldError> {
        if matches!(device.hardware, Hardware::Token(_)) {
            return Ok(KeyPlace::Label(format!("{MARK} found {name}")));
        }
        let taken = |slot: &str| {
            let made = self.sketch.cas().iter();
            let mut made = made.filter(|ca| {
                ca.device == device.name || ca.copies.devices().contains(&device.name)
            });
            made.any(|ca| matches!(&ca.place, KeyPlace::Slot { slot: own, .. } if own.to_string() == slot))
        };
        let slot = slots.into_iter().find(|slot| !taken(slot));
        let slot = slot.and_then(|slot| slot.parse().ok());
        let slot = slot.ok_or_else(|| WorldError::NoSlot(device.name.clone()))?;
        let (pin, touch) = (PinPolicy::Once, TouchPolicy::Never);
        Ok(KeyPlace::Slot { slot, pin, touch })
    }

    /// One key in one place, or one in each of several.
    fn ca(
        &self,
        (number, ca): (usize, &CaBefore),
        locators: &[Locator],
        pins: &mut dyn AskPin,
    ) -> Result<KeyData, ConductError> {
        let Some((first, others)) = locators.split_first() else {
            return Err(ConductError::Gone("the place of a key"));
        };
        if others.is_empty() {
            return self.made_in((number, ca), first, pins);
        }
        let new = InMemory {
            name: &ca.name,
            purpose: self.purpose(number),
            algorithm: ALGORITHM,
            locator: first,
            others,
            in_slot: in_slot(first),
        };
        let (place, keyboard, now) = (self.place, &self.keyboard, self.now);
        Ok(establish_in_memory(place, &new, pins, keyboard, now)?)
    }

    fn made_in(
        &self,
        (number, ca): (usize, &CaBefore),
        locator: &Locator,
        pins: &mut dyn AskPin,
    ) -> Result<KeyData, ConductError> {
        let new = NewCa {
            name: ca.name.clone(),
            locator: locator.clone(),
            purpose: self.purpose(number),
            source: Source::Generate(ALGORITHM, in_slot(locator)),
            next_serial: Serial::FIRST,
            roots: self.roots.clone(),
            of_another: OfAnother::Refused,
        };
        let keyboard = self.keyboard.clone();
        let made = ca::establish(self.place, &new, pins, keyboard, self.now)?;
        Ok(made.key.public_key)
    }

    /// What a known CA signs is what the new one signs that takes its place, or what bundles ask it for; no
    /// plan tells of others.
    fn purpose(&self, number: usize) -> Purpose {
        match self.sketch.cas().first() {
            Some(new) => new.certificates,
            None if self.asked.is_for_hosts(number) => Purpose::Host,
            None => Purpose::User,
        }
    }

    fn ledger_key(&self, pins: &mut dyn AskPin) -> Result<(), WorldError> {
        let device = holder_of_ledger_key(self.sketch).ok_or(WorldError::NoHome)?;
        let place = self.free_place(device, "ledger", FOR_LEDGER)?;
        let locator = key_place::key(device, &place, &[]).map_err(ConductError::from)?;
        Ok(self.make_ledger_key(&locator, pins)?)
    }

    fn make_ledger_key(
        &self,
        locator: &Locator,
        pins: &mut dyn AskPin,
    ) -> Result<(), ConductError> {
        let key = signer::generate(locator, ALGORITHM, &in_slot(locator), pins)?;
        let config = self.config()?;
        let added = LedgerKeyAdded {
            key: PublicKey::from(key.public_key).to_bytes()?,
            purposes: HEADS | LISTS,
            place: locator.to_string(),
            keyboard: self.keyboard.clone(),
        };
        let mut ledger = config.ledger_place().open_confirmed()?;
        ledger.ledger_key_signs(added, self.now)?;
        let text = with_ledger_key(&config, &locator.to_string())?;
        Ok(output::write(config.path(), text.as_bytes(), CONFIG_MODE)?)
    }
}

/// What a card is asked for.
fn in_slot(locator: &Locator) -> NewSlotKey<'static> {
    match locator {
        Locator::YubiKey(_) => NewSlotKey {
            pin: Some(PinPolicy::Once),
            touch: Some(TouchPolicy::Never),
            ..NewSlotKey::default()
        },
        _ => NewSlotKey::default(),
    }
}

const ALGORITHM: KeyAlgorithm = KeyAlgorithm::P256;
/// Slots of a card for a key that is there before, in the order in which they are taken.
const FOR_CAS: [&str; 2] = ["9c", "9a"];
const FOR_LEDGER: [&str; 2] = ["9d", "9e"];
/// Bytes of a key's id.
const ID: usize = 16;
const CONFIG_MODE: u32 = 0o600;
