//! Copies of CAs' keys: each is of a CA, and is made before it is made again; and their trials.

use std::collections::HashMap;

use super::fault::Fault;
use super::finding::Findings;
use super::keys::{Keys, sha256};
use super::subjects::KeyHash;
use crate::ledger::entry::{Became, CopySeen, CopyTried};

/// What became of each copy so far, by the CA's position and the SHA-256 of the device.
#[derive(Debug, Default)]
pub(super) struct Copies(HashMap<(u64, KeyHash), Became>);

impl Copies {
    pub(super) fn seen(&mut self, found: &mut Findings, keys: &Keys, seen: &CopySeen) {
        if keys.ca(seen.ca).is_none() {
            found.broken(Fault::Reference(seen.ca));
        }
        if seen.is_malformed() {
            found.broken(Fault::Copy(
                "it names no device, or misses it without a word",
            ));
        }
        let place = (seen.ca, sha256(seen.device.as_bytes()));
        let before = self.0.insert(place, seen.became);
        if let Err(why) = seen.became.follows(before) {
            found.broken(Fault::Copy(why));
        }
    }

    pub(super) fn tried(
        &self,
        found: &mut Findings,
        keys: &Keys,
        (tried, time): (&CopyTried, u64),
    ) {
        if keys.ca(tried.ca).is_none() {
            found.broken(Fault::Reference(tried.ca));
        }
        let place = (tried.ca, sha256(tried.device.as_bytes()));
        if let Err(why) = tried.follows(self.0.get(&place).copied(), time) {
            found.broken(Fault::Copy(why));
        }
    }
}
