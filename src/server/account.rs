//! The accounts of this machine, as the system itself answers for them (nsswitch.conf(5)):
//! local ones and those of a directory service, by getent(1) and id(1).

use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// An account, as passwd(5) has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name.
    pub name: String,
    /// The number of the user.
    pub uid: u32,
    /// The number of the primary group.
    pub gid: u32,
    /// The home folder.
    pub home: PathBuf,
    /// The shell; `/bin/sh` where the field is empty.
    pub shell: PathBuf,
}

/// Why the system says nothing of an account.
#[derive(Debug, thiserror::Error)]
#[error("{program} cannot be asked for accounts")]
pub struct AccountError {
    program: &'static str,
    source: io::Error,
}

impl Account {
    /// The account of this name; none if there is none.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn find(name: &str) -> Result<Option<Self>, AccountError> {
        let text = ask("getent", &["passwd", "--", name])?;
        // A number is answered for too; only the name is an account's.
        let mut accounts = text.lines().filter_map(Self::parse);
        Ok(accounts.find(|account| account.name == name))
    }

    /// Every account that the system lists. A directory service may list none of its own.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn all() -> Result<Vec<Self>, AccountError> {
        let text = ask("getent", &["passwd"])?;
        Ok(text.lines().filter_map(Self::parse).collect())
    }

    /// The names of the groups that the account is in, the primary one too.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn groups(&self) -> Result<Vec<String>, AccountError> {
        let text = ask("id", &["-Gn", "--", &self.name])?;
        Ok(text.split_ascii_whitespace().map(str::to_owned).collect())
    }

    /// The account's password field in shadow(5); none where it has no line there, or where
    /// this process may not look.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn password_field(&self) -> Result<Option<String>, AccountError> {
        let text = ask("getent", &["shadow", "--", &self.name])?;
        let fields = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let mut own = fields.filter(|fields| fields.first() == Some(&self.name.as_str()));
        Ok(own
            .next()
            .and_then(|fields| fields.get(1).map(|field| (*field).to_owned())))
    }

    /// Whether the shell is one that lets nobody work: nologin(8), false(1).
    #[must_use]
    pub fn turns_away(&self) -> bool {
        let name = self.shell.file_name().unwrap_or_default();
        ["nologin", "false", "sync", "halt", "shutdown"].contains(&&*name.to_string_lossy())
    }

    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<_> = line.split(':').collect();
        let [name, _, uid, gid, _, home, shell] = fields.as_slice() else {
            return None;
        };
        let shell = if shell.is_empty() { "/bin/sh" } else { shell };
        Some(Self {
            name: (*name).to_owned(),
            uid: uid.parse().ok()?,
            gid: gid.parse().ok()?,
            home: home.into(),
            shell: shell.into(),
        })
    }
}

/// What the program prints; nothing where it found nothing.
fn ask(program: &'static str, arguments: &[&str]) -> Result<String, AccountError> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    let output = command.stderr(Stdio::null()).output();
    let output = output.map_err(|source| AccountError { program, source })?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_passwd_is_read_whole_or_not_at_all() {
        let account = Account::parse("a:x:7:8::/h:").unwrap();
        assert_eq!((account.uid, account.gid), (7, 8));
        assert_eq!(account.shell, PathBuf::from("/bin/sh"));
        for odd in ["", "a:x:7:8::/h", "a:x:-1:8::/h:", "a:x:7:8::/h:/s:", "# a"] {
            assert_eq!(Account::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn the_system_knows_root_and_no_number_as_a_name() {
        let root = Account::find("root").unwrap().unwrap();
        assert_eq!(root.uid, 0);
        assert!(Account::all().unwrap().contains(&root));
        assert!(root.groups().unwrap().contains(&"root".to_owned()));
        assert_eq!(Account::find("0").unwrap(), None);
        assert_eq!(Account::find("--help").unwrap(), None);
        assert!(!root.turns_away());
    }
}
