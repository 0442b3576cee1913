//! The spine, with parts that fail on purpose.

pub(crate) mod book;
mod ended;
mod sharing;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::public::KeyData;
use ssh_key::{PrivateKey, Signature};

use super::*;
use crate::ledger::{
    Ca, CaAdded, Ledger, Origin, Policy, Purpose, Record, SerialChoice, State, Wanted,
};
use crate::policy::sample;
use crate::signer::{OpeningError, SignatureError, Signer};
use book::{BookFault, Pages, Said, book};

pub(crate) const NOW: u64 = 1_795_400_000;

fn key(seed: u8) -> PrivateKey {
    let pair = Ed25519Keypair::from_seed(&[seed; 32]);
    PrivateKey::new(KeypairData::Ed25519(pair), "").unwrap()
}

/// What a [`Fake`] signer does on its call of this number, from 0.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    None,
    /// This one message cannot be signed.
    OneMessage(usize),
    /// The device goes away and stays away.
    Gone(usize),
    /// The device's code has a fault.
    Panics(usize),
    /// It signs with another key.
    Lies(usize),
}

pub(crate) struct Fake {
    key: PrivateKey,
    fault: Fault,
    calls: usize,
}

impl Fake {
    pub(crate) fn new(fault: Fault) -> Self {
        Self {
            key: key(1),
            fault,
            calls: 0,
        }
    }
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
            Fault::Panics(n) if n == call => panic!("a fault of the driver"),
            Fault::Gone(n) if n <= call => Err(SignerError::TouchTimeout {
                device: "token".to_owned(),
            }),
            Fault::Lies(n) if n == call => with(&key(77)),
            _ => with(&self.key),
        }
    }

    /// The device is back, and well.
    fn reopen(&mut self) -> Result<(), OpeningError> {
        self.fault = Fault::None;
        Ok(())
    }
}

