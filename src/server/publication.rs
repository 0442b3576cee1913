//! An access list on its way from those who write it to the servers: stamped, signed by persons,
//! fetched, judged, and only then put in place.
//!
//! Whoever publishes stamps a text ([`Stamp`]) and signs it ([`Signatures`]); a server takes it from
//! a source ([`fetch()`]) if enough persons signed it, and nothing goes back.

mod fetch;
mod judge;
mod loss;
mod mark;
mod refresh;
mod signatures;
mod signers;
mod stamp;

pub use self::fetch::{Fetched, fetch};
pub use self::judge::{Expected, Refusal, Resolves};
pub use self::loss::{Loss, losses};
pub use self::mark::{ListMark, ListMarkError};
pub use self::refresh::{SignedRefresh, SignedRefreshError};
pub use self::signatures::{SIGNATURES_BYTES_MAX, SignatureFault, Signatures, SignaturesError};
pub use self::signers::next_signers;
pub use self::stamp::{Stamp, stamped};

/// What a signature of a list is for.
pub const LIST_NAMESPACE: &str = "access-list@punchmark";
/// What a signature that a list is fresh is for.
pub const FRESH_NAMESPACE: &str = "access-fresh@punchmark";
