//! Punchmark is an SSH certificate authority whose key never leaves the hardware.
//!
//! The modules stand in one total order; each may use only those before it
//! (`scripts/layers` holds them to it). The way of a request goes from top to bottom.
//!
//! - [`wire`]: the ground: bytes, keys, certificates and signatures as SSH has them.
//! - [`api`]: what a server and its clients say to each other, as JSON.
//! - [`krl`]: key revocation lists: written, read, searched and shown.
//! - [`mod@file`]: files from outside, opened once; who can have written those that are believed.
//! - [`secret`]: a [`secret::Pin`], and how one is asked for.
//! - [`signer`]: what signs: a key in a token, named by a locator.
//! - [`certificate`]: all that a certificate says, parsed once and never wrong after.
//! - [`request`]: what comes from outside, not yet believed.
//! - [`attestation`]: evidence that was checked, and so became a proof.
//! - [`login`]: what somebody showed who logs in, checked, and so who it is.
//! - [`policy`]: decides, and does nothing else.
//! - [`ledger`]: serials, and what was done with them; durable before the key is used.
//! - [`issue`]: the spine: decide, reserve, sign, verify, record, release.
//! - [`revocation`]: what to revoke, and the KRL of all that was.
//! - [`output`]: files made whole or not at all.
//! - [`config`]: `punchmark.toml`; alone reads files and the environment.
//! - [`ca`]: how a key becomes a CA.
//! - [`batch`]: many keys in one run.
//! - [`bundle`]: requests that are carried to an offline CA in one file.
//! - [`ceremony`]: keys made by a few people in a closed room, from one reviewed plan.
//! - [`server`]: what a server does with what a CA made elsewhere; needs no ledger.
//! - `reconcile`: which certificates servers saw that the ledger knows nothing of.
//! - `service`: certificates on demand, over HTTP; a feature of its own.
//! - `client`: logs in to a server, and gets certificates from it.
//! - [`cli`]: arguments to library calls, results to words; alone prints.

pub mod api;
pub mod attestation;
pub mod batch;
pub mod bundle;
pub mod ca;
pub mod ceremony;
pub mod certificate;
pub mod cli;
#[cfg(feature = "login")]
pub mod client;
pub mod config;
pub mod file;
pub mod issue;
pub mod krl;
pub mod ledger;
pub mod login;
pub mod output;
pub mod policy;
#[cfg(feature = "hosts")]
pub mod reconcile;
pub mod request;
pub mod revocation;
pub mod secret;
pub mod server;
#[cfg(feature = "service")]
pub mod service;
pub mod signer;
pub mod wire;
