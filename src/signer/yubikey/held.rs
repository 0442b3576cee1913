//! The cards that this process has open: whoever looks for another card passes them by.
//!
//! A look selects the PIV applet, and a card forgets its PIN by that, for every program.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A card in a reader, open until this is dropped.
pub(super) struct Held(String);

impl Held {
    pub(super) fn new(reader: &str, serial: u32) -> Self {
        held().insert(reader.to_owned(), serial);
        Self(reader.to_owned())
    }

    /// The reader's name.
    pub(super) fn reader(&self) -> &str {
        &self.0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        held().remove(&self.0);
    }
}

/// Whether the card in this reader is open, and has another serial than the one looked for.
pub(super) fn holds_another(reader: &str, serial: Option<u32>) -> bool {
    let known = held().get(reader).copied();
    known.is_some() && serial.is_some() && known != serial
}

fn held() -> MutexGuard<'static, BTreeMap<String, u32>> {
    static HELD: Mutex<BTreeMap<String, u32>> = Mutex::new(BTreeMap::new());
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_passed_by_only_while_it_is_open_and_another_is_looked_for() {
        let card = Held::new("reader of a test", 7);
        let passed = |serial| holds_another("reader of a test", serial);
        assert!(passed(Some(8)));
        assert!(!passed(Some(7)) && !passed(None));
        drop(card);
        assert!(!passed(Some(8)));
    }
}
