//! CAs that take the place of others: stage by stage, each by what the entries before it say.

use std::collections::HashMap;

use super::fault::Fault;
use super::finding::Findings;
use super::keys::Keys;
use crate::ledger::entry::{Stage, StageReached};

/// How far each old CA is, by its position: its new one, and the last stage.
#[derive(Debug, Default)]
pub(super) struct Rollovers(HashMap<u64, (u64, Stage)>);

impl Rollovers {
    /// A CA that ends in the middle of a rollover leaves people without a door: any hand may do that by mistake.
    pub(super) fn retired(&self, found: &mut Findings, ca: u64) {
        if self
            .0
            .get(&ca)
            .is_some_and(|(_, stage)| *stage < Stage::Trusted)
        {
            found.odd(Fault::RetiredEarly);
        }
    }

    pub(super) fn reached(&mut self, found: &mut Findings, keys: &Keys, reached: &StageReached) {
        let before = self.0.insert(reached.old, (reached.new, reached.stage));
        let standing = |position| match keys.standing(position) {
            Some(standing) => Ok(standing),
            None => Err(Fault::Reference(position)),
        };
        let (old, new) = match (standing(reached.old), standing(reached.new)) {
            (Ok(old), Ok(new)) => (old, new),
            (Err(fault), _) | (_, Err(fault)) => {
                found.broken(fault);
                return;
            }
        };
        if let Err(why) = reached.follows(before, old, new) {
            found.broken(Fault::Stage(why));
        }
    }
}
