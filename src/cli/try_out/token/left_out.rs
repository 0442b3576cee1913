//! No token: this program is built without PKCS#11 modules, and a trial's CA key is a file.

use std::path::Path;

use crate::cli::base::failure::Failure;

/// Refuses: nothing found a module that it could be asked for.
pub(in crate::cli::try_out) fn make(_module: &Path, _pin_file: &Path) -> Result<(), Failure> {
    Err(Failure::new(
        "this program is built without PKCS#11 modules",
    ))
}
