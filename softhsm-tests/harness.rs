//! The real parts that the tests are made of, each with a folder of its own.

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod agent;
pub(crate) mod browser;
#[cfg(feature = "login")]
pub(crate) mod client_ca;
pub(crate) mod device;
pub(crate) mod disk;
pub(crate) mod faketime;
pub(crate) mod false_directory;
pub(crate) mod forge;
#[cfg(feature = "login")]
pub(crate) mod idp;
pub(crate) mod keygen;
pub(crate) mod lock;
pub(crate) mod log_socket;
pub(crate) mod module;
pub(crate) mod odd;
pub(crate) mod p11kit;
pub(crate) mod platform;
pub(crate) mod printer;
pub(crate) mod process;
pub(crate) mod pty;
pub(crate) mod punchmark;
#[cfg(feature = "login")]
pub(crate) mod second_idp;
pub(crate) mod server;
pub(crate) mod session;
pub(crate) mod shipped;
#[cfg(feature = "ldap")]
pub(crate) mod slapd;
pub(crate) mod sshd;
pub(crate) mod stock;
pub(crate) mod token;
pub(crate) mod two_sides;
#[cfg(feature = "login")]
pub(crate) mod webdriver;
pub(crate) mod yubikey;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

/// A temporary folder with a short name: unix sockets allow some 100 bytes.
pub(crate) fn scratch() -> TempDir {
    tempfile::Builder::new().prefix("pm").tempdir().unwrap()
}

/// Writes a file and gives it exactly this mode.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>, mode: u32) {
    std::fs::write(path, content).unwrap();
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}
