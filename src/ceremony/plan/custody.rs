//! Who holds shares of the secret that opens the devices.

use super::Kind;
use super::devices::{Device, Named};
use super::people::{People, Role};
use super::reader::{Reader, TO_FILL_IN, Table};
use crate::secret::share::Quorum;

/// The shares of the one secret that PINs, PUKs and management keys follow from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custody {
    /// How many shares there are, and how many open the devices.
    pub quorum: Quorum,
    /// Who gets each share, in the order of their numbers.
    pub holders: Vec<Holder>,
    /// Whether the devices that shares open for this ceremony get the secrets of their next counter at its
    /// end. Those that get their first ones in it don't.
    pub rotates: bool,
}

/// Somebody who gets a share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The person.
    pub name: String,
    /// The number of the envelope that the share goes into.
    pub envelope: String,
}

/// Reads `[custody]`, which is there where a device is opened by shares.
pub(super) fn read(
    reader: &mut Reader,
    top: &mut Table,
    (kind, people): (Option<Kind>, Option<&People>),
    devices: &Named<Device>,
) -> Option<Custody> {
    let opens = devices.has_shared;
    if !top.has("custody") {
        if opens {
            reader.add(
                "custody",
                "is missing, and a device has pins = \"shares\"".to_owned(),
            );
        }
        return None;
    }
    if !opens {
        reader.add(
            "custody",
            "opens no device: none has pins = \"shares\"".to_owned(),
        );
    }
    let table = &mut top.table(reader, "custody");
    let rotates = rotates(reader, table, kind);
    let custody = shared(reader, table, people, rotates);
    table.end(reader);
    custody
}

/// Reads who holds how many shares, of which how many are needed.
pub(super) fn shared(
    reader: &mut Reader,
    table: &mut Table,
    people: Option<&People>,
    rotates: bool,
) -> Option<Custody> {
    let threshold = table.count(reader, "threshold");
    let names = table.list(reader, "custodians");
    let envelopes = table.list(reader, "envelopes");
    check_names(reader, table, &names, people);
    for (at, envelope) in envelopes.iter().enumerate() {
        let is_open = envelope == TO_FILL_IN;
        if !is_open && envelopes.iter().take(at).any(|other| other == envelope) {
            table.fault(reader, "envelopes", format!("{envelope:?} is there twice"));
        }
    }
    if envelopes.len() != names.len() {
        table.fault(
            reader,
            "envelopes",
            "are not as many as there are custodians",
        );
    }
    let number = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
    let quorum = match Quorum::new(number(threshold?), number(names.len())) {
        Ok(quorum) => quorum,
        Err(error) => {
            table.fault(reader, "threshold", error.to_string());
            return None;
        }
    };
    let holders = names.into_iter().zip(envelopes);
    let holders = holders.map(|(name, envelope)| Holder { name, envelope });
    Some(Custody {
        quorum,
        holders: holders.collect(),
        rotates,
    })
}

/// A device has nothing to change from where its first secrets are made.
fn rotates(reader: &mut Reader, table: &mut Table, kind: Option<Kind>) -> bool {
    let is_new = kind == Some(Kind::Create);
    if !table.has("rotate") {
        return !is_new;
    }
    let rotates = table.truth(reader, "rotate");
    if is_new {
        let words = "is of ceremonies on a ledger that is there: in this one devices get their first secrets";
        table.fault(reader, "rotate", words);
    }
    rotates.unwrap_or(true) && !is_new
}

/// Each is a custodian of the plan, and holds one share: two in one hand are one.
fn check_names(reader: &mut Reader, table: &Table, names: &[String], people: Option<&People>) {
    let Some(people) = people else { return };
    let named = names.iter().enumerate();
    for (at, name) in named.filter(|(_, name)| *name != TO_FILL_IN) {
        let person = people.all.iter().find(|person| person.name == *name);
        if !person.is_some_and(|person| person.roles.contains(&Role::Custodian)) {
            let words = format!("{name:?} is no person of the plan with role custodian");
            table.fault(reader, "custodians", words);
        }
        if names.iter().take(at).any(|other| other == name) {
            table.fault(reader, "custodians", format!("{name:?} is there twice"));
        }
    }
}
