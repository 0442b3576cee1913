//! A key behind a PKCS#11 module: opened, used, and found again when the session is lost.
//!
//! The process has one owner for each module (`module`), which counts sessions and logins and
//! restarts the module for all of them; a signer has one session of its own.

pub(super) mod binding;
#[cfg(test)]
mod conformance;
mod door;
mod find;
pub(super) mod generate;
pub(super) mod import;
pub(super) mod inventory;
mod login;
mod logins;
mod mechanism;
mod module;
mod named;
mod object;
mod public_key;
mod raw;
mod session;
mod signer;
mod token;
mod uri;
mod vacancy;

pub use super::error::{CallFailed, Fault, PublicKeyError};
pub use uri::{URI_MAX, Uri, UriError};

pub(super) use door::shown;
pub(super) use signer::open;

use super::NewKey;
use super::error::OpeningError;
use crate::secret::AskPin;
use door::Door;

/// Loads and starts the module that `uri` names, for whoever opens a key in it later.
pub(super) fn load_ahead(uri: &Uri) {
    let _told_when_a_key_is_opened = module::Module::of(uri);
}

/// The facts of the key that `uri` names.
pub(super) fn describe(uri: &Uri, pins: &mut dyn AskPin) -> Result<NewKey, OpeningError> {
    Ok(Door::open(uri, pins)?.key.facts(uri))
}
