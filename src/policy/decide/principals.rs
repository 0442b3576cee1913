//! The principals of a certificate: those that were asked for, each with the suffix.

use super::super::Refusal;
use super::super::pattern::PrincipalPattern;
use super::super::role::Permit;
use super::Case;
use super::storage::Mark;
use crate::certificate::{Kind, Principal, PrincipalError, Principals};
use crate::request::Requester;

impl<'a> Case<'a> {
    pub(super) fn principals(&mut self, mark: &Mark<'_>) -> Option<Principals> {
        let bases = self.bases()?;
        for base in &bases {
            self.check_base(base);
        }
        let kind = self.request.ask.kind;
        let written = bases.into_iter().map(|base| match mark.class {
            None => Ok(base),
            Some(class) => Principal::parse(&format!("{base}{}", class.suffix()), kind),
        });
        let written: Result<Vec<_>, PrincipalError> = written.collect();
        self.note(written.and_then(Principals::try_from))
    }

    /// What was asked for; else the requester's own name, where the role gives it. Nothing
    /// else is given unasked: what is meant must not hang on how much the role allows.
    fn bases(&mut self) -> Option<Vec<Principal>> {
        if let Some(asked) = &self.request.ask.principals {
            return Some(asked.iter().cloned().collect());
        }
        let patterns = match self.rules.role.principals() {
            Permit::Anything => {
                self.refuse(PrincipalError::None.into());
                return None;
            }
            Permit::Nothing => &[],
            Permit::Only(patterns) => patterns,
        };
        if !patterns.contains(&PrincipalPattern::Requester) {
            self.refuse(Refusal::PrincipalNotNamed {
                choice: choice(patterns, self.requester),
            });
            return None;
        }
        let own = Principal::parse(self.requester.name().as_str(), Kind::User);
        self.note(own).map(|own| vec![own])
    }

    fn check_base(&mut self, base: &Principal) {
        if let Some(suffix) = self.rules.suffixes.reserved_end(base.as_str()) {
            self.refuse(Refusal::ReservedSuffix {
                principal: base.to_string(),
                suffix: suffix.to_string(),
            });
        }
        let patterns = match self.rules.role.principals() {
            Permit::Anything => return,
            Permit::Nothing => &[],
            Permit::Only(patterns) => patterns,
        };
        // A host's wildcard would match a glob as if it were a name.
        if base.as_str().contains(['*', '?']) {
            return self.refuse(Refusal::Wildcard(base.to_string()));
        }
        let requester = self.requester;
        let is_in = |pattern: &PrincipalPattern| pattern.matches(base, requester);
        if !patterns.iter().any(is_in) {
            self.refuse(Refusal::Principal {
                principal: base.to_string(),
                allowed: choice(patterns, requester),
            });
        }
    }
}

/// What a role allows, in words. Which names the ledger has for the requester stands in no role, so
/// they are said beside their template.
fn choice(patterns: &[PrincipalPattern], requester: &Requester) -> Vec<String> {
    let words = |pattern: &PrincipalPattern| {
        if *pattern != PrincipalPattern::RequesterNames {
            return pattern.to_string();
        }
        let names: Vec<_> = requester.names().iter().map(Principal::as_str).collect();
        let whose = requester.name();
        match names.as_slice() {
            [] => format!("{pattern} (the ledger has none for {whose})"),
            names => format!("{pattern} (for {whose}: {})", names.join(", ")),
        }
    };
    patterns.iter().map(words).collect()
}
