//! The embedded ledger: one SQLite file beside the config.

mod append;
mod audit;
mod evidence;
mod heads;
mod proofs;
mod records;
mod requesters;
mod reserve;
mod revocations;
mod schema;
mod serials;
mod terms;
mod tree;

use std::path::{Path, PathBuf};

use rusqlite::{
    Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params,
};
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::checkpoint::{Checkpoint, origin};
use super::entry::{CaAdded, Credential, Entry, Event, Revoked};
use super::lock::WriterLock;
use super::merkle::Hashes;
use super::{Ca, Ledger, LedgerError, Outcome, Record, Reservation, ReserveError, State, Wanted};
use crate::certificate::Serial;
pub use audit::{Audit, AuditError, Fault};
pub use proofs::{Inclusion, ProofError};
pub use requesters::EnrolError;
pub use terms::Term;

use append::Append;
use serials::Sequences;

/// A ledger in one SQLite file. Opened to write, it is the only writer.
#[derive(Debug)]
pub struct SqliteLedger {
    // The connection stands before the lock, so that it is closed before others may write.
    connection: Connection,
    _lock: Option<WriterLock>,
}

impl SqliteLedger {
    /// Creates an empty ledger, of mode 0600, where no file is.
    ///
    /// # Errors
    /// [`LedgerError::Exists`] if there is one.
    pub fn create(path: &Path) -> Result<Self, LedgerError> {
        let lock = WriterLock::take(path)?;
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        // Made whole under another name: a run that is killed leaves no half of a ledger.
        let file = tempfile::Builder::new()
            .prefix(".punchmark-")
            .tempfile_in(folder.unwrap_or(Path::new(".")))
            .map_err(|source| file_error(path, source))?;
        let mut connection = Connection::open_with_flags(file.path(), flags(Access::Write))?;
        schema::create(&mut connection)?;
        connection.close().map_err(|(_, error)| error)?;
        file.persist_noclobber(path)
            .map_err(|error| match error.error.kind() {
                std::io::ErrorKind::AlreadyExists => LedgerError::Exists(path.to_path_buf()),
                _ => file_error(path, error.error),
            })?;
        Self::open_locked(path, lock)
    }

    /// Opens a ledger to write to it; no other run can meanwhile.
    ///
    /// # Errors
    /// [`LedgerError::Missing`], [`LedgerError::Locked`], and what makes a file unusable.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        require(path)?;
        Self::open_locked(path, WriterLock::take(path)?)
    }

    fn open_locked(path: &Path, lock: WriterLock) -> Result<Self, LedgerError> {
        let mut connection = Connection::open_with_flags(path, flags(Access::Write))?;
        schema::check(&connection, path)?;
        schema::configure(&connection)?;
        schema::migrate(&mut connection)?;
        tree::check_head(&connection)?;
        Ok(Self {
            connection,
            _lock: Some(lock),
        })
    }

    /// Opens a ledger that is evidence: nothing is written to it or beside it, and it may lie
    /// on a medium that cannot be written to.
    ///
    /// # Errors
    /// As [`SqliteLedger::open_to_read`].
    pub fn open_evidence(path: &Path) -> Result<Self, LedgerError> {
        let log = path.with_file_name({
            let mut name = path.file_name().unwrap_or_default().to_owned();
            name.push("-wal");
            name
        });
        // What a run left in its log can be read by SQLite's own ways alone.
        if log.metadata().is_ok_and(|log| log.len() > 0) {
            return Self::open_to_read(path);
        }
        require(path)?;
        let uri = format!("file:{}?immutable=1", uri_path(path));
        let flags = flags(Access::Read) | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(uri, flags)?;
        schema::check(&connection, path)?;
        schema::require_newest(&connection, path)?;
        Ok(Self {
            connection,
            _lock: None,
        })
    }

    /// Opens a ledger to read it, also while another run writes.
    ///
    /// # Errors
    /// As [`SqliteLedger::open`], but for the lock.
    pub fn open_to_read(path: &Path) -> Result<Self, LedgerError> {
        require(path)?;
        let connection = Connection::open_with_flags(path, flags(Access::Read))?;
        schema::check(&connection, path)?;
        schema::require_newest(&connection, path)?;
        Ok(Self {
            connection,
            _lock: None,
        })
    }
}

