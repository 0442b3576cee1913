//! `punchmark revoke`: certificates and keys are no longer to be taken, for good.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use ssh_key::PublicKey;

use super::base::advice::ledger::{empty_ledger, not_in_ledger};
use super::base::arguments::{fingerprint, instant};
use super::base::context::Context;
use super::base::failure::{Advised, At, Exit, Failure};
use super::base::terminal::{ask, product, say};
use crate::attestation::Family;
use crate::certificate::key_line::{read_certificate_line, read_public_key_line};
use crate::config::{self, read_limited};
use crate::ledger::{Ca, Ledger};
use crate::revocation::{CaHit, Caught, NamingError, RevokeError, Selector, catch};

/// Revoke certificates or keys, for good; `krl` then makes the list for servers
///
/// Says first what is caught. A key that was revoked is never certified again.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Revoke {
    /// The CA, by name; may be left out where there is one only
    #[arg(long, value_name = "CA")]
    ca: Option<String>,

    /// Serials: N or A-B
    #[arg(long, value_name = "SERIALS", value_parser = serials)]
    serial: Vec<RangeInclusive<u64>>,

    /// Every certificate with this key ID, issued here or not
    #[arg(long, value_name = "KEY_ID", allow_hyphen_values = true)]
    key_id: Vec<String>,

    /// The certificate in this file
    #[arg(long, value_name = "FILE")]
    certificate: Vec<PathBuf>,

    /// The key in this file: the key itself, and every certificate for it
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,

    /// The key of this fingerprint (SHA256:…), with the same effect
    #[arg(long, value_name = "FINGERPRINT", value_parser = fingerprint)]
    fingerprint: Vec<[u8; 32]>,

    /// Every certificate in the ledger that names this principal
    #[arg(long, value_name = "PRINCIPAL", allow_hyphen_values = true)]
    principal: Vec<String>,

    /// Every certificate in the ledger that this role allowed
    #[arg(long, value_name = "ROLE")]
    role: Vec<String>,

    /// Every certificate in the ledger for a key in the card of this serial; the card is
    /// never certified again
    #[arg(long, value_name = "SERIAL")]
    card: Vec<u64>,

    /// Whose number --card is: yubico, or the SHA256:… of a private root [default: every
    /// family's]
    #[arg(long, value_name = "FAMILY", requires = "card")]
    family: Option<Family>,

    /// Every certificate in the ledger that this requester asked for, who is never served
    /// again
    #[arg(long, value_name = "REQUESTER")]
    requester: Vec<String>,

    /// Every certificate of the CA that was issued before: a date, or -REL as in sign -V
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    issued_before: Option<String>,

    /// Why, for the ledger
    #[arg(
        long,
        value_name = "WORDS",
        default_value = "",
        allow_hyphen_values = true
    )]
    reason: String,

    /// Say what would be caught, and record nothing
    #[arg(long)]
    dry_run: bool,
}

impl Revoke {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let selectors = self.selectors()?;
        let config = context.config()?;
        let mut ledger = context.ledger(&config)?;
        let ca = the_ca(ledger.cas()?, self.ca.as_deref())?;
        let caught = catch(&ledger, &ca, &selectors)?;
        print(context, &ca, &caught)?;
        if self.dry_run {
            return Ok(Exit::Done);
        }
        context.confirm_or_go_on("Revoke this for good?")?;
        caught.cas.iter().try_for_each(confirm_the_end_of)?;
        record(&mut ledger, caught, &self.reason)?;
        if context.talks() {
            say(&format!(
                "revoked; servers know it when they have the KRL: \
                 punchmark krl --ca {} --out revoked.krl",
                ca.name()
            ));
        }
        Ok(Exit::Done)
    }

    fn selectors(&self) -> Result<Vec<Selector>, Failure> {
        let mut selectors: Vec<_> = self.serial.iter().cloned().map(Selector::Serials).collect();
        selectors.extend(self.key_id.iter().cloned().map(Selector::KeyId));
        selectors.extend(self.fingerprint.iter().copied().map(Selector::Fingerprint));
        selectors.extend(self.principal.iter().cloned().map(Selector::Principal));
        selectors.extend(self.role.iter().cloned().map(Selector::Role));
        selectors.extend(self.card.iter().map(|serial| Selector::Card {
            serial: *serial,
            family: self.family.map(|family| family.to_string()),
        }));
        selectors.extend(self.requester.iter().cloned().map(Selector::Requester));
        for file in &self.certificate {
            selectors.push(certificate(file)?);
        }
        for file in &self.key {
            selectors.push(key(file)?);
        }
        if let Some(time) = &self.issued_before {
            selectors.push(Selector::IssuedBefore(instant(time)?));
        }
        if selectors.is_empty() {
            return Err(Failure::usage(NOTHING_NAMED));
        }
        Ok(selectors)
    }
}

