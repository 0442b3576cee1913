//! How much of a directory service's answers is taken in, before anything is made of them.
//!
//! What counts is what an answer becomes in memory: its bytes, and [`PART`] more for each part of them, so that a
//! message of a million empty values is not cheap.

/// How much one connection takes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// In one message: an entry, with the values of what was asked for.
    pub message: usize,
    /// In all messages together.
    pub connection: usize,
}

impl Bounds {
    /// For lists: a group with half a million members in one entry, and some hundred thousand entries. Whoever
    /// runs the program waits for it, and nothing else stands still.
    pub const OF_A_LIST: Self = Self {
        message: 64 * MIB,
        connection: 1024 * MIB,
    };
    /// For a login, of which a server has four such connections at once for each of its directories: somebody in more groups than a login takes in
    /// fits, with names of two hundred bytes.
    pub const OF_A_LOGIN: Self = Self {
        message: MIB,
        connection: 8 * MIB,
    };
}

/// What a part of a message takes in memory beside its content.
pub(super) const PART: usize = 64;
const MIB: usize = 1024 * 1024;
