//! Revocations that are pending beside a mirror, as several commands open them.

use super::advice::ledger::empty_ledger;
use super::failure::{Advised, Failure};
use super::words::number_of;
use crate::certificate::length;
use crate::config::Config;
use crate::ledger::Ledger;
use crate::ledger::file::OpenError;
use crate::revocation::{ListMade, Pending, PendingError, StatementError};

/// Opens those of the mirror of the config, alone.
pub(crate) fn hold(config: &Config, mirror: &Ledger) -> Result<Pending, Failure> {
    let head = mirror.checkpoint()?.ok_or_else(empty_ledger)?;
    let hold = || Pending::hold(&config.ledger(), config.ledger_settings(), &head.origin);
    for _ in 0..TRIES {
        match hold() {
            Err(PendingError::Open(OpenError::Locked { .. })) => std::thread::sleep(A_WRITE),
            held => return Ok(held?),
        }
    }
    Ok(hold()?)
}

/// How many are open, and when the oldest was made; none where nothing ever was, and of a ledger that
/// is no mirror.
pub(crate) fn oldest(config: &Config, mirror: &Ledger) -> Result<Option<(usize, u64)>, Failure> {
    if !mirror.is_mirror() || mirror.size() == 0 {
        return Ok(None);
    }
    let pending = hold(config, mirror)?;
    let open = pending.open(mirror)?;
    let oldest = open.iter().map(|(statement, ..)| statement.made).min();
    Ok(oldest.map(|oldest| (open.len(), oldest)))
}

/// The newest list that a mirror made; none where it made none, and of a ledger that is no mirror.
pub(crate) fn newest_list(config: &Config, mirror: &Ledger) -> Result<Option<ListMade>, Failure> {
    if !mirror.is_mirror() || mirror.size() == 0 {
        return Ok(None);
    }
    Ok(hold(config, mirror)?.newest_list())
}

/// What waits, and since when, in words.
pub(crate) fn in_words(open: usize, age: u64) -> String {
    let count = number_of(open, "revocation");
    format!("{count} pending, the oldest for {}", length(age))
}

impl Advised for PendingError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Open(error) => return error.hint(),
            Self::Ledger(error) => return error.hint(),
            Self::Frames(error) => return error.hint(),
            Self::Unkept(_) => {
                "put the newest copy of LEDGER.pending back; a list that was made without it would take \
                 back what was revoked"
            }
            _ => "keep this file as it is, and put the newest copy of it back",
        };
        Some(hint.to_owned())
    }
}

impl Advised for StatementError {}

/// A statement takes some milliseconds to be written.
const A_WRITE: std::time::Duration = std::time::Duration::from_millis(20);
const TRIES: u32 = 50;
pub(crate) const CARRY: &str = "carry them to the ledger: punchmark bundle make";
