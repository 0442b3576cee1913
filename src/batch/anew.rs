//! A run over certificates of the ledger that are made anew: which are meant, and what a run that
//! broke off made of them already.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use sha2::{Digest, Sha256};

use super::again::Again;
use super::file_name::plain_name;
use super::look::{Looked, Ready};
use super::plan::Batch;
use super::tally::Tally;
use super::{BatchError, CERTIFICATE_MODE, Destination};
use crate::certificate::certificate_line;
use crate::config::read_limited;
use crate::issue::{Case, SharedLedger, lock, stands};
use crate::ledger::{Ledger, LedgerError, OPERATOR, Record, Revocation, RevokedSet, State, Term};
use crate::output;
use crate::policy::Suffixes;
use crate::wire::RawCertificate;

/// Which certificates of the ledger are meant; every condition that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Of this CA, by its name.
    pub ca: Option<String>,
    /// That this role allowed.
    pub role: Option<String>,
    /// That this requester asked for.
    pub requester: Option<String>,
    /// That name one of these principals; any, where none is given.
    pub principals: Vec<String>,
    /// For the key with this SHA-256.
    pub key: Option<[u8; 32]>,
    /// That are over before this time, in Unix seconds; the others are not due.
    pub ends_before: Option<u64>,
    /// That were not over before this time, in Unix seconds.
    pub over_since: u64,
}

/// The newest certificate of somebody, by one key, role and set of names.
#[derive(Debug)]
pub struct Candidate {
    /// What the ledger has of it.
    pub record: Record,
    /// What it says.
    pub content: RawCertificate,
    /// A file name that no other certificate has, and that the next one of its kind has again:
    /// who it is for, the role if it isn't the operator's, and eight digits.
    pub file_name: String,
    /// Whether it is to be made anew.
    pub standing: Standing,
}

/// Whether a certificate that was meant is made anew.
#[derive(Debug)]
pub enum Standing {
    /// It is.
    Due,
    /// It is valid for long enough still.
    NotDue,
    /// It was revoked: nobody gets it back by this way.
    Revoked(Revocation),
}

/// A certificate that is to be made anew, and where it goes.
#[derive(Debug)]
pub struct Order {
    /// What is asked for; why nothing can be, else.
    pub case: Result<Case, BatchError>,
    /// The certificate file.
    pub output: PathBuf,
    /// What its line ends in.
    pub comment: String,
    /// The certificate that a run before may have made for it: nothing is signed then, and its
    /// file is written where it isn't there as it should be.
    pub made_before: Option<RawCertificate>,
}

/// Where certificates that are to be made anew are looked for.
pub struct Search<'a> {
    ledger: &'a Ledger,
    suffixes: &'a Suffixes,
    revoked: RevokedSet,
    now: u64,
}

impl<'a> Search<'a> {
    /// A search in this ledger. `now` is in Unix seconds.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn new(ledger: &'a Ledger, suffixes: &'a Suffixes, now: u64) -> Result<Self, LedgerError> {
        Ok(Self {
            ledger,
            suffixes,
            revoked: RevokedSet::of(ledger)?,
            now,
        })
    }
}

impl Selection {
    /// What is meant in a ledger, the newest first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn find(&self, search: &Search<'_>) -> Result<Vec<Candidate>, LedgerError> {
        let mut found = Vec::new();
        let mut known = HashSet::new();
        search
            .ledger
            .each_record_backward(&self.terms(), &mut |record| {
                let Some((content, unit)) = self.meant(&record, search.suffixes) else {
                    return ControlFlow::Continue(());
                };
                if known.insert(unit) && content.valid_before() >= self.over_since {
                    found.push(self.candidate(record, content, unit, search));
                }
                ControlFlow::Continue(())
            })?;
        Ok(found)
    }

    /// The newest certificate of the same key, role and names as one that somebody has; none if it
    /// is not meant, or the ledger doesn't have it.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn newest_like(
        &self,
        there: &RawCertificate,
        search: &Search<'_>,
    ) -> Result<Option<Candidate>, LedgerError> {
        let key: [u8; 32] = Sha256::digest(there.public_key()).into();
        let mut all = Vec::new();
        let mut wanted = None;
        search
            .ledger
            .each_record_backward(&[Term::Key(key)], &mut |record| {
                if let Some((content, unit)) = self.meant(&record, search.suffixes) {
                    if matches!(&record.state, State::Issued(blob) if blob == there.blob()) {
                        wanted = Some(unit);
                    }
                    all.push((record, content, unit));
                }
                ControlFlow::Continue(())
            })?;
        let newest = all.into_iter().find(|(_, _, unit)| Some(*unit) == wanted);
        Ok(newest.map(|(record, content, unit)| self.candidate(record, content, unit, search)))
    }

    fn terms(&self) -> Vec<Term<'_>> {
        if let Some(key) = self.key {
            return vec![Term::Key(key)];
        }
        match &self.requester {
            Some(requester) => vec![Term::Requester(requester)],
            None => {
                let names = self.principals.iter();
                names.map(|name| Term::Principal(name)).collect()
            }
        }
    }

    /// What a reservation says and what it is one of, if it was issued and is meant.
    fn meant(&self, record: &Record, suffixes: &Suffixes) -> Option<(RawCertificate, Unit)> {
        let State::Issued(blob) = &record.state else {
            return None;
        };
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|w| w == is);
        let reserved = &record.reserved;
        if !same(&self.ca, &record.ca)
            || !same(&self.role, &reserved.role)
            || !same(&self.requester, &reserved.requester)
        {
            return None;
        }
        let content = RawCertificate::from_blob(blob).ok()?;
        let names = content.principals();
        let named = |name: &String| names.iter().any(|is| is == name.as_bytes());
        let key = || <[u8; 32]>::from(Sha256::digest(content.public_key()));
        let is_meant = (self.principals.is_empty() || self.principals.iter().any(named))
            && self.key.is_none_or(|wanted| wanted == key());
        is_meant.then(|| {
            let unit = unit(record, &content, suffixes);
            (content, unit)
        })
    }

    fn candidate(
        &self,
        record: Record,
        content: RawCertificate,
        unit: Unit,
        search: &Search<'_>,
    ) -> Candidate {
        let ends = content.valid_before();
        let is_due = self.ends_before.is_none_or(|before| ends < before);
        let standing = match search.revoked.revocation_of(&record) {
            _ if !is_due && ends > search.now => Standing::NotDue,
            Some(revocation) => Standing::Revoked(revocation),
            None => Standing::Due,
        };
        Candidate {
            file_name: file_name(&record, &content, unit, search.suffixes),
            record,
            content,
            standing,
        }
    }
}

