//! A list that was made, with what lies beside it: from its bytes to its files.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::failure::{At, Failure};
use super::ledger_key;
use super::output_file::{beside_file, signature_file, target};
use crate::config;
use crate::krl::rollover::Rollovers;
use crate::krl::{Header, KRL_NAMESPACE, Krl, ListHead, ListName};
use crate::ledger::key::LedgerKey;
use crate::ledger::{KrlMade, Ledger, ListSigned};
use crate::output;
use crate::revocation::PublishedState;

/// The files of a list: itself, and what lies beside the name that was given, which may be a
/// link: who fetches knows that one.
pub(crate) struct Places {
    list: PathBuf,
    pub(crate) signature: PathBuf,
    pub(crate) rollovers: PathBuf,
    state: PathBuf,
}

/// What the next list says of itself, under this name. Its version moves forward even if an older ledger was put
/// back.
pub(crate) fn header(
    ledger: &Ledger,
    highest: u64,
    name: String,
    now: u64,
) -> Result<Header, Failure> {
    let last = ledger.last_krl_version()?.unwrap_or(0).max(highest);
    let after_last = last.saturating_add(1);
    let name = ListName {
        name,
        head: ledger.checkpoint()?.map(|head| ListHead {
            origin: head.origin,
            size: head.size,
            root: head.root,
        }),
    };
    let comment = name.to_comment();
    Ok(Header {
        version: after_last.max(now),
        generated: now,
        comment: comment.map_err(|_nul| Failure::usage("a comment has no NUL"))?,
        ..Header::default()
    })
}

/// A list in its final bytes, which the ledger has yet to record.
pub(crate) struct Made {
    list: Krl,
    pub(crate) bytes: Vec<u8>,
    state: String,
    signed: Option<Signed>,
}

/// By whom list and state are signed, and the signatures.
struct Signed {
    signer: Vec<u8>,
    of_list: String,
    of_state: String,
}

impl Places {
    pub(crate) fn of(out: &Path) -> Result<Self, Failure> {
        Ok(Self {
            rollovers: target(&beside_file(out, ".keys"))?,
            signature: target(&signature_file(out))?,
            list: target(out)?,
            state: beside_file(out, ".state"),
        })
    }

    /// Whether the list can be written, to be asked before anything is recorded.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        output::check(&self.list).at("cannot write")
    }
}

impl Made {
    /// SHA-256 of the list.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }

    /// The list, and the state of the ledger that it was made from; signed, where there is a key.
    pub(crate) fn of(
        ledger: &Ledger,
        list: Krl,
        key: Option<&mut LedgerKey>,
    ) -> Result<Self, Failure> {
        let bytes = list.to_bytes().at("no KRL was written")?;
        let state = PublishedState::of(ledger, list.header().version, &bytes)?;
        let state = state.to_text().at("the state beside the KRL")?;
        let sign = |key: &mut LedgerKey| -> Result<Signed, Failure> {
            Ok(Signed {
                signer: ledger_key::blob(key.public_key())?,
                of_list: key.sign_list(KRL_NAMESPACE, &bytes)?,
                of_state: key.sign_list(KRL_NAMESPACE, state.as_bytes())?,
            })
        };
        Ok(Self {
            signed: key.map(sign).transpose()?,
            list,
            bytes,
            state,
        })
    }

    pub(crate) fn version(&self) -> u64 {
        self.list.header().version
    }

    pub(crate) fn is_signed(&self) -> bool {
        self.signed.is_some()
    }

    /// What the ledger records of it.
    pub(crate) fn to_entry(&self) -> KrlMade {
        let head = ListName::of_comment(&self.list.header().comment).head;
        let signed = self.signed.as_ref();
        let signer = signed.map_or_else(Vec::new, |signed| signed.signer.clone());
        KrlMade {
            version: self.version(),
            sha256: Sha256::digest(&self.bytes).into(),
            keyboard: config::keyboard(),
            list: head.map(|head| ListSigned {
                signer,
                size: head.size,
                root: head.root,
            }),
        }
    }

    /// Writes list, signatures, state and rollovers. The rollovers stand there before a list by a
    /// new key does: whoever sees that one finds the way to it, from a key that a server was given.
    pub(crate) fn write(&self, places: &Places, rollovers: &Rollovers) -> Result<(), Failure> {
        let (mut of_list, mut of_state) = (None, None);
        if let Some(signed) = &self.signed {
            let rollovers = rollovers.to_string();
            output::write(&places.rollovers, rollovers.as_bytes(), KRL_MODE).at("cannot write")?;
            of_list = Some((&*places.signature, &*signed.of_list));
            of_state = Some(&*signed.of_state);
        }
        write(&places.list, &self.bytes, of_list)?;
        write_state(&places.state, &self.state, of_state)
    }
}

/// Both are on disk before either has its name; the list comes first, since a server that
/// reads it here shall know it soonest. Between the two, and after a crash there, the pair
/// does not match: whoever fetches it keeps what it has, until this command runs again.
fn write(target: &Path, krl: &[u8], signature: Option<(&Path, &str)>) -> Result<(), Failure> {
    let mut staged = vec![output::stage(target, krl, KRL_MODE).at("cannot write")?];
    if let Some((beside, signature)) = signature {
        let signature = output::stage(beside, signature.as_bytes(), KRL_MODE);
        staged.push(signature.at("cannot write")?);
    }
    let released: Result<(), _> = output::release(staged).into_iter().collect();
    released.at("cannot write")
}

/// The state lies beside the name that was given, as the signature does. It holds names of
/// people, and no server needs it: its owner alone reads it.
fn write_state(file: &Path, state: &str, signature: Option<&str>) -> Result<(), Failure> {
    let mut staged = vec![output::stage(file, state.as_bytes(), STATE_MODE).at("cannot write")?];
    if let Some(signature) = signature {
        let beside = output::stage(&signature_file(file), signature.as_bytes(), STATE_MODE);
        staged.push(beside.at("cannot write")?);
    }
    let released: Result<(), _> = output::release(staged).into_iter().collect();
    released.at("cannot write")
}

/// What it revokes is no secret, and sshd reads it as whoever it runs as.
pub(crate) const KRL_MODE: u32 = 0o644;
const STATE_MODE: u32 = 0o600;
