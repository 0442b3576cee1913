//! Whether what was proved of a key is what the plan has: this card, this slot, these policies.

use super::plan::{Device, Hardware, KeyPlace};
use crate::attestation::Proof;

/// What was proved of a key is not what the plan has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the card's evidence says {found}, and not what the plan has: {wanted}")]
pub struct OtherThanPlanned {
    /// What was proved.
    found: String,
    /// What the plan has.
    wanted: String,
}

/// Holds a proof against the plan.
///
/// # Errors
/// [`OtherThanPlanned`].
pub(super) fn require_of_plan(
    proof: &Proof,
    device: &Device,
    place: &KeyPlace,
) -> Result<(), OtherThanPlanned> {
    let (found, wanted) = (facts(proof), planned(device, place));
    if found == wanted {
        return Ok(());
    }
    Err(OtherThanPlanned { found, wanted })
}

/// What was proved of a key, in words.
pub(super) fn in_words(proof: &Proof) -> String {
    let root = proof.facts().root.as_deref().unwrap_or("an unnamed root");
    let mut words = format!("{}, up to {root}", facts(proof));
    for fault in proof.faults() {
        words += &format!("; {fault}");
    }
    words
}

fn facts(proof: &Proof) -> String {
    let facts = proof.facts();
    let or_untold = |told: Option<String>| told.unwrap_or_else(|| "untold".to_owned());
    format!(
        "YubiKey {}, firmware {}, slot {}, PIN {}, touch {}",
        or_untold(facts.serial.map(|serial| serial.to_string())),
        or_untold(facts.firmware.map(|firmware| firmware.to_string())),
        or_untold(facts.slot.map(|slot| slot.to_string())),
        or_untold(facts.pin.map(|pin| pin.to_string())),
        or_untold(facts.touch.map(|touch| touch.to_string())),
    )
}

fn planned(device: &Device, place: &KeyPlace) -> String {
    match (&device.hardware, place) {
        (Hardware::YubiKey { .. }, KeyPlace::Slot { slot, pin, touch }) => {
            let card = device.words();
            format!("{card}, slot {slot}, PIN {pin}, touch {touch}")
        }
        _ => "no card".to_owned(),
    }
}
