//! Files of a ceremony, by their SHA-256.

use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

/// The SHA-256 of a file of any length.
///
/// # Errors
/// What the system says; a pipe or a device is none.
pub fn file_sha256(path: &Path) -> io::Result<[u8; 32]> {
    let mut hash = Sha256::new();
    io::copy(&mut crate::file::open(path)?, &mut HashWriter(&mut hash))?;
    Ok(hash.finalize().into())
}

struct HashWriter<'h>(&'h mut Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
