//! The emulated card under real clients, through libpcsclite and a private daemon.

// The attribute on each module tells clippy that the helpers in it are test code too.
#[cfg(test)]
mod common;
#[cfg(test)]
mod crate_yubikey;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod third_parties;
