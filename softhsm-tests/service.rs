//! A real server over SoftHSM: people log in with an enrolled key or a password, and get certificates.

mod by_certificate;
mod by_directory;
mod by_false_directory;
mod by_its_client;
mod by_password;
mod by_program;
mod by_provider;
mod client;
mod come_back;
mod documented;
mod hang_up;
mod health;
mod hears;
mod http;
#[cfg(feature = "yubikey")]
mod in_a_card;
mod in_browser;
mod killed;
mod lent;
mod limits;
mod listed;
mod lists;
mod logged;
mod logged_out;
mod metrics;
mod receipts;
mod refused;
mod reloaded;
mod revoked;
mod room;
mod running;
mod secrets;
mod sockets;
mod story;
mod tls;
mod with_ssh;
