//! All that a request file says, and its key signs.

use crate::certificate::{KeyId, Kind, Principals, Subject};

use super::{Comment, Reason, RequesterName, RoleName, Span, Target};

/// What somebody asks for a key, and what they bring along.
///
/// Every field is what its type allows; none is believed. What is not said is for the role
/// to fill in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The key to be certified, which signs the request.
    pub subject: Subject,
    /// What stands behind it in its file, and will behind the certificate.
    pub comment: Comment,
    /// The role that is asked for.
    pub role: RoleName,
    /// User or host.
    pub kind: Kind,
    /// The base names that are asked for, without the suffixes that the CA adds.
    pub principals: Option<Principals>,
    /// When the certificate shall be valid.
    pub validity: Option<Span>,
    /// The arguments of `ssh-keygen -O`, in their order.
    pub options: Vec<String>,
    /// The key ID that is asked for.
    pub key_id: Option<KeyId>,
    /// Who says to ask. A claim: nothing in a request can prove it.
    pub claimed: Option<RequesterName>,
    /// Why it is asked.
    pub reason: Option<Reason>,
    /// When it was made, in Unix seconds, by the clock of the requester.
    pub created: u64,
    /// Random: a request is used once.
    pub id: RequestId,
    /// The CA that it is meant for.
    pub target: Target,
    /// The CA's challenge that it answers.
    pub challenge: Option<Challenge>,
    /// Evidence of how the key is stored, in the form of `docs/formats/evidence.md`; empty
    /// without any.
    pub evidence: Vec<u8>,
}

/// The id that a request makes up for itself.
pub type RequestId = [u8; 16];

/// A random number of the CA, which makes a request a fresh one.
pub type Challenge = [u8; 32];

/// A new id.
///
/// # Errors
/// If the system has no random numbers.
pub fn random_id() -> Result<RequestId, getrandom::Error> {
    let mut id = RequestId::default();
    getrandom::fill(&mut id)?;
    Ok(id)
}

/// Reads a challenge as `punchmark challenge` prints it: 64 hexadecimal digits.
#[must_use]
pub fn challenge_from_hex(text: &str) -> Option<Challenge> {
    base16ct::mixed::decode_vec(text).ok()?.try_into().ok()
}
