//! What a desk does when its last session is lost.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::issue::{Lost, NewsOf};

/// Whether a session's thread looks for a device at this moment, which may take its time.
pub(super) type IsLooking = Arc<AtomicBool>;

/// Whether a desk outlives its last session, and who is told of a lost device.
pub(super) enum Manner {
    /// It ends. Told of each session that is lost while others can sign.
    Ends(Lost),
    /// It stays. Told of each device once.
    Stays(NewsOf),
}

impl Manner {
    pub(super) fn stays(&self) -> bool {
        matches!(self, Self::Stays(_))
    }
}
