//! How a server is looked at: its sshd is asked for each account.

use std::io;

use jiff::tz::TimeZone;

use super::listed::{self, ListSeen};
use super::revoked::Ages;
use super::server::{Entry, Examined, Server};
use crate::server::access::{Moment, Refreshed};
use crate::server::account::{Account, AccountError};
use crate::server::sshd::{ConfigFiles, Connection, Settings, Sshd, SshdError, changelog};

/// What is asked about a server.
#[derive(Clone, Debug)]
pub struct Question {
    /// The accounts that somebody is to get into.
    pub users: Vec<String>,
    /// The address that comes.
    pub address: String,
    /// The fingerprints of the user CAs that it should trust; none if nobody says.
    pub expected_cas: Vec<String>,
    /// How old a KRL may be.
    pub ages: Ages,
    /// The clock, in Unix seconds.
    pub now: u64,
    /// The zone of times without one.
    pub zone: fn() -> TimeZone,
}

impl Question {
    fn moment(&self) -> Moment<'_> {
        Moment {
            now: self.now,
            refreshed: Refreshed::Never,
            zone: &self.zone,
        }
    }
}

/// Why a server can't be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookError {
    /// sshd gives no answer.
    #[error(transparent)]
    Sshd(#[from] SshdError),
    /// The system says nothing of accounts.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// sshd's configuration can't be read.
    #[error("{file}")]
    Config {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// There is no such account.
    #[error("there is no account `{0}` on this machine")]
    NoAccount(String),
}

/// Asks sshd for every account that somebody is to get into, and for every other of this
/// machine whose shell lets anybody work.
///
/// # Errors
/// [`LookError`].
pub fn look(sshd: &Sshd, question: &Question) -> Result<Server, LookError> {
    let file = sshd.config();
    let files = ConfigFiles::read(file).map_err(|source| LookError::Config {
        file: file.display().to_string(),
        source,
    })?;
    let base = sshd.base_settings()?;
    let machine = Account::all()?;
    let list = listed::seen(&base, &machine, &question.moment());
    let mut accounts = Vec::new();
    for (account, entry) in chosen(question, machine, list.as_ref())? {
        let settings = settings_for(sshd, &account.name, &question.address, &files, &base)?;
        accounts.push(Examined {
            account,
            settings,
            entry,
        });
    }
    Ok(Server {
        version: sshd.version()?,
        changelog: changelog_of(sshd),
        base,
        files,
        list,
        accounts,
        expected_cas: question.expected_cas.clone(),
        now: question.now,
        ages: question.ages,
    })
}

/// What sshd would do for this account, coming from this address.
///
/// # Errors
/// [`SshdError`].
pub fn settings_for(
    sshd: &Sshd,
    user: &str,
    address: &str,
    files: &ConfigFiles,
    base: &Settings,
) -> Result<Settings, SshdError> {
    // Without a block there is one answer for all.
    if !files.has_blocks() {
        return Ok(base.clone());
    }
    sshd.settings(&Connection {
        user,
        // Without DNS, sshd takes the address for the name.
        host: address,
        address,
        port: base.value("port").unwrap_or("22"),
    })
}

fn chosen(
    question: &Question,
    machine: Vec<Account>,
    list: Option<&ListSeen>,
) -> Result<Vec<(Account, Entry)>, LookError> {
    let mut chosen = Vec::new();
    for name in &question.users {
        let found = Account::find(name)?;
        let account = found.ok_or_else(|| LookError::NoAccount(name.clone()))?;
        chosen.push((account, Entry::Expected));
    }
    let facts = list.and_then(|list| list.facts.as_ref().ok());
    for account in machine {
        let listed = facts.is_some_and(|facts| facts.accounts.contains(&account.name));
        let known = chosen.iter().any(|(known, _)| known.name == account.name);
        if known {
            continue;
        }
        if listed {
            chosen.push((account, Entry::Expected));
        } else if !account.turns_away() {
            chosen.push((account, Entry::Possible));
        }
    }
    Ok(chosen)
}

/// Another sshd than the system's own is not in the system's changelog.
fn changelog_of(sshd: &Sshd) -> String {
    if sshd.is_the_systems() {
        return changelog();
    }
    String::new()
}
