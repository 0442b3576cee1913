//! The access list: which principal may log in as which user on which host, and how.
//!
//! One text for all servers (docs/formats/access-list.md). What runs inside a login reads it
//! line by line, or the lines that its index names; what writes and reviews it has it whole,
//! as [`List`]. Both use one parser, and one [`decide()`], which is pure.
//!
//! The way of a login: [`Presented`] and [`Query`] (who asks), the lines that may fit, and
//! [`decide()`], which gives at most one line for sshd, and the reason.

mod decide;
mod entry;
mod fault;
mod freshness;
mod header;
pub mod index;
mod join;
mod known;
mod line;
mod list;
pub mod login;
mod name;
mod options;
mod pattern;
mod presented;
mod query;
mod reader;
mod reference;
mod refresh;
mod resolved;
pub mod review;
#[cfg(test)]
mod tests;

pub use self::decide::{Asking, Decision, Doubt, Fitting, Outcome, Why, decide};
pub use self::entry::Entry;
pub use self::fault::{Fault, Wrong};
pub use self::freshness::{Moment, Refreshed, Staleness};
pub use self::header::{
    Ca, Canary, Definition, Header, KnownLine, Members, NextSigner, PART_OF_GROUP, Stale,
};
pub use self::known::{
    KNOWN_BYTES_MAX, KNOWN_HEADER_BYTES_MAX, KnownCertificates, KnownError, KnownHeader, KnownList,
    NoneKnown, Standing, file_name,
};
pub use self::list::List;
pub use self::name::is_exact_principal;
pub use self::options::{Expiry, Options};
pub use self::pattern::Purpose;
pub use self::presented::{Presented, PresentedError};
pub use self::query::{Host, Query, QueryError};
pub use self::reader::{Reader, Row};
pub use self::refresh::{Refresh, RefreshError};
pub use self::resolved::Resolved;

/// The largest list that is read, in bytes.
pub const LIST_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// The longest line, in bytes, without its newline.
pub const LINE_BYTES_MAX: usize = 4_096;
