//! A key behind a PKCS#11 module: opened, used, and found again when the session is lost.
//!
//! The process has one owner for each module (`module`), which counts sessions and logins and
//! restarts the module for all of them; a signer has one session of its own. All but the
//! locator stands behind the cargo feature `pkcs11`; a build without it, as for servers, loads
//! no module, names such a key and refuses to use it.

mod entry;
mod field;
mod uri;

#[cfg(feature = "pkcs11")]
mod binding;
#[cfg(feature = "pkcs11")]
mod components;
#[cfg(feature = "pkcs11")]
mod destroy;
#[cfg(feature = "pkcs11")]
mod door;
#[cfg(feature = "pkcs11")]
mod find;
#[cfg(feature = "pkcs11")]
mod generate;
#[cfg(feature = "pkcs11")]
mod half;
#[cfg(feature = "pkcs11")]
mod import;
#[cfg(feature = "pkcs11")]
mod inventory;
#[cfg(feature = "pkcs11")]
mod login;
#[cfg(feature = "pkcs11")]
mod logins;
#[cfg(feature = "pkcs11")]
mod mechanism;
#[cfg(feature = "pkcs11")]
mod module;
#[cfg(feature = "pkcs11")]
mod named;
#[cfg(feature = "pkcs11")]
mod object;
#[cfg(feature = "pkcs11")]
mod public_key;
#[cfg(feature = "pkcs11")]
mod raw;
#[cfg(feature = "pkcs11")]
mod session;
#[cfg(feature = "pkcs11")]
mod set_pin;
#[cfg(feature = "pkcs11")]
mod signer;
#[cfg(test)]
#[cfg(feature = "pkcs11")]
mod tests;
#[cfg(feature = "pkcs11")]
mod token;
#[cfg(feature = "pkcs11")]
mod vacancy;
#[cfg(feature = "pkcs11")]
mod whose;
#[cfg(feature = "pkcs11")]
mod wrap;

#[cfg(not(feature = "pkcs11"))]
mod left_out;

pub use super::error::{CallFailed, Fault, PublicKeyError};
pub use entry::{Inventory, KeyEntry, SlotEntry, TokenEntry};
pub use field::Field;
pub use uri::{URI_MAX, Uri, UriError};

#[cfg(feature = "pkcs11")]
pub(super) use binding::{bind, bound_to};
#[cfg(feature = "pkcs11")]
pub(super) use components::{can_wrap, unwrap_by, wrap_by};
#[cfg(feature = "pkcs11")]
pub(super) use destroy::destroy;
#[cfg(feature = "pkcs11")]
pub(super) use door::{describe, holder, pin_tries, shown};
#[cfg(feature = "pkcs11")]
pub(super) use generate::generate;
#[cfg(feature = "pkcs11")]
pub(super) use import::import;
#[cfg(feature = "pkcs11")]
pub(super) use inventory::inventory;
#[cfg(feature = "pkcs11")]
pub(super) use module::load_ahead;
#[cfg(feature = "pkcs11")]
pub(super) use set_pin::{change_pin, opens};
#[cfg(feature = "pkcs11")]
pub(super) use signer::open;
#[cfg(feature = "pkcs11")]
pub(super) use vacancy::require_free;
#[cfg(feature = "pkcs11")]
pub use wrap::{WrappedKey, WrappingKey};
#[cfg(feature = "pkcs11")]
pub(super) use wrap::{
    generate_extractable, make_wrapping_key, plan_wrapping_key, remove_pair, require_vacant, seal,
    unwrap, wrap,
};

#[cfg(not(feature = "pkcs11"))]
pub use left_out::{WrappedKey, WrappingKey};
#[cfg(not(feature = "pkcs11"))]
pub(super) use left_out::{
    bind, bound_to, change_pin, describe, destroy, generate, holder, import, inventory, load_ahead,
    open, opens, pin_tries, require_free, shown,
};
#[cfg(not(feature = "pkcs11"))]
pub(super) use left_out::{
    can_wrap, generate_extractable, make_wrapping_key, plan_wrapping_key, remove_pair,
    require_vacant, seal, unwrap, unwrap_by, wrap, wrap_by,
};
