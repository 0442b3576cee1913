//! What may stand in a manifest once: a key, somebody, the place of a certificate.

use std::collections::HashMap;
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use ssh_key::{Fingerprint, HashAlg};

use super::{Line, LineFault};
use crate::certificate::Kind;

/// The lines so far, by what each has alone.
#[derive(Default)]
pub(super) struct Seen {
    keys: HashMap<Fingerprint, u64>,
    people: HashMap<[u8; 32], u64>,
    places: HashMap<PathBuf, u64>,
}

impl Seen {
    /// Notes a line, and says what of it another has already.
    pub(super) fn note(&mut self, line: &Line) -> Vec<LineFault> {
        let mut faults = Vec::new();
        let fingerprint = line.key.fingerprint(HashAlg::Sha256);
        if let Some(before) = before(&mut self.keys, fingerprint, line.number) {
            faults.push(LineFault::KeyTwice(before));
        }
        for who in people(line) {
            let hash = Sha256::digest(&who).into();
            if let Some(line) = before(&mut self.people, hash, line.number) {
                faults.push(LineFault::PersonTwice { who, line });
                break;
            }
        }
        let place = std::path::absolute(&line.output).unwrap_or_else(|_| line.output.clone());
        if let Some(before) = before(&mut self.places, place, line.number) {
            let (place, line) = (line.output.clone(), before);
            faults.push(LineFault::PlaceTwice { place, line });
        }
        faults
    }
}

/// The line that had this before; the first stays.
fn before<K: Eq + std::hash::Hash>(seen: &mut HashMap<K, u64>, is: K, line: u64) -> Option<u64> {
    match seen.entry(is) {
        std::collections::hash_map::Entry::Occupied(there) => Some(*there.get()),
        std::collections::hash_map::Entry::Vacant(empty) => {
            empty.insert(line);
            None
        }
    }
}

/// Whom a line is for: who asks; where nobody is named, whom the servers' logs name. A host is its
/// set of names, too, whatever order they stand in.
fn people(line: &Line) -> Vec<String> {
    let ask = &line.ask;
    if let Some(name) = &line.requester {
        return vec![format!("requester `{name}`")];
    }
    let key_id = ask.key_id.as_ref();
    let mut people: Vec<_> = key_id
        .map(|id| format!("key ID `{}`", id.as_str()))
        .into_iter()
        .collect();
    if let (Kind::Host, Some(names)) = (ask.kind, &ask.principals) {
        let mut names: Vec<_> = names.iter().map(|name| name.as_str()).collect();
        names.sort_unstable();
        people.push(format!("host `{}`", names.join(",")));
    }
    people
}