fn record(ledger: &mut Ledger, mut caught: Caught, reason: &str) -> Result<(), Failure> {
    let (keyboard, now) = (config::keyboard(), config::now());
    // First, so that a run that is cut off between the two leaves no card served again.
    if !caught.bars_nobody() {
        caught.barred.reason = reason.to_owned();
        caught.barred.keyboard = keyboard.clone();
        ledger.bar(caught.barred, now)?;
    }
    if !caught.revoked.is_empty() {
        caught.revoked.reason = reason.to_owned();
        caught.revoked.keyboard = keyboard;
        ledger.revoke(caught.revoked, now)?;
    }
    Ok(())
}

/// The one that was named, or the only one there is.
fn the_ca(mut cas: Vec<Ca>, name: Option<&str>) -> Result<Ca, Failure> {
    match name {
        Some(name) => cas
            .into_iter()
            .find(|ca| ca.name() == name)
            .ok_or_else(|| not_in_ledger(name)),
        None => match (cas.pop(), cas.is_empty()) {
            (Some(ca), true) => Ok(ca),
            (Some(_), false) => Err(Failure::usage(
                "the ledger has several CAs: name one with --ca",
            )),
            (None, _) => Err(empty_ledger()),
        },
    }
}

fn print(context: &Context, ca: &Ca, caught: &Caught) -> Result<(), Failure> {
    if context.json() {
        return product(&preview(ca, caught).to_string());
    }
    if !context.talks() {
        return Ok(());
    }
    let meant = match caught.certificates.len() {
        1 => "1 certificate".to_owned(),
        number => format!("{number} certificates"),
    };
    product(&format!("caught in the ledger of {}: {meant}", ca.name()))?;
    for hit in &caught.certificates {
        product(&format!(
            "  {:>6}  {}  {:?}  {}",
            hit.serial,
            hit.principals.join(","),
            hit.key_id,
            hit.validity
        ))?;
    }
    for hit in &caught.cas {
        product(&format!("  {}", end_of(hit)))?;
    }
    for words in named(caught) {
        product(&format!("  {words}"))?;
    }
    Ok(())
}

/// Wants the CA's name typed, which no option answers in advance: from then on no server takes
/// any certificate of that CA, and it signs no more.
fn confirm_the_end_of(hit: &CaHit) -> Result<(), Failure> {
    let ca = &hit.ca;
    let answer = ask(&format!(
        "{}\nType the CA's name to revoke it: ",
        end_of(hit)
    ))?;
    match answer {
        Some(answer) if answer == *ca => Ok(()),
        Some(_) => Err(Failure::new(format!(
            "stopped, since the answer was not {ca:?}"
        ))),
        None => Err(Failure::new(format!("{}; nothing is revoked", end_of(hit)))
            .hint("a CA is revoked by a person at a terminal, who types its name")),
    }
}

fn end_of(hit: &CaHit) -> String {
    let certificates = match hit.issued {
        1 => "1 certificate".to_owned(),
        number => format!("{number} certificates"),
    };
    format!(
        "this is CA `{}` itself: {certificates} and all to come",
        hit.ca
    )
}

