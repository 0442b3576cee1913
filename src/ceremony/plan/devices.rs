//! Modules and the tokens behind them, YubiKeys, and whose word is taken for a card.

use std::path::PathBuf;

use super::reader::{Reader, Table};
use crate::secret::SecretKind;
use crate::signer::KeyAlgorithm;
use crate::signer::yubikey::Firmware;

/// A PKCS#11 module, which the machine must have as it was reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The file.
    pub path: PathBuf,
    /// Its SHA-256.
    pub sha256: [u8; 32],
}

/// A file of roots of attestation beside those that the program has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootFile {
    /// The file; from the plan's folder.
    pub path: PathBuf,
    /// Its SHA-256.
    pub sha256: [u8; 32],
}

/// A token or card that is in the room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// What the plan calls it.
    pub name: String,
    /// What it is.
    pub hardware: Hardware,
    /// Where the secrets come from that open it.
    pub pins: Pins,
    /// The number of the bag that it comes in.
    pub bag: String,
    /// The number of the bag that it goes into.
    pub new_bag: String,
    /// The number of the envelope that its PIN goes into; none where no PIN is on paper.
    pub pin_envelope: Option<String>,
    /// The number of the envelope that its PUK or SO PIN goes into, where the ceremony sets one and
    /// it is on paper.
    pub unlock_envelope: Option<String>,
}

/// What a device is, and how it is told from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hardware {
    /// A token behind a PKCS#11 module.
    Token(TokenPlace),
    /// A YubiKey.
    YubiKey {
        /// The serial number that is printed on it.
        serial: u32,
        /// Its firmware.
        firmware: Firmware,
    },
}

/// Where a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPlace {
    /// The module that it is behind.
    pub module: PathBuf,
    /// Its label.
    pub label: String,
    /// Its serial number.
    pub serial: String,
}

/// Where the secrets come from that open a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pins {
    /// They were set before: the PIN is typed off its paper.
    AreSet,
    /// They are made at random in the ceremony, which finds a card as the factory left it, and a token
    /// with PINs to be changed.
    Random,
    /// They follow from the secret that custodians hold in shares, and are set in the ceremony as those
    /// are.
    Shares,
}

impl Device {
    /// Its serial number, as it is printed on it or on its label.
    #[must_use]
    pub fn serial(&self) -> String {
        match &self.hardware {
            Hardware::Token(token) => token.serial.clone(),
            Hardware::YubiKey { serial, .. } => serial.to_string(),
        }
    }

    /// Whether it is a YubiKey.
    #[must_use]
    pub fn is_card(&self) -> bool {
        matches!(self.hardware, Hardware::YubiKey { .. })
    }

    /// What unlocks its PIN, or sets it anew.
    #[must_use]
    pub fn unlocked_by(&self) -> SecretKind {
        match self.hardware {
            Hardware::Token(_) => SecretKind::SoPin,
            Hardware::YubiKey { .. } => SecretKind::Puk,
        }
    }

    /// What it is, in words.
    #[must_use]
    pub fn words(&self) -> String {
        match &self.hardware {
            Hardware::Token(token) => {
                format!("token \"{}\", serial {}", token.label, token.serial)
            }
            Hardware::YubiKey { serial, firmware } => {
                format!("YubiKey {serial}, firmware {firmware}")
            }
        }
    }
}

/// What was read of tables, and the names of those too that something is wrong with: whatever refers
/// to them has no fault of its own.
pub(super) struct Named<T> {
    pub(super) all: Vec<T>,
    names: Vec<String>,
    /// Whether shares open one of them, also of those that something else is wrong with.
    pub(super) has_shared: bool,
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
        has_shared: false,
    }
}

/// Reads `[[device]]`.
pub(super) fn devices(
    reader: &mut Reader,
    top: &mut Table,
    modules: &Named<Module>,
) -> Named<Device> {
    let mut devices: Vec<Device> = Vec::new();
    let (mut names, mut has_shared) = (Vec::new(), false);
    for table in &mut top.tables(reader, "device") {
        let name = table.words(reader, "name");
        names.extend(name.clone());
        let (pins, read) = device(reader, table, name);
        has_shared |= pins == Some(Pins::Shares);
        table.end(reader);
        let Some(device) = read else { continue };
        if device.name == SHARES {
            table.fault(reader, "name", "is what the paper calls the shares");
        }
        if let Hardware::Token(token) = &device.hardware
            && !modules.has(&token.module.display().to_string())
        {
            table.fault(reader, "module", "is no [[module]] of the plan");
        }
        let same = |one: &Device| one.name == device.name || one.serial() == device.serial();
        if devices.iter().any(same) {
            table.fault(reader, "name", "name or serial is that of another device");
        }
        devices.push(device);
    }
    Named {
        all: devices,
        names,
        has_shared,
    }
}

