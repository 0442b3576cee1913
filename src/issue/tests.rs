//! The spine, with parts that fail on purpose.

mod sharing;

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use ssh_key::PrivateKey;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use tempfile::TempDir;

use super::*;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::{
    CaAdded, Credential, Origin, Outcome, Policy, Purpose, Record, SerialChoice, SqliteLedger,
    State,
};
use crate::policy::sample;
use crate::signer::SignatureError;

const NOW: u64 = 1_795_400_000;

fn key(seed: u8) -> PrivateKey {
    let pair = Ed25519Keypair::from_seed(&[seed; 32]);
    PrivateKey::new(KeypairData::Ed25519(pair), "").unwrap()
}

/// What a [`Fake`] signer does on its call of this number, from 0.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// This one message cannot be signed.
    OneMessage(usize),
    /// The device goes away and stays away.
    Gone(usize),
    /// It signs with another key.
    Lies(usize),
}

struct Fake {
    key: PrivateKey,
    fault: Fault,
    calls: usize,
}

impl Signer for Fake {
    fn public_key(&self) -> &KeyData {
        self.key.public_key().key_data()
    }

    fn device(&self) -> &str {
        "token \"Fake\""
    }

    fn sign(&mut self, message: &[u8]) -> Result<Signature, SignerError> {
        let call = self.calls;
        self.calls += 1;
        let with = |key: &PrivateKey| Ok(signature::Signer::sign(key, message));
        match self.fault {
            Fault::OneMessage(n) if n == call => Err(SignerError::Signature {
                device: "token".to_owned(),
                source: SignatureError::Length {
                    expected: 64,
                    length: 3,
                },
            }),
            Fault::Gone(n) if n <= call => Err(SignerError::TouchTimeout {
                device: "token".to_owned(),
            }),
            Fault::Lies(n) if n == call => with(&key(77)),
            _ => with(&self.key),
        }
    }

    fn reopen(&mut self) -> Result<(), OpeningError> {
        Ok(())
    }
}

/// A ledger that reserves, and cannot record from its call of number `from` on.
struct CannotRecord {
    ledger: SqliteLedger,
    from: Cell<usize>,
}

impl Ledger for CannotRecord {
    fn cas(&self) -> Result<Vec<Ca>, LedgerError> {
        self.ledger.cas()
    }

    fn add_ca(&mut self, ca: CaAdded, time: u64) -> Result<Ca, LedgerError> {
        self.ledger.add_ca(ca, time)
    }

    fn reserve(
        &mut self,
        wanted: Vec<Wanted>,
        time: u64,
    ) -> Result<Vec<Result<Reservation, ReserveError>>, LedgerError> {
        self.ledger.reserve(wanted, time)
    }

