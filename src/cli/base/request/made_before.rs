//! A key that an earlier run of the same command made, and did not get further with.

use std::path::Path;

use ssh_key::public::KeyData;
use ssh_key::{HashAlg, PublicKey};

use crate::attestation::Facts;
use crate::certificate::key_line::read_public_key_line;
use crate::cli::base::terminal::say;
use crate::cli::base::words::path;
use crate::config::read_bytes;
use crate::signer::yubikey::{SlotKeyEntry, SlotLocator};
use crate::signer::yubikeys;

/// The key that would be made: its kind by a sample, and what the card would say of it.
pub(super) struct Wanted {
    pub(super) sample: KeyData,
    pub(super) facts: Facts,
}

/// Whether the slot holds just the key that is wanted, born there, with its public half in this
/// file. Whoever repeats the command goes on with it.
pub(super) fn is_made(slot: &SlotLocator, public: &Path, wanted: &Wanted) -> bool {
    let Some(key) = read_own(public) else {
        return false;
    };
    let cards = yubikeys().unwrap_or_default();
    let mut of_serial = cards
        .iter()
        .filter(|card| slot.serial.is_none_or(|serial| serial == card.serial));
    let is_it = match (of_serial.next(), of_serial.next()) {
        (Some(card), None) => card
            .keys
            .iter()
            .any(|entry| entry.slot == slot.slot && is_wanted(entry, &key, wanted)),
        _ => false,
    };
    if is_it {
        say(&format!(
            "slot {} has the key of {} already, made by an earlier run: going on with it",
            slot.slot,
            path(public)
        ));
    }
    is_it
}

fn is_wanted(entry: &SlotKeyEntry, key: &KeyData, wanted: &Wanted) -> bool {
    let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
    entry.generated == Some(true)
        && entry.fingerprint.as_deref() == Some(fingerprint.as_str())
        && is_of_kind(key, &wanted.sample)
        && entry.pin_policy == wanted.facts.pin
        && entry.touch_policy == wanted.facts.touch
}

/// Keys of one kind are equally long, written down.
fn is_of_kind(key: &KeyData, sample: &KeyData) -> bool {
    let length = |key: &KeyData| PublicKey::from(key.clone()).to_bytes().map(|it| it.len());
    let same_length = length(key).ok().zip(length(sample).ok());
    key.algorithm() == sample.algorithm() && same_length.is_some_and(|(key, sample)| key == sample)
}

/// The public key in a file that was written for a key in a card; none where there is none.
pub(super) fn read_own(public: &Path) -> Option<KeyData> {
    let file = read_bytes(public, LARGEST).ok()?;
    let (key, _comment) = read_public_key_line(&file).ok()?;
    Some(key)
}

const LARGEST: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::sample_key;
    use crate::signer::KeyAlgorithm;

    #[test]
    fn a_key_is_of_its_own_kind_alone() {
        for one in KeyAlgorithm::ALL {
            for other in KeyAlgorithm::ALL {
                let [a, b] = [one, other].map(|kind| sample_key(kind).unwrap());
                assert_eq!(is_of_kind(&a, &b), one == other, "{one} {other}");
            }
        }
    }
}
