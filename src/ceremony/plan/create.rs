//! The keys that a ceremony of kind `create` makes.

use std::collections::BTreeSet;

use super::copies::{Copies, copies};
use super::devices::{Device, Hardware, Named, is_made};
use super::drill::{self, Drill};
use super::reader::{Reader, Table};
use crate::ceremony::instant::Instant;
use crate::config::CaName;
use crate::ledger::Purpose;
use crate::signer::KeyAlgorithm;
use crate::signer::yubikey::{PinPolicy, Slot, TouchPolicy};

/// What a ceremony makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Create {
    /// The CAs whose keys are made.
    pub cas: Vec<Ca>,
    /// The key that vouches for the ledger.
    pub ledger_key: LedgerKey,
    /// The first drill; none where the plan says nothing of one.
    pub drill: Option<Drill>,
}

/// A CA whose key is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ca {
    /// Its name in config and ledger.
    pub name: CaName,
    /// Users or hosts.
    pub certificates: Purpose,
    /// The type of its key.
    pub algorithm: KeyAlgorithm,
    /// The device that makes and keeps it.
    pub device: String,
    /// Where in the device.
    pub place: KeyPlace,
    /// The CA of the plan whose trust it shares from the first day, in another device: what is there
    /// when that one is lost.
    pub beside: Option<CaName>,
    /// What there is of its key in other devices.
    pub copies: Copies,
}

/// The key that vouches for the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerKey {
    /// Its type: Ed25519 or P-256.
    pub algorithm: KeyAlgorithm,
    /// The device that makes and keeps it.
    pub device: String,
    /// Where in the device.
    pub place: KeyPlace,
}

/// Where in a device a key is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// Under this label in a token.
    Label(String),
    /// In a slot of a YubiKey.
    Slot {
        /// The slot.
        slot: Slot,
        /// When a signature wants the PIN.
        pin: PinPolicy,
        /// When a signature wants a touch.
        touch: TouchPolicy,
    },
}

/// Reads `[[ca]]`, `[ledger-key]` and `[drill]`, which may be left out. No two keys share a place in one device.
pub(super) fn read(
    reader: &mut Reader,
    top: &mut Table,
    until: Option<Instant>,
    devices: &Named<Device>,
) -> Option<Create> {
    let mut places = BTreeSet::new();
    let cas = cas(reader, top, devices, &mut places);
    let table = &mut top.table(reader, "ledger-key");
    let read = ledger_key(reader, table, devices);
    table.end(reader);
    if let Some(key) = &read {
        check_place(reader, table, (&key.device, &key.place), &mut places);
    }
    let drill = drill::first(reader, top, until);
    Some(Create {
        cas,
        ledger_key: read?,
        drill,
    })
}

/// Reads `[[ca]]`: the keys that are made.
pub(super) fn cas(
    reader: &mut Reader,
    top: &mut Table,
    devices: &Named<Device>,
    places: &mut BTreeSet<(String, String)>,
) -> Vec<Ca> {
    let mut cas: Vec<Ca> = Vec::new();
    let tables = &mut top.tables(reader, "ca");
    if tables.is_empty() {
        reader.add("ca", "no CA is to be made".to_owned());
    }
    for table in tables {
        let read = ca(reader, table, devices);
        table.end(reader);
        let Some(ca) = read else { continue };
        check_place(reader, table, (&ca.device, &ca.place), places);
        for device in ca.copies.devices() {
            check_place(reader, table, (device, &ca.place), places);
        }
        if cas.iter().any(|one| one.name == ca.name) {
            table.fault(reader, "name", "is that of another CA");
        }
        check_beside(reader, table, &cas, &ca);
        cas.push(ca);
    }
    check_files(reader, &cas);
    cas
}

fn ca(reader: &mut Reader, table: &mut Table, devices: &Named<Device>) -> Option<Ca> {
    let purposes = [("user", Purpose::User), ("host", Purpose::Host)];
    let name = table.parsed(reader, "name", |text| {
        text.parse::<CaName>().map_err(|error| error.to_string())
    });
    let certificates = table.choice(reader, "certificates", &purposes);
    let algorithm = algorithm(reader, table, &KeyAlgorithm::ALL);
    let (device, place) = place(reader, table, devices, algorithm);
    let copies = copies(reader, table, devices, (device.as_deref(), algorithm));
    let beside = table.parsed_if_there(reader, "beside", |text| {
        text.parse::<CaName>().map_err(|error| error.to_string())
    });
    Some(Ca {
        name: name?,
        certificates: certificates?,
        algorithm: algorithm?,
        device: device?,
        place: place?,
        beside,
        copies: copies?,
    })
}

