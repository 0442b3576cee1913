//! What a provider says of itself (OpenID Connect Discovery 1.0, 3).

use serde::Deserialize;

use super::url::{Issuer, PlainHttp, ProviderUrl, ProviderUrlError};
use crate::login::jws::{JsonError, strict};
use crate::wire::verify::jose::JoseAlgorithm;

/// Where a provider is asked, and what it can do. The document that says so is no more believed than that: its
/// end points are https, and lie on no machine's address but the issuer's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    issuer: Issuer,
    authorization: ProviderUrl,
    token: ProviderUrl,
    keys: ProviderUrl,
    userinfo: Option<ProviderUrl>,
    secret_goes: SecretGoes,
    names_itself: bool,
}

/// What is needed of the description of a platform that logs in programs, and no people.
#[derive(Deserialize)]
struct KeysAlone {
    issuer: String,
    jwks_uri: String,
}

/// Where the keys of an issuer are, by its own description: of one that logs in nobody in a browser, nothing more
/// is needed.
///
/// # Errors
/// [`ProviderError`].
pub fn keys_of_issuer(
    issuer: &Issuer,
    document: &[u8],
    http: PlainHttp,
) -> Result<ProviderUrl, ProviderError> {
    if document.len() > DOCUMENT_MAX {
        return Err(ProviderError::TooLong);
    }
    let members: KeysAlone = strict(document)?;
    is_of(issuer, &members.issuer)?;
    end_point(issuer, ("jwks_uri", &members.jwks_uri), http)
}

/// How a client's secret goes to the token end point (OpenID Connect Core, 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecretGoes {
    /// In the header `Authorization`.
    InHeader,
    /// In the body.
    InBody,
}

/// Why a document says nothing of use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// It is longer than is read.
    #[error("the provider's description has more than {DOCUMENT_MAX} bytes")]
    TooLong,
    /// It is none.
    #[error("the provider's description")]
    Json(#[from] JsonError),
    /// It is another provider's.
    #[error(
        "the provider calls itself {found:?}, and the config {wanted:?}: both must be the same, letter by letter"
    )]
    Issuer {
        /// What it says.
        found: String,
        /// What the config says.
        wanted: String,
    },
    /// An end point lies nowhere that is asked.
    #[error("the provider's `{member}` is no address that is asked")]
    Url {
        /// Which one.
        member: &'static str,
        /// Why.
        source: ProviderUrlError,
    },
    /// An end point would have the server ask a machine of the inner network.
    #[error(
        "the provider's `{member}` is at {origin}: an address, or this machine, is asked only where the issuer is there"
    )]
    Inner {
        /// Which one.
        member: &'static str,
        /// Where it lies.
        origin: String,
    },
    /// It can't do what is needed.
    #[error("the provider offers no {0}")]
    Lacks(&'static str),
}

/// The members that say something to us; others may stand there.
#[derive(Deserialize)]
struct Members {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    response_types_supported: Vec<String>,
    id_token_signing_alg_values_supported: Vec<String>,
    code_challenge_methods_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    authorization_response_iss_parameter_supported: Option<bool>,
}

