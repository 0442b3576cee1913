//! `file:/path/to/ca_key`

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Names a private key file by its absolute path, as it is: nothing in it is escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLocator(PathBuf);

/// Why a text is no file's locator. The text is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileLocatorError {
    /// Longer than any path.
    #[error("a key file's locator has at most {LENGTH_MAX} bytes")]
    Length,
    /// A relative path, a host, a query, or what would not print.
    #[error(
        "a key file's locator reads file:/path/to/ca_key: an absolute path, \
         without `?`, `#`, `%` and control characters"
    )]
    Form,
}

impl FileLocator {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn device(&self) -> String {
        format!("key file {}", self.0.display())
    }
}

impl FromStr for FileLocator {
    type Err = FileLocatorError;

    fn from_str(text: &str) -> Result<Self, FileLocatorError> {
        if text.len() > LENGTH_MAX {
            return Err(FileLocatorError::Length);
        }
        let path = text.strip_prefix("file:").ok_or(FileLocatorError::Form)?;
        let odd = |c: char| c.is_control() || ['?', '#', '%'].contains(&c);
        if path.starts_with('/') && !path.starts_with("//") && !path.contains(odd) {
            Ok(Self(path.into()))
        } else {
            Err(FileLocatorError::Form)
        }
    }
}

impl fmt::Display for FileLocator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "file:{}", self.0.display())
    }
}

const LENGTH_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absolute_path_is_read_and_written_as_it_is() {
        let locator: FileLocator = "file:/etc/ssh/ca key".parse().unwrap();
        assert_eq!(locator.path(), Path::new("/etc/ssh/ca key"));
        assert_eq!(locator.to_string(), "file:/etc/ssh/ca key");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "file:",
            "file:ca_key",
            "file://host/ca_key",
            "file:///ca_key",
            "file:/ca_key?passphrase=secret",
            "file:/ca%20key",
            "file:/ca\nkey",
        ] {
            let read: Result<FileLocator, _> = text.parse();
            assert_eq!(read, Err(FileLocatorError::Form), "{text:?}");
        }
    }
}
