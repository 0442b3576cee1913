//! What to do about a ledger that cannot be used, or does not fit the config.

use crate::ca::KnownCaError;
use crate::cli::base::failure::{Advised, Failure};
use crate::issue::{DisagreementError, OpenLedgerError};
use crate::ledger::checkpoint::CheckpointError;
use crate::ledger::store::StoreError;
use crate::ledger::{BindError, ClockError, EnrolError, LedgerError, MirrorError, ProofError};

/// The failure to find anything in a ledger that is new.
pub(crate) fn empty_ledger() -> Failure {
    Failure::new("the ledger has no entry yet")
}

impl Advised for OpenLedgerError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Ledger(error) => error.hint(),
            Self::Clock(error) => error.hint(),
            Self::NoCa { .. } => Some(OTHER_LEDGER.to_owned()),
        }
    }
}

impl Advised for KnownCaError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Config(error) => error.hint(),
            Self::Disagreement(error) => error.hint(),
        }
    }
}

impl Advised for DisagreementError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoCa { .. } => OTHER_LEDGER.to_owned(),
            Self::OtherKey { .. } => "put the public key file back from a backup".to_owned(),
            Self::OtherPurpose { ca, .. } => {
                format!("set `certificates` of [ca.{ca}] back in the config")
            }
            Self::Suffixes { ca, .. } => format!(
                "put [suffixes] of the config right, or record the change: \
                 punchmark ca suffixes {ca} --record"
            ),
            Self::Ledger(error) => return error.hint(),
        })
    }
}

impl Advised for CheckpointError {}

impl Advised for EnrolError {}

impl Advised for BindError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Bound(_) | Self::Taken(_) => Some(FREE.to_owned()),
            Self::Ledger(error) => error.hint(),
            _ => None,
        }
    }
}

impl Advised for ProofError {}

impl Advised for LedgerError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Open(error) => return error.hint(),
            Self::Unkept(error) => return error.hint(),
            Self::Frames(error) => return error.hint(),
            Self::Clock(error) => return error.hint(),
            Self::Head | Self::Damaged { .. } => {
                "`punchmark ledger verify` says where it begins to be wrong"
            }
            Self::UnknownKind { .. } => "use the version of punchmark that wrote it",
            Self::CaKnown { .. } => "a key is CA only once; use it by that name",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Advised for MirrorError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Ledger(error) => return error.hint(),
            Self::Proof(error) => return error.hint(),
            Self::NothingMissing { .. } => {
                "if you know of a longer one: punchmark ledger resume --ca CA --after SERIAL"
                    .to_owned()
            }
            Self::Within { .. } => {
                "take a head as `punchmark ledger checkpoint` printed it".to_owned()
            }
            Self::Gap { .. } => "an answer before this one was not accepted".to_owned(),
            Self::OtherEntries { .. } => {
                "it was changed on the way, or is of another ledger: have it carried again"
                    .to_owned()
            }
        })
    }
}

impl Advised for StoreError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Damaged { .. } => {
                "keep this file as it is, and put the ledger back from a backup"
            }
            Self::Replaced(_) => {
                "another program moved the ledger while this ran; see that nothing syncs or \
                 restores it, then run `punchmark ledger verify`"
            }
            Self::Failed { source, .. } if is_full(source.as_ref()) => {
                "make room; nothing was released that the ledger does not hold, and --resume goes on"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

fn is_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let error: Option<&std::io::Error> = error.downcast_ref();
    error.is_some_and(|error| {
        matches!(
            error.kind(),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
        )
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
            Self::BeforeBuild | Self::NoClock(_) => "set the clock of this machine, then try again",
        };
        Some(hint.to_owned())
    }
}

/// What to ask where a ledger lacks a CA.
pub(crate) const OTHER_LEDGER: &str = "is this the ledger that belongs to this config?";

const FREE: &str = "free it with `punchmark requester remove NAME --issuer URL --subject SUB`; see \
    `punchmark requester list`";
