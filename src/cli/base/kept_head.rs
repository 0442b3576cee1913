//! The head of a ledger, kept outside of its folder: an older copy that was put back is
//! not written to.

use std::ffi::OsStr;
use std::path::PathBuf;

use super::failure::{At, Failure};
use super::terminal::warn;
use crate::config::read_limited;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::{Ledger, ProofError, SqliteLedger};
use crate::output;

/// Holds the ledger against the head that the last run kept.
///
/// # Errors
/// Where it does not extend that head.
pub(crate) fn check(ledger: &SqliteLedger) -> Result<(), Failure> {
    let Some(checkpoint) = ledger.checkpoint()? else {
        return Ok(());
    };
    let Some(path) = path(&checkpoint.origin) else {
        return Ok(());
    };
    // What cannot be read was never kept, or is no head: there is nothing to hold against.
    let Ok(text) = read_limited(&path, LARGEST) else {
        return Ok(());
    };
    let kept = Checkpoint::parse(&text)?;
    ledger.extends(&kept).map_err(older)
}

/// What is to be done where an older copy was put back.
fn older(error: ProofError) -> Failure {
    Failure::from(error)
        .at("this ledger is not the newest one")
        .hint(
            "put the newest copy back; if it is lost, go on behind the highest serial that any \
             server or user ever saw: punchmark ledger resume --after SERIAL",
        )
}

/// Keeps the head for the next run. A ledger without a place for it goes on without.
pub(crate) fn keep(ledger: &dyn Ledger) -> Result<(), Failure> {
    let Some(checkpoint) = ledger.checkpoint()? else {
        return Ok(());
    };
    let Some(path) = path(&checkpoint.origin) else {
        return Ok(());
    };
    let folder = path.parent().map(std::fs::create_dir_all);
    // Not synced: what a power cut takes away is an older head, which does no harm.
    let written = output::stage(&path, checkpoint.to_string().as_bytes(), 0o600)
        .and_then(output::rename_unsynced);
    if let (Some(Err(_)), _) | (_, Err(_)) = (folder, written) {
        warn(&format!(
            "the ledger's head could not be kept in {}: an older copy would not be noticed",
            path.display()
        ));
    }
    Ok(())
}

/// Where the last head lies that a key in a device signed. Its folder is made.
pub(crate) fn signed(origin: &str) -> Result<PathBuf, Failure> {
    let path = file(origin, ".signed-head")
        .ok_or_else(|| Failure::new("neither HOME nor XDG_STATE_HOME is set"))?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).in_file(folder)?;
    }
    Ok(path)
}

fn path(origin: &str) -> Option<PathBuf> {
    file(origin, ".head")
}

/// `$XDG_STATE_HOME/punchmark/ID.ENDING`, else below `~/.local/state`.
fn file(origin: &str, ending: &str) -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let state = variable("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(variable("HOME")?).join(".local/state")))?;
    let id = origin.rsplit('/').next().map(OsStr::new)?;
    let mut path = state.join("punchmark").join(id).into_os_string();
    path.push(ending);
    Some(path.into())
}

/// A head takes three lines.
const LARGEST: u64 = 4096;
