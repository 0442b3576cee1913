//! A new key of a security key, made by `ssh-keygen`, with what its maker attests of it.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// The files of a key that a security key makes, all of one name.
#[derive(Debug)]
pub struct SecurityKeyFiles {
    /// The handle, which is of no use without the security key.
    pub private: PathBuf,
    /// The public half.
    pub public: PathBuf,
    /// What the key was made for: random bytes, which the attestation answers.
    pub challenge: PathBuf,
    /// What the maker attests of the key, as `ssh-keygen -O write-attestation=` writes it.
    pub attestation: PathBuf,
}

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecurityKeyError {
    /// One of the files is there already.
    #[error("{} is there already", .0.display())]
    Taken(PathBuf),
    /// The challenge can't be written.
    #[error("cannot write the challenge")]
    Challenge(#[source] io::Error),
    /// It can't be run.
    #[error("ssh-keygen cannot be started")]
    Start(#[source] io::Error),
    /// It made none; what it said stands before.
    #[error("ssh-keygen made no key: {0}")]
    Failed(ExitStatus),
}

impl SecurityKeyFiles {
    /// The files of the key `private`, as `ssh-keygen -f` names it.
    pub fn of(private: &Path) -> Self {
        let with = |ending: &str| {
            let mut name = private.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        Self {
            private: private.to_owned(),
            public: with(".pub"),
            challenge: with(".challenge"),
            attestation: with(".attestation"),
        }
    }

    /// Refuses to write over what is there, of which `ssh-keygen` would ask for the key alone.
    ///
    /// # Errors
    /// [`SecurityKeyError::Taken`].
    pub fn require_free(&self) -> Result<(), SecurityKeyError> {
        let all = [
            &self.private,
            &self.public,
            &self.challenge,
            &self.attestation,
        ];
        match all.into_iter().find(|path| path.symlink_metadata().is_ok()) {
            Some(taken) => Err(SecurityKeyError::Taken(taken.clone())),
            None => Ok(()),
        }
    }

    /// Has a security key make an Ed25519 key that asks for its PIN at each use (PROTOCOL.u2f). What
    /// `ssh-keygen` says to a person, and asks for, passes through.
    ///
    /// # Errors
    /// [`SecurityKeyError`]. Where no key was made, nothing is left.
    pub fn make(&self, challenge: &[u8; 32]) -> Result<(), SecurityKeyError> {
        self.require_free()?;
        let mut file = OpenOptions::new();
        let file = file.write(true).create_new(true).open(&self.challenge);
        file.and_then(|mut file| file.write_all(challenge))
            .map_err(SecurityKeyError::Challenge)?;
        let made = self.run();
        if made.is_err() {
            for file in [&self.challenge, &self.attestation] {
                let _nothing_to_remove = std::fs::remove_file(file);
            }
        }
        made
    }

    fn run(&self) -> Result<(), SecurityKeyError> {
        let option = |name: &str, file: &Path| {
            let mut option = OsString::from(name);
            option.push(file);
            option
        };
        let status = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519-sk", "-O", "verify-required", "-O"])
            .arg(option("challenge=", &self.challenge))
            .arg("-O")
            .arg(option("write-attestation=", &self.attestation))
            .arg("-f")
            .arg(&self.private)
            // It may be the request's, and ssh-keygen asks a person elsewhere.
            .stdout(Stdio::null())
            .status()
            .map_err(SecurityKeyError::Start)?;
        if status.success() {
            Ok(())
        } else {
            Err(SecurityKeyError::Failed(status))
        }
    }
}
