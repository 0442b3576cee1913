//! Every key that opens this server: whose account, which line, how old, when last used.
//!
//! What it tells is personal: who has which key, and when it was used. Only keys that were
//! parsed are told; a line that is none is told by its number.

mod usage;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ssh_key::public::KeyData;

pub use usage::{Usage, UsageError};

use super::account::Account;
use super::as_owner::read_as;
use super::keys_file::{KeyEntry, KeysFile};
use super::percent::path_for;
use super::sshd::Settings;
use crate::certificate::Subject;
use crate::certificate::subject::{describe, fingerprint};

/// A key that lets somebody into an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The account.
    pub account: String,
    /// The file and the line in it.
    pub file: PathBuf,
    /// The number of the line, from 1.
    pub line: usize,
    /// `key`, or `ca` for a line that trusts a CA.
    pub is_authority: bool,
    /// The kind and size, as people say it.
    pub kind: String,
    /// `SHA256:…`.
    pub fingerprint: String,
    /// What stands behind the key.
    pub comment: String,
    /// What stands before it.
    pub options: String,
    /// When the file was changed last, in Unix seconds: the line is at least as old as that if
    /// nobody touched the file for another.
    pub file_changed: Option<u64>,
    /// When it was used last, in Unix seconds, as the log says; none if the log has no use.
    pub used: Option<u64>,
    /// Why it should let nobody in, in words.
    pub weak: Option<String>,
}

/// What a survey found.
#[derive(Debug, Default)]
pub struct Survey {
    /// The keys, in the order of accounts, files and lines.
    pub keys: Vec<Key>,
    /// Lines that are no key, and files that can't be read, in words.
    pub unread: Vec<String>,
}

impl Survey {
    /// Adds the keys of an account.
    pub fn add(&mut self, account: &Account, settings: &Settings, usage: &Usage) {
        if !settings.is_yes("pubkeyauthentication") {
            return;
        }
        for pattern in settings.words("authorizedkeysfile") {
            self.add_file(account, &path_for(pattern, account), usage);
        }
        if let Some(command) = settings.value("authorizedkeyscommand") {
            let words = format!("{}: keys by the command {command}", account.name);
            self.unread.push(words);
        }
    }

    /// The fingerprints that open more than one account, with the accounts.
    #[must_use]
    pub fn shared(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for key in &self.keys {
            let accounts = all.entry(&key.fingerprint).or_default();
            if !accounts.contains(&key.account.as_str()) {
                accounts.push(&key.account);
            }
        }
        all.retain(|_, accounts| accounts.len() > 1);
        all
    }

    /// The keys whose comment has one of these names as a word.
    pub fn of_people<'s>(&'s self, people: &'s [String]) -> impl Iterator<Item = &'s Key> {
        let names = move |comment: &str| {
            let words = comment.split(|c: char| !c.is_alphanumeric() && !"._-".contains(c));
            let mut words = words.filter(|word| !word.is_empty());
            words.any(|word| people.iter().any(|name| name.eq_ignore_ascii_case(word)))
        };
        self.keys.iter().filter(move |key| names(&key.comment))
    }

    fn add_file(&mut self, account: &Account, path: &Path, usage: &Usage) {
        let bytes = match read_as(account, path, BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => {
                let words = format!("{}: {}: {error}", account.name, path.display());
                return self.unread.push(words);
            }
        };
        let changed = changed(path);
        let file = KeysFile::parse(&bytes);
        for line in file.unread {
            let words = format!("{}: {} line {line} is no key", account.name, path.display());
            self.unread.push(words);
        }
        for entry in file.entries {
            self.keys.push(key(account, path, &entry, changed, usage));
        }
    }
}

fn key(
    account: &Account,
    path: &Path,
    entry: &KeyEntry,
    file_changed: Option<u64>,
    usage: &Usage,
) -> Key {
    let fingerprint = fingerprint(&entry.key);
    Key {
        account: account.name.clone(),
        file: path.to_path_buf(),
        line: entry.line,
        is_authority: entry.is_authority(),
        kind: describe(&entry.key),
        used: usage.last(&fingerprint),
        fingerprint,
        comment: entry.comment.clone(),
        options: entry.options.as_str().to_owned(),
        file_changed,
        weak: weak(&entry.key),
    }
}

/// A key that no certificate would be given for should open no account either.
fn weak(key: &KeyData) -> Option<String> {
    Subject::try_from(key.clone())
        .err()
        .map(|error| error.to_string())
}

fn changed(path: &Path) -> Option<u64> {
    let time = path.metadata().ok()?.modified().ok()?;
    let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(since.as_secs())
}

/// No file of keys that people wrote is this long.
const BYTES_MAX: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::sshd::settings_of;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAZB65FADtqASJR/RlcY6KnSXUlIvwuHdJfX3q7cVTxs";

    fn account(name: &str, home: &Path) -> Account {
        Account {
            name: name.to_owned(),
            uid: rustix::process::geteuid().as_raw(),
            gid: rustix::process::getegid().as_raw(),
            home: home.to_owned(),
            shell: "/bin/sh".into(),
        }
    }

    #[test]
    fn keys_are_told_with_their_line_and_what_is_no_key_by_its_number_alone() {
        let dir = tempfile::tempdir().unwrap();
        let text = format!("root:secret:0:0\nfrom=\"10.0.0.0/8\" {KEY} anna@old.example.org\n");
        std::fs::write(dir.path().join("keys"), text).unwrap();
        let mut survey = Survey::default();
        let settings = settings_of("authorizedkeysfile keys more\nauthorizedkeyscommand /c");
        for name in ["a", "b"] {
            survey.add(&account(name, dir.path()), &settings, &Usage::default());
        }
        let [first, second] = survey.keys.as_slice() else {
            panic!("{survey:?}")
        };
        assert_eq!(
            (first.line, first.options.as_str()),
            (2, "from=\"10.0.0.0/8\"")
        );
        assert_eq!(first.kind, "Ed25519");
        assert_eq!(first.weak, None);
        assert_eq!(survey.shared()[&*second.fingerprint], ["a", "b"]);
        assert_eq!(survey.unread.len(), 4);
        assert!(survey.unread[0].ends_with("keys line 1 is no key"));
        assert!(survey.unread.iter().all(|words| !words.contains("secret")));
        let left = ["anna".to_owned()];
        assert_eq!(survey.of_people(&left).count(), 2);
        assert_eq!(survey.of_people(&["ann".to_owned()]).count(), 0);
    }
}
