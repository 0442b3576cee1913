//! Keys that were certified, and whose each is.

use std::collections::HashMap;

/// The SHA-256 of a public key blob: its fingerprint.
pub(super) type KeyHash = [u8; 32];

/// Every key that a serial was reserved for.
#[derive(Debug, Default)]
pub(super) struct Subjects {
    subjects: HashMap<KeyHash, Subject>,
    requesters: Names,
}

/// A key that was certified, and whose it is.
#[derive(Clone, Copy, Debug, Default)]
struct Subject {
    /// A number of [`Names`]; of nobody while `live` is 0.
    owner: u32,
    /// Reservations for the owner that were not given up.
    live: u32,
}

/// Names, each kept once.
#[derive(Debug, Default)]
struct Names {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
}

impl Subjects {
    pub(super) fn contains(&self, key: &KeyHash) -> bool {
        self.subjects.contains_key(key)
    }

    /// Who else has certificates for this key.
    pub(super) fn owner_other_than(&self, key: &KeyHash, requester: &str) -> Option<&str> {
        let subject = self.subjects.get(key).filter(|subject| subject.live > 0)?;
        let owner = self.requesters.name(subject.owner)?;
        (owner != requester).then_some(owner)
    }

    /// Notes a key that is nobody's by being certified: the operator's own certificates.
    pub(super) fn certified(&mut self, key: &KeyHash) {
        self.subjects.entry(*key).or_default();
    }

    /// Notes a key that is the requester's as long as this reservation is not given up.
    pub(super) fn certified_to(&mut self, key: &KeyHash, requester: &str) {
        let owner = self.requesters.number(requester);
        let subject = self.subjects.entry(*key).or_default();
        subject.owner = owner;
        subject.live += 1;
    }

    /// Takes back one [`Self::certified_to`].
    pub(super) fn given_up(&mut self, key: &KeyHash) {
        if let Some(subject) = self.subjects.get_mut(key) {
            subject.live = subject.live.saturating_sub(1);
        }
    }
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }

    fn name(&self, number: u32) -> Option<&str> {
        let number = usize::try_from(number).ok()?;
        self.names.get(number).map(String::as_str)
    }
}