/// SHA-256 over what two certificates have in common where one follows the other: CA, key, role,
/// requester, key ID and names without suffix.
type Unit = [u8; 32];

fn unit(record: &Record, content: &RawCertificate, suffixes: &Suffixes) -> Unit {
    let reserved = &record.reserved;
    let mut names = bases(content, suffixes);
    names.sort_unstable();
    let ca = reserved.ca.to_be_bytes();
    let fields = [
        ca.as_slice(),
        content.public_key(),
        reserved.role.as_bytes(),
        reserved.requester.as_bytes(),
        content.key_id(),
    ];
    let names = names.iter().map(String::as_bytes);
    let mut hash = Sha256::new();
    for field in fields.into_iter().chain(names) {
        hash.update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(field);
    }
    hash.finalize().into()
}

/// The principals without the suffixes that the CA wrote.
fn bases(content: &RawCertificate, suffixes: &Suffixes) -> Vec<String> {
    let names = content.principals().iter();
    let base = |name: &Vec<u8>| {
        let name = String::from_utf8_lossy(name).into_owned();
        let suffix = suffixes.reserved_end(&name);
        let base = suffix.and_then(|suffix| name.strip_suffix(suffix.as_str()));
        base.map_or(name.clone(), str::to_owned)
    };
    names.map(base).collect()
}

fn file_name(record: &Record, content: &RawCertificate, unit: Unit, suffixes: &Suffixes) -> String {
    let reserved = &record.reserved;
    let who = match reserved.requester.as_str() {
        OPERATOR => bases(content, suffixes)
            .into_iter()
            .next()
            .unwrap_or_default(),
        requester => requester.to_owned(),
    };
    let role = match reserved.role.as_str() {
        OPERATOR => String::new(),
        role => format!("-{role}"),
    };
    let digits = crate::wire::hex(unit.first_chunk::<4>().unwrap_or(&[0; 4]));
    plain_name(&format!("{who}{role}-{digits}-cert.pub"))
}

impl Batch<'_> {
    /// Looks at certificates that are to be made anew, as [`Batch::look`] does at keys.
    pub fn look_at(&self, ledger: &SharedLedger, orders: Vec<Order>) -> Looked {
        let tally = Tally::new(self.report.clone());
        let mut ready = Vec::new();
        let mut left = orders.into_iter();
        while !self.interrupted.load(Ordering::Relaxed) {
            let Some(order) = left.next() else { break };
            let output = order.output.clone();
            match self.prepare_anew(order, &tally, ledger) {
                Ok(found) => ready.extend(found.and_then(|one| self.check(one, &tally, ledger))),
                Err(error) => tally.failed(Some(&output), error),
            }
        }
        left.for_each(|order| tally.not_tried(&order.output));
        Looked::whole(ready, tally)
    }

    fn prepare_anew(
        &self,
        order: Order,
        tally: &Tally,
        ledger: &SharedLedger,
    ) -> Result<Option<Ready>, BatchError> {
        if !tally.is_new(&order.output) {
            return Err(BatchError::Twice(order.output));
        }
        output::check(&order.output).map_err(BatchError::Place)?;
        let case = order.case?;
        let wanted = match (self.decide(&case, ledger), &order.made_before) {
            // It is not due: whether it could be made anew is nobody's question.
            (Err(_), Some(_)) => return Ok(None),
            (decided, _) => decided?,
        };
        let to = Destination {
            file: Some(order.output.clone()),
            output: Some(order.output),
            comment: order.comment,
        };
        let Some(made) = order.made_before else {
            return Ok(Some(Ready { case, wanted, to }));
        };
        if stands(&lock(ledger), &wanted, &made, (self.clock)())? {
            put_back(&made, &to, tally)?;
        }
        Ok(None)
    }
}

/// Sees to it that the file of a certificate is there as it should be.
fn put_back(made: &RawCertificate, to: &Destination, tally: &Tally) -> Result<(), BatchError> {
    let serial = made.serial();
    let line = format!("{}\n", certificate_line(made, &to.comment));
    let there = to.output.as_deref().map(|file| read_limited(file, LARGEST));
    let restored = !matches!(&there, Some(Ok(there)) if *there == line);
    if let Some(file) = to.output.as_deref().filter(|_| restored) {
        output::write(file, line.as_bytes(), CERTIFICATE_MODE)
            .map_err(|source| BatchError::Write { serial, source })?;
    }
    let again = Again {
        serial,
        line,
        restored,
    };
    tally.kept(to, &again);
    Ok(())
}

/// The line of the largest certificate, 64 KiB, with room for its comment.
const LARGEST: u64 = 256 * 1024;
