//! The plan of a ceremony: all that will happen, in one file that is reviewed before.
//!
//! Strict TOML (`docs/formats/plan.md`): an unknown key is a fault, all faults are told at once, and
//! there is no key for a secret. The SHA-256 of its bytes is the plan's name in paper, transcript
//! and ledger.

mod blobs;
mod components;
mod compromise;
mod copies;
mod create;
mod custody;
mod devices;
mod draft;
mod drill;
mod fault;
mod ledger;
mod lines;
mod people;
mod printer;
mod reader;
mod restore;
mod retire;
mod rollover;
mod sign;
mod task;
#[cfg(test)]
pub(super) mod tests;

use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

pub use blobs::PlannedBlob;
pub use components::Components;
pub(super) use components::wrapped_file;
pub use compromise::{Compromise, Emergency};
pub(super) use compromise::{emergency_file, emergency_test_file};
pub use copies::Copies;
pub use create::{Ca, Create, KeyPlace, LedgerKey};
pub use custody::{Custody, Holder};
pub use devices::{Device, Hardware, Module, Pins, RootFile, TokenPlace};
pub use draft::{Draft, DraftDevices, DraftError, DraftLedger, LastCeremony};
pub use drill::Drill;
pub(super) use fault::in_lines;
pub use fault::{PlanFault, PlanFaults};
pub use ledger::{CaBefore, LedgerBefore};
pub use people::{People, Person, Role};
pub use printer::Printer;
pub use restore::Restore;
pub use retire::{End, EndOfCopy, Paper, Retire};
pub use rollover::NewBeside;
pub use sign::{Medium, PlannedBundle, Sign};
pub use task::{Kind, Task};

use self::devices::Named;
use self::reader::Reader;
use super::instant::Instant;
use crate::wire::{bytes_of_words, words};

/// A plan that was read whole and found without fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What the ceremony does, with the keys of the plan that only its kind has.
    pub task: Task,
    /// What it is for, in its people's words.
    pub purpose: String,
    /// The room.
    pub place: String,
    /// The config of the CA, which names the ledger; from the plan's folder.
    pub config: PathBuf,
    /// Where transcript and outputs go; from the plan's folder.
    pub folder: PathBuf,
    /// The value of the transcript of the ceremony before; none where this is the first.
    pub last: Option<[u8; 32]>,
    /// SHA-256 of the plan that this is a rehearsal of; none where it is no rehearsal.
    pub rehearsal_of: Option<[u8; 32]>,
    /// Whether it is held only after a rehearsal of this very plan.
    pub requires_rehearsal: bool,
    /// When it may begin, and by when it must have ended.
    pub window: (Instant, Instant),
    /// Who takes part.
    pub people: People,
    /// What the machine is started from.
    pub boot_medium: String,
    /// SHA-256 of the program that holds the ceremony.
    pub program: [u8; 32],
    /// What sheets of secrets are printed by; none where they are written by hand.
    pub printer: Option<Printer>,
    /// The PKCS#11 modules.
    pub modules: Vec<Module>,
    /// Roots of attestation beside those that the program has.
    pub roots: Vec<RootFile>,
    /// The tokens and cards that are in the room.
    pub devices: Vec<Device>,
    /// Who holds shares of what opens them; none where nothing is shared.
    pub custody: Option<Custody>,
    /// Who holds components of the key that CA keys are wrapped by; none where none is.
    pub components: Option<Components>,
    /// The ledger that is there before; none where the ceremony makes it.
    pub ledger: Option<LedgerBefore>,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
}

impl Plan {
    /// Reads the bytes of a plan.
    ///
    /// # Errors
    /// [`PlanFaults`], all of them.
    pub fn parse(bytes: &[u8]) -> Result<Self, PlanFaults> {
        if bytes.len() > PLAN_BYTES_MAX {
            return Err(PlanFault::file(format!("more than {PLAN_BYTES_MAX} bytes")).into());
        }
        let text =
            std::str::from_utf8(bytes).map_err(|error| PlanFault::file(error.to_string()))?;
        let mut reader = Reader::new(text)?;
        let plan = read(&mut reader, Sha256::digest(bytes).into());
        let faults = reader.end();
        match plan {
            Some(plan) if faults.is_empty() => Ok(plan),
            _ => Err(faults.into()),
        }
    }

    /// The words of its SHA-256.
    #[must_use]
    pub fn words(&self) -> String {
        words(&self.sha256)
    }

    /// The device of this name.
    #[must_use]
    pub fn device(&self, name: &str) -> Option<&Device> {
        self.devices.iter().find(|device| device.name == name)
    }
}

