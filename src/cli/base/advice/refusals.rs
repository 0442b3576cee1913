//! What to do about a refusal by policy.

use crate::certificate::Kind;
use crate::cli::base::failure::Advised;
use crate::policy::least_proof::Shortfall;
use crate::policy::{Refusal, Refusals};

impl Advised for Refusals {
    /// The way out of the first refusal that has one.
    fn hint(&self) -> Option<String> {
        let reasons = self.reasons().iter();
        reasons
            .map(|reason| way_out(reason, self.role()))
            .find_map(|hint| hint)
    }
}

fn way_out(refusal: &Refusal, role: &str) -> Option<String> {
    let hint = match refusal {
        Refusal::WrongKind { kind, .. } => match kind {
            Kind::Host => "leave -h out, or sign with a host CA",
            Kind::User => "add -h for a host certificate, or sign with a user CA",
        },
        Refusal::ReservedSuffix { principal, suffix } => {
            let base = principal.len().saturating_sub(suffix.len());
            let base = principal.get(..base).filter(|base| !base.is_empty())?;
            return Some(format!(
                "write -n {base}; the suffix comes with proof, or with --witnessed STATEMENT \
                 for what you saw yourself"
            ));
        }
        Refusal::DirectOff => "ask by a role: sign --role ROLE --requester NAME",
        Refusal::NoReason => "say why with --reason WORDS",
        Refusal::Lifetime { allowed, .. } => {
            return Some(format!("ask for less with -V +{allowed}s"));
        }
        Refusal::Proof { shortfall, .. } => more_proof(shortfall),
        Refusal::Unbelieved(_) => UNBELIEVED,
        Refusal::NoTouch(_) => "leave no-touch-required out, of the request or the role",
        Refusal::NoClass(_) => "[suffixes] of the config names the classes",
        _ if role != "operator" => {
            return Some(format!("`punchmark role show {role}` says what it allows"));
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

/// Whose evidence counts.
const UNBELIEVED: &str = "a YubiKey's counts with roots = [\"yubico\"] in [attestation] of the \
    config; another maker's once its root is added: punchmark attestation roots add FILE";

fn more_proof(shortfall: &Shortfall) -> &'static str {
    match shortfall {
        Shortfall::Pin(..) => {
            "make the key with --pin-policy, a security key's with ssh-keygen -O verify-required"
        }
        Shortfall::Touch(..) => {
            "make the key with --touch-policy, a security key's without no-touch-required"
        }
        Shortfall::Kind(_) => "`proof` of the role or of the class names the kinds that count",
        Shortfall::Firmware(..) => "a device's firmware stays as it is: take another one",
    }
}
