//! Where each thing is asked for, below a server's URL.

/// The server itself; no login.
pub const SERVER: &str = "/v1/server";
/// What the server answers to what, as OpenAPI; no login.
pub const DOCUMENT: &str = "/openapi.json";
/// The newest head of the ledger that was signed; no login.
pub const CHECKPOINT: &str = "/v1/checkpoint";
/// A login begins.
pub const LOGINS: &str = "/v1/logins";
/// The session that is shown.
pub const SESSION: &str = "/v1/session";
/// The roles that may be asked for.
pub const ROLES: &str = "/v1/roles";
/// A challenge for a request.
pub const CHALLENGES: &str = "/v1/challenges";
/// What would be decided about a request.
pub const DECISIONS: &str = "/v1/decisions";
/// Revocations.
pub const REVOCATIONS: &str = "/v1/revocations";
/// Certificates.
pub const CERTIFICATES: &str = "/v1/certificates";

/// Where a login is answered for a token.
#[must_use]
pub fn token(login: &str) -> String {
    format!("{LOGINS}/{login}/token")
}

/// A CA's public key.
#[must_use]
pub fn public_key(ca: &str) -> String {
    format!("/v1/cas/{ca}/public-key")
}
