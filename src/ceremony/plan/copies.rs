//! What there is of a CA's key beside its own device.

use super::devices::{Device, Hardware, Named, is_made};
use super::reader::{Reader, Table};
use crate::ca::InMemory;
use crate::ledger::CopyKind;
use crate::signer::KeyAlgorithm;

/// What there is of a CA's key in other devices than its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Copies {
    /// Nothing: it is lost with its device.
    None,
    /// One more, in the token of this name and under the same label: the key is wrapped once for it,
    /// and can't leave either token after. It was extractable for good, by its origin.
    Wrapped(String),
    /// The same key in each of the devices of these names too, at the same place: it is made in the
    /// memory of the machine and put into all of them, and no device can say that it was not elsewhere.
    InMemory(Vec<String>),
    /// A file on a medium: the key is wrapped once, by a key of AES that people hold in components, and
    /// can't leave its token after. It was extractable for good, by its origin.
    Components,
}

impl Copies {
    /// What the ledger calls such a copy.
    #[must_use]
    pub fn kind(&self) -> Option<CopyKind> {
        match self {
            Self::None => None,
            Self::Wrapped(_) => Some(CopyKind::Wrapped),
            Self::InMemory(_) => Some(CopyKind::Imported),
            Self::Components => Some(CopyKind::Blob),
        }
    }

    /// Whether there is a wrapped key, which components open.
    #[must_use]
    pub fn is_wrapped_by_components(&self) -> bool {
        *self == Self::Components
    }

    /// The devices that have a copy.
    #[must_use]
    pub fn devices(&self) -> &[String] {
        match self {
            Self::None | Self::Components => &[],
            Self::Wrapped(device) => std::slice::from_ref(device),
            Self::InMemory(devices) => devices,
        }
    }
}

/// Said on purpose: what has no copy is lost with its device.
pub(super) fn copies(
    reader: &mut Reader,
    table: &mut Table,
    devices: &Named<Device>,
    (of, algorithm): (Option<&str>, Option<KeyAlgorithm>),
) -> Option<Copies> {
    let kinds = [
        ("none", CopiesKind::None),
        ("wrapped", CopiesKind::Wrapped),
        ("in-memory", CopiesKind::InMemory),
        ("components", CopiesKind::Components),
    ];
    match table.choice(reader, "copies", &kinds)? {
        CopiesKind::None => Some(Copies::None),
        CopiesKind::Wrapped => {
            let name = table.words(reader, "copy-device")?;
            match not_wrapped(devices, of, &name) {
                None => Some(Copies::Wrapped(name)),
                Some(fault) => {
                    table.fault(reader, "copy-device", fault);
                    None
                }
            }
        }
        CopiesKind::Components => {
            if of
                .and_then(|of| devices.find(of))
                .is_some_and(Device::is_card)
            {
                table.fault(reader, "copies", OF_NO_CARD);
                return None;
            }
            Some(Copies::Components)
        }
        CopiesKind::InMemory => {
            let names = table.list(reader, "copy-devices");
            if let Some(algorithm) = algorithm
                && !InMemory::ALGORITHMS.contains(&algorithm)
            {
                let words = format!("a key for {algorithm} is made in a device, and in no memory");
                table.fault(reader, "algorithm", words);
            }
            if names.is_empty() {
                table.fault(reader, "copy-devices", "names no device");
            }
            let faults = not_put(devices, (of, algorithm), &names);
            for fault in &faults {
                table.fault(reader, "copy-devices", fault);
            }
            faults.is_empty().then_some(Copies::InMemory(names))
        }
    }
}

/// Why a key of the device `of` can't be wrapped for this one.
fn not_wrapped(devices: &Named<Device>, of: Option<&str>, name: &str) -> Option<String> {
    let is_card = |name: &str| devices.find(name).is_some_and(Device::is_card);
    if of == Some(name) {
        Some("is the device of the key itself".to_owned())
    } else if !devices.has(name) {
        Some(format!("{name:?} is no [[device]] of the plan"))
    } else if is_card(name) || of.is_some_and(is_card) {
        Some("a YubiKey gives no key away, and takes none that was wrapped".to_owned())
    } else {
        None
    }
}

