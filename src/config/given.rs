//! What a file asks to be certified: a key, or a request with all that it says.

use std::io;
use std::path::{Path, PathBuf};

use ssh_key::public::KeyData;

use super::subject::beside;
use super::{SubjectFile, SubjectFileError};
use crate::certificate::key_line::read_public_key_line;
use crate::file::{bytes_from, read_bytes};
use crate::request::RequestFile;

/// What one file, or standard input, gives; not believed.
#[derive(Debug)]
pub enum Given {
    /// A public key, and its comment.
    Key(KeyData, String),
    /// A request.
    Request(Box<RequestFile>),
}

impl Given {
    /// Reads a file, and says where its certificate goes: `peter.pub` and `peter.req` give
    /// `peter-cert.pub`.
    ///
    /// # Errors
    /// [`SubjectFileError`].
    pub fn read(path: &Path) -> Result<(Self, PathBuf), SubjectFileError> {
        let file = read_bytes(path, LARGEST).ok();
        match file.filter(RequestFile::begins) {
            Some(file) => Ok((Self::request(&file)?, output(path))),
            None => {
                let subject = SubjectFile::read(path)?;
                Ok((Self::Key(subject.key, subject.comment), subject.output))
            }
        }
    }

    /// Reads standard input.
    ///
    /// # Errors
    /// [`SubjectFileError`].
    pub fn from_stdin() -> Result<Self, SubjectFileError> {
        let input = bytes_from(io::stdin().lock(), LARGEST).map_err(SubjectFileError::File)?;
        if RequestFile::begins(&input) {
            return Self::request(&input);
        }
        let (key, comment) = read_public_key_line(&input)?;
        Ok(Self::Key(key, comment))
    }

    /// The key that it is about.
    #[must_use]
    pub fn key(&self) -> &KeyData {
        match self {
            Self::Key(key, _) => key,
            Self::Request(request) => request.content().subject.key(),
        }
    }

    fn request(file: &[u8]) -> Result<Self, SubjectFileError> {
        Ok(Self::Request(Box::new(RequestFile::from_text(file)?)))
    }
}

/// Where the certificate of a file goes, by the file's name alone.
#[must_use]
pub fn certificate_beside(path: &Path) -> PathBuf {
    let is_named = |extension| path.extension().is_some_and(|it| it == extension);
    let stem = if is_named("pub") || is_named("req") {
        path.with_extension("")
    } else {
        path.to_path_buf()
    };
    beside(stem, "-cert.pub")
}

fn output(path: &Path) -> PathBuf {
    let stem = match path.extension() {
        Some(extension) if extension == "req" || extension == "pub" => path.with_extension(""),
        _ => path.to_path_buf(),
    };
    beside(stem, "-cert.pub")
}

/// The most that is read, which is as much as a [`RequestFile`] may have.
const LARGEST: usize = 192 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_lies_beside_its_request() {
        assert_eq!(
            output(Path::new("a/peter.req")),
            Path::new("a/peter-cert.pub")
        );
        assert_eq!(output(Path::new("peter")), Path::new("peter-cert.pub"));
        for name in ["a/peter.req", "a/peter.pub", "a/peter"] {
            let beside = certificate_beside(Path::new(name));
            assert_eq!(beside, Path::new("a/peter-cert.pub"));
        }
    }
}