/// An order for the key of this number, for the CA with this key.
pub(crate) fn wanted(number: u8, ca: &KeyData, serial: SerialChoice) -> Wanted {
    let subject = key(100 + number % 100).public_key().key_data().clone();
    let mut request = sample::request(subject);
    if let SerialChoice::Exactly(serial) = serial {
        request.ask.serial = Some(serial);
    }
    let decided = sample::decided(&request, ca);
    let sealed = Wanted::seal(
        decided,
        &request,
        (None, &[]),
        Policy::operator(),
        String::new(),
    );
    sealed.unwrap()
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

fn ledger_with_ca() -> (Ledger, Ca) {
    let (ledger, _) = book(ALWAYS, BookFault::Fails);
    let ca = ledger.cas().unwrap().remove(0);
    (ledger, ca)
}

/// The CA of every [`book()`].
pub(crate) fn fake_ca() -> Ca {
    ledger_with_ca().1
}

/// The CA with its devices, one session each.
pub(crate) fn open(ca: Ca, signers: Vec<Box<dyn Signer>>) -> OpenCa {
    let sessions = signers.into_iter().enumerate();
    OpenCa {
        ca,
        sessions: sessions
            .map(|(device, signer)| Session { device, signer })
            .collect(),
        absent: Vec::new(),
    }
}

/// A run of so many orders, and what came of it.
struct Run {
    pages: Vec<Said>,
    ended: Result<(), RunEnd>,
    issued: Vec<u8>,
    failed: Vec<(u8, String)>,
    lost: usize,
}

fn run(count: u8, fault: Fault, steps: usize) -> Run {
    run_by(count, vec![fake(fault)], book(steps, BookFault::Fails))
}

fn fake(fault: Fault) -> Box<dyn Signer> {
    Box::new(Fake::new(fault))
}

fn run_by(count: u8, signers: Vec<Box<dyn Signer>>, (book, pages): (Ledger, Pages)) -> Run {
    let ca = fake_ca();
    let ca_key = ca.public_key().clone();
    let ledger: SharedLedger = Arc::new(Mutex::new(book));
    let lost = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&lost);
    let lose: Lost = Arc::new(move |_, _| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let desk = Desk::open(open(ca, signers), ledger, || NOW, lose);
    let (mut issued, mut failed, mut tickets) = (Vec::new(), Vec::new(), Vec::new());
    for tag in 0..count {
        match desk.submit(wanted(tag, &ca_key, SerialChoice::Next)) {
            Ok(ticket) => tickets.push((tag, ticket)),
            Err(refused) => failed.push((tag, refused.to_string())),
        }
    }
    let ended = desk.close();
    for (tag, ticket) in tickets {
        match ticket.look().expect("a closed desk has answered") {
            Ok(_) => issued.push(tag),
            Err(error) => failed.push((tag, error.to_string())),
        }
    }
    assert_eq!(issued.len() + failed.len(), usize::from(count));
    Run {
        pages: pages.lock().unwrap().clone(),
        ended,
        issued,
        failed,
        lost: lost.load(Ordering::Relaxed),
    }
}

impl Run {
    fn said(&self, said: Said) -> usize {
        self.pages.iter().filter(|page| **page == said).count()
    }

    /// What goes out is what the ledger says is issued, and nothing is left open.
    fn the_ledger_tells_the_truth(&self) {
        assert_eq!(self.said(Said::Issued), self.issued.len());
        assert_eq!(self.said(Said::Reserved), 0, "nothing is left open");
    }
}

const ALWAYS: usize = usize::MAX;

#[test]
fn every_order_is_issued() {
    let run = run(30, Fault::None, ALWAYS);
    assert!(run.ended.is_ok());
    assert_eq!(run.issued, (0..30).collect::<Vec<_>>());
    run.the_ledger_tells_the_truth();
}

#[test]
fn one_message_that_cannot_be_signed_stops_no_other() {
    let run = run(10, Fault::OneMessage(5), ALWAYS);
    assert!(run.ended.is_ok());
    assert_eq!(run.issued.len(), 9);
    assert_eq!(run.failed.len(), 1);
    assert!(run.failed[0].1.contains("malformed"), "{:?}", run.failed);
    run.the_ledger_tells_the_truth();
}

#[test]
fn when_the_device_is_gone_the_ledger_says_what_was_signed_and_what_was_not() {
    let run = run(100, Fault::Gone(10), ALWAYS);
    assert!(matches!(run.ended, Err(RunEnd::Signer)));
    assert_eq!(run.issued, (0..10).collect::<Vec<_>>());
    run.the_ledger_tells_the_truth();
}

#[test]
fn a_signature_of_another_key_is_thrown_away_and_its_device_is_not_asked_again() {
    let run = run(200, Fault::Lies(2), ALWAYS);
    assert!(matches!(run.ended, Err(RunEnd::Signer)));
    let thrown = |(tag, why): &&(u8, String)| *tag == 2 && why.contains("thrown away");
    assert!(run.failed.iter().any(|one| thrown(&one)));
    assert!(!run.issued.contains(&2));
    run.the_ledger_tells_the_truth();
}

#[test]
fn nothing_is_released_that_the_ledger_could_not_record() {
    for steps in 0..6 {
        let run = run(100, Fault::None, steps);
        assert!(matches!(
            run.ended,
            Err(RunEnd::Ledger(LedgerError::Frames(_)))
        ));
        assert_eq!(run.issued.len(), run.said(Said::Issued));
        let words = ["not released", "not signed", "takes no orders"];
        for (_, why) in &run.failed {
            assert!(words.iter().any(|word| why.contains(word)), "{why}");
        }
    }
}

#[test]
fn a_panic_is_an_end_of_its_own_and_every_ticket_is_answered() {
    for steps in 0..4 {
        let book = book(steps, BookFault::Panics);
        let run = run_by(50, vec![fake(Fault::None)], book);
        assert!(matches!(run.ended, Err(RunEnd::Panicked)));
        assert_eq!(run.issued.len(), run.said(Said::Issued));
    }
    let run = run(50, Fault::Panics(3), ALWAYS);
    assert!(matches!(run.ended, Err(RunEnd::Panicked)));
    assert_eq!(run.issued, [0, 1, 2]);
    run.the_ledger_tells_the_truth();
}

#[test]
fn an_explicit_serial_that_is_taken_fails_alone() {
    let (ledger, ca) = ledger_with_ca();
    let ca_key = ca.public_key().clone();
    let ledger: SharedLedger = Arc::new(Mutex::new(ledger));
    let devices = open(ca, vec![fake(Fault::None)]);
    let desk = Desk::open(devices, ledger, || NOW, Arc::new(|_, _| ()));
    let seven = || SerialChoice::Exactly(7.try_into().unwrap());
    let serials = [seven(), seven(), SerialChoice::Next];
    let tickets = serials.map(|serial| desk.submit(wanted(1, &ca_key, serial)).unwrap());
    let results = tickets.map(|ticket| ticket.wait().map(|issued| issued.serial.number()));
    assert!(matches!(results[0], Ok(7)));
    assert!(matches!(
        results[1],
        Err(IssueError::Reserve(ReserveError::SerialTaken(_)))
    ));
    assert!(matches!(results[2], Ok(1)));
    desk.close().unwrap();
}

#[test]
fn what_was_decided_for_another_ca_is_not_signed() {
    let (mut ledger, users) = ledger_with_ca();
    let hosts = CaAdded {
        name: "hosts".to_owned(),
        public_key: key(2).public_key().to_bytes().unwrap(),
        purpose: Purpose::Host,
        ..added()
    };
    let hosts = ledger.add_ca(hosts, NOW).unwrap();
    let ledger: SharedLedger = Arc::new(Mutex::new(ledger));
    let of_hosts = || wanted(1, hosts.public_key(), SerialChoice::Next);
    let devices = || open(users.clone(), vec![fake(Fault::None)]);
    let lost: Lost = Arc::new(|_, _| ());
    let refused = |error: &IssueError| matches!(error, IssueError::OtherCa { ca } if ca == "users");
    let (alone, end) = issue_one(devices(), &ledger, of_hosts(), || NOW, &lost);
    assert!(alone.is_err_and(|error| refused(&error)) && end.is_ok());
    let desk = Desk::open(devices(), ledger, || NOW, lost);
    let at_desk = desk.submit(of_hosts()).err().unwrap();
    assert!(matches!(at_desk, SubmitError::Unfit(error) if refused(&error)));
    desk.close().unwrap();
}

#[test]
fn one_order_alone_goes_the_whole_way_on_the_calling_thread() {
    for (faults, certificate, lost_devices) in [
        (vec![Fault::None], true, 0),
        (vec![Fault::Gone(0), Fault::None], true, 1),
        (vec![Fault::Gone(0), Fault::Gone(0)], false, 1),
        (vec![Fault::Lies(0)], false, 0),
        (vec![Fault::Panics(0)], false, 0),
    ] {
        let (ledger, ca) = ledger_with_ca();
        let wanted = wanted(1, ca.public_key(), SerialChoice::Next);
        let ledger: SharedLedger = Arc::new(Mutex::new(ledger));
        let lost = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&lost);
        let lose: Lost = Arc::new(move |_, _| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let devices = open(ca, faults.iter().map(|fault| fake(*fault)).collect());
        let (issued, _) = issue_one(devices, &ledger, wanted, || NOW, &lose);
        assert_eq!(issued.is_ok(), certificate, "{issued:?}");
        assert_eq!(lost.load(Ordering::Relaxed), lost_devices);
        let mut states = Vec::new();
        let each = &mut |record: Record| states.push(record.state);
        lock(&ledger).each_record(each).unwrap();
        assert_eq!(matches!(states[0], State::Issued(_)), certificate);
        assert_eq!(matches!(states[0], State::Failed(_)), !certificate);
    }
}
