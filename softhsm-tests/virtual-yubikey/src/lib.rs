//! A YubiKey made of code, on a PC/SC daemon that is real.
//!
//! For Punchmark's tests and its demo only: its keys live in this process's memory, and its
//! attestation chain ends in a root that nobody should trust.
//!
//! The tests want Debian's packages `pcscd`, `libpcsclite-dev`, `vsmartcard-vpcd`, `yubico-piv-tool`,
//! `ykcs11`, `opensc` and `openssl`; with `--include-ignored` they also install `ykman` from PyPI.
//! No privilege is needed.
//!
//! - [`card`]: the card itself, without I/O: the bytes of one command in, those of the answer out.
//! - [`link`](mod@link): carries a card to a virtual reader, pulls it and puts it back.
//! - [`fault`]: what a test wants to go wrong, and at which command.
//! - [`pcscd`]: a private daemon in a temporary folder, with a reader for each card.

pub mod card;
pub mod fault;
pub mod link;
pub mod pcscd;