/// No two keys are written to files of one name: servers would trust the key that came last. A CA's files
/// begin with its name; `ledger` is that of the ledger key, and `X-trusted` holds all that are trusted with
/// `X`.
fn check_files(reader: &mut Reader, cas: &[Ca]) {
    for (number, ca) in (1..).zip(cas) {
        let name = ca.name.as_str();
        let place = format!("ca {number}, name");
        if name.eq_ignore_ascii_case(LEDGER) {
            let words = format!("{name:?} is what the files of the ledger key are called");
            reader.add(&place, words);
        }
        // Whether or not that CA has others beside it: a file system may not tell case.
        let trusted = |one: &&Ca| name.eq_ignore_ascii_case(&format!("{}-trusted", one.name));
        if let Some(first) = cas.iter().find(trusted) {
            let words = format!(
                "{name:?} is what the file of all that are trusted with `{}` is called",
                first.name
            );
            reader.add(&place, words);
        }
        let same = |one: &&Ca| one.name != ca.name && name.eq_ignore_ascii_case(one.name.as_str());
        if let Some(other) = cas.iter().take(number - 1).find(same) {
            let words = format!(
                "{name:?} differs from `{}` in case alone, and its files may not",
                other.name
            );
            reader.add(&place, words);
        }
    }
}

/// A second key is of use where the first one's device is not.
fn check_beside(reader: &mut Reader, table: &Table, cas: &[Ca], ca: &Ca) {
    let Some(name) = &ca.beside else { return };
    let Some(first) = cas.iter().find(|one| one.name == *name) else {
        let words = format!("{:?} is no CA that stands before it", name.as_str());
        table.fault(reader, "beside", words);
        return;
    };
    if first.beside.is_some() {
        table.fault(
            reader,
            "beside",
            "names a CA that is beside another one itself",
        );
    }
    if first.device == ca.device {
        table.fault(
            reader,
            "beside",
            "names a CA in the same device, which is lost with it",
        );
    }
    if first.certificates != ca.certificates {
        table.fault(reader, "beside", "names a CA for other certificates");
    }
}

fn ledger_key(
    reader: &mut Reader,
    table: &mut Table,
    devices: &Named<Device>,
) -> Option<LedgerKey> {
    let algorithm = algorithm(reader, table, &[KeyAlgorithm::Ed25519, KeyAlgorithm::P256]);
    let (device, place) = place(reader, table, devices, algorithm);
    Some(LedgerKey {
        algorithm: algorithm?,
        device: device?,
        place: place?,
    })
}

fn algorithm(
    reader: &mut Reader,
    table: &mut Table,
    choices: &[KeyAlgorithm],
) -> Option<KeyAlgorithm> {
    let choices: Vec<_> = choices.iter().map(|one| (one.as_str(), *one)).collect();
    table.choice(reader, "algorithm", &choices)
}

/// The device of a key, and where in it: under a label in a token, in a slot of a YubiKey.
fn place(
    reader: &mut Reader,
    table: &mut Table,
    devices: &Named<Device>,
    algorithm: Option<KeyAlgorithm>,
) -> (Option<String>, Option<KeyPlace>) {
    let Some(name) = table.words(reader, "device") else {
        table.skip(&PLACE_KEYS);
        return (None, None);
    };
    let place = match devices.all.iter().find(|device| device.name == name) {
        Some(device) => place_in(reader, table, &device.hardware, algorithm),
        None => {
            if !devices.has(&name) {
                let words = format!("{name:?} is no [[device]] of the plan");
                table.fault(reader, "device", words);
            }
            // Which of them belong there the device would say.
            table.skip(&PLACE_KEYS);
            None
        }
    };
    (Some(name), place)
}

fn place_in(
    reader: &mut Reader,
    table: &mut Table,
    hardware: &Hardware,
    algorithm: Option<KeyAlgorithm>,
) -> Option<KeyPlace> {
    let Hardware::YubiKey { firmware, .. } = hardware else {
        return table.words(reader, "label").map(KeyPlace::Label);
    };
    if let Some(algorithm) = algorithm
        && !is_made(algorithm, *firmware)
    {
        let words = format!("a YubiKey of firmware {firmware} makes no key for {algorithm}");
        table.fault(reader, "algorithm", words);
    }
    let slot = table.parsed(reader, "slot", |text| {
        text.parse::<Slot>().map_err(|error| error.to_string())
    });
    let pin = table.choice(reader, "pin-policy", &PIN_POLICIES);
    let touch = table.choice(reader, "touch-policy", &TOUCH_POLICIES);
    Some(KeyPlace::Slot {
        slot: slot?,
        pin: pin?,
        touch: touch?,
    })
}

fn check_place(
    reader: &mut Reader,
    table: &Table,
    (device, place): (&str, &KeyPlace),
    places: &mut BTreeSet<(String, String)>,
) {
    let (key, name) = match place {
        KeyPlace::Label(label) => ("label", label.clone()),
        KeyPlace::Slot { slot, .. } => ("slot", slot.to_string()),
    };
    if !places.insert((device.to_owned(), name.clone())) {
        let words = format!("{name:?} is that of another key in this device");
        table.fault(reader, key, words);
    }
}

/// What the files of the ledger key begin with.
const LEDGER: &str = "ledger";
/// The keys that say where in a device a key is.
const PLACE_KEYS: [&str; 4] = ["label", "slot", "pin-policy", "touch-policy"];
/// A CA key that never wants its PIN signs for whoever holds the card.
const PIN_POLICIES: [(&str, PinPolicy); 2] =
    [("once", PinPolicy::Once), ("always", PinPolicy::Always)];
const TOUCH_POLICIES: [(&str, TouchPolicy); 3] = [
    ("never", TouchPolicy::Never),
    ("always", TouchPolicy::Always),
    ("cached", TouchPolicy::Cached),
];
