//! What would be decided for a key that is not made yet: asked before a card is changed.
//!
//! What comes of it can be shown, and nothing else: it is no [`Decided`], so that nothing can
//! be reserved by a proof that nobody has seen.

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::{Decided, Refusals, Rules, decide};
use crate::attestation::{Facts, Proof};
use crate::request::{Request, Requester};
use crate::signer::KeyAlgorithm;

/// What a certificate would say, if the key comes out as it is promised.
#[derive(Debug)]
pub struct Foreseen(Decided);

/// Decides as if a card had attested `facts` of the request's key. `now` is in Unix seconds.
///
/// # Errors
/// [`Refusals`], which the key to be made would meet.
pub fn foresee(
    request: &Request,
    requester: &Requester,
    facts: Facts,
    rules: &Rules<'_>,
    now: u64,
) -> Result<Foreseen, Refusals> {
    let proof = Proof::promised(request.subject.clone(), facts);
    decide(request, requester, &[proof], rules, now).map(Foreseen)
}

/// Some key of this algorithm, to stand for one that is not made yet. Nobody has its private
/// half any more.
///
/// # Errors
/// [`ssh_key::Error`], of which none is known: the keys are the program's own.
pub fn sample_key(algorithm: KeyAlgorithm) -> Result<KeyData, ssh_key::Error> {
    let line = match algorithm {
        KeyAlgorithm::P256 => include_str!("foresee/ecdsa256.pub"),
        KeyAlgorithm::P384 => include_str!("foresee/ecdsa384.pub"),
        KeyAlgorithm::P521 => include_str!("foresee/ecdsa521.pub"),
        KeyAlgorithm::Rsa2048 => include_str!("foresee/rsa2048.pub"),
        KeyAlgorithm::Rsa3072 => include_str!("foresee/rsa3072.pub"),
        KeyAlgorithm::Rsa4096 => include_str!("foresee/rsa4096.pub"),
        KeyAlgorithm::Ed25519 => include_str!("foresee/ed25519.pub"),
    };
    Ok(PublicKey::from_openssh(line)?.into())
}

impl Foreseen {
    /// What would be decided, to be shown.
    pub fn decided(&self) -> &Decided {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::Subject;

    #[test]
    fn every_algorithm_has_a_sample_that_could_be_certified() {
        for algorithm in KeyAlgorithm::ALL {
            Subject::try_from(sample_key(algorithm).unwrap()).unwrap();
        }
    }
}
