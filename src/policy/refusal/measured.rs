//! What was asked for and what is allowed, each by itself, for those who show a refusal in a way of their own.

use super::Refusal;
use super::words::{ago, ends, list};
use crate::certificate::length;

impl Refusal {
    /// What was asked for, in the words of the sentence; none where nothing was.
    #[must_use]
    pub fn value(&self) -> Option<String> {
        self.measured().0
    }

    /// What is allowed, in the words of the sentence; none where that is no value.
    #[must_use]
    pub fn limit(&self) -> Option<String> {
        self.measured().1
    }

    fn measured(&self) -> (Option<String>, Option<String>) {
        let one = |value: &String| Some(value.clone());
        let all = |values: &[String]| Some(list(values));
        match self {
            Self::WrongKind { kind, .. } => (Some(kind.to_string()), None),
            Self::SubjectIsCa(ca) => (one(ca), None),
            Self::OtherCa { asked, allowed } => (one(asked), allowed.clone()),
            Self::Requester { requester, allowed } => (one(requester), all(allowed)),
            Self::RequesterSuffix { requester, .. } => (one(requester), None),
            Self::Login { method, allowed } => (one(method), allowed.as_deref().and_then(all)),
            Self::LoginOfProgram { method }
            | Self::LoginUnnamed { method }
            | Self::LoginCode { method } => (one(method), None),
            Self::LoginAge { found, allowed } => (Some(ago(*found)), Some(length(*allowed))),
            Self::LoginAmr { found, missing } => (all(found), all(missing)),
            Self::LoginAcr { found, allowed } => (found.clone(), all(allowed)),
            Self::KeyType { found, allowed } => (one(found), all(allowed)),
            Self::PrincipalNotNamed { choice } => (None, all(choice)),
            Self::Principal { principal, allowed } => (one(principal), all(allowed)),
            Self::ReservedSuffix { principal, .. } | Self::Wildcard(principal) => {
                (one(principal), None)
            }
            Self::Lifetime { asked, allowed } => (Some(ends(*asked)), Some(length(*allowed))),
            Self::BackDate { asked, allowed } => (Some(length(*asked)), Some(length(*allowed))),
            Self::Over(asked) => (Some(length(*asked)), None),
            Self::OptionForced { asked, forced, .. } => (asked.clone(), one(forced)),
            Self::OptionNotAllowed { asked, allowed, .. } => (one(asked), all(allowed)),
            Self::KeyIdNotAllowed { asked, allowed } => (one(asked), one(allowed)),
            Self::KeyId { text, .. } => (one(text), None),
            Self::NoClass(proved) | Self::Unbelieved(proved) => (one(proved), None),
            Self::Proof { shortfall, .. } => (None, Some(shortfall.to_string())),
            Self::Subject(_)
            | Self::DirectOff
            | Self::NobodysName
            | Self::PrincipalForm(_)
            | Self::NoStorage
            | Self::NoProof
            | Self::ProofOfOtherKey(_)
            | Self::FirmwareFault(_)
            | Self::NoLifetime
            | Self::LifetimeNotNamed
            | Self::Validity(_)
            | Self::NoTouch(_)
            | Self::Options(_)
            | Self::Automation(_)
            | Self::NoReason
            | Self::KeyIdNotNamed => (None, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_and_limit_are_those_of_the_sentence() {
        let (peter, names) = (
            "peter".to_owned(),
            vec!["anna".to_owned(), "erik".to_owned()],
        );
        for (refusal, value, limit) in [
            (
                Refusal::Lifetime {
                    asked: Some(259_200),
                    allowed: 86_400,
                },
                Some("in 3 days"),
                Some("1 day"),
            ),
            (
                Refusal::Requester {
                    requester: peter.clone(),
                    allowed: names.clone(),
                },
                Some("peter"),
                Some("anna, erik"),
            ),
            (
                Refusal::Login {
                    method: "start".to_owned(),
                    allowed: None,
                },
                Some("start"),
                None,
            ),
            (Refusal::Wildcard("p*".to_owned()), Some("p*"), None),
            (
                Refusal::KeyIdNotAllowed {
                    asked: peter,
                    allowed: "{requester}".to_owned(),
                },
                Some("peter"),
                Some("{requester}"),
            ),
        ] {
            let sentence = refusal.in_full();
            assert_eq!(refusal.value().as_deref(), value, "{sentence}");
            assert_eq!(refusal.limit().as_deref(), limit, "{sentence}");
            for said in value.iter().chain(&limit) {
                assert!(sentence.contains(said), "{said}: {sentence}");
            }
        }
        assert_eq!(
            (Refusal::NoReason.value(), Refusal::NoReason.limit()),
            (None, None)
        );
    }
}
