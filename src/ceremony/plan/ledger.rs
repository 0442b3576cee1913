//! The ledger and the CAs that a ceremony finds, where it doesn't make them.

use base64ct::{Base64, Encoding as _};
use ssh_key::Fingerprint;

use super::devices::{Device, Named};
use super::reader::{Reader, Table};
use crate::config::CaName;
use crate::ledger::checkpoint::Checkpoint;

/// A ledger that is there before the ceremony, as its people know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerBefore {
    /// A head that it goes on from: the one that was signed last, off its paper or from the mirror.
    pub head: Checkpoint,
    /// The CAs that the ceremony is about.
    pub cas: Vec<CaBefore>,
}

/// A CA that is there before the ceremony.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaBefore {
    /// Its name in config and ledger.
    pub name: CaName,
    /// The fingerprint of its key, as it stands on the key card.
    pub fingerprint: Fingerprint,
    /// The device of the room that holds its key; none where no such device is in the room.
    pub device: Option<String>,
}

impl CaBefore {
    /// What of it people compare.
    #[must_use]
    pub fn words(&self) -> String {
        match &self.device {
            Some(device) => format!("{}, in `{device}`", self.fingerprint),
            None => format!("{}, in no device of the room", self.fingerprint),
        }
    }
}

/// Reads `[ledger]` and `[[known-ca]]`.
pub(super) fn read(
    reader: &mut Reader,
    top: &mut Table,
    devices: &Named<Device>,
) -> Option<LedgerBefore> {
    let table = &mut top.table(reader, "ledger");
    let (origin, size) = (table.words(reader, "name"), table.size(reader, "size"));
    let root = table.parsed(reader, "root", root);
    table.end(reader);
    let mut cas: Vec<CaBefore> = Vec::new();
    let tables = &mut top.tables(reader, "known-ca");
    if tables.is_empty() {
        reader.add("known-ca", "no CA is named".to_owned());
    }
    for table in tables {
        let read = ca(reader, table, devices);
        table.end(reader);
        let Some(ca) = read else { continue };
        if cas.iter().any(|one| one.name == ca.name) {
            table.fault(reader, "name", "is that of another CA");
        }
        cas.push(ca);
    }
    let head = Checkpoint {
        origin: origin?,
        size: size?,
        root: root?,
    };
    Some(LedgerBefore { head, cas })
}

fn ca(reader: &mut Reader, table: &mut Table, devices: &Named<Device>) -> Option<CaBefore> {
    let name = table.parsed(reader, "name", |text| {
        text.parse::<CaName>().map_err(|error| error.to_string())
    });
    let fingerprint = table.parsed(reader, "fingerprint", sha256_fingerprint);
    let device = table.words_if_there(reader, "device");
    if let Some(device) = &device
        && !devices.has(device)
    {
        let words = format!("{device:?} is no [[device]] of the plan");
        table.fault(reader, "device", words);
    }
    Some(CaBefore {
        name: name?,
        fingerprint: fingerprint?,
        device,
    })
}

/// A root as a head has it, in Base64; or in hexadecimal, as transcripts have it.
fn root(text: &str) -> Result<[u8; 32], String> {
    let mut root = [0; 32];
    let is_hex = base16ct::lower::decode(text, &mut root).is_ok_and(|read| read.len() == 32);
    let is_read = is_hex || Base64::decode(text, &mut root).is_ok_and(|read| read.len() == 32);
    is_read
        .then_some(root)
        .ok_or_else(|| "no root of a head: 32 bytes in Base64 or lower-case hexadecimal".to_owned())
}

/// A fingerprint as OpenSSH shows it: others are too short to be compared.
fn sha256_fingerprint(text: &str) -> Result<Fingerprint, String> {
    let read: Fingerprint = text
        .parse()
        .map_err(|error: ssh_key::Error| error.to_string())?;
    match read {
        Fingerprint::Sha256(_) => Ok(read),
        _ => Err("is not of SHA-256".to_owned()),
    }
}
