//! The last published list and its state, held against what the ledger knows of them.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use ssh_key::{Fingerprint, PublicKey};

use super::failure::{Advised, At, Failure};
use super::terminal::{confirm_typed, somebody_is_there};
use super::words::number_of;
use crate::config::{self, read_bytes};
use crate::krl::rollover::{ROLLOVERS_BYTES_MAX, Rollover, Rollovers};
use crate::krl::{
    KRL_BYTES_MAX, KRL_NAMESPACE, Krl, LIST_SIGNATURE_BYTES_MAX, ListHead, ListName, ListSignature,
    ListSignatureError,
};
use crate::ledger::{LISTS, Ledger, LedgerKeyState, Revoked, TakenOver};
use crate::revocation::{OfList, PublishedState};

/// A list, and the state that was published beside it, if there is one.
pub(crate) struct Published {
    krl: Krl,
    state: Option<PublishedState>,
}

impl Published {
    /// Reads both; each must be signed by a key that the ledger knows, else a person says that
    /// it is the right one.
    pub(crate) fn read(krl: &Path, state: Option<&Path>, ledger: &Ledger) -> Result<Self, Failure> {
        let bytes = read_bytes(krl, KRL_BYTES_MAX).in_file(krl)?;
        let keys = beside(krl, ".keys");
        believe(krl, &bytes, &keys, ledger)?;
        let list = Krl::from_bytes(&bytes).in_file(krl)?;
        refuse_old(krl, &list, ledger)?;
        let beside = beside(krl, ".state");
        let wanted = state.map(Path::to_path_buf);
        let file = wanted.or_else(|| beside.exists().then_some(beside));
        Ok(Self {
            state: file
                .map(|file| read_state(&file, (&list, &bytes), &keys, ledger))
                .transpose()?,
            krl: list,
        })
    }

    pub(crate) fn version(&self) -> u64 {
        self.krl.header().version
    }

    /// The head of the ledger, or mirror, that it was made of.
    pub(crate) fn head(&self) -> Option<ListHead> {
        ListName::of_comment(&self.krl.header().comment).head
    }

    /// All that it revokes, as entries would say it.
    pub(crate) fn revoked(&self) -> Vec<Revoked> {
        OfList::new(&self.krl, &config::keyboard()).revoked
    }

    pub(crate) fn has_state(&self) -> bool {
        self.state.is_some()
    }

    /// How many entries the ledger lacks of those that it was made from, at the least; none if
    /// it was made of this ledger as it is.
    pub(crate) fn lost_by(&self, ledger: &Ledger) -> Option<u64> {
        let lost = self
            .head()
            .map_or(0, |head| head.size.saturating_sub(ledger.size()));
        let last = ledger.last_krl_version().unwrap_or_default();
        // The list's own entry stands behind its head.
        let newer = Some(self.version()) > last;
        (lost > 0 || newer).then(|| lost + u64::from(newer))
    }

    /// What of it the ledger lacks.
    pub(crate) fn taken_over(self, ledger: &Ledger) -> Result<TakenOver, Failure> {
        let keyboard = config::keyboard();
        let mut over = TakenOver {
            revoked: OfList::new(&self.krl, &keyboard).revoked,
            ..TakenOver::default()
        };
        if let Some(state) = &self.state {
            over.barred = state.bars_missing_in(ledger, &keyboard)?;
            over.removed = state.taken_away_from(ledger, &keyboard)?;
            over.suffixes = state.suffixes_missing_in(ledger, &keyboard)?;
            over.ledger_keys = state.ledger_keys_missing_in(ledger, &keyboard)?;
            over.ledger_keys_rolled = state.rollovers_missing_in(ledger, &keyboard)?;
            let prints = state.ledger_key_prints_missing_in(ledger, &keyboard)?;
            over.revoked.extend(prints);
            over.ledger_keys_revoked = state.ledger_keys_revoked_since(ledger, &keyboard)?;
        }
        Ok(over)
    }

    /// What is taken over, a line each.
    pub(crate) fn words(&self, ledger: &Ledger) -> Result<String, Failure> {
        let of_list = OfList::new(&self.krl, "");
        let mut words = format!(
            "\nAll that KRL version {} revokes is taken over.",
            self.version()
        );
        if of_list.left_out > 0 {
            words.push_str(&format!(
                "\n  {} of its revocations, by SHA-1 or by key IDs that are no text, can't be",
                of_list.left_out
            ));
        }
        let Some(state) = &self.state else {
            return Ok(words);
        };
        if let Some(barred) = state.bars_missing_in(ledger, "")? {
            for name in &barred.requesters {
                words.push_str(&format!("\n  barred again: {name}"));
            }
            let cards = barred.cards.len() + barred.family_cards.len();
            if cards > 0 {
                words.push_str(&format!("\n  barred again: {}", number_of(cards, "card")));
            }
        }
        for removed in state.taken_away_from(ledger, "")? {
            words.push_str(&format!("\n  enrolment taken away again: {}", removed.name));
        }
        for set in state.suffixes_missing_in(ledger, "")? {
            let suffixes: Vec<_> = set.suffixes.iter().map(|one| one.suffix.as_str()).collect();
            words.push_str(&format!(
                "\n  suffixes reserved again: {}",
                suffixes.join(", ")
            ));
        }
        let keys = state.ledger_keys_missing_in(ledger, "")?.len()
            + state.ledger_keys_revoked_since(ledger, "")?.len();
        if keys > 0 {
            words.push_str(&format!("\n  ledger keys recorded again: {keys}"));
        }
        let rolled = state.rollovers_missing_in(ledger, "")?.len();
        if rolled > 0 {
            words.push_str(&format!("\n  ledger keys that handed over again: {rolled}"));
        }
        if let Some(revoked) = state.ledger_key_prints_missing_in(ledger, "")? {
            for key in revoked.sha256s {
                let print = Fingerprint::Sha256(key);
                words.push_str(&format!("\n  revoked, having been a ledger key: {print}"));
            }
        }
        Ok(words)
    }
}

