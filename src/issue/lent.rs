//! A ledger whose lock a server holds, lent to a command for as long as that needs it.
//!
//! Beside the ledger lies a socket of the server's. Whoever may write to the ledger can connect to it: the
//! server finishes what has a serial, lets go of the lock, and answers [`WORD`]. The command then opens the
//! ledger as ever, by the same files and rules, and the server has it back when the connection ends, as it
//! does by a command's death too. Nothing else is said in either direction.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a server answers once it has let go of the ledger.
pub const WORD: &[u8] = b"lent\n";

/// Where the server of this ledger listens.
pub fn socket(ledger: &Path) -> PathBuf {
    ledger.with_extension("socket")
}

/// The ledger is lent until this is dropped.
#[derive(Debug)]
pub(super) struct Lent {
    _connection: UnixStream,
}

/// Asks a server for this ledger. None if there is no server, or it didn't let go within the time that
/// a device may wait for a finger.
pub(super) fn borrow(ledger: &Path) -> Option<Lent> {
    let mut connection = UnixStream::connect(socket(ledger)).ok()?;
    connection.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut said = [0; WORD.len()];
    connection.read_exact(&mut said).ok()?;
    (said == WORD).then_some(Lent {
        _connection: connection,
    })
}

const PATIENCE: Duration = Duration::from_secs(60);
