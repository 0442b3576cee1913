//! Where a key of a ceremony is made: one token by its serial, one label, and an id that was chosen before;
//! or a slot of one YubiKey.

use crate::ceremony::plan::{Device, End, EndOfCopy, Hardware, KeyPlace, Plan, TokenPlace};
use crate::signer::{Locator, LocatorError, pkcs11::Uri, pkcs11::UriError};

/// A token, as a locator of no key.
pub(super) fn token(token: &TokenPlace) -> Result<Uri, UriError> {
    format!("{}?{}", of_token(token), of_module(token)).parse()
}

/// A device by itself, as the ledger names it: with no key and no module.
pub(super) fn device(device: &Device) -> String {
    match &device.hardware {
        Hardware::Token(token) => of_token(token),
        Hardware::YubiKey { serial, .. } => format!("yubikey:serial={serial}"),
    }
}

/// The key in this place of a device; a token finds it by the id, or by its label alone where that is empty.
pub(super) fn key(device: &Device, place: &KeyPlace, id: &[u8]) -> Result<Locator, LocatorError> {
    match (&device.hardware, place) {
        (Hardware::Token(token), KeyPlace::Label(label)) => {
            let id: String = id.iter().map(|byte| format!("%{byte:02x}")).collect();
            let (token, module) = (of_token(token), of_module(token));
            let label = encoded(label);
            let id = if id.is_empty() {
                id
            } else {
                format!(";id={id}")
            };
            format!("{token};object={label}{id}?{module}").parse()
        }
        (Hardware::YubiKey { serial, .. }, KeyPlace::Slot { slot, .. }) => {
            format!("yubikey:serial={serial};slot-id={slot}").parse()
        }
        // The plan's reader makes no such pair.
        _ => Err(LocatorError::UnknownScheme),
    }
}

/// The same locator, of a key in this device alone; none where it names another device.
pub(super) fn narrowed(locator: &Locator, device: &Device) -> Option<Locator> {
    match (&device.hardware, locator) {
        (Hardware::Token(place), Locator::Pkcs11(uri)) => {
            let narrowed = uri.in_token(&token(place).ok()?)?;
            Some(Locator::Pkcs11(Box::new(narrowed)))
        }
        (Hardware::YubiKey { serial, .. }, Locator::YubiKey(slot)) => {
            let is_it = slot.serial.is_none_or(|named| named == *serial);
            let mut slot = slot.clone();
            slot.serial = Some(*serial);
            is_it.then_some(Locator::YubiKey(slot))
        }
        _ => None,
    }
}

/// Whether a copy of a key, by its locator in ledger or config, is the one that a plan ends so.
pub(super) fn is_end_of(plan: &Plan, copy: &EndOfCopy, device: &str) -> bool {
    let there = device.parse::<Locator>().ok();
    match &copy.end {
        End::Destroyed(name) => there
            .zip(plan.device(name))
            .is_some_and(|(there, device)| narrowed(&there, device).is_some()),
        End::Overwritten { copy, .. } | End::ByHand { copy, .. } => copy == device,
        End::Missing { copy, .. } => {
            let planned = copy.parse::<Locator>().ok();
            let is_same =
                |(one, other): (Locator, Locator)| one.covers(&other) || other.covers(&one);
            copy == device || there.zip(planned).is_some_and(is_same)
        }
    }
}

/// Whether a locator names a key in this place of a device, in the spelling of a run: a token's key has an id that was
/// drawn, and there is nothing else in it.
pub(super) fn is_key(locator: &str, device: &Device, place: &KeyPlace) -> bool {
    let Ok(read) = locator.parse::<Locator>() else {
        return false;
    };
    let id = read.key_id().unwrap_or_default();
    let is_drawn = match place {
        KeyPlace::Label(_) => id.len() == KEY_ID_BYTES,
        KeyPlace::Slot { .. } => id.is_empty(),
    };
    let planned = key(device, place, id).map(|planned| planned.to_string());
    is_drawn && planned.is_ok_and(|planned| planned == locator)
}

fn of_token(token: &TokenPlace) -> String {
    format!(
        "pkcs11:token={};serial={}",
        encoded(&token.label),
        encoded(&token.serial)
    )
}

fn of_module(token: &TokenPlace) -> String {
    format!(
        "module-path={}",
        encoded(&token.module.display().to_string())
    )
}