/// Reads the state that was published beside this very list, of this very ledger.
fn read_state(
    file: &Path,
    (list, list_bytes): (&Krl, &[u8]),
    keys: &Path,
    ledger: &Ledger,
) -> Result<PublishedState, Failure> {
    let bytes = read_bytes(file, KRL_BYTES_MAX).in_file(file)?;
    believe(file, &bytes, keys, ledger)?;
    let text = String::from_utf8_lossy(&bytes);
    let state = PublishedState::parse(&text).in_file(file)?;
    if state.version != list.header().version {
        return Err(Failure::new(format!(
            "{} is of KRL version {}, and the KRL is version {}",
            file.display(),
            state.version,
            list.header().version
        )));
    }
    if !state.is_beside(list_bytes) {
        return Err(Failure::new(format!(
            "{} was published beside another list of version {}",
            file.display(),
            state.version
        ))
        .hint(
            "list and state are a pair: take both from one place, or name the state by --state",
        ));
    }
    refuse_other_ledger(file, &state, ledger)?;
    Ok(state)
}

fn refuse_other_ledger(
    file: &Path,
    state: &PublishedState,
    ledger: &Ledger,
) -> Result<(), Failure> {
    match ledger.checkpoint()? {
        Some(head) if head.origin != state.ledger => Err(Failure::new(format!(
            "{} is of ledger {}, and this is {}",
            file.display(),
            state.ledger,
            head.origin
        ))),
        _ => Ok(()),
    }
}

/// A signature by a ledger key that this ledger knows, or that took over from one in the lost part
/// by the rollovers in `keys`; else a person's typed word.
fn believe(file: &Path, bytes: &[u8], keys: &Path, ledger: &Ledger) -> Result<(), Failure> {
    let beside = beside(file, ".sig");
    let fault = match read_bytes(&beside, LIST_SIGNATURE_BYTES_MAX) {
        Err(_missing) => format!("{} has no signature beside it", file.display()),
        Ok(text) => {
            let signature = ListSignature::read(&text).in_file(&beside)?;
            let signer = signature.signer().clone();
            signature
                .verify(KRL_NAMESPACE, bytes, std::slice::from_ref(&signer))
                .in_file(&beside)?;
            let blob = PublicKey::from(signer.clone())
                .to_bytes()
                .in_file(&beside)?;
            let key = Sha256::digest(&blob).into();
            if signs_lists(ledger.ledger_key(&key)?) || is_led_to(&key, keys, ledger)? {
                return Ok(());
            }
            format!(
                "{} is signed by {}, which is no ledger key that this ledger knows for lists",
                file.display(),
                signer.fingerprint(Default::default())
            )
        }
    };
    if !somebody_is_there() {
        return Err(
            Failure::new(fault).hint("at a terminal, a person can say that it is the right one")
        );
    }
    confirm_typed(&format!("{fault}.\nIt is the last one that was published."))
}

/// Whether a key is known for lists. One that was revoked is believed no more, whenever it signed:
/// a list carries no time that its signer didn't choose.
fn signs_lists(key: Option<LedgerKeyState>) -> bool {
    key.is_some_and(|key| key.purposes & LISTS != 0 && key.believed_to.is_none())
}

/// Whether a key that this ledger knows for lists handed over to this one, by keys of which it
/// knows nothing bad.
fn is_led_to(key: &[u8; 32], keys: &Path, ledger: &Ledger) -> Result<bool, Failure> {
    let text = match read_bytes(keys, ROLLOVERS_BYTES_MAX) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        read => read.in_file(keys)?,
    };
    let rollovers = Rollovers::parse(&text).in_file(keys)?;
    let head = ledger.checkpoint()?;
    let revoked = ledger.revoked_ledger_keys()?;
    let counts = |one: &&Rollover| {
        let is_ours = head
            .as_ref()
            .is_some_and(|head| head.origin == one.ledger());
        is_ours && one.is_for_lists() && !revoked.contains_key(&one.new_key())
    };
    for (known, state) in ledger.known_ledger_keys()? {
        let way = rollovers.between(&known, key).unwrap_or_default();
        if signs_lists(Some(state)) && !way.is_empty() && way.iter().all(counts) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An older list than the ledger knows of would bring back less than was published.
fn refuse_old(file: &Path, list: &Krl, ledger: &Ledger) -> Result<(), Failure> {
    let (version, last) = (list.header().version, ledger.last_krl_version()?);
    match last {
        Some(last) if version < last => Err(Failure::new(format!(
            "{} is version {version}, and the ledger itself made version {last}",
            file.display()
        ))
        .hint("take the newest KRL that any server has")),
        _ => Ok(()),
    }
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

impl Advised for ListSignatureError {}

impl Advised for serde_json::Error {}
