//! Where keys are before a rehearsal begins: in devices of its room, or elsewhere.

use crate::ceremony::plan::{CaBefore, Device, End, Hardware, Pins, Plan, Task, TokenPlace};
use crate::signer::Locator;

/// Where the keys of the known CAs are, in the order of the plan.
pub(super) struct Homes<'p> {
    sketch: &'p Plan,
    cas: Vec<Vec<Home<'p>>>,
}

/// Where one copy of a key is.
#[derive(Clone, Copy)]
enum Home<'p> {
    /// In a device of the room.
    Room(&'p Device),
    /// In a token elsewhere, by its number. The plan calls it lost or missing, and has it at this place
    /// among those; or it says nothing of it.
    Elsewhere(usize, Option<usize>),
}

impl<'p> Homes<'p> {
    pub(super) fn of(sketch: &'p Plan) -> Self {
        let mut homes = Self {
            sketch,
            cas: Vec::new(),
        };
        for ca in sketch.ledger.iter().flat_map(|ledger| &ledger.cas) {
            let of_ca = homes.of_ca(ca);
            homes.cas.push(of_ca);
        }
        homes
    }

    /// How many are elsewhere.
    pub(super) fn elsewhere(&self) -> usize {
        let all = self.cas.iter().flatten();
        all.filter(|home| matches!(home, Home::Elsewhere(..)))
            .count()
    }

    /// The devices that have the key of the CA at this place in the plan.
    pub(super) fn devices<'d>(&self, ca: usize, elsewhere: &'d [Device]) -> Vec<&'d Device>
    where
        'p: 'd,
    {
        let homes = self.cas.get(ca).into_iter().flatten();
        let device = |home: &Home<'p>| match *home {
            Home::Room(device) => Some(device),
            Home::Elsewhere(number, _) => elsewhere.get(number),
        };
        homes.filter_map(device).collect()
    }

    /// Which of its places the plan calls lost or missing, each with its number there.
    pub(super) fn missing(&self, ca: usize, locators: &[Locator]) -> Vec<(usize, String)> {
        let homes = self.cas.get(ca).into_iter().flatten();
        let missing = homes
            .zip(locators)
            .filter_map(|(home, locator)| match home {
                Home::Elsewhere(_, Some(number)) => Some((*number, locator.to_string())),
                _ => None,
            });
        missing.collect()
    }

    /// Which of its places the plan has no end for, although it ends all of them: it was destroyed before.
    pub(super) fn gone_before<'l>(&self, ca: usize, locators: &'l [Locator]) -> Vec<&'l Locator> {
        let homes = self.cas.get(ca).into_iter().flatten();
        let ends_all = matches!(self.sketch.task, Task::Retire(_));
        let gone = homes
            .zip(locators)
            .filter(|(home, _)| ends_all && matches!(home, Home::Elsewhere(_, None)));
        gone.map(|(_, locator)| locator).collect()
    }

    /// The place that the config names first.
    fn of_ca(&self, ca: &CaBefore) -> Vec<Home<'p>> {
        let in_room = ca.device.as_ref().and_then(|name| self.sketch.device(name));
        let in_room = in_room.map(Home::Room);
        let first = self.elsewhere();
        match &self.sketch.task {
            Task::Retire(_) => or_elsewhere(self.that_end(ca, first), first),
            // What is there goes on in the place of what is lost.
            Task::Restore(_) => {
                let lost = self.that_end(ca, first).into_iter();
                or_elsewhere(lost.chain(in_room).collect(), first)
            }
            // The copy is tried, and not the device of every day.
            Task::Drill(_) => [Home::Elsewhere(first, None)]
                .into_iter()
                .chain(in_room)
                .collect(),
            // What is lost is with the thief, and so is the key where the plan says nothing of it.
            Task::Compromise(_) => {
                let lost = self.that_end(ca, first);
                let next = first + lost.len();
                let other = in_room.or(lost.is_empty().then_some(Home::Elsewhere(next, None)));
                lost.into_iter().chain(other).collect()
            }
            Task::Create(_) | Task::Sign(_) | Task::Rollover(_) => {
                vec![in_room.unwrap_or(Home::Elsewhere(first, None))]
            }
        }
    }

    fn that_end(&self, ca: &CaBefore, first: usize) -> Vec<Home<'p>> {
        let (mut homes, mut missing, mut next) = (Vec::new(), 0, first);
        for copy in self.sketch.copies_that_end() {
            let is_its = copy.ca == ca.name;
            match &copy.end {
                End::Destroyed(name) if is_its => {
                    homes.extend(self.sketch.device(name).map(Home::Room));
                }
                End::Destroyed(_) | End::Overwritten { .. } | End::ByHand { .. } => {}
                End::Missing { .. } => {
                    // What was wrapped is in no device.
                    if is_its && copy.wrapped().is_none() {
                        homes.push(Home::Elsewhere(next, Some(missing)));
                        next += 1;
                    }
                    missing += 1;
                }
            }
        }
        homes
    }
}

/// A key that was wrapped, and is in no device that the plan speaks of, was made in one all the same.
fn or_elsewhere(homes: Vec<Home<'_>>, number: usize) -> Vec<Home<'_>> {
    if homes.is_empty() {
        return vec![Home::Elsewhere(number, None)];
    }
    homes
}

/// A token that is in no bag of the plan.
pub(super) fn elsewhere(token: &TokenPlace) -> Device {
    Device {
        name: token.label.clone(),
        hardware: Hardware::Token(token.clone()),
        pins: Pins::AreSet,
        bag: String::new(),
        new_bag: String::new(),
        pin_envelope: None,
        unlock_envelope: None,
    }
}

/// Where the ledger key is: best in a device that has, makes and gets no CA key; never in one that has no PIN before, nor
/// in the spare of a drill.
pub(super) fn holder_of_ledger_key(sketch: &Plan) -> Option<&Device> {
    let opens = |device: &&Device| device.pins != Pins::Random;
    let known = sketch.ledger.iter().flat_map(|ledger| &ledger.cas);
    let mut busy: Vec<_> = known.filter_map(|ca| ca.device.as_deref()).collect();
    busy.extend(sketch.cas().iter().map(|ca| ca.device.as_str()));
    let blobs = sketch.components.iter().flat_map(|one| &one.blobs);
    let onto: Vec<_> = blobs.map(|blob| blob.onto.as_str()).collect();
    busy.extend(&onto);
    let is_drill = matches!(sketch.task, Task::Drill(_));
    let is_spare = |device: &&Device| is_drill && onto.contains(&device.name.as_str());
    let devices = sketch.devices.iter().filter(opens);
    let mut devices = devices.filter(|device| !is_spare(device));
    let free = devices
        .clone()
        .find(|device| !busy.contains(&device.name.as_str()));
    free.or_else(|| devices.next())
}
