//! What is to be revoked, as it is named on the command line.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use clap::Args;
use ssh_key::PublicKey;

use crate::attestation::Family;
use crate::certificate::key_line::{read_certificate_line, read_public_key_line};
use crate::cli::base::arguments::{fingerprint, instant};
use crate::cli::base::base_name;
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::faults::Faults;
use crate::config::read_bytes;
use crate::revocation::Selector;

/// All that can be named.
#[derive(Debug, Args)]
pub(super) struct Named {
    /// Serials: N or A-B
    #[arg(long, value_name = "SERIALS", value_parser = serials)]
    pub(super) serial: Vec<RangeInclusive<u64>>,

    /// Every certificate with this key ID, issued here or not
    #[arg(long, value_name = "KEY_ID", allow_hyphen_values = true)]
    key_id: Vec<String>,

    /// The certificate in this file
    #[arg(long, value_name = "FILE")]
    certificate: Vec<PathBuf>,

    /// The key in this file, or of this fingerprint (SHA256:…): the key itself, and every certificate for it
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,

    /// The key of this fingerprint (SHA256:…), with the same effect
    #[arg(long, value_name = "FINGERPRINT", value_parser = fingerprint)]
    fingerprint: Vec<[u8; 32]>,

    /// Every certificate in the ledger that names this principal, alone or with a reserved
    /// suffix behind it
    #[arg(long, value_name = "PRINCIPAL", allow_hyphen_values = true)]
    principal: Vec<String>,

    /// Take --principal and --key-id to the letter: no suffix, and nothing else, behind them
    #[arg(long)]
    exact: bool,

    /// Every certificate in the ledger that this role allowed
    #[arg(long, value_name = "ROLE")]
    role: Vec<String>,

    /// Every certificate in the ledger for a key in the card of this serial; the card is
    /// never certified again
    #[arg(long, value_name = "SERIAL")]
    card: Vec<u64>,

    /// Whose number --card is: yubico, or the SHA256:… of a private root [default: every
    /// family that the ledger or the config knows, and yubico]
    #[arg(long, value_name = "FAMILY", requires = "card")]
    family: Option<Family>,

    /// Every certificate in the ledger that this requester asked for, who is never served
    /// again
    #[arg(long, value_name = "REQUESTER")]
    requester: Vec<String>,

    /// Every certificate of the CA that was issued before: a date, or -REL as in sign -V
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    issued_before: Option<String>,
}

impl Named {
    /// The roles that are named.
    pub(super) fn roles(&self) -> &[String] {
        &self.role
    }

    /// The requesters who are named.
    pub(super) fn requesters(&self) -> &[String] {
        &self.requester
    }

    /// What is named. A base name means the principals with each of `suffixes` too.
    pub(super) fn selectors(&self, suffixes: &BTreeSet<String>) -> Result<Vec<Selector>, Failure> {
        let mut selectors: Vec<_> = self.serial.iter().cloned().map(Selector::Serials).collect();
        selectors.extend(self.key_id.iter().cloned().map(Selector::KeyId));
        if !self.exact {
            selectors.extend(self.key_id.iter().cloned().map(Selector::KeyIdAsAsked));
        }
        selectors.extend(self.fingerprint.iter().copied().map(Selector::Fingerprint));
        let names = self.principals(suffixes);
        selectors.extend(names.into_iter().flatten().map(Selector::Principal));
        selectors.extend(self.role.iter().cloned().map(Selector::Role));
        selectors.extend(self.card.iter().map(|serial| Selector::Card {
            serial: *serial,
            family: self.family.map(|family| family.to_string()),
        }));
        selectors.extend(self.requester.iter().cloned().map(Selector::Requester));
        let mut faults = Faults::default();
        let certificates = self.certificate.iter().map(|file| certificate(file));
        let keys = self.key.iter().map(|named| key(named));
        let before = self.issued_before.iter();
        let before = before.map(|time| Ok(Selector::IssuedBefore(instant(time)?)));
        let read: Vec<_> = certificates.chain(keys).chain(before).collect();
        let names_nothing = selectors.is_empty() && read.is_empty();
        selectors.extend(read.into_iter().filter_map(|one| faults.note(one)));
        if names_nothing {
            faults.add(Failure::usage(NOTHING_NAMED));
        }
        faults.or(Some(selectors))
    }

    /// The names that each --principal stands for, itself first.
    pub(super) fn principals(&self, suffixes: &BTreeSet<String>) -> Vec<Vec<String>> {
        let names = self.principal.iter();
        names
            .map(|name| {
                if self.exact {
                    vec![name.clone()]
                } else {
                    base_name::names(name, suffixes)
                }
            })
            .collect()
    }

    /// Whether it names keys alone, which are a matter of every CA.
    pub(super) fn is_of_keys_alone(selectors: &[Selector]) -> bool {
        let is_key = |one: &Selector| matches!(one, Selector::Key(_) | Selector::Fingerprint(_));
        selectors.iter().all(is_key)
    }
}

fn certificate(file: &Path) -> Result<Selector, Failure> {
    let (certificate, _) = read_certificate_line(&read(file)?).in_file(file)?;
    Ok(Selector::Certificate(Box::new(certificate)))
}

/// A key by its file, or by its fingerprint, as every command names one.
fn key(named: &Path) -> Result<Selector, Failure> {
    match named.to_str().filter(|text| text.starts_with("SHA256:")) {
        Some(text) => {
            let hash = fingerprint(text).map_err(Failure::usage)?;
            Ok(Selector::Fingerprint(hash))
        }
        None => key_in(named),
    }
}

fn key_in(file: &Path) -> Result<Selector, Failure> {
    let (key, _) = read_public_key_line(&read(file)?).in_file(file)?;
    let blob = PublicKey::from(key).to_bytes().in_file(file)?;
    Selector::key(&blob).in_file(file)
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    read_bytes(file, 128 * 1024).in_file(file)
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

const NOTHING_NAMED: &str = "nothing is named: give --serial, --key-id, --certificate, --key, \
    --fingerprint, --principal, --role, --requester, --card or --issued-before";
