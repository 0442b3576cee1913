//! The key files that certificates are asked for.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use ssh_key::public::KeyData;

use crate::certificate::key_line::{KeyLineError, read_public_key_line};
use crate::file::{bytes_from, read_bytes};
use crate::request::RequestFileError;

/// A subject key, and where its certificate goes.
#[derive(Debug)]
pub struct SubjectFile {
    /// The key, not yet believed.
    pub key: KeyData,
    /// The comment of the key, which the certificate keeps.
    pub comment: String,
    /// The name less `.pub`, plus `-cert.pub`, as ssh-keygen does.
    pub output: PathBuf,
}

/// Why a file gave no subject key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubjectFileError {
    /// It cannot be read.
    #[error("cannot be read")]
    File(#[source] io::Error),
    /// It is a private key, and no public key lies beside it.
    #[error("is a private key, and {} cannot be read", public.display())]
    PrivateKey {
        /// The public key file that was looked for.
        public: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It holds no public key; its words say what it is instead.
    #[error(transparent)]
    Line(#[from] KeyLineError),
    /// It begins as a request, and is none.
    #[error(transparent)]
    Request(#[from] RequestFileError),
}

impl SubjectFile {
    /// Reads the key that `path` names. A private key's path, or one that is missing
    /// but has a `.pub` beside it, names that `.pub`.
    ///
    /// # Errors
    /// [`SubjectFileError`].
    pub fn read(path: &Path) -> Result<Self, SubjectFileError> {
        match read_key(path) {
            Err(SubjectFileError::Line(KeyLineError::PrivateKey)) => {
                read_beside(path).map_err(|(public, error)| match error {
                    SubjectFileError::File(source) => {
                        SubjectFileError::PrivateKey { public, source }
                    }
                    error => error,
                })
            }
            Err(SubjectFileError::File(missing)) if missing.kind() == io::ErrorKind::NotFound => {
                read_beside(path).map_err(|(_, error)| match error {
                    SubjectFileError::File(_) => SubjectFileError::File(missing),
                    error => error,
                })
            }
            read => read,
        }
        .map(|(key, comment)| Self {
            key,
            comment,
            output: output(path),
        })
    }
}

/// Reads all of standard input, if that is not more than a certificate can be.
///
/// # Errors
/// For the same reasons as [`read_bytes`].
pub fn read_stdin() -> io::Result<Vec<u8>> {
    bytes_from(io::stdin().lock(), 3 * LARGEST)
}

fn read_key(path: &Path) -> Result<(KeyData, String), SubjectFileError> {
    let file = read_bytes(path, LARGEST).map_err(SubjectFileError::File)?;
    Ok(read_public_key_line(&file)?)
}

fn read_beside(path: &Path) -> Result<(KeyData, String), (PathBuf, SubjectFileError)> {
    let public = beside(path.to_path_buf(), ".pub");
    read_key(&public).map_err(|error| (public, error))
}

fn output(path: &Path) -> PathBuf {
    let stem = match path.extension() {
        Some(extension) if extension == "pub" => path.with_extension(""),
        _ => path.to_path_buf(),
    };
    beside(stem, "-cert.pub")
}

/// The path with something behind its last character.
pub(super) fn beside(path: PathBuf, suffix: &str) -> PathBuf {
    let mut path: OsString = path.into_os_string();
    path.push(suffix);
    path.into()
}

/// A key file is smaller; a 16384-bit RSA key takes 3 KiB.
const LARGEST: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti user # one\n";
    const PRIVATE: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE=\n-----END OPENSSH PRIVATE KEY-----\n";

    #[test]
    fn a_private_keys_path_names_the_pub_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("id"), PRIVATE).unwrap();
        std::fs::write(dir.path().join("id.pub"), KEY).unwrap();
        let subject = SubjectFile::read(&dir.path().join("id")).unwrap();
        assert_eq!(subject.output, dir.path().join("id-cert.pub"));
        assert_eq!(subject.comment, "user # one");
    }

    #[test]
    fn a_private_key_alone_is_refused_and_says_what_was_looked_for() {
        let dir = tempfile::tempdir().unwrap();
        let id = dir.path().join("id");
        std::fs::write(&id, PRIVATE).unwrap();
        let error = SubjectFile::read(&id).unwrap_err();
        assert!(
            matches!(&error, SubjectFileError::PrivateKey { public, .. } if public.ends_with("id.pub")),
            "{error}"
        );
    }

    #[test]
    fn a_missing_file_with_a_pub_beside_it_is_that_pub() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("id.pub"), KEY).unwrap();
        let subject = SubjectFile::read(&dir.path().join("id")).unwrap();
        assert_eq!(subject.output, dir.path().join("id-cert.pub"));
    }

    #[test]
    fn a_file_over_the_limit_is_not_read_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("large.pub");
        std::fs::write(&path, vec![b'a'; 70_000]).unwrap();
        let error = SubjectFile::read(&path).unwrap_err();
        assert!(
            matches!(&error, SubjectFileError::File(e) if e.kind() == io::ErrorKind::FileTooLarge),
            "{error}"
        );
    }
}
