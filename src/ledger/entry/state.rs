//! The entries about the ledger itself: heads that were signed, and its clock.

/// A head of this ledger was signed, to be kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointSigned {
    /// How many entries the head covers.
    pub size: u64,
    /// The root over them.
    pub root: [u8; 32],
    /// The fingerprint of the key that signed.
    pub key: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// The clock had been wrong. The time of this entry is the corrected one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockCorrected {
    /// The time of the entry before, which is not to be believed, in Unix seconds.
    pub wrong: u64,
    /// Why, in the words of who corrected it.
    pub reason: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

wire!(CheckpointSigned: size, root, key, keyboard);
wire!(ClockCorrected: wrong, reason, keyboard);
