//! The file that sessions are kept in, read.

use std::path::Path;

use super::SessionsError;
use crate::file::{Writers, read_limited};

/// Its text; none where there is no file.
pub(super) fn read(path: &Path) -> Result<Option<String>, SessionsError> {
    match read_limited(path, LARGEST) {
        Ok(text) => {
            Writers::of_this_account().check(path)?;
            Ok(Some(text))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SessionsError::File {
            path: path.to_path_buf(),
            source,
        }),
    }
}

/// In bytes: more than all sessions take.
const LARGEST: u64 = 16 << 20;
