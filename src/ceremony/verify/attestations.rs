//! What cards said of their keys, checked again.

use super::told::is_told;
use super::{Evidence, Outputs, key_of};
use crate::attestation::Evidence as OfKey;
use crate::ceremony::attested::{in_words, require_of_plan};
use crate::ceremony::conduct::{LEDGER_KEY_NAME, attestation_of};
use crate::ceremony::facts::attested_fact;
use crate::ceremony::plan::{Ca, Copies, KeyPlace};
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::VerdictFault;

impl Outputs<'_> {
    /// Each key that a card made is proved to one of the roots, in the slot and with the policies of
    /// the plan.
    pub(super) fn attestations(
        &self,
        evidence: &Evidence<'_>,
        transcript: &Transcript,
    ) -> Result<(), VerdictFault> {
        let plan = evidence.plan;
        // What was made in memory no device has a word for.
        let in_device = |ca: &&Ca| !matches!(ca.copies, Copies::InMemory(_));
        for ca in plan.cas().iter().filter(in_device) {
            let key = format!("public key {}", ca.name);
            let named = (ca.name.as_str(), key.as_str());
            self.attestation(evidence, transcript, named, (&ca.device, &ca.place))?;
        }
        match plan.ledger_key() {
            None => Ok(()),
            Some(key) => {
                let named = (LEDGER_KEY_NAME, "public key of the ledger");
                self.attestation(evidence, transcript, named, (&key.device, &key.place))
            }
        }
    }

    fn attestation(
        &self,
        evidence: &Evidence<'_>,
        transcript: &Transcript,
        (name, fact): (&str, &str),
        (device, place): (&str, &KeyPlace),
    ) -> Result<(), VerdictFault> {
        let device = match place {
            KeyPlace::Slot { .. } => evidence.plan.device(device),
            KeyPlace::Label(_) => None,
        };
        let Some(device) = device else { return Ok(()) };
        let file = attestation_of(name);
        let fault = |source: Box<dyn std::error::Error + Send + Sync>| VerdictFault::Attestation {
            file: file.clone(),
            source,
        };
        let said = OfKey::from_text(&self.read(&file)?).map_err(|error| fault(error.into()))?;
        let key = key_of(transcript, fact)?;
        let proof = said.verify(&key, evidence.roots);
        let proof = proof.map_err(|error| fault(error.into()))?;
        require_of_plan(&proof, device, place).map_err(|error| fault(error.into()))?;
        // Of faults of a firmware each version of the program knows its own.
        let fact = attested_fact(name);
        let told = transcript.fact(&fact).unwrap_or_default();
        let proved = in_words(&proof);
        let without_faults = |words: &str| words.split("; ").next().map(str::to_owned);
        if without_faults(told) == without_faults(&proved) {
            return Ok(());
        }
        is_told(transcript, &fact, &proved)
    }
}