impl Ledger for SqliteLedger {
    fn cas(&self) -> Result<Vec<Ca>, LedgerError> {
        // CROSS JOIN keeps SQLite from going through all entries to find the few of CAs.
        let mut statement = self.connection.prepare(
            "SELECT c.position, e.bytes FROM ca c CROSS JOIN entry e USING (position) ORDER BY 1",
        )?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.map(|row| {
            let (position, bytes): (u64, Vec<u8>) = row?;
            let entry = read(position, &bytes)?;
            match entry.event {
                Event::CaAdded(added) => ca(position, added, entry.time),
                _ => Err(damaged(position)),
            }
        })
        .collect()
    }

    fn add_ca(&mut self, added: CaAdded, time: u64) -> Result<Ca, LedgerError> {
        let known = self
            .cas()?
            .into_iter()
            .find(|ca| ca.added.name == added.name || ca.added.public_key == added.public_key);
        if let Some(known) = known {
            return Err(LedgerError::CaKnown {
                name: known.added.name,
                fingerprint: known.public_key.fingerprint(Default::default()).to_string(),
            });
        }
        let transaction = write(&mut self.connection)?;
        let mut append = Append::begin(&transaction, time)?;
        let position = append.ca(&added)?;
        append.finish()?;
        transaction.commit()?;
        ca(position, added, time)
    }

