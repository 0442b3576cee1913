//! The index of format 3, held against the entries that it must follow from.
//!
//! Rows are not looked up one by one: those that should be there, and those that are
//! there, are summed up as sets, by hashes whose key is drawn anew in each run. That one
//! pass over a table takes seconds where a look-up a row takes minutes.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sha2::{Digest, Sha256};

use super::super::evidence::{content, subject};
use super::super::requesters::{bytes, seconds};
use super::super::terms;
use super::{AuditError, Fault};
use crate::ledger::entry::{
    Barred, ChallengeMade, CheckpointSigned, Credential, Event, EvidenceSeen, Grounds, PolicySeen,
    RequesterAdded, RequesterRemoved, Reserved,
};
use crate::ledger::merkle::Frontier;
use crate::ledger::{LedgerError, OPERATOR};

/// What the tables of format 3 should hold.
#[derive(Default)]
pub(super) struct Index {
    keys: RandomState,
    tables: [RowSet; TABLES.len()],
    policies: HashSet<[u8; 32]>,
    evidence: HashSet<u64>,
    challenges: HashSet<u64>,
    barred_cards: HashSet<u64>,
    barred_requesters: HashSet<String>,
    enrolled: HashMap<Credential, (String, u64)>,
}

/// A set of rows: their number, and the sum of their hashes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct RowSet {
    rows: u64,
    sum: u64,
}

/// A field of a row.
#[derive(Clone, Copy, Hash)]
enum Field<'a> {
    Integer(i64),
    Bytes(&'a [u8]),
}

