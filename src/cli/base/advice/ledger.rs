//! What to do about a ledger that cannot be used, or does not fit the config.

use rusqlite::ErrorCode;

use crate::cli::base::failure::{Advised, Failure};
use crate::ledger::checkpoint::CheckpointError;
use crate::ledger::{ClockError, EnrolError, LedgerError, ProofError};

/// The failure to find a CA of this name in the ledger.
pub(crate) fn not_in_ledger(ca: &str) -> Failure {
    Failure::new(format!("the ledger has no CA `{ca}`"))
        .hint("is this the ledger that belongs to this config?")
}

/// The failure to find anything in a ledger that is new.
pub(crate) fn empty_ledger() -> Failure {
    Failure::new("the ledger has no entry yet")
}

impl Advised for CheckpointError {}

impl Advised for EnrolError {}

impl Advised for ProofError {}

impl Advised for LedgerError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Missing(_) => {
                "put it back from a backup: without it, serials would be given out twice"
            }
            Self::Locked { .. } => "wait for the other run to end, then try again",
            Self::OlderFormat { .. } => {
                "any run that writes brings it up to date: `punchmark krl --out FILE`, say"
            }
            Self::NewerFormat { .. } => "use the version of punchmark that wrote it",
            Self::Head => "`punchmark ledger verify` says where it begins to be wrong",
            Self::CaKnown { .. } => "a key is CA only once; use it by that name",
            Self::Store(error) => store(error)?,
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

fn store(error: &rusqlite::Error) -> Option<&'static str> {
    Some(match error.sqlite_error_code()? {
        ErrorCode::DiskFull => {
            "make room; nothing was released that the ledger does not hold, and --resume goes on"
        }
        ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
            "see that you may write to the ledger, to its -wal and -shm beside it, and to its folder"
        }
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            "another program has the ledger open; close it there"
        }
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => {
            "keep this file as it is, and put the ledger back from a backup"
        }
        _ => return None,
    })
}

impl Advised for ClockError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::LeapAhead { .. } => {
                "if the clock is right, run this on a terminal and confirm it; \
                 `clock-leap-days` in the config sets the span"
            }
            Self::BehindLedger { .. } => {
                "set the clock of this machine, then try again; if it is right and the entry is \
                 wrong: punchmark ledger correct-clock"
            }
            Self::BeforeBuild => "set the clock of this machine, then try again",
        };
        Some(hint.to_owned())
    }
}
