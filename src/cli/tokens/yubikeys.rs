//! What `tokens` says of a YubiKey.

use crate::cli::base::failure::Failure;
use crate::cli::base::terminal::product;
use crate::signer::yubikey::{AttestationKeyEntry, CardEntry, SlotKeyEntry};

/// Prints a card, its warnings and its keys.
pub(super) fn print_card(card: &CardEntry) -> Result<(), Failure> {
    let shape = card.form_factor.map(|form| format!(", {form}"));
    let fips = if card.fips == Some(true) {
        ", FIPS"
    } else {
        ""
    };
    product(&format!(
        "YubiKey {}: firmware {}{}{fips}",
        card.serial,
        card.firmware,
        shape.unwrap_or_default()
    ))?;
    for warning in card.warnings() {
        product(&format!("  warning: {warning}"))?;
    }
    match (&card.fault, card.keys.as_slice()) {
        (Some(fault), _) => product(&format!("  not all slots can be read: {fault}"))?,
        (None, []) => product("  no keys to be seen")?,
        (None, _) => {}
    }
    card.keys.iter().try_for_each(print_key)?;
    match &card.attestation_key {
        Some(key) => print_attestation_key(key),
        None => product("  slot f9: no certificate, so this card can attest no key"),
    }
}

fn print_attestation_key(key: &AttestationKeyEntry) -> Result<(), Failure> {
    let algorithm = key.algorithm.as_deref().unwrap_or("unknown type");
    let fingerprint = key.fingerprint.as_deref().unwrap_or("no fingerprint");
    product(&format!("  slot f9 attests: {algorithm} {fingerprint}"))?;
    product(&format!("    {}, by {}", key.subject, key.issuer))
}

fn print_key(key: &SlotKeyEntry) -> Result<(), Failure> {
    product(&format!("  {}", key.locator))?;
    let origin = match key.generated {
        Some(true) => "made in the card",
        Some(false) => "imported",
        None => "of unknown origin",
    };
    let pin = told(key.pin_policy.as_ref());
    let touch = told(key.touch_policy.as_ref());
    product(&format!("    {origin}, PIN {pin}, touch {touch}"))?;
    match (&key.fingerprint, &key.public_key) {
        (Some(fingerprint), Some(line)) => {
            product(&format!("    {fingerprint}"))?;
            product(&format!("    {}", line.trim_end()))
        }
        _ => product("    a key that SSH does not know"),
    }
}

fn told(policy: Option<&impl ToString>) -> String {
    policy.map_or_else(|| "not told".to_owned(), ToString::to_string)
}