impl Index {
    /// Takes an entry that a table follows from; `before` is the tree without it.
    pub(super) fn entry(
        &mut self,
        position: u64,
        event: Event,
        before: &Frontier,
    ) -> Result<(), Fault> {
        match event {
            Event::Reserved(reserved) => self.reserved(position, &reserved)?,
            Event::PolicySeen(seen) => self.policy(position, &seen)?,
            Event::EvidenceSeen(seen) => self.evidence(position, &seen),
            Event::ChallengeMade(made) => self.challenge(position, &made),
            Event::RequesterAdded(added) => self.enrolled(position, added),
            Event::RequesterRemoved(removed) => self.unenrolled(&removed)?,
            Event::Barred(barred) => self.barred(position, barred),
            Event::CheckpointSigned(signed) => {
                self.signed_head(position, signed.size);
                checkpoint(before, &signed)?;
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn reserved(&mut self, position: u64, reserved: &Reserved) -> Result<(), Fault> {
        let mut terms = terms::of(reserved);
        terms.hashes.sort_unstable();
        terms.hashes.dedup();
        for hash in terms.hashes {
            self.expect(TERM, &[Field::Integer(hash), integer(position)]);
        }
        if reserved.requester != OPERATOR {
            let name = Field::Bytes(reserved.requester.as_bytes());
            let row = [Field::Bytes(&terms.subject), name, integer(position)];
            self.expect(CERTIFIED, &row);
        }
        match &reserved.grounds {
            Some(grounds) => self.grounds(position, grounds),
            None => Ok(()),
        }
    }

    fn grounds(&mut self, position: u64, grounds: &Grounds) -> Result<(), Fault> {
        if !self.policies.contains(&grounds.policy) {
            return Err(Fault::Policy);
        }
        if let Some(evidence) = grounds.evidence
            && !self.evidence.contains(&evidence)
        {
            return Err(Fault::Reference(evidence));
        }
        if let Some(id) = grounds.request_id {
            self.expect(REQUEST_ID, &[Field::Bytes(&id), integer(position)]);
        }
        if let Some(challenge) = grounds.challenge {
            if !self.challenges.contains(&challenge) {
                return Err(Fault::Reference(challenge));
            }
            self.expect(ANSWER, &[integer(challenge), integer(position)]);
        }
        Ok(())
    }

    fn policy(&mut self, position: u64, seen: &PolicySeen) -> Result<(), Fault> {
        if seen.digest != *Sha256::digest(seen.text.as_bytes()) {
            return Err(Fault::Policy);
        }
        self.policies.insert(seen.digest);
        self.expect(POLICY, &[Field::Bytes(&seen.digest), integer(position)]);
        Ok(())
    }

    fn evidence(&mut self, position: u64, seen: &EvidenceSeen) {
        self.evidence.insert(position);
        let (content, subject) = (content(seen), subject(seen));
        let row = [
            Field::Bytes(&content),
            Field::Bytes(&subject),
            integer(position),
        ];
        self.expect(EVIDENCE, &row);
    }

    fn challenge(&mut self, position: u64, made: &ChallengeMade) {
        self.challenges.insert(position);
        let expires = Field::Integer(seconds(made.expires));
        self.expect(
            CHALLENGE,
            &[Field::Bytes(&made.nonce), expires, integer(position)],
        );
    }

    fn enrolled(&mut self, position: u64, added: RequesterAdded) {
        self.enrolled
            .insert(added.credential, (added.name, position));
    }

    /// Only what is enrolled can be taken away.
    fn unenrolled(&mut self, removed: &RequesterRemoved) -> Result<(), Fault> {
        match self.enrolled.remove(&removed.credential) {
            Some((name, _)) if name == removed.name => Ok(()),
            Some((_, position)) => Err(Fault::Reference(position)),
            None => Err(Fault::Index),
        }
    }

    fn signed_head(&mut self, position: u64, size: u64) {
        self.expect(SIGNED_HEAD, &[integer(position), integer(size)]);
    }

    fn barred(&mut self, position: u64, barred: Barred) {
        self.expect(BARRED, &[integer(position)]);
        for card in barred.cards {
            if self.barred_cards.insert(card) {
                let row = [Field::Bytes(&card.to_be_bytes()), integer(position)];
                self.expect(BARRED_CARD, &row);
            }
        }
        for name in barred.requesters {
            if self.barred_requesters.insert(name.clone()) {
                let row = [Field::Bytes(name.as_bytes()), integer(position)];
                self.expect(BARRED_REQUESTER, &row);
            }
        }
    }

    fn expect(&mut self, table: usize, row: &[Field<'_>]) {
        let mut hasher = self.keys.build_hasher();
        row.iter().for_each(|field| field.hash(&mut hasher));
        if let Some(table) = self.tables.get_mut(table) {
            table.add(hasher.finish());
        }
    }

    /// Reads the tables, and holds them against what the entries called for.
    pub(super) fn check(mut self, connection: &Connection) -> Result<(), AuditError> {
        for (credential, (name, position)) in std::mem::take(&mut self.enrolled) {
            let credential = bytes(&credential)?;
            let name = Field::Bytes(name.as_bytes());
            self.expect(
                REQUESTER,
                &[Field::Bytes(&credential), name, integer(position)],
            );
        }
        for ((table, columns), expected) in TABLES.iter().zip(self.tables) {
            let there = rows(&self.keys, connection, table, columns)?;
            if there.rows != expected.rows {
                return Err(AuditError::Index {
                    table,
                    rows: there.rows,
                    entries: expected.rows,
                });
            }
            if there != expected {
                return Err(AuditError::Rows(table));
            }
        }
        Ok(())
    }
}

/// Whether a signed head was that of the entries before it. Where entries came between,
/// only that it isn't longer can be seen here.
fn checkpoint(before: &Frontier, signed: &CheckpointSigned) -> Result<(), Fault> {
    let is_of_before = signed.size == before.size() && signed.root == before.root();
    match is_of_before || signed.size < before.size() {
        true => Ok(()),
        false => Err(Fault::Checkpoint),
    }
}

impl RowSet {
    fn add(&mut self, hash: u64) {
        self.rows += 1;
        self.sum = self.sum.wrapping_add(hash);
    }
}

fn rows(
    keys: &RandomState,
    connection: &Connection,
    table: &str,
    columns: &str,
) -> Result<RowSet, LedgerError> {
    let mut statement = connection.prepare(&format!("SELECT {columns} FROM {table}"))?;
    let count = statement.column_count();
    let mut rows = statement.query([])?;
    let mut set = RowSet::default();
    while let Some(row) = rows.next()? {
        let mut hasher = keys.build_hasher();
        for column in 0..count {
            field(row.get_ref(column)?).hash(&mut hasher);
        }
        set.add(hasher.finish());
    }
    Ok(set)
}

fn field(value: ValueRef<'_>) -> Field<'_> {
    match value {
        ValueRef::Integer(number) => Field::Integer(number),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Field::Bytes(bytes),
        // In no column of a strict table whose columns are NOT NULL.
        ValueRef::Null | ValueRef::Real(_) => Field::Bytes(b""),
    }
}

/// A position, as SQLite keeps it.
fn integer(position: u64) -> Field<'static> {
    Field::Integer(i64::try_from(position).unwrap_or(i64::MAX))
}

const TABLES: [(&str, &str); 12] = [
    ("term", "hash, position"),
    ("certified", "sha256, requester, position"),
    ("policy", "digest, position"),
    ("evidence", "sha256, subject, position"),
    ("requester", "credential, name, position"),
    ("request_id", "id, position"),
    ("challenge", "nonce, expires, position"),
    ("answer", "challenge, position"),
    ("barred", "position"),
    ("barred_card", "card, position"),
    ("barred_requester", "name, position"),
    ("signed_head", "position, size"),
];
const TERM: usize = 0;
const CERTIFIED: usize = 1;
const POLICY: usize = 2;
const EVIDENCE: usize = 3;
const REQUESTER: usize = 4;
const REQUEST_ID: usize = 5;
const CHALLENGE: usize = 6;
const ANSWER: usize = 7;
const BARRED: usize = 8;
const BARRED_CARD: usize = 9;
const BARRED_REQUESTER: usize = 10;
const SIGNED_HEAD: usize = 11;
