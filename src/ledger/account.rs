//! The accounts of this machine: whose a file is, and where that account lives.

use std::fs::OpenOptions;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// An account, as the system's own list of accounts has it (passwd(5)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    /// The name of the account.
    pub(super) name: String,
    /// The home folder of the account: not what a variable says, which sudo, cron and containers change.
    pub(super) home: PathBuf,
}

impl Account {
    /// The account with this number; none where the system does not know it.
    pub(super) fn of(uid: u32) -> Option<Self> {
        local(uid).or_else(|| from_directory(uid))
    }
}

/// An account in the machine's own file, which is read at once.
fn local(uid: u32) -> Option<Account> {
    let mut text = String::new();
    let file = OpenOptions::new().read(true).open("/etc/passwd").ok()?;
    file.take(LARGEST).read_to_string(&mut text).ok()?;
    text.lines().find_map(|line| account(line, uid))
}

/// An account of a directory service. The C library would be asked for it by unsafe code;
/// this is its own program for scripts.
fn from_directory(uid: u32) -> Option<Account> {
    let output = Command::new("/usr/bin/getent")
        .args(["passwd", &uid.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    account(String::from_utf8(output.stdout).ok()?.trim_end(), uid)
}

/// Reads one line of passwd(5), if it is that of `uid`.
fn account(line: &str, uid: u32) -> Option<Account> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _password, number, _group, _comment, home, _shell] = fields.as_slice() else {
        return None;
    };
    let is_absolute = home.starts_with('/');
    (number.parse() == Ok(uid) && is_absolute).then(|| Account {
        name: (*name).to_owned(),
        home: PathBuf::from(home),
    })
}

const LARGEST: u64 = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_line_of_its_own_number_alone() {
        let line = "anna:x:1000:1000:Anna:/home/anna:/bin/sh";
        let anna = Account {
            name: "anna".into(),
            home: "/home/anna".into(),
        };
        assert_eq!(account(line, 1000), Some(anna));
        assert_eq!(account(line, 100), None);
        assert_eq!(account("anna:x:1000:1000:Anna::/bin/sh", 1000), None);
        assert_eq!(account("+::::::", 0), None);
    }

    #[test]
    fn knows_the_account_that_every_system_has() {
        let root = Account::of(0).unwrap();
        assert_eq!(root.name, "root");
        assert_eq!(Account::of(u32::MAX - 7), None);
    }
}
