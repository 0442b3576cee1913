//! What a server and its clients say to each other under `/v1`, as JSON.
//!
//! At the ground, for both sides to share: types alone, which believe nothing and check nothing. What a
//! server reads takes no member that it doesn't know; what a client reads may gain some.
//!
//! - [`path`]: where each is asked for;
//! - [`login`](mod@login): a login, and the session that it opens;
//! - [`about`]: what a server says of itself;
//! - [`issue`]: requests, and the certificates that answer them;
//! - [`receipt`]: that the ledger has one of them;
//! - [`listing`]: certificates, page by page;
//! - [`revoke`]: what is revoked;
//! - [`problem`]: why something was refused (RFC 9457);
//! - [`Secret`]: a token or a password, which no log shows.

pub mod about;
pub mod issue;
pub mod listing;
pub mod login;
pub mod path;
pub mod problem;
pub mod receipt;
pub mod revoke;
mod secret;
#[cfg(test)]
mod tests;

pub use secret::Secret;