/// What is revoked by name, whether a certificate in the ledger has it or not.
fn named(caught: &Caught) -> Vec<String> {
    let (revoked, barred) = (&caught.revoked, &caught.barred);
    let serials = revoked.serials.iter().map(|(first, last)| {
        if first == last {
            format!("serial {first}")
        } else {
            format!("serials {first} to {last}")
        }
    });
    let key_ids = revoked.key_ids.iter().map(|id| format!("key ID {id:?}"));
    let keys = fingerprints(caught).map(|key| format!("key {key}, and every certificate for it"));
    let cards = barred.cards.iter();
    let cards = cards.map(|card| format!("card {card} of every family is never served again"));
    let of_families = barred.family_cards.iter();
    let of_families = of_families.map(|card| {
        format!(
            "card {} of {} is never served again",
            card.serial, card.family
        )
    });
    let requesters = barred.requesters.iter();
    let requesters = requesters.map(|name| format!("requester {name:?} is never served again"));
    let named = serials.chain(key_ids).chain(keys);
    named
        .chain(cards)
        .chain(of_families)
        .chain(requesters)
        .collect()
}

fn preview(ca: &Ca, caught: &Caught) -> serde_json::Value {
    json!({
        "ca": ca.name(),
        "certificates": caught.certificates,
        "serials": caught.revoked.serials,
        "key-ids": caught.revoked.key_ids,
        "keys": fingerprints(caught).collect::<Vec<_>>(),
        "cas": caught.cas,
        "cards": caught.barred.cards,
        "family-cards": family_cards(caught),
        "requesters": caught.barred.requesters,
    })
}

fn family_cards(caught: &Caught) -> Vec<serde_json::Value> {
    let cards = caught.barred.family_cards.iter();
    cards
        .map(|card| json!({ "card": card.serial, "family": card.family }))
        .collect()
}

fn fingerprints(caught: &Caught) -> impl Iterator<Item = String> {
    let hashes: BTreeSet<_> = caught.revoked.key_hashes().collect();
    let words = |hash| ssh_key::Fingerprint::Sha256(hash).to_string();
    hashes.into_iter().map(words)
}

fn certificate(file: &Path) -> Result<Selector, Failure> {
    let (certificate, _) = read_certificate_line(&read(file)?).in_file(file)?;
    Ok(Selector::Certificate(Box::new(certificate)))
}

fn key(file: &Path) -> Result<Selector, Failure> {
    let (key, _) = read_public_key_line(&read(file)?).in_file(file)?;
    let blob = PublicKey::from(key).to_bytes().in_file(file)?;
    Selector::key(&blob).in_file(file)
}

fn read(file: &Path) -> Result<String, Failure> {
    read_limited(file, 128 * 1024).in_file(file)
}

fn serials(text: &str) -> Result<RangeInclusive<u64>, String> {
    let number = |text: &str| {
        text.parse::<u64>()
            .map_err(|_| format!("{text:?} is no serial"))
    };
    match text.split_once('-') {
        Some((first, last)) => Ok(number(first)?..=number(last)?),
        None => number(text).map(|serial| serial..=serial),
    }
}

impl Advised for RevokeError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Naming(error) => error.hint(),
            _ => None,
        }
    }
}

impl Advised for NamingError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Key { fingerprint, .. } => Some(format!(
                "revoke it by its SHA-256, which has the same effect: --fingerprint {fingerprint}"
            )),
            Self::KeyId => Some(
                "revoke the certificate by its key: --fingerprint, or --key with a file".to_owned(),
            ),
            _ => None,
        }
    }
}

const NOTHING_NAMED: &str = "nothing is named: give --serial, --key-id, --certificate, --key, \
    --fingerprint, --principal, --role, --requester, --card or --issued-before";

const EXAMPLES: &str = "\
Examples:
  punchmark revoke --serial 42 --reason 'laptop lost'
  punchmark revoke --key peter.pub --reason 'key copied' --dry-run
  punchmark revoke --ca users --principal peter --reason 'left the team'
  punchmark revoke --card 12345678 --reason 'YubiKey lost'";
