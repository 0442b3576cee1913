//! What to do about a request that is not taken in.

use crate::cli::base::failure::Advised;
use crate::cli::base::terminal::warn;
use crate::cli::base::words::chain;
use crate::issue::{IntakeError, WordError};
use crate::request::{AdmissionError, AllowedSigners, PossessionError};

/// Names the lines of the allowed signers that count for nobody, as ssh-keygen does.
pub(crate) fn warn_of_faults(signers: &AllowedSigners) {
    for fault in signers.faults() {
        warn(&format!(
            "allowed signers, {}: the line counts for nobody",
            chain(fault)
        ));
    }
}

impl Advised for PossessionError {}

impl Advised for IntakeError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unknown { .. } => {
                "enrol them: punchmark requester add NAME --card SERIAL (or --key FILE); or vouch \
                 for this one request with --requester NAME"
            }
            Self::NoLonger { .. } => {
                "if it is theirs, say so: punchmark requester add NAME --card SERIAL (or --key FILE)"
            }
            Self::Admission(AdmissionError::Stale { .. }) => {
                "ask for a new one; `request-age` in the config sets how old it may be"
            }
            Self::Admission(AdmissionError::NotYet { .. }) => {
                "is the clock of this machine right, and that of the requester?"
            }
            Self::Admission(AdmissionError::OtherCa { .. }) => {
                "name the CA that it is meant for with -s, or ask for one that is meant for this"
            }
            Self::Evidence(_) => {
                "`roots` and `private-roots` of [attestation] in the config name whose evidence \
                 counts; `punchmark show` says what the request has"
            }
            Self::Word(WordError::OtherRole { .. }) => {
                "enrol the key, or record the role where the CA is: punchmark requester add NAME \
                 --registrar ROLE"
            }
            Self::Word(WordError::Himself(_)) => {
                "enrol the key where the CA is, or let another registrar ask"
            }
            Self::NoRole(_) => "`punchmark role list` says which roles there are",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
