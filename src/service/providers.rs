//! The identity providers of the config, each with the way to it and our secret there.

use std::path::PathBuf;

use super::provider::{ProviderLine, ProviderLineError};
use super::waiting::{Place, Waiting};
use crate::config::{LoginMethod, OidcConfig};
use crate::file::read_limited;
use crate::login::MethodName;
use crate::login::oidc::{
    Callback, CallbackError, ClaimError, Client, Expected, ExpectedLogout, Identity, Issuer,
    LogoutToken, Mapping, PlainHttp, Question, TokenRequest,
};
use crate::secret::{Pin, PinError, SecretKind, read_short_secret};
use crate::server::source::HttpsError;

/// All of them.
#[derive(Default)]
pub(super) struct Providers(Vec<KnownProvider>);

/// One of them.
pub(super) struct KnownProvider {
    method: MethodName,
    config: OidcConfig,
    secret: Pin,
    line: ProviderLine,
    /// Where browsers are sent back to.
    redirect: String,
    waiting: Waiting,
    /// Whoever sends logout tokens takes no place of those who log in.
    logging_out: Waiting,
}

/// Why a provider can't be asked at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProvidersError {
    /// Our secret there.
    #[error("[login.{method}]")]
    Secret {
        /// The method.
        method: MethodName,
        /// What is wrong with it.
        source: PinError,
    },
    /// The certificates that it is known by.
    #[error("[login.{method}]: ca-file")]
    Roots {
        /// The method.
        method: MethodName,
        /// What the system said.
        source: std::io::Error,
    },
    /// What they are.
    #[error("[login.{method}]")]
    Https {
        /// The method.
        method: MethodName,
        /// What is wrong.
        source: HttpsError,
    },
    /// It was asked, and can't be worked with.
    #[error("[login.{method}]")]
    Line {
        /// The method.
        method: MethodName,
        /// What is wrong.
        source: ProviderLineError,
    },
}

