//! What a server does with what a CA made elsewhere: it is fetched, judged, and only
//! then believed.

pub mod access;
pub mod account;
mod address;
pub mod as_owner;
pub mod directory;
pub mod doctor;
pub mod fetch;
pub mod fleet;
pub mod host;
pub mod key_options;
pub mod keys_file;
mod percent;
pub mod publication;
mod safe_path;
pub mod source;
pub mod sshd;
pub mod sshd_config;
pub mod survey;
pub mod walk;