impl<T> Named<T> {
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|one| one == name)
    }
}

impl Named<Device> {
    /// The one of this name, where it could be read.
    pub(super) fn find(&self, name: &str) -> Option<&Device> {
        self.all.iter().find(|device| device.name == name)
    }
}

/// A device, and its `pins` also where something else is wrong with it.
fn device(
    reader: &mut Reader,
    table: &mut Table,
    name: Option<String>,
) -> (Option<Pins>, Option<Device>) {
    let is_card = table.has("yubikey");
    let hardware = if is_card {
        yubikey(reader, table)
    } else {
        token(reader, table)
    };
    let pins = pins(reader, table);
    // Also where something else is wrong with it: one fault is no cause for another.
    let unlock_envelope = match (is_card, pins) {
        (true, Some(Pins::Random)) => Some(table.words(reader, "puk-envelope")),
        (false, Some(Pins::Random)) => Some(table.words(reader, "so-pin-envelope")),
        _ => None,
    };
    let (bag, new_bag) = (table.words(reader, "bag"), table.words(reader, "new-bag"));
    let pin_envelope = match pins {
        Some(Pins::Shares) => None,
        _ => Some(table.words(reader, "pin-envelope")),
    };
    if bag.is_some() && bag == new_bag {
        table.fault(
            reader,
            "new-bag",
            "is the bag that it comes in, which is cut open",
        );
    }
    let device = || {
        Some(Device {
            name: name?,
            hardware: hardware?,
            pins: pins?,
            bag: bag?,
            new_bag: new_bag?,
            pin_envelope: match pin_envelope {
                None => None,
                Some(envelope) => Some(envelope?),
            },
            unlock_envelope: match unlock_envelope {
                None => None,
                Some(envelope) => Some(envelope?),
            },
        })
    };
    (pins, device())
}

fn token(reader: &mut Reader, table: &mut Table) -> Option<Hardware> {
    let module = table.path(reader, "module");
    let (label, serial) = (table.words(reader, "token"), table.words(reader, "serial"));
    Some(Hardware::Token(TokenPlace {
        module: module?,
        label: label?,
        serial: serial?,
    }))
}

fn yubikey(reader: &mut Reader, table: &mut Table) -> Option<Hardware> {
    let serial = table.parsed(reader, "yubikey", |text| {
        let serial = text.parse::<u32>().map_err(|error| error.to_string())?;
        let is_it = serial.to_string() == text;
        is_it
            .then_some(serial)
            .ok_or_else(|| "is not a serial as it is printed".to_owned())
    });
    let firmware = table.parsed(reader, "firmware", |text| {
        let firmware = text
            .parse::<Firmware>()
            .map_err(|error| error.to_string())?;
        // Older ones tell neither what is in a slot nor whether a PIN is the factory's.
        (firmware >= OLDEST)
            .then_some(firmware)
            .ok_or_else(|| format!("firmware before {OLDEST} doesn't tell what is in it"))
    });
    Some(Hardware::YubiKey {
        serial: serial?,
        firmware: firmware?,
    })
}

fn pins(reader: &mut Reader, table: &mut Table) -> Option<Pins> {
    let choices = [
        ("are-set", Pins::AreSet),
        ("random", Pins::Random),
        ("shares", Pins::Shares),
    ];
    table.choice(reader, "pins", &choices)
}

/// Reads `[[attestation-root]]`.
pub(super) fn roots(reader: &mut Reader, top: &mut Table) -> Vec<RootFile> {
    let mut roots = Vec::new();
    for table in &mut top.tables(reader, "attestation-root") {
        let (path, sha256) = (table.path(reader, "path"), table.sha256(reader, "sha256"));
        table.end(reader);
        if let (Some(path), Some(sha256)) = (path, sha256) {
            roots.push(RootFile { path, sha256 });
        }
    }
    roots
}

/// A step seals each device by its name, and one seals the shares.
const SHARES: &str = "shares";
/// The first firmware that tells of every key and of its PIN (YubiKey 5.3, GET METADATA).
const OLDEST: Firmware = Firmware {
    major: 5,
    minor: 3,
    patch: 0,
};

/// Whether a YubiKey makes such a key (YubiKey 5 technical manual, 5.7 features).
pub(super) fn is_made(algorithm: KeyAlgorithm, firmware: Firmware) -> bool {
    match algorithm {
        KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::Rsa2048 => true,
        KeyAlgorithm::P521 => false,
        KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 | KeyAlgorithm::Ed25519 => firmware >= MORE,
    }
}

/// The first firmware with Ed25519 and long RSA keys.
const MORE: Firmware = Firmware {
    major: 5,
    minor: 7,
    patch: 0,
};
