//! What a ceremony of kind `compromise` does: a new CA in the place of one whose key is stolen, or may be.

use ssh_key::PublicKey;
use ssh_key::public::KeyData;
use std::collections::BTreeSet;
use std::path::PathBuf;

use super::devices::{Device, Named};
use super::ledger::LedgerBefore;
use super::reader::{Reader, TO_FILL_IN, Table};
use super::restore;
use super::retire::EndOfCopy;
use super::rollover::{self, NewBeside};
use crate::ceremony::instant::Instant;
use crate::certificate::{KeyId, Kind, Options, Principals, Validity};
use crate::ledger::Purpose;
use crate::request::{Reason, RequesterName, RoleName};

/// A new CA, who gets in by it first, and the end of the old one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compromise {
    /// Why, for the ledger.
    pub reason: Reason,
    /// What servers know the list of revoked keys by; none for the names of all CAs.
    pub list_name: Option<String>,
    /// The servers that must not be lost.
    pub servers: Vec<String>,
    /// The folder of their reports; from the plan's folder.
    pub reports: PathBuf,
    /// The CA that goes, and the one that comes.
    pub beside: NewBeside,
    /// Who gets in by the new CA before the old one is shut out.
    pub emergencies: Vec<Emergency>,
    /// What a thief may have of the old CA's key: all of it ends as missing.
    pub lost: Vec<EndOfCopy>,
}

/// A certificate for somebody who opens the servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emergency {
    /// Whose it is.
    pub name: RequesterName,
    /// Their key.
    pub key: KeyData,
    /// The role that allows it.
    pub role: RoleName,
    /// The names that it is valid for.
    pub principals: Principals,
    /// When it is valid, absolute.
    pub validity: Validity,
    /// What servers write into their logs: what the role makes of it.
    pub key_id: KeyId,
    /// Its critical options and extensions, and no others.
    pub options: Options,
}

/// Reads `[compromise]`, `[[ca]]`, `[[emergency]]` and `[[lost]]`.
pub(super) fn read(
    reader: &mut Reader,
    top: &mut Table,
    (devices, ledger): (&Named<Device>, Option<&LedgerBefore>),
    window: Option<(Instant, Instant)>,
) -> Option<Compromise> {
    let table = &mut top.table(reader, "compromise");
    let reason = table.parsed(reader, "reason", |text| {
        text.parse::<Reason>().map_err(|error| error.to_string())
    });
    let list_name = table.words_if_there(reader, "list-name");
    let servers = table.list(reader, "servers");
    if servers.is_empty() {
        table.fault(
            reader,
            "servers",
            "names no server, so that who is locked out is not known",
        );
    }
    if servers.iter().collect::<BTreeSet<_>>().len() != servers.len() {
        table.fault(reader, "servers", "names a server twice");
    }
    let reports = table.path(reader, "reports");
    table.end(reader);
    let beside = rollover::read(reader, top, devices, ledger);
    let new = beside.as_ref().and_then(|beside| beside.cas.first());
    if new.is_some_and(|ca| ca.certificates == Purpose::Host) {
        let words = "is for hosts, whose clients can't be asked: docs/compromise.md tells the way";
        reader.add("ca 1, certificates", words.to_owned());
    }
    let mut emergencies: Vec<Emergency> = Vec::new();
    let tables = &mut top.tables(reader, "emergency");
    if tables.is_empty() {
        reader.add(
            "emergency",
            "nobody gets in when the old key is shut out".to_owned(),
        );
    }
    for table in tables {
        let read = emergency(reader, table, window);
        table.end(reader);
        let Some(read) = read else { continue };
        if emergencies.iter().any(|one| one.key == read.key) {
            table.fault(reader, "key", "is that of another [[emergency]]");
        }
        if emergencies.iter().any(|one| one.name == read.name) {
            table.fault(reader, "name", "is that of another [[emergency]]");
        }
        emergencies.push(read);
    }
    let (lost, _) = restore::lost(reader, top, ledger);
    Some(Compromise {
        reason: reason?,
        list_name,
        servers,
        reports: reports?,
        beside: beside?,
        emergencies,
        lost,
    })
}

fn emergency(
    reader: &mut Reader,
    table: &mut Table,
    window: Option<(Instant, Instant)>,
) -> Option<Emergency> {
    let name = table.parsed(reader, "name", |text| {
        text.parse::<RequesterName>()
            .map_err(|error| error.to_string())
    });
    let key = table
        .line(reader, "key")
        .map(|line| line.parse::<PublicKey>());
    if let Some(Err(error)) = &key {
        let words = format!("is no public key in OpenSSH's form: {error}");
        table.fault(reader, "key", words);
    }
    let role = table.parsed(reader, "role", |text| {
        text.parse::<RoleName>().map_err(|error| error.to_string())
    });
    let principals = table.list(reader, "principals");
    let read = Principals::parse(&principals.join(","), Kind::User);
    if let (Err(error), false) = (&read, principals.iter().any(|name| name == TO_FILL_IN)) {
        table.fault(reader, "principals", error.to_string());
    }
    let (from, until) = (
        table.instant(reader, "from"),
        table.instant(reader, "until"),
    );
    let validity = from.zip(until).map(|(from, until)| validity(from, until));
    if let Some(Err(words)) = &validity {
        table.fault(reader, "until", words.clone());
    }
    let key_id = table.parsed(reader, "key-id", |text| {
        KeyId::parse(text).map_err(|error| error.to_string())
    });
    let options = table.list(reader, "options");
    let options: Vec<_> = std::iter::once("clear".to_owned()).chain(options).collect();
    let options = Options::parse(Kind::User, &options);
    if let Err(error) = &options {
        table.fault(reader, "options", error.to_string());
    }
    // Who gets in by it gets in while the old key is shut out.
    if let (Some((begins, ends)), Some(Ok(_))) = (window, &validity) {
        if until.is_some_and(|until| until <= begins) {
            let words =
                "is before the window begins: nobody gets in by it; give a time behind its end";
            table.fault(reader, "until", words);
        }
        if from.is_some_and(|from| from >= ends) {
            let words = "is behind the end of the window: nobody gets in by it before the old key is shut out; \
                         give a time before its end";
            table.fault(reader, "from", words);
        }
    }
    Some(Emergency {
        name: name?,
        key: key?.ok()?.key_data().clone(),
        role: role?,
        principals: read.ok()?,
        validity: validity?.ok()?,
        key_id: key_id?,
        options: options.ok()?,
    })
}

fn validity(from: Instant, until: Instant) -> Result<Validity, String> {
    let validity = Validity::new(from.seconds(), until.seconds());
    validity.map_err(|error| error.to_string())
}

/// The file of the ceremony that is the test certificate before it.
pub(in crate::ceremony) fn emergency_test_file(number: usize) -> String {
    format!("emergency-{}.test-cert.pub", number + 1)
}

/// The file of the ceremony that is the certificate of an `[[emergency]]`, by its place in the plan.
pub(in crate::ceremony) fn emergency_file(number: usize) -> String {
    format!("emergency-{}-cert.pub", number + 1)
}
