//! The entries about how a CA ends.

/// A CA takes no serial any more. What it signed holds on until it ends or is revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaRetired {
    /// The position of the CA's [`CaAdded`](super::CaAdded) entry.
    pub ca: u64,
    /// Why.
    pub reason: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

wire!(CaRetired: ca, reason, keyboard);
