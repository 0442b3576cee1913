//! Where a CA's private key lies, in words.

use serde_json::{Value, json};

use super::words::chain;
use crate::attestation::{Facts, Fault, Proof};
use crate::ca::Storage;

/// Says in one line where a CA's key lies, and by whose word.
pub(crate) fn words(storage: &Storage) -> String {
    match storage {
        Storage::Software => "in software, which can copy it".to_owned(),
        Storage::Imported => {
            "imported: it was outside of its device once, and copies may exist".to_owned()
        }
        Storage::WasExtractable => {
            "was extractable: wrapped for its copy before it signed anything, by the token's word"
                .to_owned()
        }
        Storage::Attested(proof) => proved(proof),
        Storage::Recorded { facts, now } => format!(
            "proved when it was recorded: {}; not by the roots of now: {}",
            recorded(facts),
            chain(now)
        ),
        Storage::Unproved(why) => {
            format!("the card's attestation is kept, not proved: {}", chain(why))
        }
        Storage::Claimed => "nothing but the token's word".to_owned(),
    }
}

/// Says what was proved of the key, up to which root.
pub(crate) fn proved(proof: &Proof) -> String {
    let facts = proof.facts();
    let private = if facts.private_root {
        "the private root "
    } else {
        ""
    };
    format!(
        "born on {}, proved up to {private}{}",
        device(facts),
        facts.root.as_deref().unwrap_or("an unnamed root")
    )
}

/// The known faults of the device that a key was born on.
pub(crate) fn faults(storage: &Storage) -> Vec<Fault> {
    match storage {
        Storage::Attested(proof) => proof.faults(),
        _ => Vec::new(),
    }
}

/// Says in JSON by what a key's storage is known, and the facts.
pub(crate) fn json(storage: &Storage) -> Value {
    match storage {
        Storage::Software => json!({ "known-by": "software" }),
        Storage::Imported => json!({ "known-by": "imported" }),
        Storage::WasExtractable => json!({ "known-by": "was-extractable" }),
        Storage::Attested(proof) => json!({ "known-by": "attestation", "facts": proof.facts() }),
        Storage::Recorded { facts, now } => json!({
            "known-by": "ledger",
            "facts": serde_json::from_str::<Value>(facts).unwrap_or(Value::Null),
            "error": chain(now),
        }),
        Storage::Unproved(why) => json!({ "known-by": "unproved", "error": chain(why) }),
        Storage::Claimed => json!({ "known-by": "token" }),
    }
}

fn device(facts: &Facts) -> String {
    let told = |name: &str, fact: Option<String>| fact.map(|fact| format!("{name} {fact}"));
    let parts = [
        told("YubiKey", facts.serial.map(|serial| serial.to_string())),
        told(
            "firmware",
            facts.firmware.map(|firmware| firmware.to_string()),
        ),
        facts.form_factor.clone(),
        facts.fips.then(|| "FIPS".to_owned()),
        told("PIN", facts.pin.map(|pin| pin.to_string())),
        told("touch", facts.touch.map(|touch| touch.to_string())),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The root that the facts of a ledger's entry end in, where it is one of the admin's own: such
/// evidence proves no more than that admin's word.
pub(crate) fn private_root(facts: &str) -> Option<String> {
    let facts: Value = serde_json::from_str(facts).ok()?;
    let is_private = facts.get("private-root").and_then(Value::as_bool);
    let root = facts.get("root").and_then(Value::as_str);
    is_private
        .unwrap_or_default()
        .then(|| root.unwrap_or("without a name").to_owned())
}

/// Puts the facts of a ledger's entry, which are JSON, into words.
fn recorded(facts: &str) -> String {
    let facts: Value = serde_json::from_str(facts).unwrap_or(Value::Null);
    let told = |name: &str, key: &str| match facts.get(key)? {
        Value::String(text) => Some(format!("{name}{text}")),
        Value::Number(number) => Some(format!("{name}{number}")),
        _ => None,
    };
    let up_to = match facts.get("private-root") {
        Some(Value::Bool(true)) => "up to the private root ",
        _ => "up to ",
    };
    let parts = [
        told("YubiKey ", "serial"),
        told("firmware ", "firmware"),
        told("PIN ", "pin"),
        told("touch ", "touch"),
        told(up_to, "root"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
