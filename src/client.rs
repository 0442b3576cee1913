//! The client of a server: it logs in, asks for certificates, and puts them where ssh finds them.
//!
//! Synchronous, and the only room that talks to a server of ours. Nothing that a server says is
//! believed further than it must be: its CAs' keys are kept from the first contact on, and a certificate
//! counts once it is checked by them, and for the key that was asked for.
//!
//! The way of a certificate: [`ServerAddress`] → [`Exchange`] (https, with a proof of the session's
//! key in each request) → [`Trusted`] (the CAs, as they were before) → [`log_in`](fn@log_in) → [`order`](fn@order) →
//! [`place`](mod@place). What is kept between two runs stands in a [`ServerFolder`].

mod address;
mod by_certificate;
mod by_provider;
mod certificate;
mod exchange;
mod folder;
mod held;
mod log_in;
mod loopback;
mod order;
pub mod place;
mod program;
mod receipts;
mod trust;

pub use address::{AddressError, ServerAddress};
pub use by_certificate::log_in_by_certificate;
pub use by_provider::{Browser, log_in_by_provider};
pub use certificate::{ClientCertificate, ClientCertificateError};
pub use exchange::{Exchange, ExchangeError};
pub use folder::{FolderError, FolderLock, KeptSession, ServerFolder};
pub use held::{CardSlot, Held, HeldCertificate, Whereabouts};
pub use log_in::{LogInBy, LogInError, log_in, takes_password};
pub use order::{Order, OrderError, Ordered, RoleOffered, Signed, order, roles};
pub use program::{TokenError, TokenPlace, log_in_as_program};
pub use receipts::{NewReceipt, ReceiptsBefore};
pub use trust::{TrustError, Trusted};