    fn record(&mut self, outcomes: &[Outcome<'_>], time: u64) -> Result<(), LedgerError> {
        match self.from.get() {
            0 => Err(LedgerError::Missing(PathBuf::from("disk full"))),
            n => {
                self.from.set(n - 1);
                self.ledger.record(outcomes, time)
            }
        }
    }

    fn issued_for(&self, wanted: &Wanted) -> Result<Option<Record>, LedgerError> {
        self.ledger.issued_for(wanted)
    }

    fn record_of(&self, ca: &Ca, serial: Serial) -> Result<Option<Record>, LedgerError> {
        self.ledger.record_of(ca, serial)
    }

    fn each_record(&self, each: &mut dyn FnMut(Record)) -> Result<(), LedgerError> {
        self.ledger.each_record(each)
    }

    fn checkpoint(&self) -> Result<Option<Checkpoint>, LedgerError> {
        self.ledger.checkpoint()
    }

    fn requester_of(&self, credential: &Credential) -> Result<Option<String>, LedgerError> {
        self.ledger.requester_of(credential)
    }

    fn last_time(&self) -> Result<Option<u64>, LedgerError> {
        self.ledger.last_time()
    }
}

fn order(tag: u8, ca: &KeyData, serial: SerialChoice) -> Order<u8> {
    let subject = key(100 + tag % 100).public_key().key_data().clone();
    let mut request = sample::request(subject);
    if let SerialChoice::Exactly(serial) = serial {
        request.ask.serial = Some(serial);
    }
    let decided = sample::decided(&request, ca);
    let wanted = Wanted::seal(decided, &request, None, Policy::operator(), String::new());
    Order {
        wanted: wanted.unwrap(),
        tag,
    }
}

fn added() -> CaAdded {
    CaAdded {
        name: "users".to_owned(),
        public_key: key(1).public_key().to_bytes().unwrap(),
        purpose: Purpose::User,
        origin: Origin::Generated,
        token_says: String::new(),
        next_serial: 1,
        keyboard: String::new(),
    }
}

/// A run of `count` orders, and what came of it.
struct Run {
    _folder: TempDir,
    ledger: SharedLedger,
    ended: Result<(), RunEnd>,
    issued: Vec<u8>,
    failed: Vec<(u8, String)>,
    untouched: usize,
    lost: usize,
}

fn run(count: u8, fault: Fault, records: usize) -> Run {
    let signer = Fake {
        key: key(1),
        fault,
        calls: 0,
    };
    run_by(count, vec![Box::new(signer)], records)
}

fn run_by(count: u8, signers: Vec<Box<dyn Signer>>, records: usize) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = CannotRecord {
        ledger: SqliteLedger::create(&folder.path().join("l.ledger")).unwrap(),
        from: Cell::new(records),
    };
    let ca = ledger.add_ca(added(), NOW).unwrap();
    let open = OpenCa {
        signers,
        ca,
        absent: Vec::new(),
    };
    let ca_key = open.ca.public_key().clone();
    let ledger: SharedLedger = Mutex::new(Box::new(ledger));
    let mut orders = (0..count).map(|tag| order(tag, &ca_key, SerialChoice::Next));
    let (mut issued, mut failed) = (Vec::new(), Vec::new());
    let lost = AtomicUsize::new(0);
    let ended = open.issue(
        &ledger,
        &mut orders,
        &|| NOW,
        &mut |chunk| {
            for finished in chunk {
                match finished.result {
                    Ok(_) => issued.push(finished.tag),
                    Err(error) => failed.push((finished.tag, error.to_string())),
                }
            }
        },
        &|_, _| {
            lost.fetch_add(1, Ordering::Relaxed);
        },
    );
    let untouched = orders.count();
    Run {
        _folder: folder,
        ledger,
        ended,
        issued,
        failed,
        untouched,
        lost: lost.into_inner(),
    }
}

impl Run {
    fn states(&self) -> Vec<State> {
        let mut states = Vec::new();
        lock(&self.ledger)
            .each_record(&mut |record| states.push(record.state))
            .unwrap();
        states
    }

    fn ledger_has_issued(&self) -> usize {
        let issued = |state: &&State| matches!(state, State::Issued(_));
        self.states().iter().filter(issued).count()
    }
}

const ALWAYS: usize = usize::MAX;

#[test]
fn issues_every_order_in_its_sequence() {
    let run = run(30, Fault::None, ALWAYS);
    assert!(run.ended.is_ok());
    assert_eq!(run.issued, (0..30).collect::<Vec<_>>());
    assert_eq!(run.ledger_has_issued(), 30);
}

#[test]
fn one_message_that_cannot_be_signed_stops_no_other() {
    let run = run(10, Fault::OneMessage(5), ALWAYS);
    assert!(run.ended.is_ok());
    assert_eq!(run.issued.len(), 9);
    assert_eq!(run.failed[0].0, 5);
    assert!(matches!(&run.states()[5], State::Failed(reason) if reason.contains("malformed")));
}

#[test]
fn when_the_device_is_gone_the_ledger_says_what_was_signed_and_what_was_not() {
    let run = run(100, Fault::Gone(10), ALWAYS);
    assert!(matches!(run.ended, Err(RunEnd::Signer)));
    assert_eq!(run.issued, (0..10).collect::<Vec<_>>());
    assert_eq!(run.ledger_has_issued(), 10);
    assert_eq!(run.issued.len() + run.failed.len() + run.untouched, 100);
    assert!(
        run.untouched > 50,
        "orders after the failure are not reserved"
    );
    assert!(
        !run.states().contains(&State::Reserved),
        "nothing is left open"
    );
}

