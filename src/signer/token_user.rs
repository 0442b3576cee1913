//! Who logs in to a token.

/// Whose PIN of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenUser {
    /// Who uses its keys.
    User,
    /// Who sets it up.
    SecurityOfficer,
}
