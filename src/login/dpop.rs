//! Proof of possession of a session's key (RFC 9449, "DPoP"): made by clients, checked by a server.
//!
//! Each request carries one: method and URL, signed by the key that the session is bound to, so
//! that a token that was stolen on its way or out of a log opens nothing. What is taken is one form
//! of many that the RFC allows: Ed25519 alone, exactly the claims that mean something, and a nonce of the
//! server in each, so that no clock matters.

mod claims;
mod proof;
mod session_key;
#[cfg(test)]
mod tests;

pub use proof::{DpopError, Expected, Proof};
pub use session_key::SessionKey;

/// The URL in a proof: where the server is reached, and the path of a request there, without a query.
#[must_use]
pub fn url_of(server: &str, path: &str) -> String {
    format!("{}{path}", server.trim_end_matches('/'))
}
