//! `punchmark bundle show`: what a bundle asks for, and what is unusual about it.

mod refused;
mod unusual;

use std::io::BufReader;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use ssh_key::PublicKey;

use crate::bundle::{BundleError, BundleSession, Enrolment, Header, Item, Opened, Wish};
use crate::certificate::length;
use crate::certificate::subject::fingerprint;
use crate::cli::base::context::Context;
use crate::cli::base::credential::named;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::terminal::{hint, product, product_object, warn};
use crate::cli::base::words::{chain, number_of};
use crate::file::open;
use crate::ledger::{Credential, Ledger};
use crate::request::{Content, Span};
use crate::revocation::Statement;
use crate::wire::{hex, words};

use super::in_bundle::InBundle;
use refused::refused;
use unusual::unusual;

/// Show what a bundle asks for, for review: by whom, for whom, and what is unusual
///
/// The signature is checked before anything else is read, and nothing is shown unless all of it is what was
/// signed. Where there is a ledger, the registrar, the head and everybody's certificates before are held
/// against it. Exit code 1 if it would not be taken as it is.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Show {
    /// The bundle
    #[arg(value_name = "FILE")]
    bundle: PathBuf,

    /// Hold it against this ledger [default: the config's, if there is one]
    #[arg(long, value_name = "LEDGER")]
    ledger: Option<PathBuf>,
}

impl Show {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let (header, items) = self.read().in_bundle(&self.bundle)?;
        let ledger = self.ledger(context)?;
        let mut faults = match &ledger {
            Some(ledger) => faults(&header, ledger)?,
            None => Vec::new(),
        };
        faults.extend(unsigned(&items));
        let config = context.config_if_there()?;
        if let Some(config) = &config {
            faults.extend(refused(&header, &items, config, ledger.as_ref())?);
        }
        say_header(&header, context)?;
        say_enrolments(&header, ledger.as_ref(), context)?;
        say_revocations(&header, context)?;
        for (number, item) in (1_u64..).zip(&items) {
            let unusual = match &ledger {
                Some(ledger) => unusual(item.content(), ledger)?,
                None => Vec::new(),
            };
            say_item(number, item, &unusual, context)?;
        }
        if ledger.is_none() {
            warn(
                "there is no ledger here: whose the registrar's key is, and what is unusual, is not known",
            );
            hint("name one with --ledger FILE");
        }
        if config.is_none() {
            warn("there is no config here: ages and roles are not held against it");
        }
        faults.iter().for_each(|fault| warn(fault));
        Ok(if faults.is_empty() {
            Exit::Done
        } else {
            Exit::Failed
        })
    }

    /// All of a bundle, once it is known to be what was signed.
    fn read(&self) -> Result<(Header, Vec<Item>), BundleError> {
        let file = open(&self.bundle)?;
        let length = file.metadata()?.len();
        let opened = Opened::read(BufReader::new(file), length)?;
        let header = opened.header().clone();
        Ok((header, opened.items().collect::<Result<_, _>>()?))
    }

    fn ledger(&self, context: &Context) -> Result<Option<Ledger>, Failure> {
        let path = match &self.ledger {
            Some(path) => Some(path.clone()),
            None => context.config_if_there()?.map(|config| config.ledger()),
        };
        let path = path.filter(|path| self.ledger.is_some() || path.exists());
        Ok(path.map(|path| Ledger::open_to_read(&path)).transpose()?)
    }
}

/// Why the ledger would not take it as it is. A mirror doesn't know which bundle the ledger took last.
fn faults(header: &Header, ledger: &Ledger) -> Result<Vec<String>, Failure> {
    if !ledger.is_mirror() {
        let all = BundleSession::refused_by(header, ledger);
        return Ok(all.iter().map(|error| chain(error)).collect());
    }
    let (name, mut faults) = (header.registrar.name.as_str(), Vec::new());
    let key = Credential::Key(header.registrar.key.clone());
    if ledger.requester_of(&key)?.as_deref() != Some(name) {
        faults.push(format!(
            "the key that signed it is not enrolled for requester `{name}`"
        ));
    }
    let duties = ledger.duties()?.remove(name);
    if duties.is_none_or(|duties| duties.registrar.is_empty()) {
        faults.push(format!("{name} is no registrar"));
    }
    if let Err(error) = ledger.extends(&header.against) {
        let error = chain(&error);
        faults.push(format!(
            "it was made against another ledger than this one: {error}"
        ));
    }
    Ok(faults)
}

/// Requests that their own keys did not sign.
fn unsigned(items: &[Item]) -> impl Iterator<Item = String> {
    let all = (1_u64..).zip(items);
    all.filter_map(|(number, item)| match &item.wish {
        Wish::Request(file) => {
            let error = file.possession().err()?;
            Some(format!("item {number}: {}", chain(&error)))
        }
        Wish::Key(_) => None,
    })
}

