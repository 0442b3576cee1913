//! The plan that a command is given.

use std::path::{Path, PathBuf};

use crate::ceremony::{PLAN_BYTES_MAX, Plan, PlanFaults};
use crate::cli::base::failure::{Advised, At, Failure};
use crate::cli::base::faults::Faults;
use crate::config::read_bytes;

/// Reads a plan; all that is wrong with it is told at once.
pub(super) fn read(path: &Path) -> Result<Plan, Failure> {
    let bytes = bytes(path)?;
    let told = |found: PlanFaults| {
        let mut faults = Faults::default();
        for fault in found.all() {
            faults.add(Failure::new(fault.to_string()).at(path.display().to_string()));
        }
        match faults.or_done() {
            Err(failure) => failure,
            Ok(()) => found.into(),
        }
    };
    Plan::parse(&bytes).map_err(told)
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
