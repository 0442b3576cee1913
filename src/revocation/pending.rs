//! Revocations that did not wait for the room where the ledger is: recorded beside a mirror, signed by a
//! revoker, published at once, and carried in by the next bundle.
//!
//! They lie in a file of frames of their own, `LEDGER.pending`, whose head is kept outside as a ledger's
//! is: an older copy, or none where there was one, is refused, since a list made of it would take back what was
//! published. Each statement names the hash of the one before. One is open until an entry of the ledger names
//! its hash. The versions of the lists that were made of them stand in the same file.
//! `docs/formats/pending.md` has the layout.

mod file;
mod part;
mod statement;

pub use file::{OpenStatement, Pending, PendingError, is_covered};
pub use part::{ListMade, Rebased};
pub use statement::{REVOCATION_NAMESPACE, Statement, StatementError};
