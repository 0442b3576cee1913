//! Revoking where the ledger is only mirrored: a revoker signs it, lists have it at once, and the next bundle
//! carries it to the ledger.

use std::path::Path;

use serde_json::json;
use ssh_key::PublicKey;

use super::Revoke;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure, Kind};
use crate::cli::base::pending;
use crate::cli::base::terminal::warn;
use crate::config::{self, Config, SubjectFile};
use crate::ledger::{Barred, Credential, Ledger, Revoked};
use crate::request::by_ssh_keygen;
use crate::revocation::{Caught, PendingError, REVOCATION_NAMESPACE, Statement, beyond};
use crate::wire::hex;

/// Who revokes on a mirror.
pub(super) struct Revoker<'r> {
    name: String,
    blob: Vec<u8>,
    key: &'r Path,
}

impl Revoke {
    /// Who signs the revocation; nobody where the ledger itself is.
    pub(super) fn revoker(&self, ledger: &Ledger) -> Result<Option<Revoker<'_>>, Failure> {
        let key = match (&self.revoker_key, ledger.is_mirror()) {
            (Some(key), true) => key,
            (None, false) => return Ok(None),
            (None, true) if self.dry_run => return Ok(None),
            (Some(_), false) => {
                return Err(Failure::usage(
                    "--revoker-key is for mirrors; this is the ledger itself",
                ));
            }
            (None, true) => {
                return Err(Failure::usage(
                    "this is a mirror, where a revoker signs what is revoked",
                )
                .hint("name your key with --revoker-key FILE"));
            }
        };
        let subject = SubjectFile::read(key).in_file(key)?;
        let blob = PublicKey::from(subject.key).to_bytes()?;
        let name = ledger.requester_of(&Credential::Key(blob.clone()))?;
        match name {
            Some(name) if ledger.is_revoker(&name, &blob)? => Ok(Some(Revoker { name, blob, key })),
            _ => Err(
                Failure::of(Kind::Refused, "the key that is to sign is no revoker's")
                    .hint("where the ledger is: punchmark requester add NAME --key FILE --revoker"),
            ),
        }
    }
}

/// Refuses what no revoker revokes: a CA, a key of the ledger, and serials that the mirror does not hold.
pub(super) fn refuse_beyond(caught: &Caught, mirror: &Ledger) -> Result<(), Failure> {
    match beyond(&caught.revoked, mirror)? {
        None => Ok(()),
        Some(words) => Err(Failure::of(Kind::Refused, words).hint(
            "a mirror revokes certificates and keys of people and hosts; revoke the key, if a certificate is newer than the \
             mirror: --key FILE",
        )),
    }
}

/// Says what a revocation does to the way by which it gets to the ledger.
pub(super) fn warn_of_registrars(caught: &Caught, mirror: &Ledger) -> Result<(), Failure> {
    let duties = mirror.duties()?;
    for key in &caught.revoked.keys {
        let Some(name) = mirror.requester_of(&Credential::Key(key.clone()))? else {
            continue;
        };
        if duties
            .get(&name)
            .is_some_and(|duties| !duties.registrar.is_empty())
        {
            warn(&format!(
                "{name} is a registrar, and signs no bundle by this key any more: without another registrar nothing is \
                 carried to the ledger, this revocation neither"
            ));
        }
    }
    Ok(())
}

impl Revoker<'_> {
    /// Signs what is revoked, and adds it to what is pending.
    pub(super) fn record(
        self,
        (revoked, barred): (Option<Revoked>, Option<Barred>),
        config: &Config,
        context: &Context,
    ) -> Result<Exit, Failure> {
        let mut statement = Statement {
            number: 0,
            before: [0; 32],
            origin: String::new(),
            made: 0,
            revoker: self.name,
            key: self.blob,
            revoked,
            barred,
        };
        for _ in 0..TRIES {
            if follow(&mut statement, self.key, config)? {
                let id = hex(&statement.sha256()?);
                let words = format!(
                    "revoked by {}, pending until the ledger has it; servers know it when they have the list: \
                     punchmark krl --out revoked.krl",
                    statement.revoker
                );
                let object = json!({ "state": "pending", "number": statement.number,
                    "sha256": id, "revoker": statement.revoker });
                context.tell(&words, object)?;
                return Ok(Exit::Done);
            }
        }
        Err(Failure::new(
            "others revoked here each time while this was signed; nothing is recorded",
        )
        .hint("run it again"))
    }
}

/// Signs a statement that follows the newest, and adds it. False if another came before it meanwhile: whoever
/// touches a key may take a while, and the file is not held as long.
fn follow(statement: &mut Statement, key: &Path, config: &Config) -> Result<bool, Failure> {
    let held = pending::hold(config)?;
    (statement.number, statement.before) = held.pending.next()?;
    let origin = held.mirror.checkpoint()?;
    statement.origin = origin.map_or_else(String::new, |head| head.origin);
    statement.made = config::now();
    drop(held);
    let bytes = statement.to_bytes()?;
    if bytes.len() > LARGEST_STATEMENT {
        let words = format!(
            "what is caught takes {} bytes to say, and {LARGEST_STATEMENT} is the most on a mirror",
            bytes.len()
        );
        return Err(Failure::of(Kind::Refused, words)
            .hint("revoke it in parts: by key, by card, or by ranges of serials"));
    }
    let signed = by_ssh_keygen(&bytes, REVOCATION_NAMESPACE, key)?;
    let signature = ssh_encoding::Encode::encode_vec(&signed)?;
    Statement::signed(&bytes, &signature)?;
    match pending::hold(config)?.pending.add(&bytes, &signature) {
        Err(PendingError::Order(_)) => Ok(false),
        added => Ok(added.map(|()| true)?),
    }
}

/// A quarter of what a bundle has room for, so that each one travels.
const LARGEST_STATEMENT: usize = 256 * 1024;
/// How many others may come before, each while somebody touches a key.
const TRIES: usize = 20;
