//! Where keys may be by what a ceremony did: as its transcript announced them, and as its plan has their copies.

use super::Own;
use crate::ceremony::key_place;
use crate::ceremony::plan::{Ca as PlannedCa, Device};
use crate::ceremony::steps::{Act, steps};
use crate::signer::Locator;

impl Own<'_> {
    /// Where the key of a CA may be by what this ceremony did.
    pub(super) fn places_of(&self, ca: u64) -> Vec<Locator> {
        let Some(ca) = self.cas.iter().find(|one| one.position() == ca) else {
            return Vec::new();
        };
        let name = ca.name();
        let made = self
            .plan
            .cas()
            .iter()
            .position(|one| one.name.as_str() == name);
        if let Some((number, planned)) =
            made.and_then(|number| Some((number, self.plan.cas().get(number)?)))
        {
            let intent = self.intent_of(&|act| act == Act::Key(number));
            return intent.into_iter().chain(self.copies_of(planned)).collect();
        }
        let cas = self.plan.ledger.iter().flat_map(|before| &before.cas);
        let number = cas.map(|one| one.name.as_str()).position(|one| one == name);
        let comes = |act| number.is_some_and(|at| act == Act::Bring(at) || act == Act::TryCopy(at));
        self.intent_of(&comes).into_iter().collect()
    }

    fn copies_of(&self, ca: &PlannedCa) -> Vec<Locator> {
        let devices = ca.copies.devices().iter();
        let devices = devices.filter_map(|name| self.plan.device(name));
        let place = |device: &Device| key_place::key(device, &ca.place, &[]).ok();
        devices.filter_map(place).collect()
    }

    /// Where the key of a step was to be made.
    pub(super) fn intent_of(&self, is_it: &dyn Fn(Act) -> bool) -> Option<Locator> {
        let mut all = steps(self.plan).into_iter();
        let step = all.find(|step| is_it(step.act))?;
        self.transcript.intent(&step.name)?.parse().ok()
    }
}