/// RFC 3986, 2.1: what is not known to stand for itself is a percent sign and two digits.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Bytes of the id of a token's key: no other key has the same by chance.
pub(super) const KEY_ID_BYTES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ceremony::plan::Pins;

    fn device(hardware: Hardware) -> Device {
        Device {
            name: "root".to_owned(),
            hardware,
            pins: Pins::AreSet,
            bag: String::new(),
            new_bag: String::new(),
            pin_envelope: None,
            unlock_envelope: None,
        }
    }

    #[test]
    fn any_name_becomes_a_locator_that_reads_back() {
        let place = TokenPlace {
            module: "/usr/lib/a b?&.so".into(),
            label: "Root; CA%=?".to_owned(),
            serial: "fe 12".to_owned(),
        };
        let uri = token(&place).unwrap();
        assert_eq!(uri.module_path(), Some(place.module.as_path()));
        let label = KeyPlace::Label("a;b".to_owned());
        let locator = key(&device(Hardware::Token(place)), &label, &[0, 255]).unwrap();
        assert_eq!(locator.to_string().parse(), Ok(locator.clone()));
        assert!(locator.to_string().contains("id=%00%FF"), "{locator}");
    }

    #[test]
    fn a_locator_is_narrowed_to_a_device_and_never_to_another_than_it_names() {
        let token = |label: &str| {
            device(Hardware::Token(TokenPlace {
                module: "/m.so".into(),
                label: label.to_owned(),
                serial: "fe12".to_owned(),
            }))
        };
        let of = |text: &str, device: &Device| {
            let narrowed = narrowed(&text.parse().unwrap(), device);
            narrowed.map(|locator| locator.to_string())
        };
        let whole = "pkcs11:token=T;serial=fe12;object=users?module-path=/m.so";
        for text in ["pkcs11:object=users", "pkcs11:token=T;object=users", whole] {
            assert_eq!(of(text, &token("T")).as_deref(), Some(whole), "{text}");
        }
        assert_eq!(of(whole, &token("U")), None);
        assert_eq!(of("pkcs11:serial=fe13;object=users", &token("T")), None);
        let card = Hardware::YubiKey {
            serial: 7,
            firmware: "5.7.1".parse().unwrap(),
        };
        let card = device(card);
        let found = of("yubikey:slot-id=9c", &card);
        assert_eq!(found.as_deref(), Some("yubikey:serial=7;slot-id=9c"));
        assert_eq!(of("yubikey:serial=8;slot-id=9c", &card), None);
        assert_eq!(of(whole, &card), None);
    }

    #[test]
    fn a_key_is_named_in_one_spelling_with_an_id_and_nothing_else() {
        let root = device(Hardware::Token(TokenPlace {
            module: "/m.so".into(),
            label: "Root CA".to_owned(),
            serial: "fe12".to_owned(),
        }));
        let place = KeyPlace::Label("users".to_owned());
        let named = |id: &[u8]| key(&root, &place, id).unwrap().to_string();
        let right = named(&[7; KEY_ID_BYTES]);
        assert!(is_key(&right, &root, &place));
        for wrong in [
            named(&[]),
            named(&[7; 2]),
            named(&[7; 17]),
            right.replace("%07%07", "%7e%07"),
            right.replace(";id=", ";id=zzz;object=thiefs;token=Evil;id="),
            right.replace(";id=", ";type=private;id="),
            right.replace("Root%20CA", "Other"),
            right.replace("Root%20CA", "%52oot%20CA"),
            right.replace("?module-path=/m.so", ""),
            right.replace("/m.so", "/n.so"),
            format!("{right}&pin-source=/etc/passwd"),
        ] {
            assert!(!is_key(&wrong, &root, &place), "{wrong}");
        }
    }

    #[test]
    fn a_slot_of_a_card_is_told_from_another_and_from_that_of_another_card() {
        let card = |serial| {
            let firmware = "5.7.1".parse().unwrap();
            device(Hardware::YubiKey { serial, firmware })
        };
        let place = |slot: &str| KeyPlace::Slot {
            slot: slot.parse().unwrap(),
            pin: crate::signer::yubikey::PinPolicy::Once,
            touch: crate::signer::yubikey::TouchPolicy::Never,
        };
        let locator = key(&card(7), &place("9c"), &[1]).unwrap().to_string();
        assert_eq!(locator, "yubikey:serial=7;slot-id=9c");
        assert!(is_key(&locator, &card(7), &place("9c")));
        assert!(!is_key(&locator, &card(8), &place("9c")));
        assert!(!is_key(&locator, &card(7), &place("9a")));
    }
}
