//! What a card says of a key that was born in it, held against the roots before the key is recorded.

use ssh_key::public::KeyData;

use super::key_fault::KeyFault;
use super::{Conduct, ConductError};
use crate::attestation::{Evidence, PivEvidence};
use crate::ceremony::attested::{in_words, require_of_plan};
use crate::ceremony::facts::attested_fact;
use crate::ceremony::plan::{Device, KeyPlace};
use crate::ceremony::steps::Step;
use crate::ceremony::transcript::Event;
use crate::signer::{self, Locator};

impl Conduct<'_> {
    /// Verifies on the spot what a card says of `key`, and writes it as an output. A token says
    /// nothing that is signed.
    pub(super) fn attest(
        &mut self,
        step: &Step,
        (name, device, place): (&str, &Device, &KeyPlace),
        locator: &Locator,
        key: &KeyData,
    ) -> Result<(), ConductError> {
        if !matches!(place, KeyPlace::Slot { .. }) {
            return Ok(());
        }
        let file = attestation_of(name);
        let is_it = |event: &Event| matches!(event, Event::File { name, .. } if *name == file);
        if self.transcript().events().any(is_it) {
            return Ok(());
        }
        let said = signer::attest(locator)?;
        let said = said.ok_or_else(|| KeyFault::NoEvidence(locator.to_string()))?;
        let evidence = PivEvidence::new(said.leaf, said.f9, Vec::new()).map_err(KeyFault::from)?;
        let proof = Evidence::Piv(evidence.clone()).verify(key, &self.setting.roots);
        let proof = proof.map_err(KeyFault::from)?;
        require_of_plan(&proof, device, place).map_err(KeyFault::from)?;
        self.fact(step, &attested_fact(name), &in_words(&proof))?;
        self.put(step, &file, evidence.to_pem().as_bytes())
    }
}

/// The file of what a card says of a key.
#[must_use]
pub(in crate::ceremony) fn attestation_of(name: &str) -> String {
    format!("{name}-attestation.pem")
}

/// What the ledger key is called among the outputs.
pub(in crate::ceremony) const LEDGER_KEY_NAME: &str = "ledger";
