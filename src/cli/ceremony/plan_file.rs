//! The plan that a command is given.

use std::path::{Path, PathBuf};

use crate::ceremony::{PLAN_BYTES_MAX, Plan, PlanFaults};
use crate::cli::base::failure::{Advised, At, Failure};
use crate::cli::base::faults::Faults;
use crate::config::{Config, Place, read_bytes};

/// Reads a plan; all that is wrong with it is told at once.
pub(super) fn read(path: &Path) -> Result<Plan, Failure> {
    let bytes = bytes(path)?;
    Plan::parse(&bytes).map_err(|found| told(path, found))
}

/// All that is wrong with a plan, as one failure.
pub(super) fn told(path: &Path, found: PlanFaults) -> Failure {
    let mut faults = Faults::default();
    for fault in found.all() {
        faults.add(Failure::new(fault.to_string()).at(path.display().to_string()));
    }
    match faults.or_done() {
        Err(failure) => failure,
        Ok(()) => found.into(),
    }
}

/// The config that a plan names, where it is there.
pub(super) fn config(plan: &Plan, path: &Path) -> Result<Option<Config>, Failure> {
    let whole = std::path::absolute(path).unwrap_or_else(|_none| path.to_owned());
    let folder = whole.parent().unwrap_or(Path::new("/"));
    let place = Place::find(Some(&folder.join(&plan.config)))?;
    Ok(place.read_if_there()?)
}

/// The bytes of a plan, as they are.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    read_bytes(path, PLAN_BYTES_MAX).in_file(path)
}

/// The SHA-256 of a file of the machine.
pub(super) fn sha256(path: &Path) -> Result<[u8; 32], Failure> {
    crate::ceremony::file_sha256(path).in_file(path)
}

/// The program that runs. The kernel's own name for it is that of the file, whatever became of its
/// path.
pub(super) fn program() -> PathBuf {
    PathBuf::from("/proc/self/exe")
}

impl Advised for PlanFaults {}
