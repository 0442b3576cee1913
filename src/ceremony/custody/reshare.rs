//! A new secret, when a custodian leaves: two old shares give the old one for good.
//!
//! The new shares are on paper, typed back and put together before the first device hears of the new
//! secret; the old ones are kept until no device opens by them. A device that is elsewhere keeps its
//! generation, and a later run with shares of both finishes it.

use super::change::{Before, change, log_in};
use super::derived::Derived;
use super::error::CustodyError;
use super::given::{Put, in_lines, onto_sheet, read_back};
use super::session::{Custodians, Opening};
use super::table::{Known, devices};
use super::typed::typed_secret;
use crate::ceremony::plan::Printer;
use crate::ceremony::room::Room;
use crate::ceremony::sheet::Sheet;
use crate::ledger::{Derivation, OpenedDevices, SecretsSet};
use crate::secret::share::{Quorum, Share, SharedSecret};

/// Who holds the shares from now on.
pub struct NewCustodians<'a> {
    /// How many shares there are, and how many open the devices.
    pub quorum: Quorum,
    /// Who gets each share, in the order of their numbers.
    pub names: &'a [String],
    /// What prints the sheets; none where they are written by hand.
    pub printer: Option<&'a Printer>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reshared {
    /// The new secret.
    pub generation: u32,
    /// Each device that the ledger knows, with what opens it.
    pub devices: Vec<(String, Derivation)>,
    /// The generation whose shares open nothing any more; none while a device opens by them.
    pub useless: Option<u32>,
}

/// A shared secret with its number.
struct Numbered {
    secret: SharedSecret,
    check: [u8; 32],
    generation: u32,
}

impl Custodians<'_> {
    /// Makes a new secret, gives out its shares, and gives every device that is there and opens by the
    /// old shares what follows from it. Where an earlier run has made it, that one is finished.
    ///
    /// # Errors
    /// [`CustodyError`]. Until all devices were changed both sets of shares are kept.
    pub fn reshare(
        &self,
        room: &mut dyn Room,
        new: &NewCustodians<'_>,
    ) -> Result<Reshared, CustodyError> {
        let (opened, all) = devices(self.config)?;
        super::session::tell(room, &all);
        let old = self.old_secret(room, &opened)?;
        let newest = opened.next_generation().saturating_sub(1);
        let mine: Vec<_> = all.iter().filter(|one| has(one, old.generation)).collect();
        if mine.is_empty() {
            // A run was cut short behind the last device.
            return self.told(old.generation, newest);
        }
        if !mine.iter().any(|known| known.is_there) {
            let names: Vec<_> = mine.iter().map(|known| known.words()).collect();
            return Err(CustodyError::NoneThere(names.join(", ")));
        }
        let new = if old.generation < newest {
            later_secret(room, &opened, newest)?
        } else {
            given_to(room, new, &opened, &all)?
        };
        for known in mine {
            if known.is_there {
                self.move_over(room, known, &old, &new)?;
            } else {
                let (words, old) = (known.words(), old.generation);
                room.show(&format!(
                    "{words} is not there, and keeps generation {old}."
                ));
            }
        }
        self.told(old.generation, new.generation)
    }

    fn old_secret(
        &self,
        room: &mut dyn Room,
        opened: &OpenedDevices,
    ) -> Result<Numbered, CustodyError> {
        room.show("The custodians of the old shares come first, as many as are needed.");
        let secret = typed_secret(room, " that is given up")?;
        let check = secret.check();
        let generation = opened.generation_of(&check);
        Ok(Numbered {
            generation: generation.ok_or(CustodyError::OtherSecret)?,
            secret,
            check,
        })
    }

    /// Gives one device the secrets of the new generation.
    fn move_over(
        &self,
        room: &mut dyn Room,
        known: &Known,
        old: &Numbered,
        new: &Numbered,
    ) -> Result<(), CustodyError> {
        let to = Derivation {
            generation: new.generation,
            counter: FIRST_COUNTER,
        };
        let serial = &known.ledger.serial;
        let after = Derived::of(&new.secret, &known.device, serial, to.counter)?;
        let entry = |set| known.entry(to, new.check, set, self.keyboard);
        let opening = Opening::new(self, &old.secret, old.generation);
        let has = known
            .ledger
            .opened_by
            .filter(|by| by.generation == old.generation);
        if let (Some(about), Some(has)) = (known.ledger.about_to_be, has)
            && about == to
        {
            let before = opening.derived(known, has.counter)?;
            room.show(&format!(
                "A run was cut short that gave {} the secrets of {to}; it goes on there.",
                known.words()
            ));
            change(&known.device, &before, &after, Before::Either)?;
        } else {
            let by = opening.settled(room, known)?;
            let before = opening.derived(known, by.counter)?;
            log_in(&known.device, before.pin())?;
            self.record(entry(SecretsSet::AboutToBe), room)?;
            change(&known.device, &before, &after, Before::Old)?;
        }
        self.record(entry(SecretsSet::Done), room)?;
        room.show(&format!("{} opens by {to} from here on.", known.words()));
        Ok(())
    }

    /// What the ledger says now.
    fn told(&self, old: u32, new: u32) -> Result<Reshared, CustodyError> {
        let (_, all) = devices(self.config)?;
        let is_used = all.iter().any(|known| has(known, old));
        let each = all.iter();
        Ok(Reshared {
            generation: new,
            devices: each
                .filter_map(|known| Some((known.name.clone(), known.opened_by()?)))
                .collect(),
            useless: (!is_used).then_some(old),
        })
    }
}

