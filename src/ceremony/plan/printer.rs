//! The program that sheets of secrets are printed by.

use super::Kind;
use super::devices::{Device, Pins};
use super::reader::{Reader, Table};

/// A program that gets the sheet of a secret on its standard input, as it was reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printer {
    /// The program, by an absolute path.
    pub program: String,
    /// What it is started with. No shell reads it, and nothing of a secret is in it.
    pub arguments: Vec<String>,
    /// SHA-256 of the program.
    pub sha256: [u8; 32],
}

impl Printer {
    /// The program with its arguments, for people.
    #[must_use]
    pub fn words(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.arguments);
        words.cloned().collect::<Vec<_>>().join(" ")
    }
}

/// Reads `print` and `print-sha256` of `[machine]`, which are there together or not at all.
pub(super) fn read(reader: &mut Reader, machine: &mut Table) -> Option<Printer> {
    if !machine.has(PRINT) && !machine.has(HASH) {
        return None;
    }
    let has_command = machine.has(PRINT);
    let mut command = machine.list(reader, PRINT).into_iter();
    let sha256 = machine.sha256(reader, HASH);
    let Some(program) = command.next() else {
        if has_command {
            machine.fault(reader, PRINT, "names no program");
        }
        return None;
    };
    if !program.starts_with('/') {
        machine.fault(reader, PRINT, format!("{program:?} is no absolute path"));
    }
    Some(Printer {
        program,
        arguments: command.collect(),
        sha256: sha256?,
    })
}

/// A printer is for secrets that are shown in this ceremony.
pub(super) fn check_use(
    reader: &mut Reader,
    printer: Option<&Printer>,
    kind: Option<Kind>,
    (devices, shares_secret): (&[Device], bool),
) {
    let is_made = |device: &Device| device.pins == Pins::Random;
    let is_shown = devices.iter().any(is_made)
        || (shares_secret && kind.is_none_or(|kind| !kind.finds_ledger()));
    if printer.is_some() && !is_shown {
        let words = "prints nothing: no PIN and no share is shown in this ceremony";
        reader.add("machine, print", words.to_owned());
    }
}

const PRINT: &str = "print";
const HASH: &str = "print-sha256";
