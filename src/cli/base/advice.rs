//! The way out of errors that several commands meet. An error that one command alone meets has
//! its way out in that command's file.

mod batch;
pub(crate) mod config;
pub(crate) mod evidence;
pub(crate) mod file_kind;
mod https;
pub(crate) mod intake;
pub(crate) mod ledger;
mod ledger_file;
pub(crate) mod refusals;
pub(crate) mod signer;