/// Why somebody didn't log in at a provider.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotLoggedIn {
    /// So many wait for it that one more would keep others away.
    #[error("so many wait for the identity provider that it isn't asked: try again")]
    Crowded,
    /// The way to it, or what it gave.
    #[error(transparent)]
    Line(#[from] ProviderLineError),
    /// What it answered through the browser.
    #[error(transparent)]
    Callback(#[from] CallbackError),
    /// What it says of the person.
    #[error(transparent)]
    Claim(#[from] ClaimError),
}

impl Providers {
    /// Opens those that the methods name. Nothing is asked yet.
    ///
    /// # Errors
    /// [`ProvidersError`].
    pub(super) fn open(methods: &[LoginMethod], url: &str) -> Result<Self, ProvidersError> {
        let with = methods.iter().filter_map(|method| {
            let config = method.provider.as_ref()?;
            Some(KnownProvider::open(&method.name, config, url))
        });
        with.collect::<Result<_, _>>().map(Self)
    }

    /// The provider of a method.
    pub(super) fn of(&self, method: &MethodName) -> Option<&KnownProvider> {
        self.0.iter().find(|provider| provider.method == *method)
    }

    /// Asks each what it says of itself: who can be asked, in words, or why not.
    pub(super) fn ask(&self) -> impl Iterator<Item = Result<String, ProvidersError>> {
        self.0.iter().map(|provider| {
            let method = provider.method.clone();
            let found = provider.line.provider().map_err(|source| {
                let method = method.clone();
                ProvidersError::Line { method, source }
            })?;
            let asked = found.origins().join(", ");
            Ok(format!(
                "logins by {method} ask {} at {asked}",
                provider.config.issuer.as_str()
            ))
        })
    }
}

impl KnownProvider {
    fn open(method: &MethodName, config: &OidcConfig, url: &str) -> Result<Self, ProvidersError> {
        let secret = read_short_secret(&config.client_secret_file, SecretKind::ClientSecret);
        let secret = secret.map_err(|source| ProvidersError::Secret {
            method: method.clone(),
            source,
        })?;
        let line = line(
            method,
            (&config.issuer, config.http),
            config.ca_file.as_ref(),
        )?;
        Ok(Self {
            method: method.clone(),
            config: config.clone(),
            secret,
            line,
            redirect: format!("{url}{CALLBACK}"),
            waiting: Waiting::default(),
            logging_out: Waiting::default(),
        })
    }

    /// One to which this is the way.
    #[cfg(test)]
    pub(super) fn of_test(line: ProviderLine, config: OidcConfig, secret: &str) -> Self {
        Self {
            method: "work".parse().unwrap(),
            config,
            secret: Pin::new(secret.to_owned()),
            line,
            redirect: format!("https://ca.example.org{CALLBACK}"),
            waiting: Waiting::default(),
            logging_out: Waiting::default(),
        }
    }

    /// What the config says of it.
    pub(super) fn config(&self) -> &OidcConfig {
        &self.config
    }

    /// Where a browser is sent with a question.
    ///
    /// # Errors
    /// [`NotLoggedIn`].
    pub(super) fn asks(&self, question: &Question) -> Result<String, NotLoggedIn> {
        let _place = self.place()?;
        let provider = self.line.provider()?;
        Ok(question.url(&provider, &self.client()))
    }

    /// Who it says that somebody is, by what a browser came back with.
    ///
    /// # Errors
    /// [`NotLoggedIn`].
    pub(super) fn identity(
        &self,
        question: &Question,
        callback: Callback,
        now: u64,
    ) -> Result<Identity, NotLoggedIn> {
        let _place = self.place()?;
        let provider = self.line.provider()?;
        let code = callback.code(question, &provider)?;
        let shown = (&self.client(), self.secret.expose());
        let request = TokenRequest::new(&provider, shown, question, &code);
        let tokens = self.line.tokens(&provider, &request)?;
        let expected = Expected {
            issuer: self.config.issuer.as_str(),
            client_id: &self.config.client_id,
            nonce: question.nonce(),
            max_age: self.config.max_age,
            now,
        };
        let token = self
            .line
            .id_token(&provider, tokens.id_token(), &expected)?;
        let mapping = Mapping {
            requester: &self.config.requester,
            groups: self.config.groups.as_deref(),
        };
        let more = match tokens.access_token() {
            Some(access) if !token.says(mapping) => self.line.userinfo(&provider, access)?,
            _ => None,
        };
        Ok(token.identity(mapping, more.as_deref())?)
    }

    fn client(&self) -> Client<'_> {
        Client {
            id: &self.config.client_id,
            redirect: &self.redirect,
            scopes: &self.config.scopes,
            max_age: self.config.max_age,
        }
    }

    fn place(&self) -> Result<Place<'_>, NotLoggedIn> {
        self.waiting.place(WAITING_MAX).ok_or(NotLoggedIn::Crowded)
    }

    /// Whose sessions it says that ended.
    ///
    /// # Errors
    /// [`NotLoggedIn`].
    pub(super) fn logged_out(&self, token: &str, now: u64) -> Result<LogoutToken, NotLoggedIn> {
        let place = self.logging_out.place(LOGGING_OUT_MAX);
        let _place = place.ok_or(NotLoggedIn::Crowded)?;
        let provider = self.line.provider()?;
        let expected = ExpectedLogout {
            issuer: self.config.issuer.as_str(),
            client_id: &self.config.client_id,
            now,
        };
        Ok(self.line.logout_token(&provider, token, &expected)?)
    }
}

/// The way to whoever a method rests on, known by the certificates of this file alone, where one is named.
///
/// # Errors
/// [`ProvidersError`].
pub(super) fn line(
    method: &MethodName,
    (issuer, http): (&Issuer, PlainHttp),
    ca_file: Option<&PathBuf>,
) -> Result<ProviderLine, ProvidersError> {
    let roots = ca_file
        .map(|file| read_limited(file, ROOTS_MAX))
        .transpose();
    let roots = roots.map_err(|source| ProvidersError::Roots {
        method: method.clone(),
        source,
    })?;
    let line = ProviderLine::new(issuer.clone(), http, roots.as_deref());
    line.map_err(|source| ProvidersError::Https {
        method: method.clone(),
        source,
    })
}

/// Behind the server's own address.
const CALLBACK: &str = "/login/callback";
/// Of the threads that may wait, for one provider.
pub(super) const WAITING_MAX: usize = 8;
const LOGGING_OUT_MAX: usize = 2;
/// In bytes.
const ROOTS_MAX: u64 = 1 << 20;
