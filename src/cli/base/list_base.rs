//! What a mirror signs lists by, where a ledger key delegated that: the statement, and the base that came
//! with the newest answer and lies beside the mirror.

use std::io;
use std::path::{Path, PathBuf};

use ssh_key::public::KeyData;

use super::advice::ledger::empty_ledger;
use super::failure::{Advised, At, Failure};
use super::ledger_key::blob;
use super::output_file::{Place, beside_file, put, signature_file, target};
use super::words::path as path_in_words;
use crate::bundle::SignedBase;
use crate::config::{Config, read_bytes};
use crate::krl::{
    BASE_BYTES_MAX, BaseReadError, Delegation, LIST_SIGNATURE_BYTES_MAX, ListBase, ListHead,
    OutsideBase,
};
use crate::ledger::Ledger;

/// By what a delegated key signs lists.
pub(crate) struct Delegated {
    delegation: Delegation,
    pub(crate) base: ListBase,
    signed: SignedBase,
}

impl Delegated {
    /// What this key signs the lists of a mirror by; none where they were never delegated to it.
    pub(crate) fn of(
        mirror: &Ledger,
        config: &Config,
        key: &KeyData,
        now: u64,
    ) -> Result<Option<Self>, Failure> {
        let key = blob(key)?;
        if !mirror.was_delegated(&key)? {
            return Ok(None);
        }
        let newest = mirror.delegation(now)?;
        let delegation = newest.filter(|one| one.statement().key == key).ok_or_else(|| {
            Failure::new("this key could sign lists once, and can't any more").hint(
                "where the ledger is: punchmark ledger delegate-lists; the answer to the next bundle brings it",
            )
        })?;
        let head = mirror.checkpoint()?.ok_or_else(empty_ledger)?;
        let head = ListHead {
            origin: head.origin,
            size: head.size,
            root: head.root,
        };
        let signed = read(config)?;
        let base = ListBase::from_bytes(&signed.bytes)?;
        if *base.head() != head {
            let (base, mirror) = (base.head().size, head.size);
            let words = format!(
                "the base of lists is one of {base} entries, and the mirror has {mirror}: no server takes \
                 a list by this key"
            );
            return Err(Failure::new(words).hint(NEXT_ANSWER));
        }
        Ok(Some(Self {
            delegation,
            base,
            signed,
        }))
    }

    /// Puts what servers ask for beside a list, before the list is there.
    pub(crate) fn write(&self, out: &Path) -> Result<(), Failure> {
        let base = beside_file(out, ".base");
        let files = [
            (
                beside_file(out, ".delegation"),
                self.delegation.to_string().into_bytes(),
            ),
            (base.clone(), self.signed.bytes.clone()),
            (
                signature_file(&base),
                self.signed.signature.clone().into_bytes(),
            ),
        ];
        let place = |(path, bytes): (PathBuf, Vec<u8>)| {
            let path = target(&path)?;
            Ok(Place {
                path,
                bytes,
                mode: MODE,
            })
        };
        put(&files
            .into_iter()
            .map(place)
            .collect::<Result<Vec<_>, Failure>>()?)
    }
}

/// Keeps the base that came with an answer.
#[cfg_attr(
    not(feature = "two-sides"),
    allow(dead_code, reason = "a CA of two sides alone has it")
)]
pub(crate) fn keep(config: &Config, base: &SignedBase) -> Result<(), Failure> {
    let path = beside_file(&config.ledger(), ".base");
    put(&[
        Place {
            bytes: base.signature.clone().into_bytes(),
            path: signature_file(&path),
            mode: MODE,
        },
        Place {
            bytes: base.bytes.clone(),
            path,
            mode: MODE,
        },
    ])
}

fn read(config: &Config) -> Result<SignedBase, Failure> {
    let path = beside_file(&config.ledger(), ".base");
    let beside = signature_file(&path);
    let bytes = match read_bytes(&path, BASE_BYTES_MAX) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let words =
                "no answer brought the base of lists yet, which servers hold a list by this key to";
            return Err(Failure::new(words).hint(NEXT_ANSWER));
        }
        read => read.in_file(&path)?,
    };
    let signature = read_bytes(&beside, LIST_SIGNATURE_BYTES_MAX).in_file(&beside)?;
    let signature = String::from_utf8(signature);
    let signature =
        signature.map_err(|_utf8| Failure::new("no SSH signature").at(path_in_words(&beside)))?;
    Ok(SignedBase { bytes, signature })
}

impl Advised for BaseReadError {
    fn hint(&self) -> Option<String> {
        Some(NEXT_ANSWER.to_owned())
    }
}

impl Advised for OutsideBase {
    fn hint(&self) -> Option<String> {
        Some(
            "no server would take it; what only the ledger may say is said where that is"
                .to_owned(),
        )
    }
}

/// Whoever fetches lists reads them.
const MODE: u32 = 0o644;
const NEXT_ANSWER: &str = "the answer to the next bundle brings it: punchmark bundle make";
