//! Where a key is about to be made.

use super::{Seen, foreign};
use crate::ceremony::key_place;
use crate::ceremony::plan::{KeyPlace, Plan};
use crate::ceremony::steps::{Act, Step};
use crate::ceremony::verdict::VerdictFault;

impl Seen {
    /// Where a key is to be made is written down before anything is told of it, and once.
    pub(super) fn intent(
        &mut self,
        plan: &Plan,
        step: &Step,
        line: u64,
        locator: &str,
    ) -> Result<(), VerdictFault> {
        self.require_answers(step, line)?;
        let planned = match step.act {
            Act::Key(number) => {
                let ca = plan.cas().get(number);
                ca.map(|ca| (&ca.device, ca.place.clone()))
            }
            Act::LedgerKey => plan
                .ledger_key()
                .map(|key| (&key.device, key.place.clone())),
            Act::Bring(number) | Act::TryCopy(number) => {
                let mut cas = plan.ledger.iter().flat_map(|ledger| &ledger.cas);
                let blob = cas.nth(number).and_then(|ca| plan.blob(&ca.name));
                blob.map(|blob| (&blob.onto, KeyPlace::Label(blob.label.clone())))
            }
            _ => None,
        };
        // A drill that found something missing may find it when it goes on; a key is made once.
        let is_told = match step.act {
            Act::TryCopy(_) => !self.told.is_empty(),
            _ => !self.facts.is_empty() || !self.files.is_empty(),
        };
        let is_first = !self.has_intent && !is_told;
        let Some((device, place)) = planned.filter(|_| is_first) else {
            return Err(foreign(line, "an intent"));
        };
        self.has_intent = true;
        let is_there = plan
            .device(device)
            .is_some_and(|device| key_place::is_key(locator, device, &place));
        if is_there {
            Ok(())
        } else {
            Err(VerdictFault::Place { line })
        }
    }
}