#[test]
fn a_signature_of_another_key_is_thrown_away_and_ends_the_run() {
    let run = run(100, Fault::Lies(2), ALWAYS);
    assert!(matches!(run.ended, Err(RunEnd::Signer)));
    assert!(!run.issued.contains(&2));
    assert!(
        run.failed
            .iter()
            .any(|(tag, why)| *tag == 2 && why.contains("thrown away"))
    );
    assert!(matches!(&run.states()[2], State::Failed(_)));
    assert!(run.untouched > 0);
}

#[test]
fn nothing_is_released_that_the_ledger_could_not_record() {
    let run = run(100, Fault::None, 1);
    assert!(matches!(
        run.ended,
        Err(RunEnd::Ledger(LedgerError::Missing(_)))
    ));
    assert_eq!(run.issued.len(), run.ledger_has_issued());
    assert_eq!(run.issued, [0, 1, 2, 3], "the first chunk was recorded");
    assert!(
        run.failed
            .iter()
            .all(|(_, why)| why.contains("not released") || why.contains("not signed"))
    );
    assert_eq!(run.issued.len() + run.failed.len() + run.untouched, 100);
}

#[test]
fn an_explicit_serial_that_is_taken_fails_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = SqliteLedger::create(&folder.path().join("l.ledger")).unwrap();
    let ca = ledger.add_ca(added(), NOW).unwrap();
    let signer = Box::new(Fake {
        key: key(1),
        fault: Fault::None,
        calls: 0,
    });
    let open = OpenCa {
        absent: Vec::new(),
        signers: vec![signer],
        ca,
    };
    let ca_key = open.ca.public_key().clone();
    let seven = || SerialChoice::Exactly(7.try_into().unwrap());
    let mut orders = [seven(), seven(), SerialChoice::Next]
        .into_iter()
        .enumerate()
        .map(|(tag, serial)| order(u8::try_from(tag).unwrap(), &ca_key, serial));
    let ledger: SharedLedger = Mutex::new(Box::new(ledger));
    let mut results = Vec::new();
    open.issue(
        &ledger,
        &mut orders,
        &|| NOW,
        &mut |chunk| {
            results.extend(
                chunk
                    .into_iter()
                    .map(|f| f.result.map(|i| i.serial.number())),
            );
        },
        &|_, _| (),
    )
    .unwrap();
    assert!(matches!(results[0], Ok(7)));
    assert!(matches!(
        results[1],
        Err(IssueError::Reserve(ReserveError::SerialTaken(_)))
    ));
    assert!(matches!(results[2], Ok(1)));
}

#[test]
fn what_was_decided_for_another_ca_is_not_signed() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = SqliteLedger::create(&folder.path().join("l.ledger")).unwrap();
    let ca = ledger.add_ca(added(), NOW).unwrap();
    let hosts = CaAdded {
        name: "hosts".to_owned(),
        public_key: key(2).public_key().to_bytes().unwrap(),
        purpose: Purpose::Host,
        ..added()
    };
    let hosts = ledger.add_ca(hosts, NOW).unwrap();
    let signer = Box::new(Fake {
        key: key(1),
        fault: Fault::None,
        calls: 0,
    });
    let open = OpenCa {
        absent: Vec::new(),
        signers: vec![signer],
        ca,
    };
    let mut orders = [order(1, hosts.public_key(), SerialChoice::Next)].into_iter();
    let ledger: SharedLedger = Mutex::new(Box::new(ledger));
    let mut results = Vec::new();
    open.issue(
        &ledger,
        &mut orders,
        &|| NOW,
        &mut |chunk| results.extend(chunk.into_iter().map(|f| f.result)),
        &|_, _| (),
    )
    .unwrap();
    assert!(matches!(&results[0], Err(IssueError::OtherCa { ca }) if ca == "users"));
}
