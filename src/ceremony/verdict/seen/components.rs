//! What belongs to the steps about the key that CA keys are wrapped by.

use super::{Seen, foreign};
use crate::ceremony::conduct::ConductError;
use crate::ceremony::facts::{
    COMPONENTS, COMPONENTS_CHECK, MISSING, blob_fact, brought_key_fact, can_wrap_fact,
    components_in_words, components_typed, numbers_told, one_wrapping_key,
};
use crate::ceremony::plan::{Ca, Kind, Plan};
use crate::ceremony::verdict::VerdictFault;

impl Seen {
    /// Each token was tried.
    pub(super) fn can_wrap(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        let mut wrapped = plan.wrapped();
        wrapped.try_for_each(|ca| self.fact(line, &can_wrap_fact(ca)).map(drop))
    }

    /// Every set was put together, and what tells the key from another is there.
    pub(super) fn components(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        let Some(components) = &plan.components else {
            return Err(foreign(line, "components"));
        };
        let words = components_in_words(components.custody.quorum);
        self.is(line, COMPONENTS, &words)?;
        self.fact(line, COMPONENTS_CHECK).map(drop)
    }

    /// What was typed of components; where it was enough, the check of their key is there.
    pub(super) fn opened_components(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        let components = plan.components.as_ref();
        let components = components.ok_or_else(|| foreign(line, "components"))?;
        let quorum = components.custody.quorum;
        let (at, told) = self.fact(line, COMPONENTS)?;
        let may_miss = plan.kind() == Kind::Drill;
        // That enough of them are another key is a drill's to tell, in whatever words.
        let is_enough_typed = self.typed_back >= usize::from(quorum.threshold());
        if may_miss && is_enough_typed && told.starts_with(MISSING) {
            return Ok(());
        }
        let numbers = numbers_told(told, "components");
        let (words, is_enough) = components_typed(&numbers, quorum);
        let wanted = if is_enough {
            one_wrapping_key(&words, quorum)
        } else {
            format!("{MISSING}: {}", ConductError::FewComponents(words))
        };
        if *told != wanted || numbers.len() != self.typed_back || !(is_enough || may_miss) {
            let (line, name) = (*at, COMPONENTS.to_owned());
            return Err(VerdictFault::Fact { line, name });
        }
        if is_enough {
            self.fact(line, COMPONENTS_CHECK)?;
        }
        Ok(())
    }

    /// A key came out of its wrapped file.
    pub(super) fn brought(
        &self,
        plan: &Plan,
        number: usize,
        line: u64,
    ) -> Result<(), VerdictFault> {
        let mut cas = plan.ledger.iter().flat_map(|ledger| &ledger.cas);
        let ca = cas.nth(number).ok_or_else(|| foreign(line, "a CA"))?;
        self.has_a_place(line)?;
        self.fact(line, &brought_key_fact(&ca.name)).map(drop)
    }

    /// Where a key was to come was written down.
    pub(super) fn has_a_place(&self, line: u64) -> Result<(), VerdictFault> {
        if self.has_intent {
            return Ok(());
        }
        Err(VerdictFault::Missing {
            line,
            missing: "where the key was to come".to_owned(),
        })
    }

    /// Where a key is wrapped, its file is told of; what is told is held against the ledger.
    pub(super) fn is_wrapped(&self, ca: &Ca, line: u64) -> Result<(), VerdictFault> {
        if ca.copies.is_wrapped_by_components() {
            self.fact(line, &blob_fact(&ca.name))?;
        }
        Ok(())
    }
}
