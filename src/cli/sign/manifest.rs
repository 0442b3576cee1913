//! `--manifest`: the subjects of a list, each with what is asked for it.

use std::io;
use std::path::{Path, PathBuf};

use super::Sign;
use super::arguments::one_for_several;
use crate::batch::manifest::{
    Column, Form, LARGEST_MANIFEST, Line, LineFault, ManifestError, ManifestFault, Setting,
};
use crate::batch::{Named, SerialPlan};
use crate::cli::base::failure::{Advised, At, Failure, Kind};
use crate::cli::base::words::number_of;
use crate::config::{self, Config, read_bytes};
use crate::file::bytes_from;
use crate::issue::Asked;
use crate::request::{Ask, Requester};

/// The subjects of a manifest, and whether the manifest says whose a key is.
pub(super) struct Subjects {
    pub(super) lines: Vec<Line>,
    manifest: PathBuf,
}

impl Sign {
    /// Reads the manifest, if one is named, and the keys that it names.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(super) fn manifest(
        &self,
        ask: Option<&Ask>,
        serials: SerialPlan,
        config: &Config,
    ) -> Result<Option<Subjects>, Failure> {
        let (Some(manifest), Some(ask)) = (&self.manifest, ask) else {
            return Ok(None);
        };
        let setting = Setting {
            ask,
            policy: config.policy(),
            folder: manifest.parent().unwrap_or(Path::new("")),
            out_dir: self.out_dir.as_deref(),
            now: config::now(),
            zone: &config::time_zone,
        };
        let bytes = read(manifest).in_file(manifest)?;
        let lines = Line::read_all(Form::of(manifest, &bytes), &bytes, &setting);
        let lines = lines.map_err(|error| failure(error, manifest))?;
        let keys = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        match serials {
            SerialPlan::Single(serial) if keys > 1 => return Err(one_for_several(serial, keys)),
            _ => {}
        }
        if let Some(folder) = self.out_dir.as_deref().filter(|_| !self.dry_run) {
            std::fs::create_dir_all(folder).in_file(folder)?;
        }
        let manifest = manifest.clone();
        Ok(Some(Subjects { lines, manifest }))
    }
}

impl Subjects {
    /// Whether a line says whose its key is, for which a person's word may be wanted.
    pub(super) fn name_somebody(&self) -> bool {
        self.lines.iter().any(|line| line.requester.is_some())
    }

    /// What a run is about.
    pub(super) fn named(self) -> Vec<Named> {
        let manifest = self.manifest;
        let named = |line: Line| Named {
            name: at(&manifest, line.number).into(),
            output: line.output,
            comment: line.comment,
            asked: match line.requester {
                Some(named) => Asked::Listed {
                    subject: line.key,
                    ask: Box::new(line.ask),
                    named,
                },
                None => Asked::Key {
                    subject: line.key,
                    ask: Box::new(line.ask),
                    requester: Requester::operator(),
                },
            },
        };
        self.lines.into_iter().map(named).collect()
    }
}

fn read(manifest: &Path) -> io::Result<Vec<u8>> {
    if manifest == Path::new("-") {
        return bytes_from(io::stdin().lock(), LARGEST_MANIFEST);
    }
    read_bytes(manifest, LARGEST_MANIFEST)
}

/// How a line is called, as compilers do.
fn at(manifest: &Path, line: u64) -> String {
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
        LineFault::Cells { .. } => Some(QUOTES.to_owned()),
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
