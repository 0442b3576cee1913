//! One session in which custodians open the devices, and which ends with other secrets in them.
//!
//! The shared secret is gone before anything is done with the devices: what is kept is what opens
//! them now, and what they get at the end. That they are about to get it is on disk before the first
//! of their secrets changes, so that the next session finds what a killed one left half way.

use super::change::{self, Before, change, log_in};
use super::derived::Derived;
use super::error::CustodyError;
use super::table::{Known, devices};
use super::typed::typed_secret;
use crate::ca::SharedDevice;
use crate::ceremony::room::Room;
use crate::config::Config;
use crate::ledger::{Derivation, Ledger, SecretsDerived, SecretsSet};
use crate::secret::Pin;
use crate::secret::share::SharedSecret;

/// What a session of custodians is held with.
pub struct Custodians<'a> {
    /// The config, whose ledger knows the devices.
    pub config: &'a Config,
    /// Who is at the keyboard, by the system's word.
    pub keyboard: &'a str,
}

/// The devices that shares opened.
pub struct Unlocked(Vec<Opened>);

/// One device that was opened.
pub(super) struct Opened {
    known: Known,
    check: [u8; 32],
    generation: u32,
    now: (u32, Derived),
    next: (u32, Derived),
}

impl Custodians<'_> {
    /// Opens the devices by as many shares as are needed: one try each, and none before the shares are
    /// known to be the right ones. A device that a killed session left half way is brought to its end
    /// first.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub fn unlock(&self, room: &mut dyn Room) -> Result<Unlocked, CustodyError> {
        let (opened, all) = devices(self.config)?;
        tell(room, &all);
        let secret = typed_secret(room, "")?;
        let check = secret.check();
        let generation = opened.generation_of(&check);
        let generation = generation.ok_or(CustodyError::OtherSecret)?;
        let (mine, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|known| {
            let about = known.ledger.about_to_be;
            let by = [known.ledger.opened_by, about].into_iter().flatten();
            by.into_iter().any(|by| by.generation == generation)
        });
        for other in others {
            room.show(&format!("{} is opened by other shares.", other.words()));
        }
        let (there, absent): (Vec<_>, Vec<_>) = mine.into_iter().partition(|known| known.is_there);
        let names = absent.iter().map(Known::words).collect::<Vec<_>>();
        for name in &names {
            room.show(&format!("{name} is not there, and stays as it is."));
        }
        if there.is_empty() && names.is_empty() {
            return Err(CustodyError::NoneOpens(generation));
        }
        if there.is_empty() {
            return Err(CustodyError::NoneThere(names.join(", ")));
        }
        let opening = Opening::new(self, &secret, generation);
        let each = there.into_iter().map(|known| opening.open(room, known));
        Ok(Unlocked(each.collect::<Result<_, _>>()?))
    }

    pub(super) fn ledger(&self) -> Result<Ledger, CustodyError> {
        Ok(self.config.ledger_place().open_confirmed()?)
    }

    pub(super) fn record(
        &self,
        entry: SecretsDerived,
        room: &dyn Room,
    ) -> Result<(), CustodyError> {
        Ok(self.ledger()?.record_secrets(entry, room.now())?)
    }
}

/// Shows what the ledger says of each device.
pub(super) fn tell(room: &mut dyn Room, all: &[Known]) {
    for known in all {
        let by = known.opened_by().map(|by| by.to_string());
        let there = if known.is_there { "" } else { ", not there" };
        let by = by.unwrap_or_default();
        room.show(&format!("{}: {by}{there}", known.words()));
    }
}

/// Shares that were put together, and the devices that they are to open.
pub(super) struct Opening<'o> {
    of: &'o Custodians<'o>,
    secret: &'o SharedSecret,
    check: [u8; 32],
    generation: u32,
}

impl<'o> Opening<'o> {
    pub(super) fn new(of: &'o Custodians<'o>, secret: &'o SharedSecret, generation: u32) -> Self {
        Self {
            of,
            secret,
            check: secret.check(),
            generation,
        }
    }

    pub(super) fn derived(&self, known: &Known, counter: u32) -> Result<Derived, CustodyError> {
        let serial = &known.ledger.serial;
        Ok(Derived::of(self.secret, &known.device, serial, counter)?)
    }

    pub(super) fn open(&self, room: &mut dyn Room, known: Known) -> Result<Opened, CustodyError> {
        let by = self.settled(room, &known)?;
        let now = self.derived(&known, by.counter)?;
        log_in(&known.device, now.pin())?;
        room.show(&format!("{} is open.", known.words()));
        let serial = &known.ledger.serial;
        let next = Derived::next(self.secret, &known.device, serial, by.counter)
            .ok_or_else(|| CustodyError::NoCounter(known.words()))?;
        Ok(Opened {
            known,
            check: self.check,
            generation: self.generation,
            now: (by.counter, now),
            next,
        })
    }

