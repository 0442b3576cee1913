//! The list of the certificates that a CA's ledger knows, made and put beside each other: the list,
//! its signature, and what leads to the key that signed it.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use ssh_key::PublicKey;

use super::failure::{Advised, At, Failure};
use super::list_base::Delegated;
use super::output_file::{Place, beside_file, put, signature_file, target};
use super::words::number_of;
use crate::config::read_bytes;
use crate::krl::ListHead;
use crate::krl::rollover::{Rollovers, RolloversError};
use crate::ledger::key::LedgerKey;
use crate::ledger::{Ca, Ledger, Purpose};
use crate::output;
use crate::revocation::known_certificates;
use crate::server::access::{KNOWN_BYTES_MAX, KnownList};
use crate::server::fetch::KNOWN_NAMESPACE;

/// A list, and where it goes.
pub(crate) struct KnownFile {
    /// The file as it was named.
    out: PathBuf,
    list: KnownList,
    bytes: Vec<u8>,
}

impl KnownFile {
    /// Makes the list of a CA at this Unix second. Its version is above that of the list that is there.
    pub(crate) fn make(ledger: &Ledger, ca: &Ca, out: &Path, now: u64) -> Result<Self, Failure> {
        if ca.added().purpose != Purpose::User {
            return Err(Failure::usage(format!(
                "CA `{}` certifies hosts, and nobody logs in by such a certificate",
                ca.name()
            )));
        }
        output::check(&target(out)?).at("cannot write")?;
        let known = known_certificates(ledger, ca, now)?;
        let head = ledger.checkpoint()?.map(|head| ListHead {
            origin: head.origin,
            size: head.size,
            root: head.root,
        });
        let list = KnownList::new(
            ca.name(),
            sha256_of(ca)?,
            (after(out).max(now), now),
            head.map(|head| head.to_string()),
            known.all,
            known.emergency,
        );
        let list = list.ok_or_else(|| {
            Failure::new(format!(
                "CA `{}` has more certificates than a list holds",
                ca.name()
            ))
        })?;
        Ok(Self {
            out: out.to_owned(),
            bytes: list.to_bytes(),
            list,
        })
    }

    /// Signs it, where there is a key for that, and puts all in place: what lets and leads to the key first,
    /// so that whoever sees a list by a new key finds the way to it.
    pub(crate) fn write(
        &self,
        ledger: &Ledger,
        key: Option<&mut LedgerKey>,
        delegated: Option<&Delegated>,
    ) -> Result<(), Failure> {
        if let Some(delegated) = delegated {
            delegated.write(&self.out)?;
        }
        let mut files = Vec::new();
        let mut place = |path: &Path, bytes: Vec<u8>| {
            let path = target(path)?;
            let mode = KNOWN_MODE;
            files.push(Place { path, bytes, mode });
            Ok::<_, Failure>(())
        };
        let signature = key.map(|key| key.sign_list(KNOWN_NAMESPACE, &self.bytes));
        let signature = signature.transpose()?;
        if signature.is_some() {
            let rollovers =
                Rollovers::of(ledger.rollovers()?).at("the rollovers beside the list")?;
            place(
                &beside_file(&self.out, ".keys"),
                rollovers.to_string().into_bytes(),
            )?;
        }
        place(&self.out, self.bytes.clone())?;
        if let Some(signature) = signature {
            place(&signature_file(&self.out), signature.into_bytes())?;
        }
        put(&files)
    }

    /// What it is, in words.
    pub(crate) fn words(&self) -> String {
        let header = self.list.header();
        format!(
            "version {} of {} bytes, which knows {}, {} of them for emergencies",
            header.version(),
            self.bytes.len(),
            number_of(header.known(), "certificate"),
            header.emergency()
        )
    }

    /// What it is, for programs; `signed` is none where nothing was written.
    pub(crate) fn json(&self, signed: Option<bool>) -> Value {
        let header = self.list.header();
        json!({
            "ca": header.name(), "file": self.out.display().to_string(),
            "version": header.version(), "bytes": self.bytes.len(),
            "known": header.known(), "emergency": header.emergency(),
            "signed": signed == Some(true), "written": signed.is_some(),
        })
    }

    /// The file as it was named.
    pub(crate) fn out(&self) -> &Path {
        &self.out
    }
}

impl Advised for RolloversError {}

/// The version after that of the list that is there; 0 where there is none.
fn after(out: &Path) -> u64 {
    let there = read_bytes(out, KNOWN_BYTES_MAX).ok();
    let there = there.and_then(|bytes| KnownList::parse(&bytes).ok());
    there.map_or(0, |list| list.header().version().saturating_add(1))
}

fn sha256_of(ca: &Ca) -> Result<[u8; 32], Failure> {
    let blob = PublicKey::from(ca.public_key().clone()).to_bytes();
    Ok(Sha256::digest(blob.at("the CA's key")?).into())
}

/// Digests tell nobody a name.
const KNOWN_MODE: u32 = 0o644;