/// Reads all of it, whatever is at fault; none where something is missing.
fn read(reader: &mut Reader, sha256: [u8; 32]) -> Option<Plan> {
    let top = &mut reader.top();
    let kind = top.choice(reader, "kind", &Kind::ALL.map(|kind| (kind.as_str(), kind)));
    let (purpose, place) = (top.words(reader, "purpose"), top.words(reader, "place"));
    let (config, folder) = (top.path(reader, "config"), top.path(reader, "folder"));
    if let (Some(config), Some(folder)) = (&config, &folder)
        && config
            .parent()
            .is_some_and(|of_ca| same_folder(of_ca, folder))
    {
        let words = "is that of the config: what the ceremony makes lies in a folder of its own";
        top.fault(reader, "folder", words);
    }
    let last = top
        .hash_words(reader, "last")
        .and_then(|text| last(reader, &text));
    let rehearsal_of = top.sha256_if_there(reader, "rehearsal-of");
    let requires_rehearsal = top.truth(reader, "requires-rehearsal");
    if rehearsal_of.is_some() && requires_rehearsal == Some(true) {
        reader.add(
            "requires-rehearsal",
            "is true in the plan of a rehearsal".to_owned(),
        );
    }
    let window = window(reader, top);
    let people = people::read(reader, top);
    let machine = &mut top.table(reader, "machine");
    let boot_medium = machine.words(reader, "boot-medium");
    let program = machine.sha256(reader, "program");
    let printer = printer::read(reader, machine);
    machine.end(reader);
    let modules = devices::modules(reader, top);
    let roots = devices::roots(reader, top);
    let devices = devices::devices(reader, top, &modules);
    let custody = custody::read(reader, top, (kind, people.as_ref()), &devices);
    let has_components = top.has("components");
    printer::check_use(
        reader,
        printer.as_ref(),
        kind,
        (&devices.all, custody.is_some() || has_components),
    );
    let ledger = match kind {
        Some(kind) if kind.finds_ledger() => Some(ledger::read(reader, top, &devices)),
        _ => None,
    };
    let known = ledger.as_ref().and_then(Option::as_ref);
    let who = (kind, people.as_ref());
    let components = components::read(reader, top, who, (&devices, known));
    let blobs = components.as_ref().map(|one| one.blobs.as_slice());
    let before = (known, blobs.unwrap_or_default());
    let task = task(reader, top, (kind, window), (&devices, before));
    if let (Some(task), Some(kind)) = (&task, kind) {
        components::are_of_use(reader, (kind, has_components), task.cas());
    }
    if let (Some(task), None) = (&task, rehearsal_of) {
        are_in_earnest(reader, task.cas());
    }
    top.end(reader);
    Some(Plan {
        task: task?,
        purpose: purpose?,
        place: place?,
        config: config?,
        folder: folder?,
        last: last?,
        rehearsal_of,
        requires_rehearsal: requires_rehearsal?,
        window: window?,
        people: people?,
        boot_medium: boot_medium?,
        program: program?,
        printer,
        modules: modules.all,
        roots,
        devices: devices.all,
        custody,
        components,
        ledger: match ledger {
            Some(ledger) => Some(ledger?),
            None => None,
        },
        sha256,
    })
}

/// What is made in earnest is never taken for what a rehearsal made.
fn are_in_earnest(reader: &mut Reader, cas: &[Ca]) {
    for (number, ca) in (1..).zip(cas) {
        let name = ca.name.as_str();
        if name.to_ascii_lowercase().starts_with(OF_REHEARSAL) {
            let words = format!("{name:?} begins as the names of a rehearsal do");
            reader.add(&format!("ca {number}, name"), words);
        }
    }
}

/// Before the names of what a rehearsal makes.
pub(super) const OF_REHEARSAL: &str = "rehearsal-";

/// Reads what only plans of this kind have.
fn task(
    reader: &mut Reader,
    top: &mut reader::Table,
    (kind, window): (Option<Kind>, Option<(Instant, Instant)>),
    (devices, (ledger, blobs)): (&Named<Device>, (Option<&LedgerBefore>, &[PlannedBlob])),
) -> Option<Task> {
    let until = window.map(|(_, until)| until);
    match kind {
        None => {
            // Whose keys the rest are, nobody knows.
            top.leave();
            None
        }
        Some(Kind::Create) => create::read(reader, top, until, devices).map(Task::Create),
        Some(Kind::Sign) => sign::read(reader, top, ledger).map(Task::Sign),
        Some(Kind::Retire) => retire::read(reader, top, devices, ledger).map(Task::Retire),
        Some(Kind::Rollover) => rollover::read(reader, top, devices, ledger).map(Task::Rollover),
        Some(Kind::Restore) => restore::read(reader, top, (ledger, blobs)).map(Task::Restore),
        Some(Kind::Drill) => drill::read(reader, top, until, (ledger, blobs)).map(Task::Drill),
        Some(Kind::Compromise) => {
            compromise::read(reader, top, (devices, ledger), window).map(Task::Compromise)
        }
    }
}

/// Whether two paths of a plan are one, by their parts.
fn same_folder(one: &Path, other: &Path) -> bool {
    let parts = |path: &Path| -> PathBuf {
        let parts = path.components();
        parts.filter(|part| *part != Component::CurDir).collect()
    };
    parts(one) == parts(other)
}

/// The words that lie on paper from the ceremony before.
fn last(reader: &mut Reader, text: &str) -> Option<Option<[u8; 32]>> {
    if text == "none" {
        return Some(None);
    }
    let value = bytes_of_words(text).map_err(|error| error.to_string());
    let value = value.and_then(|bytes| {
        let length = bytes.len();
        <[u8; 32]>::try_from(bytes).map_err(|_length| format!("{length} words, and not 32"))
    });
    match value {
        Ok(value) => Some(Some(value)),
        Err(words) => {
            reader.add("last", format!("neither \"none\" nor 32 words: {words}"));
            None
        }
    }
}

fn window(reader: &mut Reader, top: &mut reader::Table) -> Option<(Instant, Instant)> {
    let table = &mut top.table(reader, "window");
    let (from, until) = (
        table.instant(reader, "from"),
        table.instant(reader, "until"),
    );
    table.end(reader);
    let (from, until) = (from?, until?);
    if from >= until {
        reader.add("window", "ends before it begins".to_owned());
        return None;
    }
    Some((from, until))
}

/// The longest plan that is read.
pub const PLAN_BYTES_MAX: usize = 256 * 1024;
