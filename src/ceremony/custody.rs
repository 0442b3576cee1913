//! Devices that custodians open together, between ceremonies: sessions, and a new secret when one of
//! them leaves.
//!
//! The ledger knows which secret and which counter open each device. A device is changed in three
//! moves: that it is about to be is on disk, the device is changed, that it opened is on disk. A run
//! that is killed anywhere leaves a device with one of two known sets of secrets, and the next one finds
//! out which at the cost of one try, which the right PIN gives back.

mod change;
mod derived;
mod error;
mod given;
mod reshare;
mod rotation;
mod session;
mod table;
mod typed;

pub(super) use derived::{CardDerived, Derived, TokenDerived};
pub use error::CustodyError;
pub(super) use given::{in_lines, is_none, read_back};
pub use reshare::{NewCustodians, Reshared};
pub use session::{Custodians, Unlocked};
pub(super) use typed::{AGAIN, COMPONENT, SHARE, typed_set, why_not};