/// Why a key that is made in memory can't be put into these devices beside its own.
fn not_put(
    devices: &Named<Device>,
    (of, algorithm): (Option<&str>, Option<KeyAlgorithm>),
    names: &[String],
) -> Vec<String> {
    let own = of.and_then(|of| devices.find(of));
    let fault = |(at, name): (usize, &String)| {
        if of == Some(name.as_str()) {
            return Some(format!("{name:?} is the device of the key itself"));
        }
        if names.iter().take(at).any(|before| before == name) {
            return Some(format!("{name:?} stands there twice"));
        }
        let Some(device) = devices.find(name) else {
            let is_none = !devices.has(name);
            return is_none.then(|| format!("{name:?} is no [[device]] of the plan"));
        };
        if own.is_some_and(|own| own.is_card() != device.is_card()) {
            return Some(format!(
                "{name:?} and the device of the key are not both tokens or both cards, and have no place \
                 of one name"
            ));
        }
        match (&device.hardware, algorithm) {
            (Hardware::YubiKey { firmware, .. }, Some(algorithm))
                if !is_made(algorithm, *firmware) =>
            {
                Some(format!(
                    "{name:?}: a YubiKey of firmware {firmware} takes no key for {algorithm}"
                ))
            }
            _ => None,
        }
    };
    names.iter().enumerate().filter_map(fault).collect()
}

/// What `copies` says.
#[derive(Clone, Copy)]
enum CopiesKind {
    None,
    Wrapped,
    InMemory,
    Components,
}

const OF_NO_CARD: &str = "a YubiKey gives no key away; what fits is \"none\" with a second CA `beside` it, or \"in-memory\"";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ceremony::plan::Plan;
    use crate::ceremony::plan::tests::filled_for_cards;

    /// A plan for three cards and one key, with these lines about its copies.
    fn with(copies: &str) -> String {
        let text = filled_for_cards(3);
        let (first, rest) = text.split_once("\n[[ca]]").unwrap();
        let (ca, rest) = rest.split_once("\n[[ca]]").unwrap();
        let (_, ledger_key) = rest.split_once("\n[ledger-key]").unwrap();
        let ca = ca.replacen("copies       = \"none\"", copies, 1);
        format!("{first}\n[[ca]]{ca}\n[ledger-key]{ledger_key}")
    }

    fn in_memory(devices: &str) -> String {
        with(&format!("copies = \"in-memory\"\ncopy-devices = {devices}"))
    }

    #[test]
    fn a_key_that_is_made_in_memory_goes_into_every_device_that_it_names() {
        let plan = Plan::parse(in_memory("[\"root2\", \"root3\"]").as_bytes()).unwrap();
        let copies = &plan.cas()[0].copies;
        assert_eq!(copies.devices(), ["root2", "root3"]);
        assert_eq!(copies.kind(), Some(CopyKind::Imported));
        assert_eq!(Copies::None.kind(), None);
    }

    #[test]
    fn each_rule_of_copies_is_held_to() {
        let firmware = in_memory("[\"root2\"]").replace("\"p256\" # p384", "\"ed25519\" #");
        let cases = [
            (in_memory("[]"), "names no device"),
            (in_memory("[\"root\"]"), "is the device of the key itself"),
            (in_memory("[\"root2\", \"root2\"]"), "stands there twice"),
            (in_memory("[\"root4\"]"), "is no [[device]] of the plan"),
            (in_memory("\"root2\""), "is no list"),
            (
                in_memory("[\"root2\"]").replace("\"p256\" # p384", "\"rsa2048\" #"),
                "is made in a device, and in no memory",
            ),
            (
                firmware.replace("\"5.7.1\"\nbag", "\"5.4.3\"\nbag"),
                "takes no key for ed25519",
            ),
            (with("copies = \"in-memory\""), "copy-devices: is missing"),
            (
                with("copies = \"none\"\ncopy-devices = [\"root2\"]"),
                "copy-devices",
            ),
            (
                with("copies = \"wrapped\"\ncopy-device = \"root2\""),
                "a YubiKey gives no key away",
            ),
            (
                with("copies = \"components\""),
                "what fits is \"none\" with a second CA `beside` it, or \"in-memory\"",
            ),
        ];
        for (text, fault) in cases {
            let faults = Plan::parse(text.as_bytes()).unwrap_err();
            let told: Vec<_> = faults.all().iter().map(ToString::to_string).collect();
            assert!(told.join("\n").contains(fault), "{fault}: {told:?}\n{text}");
        }
    }
}
