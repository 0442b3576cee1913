//! What runs on servers: reads what their sshd says.

pub mod log;
pub mod reconcile;
