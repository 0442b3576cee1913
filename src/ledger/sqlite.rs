//! The embedded ledger: one SQLite file beside the config.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::{
    Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params,
};
use ssh_encoding::Encode;
use ssh_key::PublicKey;

use super::entry::{CaAdded, Entry, Event, Failed, Issued, Reserved, SALT, Sequence};
use super::lock::WriterLock;
use super::{
    Ca, Ledger, LedgerError, Outcome, Record, Reservation, ReserveError, SerialChoice, State,
    Wanted, schema,
};
use crate::certificate::Serial;
use crate::request::RequestDigest;

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
        let created = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
        created.map_err(|source| match source.kind() {
            std::io::ErrorKind::AlreadyExists => LedgerError::Exists(path.to_path_buf()),
            _ => file_error(path, source),
        })?;
        let mut connection = Connection::open_with_flags(path, flags(Access::Write))?;
        schema::create(&mut connection)?;
        Ok(Self {
            connection,
            _lock: Some(lock),
        })
    }

    /// Opens a ledger to write to it; no other run can meanwhile.
    ///
    /// # Errors
    /// [`LedgerError::Missing`], [`LedgerError::Locked`], and what makes a file unusable.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        require(path)?;
        let lock = WriterLock::take(path)?;
        let connection = Connection::open_with_flags(path, flags(Access::Write))?;
        schema::check(&connection, path)?;
        schema::configure(&connection)?;
        Ok(Self {
            connection,
            _lock: Some(lock),
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
        let position = append(&transaction, time, Event::CaAdded(added.clone()))?;
        transaction.execute(
            "INSERT INTO ca (position, name, public_key) VALUES (?1, ?2, ?3)",
            params![position, added.name, added.public_key],
        )?;
        transaction.commit()?;
        ca(position, added, time)
    }

    fn reserve(
        &mut self,
        ca: &Ca,
        wanted: Vec<Wanted>,
        time: u64,
    ) -> Result<Vec<Result<Reservation, ReserveError>>, LedgerError> {
        let transaction = write(&mut self.connection)?;
        let mut serials = Serials::new(&transaction, ca)?;
        let reserved = wanted
            .into_iter()
            .map(|wanted| reserve_one(&transaction, &mut serials, ca, wanted, time))
            .collect::<Result<_, _>>()?;
        transaction.commit()?;
        Ok(reserved)
    }

    fn record(&mut self, outcomes: &[Outcome<'_>], time: u64) -> Result<(), LedgerError> {
        let transaction = write(&mut self.connection)?;
        for outcome in outcomes {
            let (reserved, event) = outcome_event(outcome)?;
            let position = append(&transaction, time, event)?;
            transaction
                .prepare_cached("INSERT INTO outcome (reserved, position) VALUES (?1, ?2)")?
                .execute(params![reserved, position])?;
        }
        Ok(transaction.commit()?)
    }

    fn issued_for(&self, ca: &Ca, request: &RequestDigest) -> Result<Option<Record>, LedgerError> {
        let mut newest = None;
        let condition = "WHERE r.request = ?1 AND r.ca = ?2 ORDER BY r.position";
        self.records(
            condition,
            params![request.as_bytes(), ca.position],
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
        self.records(condition, key, &mut |record| found = Some(record))?;
        Ok(found)
    }

    fn each_record(&self, each: &mut dyn FnMut(Record)) -> Result<(), LedgerError> {
        self.records("ORDER BY r.position", params![], each)
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

impl SqliteLedger {
    fn records(
        &self,
        condition: &str,
        parameters: &[&dyn rusqlite::ToSql],
        each: &mut dyn FnMut(Record),
    ) -> Result<(), LedgerError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT c.name, e.position, e.bytes, o.position, f.bytes FROM reservation r \
             JOIN ca c ON c.position = r.ca JOIN entry e ON e.position = r.position \
             LEFT JOIN outcome o ON o.reserved = r.position \
             LEFT JOIN entry f ON f.position = o.position {condition}"
        ))?;
        let mut rows = statement.query(parameters)?;
        while let Some(row) = rows.next()? {
            let outcome: Option<(u64, Vec<u8>)> = row.get::<_, Option<u64>>(3)?.zip(row.get(4)?);
            each(record(row.get(0)?, (row.get(1)?, row.get(2)?), outcome)?);
        }
        Ok(())
    }
}

/// The serials of one CA within one transaction.
struct Serials<'t> {
    transaction: &'t Transaction<'t>,
    ca: u64,
    next: Option<Serial>,
}

impl<'t> Serials<'t> {
    fn new(transaction: &'t Transaction<'t>, ca: &Ca) -> Result<Self, LedgerError> {
        let last: Option<[u8; 8]> = transaction
            .prepare_cached("SELECT max(serial) FROM reservation WHERE ca = ?1 AND automatic = 1")?
            .query_row([ca.position], |row| row.get(0))?;
        let next = match last {
            Some(last) => u64::from_be_bytes(last).checked_add(1),
            None => Some(ca.added.next_serial),
        };
        Ok(Self {
            transaction,
            ca: ca.position,
            next: next.and_then(|next| Serial::try_from(next).ok()),
        })
    }

