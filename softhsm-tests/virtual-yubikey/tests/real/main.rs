//! The emulated card under real clients, through libpcsclite and a private daemon.

mod common;
mod crate_yubikey;
mod faults;
mod third_parties;
