//! Reading a manifest, and telling all that is wrong with it.

use std::io;
use std::path::Path;

use super::failure::{Advised, At, Failure, Kind};
use super::words::number_of;
use crate::batch::manifest::{
    Column, Form, LARGEST_MANIFEST, Line, LineFault, ManifestError, ManifestFault, Setting,
};
use crate::config::{self, Config, read_bytes};
use crate::file::bytes_from;
use crate::request::Ask;

/// Reads all lines of a manifest, and the key files that they name. `ask` is what is asked where
/// a line leaves it open.
///
/// # Errors
/// All that is wrong with it.
pub(crate) fn lines(
    manifest: &Path,
    ask: &Ask,
    out_dir: Option<&Path>,
    config: &Config,
) -> Result<Vec<Line>, Failure> {
    let setting = Setting {
        ask,
        policy: config.policy(),
        folder: manifest.parent().unwrap_or(Path::new("")),
        out_dir,
        now: config::now(),
        zone: &config::time_zone,
    };
    let bytes = read(manifest).in_file(manifest)?;
    let lines = Line::read_all(Form::of(manifest, &bytes), &bytes, &setting);
    lines.map_err(|error| failure(error, manifest))
}

fn read(manifest: &Path) -> io::Result<Vec<u8>> {
    if manifest == Path::new("-") {
        return bytes_from(io::stdin().lock(), LARGEST_MANIFEST);
    }
    read_bytes(manifest, LARGEST_MANIFEST)
}

/// How a line is called, as compilers do.
pub(crate) fn at(manifest: &Path, line: u64) -> String {
    format!("{}:{line}", manifest.display())
}

/// All that is wrong, a line each; a hint once.
fn failure(error: ManifestError, manifest: &Path) -> Failure {
    let ManifestError::Lines(faults) = error else {
        return Failure::of(Kind::Failed, error).at(manifest.display().to_string());
    };
    let more = faults.len().saturating_sub(MOST_TOLD);
    let mut told = Vec::new();
    let mut failures = faults.into_iter().take(MOST_TOLD).map(|fault| {
        let ManifestFault { line, fault } = fault;
        let hint = hint(&fault).filter(|hint| !told.contains(hint));
        let failure = Failure::of(Kind::Failed, fault).at(at(manifest, line));
        told.extend(hint.clone());
        hint.into_iter().fold(failure, Failure::hint)
    });
    let first = failures.next();
    let first = first.unwrap_or_else(|| Failure::new(NOTHING));
    let all = failures.fold(first, Failure::beside);
    match u64::try_from(more) {
        Ok(0) => all.hint(NOTHING),
        more => {
            let faults = number_of(more.unwrap_or(u64::MAX), "more fault");
            all.beside(Failure::new(format!("and {faults}")).hint(NOTHING))
        }
    }
}

fn hint(fault: &LineFault) -> Option<String> {
    match fault {
        LineFault::UnknownColumn(_) | LineFault::NoKeyColumn => {
            let names: Vec<_> = Column::ALL.iter().map(|column| column.name()).collect();
            Some(format!("the columns are {}", names.join(", ")))
        }
        LineFault::Cells { .. } | LineFault::Quote => Some(QUOTES.to_owned()),
        LineFault::Validity(error) => error.hint(),
        LineFault::NoKeyId => Some("say it in the line, or for all lines with -I".to_owned()),
        LineFault::NoPrincipals => {
            Some("say them in the line, or for all lines with -n".to_owned())
        }
        _ => None,
    }
}

const QUOTES: &str = "a cell with a comma in it stands in quotes: \"peter,root\"";
const NOTHING: &str = "nothing of a manifest is signed while a line of it is wrong";
/// More than anybody mends at once.
const MOST_TOLD: usize = 100;