    fn choose(
        &mut self,
        choice: SerialChoice,
    ) -> Result<Result<Serial, ReserveError>, LedgerError> {
        match choice {
            SerialChoice::Exactly(serial) if self.is_taken(serial)? => {
                Ok(Err(ReserveError::SerialTaken(serial)))
            }
            SerialChoice::Exactly(serial) => Ok(Ok(serial)),
            SerialChoice::Next => self.next_free(),
        }
    }

    fn next_free(&mut self) -> Result<Result<Serial, ReserveError>, LedgerError> {
        while let Some(serial) = self.next {
            self.next = serial.checked_next();
            if !self.is_taken(serial)? {
                return Ok(Ok(serial));
            }
        }
        Ok(Err(ReserveError::NoSerialLeft))
    }

    fn is_taken(&self, serial: Serial) -> Result<bool, LedgerError> {
        Ok(self
            .transaction
            .prepare_cached("SELECT 1 FROM reservation WHERE ca = ?1 AND serial = ?2")?
            .exists(params![self.ca, serial.number().to_be_bytes()])?)
    }
}

fn reserve_one(
    transaction: &Transaction<'_>,
    serials: &mut Serials<'_>,
    ca: &Ca,
    wanted: Wanted,
    time: u64,
) -> Result<Result<Reservation, ReserveError>, LedgerError> {
    let serial = match serials.choose(wanted.serial)? {
        Ok(serial) => serial,
        Err(refused) => return Ok(Err(refused)),
    };
    let nonce = random::<32>()?;
    let body = wanted.decided.body();
    let to_be_signed = match body.to_be_signed(serial, &nonce, &ca.public_key) {
        Ok(to_be_signed) => to_be_signed,
        Err(error) => return Ok(Err(error.into())),
    };
    let automatic = wanted.serial == SerialChoice::Next;
    let reserved = Reserved {
        ca: ca.position,
        serial: serial.number(),
        sequence: if automatic {
            Sequence::Automatic
        } else {
            Sequence::Explicit
        },
        role: wanted.decided.role().to_owned(),
        decided_by: concat!("punchmark ", env!("CARGO_PKG_VERSION")).to_owned(),
        requester: wanted.decided.requester().to_owned(),
        keyboard: wanted.keyboard,
        proof: "none".to_owned(),
        request: *wanted.request.as_bytes(),
        to_be_signed: to_be_signed.as_bytes().to_vec(),
    };
    let position = append(transaction, time, Event::Reserved(reserved))?;
    transaction
        .prepare_cached(
            "INSERT INTO reservation (ca, serial, automatic, position, request) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            ca.position,
            serial.number().to_be_bytes(),
            automatic,
            position,
            wanted.request.as_bytes()
        ])?;
    Ok(Ok(Reservation {
        position,
        serial,
        decided: wanted.decided,
        to_be_signed,
    }))
}

fn outcome_event(outcome: &Outcome<'_>) -> Result<(u64, Event), LedgerError> {
    Ok(match outcome {
        Outcome::Issued(reservation, signature) => {
            let event = Issued {
                reserved: reservation.position,
                signature: signature.encode_vec().map_err(super::EntryError::from)?,
            };
            (reservation.position, Event::Issued(event))
        }
        Outcome::Failed(reservation, reason) => {
            let event = Failed {
                reserved: reservation.position,
                reason: reason.clone(),
            };
            (reservation.position, Event::Failed(event))
        }
    })
}

fn append(transaction: &Transaction<'_>, time: u64, event: Event) -> Result<u64, LedgerError> {
    let entry = Entry {
        time,
        salt: random::<SALT>()?,
        event,
    };
    let position = transaction
        .prepare_cached("INSERT INTO entry (bytes) VALUES (?1) RETURNING position")?
        .query_row([entry.to_bytes()?], |row| row.get(0))?;
    Ok(position)
}

fn record(
    ca: String,
    (position, bytes): (u64, Vec<u8>),
    outcome: Option<(u64, Vec<u8>)>,
) -> Result<Record, LedgerError> {
    let entry = read(position, &bytes)?;
    let Event::Reserved(reserved) = entry.event else {
        return Err(damaged(position));
    };
    let state = match outcome {
        None => State::Reserved,
        Some((outcome, bytes)) => match read(outcome, &bytes)?.event {
            Event::Issued(issued) if issued.reserved == position => {
                State::Issued(certificate(&reserved.to_be_signed, &issued.signature))
            }
            Event::Failed(failed) if failed.reserved == position => State::Failed(failed.reason),
            _ => return Err(damaged(outcome)),
        },
    };
    Ok(Record {
        ca,
        time: entry.time,
        reserved,
        state,
    })
}

/// PROTOCOL.certkeys: the signature is the last field, a string, over all before it.
fn certificate(to_be_signed: &[u8], signature: &[u8]) -> Vec<u8> {
    let length = u32::try_from(signature.len()).unwrap_or(u32::MAX);
    [to_be_signed, &length.to_be_bytes(), signature].concat()
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

fn random<const N: usize>() -> Result<[u8; N], LedgerError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(LedgerError::Random)?;
    Ok(bytes)
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
