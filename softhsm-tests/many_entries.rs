//! A ledger of any length, for `scripts/bench`: `many_entries LEDGER COUNT`.
//!
//! Adds to the ledger a CA `filler`, whose key is a number, and so many certificates by
//! it, two entries each, in the way that `sign` does; `ledger verify --signatures` holds.
//! Their principals are `person0` to `person9999` in turn.

use std::collections::VecDeque;
use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex};

use punchmark::attestation::Roots;
use punchmark::certificate::{KeyId, Kind, OptionsAsked, Principals};
use punchmark::issue::{
    AgreedCa, Asked, Case, ConfiguredCa, Desk, Judge, OpenCa, Rulebook, SharedLedger, Ticket, agree,
};
use punchmark::ledger::settings::FileSettings;
use punchmark::ledger::{CaAdded, Ledger, Origin, Purpose, SerialChoice};
use punchmark::policy::{Policy, Suffixes};
use punchmark::request::{AdmissionLimits, Ask, Requester, RoleName};
use punchmark::secret::{AskPin, Pin, PinError};
use punchmark::signer::Locator;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey, PublicKey};

const KEYBOARD: &str = "bench (uid 1000) on bench";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [ledger, count] = arguments.as_slice() else {
        return Err("usage: many_entries LEDGER COUNT".into());
    };
    let count: u64 = count.parse()?;
    let settings = FileSettings {
        keyboard: KEYBOARD.to_owned(),
        ..FileSettings::default()
    };
    let mut ledger = Ledger::open(Path::new(ledger), settings)?;
    let time = ledger.last_time()?.ok_or("the ledger is empty")?;
    let signer = PrivateKey::new(KeypairData::Ed25519(pair(u64::MAX)), "")?;
    let ca = ledger.add_ca(filler(&signer)?, time)?;
    let (key, suffixes) = (ca.public_key().clone(), Suffixes::default());
    let configured = ConfiguredCa {
        name: ca.name(),
        purpose: ca.added().purpose,
        public_key_file: Path::new("filler.pub"),
        public_key: &key,
        suffixes: &suffixes,
    };
    let ca = agree(&ledger, &configured)?;
    issue(&ca, open(&ca, &signer)?, ledger, count, time)
}

/// The key, in a file that is gone once it was read.
fn open(ca: &AgreedCa, signer: &PrivateKey) -> Result<OpenCa, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("key");
    signer.write_openssh_file(&file, LineEnding::LF)?;
    let locator: Locator = format!("file:{}", file.display()).parse()?;
    Ok(OpenCa::open(ca, &locator.into(), None, 1, &mut Nobody)?)
}

/// The numbers from 0 on, each by the spine: there is no other road to a certificate.
fn issue(
    ca: &AgreedCa,
    open: OpenCa,
    ledger: Ledger,
    count: u64,
    time: u64,
) -> Result<(), Box<dyn Error>> {
    let (policy, roots) = (Policy::new(Suffixes::default(), []), Roots::default());
    let rulebook = Rulebook {
        policy: &policy,
        roots: &roots,
        limits: AdmissionLimits::default(),
        allowed_signers: None,
        bundle: None,
        ledger_key: None,
        keyboard: KEYBOARD.to_owned(),
    };
    let judge = Judge::new(rulebook, ca, &ledger)?;
    let desk = Desk::open(
        open,
        shared(ledger),
        punchmark::config::now,
        Arc::new(|_, _| ()),
    );
    let mut tickets = VecDeque::new();
    for number in 0..count {
        // Deciding looks whose a key is where a request asks, and no request does here.
        let wanted = judge.decide(&case(number)?, &|_| Ok(None), time)?;
        if tickets.len() == UNDER_WAY {
            answered(&mut tickets)?;
        }
        tickets.push_back(desk.submit(wanted)?);
    }
    while !tickets.is_empty() {
        answered(&mut tickets)?;
    }
    Ok(desk.close()?)
}

fn shared(ledger: Ledger) -> SharedLedger {
    Arc::new(Mutex::new(ledger))
}

fn answered(tickets: &mut VecDeque<Ticket>) -> Result<(), Box<dyn Error>> {
    if let Some(first) = tickets.pop_front() {
        first.wait()?;
    }
    Ok(())
}

fn case(number: u64) -> Result<Case, Box<dyn Error>> {
    Ok(Case {
        asked: Asked::Key {
            subject: PublicKey::from(pair(number).public).into(),
            ask: Box::new(ask(number)?),
            requester: Requester::operator(),
        },
        serial: SerialChoice::Next,
        witnessed: None,
    })
}

fn ask(number: u64) -> Result<Ask, Box<dyn Error>> {
    let person = format!("person{}", number % 10_000);
    Ok(Ask {
        role: RoleName::operator(),
        kind: Kind::User,
        key_id: Some(KeyId::parse(&format!("certificate {number}"))?),
        principals: Some(Principals::parse(&person, Kind::User)?),
        validity: None,
        validity_as_asked: "always:forever".to_owned(),
        options: OptionsAsked::default(),
        reason: None,
        serial: None,
    })
}

fn filler(signer: &PrivateKey) -> Result<CaAdded, ssh_key::Error> {
    Ok(CaAdded {
        name: "filler".to_owned(),
        public_key: signer.public_key().to_bytes()?,
        purpose: Purpose::User,
        origin: Origin::Software,
        token_says: "nothing".to_owned(),
        next_serial: 1,
        keyboard: "bench".to_owned(),
    })
}

/// The same key for the same number, in every run.
fn pair(number: u64) -> Ed25519Keypair {
    let mut seed = [0; 32];
    let bytes = seed.iter_mut().zip(number.to_be_bytes());
    bytes.for_each(|(place, byte)| *place = byte);
    Ed25519Keypair::from_seed(&seed)
}

/// The key has no passphrase.
struct Nobody;

impl AskPin for Nobody {
    fn pin(&mut self, _device: &str) -> Result<Pin, PinError> {
        Err(PinError::Cancelled)
    }
}

/// Orders under way: more than a chunk, fewer than a desk has room for.
const UNDER_WAY: usize = 768;
