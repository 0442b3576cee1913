//! Devices that shares open: generation and counter go forward, and each generation has one secret.

use super::fault::Fault;
use super::finding::Findings;
use crate::ledger::entry::{OpenedDevices, SecretsDerived};

/// The devices so far.
#[derive(Debug, Default)]
pub(super) struct Custody(OpenedDevices);

impl Custody {
    pub(super) fn derived(&mut self, found: &mut Findings, derived: &SecretsDerived) {
        if let Err(why) = self.0.takes(derived) {
            found.broken(Fault::Secrets(why));
        }
        self.0.take(derived);
    }
}
