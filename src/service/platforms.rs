//! The platforms of the config whose programs log in, each with the way to its keys.

use std::sync::Arc;

use super::provider::{ProviderLine, ProviderLineError};
use super::providers::{ProvidersError, WAITING_MAX, line};
use super::waiting::Waiting;
use crate::config::{JwtConfig, LoginMethod};
use crate::login::jwt::{Expected, NotListed, ProgramMark, ProgramToken, ProgramTokenError};
use crate::login::oidc::ProviderUrl;
use crate::login::{Login, MethodName};

/// All of them.
#[derive(Default)]
pub(super) struct Platforms(Vec<KnownPlatform>);

/// One of them.
pub(super) struct KnownPlatform {
    method: MethodName,
    config: Arc<JwtConfig>,
    line: ProviderLine,
    waiting: Waiting,
}

/// Why a token opens nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoProgram {
    /// So many wait for the platform's keys that one more would keep others away.
    #[error("so many wait for the platform's keys that they aren't asked for: try again")]
    Crowded,
    /// The way to its keys.
    #[error(transparent)]
    Line(#[from] ProviderLineError),
    /// What it says.
    #[error(transparent)]
    Token(#[from] ProgramTokenError),
    /// Of whom it says it.
    #[error(transparent)]
    Listed(#[from] NotListed),
}

impl Platforms {
    /// Opens those that the methods name. Nothing is asked yet.
    ///
    /// # Errors
    /// [`ProvidersError`].
    pub(super) fn open(methods: &[LoginMethod]) -> Result<Self, ProvidersError> {
        let with = methods.iter().filter_map(|method| {
            let config = method.platform.as_ref()?;
            Some(KnownPlatform::open(&method.name, config))
        });
        with.collect::<Result<_, _>>().map(Self)
    }

    /// The platform of a method.
    pub(super) fn of(&self, method: &MethodName) -> Option<&KnownPlatform> {
        self.0.iter().find(|platform| platform.method == *method)
    }

    /// Asks each for its keys: who was asked, in words, or why not.
    pub(super) fn ask(&self) -> impl Iterator<Item = Result<String, ProvidersError>> {
        self.0.iter().map(|platform| {
            let method = platform.method.clone();
            let at = platform.keys_at();
            let at = at.and_then(|at| platform.line.has_keys(&at).map(|()| at));
            match at {
                Ok(at) => Ok(format!(
                    "logins by {method} are of programs, by the keys at {at}"
                )),
                Err(source) => Err(ProvidersError::Line { method, source }),
            }
        })
    }
}

impl KnownPlatform {
    fn open(method: &MethodName, config: &Arc<JwtConfig>) -> Result<Self, ProvidersError> {
        let at = (&config.issuer, config.http);
        Ok(Self {
            method: method.clone(),
            line: line(method, at, config.ca_file.as_ref())?,
            config: Arc::clone(config),
            waiting: Waiting::default(),
        })
    }

    /// Checks a token.
    ///
    /// # Errors
    /// [`NoProgram`].
    pub(super) fn token(&self, token: &str, now: u64) -> Result<ProgramToken, NoProgram> {
        let expected = Expected {
            issuer: self.config.issuer.as_str(),
            audience: &self.config.audience,
            now,
        };
        if let Some(checked) = self.line.program_by_known(token, &expected) {
            return Ok(checked?);
        }
        let _place = self.waiting.place(WAITING_MAX).ok_or(NoProgram::Crowded)?;
        Ok(self.line.program(&self.keys_at()?, token, &expected)??)
    }

    /// Which program a token is about.
    ///
    /// # Errors
    /// [`NoProgram`].
    pub(super) fn login(&self, token: &ProgramToken) -> Result<(Login, ProgramMark), NoProgram> {
        Ok(self.config.programs.login(token, &self.method)?)
    }

    fn keys_at(&self) -> Result<ProviderUrl, ProviderLineError> {
        match &self.config.keys {
            Some(at) => Ok(at.clone()),
            None => self.line.keys_at(),
        }
    }
}
