//! Groups that a directory service holds: LDAP, and Active Directory as a kind of it.
//!
//! Whoever publishes a list asks once, and servers get a list in which the members stand; or each
//! server asks when it fetches a list, never within a login. [`resolve()`] goes through the groups of
//! a list and gives a text in which they stand ([`with_members()`]). Who is in a group is found by
//! [`members()`], which knows no network: it asks a [`Directory`], and [`connect()`] makes the one
//! that is real. Somebody who logs in to a server is found by [`person()`]. Whatever isn't whole ends the run, so that nothing half is ever published.

mod ask;
mod bounds;
#[cfg(feature = "ldap")]
mod connection;
#[cfg(not(feature = "ldap"))]
#[path = "directory/left_out.rs"]
mod connection;
mod entry;
mod filter;
mod members;
mod name;
mod person;
mod resolve;
mod settings;
mod text;

pub use self::ask::{Answer, AskError, Directory};
pub use self::bounds::Bounds;
pub use self::connection::{IS_BUILT_IN, connect, takes_password};
pub use self::entry::{Entry, EntryFault};
pub use self::members::{Found, GroupError, Wanted, members};
pub use self::name::NameFault;
pub use self::person::{FindError, FoundPerson, GroupsOf, WantedPerson, person};
pub use self::resolve::{Resolution, ResolveError, ResolvedGroup, resolve};
pub use self::settings::{Bind, How, Settings, SettingsError, Tls};
pub use self::text::with_members;
pub use crate::config::directory_server::{Begins, Server, ServerError};