/// Whether a device may open by a generation.
fn has(known: &Known, generation: u32) -> bool {
    let by = [known.ledger.opened_by, known.ledger.about_to_be];
    by.into_iter()
        .flatten()
        .any(|by| by.generation == generation)
}

/// The newest secret, which an earlier run gave out.
fn later_secret(
    room: &mut dyn Room,
    opened: &OpenedDevices,
    newest: u32,
) -> Result<Numbered, CustodyError> {
    room.show(&format!(
        "Generation {newest} was given out before. Now its custodians, as many as are needed."
    ));
    let secret = typed_secret(room, &format!(" of generation {newest}"))?;
    let check = secret.check();
    match opened.generation_of(&check) {
        Some(generation) if generation == newest => Ok(Numbered {
            secret,
            check,
            generation,
        }),
        Some(found) => Err(CustodyError::OtherGeneration {
            found,
            wanted: newest,
        }),
        None => Err(CustodyError::OtherSecret),
    }
}

/// A new secret of which every device can take what follows, given out and put together again.
fn given_to(
    room: &mut dyn Room,
    new: &NewCustodians<'_>,
    opened: &OpenedDevices,
    all: &[Known],
) -> Result<Numbered, CustodyError> {
    room.show(
        "A new secret is made. Sheets that an earlier run gave out before it changed a device open nothing: \
         destroy them.",
    );
    let secret = fit_secret(all)?;
    let shares = secret.split(new.quorum)?;
    let count = shares.len();
    let mut typed: Vec<Share> = Vec::new();
    for ((number, share), who) in (1..).zip(&shares).zip(new.names) {
        let question = format!("the 20 words of share {number} of {count}, off its sheet");
        let words = in_lines(share);
        let of = (number, count, new.quorum.threshold());
        let sheet = Sheet::new_share(who, of, opened.next_generation(), &words);
        let mut again = false;
        let given = loop {
            let asked = (who.as_str(), question.as_str());
            let put = onto_sheet(room, new.printer, asked, (&sheet, &words, again))?;
            again = true;
            let or = match put {
                Put::Printed => "where no sheet came out, type none: this ends then",
                Put::ByHand => "press Enter alone to have it onto the sheet again",
            };
            let given = read_back(room, asked, &words, or);
            match given.map_err(CustodyError::Ask)? {
                Some(given) => break given,
                // It may still come out: what stands on it is given up.
                None if put == Put::Printed => return Err(CustodyError::Astray),
                None => {}
            }
        };
        typed.push(given);
    }
    for set in new.quorum.sets() {
        let chosen = set.iter().filter_map(|place| typed.get(*place));
        if !SharedSecret::combine(chosen)?.is_same(&secret) {
            return Err(CustodyError::OtherSecret);
        }
    }
    room.show("Every set of shares that must open the secret was put together, and did.");
    Ok(Numbered {
        check: secret.check(),
        generation: opened.next_generation(),
        secret,
    })
}

fn fit_secret(all: &[Known]) -> Result<SharedSecret, CustodyError> {
    loop {
        let secret = SharedSecret::random().map_err(CustodyError::Random)?;
        let is_fit = |known: &Known| {
            let serial = &known.ledger.serial;
            Derived::of(&secret, &known.device, serial, FIRST_COUNTER).is_ok()
        };
        if all.iter().all(is_fit) {
            return Ok(secret);
        }
    }
}

/// The counter of the first secrets of a generation.
const FIRST_COUNTER: u32 = 1;