impl Provider {
    /// Reads the description of the provider that the config names.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub fn parse(issuer: &Issuer, document: &[u8], http: PlainHttp) -> Result<Self, ProviderError> {
        if document.len() > DOCUMENT_MAX {
            return Err(ProviderError::TooLong);
        }
        let members: Members = strict(document)?;
        is_of(issuer, &members.issuer)?;
        members.can_do_it()?;
        let end_point = |member, text: &str| end_point(issuer, (member, text), http);
        let userinfo = members.userinfo_endpoint.as_deref();
        let userinfo = userinfo.map(|text| end_point("userinfo_endpoint", text));
        Ok(Self {
            issuer: issuer.clone(),
            authorization: end_point("authorization_endpoint", &members.authorization_endpoint)?,
            token: end_point("token_endpoint", &members.token_endpoint)?,
            keys: end_point("jwks_uri", &members.jwks_uri)?,
            userinfo: userinfo.transpose()?,
            secret_goes: members.secret_goes()?,
            names_itself: members.authorization_response_iss_parameter_supported == Some(true),
        })
    }

    /// Who it is.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Where a browser is sent.
    #[must_use]
    pub fn authorization(&self) -> &ProviderUrl {
        &self.authorization
    }

    /// Where a code becomes tokens.
    #[must_use]
    pub fn token(&self) -> &ProviderUrl {
        &self.token
    }

    /// Where its keys are.
    #[must_use]
    pub fn keys(&self) -> &ProviderUrl {
        &self.keys
    }

    /// Where it says more of somebody than a token does.
    #[must_use]
    pub fn userinfo(&self) -> Option<&ProviderUrl> {
        self.userinfo.as_ref()
    }

    /// Each scheme, host and port that the server itself asks, once: what a log should say.
    #[must_use]
    pub fn origins(&self) -> Vec<&str> {
        let asked = [&self.token, &self.keys].into_iter();
        let asked = asked.chain(&self.userinfo).map(ProviderUrl::origin);
        let mut origins = vec![self.issuer.origin()];
        for origin in asked {
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        origins
    }

    /// Whether each answer through a browser says whose it is (RFC 9207, 3).
    pub(super) fn names_itself(&self) -> bool {
        self.names_itself
    }

    pub(super) fn secret_goes(&self) -> SecretGoes {
        self.secret_goes
    }
}

impl Members {
    /// Whether the provider offers a way that is taken here.
    fn can_do_it(&self) -> Result<(), ProviderError> {
        let has = |list: &[String], wanted: &str| list.iter().any(|offered| offered == wanted);
        if !has(&self.response_types_supported, "code") {
            return Err(ProviderError::Lacks("login by code (response type `code`)"));
        }
        // Some who know S256 don't say so; whoever says what they know, and not that, doesn't.
        let methods = self.code_challenge_methods_supported.as_deref();
        if methods.is_some_and(|methods| !has(methods, "S256")) {
            return Err(ProviderError::Lacks("PKCE by S256"));
        }
        let mut algorithms = self.id_token_signing_alg_values_supported.iter();
        if !algorithms.any(|name| JoseAlgorithm::of_name(name).is_some()) {
            let taken = "ID token by RS256, PS256, ES256, ES384 or EdDSA";
            return Err(ProviderError::Lacks(taken));
        }
        Ok(())
    }

    /// In the header where nothing else is said (OpenID Connect Discovery, 3).
    fn secret_goes(&self) -> Result<SecretGoes, ProviderError> {
        let Some(methods) = &self.token_endpoint_auth_methods_supported else {
            return Ok(SecretGoes::InHeader);
        };
        let has = |wanted: &str| methods.iter().any(|offered| offered == wanted);
        if has("client_secret_basic") {
            Ok(SecretGoes::InHeader)
        } else if has("client_secret_post") {
            Ok(SecretGoes::InBody)
        } else {
            Err(ProviderError::Lacks("client authentication by a secret"))
        }
    }
}

fn is_of(issuer: &Issuer, found: &str) -> Result<(), ProviderError> {
    if found == issuer.as_str() {
        return Ok(());
    }
    Err(ProviderError::Issuer {
        found: found.chars().take(SHOWN_MAX).collect(),
        wanted: issuer.as_str().to_owned(),
    })
}

fn end_point(
    issuer: &Issuer,
    (member, text): (&'static str, &str),
    http: PlainHttp,
) -> Result<ProviderUrl, ProviderError> {
    let url = ProviderUrl::parse(text, http);
    let url = url.map_err(|source| ProviderError::Url { member, source })?;
    if url.is_by_address() && url.origin() != issuer.origin() {
        let origin = url.origin().to_owned();
        return Err(ProviderError::Inner { member, origin });
    }
    Ok(url)
}

/// In bytes.
const DOCUMENT_MAX: usize = 1 << 20;
const SHOWN_MAX: usize = 200;

#[cfg(test)]
pub(super) mod tests;
