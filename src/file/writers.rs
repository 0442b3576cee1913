//! Whether nobody but us can have written a file: who owns it, and who may write to it or
//! into a folder on its way.
//!
//! sshd asks the same of the files that it believes ("StrictModes", sshd_config(5)).

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::accounts::Accounts;

/// Who may own or write what is trusted: this account and root, and one group if the config
/// names it.
#[derive(Clone, Debug)]
pub struct Writers {
    uid: u32,
    group: Option<u32>,
    accounts: Accounts,
}

/// A file that somebody else can have written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Untrusted {
    /// It belongs to another account.
    #[error("{} belongs to {owner}, and this run is {user}'s", path.display())]
    Owner {
        /// The file, or a folder on its way.
        path: PathBuf,
        /// Whose it is.
        owner: String,
        /// Who runs this program.
        user: String,
    },
    /// A group may write to it.
    #[error("{} can be changed by group {group} (mode {mode:04o})", path.display())]
    Group {
        /// The file, or a folder on its way.
        path: PathBuf,
        /// The group.
        group: String,
        /// The mode of the file or folder.
        mode: u32,
    },
    /// Everybody may write to it.
    #[error("{} can be changed by everybody (mode {mode:04o})", path.display())]
    Everybody {
        /// The file, or a folder on its way.
        path: PathBuf,
        /// The mode of the file or folder.
        mode: u32,
    },
    /// It can't be looked at.
    #[error("{}", path.display())]
    File {
        /// The file, or a folder on its way.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The config names a group that this machine doesn't have.
    #[error("there is no group `{0}` on this machine")]
    NoGroup(String),
}

impl Untrusted {
    /// The command that mends it, where one does.
    pub fn mend(&self) -> Option<String> {
        match self {
            Self::Owner { path, owner, .. } => Some(format!(
                "run it as {owner} (sudo -u {owner}), or take it over: chown {} {}",
                current_user(),
                path.display()
            )),
            Self::Group { path, .. } => Some(format!(
                "chmod g-w {}, or name the group in the config: group = \"...\"",
                path.display()
            )),
            Self::Everybody { path, .. } => Some(format!("chmod o-w {}", path.display())),
            Self::File { .. } | Self::NoGroup(_) => None,
        }
    }
}

impl Writers {
    /// Trusts this account and root.
    pub fn of_this_account() -> Self {
        Self {
            uid: rustix::process::geteuid().as_raw(),
            group: None,
            accounts: Accounts::of_this_machine(),
        }
    }

    /// Lets the members of `group` write too.
    ///
    /// # Errors
    /// [`Untrusted::NoGroup`].
    pub fn with_group(mut self, group: &str) -> Result<Self, Untrusted> {
        let found = self.accounts.group_by_name(group);
        self.group = Some(found.ok_or_else(|| Untrusted::NoGroup(group.to_owned()))?);
        Ok(self)
    }

    /// Holds the file behind `path`, its links followed, and every folder on its way to this.
    ///
    /// # Errors
    /// [`Untrusted`].
    pub fn check(&self, path: &Path) -> Result<(), Untrusted> {
        let real = path.canonicalize().map_err(|source| failed(path, source))?;
        self.check_one(&real)?;
        real.ancestors()
            .skip(1)
            .try_for_each(|folder| self.check_one(folder))
    }

    fn check_one(&self, path: &Path) -> Result<(), Untrusted> {
        let metadata = path.metadata().map_err(|source| failed(path, source))?;
        self.judge(path, &metadata)
    }

    fn judge(&self, path: &Path, metadata: &Metadata) -> Result<(), Untrusted> {
        let (owner, gid) = (metadata.uid(), metadata.gid());
        let mode = metadata.mode() & 0o7777;
        if owner != self.uid && owner != ROOT {
            return Err(Untrusted::Owner {
                path: path.to_path_buf(),
                owner: self.accounts.user(owner),
                user: self.accounts.user(self.uid),
            });
        }
        // In a sticky folder nobody takes away or renames what is another's.
        if metadata.is_dir() && mode & STICKY != 0 {
            return Ok(());
        }
        if mode & 0o002 != 0 {
            return Err(Untrusted::Everybody {
                path: path.to_path_buf(),
                mode,
            });
        }
        if mode & 0o020 != 0 && !self.may_write(gid, owner) {
            return Err(Untrusted::Group {
                path: path.to_path_buf(),
                group: self.accounts.group(gid),
                mode,
            });
        }
        Ok(())
    }

    fn may_write(&self, gid: u32, owner: u32) -> bool {
        gid == ROOT || self.group == Some(gid) || self.accounts.is_private_group_of(gid, owner)
    }
}

fn failed(path: &Path, source: io::Error) -> Untrusted {
    Untrusted::File {
        path: path.to_path_buf(),
        source,
    }
}

fn current_user() -> String {
    Accounts::of_this_machine().user(rustix::process::geteuid().as_raw())
}

const ROOT: u32 = 0;
const STICKY: u32 = 0o1000;

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use super::*;

    fn file(mode: u32) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, "x").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (dir, path)
    }

    fn writers() -> Writers {
        Writers {
            accounts: Accounts::of("", ""),
            ..Writers::of_this_account()
        }
    }

    #[test]
    fn what_is_ours_alone_is_trusted() {
        let (_dir, path) = file(0o644);
        writers().check(&path).unwrap();
    }

    #[test]
    fn what_everybody_may_change_is_not() {
        let (dir, path) = file(0o666);
        let fault = writers().check(&path).unwrap_err();
        assert!(
            matches!(&fault, Untrusted::Everybody { mode: 0o666, .. }),
            "{fault}"
        );
        assert!(fault.mend().unwrap().starts_with("chmod o-w "));
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
        let fault = writers().check(&path).unwrap_err();
        assert!(
            matches!(&fault, Untrusted::Everybody { path, .. } if path.is_dir()),
            "{fault}"
        );
    }

    #[test]
    fn a_group_may_write_only_if_it_is_named() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let (_dir, path) = file(0o660);
        chown(&path, None, Some(4321)).unwrap();
        let fault = writers().check(&path).unwrap_err();
        assert!(
            matches!(&fault, Untrusted::Group { group, .. } if group == "4321"),
            "{fault}"
        );
        let accounts = Accounts::of("", "ca:x:4321:peter,erik\n");
        let named = Writers {
            accounts,
            ..writers()
        }
        .with_group("ca")
        .unwrap();
        named.check(&path).unwrap();
        let unknown = writers().with_group("nosuch").unwrap_err();
        assert!(matches!(unknown, Untrusted::NoGroup(_)));
    }

    #[test]
    fn what_is_another_accounts_is_not_trusted_behind_a_link_either() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let (dir, path) = file(0o600);
        chown(&path, Some(4321), None).unwrap();
        let link = dir.path().join("link");
        symlink(&path, &link).unwrap();
        let fault = writers().check(&link).unwrap_err();
        assert!(
            matches!(&fault, Untrusted::Owner { owner, .. } if owner == "4321"),
            "{fault}"
        );
        assert!(
            fault.mend().unwrap().contains("sudo -u 4321"),
            "{:?}",
            fault.mend()
        );
    }
}
