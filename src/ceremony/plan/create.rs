//! The keys that a ceremony of kind `create` makes.

use std::collections::BTreeSet;

use super::devices::{Device, Named};
use super::reader::{Reader, Table};
use crate::config::CaName;
use crate::ledger::Purpose;
use crate::signer::KeyAlgorithm;

/// What a ceremony makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Create {
    /// The CAs whose keys are made.
    pub cas: Vec<Ca>,
    /// The key that vouches for the ledger.
    pub ledger_key: LedgerKey,
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

/// Reads `[[ca]]` and `[ledger-key]`. No two keys share a label in one device.
pub(super) fn read(
    reader: &mut Reader,
    top: &mut Table,
    devices: &Named<Device>,
) -> Option<Create> {
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
    Some(Create {
        cas,
        ledger_key: read?,
    })
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
