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
    /// Reservations that were not given up.
    held: u32,
    /// A number of [`Names`]; of nobody while `of_owner` is 0.
    owner: u32,
    /// Of those that are held, the owner's: all but the operator's.
    of_owner: u32,
}

/// Names, each kept once.
#[derive(Debug, Default)]
struct Names {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
}

impl Subjects {
    /// Whether a certificate for this key was reserved, whatever became of it.
    pub(super) fn is_known(&self, key: &KeyHash) -> bool {
        self.subjects.contains_key(key)
    }

    /// Whether a certificate for this key was reserved, and that was not given up.
    pub(super) fn contains(&self, key: &KeyHash) -> bool {
        let subject = self.subjects.get(key);
        subject.is_some_and(|subject| subject.held > 0)
    }

    /// Who else has certificates for this key.
    pub(super) fn owner_other_than(&self, key: &KeyHash, requester: &str) -> Option<&str> {
        let subject = self.subjects.get(key)?;
        if subject.of_owner == 0 {
            return None;
        }
        let owner = self.requesters.name(subject.owner)?;
        (owner != requester).then_some(owner)
    }

    /// Notes a reservation. It makes the key the requester's, if it is `owned`: certificates
    /// of the operator's own make a key nobody's.
    pub(super) fn reserved(&mut self, key: &KeyHash, requester: &str, owned: bool) {
        let subject = self.subjects.entry(*key).or_default();
        subject.held += 1;
        if owned {
            subject.owner = self.requesters.number(requester);
            subject.of_owner += 1;
        }
    }

    /// Takes back one [`Self::reserved`].
    pub(super) fn given_up(&mut self, key: &KeyHash, owned: bool) {
        if let Some(subject) = self.subjects.get_mut(key) {
            subject.held = subject.held.saturating_sub(1);
            subject.of_owner = subject.of_owner.saturating_sub(u32::from(owned));
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
