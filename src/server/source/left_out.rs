//! In place of https in a build without it.

use super::{HttpsError, Url};

/// Nothing: it can't be made.
#[derive(Clone, Debug)]
pub struct Https(std::convert::Infallible);

impl Https {
    /// Always an error.
    ///
    /// # Errors
    /// [`HttpsError::LeftOut`].
    pub fn new(_seconds: u64, _roots: Option<&str>) -> Result<Self, HttpsError> {
        Err(HttpsError::LeftOut)
    }

    pub(super) fn read(&self, _url: &Url, _limit: usize) -> Result<Vec<u8>, HttpsError> {
        match self.0 {}
    }
}
