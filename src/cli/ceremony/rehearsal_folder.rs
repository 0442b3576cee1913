//! The folder of a rehearsal: its plan, and what came of it.

use std::path::{Path, PathBuf};

use super::plan_file;
use super::roots::pinned;
use crate::ceremony::{
    Evidence, PLAN_BYTES_MAX, REHEARSAL_FOLDER, RehearsalError, Rehearsed, TRANSCRIPT_BYTES_MAX,
    TRANSCRIPT_FILE, verify,
};
use crate::cli::base::failure::{Advised, At, Failure};
use crate::config::read_bytes;

/// The plan of a rehearsal in its folder.
pub(super) fn plan_in(folder: &Path) -> PathBuf {
    folder.join("plan.toml")
}

/// Reads the rehearsal that a folder holds, which must be one of this plan, held to its end: with signature,
/// ledger, head and every output, since whoever writes lines alone held nothing.
pub(super) fn read(folder: &Path, plan: &Path) -> Result<Rehearsed, Failure> {
    let of = super::plan_file::bytes(plan)?;
    let own = plan_in(folder);
    // Whatever is wrong with either is told in full.
    plan_file::read(plan)?;
    let own_plan = plan_file::read(&own)?;
    let own = read_bytes(&own, PLAN_BYTES_MAX).in_file(&own)?;
    let outputs = folder.join(REHEARSAL_FOLDER);
    let file = outputs.join(TRANSCRIPT_FILE);
    let transcript = read_bytes(&file, TRANSCRIPT_BYTES_MAX).in_file(&file)?;
    let at_folder = |error: RehearsalError| Failure::from(error).at(folder.display().to_string());
    let rehearsed = Rehearsed::check(&of, &own, &transcript).map_err(at_folder)?;
    let roots = own_plan.roots.iter().map(|root| root.path.clone());
    let roots: Vec<_> = roots.filter(|path| path.exists()).collect();
    let evidence = Evidence {
        plan: &own_plan,
        transcript: &transcript,
        value: rehearsed.transcript,
        head: None,
        rehearsal: None,
        outputs: &beside(&outputs, &file)?,
        roots: &pinned(&own_plan, &roots)?,
    };
    verify(&evidence).map_err(|fault| at_folder(fault.into()))?;
    Ok(rehearsed)
}

/// Every file of a folder but one.
fn beside(folder: &Path, but: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for entry in folder.read_dir().in_file(folder)? {
        let path = entry.in_file(folder)?.path();
        if path != but {
            files.push(path);
        }
    }
    Ok(files)
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
            Self::Own(_) => {
                "a rehearsal puts its mark before each name: shorten what is too long for that"
            }
            Self::OtherPlan | Self::Changed | Self::Transcript(_) | Self::Verdict(_) => {
                "rehearse this plan to its end, in a folder of its own: `punchmark ceremony rehearse PLAN --folder DIR`"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
