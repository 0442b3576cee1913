//! The users who have a password, in a file beside the ledger: read when it is needed, and changed whole.
//!
//! `punchmark user` changes it while a server runs: each login and each request in a session reads it, so
//! that whoever was removed, or has another password, has no session any more.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use crate::file::{Untrusted, Writers, open, read_from};
use crate::login::password::{Users, UsersError};
use crate::output::{self, OutputError};

/// The file.
pub struct UsersFile {
    path: PathBuf,
    /// What was read last; the same text needs no second reading.
    last: Mutex<Last>,
}

type Last = (Zeroizing<String>, Arc<Users>);

/// Why the users can't be known, or not be changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UsersFileError {
    /// The file can't be read.
    #[error("users {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others can write it.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// Others can read it, and guess.
    #[error("users {} can be read by others: chmod 600", .0.display())]
    Readable(PathBuf),
    /// Its text is none.
    #[error("users {}", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: UsersError,
    },
    /// It can't be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl UsersFile {
    /// The file at a path; without one, there are no users.
    pub fn at(path: PathBuf) -> Self {
        Self {
            path,
            last: Mutex::default(),
        }
    }

    /// The users, as they are now.
    ///
    /// # Errors
    /// [`UsersFileError`].
    pub fn users(&self) -> Result<Arc<Users>, UsersFileError> {
        let text = self.text()?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 != text {
            let users = Users::parse(&text).map_err(|source| UsersFileError::Text {
                path: self.path.clone(),
                source,
            })?;
            *last = (text, Arc::new(users));
        }
        Ok(Arc::clone(&last.1))
    }

    /// Changes the users: one run at a time, and the file whole or not at all.
    ///
    /// # Errors
    /// [`UsersFileError`], or what `change` says; the file is as before then.
    pub fn change<T, E: From<UsersFileError>>(
        &self,
        change: impl FnOnce(&mut Users) -> Result<T, E>,
    ) -> Result<T, E> {
        // Of a file that is renamed over, a lock would be of the old one; the folder stays.
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let _held = output::lock_folder(folder).map_err(|source| self.failed(source))?;
        let mut users = Users::clone(&*self.users()?);
        let changed = change(&mut users)?;
        let text = Zeroizing::new(users.to_text());
        let written = output::write(&self.path, text.as_bytes(), MODE);
        written.map_err(UsersFileError::Output)?;
        Ok(changed)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn text(&self) -> Result<Zeroizing<String>, UsersFileError> {
        use std::os::unix::fs::MetadataExt as _;
        let file = match open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Zeroizing::default());
            }
            Err(source) => return Err(self.failed(source)),
        };
        let found = file.metadata().map_err(|source| self.failed(source))?;
        if found.mode() & 0o077 != 0 {
            return Err(UsersFileError::Readable(self.path.clone()));
        }
        Writers::of_this_account().check(&self.path)?;
        let text = read_from(file, LARGEST).map_err(|source| self.failed(source))?;
        Ok(Zeroizing::new(text))
    }

    fn failed(&self, source: std::io::Error) -> UsersFileError {
        let path = self.path.clone();
        UsersFileError::File { path, source }
    }
}

const MODE: u32 = 0o600;
/// In bytes.
const LARGEST: u64 = 2 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    const PASSWORD: &str = "correct horse battery";

    fn set(file: &UsersFile, name: &str) {
        let name = name.parse().unwrap();
        let changed = file.change(|users| {
            users.set(&name, PASSWORD, [1; 16]).unwrap();
            Ok::<_, UsersFileError>(())
        });
        changed.unwrap();
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        folder
    }

    #[test]
    fn what_another_run_changed_is_seen_at_once_and_nothing_of_it_is_lost() {
        let folder = folder();
        let path = folder.path().join("a.users");
        let (server, command) = (UsersFile::at(path.clone()), UsersFile::at(path.clone()));
        assert_eq!(server.users().unwrap().names().count(), 0);
        set(&command, "peter");
        assert!(server.users().unwrap().mark("peter").is_some());
        std::thread::scope(|scope| {
            for name in ["anna", "erik", "kim", "lisa"] {
                let path = path.clone();
                scope.spawn(move || set(&UsersFile::at(path), name));
            }
        });
        assert_eq!(server.users().unwrap().names().count(), 5);
        let found = std::fs::metadata(&path).unwrap().permissions();
        assert_eq!(found.mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_others_can_read_or_that_is_none_lets_nobody_in() {
        let folder = folder();
        let path = folder.path().join("a.users");
        let file = UsersFile::at(path.clone());
        set(&file, "peter");
        std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let open = file.users().err().unwrap();
        assert!(matches!(open, UsersFileError::Readable(_)), "{open}");
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, "peter:x\n").unwrap();
        let none = file.users().err().unwrap();
        assert!(matches!(none, UsersFileError::Text { .. }), "{none}");
    }
}
