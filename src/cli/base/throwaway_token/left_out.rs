//! No token: this program is built without PKCS#11 modules.

use std::path::Path;

use crate::cli::base::failure::Failure;

/// Refuses: nothing found a module that it could be asked for.
pub(crate) fn make(_module: &Path, _label: &str, _pin: &str) -> Result<String, Failure> {
    Err(Failure::new(
        "this program is built without PKCS#11 modules",
    ))
}
