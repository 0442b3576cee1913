//! What comes from elsewhere, in words on one line.

use std::path::Path;

pub(crate) use crate::wire::{chain, number_of};

/// A path on one line, whatever its name holds.
pub(crate) fn path(path: &Path) -> String {
    path.display().to_string().replace('\n', "\\n")
}
