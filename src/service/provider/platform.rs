//! A platform whose programs log in: where it has its keys, and what they say of a token.

use std::time::Instant;

use super::{KEYS_REST, LIFE, ProviderLine, ProviderLineError};
use crate::login::jwt::{Expected, ProgramToken, ProgramTokenError};
use crate::login::oidc::{KeySet, ProviderUrl, keys_of_issuer};

impl ProviderLine {
    /// Where the platform says that its keys are, asked anew after an hour.
    ///
    /// # Errors
    /// [`ProviderLineError`].
    pub(in crate::service) fn keys_at(&self) -> Result<ProviderUrl, ProviderLineError> {
        if let Some((at, since)) = &self.known().keys_at
            && since.elapsed() < LIFE
        {
            return Ok(at.clone());
        }
        let document = self.read(&self.issuer.discovery(), None)?;
        let at = keys_of_issuer(&self.issuer, &document, self.http)?;
        self.known().keys_at = Some((at.clone(), Instant::now()));
        Ok(at)
    }

    /// The keys at a place, where they are known or can be fetched.
    ///
    /// # Errors
    /// [`ProviderLineError`].
    pub(in crate::service) fn has_keys(&self, at: &ProviderUrl) -> Result<(), ProviderLineError> {
        self.keys(at).map(drop)
    }

    /// What the keys that are known say of a token; nothing where others have to be fetched for it.
    pub(in crate::service) fn program_by_known(
        &self,
        token: &str,
        expected: &Expected<'_>,
    ) -> Option<Result<ProgramToken, ProgramTokenError>> {
        let keys = self.known().keys.clone();
        let keys = keys.filter(|keys| keys.fetched.elapsed() < LIFE)?;
        match ProgramToken::check(token, &keys.set, expected) {
            Err(error) if error.lacks_key() && keys.asked.elapsed() >= KEYS_REST => None,
            checked => Some(checked),
        }
    }

    /// Checks a program's token by the keys at this place, which are fetched again if they lack its key.
    ///
    /// # Errors
    /// [`ProviderLineError`]; and what is wrong with the token.
    pub(in crate::service) fn program(
        &self,
        at: &ProviderUrl,
        token: &str,
        expected: &Expected<'_>,
    ) -> Result<Result<ProgramToken, ProgramTokenError>, ProviderLineError> {
        let check = |keys: &KeySet| ProgramToken::check(token, keys, expected);
        self.checked(at, check, ProgramTokenError::lacks_key)
    }
}
