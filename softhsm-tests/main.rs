//! Whatever starts a process: the binary against real tokens, `ssh-keygen` and `sshd`.
//!
//! PKCS#11 state is per process and its configuration comes from the environment, so
//! each test runs the binary as a child, on a token of its own in a temporary folder.
//! `scripts/setup` installs and builds all that is needed here.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test whose parts can't be set up must stop at once"
)]

mod batch;
mod clock;
mod docs;
#[cfg(feature = "yubikey")]
mod evidence;
mod faults;
mod harness;
mod ledger;
mod logins;
mod modules;
mod openssh;
mod options;
mod pins;
mod prompts;
mod requests;
mod revocation;
mod roles;
mod selftest;
#[cfg(feature = "yubikey")]
mod yubikey;
#[cfg(feature = "yubikey")]
mod yubikey_faults;
#[cfg(feature = "yubikey")]
mod yubikey_keys;
#[cfg(feature = "yubikey")]
mod yubikey_session;
#[cfg(feature = "yubikey")]
mod yubikey_setup;
