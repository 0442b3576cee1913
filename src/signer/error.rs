//! Why a signer does not do what it is told: one file for each operation, and one for what
//! each kind of device answers.
//!
//! The ground of the module: it knows no device, and every device knows it.

mod agent;
mod call;
mod card;
mod destroying;
mod key_file;
mod login;
mod making;
mod opening;
mod public_key;
mod signing;
mod wrapping;

pub use agent::AgentFault;
pub use call::{CallFailed, Fault};
pub use card::{CardFailed, CardFault};
pub use destroying::{DestroyError, Gone};
pub use key_file::KeyFileFault;
pub use login::{LoginError, PinTries};
pub use making::{BindError, GenerateError, ImportError, ManagementKeyError, PlaceError};
pub use opening::{OpeningError, Seen};
pub use public_key::PublicKeyError;
pub use signing::{SignatureError, SignerError};
pub use wrapping::WrapError;

pub(super) use agent::ANSWER_MAX;
#[cfg(feature = "pkcs11")]
pub(super) use call::Code;
pub(super) use key_file::KEY_FILE_MAX;
pub(super) use opening::RSA_MIN_BITS;
