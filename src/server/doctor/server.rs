//! A server as it was found.

use super::listed::ListSeen;
use super::revoked::Ages;
use crate::server::account::Account;
use crate::server::sshd::{ConfigFiles, Settings, Version};

/// A server as it was found, to be judged.
#[derive(Debug)]
pub struct Server {
    /// The version of its sshd.
    pub version: Version,
    /// What its distribution says that it changed in it; empty where that isn't known.
    pub changelog: String,
    /// What its sshd does outside of `Match` blocks.
    pub base: Settings,
    /// The lines of its configuration, to point at.
    pub files: ConfigFiles,
    /// The access list that its command asks; none if it asks another, or none.
    pub list: Option<ListSeen>,
    /// The accounts that were asked about.
    pub accounts: Vec<Examined>,
    /// The fingerprints of the user CAs that it should trust; none if nobody said.
    pub expected_cas: Vec<String>,
    /// The clock, in Unix seconds.
    pub now: u64,
    /// How old a KRL may be.
    pub ages: Ages,
}

/// An account, and what sshd does for it.
#[derive(Debug)]
pub struct Examined {
    /// The account.
    pub account: Account,
    /// What `sshd -T -C` said for it.
    pub settings: Settings,
    /// Whether somebody is to get in.
    pub entry: Entry,
}

/// Why an account is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Somebody is to get in: it was named, or the list names it.
    Expected,
    /// It is one of the machine, and somebody may get in.
    Possible,
}
