//! One writer a ledger: a lock that the system drops with the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::LedgerError;

/// The right to write to a ledger, held until dropped. A killed process drops it too.
#[derive(Debug)]
pub(super) struct WriterLock {
    _held: File,
}

impl WriterLock {
    /// Takes the lock of the ledger at `ledger`, in a file beside it.
    ///
    /// # Errors
    /// [`LedgerError::Locked`] at once if another process has it.
    pub(super) fn take(ledger: &Path) -> Result<Self, LedgerError> {
        let mut path = ledger.as_os_str().to_owned();
        path.push(".lock");
        let failed = |source| LedgerError::File {
            path: path.clone().into(),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(locked(ledger, &mut file)),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        note_holder(&mut file).map_err(failed)?;
        Ok(Self { _held: file })
    }
}

/// Leaves the process id for whoever meets the lock; it decides nothing.
fn note_holder(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "{}", std::process::id())
}

fn locked(ledger: &Path, file: &mut File) -> LedgerError {
    let mut holder = String::new();
    let _unreadable = file.take(20).read_to_string(&mut holder);
    LedgerError::Locked {
        path: ledger.to_path_buf(),
        holder: holder.trim().parse().ok(),
    }
}
