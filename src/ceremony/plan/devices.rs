//! Modules, tokens, and the keys that are made in them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::reader::{Reader, Table};
use crate::config::CaName;
use crate::ledger::Purpose;
use crate::signer::KeyAlgorithm;

/// A PKCS#11 module, which the machine must have as it was reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The file.
    pub path: PathBuf,
    /// Its SHA-256.
    pub sha256: [u8; 32],
}

/// A token that is in the room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// What the plan calls it.
    pub name: String,
    /// The module that it is behind.
    pub module: PathBuf,
    /// Its label.
    pub token: String,
    /// Its serial number.
    pub serial: String,
    /// The number of the bag that it comes in.
    pub bag: String,
    /// The number of the bag that it goes into.
    pub new_bag: String,
    /// The number of the envelope that its PIN goes into.
    pub pin_envelope: String,
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
    /// The label of the key.
    pub label: String,
}

/// The key that vouches for the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerKey {
    /// Its type: Ed25519 or P-256.
    pub algorithm: KeyAlgorithm,
    /// The device that makes and keeps it.
    pub device: String,
    /// The label of the key.
    pub label: String,
}

/// What was read of tables, and the names of those too that something is wrong with: whatever refers
/// to them has no fault of its own.
pub(super) struct Named<T> {
    pub(super) all: Vec<T>,
    names: Vec<String>,
}

/// Reads `[[module]]`.
pub(super) fn modules(reader: &mut Reader, top: &mut Table) -> Named<Module> {
    let mut modules: Vec<Module> = Vec::new();
    let mut names = Vec::new();
    for table in &mut top.tables(reader, "module") {
        let (path, sha256) = (table.path(reader, "path"), table.sha256(reader, "sha256"));
        table.end(reader);
        names.extend(path.iter().map(|path| path.display().to_string()));
        let (Some(path), Some(sha256)) = (path, sha256) else {
            continue;
        };
        if !path.is_absolute() {
            table.fault(reader, "path", "is not absolute");
        }
        if modules.iter().any(|module| module.path == path) {
            table.fault(reader, "path", "is there twice");
        }
        modules.push(Module { path, sha256 });
    }
    Named {
        all: modules,
        names,
    }
}

/// Reads `[[device]]`.
pub(super) fn devices(
    reader: &mut Reader,
    top: &mut Table,
    modules: &Named<Module>,
) -> Named<Device> {
    let mut devices: Vec<Device> = Vec::new();
    let mut names = Vec::new();
    for table in &mut top.tables(reader, "device") {
        let name = table.words(reader, "name");
        names.extend(name.clone());
        let read = device(reader, table, name);
        table.end(reader);
        let Some(device) = read else { continue };
        if !modules.has(&device.module.display().to_string()) {
            table.fault(reader, "module", "is no [[module]] of the plan");
        }
        let same = |one: &Device| one.name == device.name || one.serial == device.serial;
        if devices.iter().any(same) {
            table.fault(reader, "name", "name or serial is that of another device");
        }
        devices.push(device);
    }
    Named {
        all: devices,
        names,
    }
}

impl<T> Named<T> {
    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|one| one == name)
    }
}

fn device(reader: &mut Reader, table: &mut Table, name: Option<String>) -> Option<Device> {
    let module = table.path(reader, "module");
    let (token, serial) = (table.words(reader, "token"), table.words(reader, "serial"));
    let (bag, new_bag) = (table.words(reader, "bag"), table.words(reader, "new-bag"));
    let pin_envelope = table.words(reader, "pin-envelope");
    if bag.is_some() && bag == new_bag {
        table.fault(
            reader,
            "new-bag",
            "is the bag that it comes in, which is cut open",
        );
    }
    Some(Device {
        name: name?,
        module: module?,
        token: token?,
        serial: serial?,
        bag: bag?,
        new_bag: new_bag?,
        pin_envelope: pin_envelope?,
    })
}

/// Reads `[[ca]]` and `[ledger-key]`. No two keys share a label in one device.
pub(super) fn keys(
    reader: &mut Reader,
    top: &mut Table,
    devices: &Named<Device>,
) -> (Vec<Ca>, Option<LedgerKey>) {
    let mut labels = BTreeSet::new();
    let mut cas: Vec<Ca> = Vec::new();
    let tables = &mut top.tables(reader, "ca");
    if tables.is_empty() {
        reader.add("ca", "no CA is to be made".to_owned());
    }
    for table in tables {
        let read = ca(reader, table);
        table.end(reader);
        let Some(ca) = read else { continue };
        check_place(reader, table, devices, (&ca.device, &ca.label), &mut labels);
        if cas.iter().any(|one| one.name == ca.name) {
            table.fault(reader, "name", "is that of another CA");
        }
        cas.push(ca);
    }
    let table = &mut top.table(reader, "ledger-key");
    let read = ledger_key(reader, table);
    table.end(reader);
    if let Some(key) = &read {
        check_place(
            reader,
            table,
            devices,
            (&key.device, &key.label),
            &mut labels,
        );
    }
    (cas, read)
}

fn ca(reader: &mut Reader, table: &mut Table) -> Option<Ca> {
    let purposes = [("user", Purpose::User), ("host", Purpose::Host)];
    let name = table.parsed(reader, "name", |text| {
        text.parse::<CaName>().map_err(|error| error.to_string())
    });
    let certificates = table.choice(reader, "certificates", &purposes);
    let algorithm = algorithm(reader, table, &KeyAlgorithm::ALL);
    let (device, label) = (table.words(reader, "device"), table.words(reader, "label"));
    // Said on purpose: what has no copy is lost with its device.
    let copies = table.choice(reader, "copies", &[("none", ())]);
    copies?;
    Some(Ca {
        name: name?,
        certificates: certificates?,
        algorithm: algorithm?,
        device: device?,
        label: label?,
    })
}

fn ledger_key(reader: &mut Reader, table: &mut Table) -> Option<LedgerKey> {
    let algorithm = algorithm(reader, table, &[KeyAlgorithm::Ed25519, KeyAlgorithm::P256]);
    let (device, label) = (table.words(reader, "device"), table.words(reader, "label"));
    Some(LedgerKey {
        algorithm: algorithm?,
        device: device?,
        label: label?,
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

fn check_place(
    reader: &mut Reader,
    table: &Table,
    devices: &Named<Device>,
    (device, label): (&str, &str),
    labels: &mut BTreeSet<(String, String)>,
) {
    if !devices.has(device) {
        table.fault(
            reader,
            "device",
            format!("{device:?} is no [[device]] of the plan"),
        );
    }
    if !labels.insert((device.to_owned(), label.to_owned())) {
        table.fault(
            reader,
            "label",
            format!("{label:?} is that of another key in this device"),
        );
    }
}