    /// What opens a device, which is brought to the end of what a run left half way.
    pub(super) fn settled(
        &self,
        room: &mut dyn Room,
        known: &Known,
    ) -> Result<Derivation, CustodyError> {
        match (known.ledger.about_to_be, known.ledger.opened_by) {
            (Some(about), _) => self.take_up(room, known, about),
            (None, Some(by)) => Ok(by),
            (None, None) => Err(CustodyError::Device(known.name.clone())),
        }
    }

    /// Brings a device to the end of what was about to be done to it.
    fn take_up(
        &self,
        room: &mut dyn Room,
        known: &Known,
        about: Derivation,
    ) -> Result<Derivation, CustodyError> {
        room.show(&format!(
            "A run was cut short that gave {} the secrets of {about}; it goes on there.",
            known.words()
        ));
        let old = known
            .ledger
            .opened_by
            .filter(|old| old.generation == self.generation);
        let is_ours = about.generation == self.generation;
        let by = match (old, is_ours) {
            (Some(old), true) => {
                let (old, new) = (
                    self.derived(known, old.counter)?,
                    self.derived(known, about.counter)?,
                );
                change(&known.device, &old, &new, Before::Either)?;
                about
            }
            (_, true) => self.finish_other(known, about)?,
            (Some(old), false) => {
                self.still_has(known, old, about.generation)?;
                old
            }
            (None, false) => return Err(CustodyError::OtherSecret),
        };
        let entry = known.entry(by, self.check, SecretsSet::Done, self.of.keyboard);
        self.of.record(entry, room)?;
        Ok(by)
    }

    /// The device was about to get the secrets of this generation from another: whether it has them.
    fn finish_other(&self, known: &Known, about: Derivation) -> Result<Derivation, CustodyError> {
        let had = known.ledger.opened_by.map_or(0, |old| old.generation);
        let new = self.derived(known, about.counter)?;
        opens(known, &new, had)?;
        if let (SharedDevice::Card(serial), Derived::Card(new)) = (&known.device, &new) {
            change::finish_card(*serial, None, new)?;
        }
        Ok(about)
    }

    /// The device was about to get the secrets of another generation: whether it has the old ones.
    fn still_has(&self, known: &Known, old: Derivation, other: u32) -> Result<(), CustodyError> {
        opens(known, &self.derived(known, old.counter)?, other)
    }
}

/// Tries once; a wrong PIN says that the device has the secrets of the other generation.
fn opens(known: &Known, derived: &Derived, other: u32) -> Result<(), CustodyError> {
    match log_in(&known.device, derived.pin()) {
        Err(error) if error.is_wrong_pin() => Err(CustodyError::HasOther {
            device: known.words(),
            generation: other,
        }),
        tried => tried,
    }
}

impl Opened {
    /// What it gets at the end.
    pub(super) fn next(&self) -> Derivation {
        Derivation {
            generation: self.generation,
            counter: self.next.0,
        }
    }
}

impl Unlocked {
    pub(super) fn of(one: Opened) -> Self {
        Self(vec![one])
    }

    /// What opens each device, by its serial number.
    #[must_use]
    pub fn pins(&self) -> Vec<(String, Pin)> {
        let each = self.0.iter();
        each.map(|one| (one.known.ledger.serial.clone(), one.now.1.pin()))
            .collect()
    }

    /// Ends the session: each device gets the secrets of its next counter, and opens with them.
    ///
    /// # Errors
    /// [`CustodyError`]. The devices behind the one that failed have what opened them; the next session
    /// goes on where this one stopped.
    pub fn rotate(self, of: &Custodians<'_>, room: &mut dyn Room) -> Result<(), CustodyError> {
        for one in self.0 {
            let by = one.next();
            let entry = |set| one.known.entry(by, one.check, set, of.keyboard);
            of.record(entry(SecretsSet::AboutToBe), room)?;
            change(&one.known.device, &one.now.1, &one.next.1, Before::Old)?;
            of.record(entry(SecretsSet::Done), room)?;
            room.show(&format!(
                "{} opens by {by} from here on.",
                one.known.words()
            ));
        }
        Ok(())
    }

    /// Ends the session without that, and says so.
    pub fn keep(self, room: &mut dyn Room) {
        for one in self.0 {
            room.show(&format!(
                "{} keeps counter {}: whoever saw a PIN of this session can use it.",
                one.known.words(),
                one.now.0
            ));
        }
    }
}
