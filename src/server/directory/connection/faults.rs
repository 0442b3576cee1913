//! The errors that a connection has, out of what it meets.

use super::super::ask::AskError;
use super::ber::NoLdap;

impl AskError {
    pub(super) fn lost(fault: impl Into<String>) -> Self {
        let fault = fault.into();
        Self::Lost { fault }
    }

    pub(super) fn malformed(fault: impl Into<String>) -> Self {
        let fault = fault.into();
        Self::Malformed { fault }
    }

    pub(super) fn too_long(place: &'static str, limit: usize) -> Self {
        Self::TooLong { place, limit }
    }
}

impl From<NoLdap> for AskError {
    fn from(fault: NoLdap) -> Self {
        Self::malformed(fault.to_string())
    }
}
