//! What the config says of request files.

use std::path::PathBuf;

use super::{Config, ConfigError, time_zone};
use crate::certificate::length_in_seconds;
use crate::file::read_bytes;
use crate::request::{AdmissionLimits, AllowedSigners};

/// How old a request may be, in seconds; written as `-V` writes a length.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[serde(try_from = "String")]
pub(super) struct RequestAge(u64);

impl TryFrom<String> for RequestAge {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let seconds = length_in_seconds(&text).filter(|seconds| *seconds > 0);
        seconds
            .map(Self)
            .ok_or_else(|| format!("{text:?} is no length; write 7d, 12h or 1d12h"))
    }
}

impl Config {
    /// How old a request may be: `request-age`, else a week.
    pub fn admission_limits(&self) -> AdmissionLimits {
        let default = AdmissionLimits::default();
        match self.file.request_age {
            Some(RequestAge(oldest)) => AdmissionLimits { oldest, ..default },
            None => default,
        }
    }

    /// How old a bundle may be when it is signed: `bundle-age`, else thirty days. What it asks for was
    /// held against [`Self::admission_limits`] as of its making.
    pub fn bundle_limits(&self) -> AdmissionLimits {
        let oldest = self.file.bundle_age.map_or(THIRTY_DAYS, |age| age.0);
        AdmissionLimits {
            oldest,
            ..AdmissionLimits::default()
        }
    }

    /// The file that `allowed-signers` names. What can't be read in it is no error, but a fault
    /// of its line that somebody has to be told of.
    ///
    /// # Errors
    /// [`ConfigError::File`], [`ConfigError::Untrusted`] or [`ConfigError::AllowedSigners`].
    pub fn allowed_signers(&self) -> Result<Option<AllowedSigners>, ConfigError> {
        let Some(path) = &self.file.allowed_signers else {
            return Ok(None);
        };
        let path: PathBuf = self.resolve(path);
        let bytes = read_bytes(&path, LARGEST).map_err(|source| ConfigError::File {
            path: path.clone(),
            source,
        })?;
        self.trusted(&path)?;
        AllowedSigners::parse(&bytes, &time_zone)
            .map(Some)
            .map_err(|source| ConfigError::AllowedSigners { path, source })
    }
}

const THIRTY_DAYS: u64 = 30 * 24 * 60 * 60;
/// In bytes; some 100,000 people.
const LARGEST: usize = 16 << 20;
