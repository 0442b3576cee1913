//! In the place of the connection, in a build without LDAP.

use super::ask::{AskError, Directory};
use super::settings::Settings;
use crate::secret::Pin;

/// Whether this build can ask one.
pub const IS_BUILT_IN: bool = false;

/// Says that this build asks nobody.
///
/// # Errors
/// [`AskError::LeftOut`].
pub fn connect(_settings: &Settings) -> Result<Box<dyn Directory>, AskError> {
    Err(AskError::LeftOut)
}

/// Says that this build asks nobody.
///
/// # Errors
/// [`AskError::LeftOut`].
pub fn takes_password(_settings: &Settings, _dn: &str, _password: Pin) -> Result<bool, AskError> {
    Err(AskError::LeftOut)
}
