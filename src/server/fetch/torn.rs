//! A list and what lies beside it, which somebody may be replacing while both are read.

use std::error::Error;
use std::thread::sleep;
use std::time::Duration;

use crate::server::source::{Source, SourceError};

/// Why there is no list to put in place; `R` says why one that came is not believed. What is there stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError<R: Error + 'static> {
    /// The source gave nothing, or too much.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// What it gave is not believed.
    #[error("{source_name}")]
    Refused {
        /// The source.
        source_name: String,
        /// Why.
        #[source]
        refusal: R,
    },
}

/// Says of which source a refusal is.
pub(in crate::server) fn refused<R: Error>(source: &Source) -> impl Fn(R) -> FetchError<R> {
    move |refusal| FetchError::Refused {
        source_name: source.to_string(),
        refusal,
    }
}

/// Tries a second time where what came was torn apart: a list, and signatures of another one.
pub(in crate::server) fn once_more<R: Error, T>(
    is_torn: impl Fn(&R) -> bool,
    mut attempt: impl FnMut() -> Result<T, FetchError<R>>,
) -> Result<T, FetchError<R>> {
    match attempt() {
        Err(FetchError::Refused { refusal, .. }) if is_torn(&refusal) => {
            sleep(BETWEEN_TRIES);
            attempt()
        }
        once => once,
    }
}

/// How long a second try waits: as long as it takes to rename two files.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);
