//! Where the last head lies that a ledger key in a device signed: the next one must extend it.

use std::ffi::OsStr;
use std::path::PathBuf;

use super::failure::{At, Failure};

/// Where that head lies, for the ledger of this name. Its folder is made.
pub(crate) fn path(origin: &str) -> Result<PathBuf, Failure> {
    let path =
        file(origin).ok_or_else(|| Failure::new("neither HOME nor XDG_STATE_HOME is set"))?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).in_file(folder)?;
    }
    Ok(path)
}

/// `$XDG_STATE_HOME/punchmark/ID.signed-head`, else below `~/.local/state`.
fn file(origin: &str) -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let state = variable("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(variable("HOME")?).join(".local/state")))?;
    let id = origin.rsplit('/').next().map(OsStr::new)?;
    let mut path = state.join("punchmark").join(id).into_os_string();
    path.push(".signed-head");
    Some(path.into())
}
