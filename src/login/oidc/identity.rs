//! Who somebody is here, by the claims that the config names.

use serde_json::Value;

use super::IdToken;
use super::claims::{ClaimError, Claims};
use crate::login::jws::strict;
use crate::login::names::Allowed;
use crate::login::{Login, LoginKind, LoginSubject};
use crate::request::{Group, MethodName, Requester, RequesterName};

/// Which claims say what.
#[derive(Clone, Copy, Debug)]
pub struct Mapping<'m> {
    /// The claim that names the requester. `email` counts only where the provider verified it.
    pub requester: &'m str,
    /// The claim that lists groups, if one does.
    pub groups: Option<&'m str>,
}

/// Somebody whom a provider knows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// Who it is to the provider, for good.
    pub subject: LoginSubject,
    /// Who it is here.
    pub name: RequesterName,
    /// Their groups, as the provider names them; none where the claim is absent, which the provider leaves out
    /// for those who have none.
    pub groups: Vec<String>,
    /// Their session at the provider, where it says which.
    pub session: Option<String>,
    /// When they showed who they are, in Unix seconds, where the provider says so: that it made a token at some
    /// time says nothing of when it last saw the person.
    pub authenticated_at: Option<u64>,
    /// How they showed it (RFC 8176).
    pub amr: Vec<String>,
    /// How well.
    pub acr: Option<String>,
}

impl Identity {
    /// Somebody of whom nothing else is said.
    #[cfg(test)]
    pub(crate) fn of_test(subject: LoginSubject, name: &str) -> Self {
        Self {
            subject,
            name: name.parse().unwrap(),
            groups: Vec::new(),
            session: None,
            authenticated_at: None,
            amr: Vec::new(),
            acr: None,
        }
    }

    /// The login of somebody who may have their name. A group that no role could name, for what its name is
    /// made of, opens none and is left out.
    #[must_use]
    pub fn login(self, method: &MethodName, _may_have_it: Allowed) -> Login {
        let groups = self.groups.iter();
        let groups = groups.filter_map(|name| Group::new(method.clone(), name).ok());
        Login {
            groups: groups.collect(),
            method: method.clone(),
            kind: LoginKind::Oidc,
            name: self.name,
            subject: Some(self.subject),
            authenticated_at: self.authenticated_at,
            amr: self.amr,
            acr: self.acr,
        }
    }
}

impl IdToken {
    /// Who it is. `userinfo` is what the provider said behind the token, where it was asked: its claims count
    /// where the token has none.
    ///
    /// # Errors
    /// [`ClaimError`].
    pub fn identity(
        &self,
        mapping: Mapping<'_>,
        userinfo: Option<&[u8]>,
    ) -> Result<Identity, ClaimError> {
        let more = userinfo.map(|text| self.userinfo(text)).transpose()?;
        let groups = match mapping.groups {
            Some(claim) => self.groups(claim, more.as_ref())?,
            None => Vec::new(),
        };
        let amr = match self.claims.of("amr") {
            Some(_) => owned(&self.claims.texts("amr")?),
            None => Vec::new(),
        };
        Ok(Identity {
            subject: self.subject.clone(),
            name: self.name(mapping.requester, more.as_ref())?,
            groups,
            session: self.session.clone(),
            authenticated_at: self.authenticated,
            amr,
            acr: self.claims.text_if_there("acr")?.map(str::to_owned),
        })
    }

    /// Whether the token has all that is wanted of it, so that the provider need not be asked for more.
    #[must_use]
    pub fn says(&self, mapping: Mapping<'_>) -> bool {
        let claims = [Some(mapping.requester), mapping.groups];
        let mut claims = claims.into_iter().flatten();
        claims.all(|claim| self.claims.of(claim).is_some())
    }

    /// The claims of userinfo, which must be about the same person (OpenID Connect Core, 5.3.2).
    fn userinfo(&self, text: &[u8]) -> Result<Claims, ClaimError> {
        let claims = strict(text).map_err(|_where| ClaimError::Form {
            claim: "userinfo".to_owned(),
            wanted: "a JSON object in which no member stands twice",
        })?;
        let claims = Claims::new(claims);
        if claims.subject()? != self.subject.subject {
            return Err(ClaimError::OtherSubject);
        }
        Ok(claims)
    }

    /// The claims in which this one stands: the token's, else those of userinfo.
    fn with<'c>(&'c self, claim: &str, more: Option<&'c Claims>) -> &'c Claims {
        let more = more.filter(|_| self.claims.of(claim).is_none());
        more.unwrap_or(&self.claims)
    }

    fn name(&self, claim: &str, more: Option<&Claims>) -> Result<RequesterName, ClaimError> {
        let claims = self.with(claim, more);
        let name = claims.text(claim)?;
        // Whoever may write any address into his profile would be whoever he likes.
        if claim == "email" && claims.of("email_verified") != Some(&Value::Bool(true)) {
            return Err(ClaimError::Unverified);
        }
        let name: RequesterName = name.parse().map_err(|source| ClaimError::Name {
            claim: claim.to_owned(),
            source,
        })?;
        if name
            .as_str()
            .eq_ignore_ascii_case(Requester::operator().name().as_str())
        {
            return Err(ClaimError::Operator);
        }
        Ok(name)
    }

    fn groups(&self, claim: &str, more: Option<&Claims>) -> Result<Vec<String>, ClaimError> {
        let claims = self.with(claim, more);
        if claims.of(claim).is_some() {
            return Ok(owned(&claims.texts(claim)?));
        }
        // Entra ID says by these that the list would be too long, and an empty one would be a lie.
        let elsewhere = self.claims.of("_claim_names");
        let is_elsewhere = elsewhere.is_some_and(|names| names.get(claim).is_some());
        if is_elsewhere || self.claims.of("hasgroups").is_some() {
            return Err(ClaimError::Overage);
        }
        Ok(Vec::new())
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