    fn commit(
        &mut self,
        outcomes: &[Outcome<'_>],
        wanted: Vec<Wanted>,
        time: u64,
    ) -> Result<Vec<Result<Reservation, ReserveError>>, LedgerError> {
        // The lock keeps other writers out: no head is signed meanwhile.
        let ledger_keys = self.ledger_keys()?;
        let cas = self.cas()?;
        let transaction = write(&mut self.connection)?;
        let mut sequences = Sequences::new(&transaction, &cas);
        let mut append = Append::begin(&transaction, time)?;
        for outcome in outcomes {
            append.outcome(outcome)?;
        }
        let reserved = wanted
            .into_iter()
            .map(|wanted| {
                let fingerprint = wanted.decided.body().subject.fingerprint();
                if ledger_keys.contains(&fingerprint) {
                    return Ok(Err(ReserveError::LedgerKey(fingerprint)));
                }
                match sequences.of(&wanted.decided)? {
                    Ok((ca, serials)) => append.reservation(serials, ca, wanted),
                    Err(refused) => Ok(Err(refused)),
                }
            })
            .collect::<Result<_, _>>()?;
        append.finish()?;
        transaction.commit()?;
        Ok(reserved)
    }

    fn check(&self, wanted: &Wanted, time: u64) -> Result<Result<(), ReserveError>, LedgerError> {
        let fingerprint = wanted.decided.body().subject.fingerprint();
        if self.ledger_keys()?.contains(&fingerprint) {
            return Ok(Err(ReserveError::LedgerKey(fingerprint)));
        }
        let cas = self.cas()?;
        let transaction = self.connection.unchecked_transaction()?;
        let append = Append::begin(&transaction, time)?;
        append.check(&mut Sequences::new(&transaction, &cas), wanted)
    }

    fn may_be_certified(&self, wanted: &Wanted) -> Result<Result<(), ReserveError>, LedgerError> {
        let transaction = self.connection.unchecked_transaction()?;
        Append::begin(&transaction, 0)?.may_be_certified(wanted)
    }

    fn is_revoked(&self, ca: &KeyData, serial: u64, key_id: &[u8]) -> Result<bool, LedgerError> {
        let ca = PublicKey::from(ca.clone()).to_bytes()?;
        let names = |revoked: &Revoked| {
            let serials = revoked.serials.iter();
            let mut key_ids = revoked.key_ids.iter();
            (revoked.ca == ca || revoked.ca.is_empty())
                && (serials
                    .copied()
                    .any(|(first, last)| (first..=last).contains(&serial))
                    || key_ids.any(|revoked| revoked.as_bytes() == key_id))
        };
        Ok(self
            .revocations()?
            .iter()
            .any(|(_, revoked)| names(revoked)))
    }

    fn issued_for(&self, wanted: &Wanted) -> Result<Option<Record>, LedgerError> {
        let cas = self.cas()?;
        let Some(ca) = cas.iter().find(|ca| ca.public_key() == wanted.decided.ca()) else {
            return Ok(None);
        };
        let mut newest = None;
        let condition = "WHERE r.request = ?1 AND r.ca = ?2 ORDER BY r.position";
        records::each(
            &self.connection,
            condition,
            params![wanted.request.as_bytes(), ca.position],
            &mut |record| {
                if matches!(record.state, State::Issued(_)) {
                    newest = Some(record);
                }
            },
        )?;
        Ok(newest)
    }

    fn record_of(&self, ca: &Ca, serial: Serial) -> Result<Option<Record>, LedgerError> {
        let mut found = None;
        let condition = "WHERE r.ca = ?1 AND r.serial = ?2";
        let key = params![ca.position, serial.number().to_be_bytes()];
        records::each(&self.connection, condition, key, &mut |record| {
            found = Some(record)
        })?;
        Ok(found)
    }

    fn each_record(&self, each: &mut dyn FnMut(Record)) -> Result<(), LedgerError> {
        records::each(&self.connection, "ORDER BY r.position", params![], each)
    }

    fn checkpoint(&self) -> Result<Option<Checkpoint>, LedgerError> {
        let head = self.head()?;
        match head.size() {
            0 => Ok(None),
            size => Ok(Some(Checkpoint {
                origin: origin(&self.hashes().range(0, 1)?),
                size,
                root: head.root(),
            })),
        }
    }

    fn requester_of(&self, credential: &Credential) -> Result<Option<String>, LedgerError> {
        requesters::name_of(&self.connection, credential)
    }

    fn last_time(&self) -> Result<Option<u64>, LedgerError> {
        let last = self
            .connection
            .query_row(
                "SELECT position, bytes FROM entry ORDER BY position DESC LIMIT 1",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        last.map(|(position, bytes): (u64, Vec<u8>)| Ok(read(position, &bytes)?.time))
            .transpose()
    }
}

fn ca(position: u64, added: CaAdded, time: u64) -> Result<Ca, LedgerError> {
    let public_key = PublicKey::from_bytes(&added.public_key).map_err(|_| damaged(position))?;
    Ok(Ca {
        position,
        public_key: public_key.key_data().clone(),
        added,
        time,
    })
}

fn read(position: u64, bytes: &[u8]) -> Result<Entry, LedgerError> {
    Entry::from_bytes(bytes).map_err(|source| LedgerError::Damaged {
        position,
        source: Some(source),
    })
}

fn damaged(position: u64) -> LedgerError {
    LedgerError::Damaged {
        position,
        source: None,
    }
}

fn write(connection: &mut Connection) -> Result<Transaction<'_>, LedgerError> {
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

enum Access {
    Read,
    Write,
}

/// Never `CREATE`: a ledger that is missing is an error, not an empty ledger.
fn flags(access: Access) -> OpenFlags {
    let access = match access {
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    access | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// A path as a URI spells it (RFC 3986, 2.1).
fn uri_path(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes().iter();
    bytes
        .map(|byte| match byte {
            b'/' | b'.' | b'-' | b'_' => char::from(*byte).to_string(),
            byte if byte.is_ascii_alphanumeric() => char::from(*byte).to_string(),
            byte => format!("%{byte:02x}"),
        })
        .collect()
}

fn require(path: &Path) -> Result<(), LedgerError> {
    match path.try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(LedgerError::Missing(path.to_path_buf())),
        Err(source) => Err(file_error(path, source)),
    }
}

fn file_error(path: &Path, source: std::io::Error) -> LedgerError {
    LedgerError::File {
        path: PathBuf::from(path),
        source,
    }
}
