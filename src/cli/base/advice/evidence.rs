//! What to do about evidence that is none, or that proves nothing.

use crate::attestation::{
    CardEvidenceError, ChainError, EvidenceError, EvidenceFormError, FidoError, PivError,
};
use crate::cli::base::failure::{Advised, Failure};

/// The failure of evidence, which is what `named` says, to prove anything.
pub(crate) fn unproved(named: &str, error: EvidenceError) -> Failure {
    Failure::from(error).at(format!("{named} proves nothing"))
}

impl Advised for EvidenceFormError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::OneCertificate => {
                "put slot f9's certificate behind it: yubico-piv-tool -a read-certificate -s f9 >> FILE"
            }
            Self::Form(_) => "the file of ssh-keygen -O write-attestation= wants --challenge FILE",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Advised for EvidenceError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Piv(PivError::Chain(ChainError::UnknownIssuer { .. }))
            | Self::Fido(FidoError::Chain(ChainError::UnknownIssuer { .. })) => {
                "give the maker's certificates with --roots FILE, or `roots` of [attestation] in \
                 the config"
            }
            Self::Fido(FidoError::V00) => "make the key again with OpenSSH 8.4 or newer",
            Self::Fido(FidoError::OtherApplication(_)) => "name its public key with --key KEY.pub",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Advised for CardEvidenceError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NotAttested(_) => {
                Some("--generate makes a key in the slot, which the card attests".to_owned())
            }
            _ => None,
        }
    }
}
