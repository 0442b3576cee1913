//! What to do about a key that was not signed, and about a run that ended early.

use crate::batch::BatchError;
use crate::cli::base::failure::{Advised, Kind};
use crate::issue::{AgainError, CaseError, IssueError, NotAnewError, OpenError, RunEnd};
use crate::ledger::ReserveError;

impl Advised for OpenError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unsealed { .. } => {
                "a run of `init --copy-to` was cut short before the copy was there; the key never signed: \
                 destroy it (`punchmark ca retire`, `ca destroy-copy`) and make another"
            }
            Self::Opening(error) => return error.hint(),
            Self::OtherKey { .. } => "is the right token plugged in? nothing was signed",
            Self::HashForOtherKey { .. } => "leave -t out",
            Self::Software { .. } => {
                "name the token or card in the config; what the ledger says of a key stays"
            }
        };
        Some(hint.to_owned())
    }
}

impl Advised for RunEnd {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Interrupted => "the same command with --resume goes on",
            Self::Signer => "when the token is back, the same command with --resume goes on",
            Self::Ledger(error) => return error.hint(),
            Self::Panicked => PANICKED,
        };
        Some(hint.to_owned())
    }
}

impl Advised for BatchError {
    fn kind(&self) -> Kind {
        if self.is_refusal() {
            return Kind::Refused;
        }
        Kind::Failed
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Subject(error) => return error.hint(),
            Self::Case(CaseError::Refused(refusals)) => return refusals.hint(),
            Self::Case(CaseError::Intake(error)) => return error.hint(),
            Self::Issue(error) => return issue(error),
            Self::Twice(_) => "name each key once",
            Self::NotAsked => "say what to sign for it with -I and -n, or with --role",
            Self::SerialForSeveral(serial) => {
                return Some(format!("-z +{serial} counts up from it"));
            }
            Self::Again(AgainError::Revoked(_)) => {
                "without --resume, a new one is signed, if you mean that"
            }
            Self::WasRevoked(_) => "sign a new one with `punchmark sign`, if you mean that",
            Self::NotAnew(NotAnewError::NoRole(_)) => {
                "ask for another role: punchmark sign --role ROLE"
            }
            Self::NotInLedger => "sign its key with `punchmark sign`",
            Self::Write { .. } => "the same command with --resume writes it again",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

fn issue(error: &IssueError) -> Option<String> {
    let hint = match error {
        IssueError::Reserve(ReserveError::RequestUsed(_)) => {
            "--resume writes its certificate again; for another one, a new request is wanted"
        }
        IssueError::Reserve(
            ReserveError::ChallengeUsed(_) | ReserveError::ChallengeExpired { .. },
        ) => "make a new one with `punchmark challenge`, and have it answered",
        IssueError::Reserve(ReserveError::SerialTaken(_)) => {
            "leave -z out, and the ledger takes the next free one"
        }
        IssueError::Reserve(ReserveError::SerialRevoked(_)) => {
            "leave -z out, and the ledger takes the next one that was not revoked"
        }
        IssueError::Reserve(ReserveError::KeyIdRevoked(_)) => {
            "give another one: with -I, or by the `key-id` of the role"
        }
        IssueError::TooLong { .. } => {
            "fewer principals or options make it shorter; a CA key of another type takes any"
        }
        IssueError::Sign(error) => return error.hint(),
        _ => return None,
    };
    Some(hint.to_owned())
}

const PANICKED: &str =
    "please report it; what was reserved and not signed is given up when the next KRL is made";
