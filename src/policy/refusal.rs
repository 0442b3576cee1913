//! Why nothing is signed.

mod measured;
mod words;

use std::fmt;

use self::words::{ago, ends, list, value_of, ways};
use super::least_proof::Shortfall;
use crate::attestation::Fault;
use crate::certificate::{
    KeyIdError, Kind, OptionError, Place, PrincipalError, SubjectError, ValidityError, length,
};

/// One reason. Names the field at fault, its value and the limit.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A user certificate of a host CA, or the other way round.
    #[error("CA `{ca}` signs no {kind} certificates")]
    WrongKind {
        /// The CA.
        ca: String,
        /// What was asked.
        kind: Kind,
    },
    /// A key that is a CA would be its own user.
    #[error("the key is CA `{0}` itself; a CA key is never certified")]
    SubjectIsCa(String),
    /// A key that no certificate should be made for.
    #[error("the key cannot be certified")]
    Subject(#[from] SubjectError),
    /// `direct = false`.
    #[error("the direct form is switched off by the role `operator`")]
    DirectOff,
    /// The role is another CA's, or nobody's.
    #[error("the role signs with {}, asked was CA `{asked}`", allowed.as_ref().map_or("no CA".to_owned(), |ca| format!("CA `{ca}`")))]
    OtherCa {
        /// What was asked.
        asked: String,
        /// The role's.
        allowed: Option<String>,
    },
    /// None of the role's requesters.
    #[error(
        "requester `{requester}` is not among those of the role: {}",
        list(allowed)
    )]
    Requester {
        /// Who asked.
        requester: String,
        /// The patterns.
        allowed: Vec<String>,
    },
    /// None of the role's login methods; a role that names none is open to enrolled keys.
    #[error("a login by `{method}` doesn't open the role: {}", ways(.allowed.as_deref()))]
    Login {
        /// The method.
        method: String,
        /// The role's.
        allowed: Option<Vec<String>>,
    },
    /// A program gets what programs are for.
    #[error(
        "a program logged in by `{method}`, which reaches roles with `automation = true` alone"
    )]
    LoginOfProgram {
        /// The method.
        method: String,
    },
    /// A role for programs that names no login method is open to none.
    #[error(
        "a login by `{method}` doesn't open the role, which is for programs (`automation = true`) and names no `login`"
    )]
    LoginUnnamed {
        /// The method.
        method: String,
    },
    /// A code that somebody was talked into typing would open it to another.
    #[error(
        "a login by a code doesn't open the role, which has no `code = true`: log in with `{method}` in a browser of this machine"
    )]
    LoginCode {
        /// The method.
        method: String,
    },
    /// Too long ago, or nobody says when.
    #[error("who asks showed who they are {}; the role takes a login of at most {}: log in again", ago(*found), length(*allowed))]
    LoginAge {
        /// In seconds before now; none where nobody says.
        found: Option<u64>,
        /// In seconds before now.
        allowed: u64,
    },
    /// By something else than the role asks for.
    #[error(
        "the login was by {}; the role asks for {} too",
        list(found),
        list(missing)
    )]
    LoginAmr {
        /// By what they showed who they are.
        found: Vec<String>,
        /// What of the role's is not among it.
        missing: Vec<String>,
    },
    /// Not as well as the role asks for.
    #[error("the login is {}; the role takes {}", found.as_deref().map_or("of no told level".to_owned(), |found| format!("of level {found:?}")), list(allowed))]
    LoginAcr {
        /// How well they showed who they are; none where nobody says.
        found: Option<String>,
        /// The role's.
        allowed: Vec<String>,
    },
    /// A role is for somebody who is known by name.
    #[error("`operator` is whoever holds token and PIN, and no requester's name")]
    NobodysName,
    /// Such a name could become a proved principal.
    #[error("requester `{requester}` ends in `{suffix}`, which the CA alone adds")]
    RequesterSuffix {
        /// Who asked.
        requester: String,
        /// The suffix.
        suffix: String,
    },
    /// None of the role's key types.
    #[error("the key is {found}; the role takes {}", list(allowed))]
    KeyType {
        /// The kind of key.
        found: String,
        /// The role's.
        allowed: Vec<String>,
    },
    /// Nothing was asked, and the role doesn't give the requester's own name.
    #[error("no principal was asked for; the role allows {}", list(choice))]
    PrincipalNotNamed {
        /// The patterns.
        choice: Vec<String>,
    },
    /// None of the role's.
    #[error(
        "principal `{principal}` is not among those of the role: {}",
        list(allowed)
    )]
    Principal {
        /// What was asked.
        principal: String,
        /// The patterns.
        allowed: Vec<String>,
    },
    /// Such a principal comes from a proof only.
    #[error("principal `{principal}` ends in `{suffix}`, which the CA alone adds, by proof")]
    ReservedSuffix {
        /// What was asked.
        principal: String,
        /// The suffix.
        suffix: String,
    },
    /// A role gives single names.
    #[error("principal `{0}` has a wildcard, which no role gives")]
    Wildcard(String),
    /// With its suffix it is none, or there are too many.
    #[error("with its suffix, a principal cannot be written")]
    PrincipalForm(#[from] PrincipalError),
    /// The role does not say what to do about storage.
    #[error("the role has no `storage`, so that nothing is allowed")]
    NoStorage,
    /// Nothing was proved, and the role wants proof.
    #[error("the role asks for proof of the key's storage, and there is none")]
    NoProof,
    /// There is evidence, and nobody who is trusted here vouches for it.
    #[error("the evidence proves nothing here: {0}")]
    Unbelieved(String),
    /// What was proved is less than the suffix's class or the role asks for.
    #[error("{by}: {shortfall}")]
    Proof {
        /// Who asks for more.
        by: String,
        /// In what.
        shortfall: Shortfall,
    },
    /// No class stands for what was proved.
    #[error("no class of [suffixes] stands for {0}")]
    NoClass(String),
    /// The proof is about another key.
    #[error("the proof by {0} is about another key")]
    ProofOfOtherKey(&'static str),
    /// The device's firmware makes it less than it says.
    #[error("the device's firmware has a fault: {0}")]
    FirmwareFault(Fault),
    /// The role allows none at all.
    #[error("the role has no `lifetime`, so that nothing is allowed")]
    NoLifetime,
    /// Nothing was asked, and the role has no default.
    #[error("no lifetime was asked for, and the role has no default")]
    LifetimeNotNamed,
    /// Ends too late.
    #[error("lifetime: ends {}; the role allows at most {} from now", ends(*asked), length(*allowed))]
    Lifetime {
        /// In seconds from now; none is forever.
        asked: Option<u64>,
        /// In seconds from now.
        allowed: u64,
    },
    /// Begins too early.
    #[error("lifetime: begins {} ago; the role allows at most {}", length(*asked), length(*allowed))]
    BackDate {
        /// In seconds before now.
        asked: u64,
        /// In seconds before now.
        allowed: u64,
    },
    /// It is over already.
    #[error("lifetime: over {} ago", length(*.0))]
    Over(u64),
    /// No interval.
    #[error("lifetime")]
    Validity(#[from] ValidityError),
    /// The role forces another value, or that it is there.
    #[error("{place} {name}: asked for {}; the role forces {}", value_of(asked), value_of(&Some(forced.clone())))]
    OptionForced {
        /// The map.
        place: Place,
        /// The option.
        name: String,
        /// What was asked; none is to leave it out.
        asked: Option<String>,
        /// What is forced.
        forced: String,
    },
    /// In none of the role's sets.
    #[error("{place} {name}: asked for {}; the role allows {}", value_of(&Some(asked.clone())), list(allowed))]
    OptionNotAllowed {
        /// The map.
        place: Place,
        /// The option.
        name: String,
        /// What was asked.
        asked: String,
        /// What may be asked for.
        allowed: Vec<String>,
    },
    /// A login without touch, where touch was proved.
    #[error("extension no-touch-required: {0} asks for touch")]
    NoTouch(String),
    /// Together they cannot stand in a certificate.
    #[error("options")]
    Options(#[from] OptionError),
    /// Programs stay where they are, and do what they do.
    #[error("an automation role wants critical option {0}, and there is none")]
    Automation(&'static str),
    /// Nobody said why.
    #[error("an emergency role wants a reason, and none was given")]
    NoReason,
    /// Its key ID comes from the role.
    #[error("key ID {asked:?} was asked for; the role calls its certificates {allowed:?}")]
    KeyIdNotAllowed {
        /// What was asked.
        asked: String,
        /// The template.
        allowed: String,
    },
    /// The direct form takes it from whoever asks.
    #[error("no key ID was asked for")]
    KeyIdNotNamed,
    /// It cannot be written.
    #[error("key ID {text:?}")]
    KeyId {
        /// What the template gave.
        text: String,
        /// What is wrong with it.
        source: KeyIdError,
    },
}

/// Every reason why nothing is signed; at least one.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusals {
    role: String,
    reasons: Vec<Refusal>,
}

impl Refusals {
    pub(super) fn new(role: String, reasons: Vec<Refusal>) -> Self {
        Self { role, reasons }
    }

    /// The role that refuses.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// The reasons, to keep.
    pub fn into_reasons(self) -> Vec<Refusal> {
        self.reasons
    }

    /// The reasons.
    pub fn reasons(&self) -> &[Refusal] {
        &self.reasons
    }
}

impl Refusal {
    /// The field that is at fault, as config and JSON call it.
    pub fn field(&self) -> &'static str {
        match self {
            Self::WrongKind { .. } => "certificates",
            Self::SubjectIsCa(_) | Self::Subject(_) => "key",
            Self::DirectOff => "direct",
            Self::OtherCa { .. } => "ca",
            Self::Requester { .. } | Self::RequesterSuffix { .. } | Self::NobodysName => {
                "requesters"
            }
            Self::Login { .. }
            | Self::LoginOfProgram { .. }
            | Self::LoginUnnamed { .. }
            | Self::LoginCode { .. }
            | Self::LoginAge { .. }
            | Self::LoginAmr { .. }
            | Self::LoginAcr { .. } => "login",
            Self::KeyType { .. } => "key-types",
            Self::PrincipalNotNamed { .. }
            | Self::Principal { .. }
            | Self::ReservedSuffix { .. }
            | Self::Wildcard(_)
            | Self::PrincipalForm(_) => "principals",
            Self::NoStorage | Self::NoProof | Self::NoClass(_) => "storage",
            Self::Proof { .. }
            | Self::ProofOfOtherKey(_)
            | Self::FirmwareFault(_)
            | Self::Unbelieved(_) => "proof",
            Self::NoLifetime
            | Self::LifetimeNotNamed
            | Self::Lifetime { .. }
            | Self::BackDate { .. }
            | Self::Over(_)
            | Self::Validity(_) => "lifetime",
            Self::OptionForced { place, .. } | Self::OptionNotAllowed { place, .. } => {
                match place {
                    Place::Critical => "critical-options",
                    Place::Extension => "extensions",
                }
            }
            Self::NoTouch(_) => "extensions",
            Self::Options(_) => "options",
            Self::Automation(_) => "automation",
            Self::NoReason => "emergency",
            Self::KeyIdNotAllowed { .. } | Self::KeyIdNotNamed | Self::KeyId { .. } => "key-id",
        }
    }

    /// The reason and what is behind it, in one line.
    pub fn in_full(&self) -> String {
        match std::error::Error::source(self) {
            Some(source) => format!("{self}: {source}"),
            None => self.to_string(),
        }
    }
}

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons: Vec<_> = self.reasons.iter().map(Refusal::in_full).collect();
        f.write_str(&reasons.join("; "))
    }
}

impl std::error::Error for Refusals {}
