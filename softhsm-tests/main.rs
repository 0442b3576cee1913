//! Whatever starts a process: the binary against real tokens, `ssh-keygen` and `sshd`.
//!
//! PKCS#11 state is per process and its configuration comes from the environment, so
//! each test runs the binary as a child, on a token of its own in a temporary folder.
//! `scripts/setup` installs and builds all that is needed here.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test whose parts can't be set up must stop at once, and say what it left out"
)]

mod access_edit;
mod access_files;
mod access_index;
mod access_issued;
mod access_login;
mod access_logins;
#[cfg(feature = "fetch")]
mod access_review;
mod access_sync;
mod allowed_signers;
#[cfg(feature = "yubikey")]
mod asked_again;
mod batch;
mod binding;
mod bundle;
mod bundle_show;
mod bundle_sign;
mod ca_export;
mod ceremony;
mod ceremony_set;
#[cfg(feature = "yubikey")]
mod check_card;
mod clock;
mod completion;
mod config_check;
mod conformance;
mod copies;
mod crash;
mod delegated;
#[cfg(feature = "service")]
mod demo;
#[cfg(feature = "ldap")]
mod directory;
mod docs;
mod doctor;
mod dry_run;
mod duties;
mod everyday;
#[cfg(feature = "yubikey")]
mod evidence;
mod failed_syncs;
mod faults;
mod feature_sets;
mod for_programs;
mod going_back;
mod harness;
mod host;
mod known;
mod krl;
mod krl_signature;
mod ledger;
mod ledger_keys;
mod ledger_page;
mod listing;
#[cfg(feature = "login")]
mod login;
mod logins;
mod looks_first;
mod manifest;
mod migrate;
mod mirror;
mod mirror_lists;
mod mirror_rollover;
mod modules;
mod odd_tokens;
#[cfg(feature = "login")]
mod oidc;
mod openssh;
mod options;
mod package;
mod pending;
mod pins;
#[cfg(feature = "yubikey")]
mod piv_modules;
mod power_loss;
mod prompts;
mod qr;
mod reconcile;
mod release;
mod renew;
mod requests;
mod resume;
mod retire;
mod revocable;
mod revocation;
mod revoked_logins;
mod revoked_state;
mod roles;
mod rollover;
mod security_key;
mod selftest;
#[cfg(feature = "service")]
mod service;
mod sessions;
mod shares;
mod sharing;
mod show;
mod software;
mod sshd_config;
mod status;
mod suffixes;
mod trusted_files;
mod try_out;
mod unlocked;
mod watch;
mod weak_keys;
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
#[cfg(feature = "yubikey")]
mod yubikey_sharing;