fn say_header(header: &Header, context: &Context) -> Result<(), Failure> {
    let hash = header.hash()?;
    let key = PublicKey::from_bytes(&header.registrar.key)?;
    let key = fingerprint(key.key_data());
    if context.json() {
        return product_object(json!({
            "bundle": hex(&header.id), "items": header.items, "made": header.made,
            "registrar": header.registrar.name.as_str(), "key": key, "sha256": hex(&hash),
            "words": words(&hash), "before": hex(&header.before), "origin": header.against.origin,
            "size": header.against.size,
        }));
    }
    let made = jiff::Timestamp::from_second(i64::try_from(header.made).unwrap_or(i64::MAX));
    let made = made.map_or_else(|_| header.made.to_string(), |made| made.to_string());
    let before = match header.before {
        [0, ..] if header.before == [0; 32] => "none: it is the first".to_owned(),
        before => hex(&before),
    };
    for (label, value) in [
        ("bundle", hex(&header.id)),
        ("asks for", number_of(header.items, "certificate")),
        ("made", made),
        ("registrar", format!("{}, {key}", header.registrar.name)),
        (
            "against",
            format!(
                "{} entries of {}",
                header.against.size, header.against.origin
            ),
        ),
        ("follows", before),
        ("SHA-256", hex(&hash)),
        ("words", words(&hash)),
    ] {
        product(&format!("{label:11}{value}"))?;
    }
    Ok(())
}

/// Who is new by the registrar's word, and what is unusual about it.
fn say_enrolments(
    header: &Header,
    ledger: Option<&Ledger>,
    context: &Context,
) -> Result<(), Failure> {
    for Enrolment { name, credential } in &header.enrolments {
        let unusual = match ledger {
            Some(ledger) => unusual_enrolment(name.as_str(), credential, ledger)?,
            None => None,
        };
        let (field, value) = named(credential);
        if context.json() {
            product_object(
                json!({ "enrolment": name.as_str(), field: value, "unusual": unusual }),
            )?;
            continue;
        }
        product(&format!("{:11}{name}: {credential}", "enrols"))?;
        if let Some(unusual) = unusual {
            product(&format!("    ! {unusual}"))?;
        }
    }
    Ok(())
}

/// The revocations that it brings, each whole.
fn say_revocations(header: &Header, context: &Context) -> Result<(), Failure> {
    for (signed, signature) in &header.pending {
        let one = Statement::signed(signed, signature).at("a revocation that it brings")?;
        let by = (one.revoker.as_str(), one.made);
        let lines = one.told();
        if context.json() {
            let sha256 = one.sha256().at("a revocation that it brings")?;
            product_object(
                json!({ "revocation": hex(&sha256), "revoker": by.0, "made": by.1,
                "what": lines.get(1..) }),
            )?;
        } else {
            lines.iter().try_for_each(|line| product(line))?;
        }
    }
    Ok(())
}

/// What a ledger says of a new key or card: that it is known, or its holder by another one.
fn unusual_enrolment(
    name: &str,
    credential: &Credential,
    ledger: &Ledger,
) -> Result<Option<String>, Failure> {
    if let Some(owner) = ledger.requester_of(credential)? {
        return Ok(Some(format!("it is enrolled for {owner} already")));
    }
    let known = ledger.requesters()?.into_iter();
    let mut theirs = known.filter(|(_, added)| added.name == name);
    Ok(Some(match theirs.next() {
        Some((_, added)) => format!("{name} has {} already", added.credential),
        None => format!("nobody of the name {name} is enrolled"),
    }))
}

fn say_item(
    number: u64,
    item: &Item,
    unusual: &[String],
    context: &Context,
) -> Result<(), Failure> {
    let content = item.content();
    let name = content.claimed.as_ref().map(ToString::to_string);
    let by = match &item.wish {
        Wish::Request(_) => "request",
        Wish::Key(_) => "registrar",
    };
    let key = fingerprint(content.subject.key());
    if context.json() {
        return product_object(json!({
            "item": number, "requester-claimed": name, "role": content.role.as_str(),
            "asked-by": by, "key": key, "kind": content.kind.to_string(),
            "principals": content.principals.as_ref().map(ToString::to_string),
            "key-id": content.key_id.as_ref().map(ToString::to_string),
            "options": content.options, "validity": lasting(content),
            "reason": content.reason.as_ref().map(ToString::to_string),
            "place": item.place.display().to_string(), "unusual": unusual,
        }));
    }
    product("")?;
    let name = name.unwrap_or_else(|| "(nobody named)".to_owned());
    product(&format!(
        "{number:>4}  {name}, role {}, by {by}",
        content.role
    ))?;
    product(&format!(
        "      key         {} {key}",
        content.subject.describe()
    ))?;
    let names = content.principals.as_ref().map(ToString::to_string);
    product(&format!(
        "      principals  {}",
        names.as_deref().unwrap_or(ROLES)
    ))?;
    product(&format!(
        "      valid       {}",
        lasting(content).as_deref().unwrap_or(ROLES)
    ))?;
    if !content.options.is_empty() {
        product(&format!("      options     {}", content.options.join(", ")))?;
    }
    if let Some(reason) = &content.reason {
        product(&format!("      reason      {reason}"))?;
    }
    for words in unusual {
        product(&format!("    ! {words}"))?;
    }
    Ok(())
}

/// What is asked for as validity, in words.
fn lasting(content: &Content) -> Option<String> {
    Some(match content.validity? {
        Span::Length(seconds) => length(seconds),
        Span::Interval(interval) => interval.to_string(),
    })
}

const ROLES: &str = "as the role gives";
const EXAMPLES: &str = "\
Examples:
  punchmark bundle show monday.bundle
  punchmark bundle show --ledger /mnt/ledger monday.bundle";
