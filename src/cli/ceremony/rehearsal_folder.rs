//! The folder of a rehearsal: its plan, and what came of it.

use std::path::{Path, PathBuf};

use super::plan_file;
use crate::ceremony::{
    PLAN_BYTES_MAX, REHEARSAL_FOLDER, RehearsalError, Rehearsed, TRANSCRIPT_BYTES_MAX,
    TRANSCRIPT_FILE,
};
use crate::cli::base::failure::{Advised, At, Failure};
use crate::config::read_bytes;

/// The plan of a rehearsal in its folder.
pub(super) fn plan_in(folder: &Path) -> PathBuf {
    folder.join("plan.toml")
}

/// Reads the rehearsal that a folder holds, which must be one of this plan.
pub(super) fn read(folder: &Path, plan: &Path) -> Result<Rehearsed, Failure> {
    let of = read_bytes(plan, PLAN_BYTES_MAX).in_file(plan)?;
    let own = plan_in(folder);
    // Whatever is wrong with either is told in full.
    plan_file::read(plan)?;
    plan_file::read(&own)?;
    let own = read_bytes(&own, PLAN_BYTES_MAX).in_file(&own)?;
    let transcript = folder.join(REHEARSAL_FOLDER).join(TRANSCRIPT_FILE);
    let transcript = read_bytes(&transcript, TRANSCRIPT_BYTES_MAX).in_file(&transcript)?;
    let read = Rehearsed::check(&of, &own, &transcript);
    read.map_err(|error| Failure::from(error).at(folder.display().to_string()))
}

/// The same, where a folder was given.
pub(super) fn read_if_given(
    folder: Option<&PathBuf>,
    plan: &Path,
) -> Result<Option<Rehearsed>, Failure> {
    folder.map(|folder| read(folder, plan)).transpose()
}

impl Advised for RehearsalError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::OfRehearsal => "rehearse the plan that it was drawn from",
            Self::OtherPlan | Self::Changed | Self::Transcript(_) | Self::Verdict(_) => {
                "rehearse this plan to its end, in a folder of its own: `punchmark ceremony rehearse PLAN --folder DIR`"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
