//! Where a ledger may lie, and which heads are kept of what lies there.

use std::path::{Path, PathBuf};

use super::super::checkpoint::origin;
use super::super::heads::{KeptHeads, Owner};
use super::super::merkle::{Frontier, leaf_hash};
use super::super::settings::FileSettings;
use super::super::store::Head;
use super::apart;
use super::format::Role;
use super::guard::{self, Guarded, folder};
use super::open_error::OpenError;
use super::room::{FIRST, frame_from};

/// The folder in which a new ledger of this name can be made; others are refused.
///
/// # Errors
/// [`OpenError`].
pub fn require_place(path: &Path, settings: &FileSettings) -> Result<PathBuf, OpenError> {
    let resolved = folder(path).canonicalize();
    let folder = resolved.map_err(|source| OpenError::file(path, source))?;
    guard::check_folder(&folder)?;
    apart::require(&folder, settings, std::iter::empty())?;
    Ok(folder)
}

/// Refuses a place that no ledger should be written in.
///
/// # Errors
/// [`OpenError`].
pub(in crate::ledger) fn require_guarded(
    path: &Path,
    allow: &[String],
    settings: &FileSettings,
) -> Result<(), OpenError> {
    let guarded = Guarded::open(path, allow)?;
    apart::require(folder(&guarded.path), settings, std::iter::empty())?;
    Ok(())
}

/// The heads that are kept of the ledger `origin`, whose file is not of format 4 yet.
///
/// # Errors
/// [`OpenError`].
pub(in crate::ledger) fn heads_of(
    path: &Path,
    allow: &[String],
    origin: &str,
    settings: &FileSettings,
) -> Result<KeptHeads, OpenError> {
    let guarded = Guarded::open(path, allow)?;
    Ok(KeptHeads::look(origin, owner(&guarded), settings)?)
}

/// The heads that are kept of a ledger, in these folders too; none of one without entries.
pub(super) fn found_heads(
    guarded: &Guarded,
    role: Role,
    settings: &FileSettings,
    folders: &[&Path],
) -> Result<Option<KeptHeads>, OpenError> {
    let first = frame_from(&guarded.file, FIRST, &empty());
    let first = first.map_err(|source| OpenError::file(&guarded.path, source))?;
    let Some(entry) = first.as_ref().and_then(|first| first.entries.first()) else {
        return Ok(None);
    };
    let name = kept_name(&origin(&leaf_hash(entry)), role);
    let mut heads = KeptHeads::look(&name, owner(guarded), settings)?;
    for folder in folders {
        heads.look_in(folder)?;
    }
    Ok(Some(heads))
}

/// The name that heads are kept under: those of a mirror are not those of its ledger, which may lie
/// on the same machine and is further on.
pub(super) fn kept_name(origin: &str, role: Role) -> String {
    match role {
        Role::Ledger | Role::Pending => origin.to_owned(),
        Role::Mirror => format!("{origin}-mirror"),
    }
}

/// The head of a ledger without entries.
pub(in crate::ledger) fn empty() -> Head {
    Head {
        size: 0,
        root: Frontier::default().root(),
    }
}

#[allow(
    clippy::useless_conversion,
    reason = "another system counts in another width"
)]
pub(super) fn owner(guarded: &Guarded) -> Owner {
    Owner {
        uid: guarded.stat.st_uid,
        gid: guarded.stat.st_gid,
        mode: u32::from(guarded.stat.st_mode) & 0o666,
    }
}
