//! A ledger of any length, for `scripts/bench`: `many_entries LEDGER COUNT`.
//!
//! Adds to the ledger a CA `filler`, whose key is a number, and so many certificates by
//! it, two entries each, in the way that `sign` does; `ledger verify --signatures` holds.
//! Their principals are `person0` to `person9999` in turn.

use std::error::Error;
use std::path::Path;

use punchmark::certificate::{KeyId, Kind, OptionsAsked, Principals};
use punchmark::ledger::{
    Basis, Ca, CaAdded, Ledger as _, Origin, Outcome, Policy, Purpose, SerialChoice, SqliteLedger,
    Wanted,
};
use punchmark::policy::{CaFacts, Role, Rules, Suffixes, decide};
use punchmark::request::{Ask, Request, Requester, RoleName};
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{PrivateKey, PublicKey, Signature};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [ledger, count] = arguments.as_slice() else {
        return Err("usage: many_entries LEDGER COUNT".into());
    };
    let count: u64 = count.parse()?;
    let mut ledger = SqliteLedger::open(Path::new(ledger))?;
    let time = ledger.last_time()?.ok_or("the ledger is empty")?;
    let signer = PrivateKey::new(KeypairData::Ed25519(pair(u64::MAX)), "")?;
    let ca = ledger.add_ca(filler(&signer)?, time)?;
    for first in (0..count).step_by(CHUNK) {
        let numbers = first..count.min(first + u64::try_from(CHUNK)?);
        let wanted = numbers.map(|number| wanted(&ca, number));
        let wanted = wanted.collect::<Result<_, _>>()?;
        issue(&mut ledger, &ca, &signer, wanted, time)?;
    }
    Ok(())
}

fn issue(
    ledger: &mut SqliteLedger,
    ca: &Ca,
    signer: &PrivateKey,
    wanted: Vec<Wanted>,
    time: u64,
) -> Result<(), Box<dyn Error>> {
    let reserved = ledger.reserve(ca, wanted, time)?;
    let reserved = reserved.into_iter().collect::<Result<Vec<_>, _>>()?;
    let sign = |content: &[u8]| signature::Signer::try_sign(signer, content);
    let signatures: Vec<Signature> = reserved
        .iter()
        .map(|reservation| sign(reservation.to_be_signed().as_bytes()))
        .collect::<Result<_, _>>()?;
    let outcomes: Vec<_> = reserved
        .iter()
        .zip(&signatures)
        .map(|(reservation, signature)| Outcome::Issued(reservation, signature))
        .collect();
    Ok(ledger.record(&outcomes, time)?)
}

fn wanted(ca: &Ca, number: u64) -> Result<Wanted, Box<dyn Error>> {
    let request = request(number)?;
    let requester = Requester::operator();
    let rules = Rules {
        role: &Role::operator(),
        suffixes: &Suffixes::default(),
        ca: CaFacts {
            name: ca.name(),
            signs_users: true,
            signs_hosts: false,
            ca_keys: &[],
        },
    };
    Ok(Wanted {
        request: request.digest(ca.public_key(), &requester, "none")?,
        decided: decide(&request, &requester, &[], &rules, 0)?,
        serial: SerialChoice::Next,
        basis: Basis::of(Policy::operator()),
        keyboard: "bench (uid 1000) on bench".to_owned(),
    })
}

fn request(number: u64) -> Result<Request, Box<dyn Error>> {
    let person = format!("person{}", number % 10_000);
    Ok(Request {
        subject: PublicKey::from(pair(number).public).into(),
        ask: Ask {
            role: RoleName::operator(),
            kind: Kind::User,
            key_id: Some(KeyId::parse(&format!("certificate {number}"))?),
            principals: Some(Principals::parse(&person, Kind::User)?),
            validity: None,
            validity_as_asked: "always:forever".to_owned(),
            options: OptionsAsked::default(),
            reason: None,
            serial: None,
        },
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

/// Certificates a durable step.
const CHUNK: usize = 4096;
