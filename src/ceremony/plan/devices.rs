//! Modules, and the tokens behind them.

use std::path::PathBuf;

use super::reader::{Reader, Table};

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
    pub(super) fn has(&self, name: &str) -> bool {
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
