//! The key that signs a server's receipts: the config's ledger key, or one of its own that this lets sign them.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use crate::certificate::explain::utc;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, At, Failure};
use crate::cli::base::head::read_text;
use crate::cli::base::ledger_key::{added, blob, open_with};
use crate::cli::base::private_key::PassphraseFile;
use crate::cli::base::terminal::warn;
use crate::config::{self, Config, LedgerKeyPlace, ReceiptsBy, ServeConfig};
use crate::krl::{DelegationError, ReceiptsDelegation};
use crate::ledger::key::LedgerKey;
use crate::ledger::{Ledger, RECEIPTS};
use crate::secret::AskPin;
use crate::service::ReceiptKey;

/// A ledger key that lists and receipts are signed by.
pub(super) type SharedKey = Arc<Mutex<LedgerKey>>;

/// The config's ledger key, where the server signs anything by it, and where it is.
pub(super) fn ledger_key(
    (config, serve): (&Config, &ServeConfig),
    ledger: &Ledger,
    by: (&PassphraseFile, &mut dyn AskPin),
    context: &Context,
) -> Result<Option<(LedgerKeyPlace, SharedKey)>, Failure> {
    let makes_lists = serve
        .lists
        .as_ref()
        .is_some_and(|lists| lists.every.is_some());
    let makes_receipts = serve.receipts == Some(ReceiptsBy::LedgerKey);
    let place = config
        .ledger_key()
        .filter(|_| makes_lists || makes_receipts);
    let open = |place: LedgerKeyPlace| {
        let key = open_with(context, &place, &ledger.cas()?, by)?;
        Ok((place, Arc::new(Mutex::new(key))))
    };
    place.map(open).transpose()
}

/// The key that signs receipts; none where the config wants none, or has no key for them.
pub(super) fn receipts(
    serve: &ServeConfig,
    ledger: &Ledger,
    own: Option<&(LedgerKeyPlace, SharedKey)>,
    by: (&PassphraseFile, &mut dyn AskPin),
    context: &Context,
) -> Result<Option<ReceiptKey>, Failure> {
    match (&serve.receipts, own) {
        (None, _) => Ok(None),
        (Some(ReceiptsBy::LedgerKey), None) => {
            warn(NO_KEY);
            Ok(None)
        }
        (Some(ReceiptsBy::LedgerKey), Some((place, key))) => {
            let public = public_key(key);
            let line = line(&public)?;
            Ok(Some(ReceiptKey {
                added: added(&public, place, RECEIPTS)?,
                key: Arc::clone(key),
                ledger_key: line.clone(),
                line,
                delegation: None,
            }))
        }
        (Some(ReceiptsBy::Own(place)), _) => {
            let (text, delegation) = delegation(ledger, place)?;
            let key = open_with(context, place, &ledger.cas()?, by)?;
            by_own(place, key, (text, delegation)).map(Some)
        }
    }
}

/// The delegation beside a key, if it counts for this ledger.
fn delegation(
    ledger: &Ledger,
    place: &LedgerKeyPlace,
) -> Result<(String, ReceiptsDelegation), Failure> {
    let file = beside(place)?;
    let text = read_text(&file)?;
    let delegation = ReceiptsDelegation::parse(text.as_bytes()).in_file(&file)?;
    let statement = delegation.statement();
    let wrong = |words| Failure::new(format!("{} {words}", file.display())).hint(DELEGATE);
    let origin = ledger.checkpoint()?.map(|head| head.origin);
    if origin.as_ref() != Some(&statement.ledger) {
        return Err(wrong(format!("is for the ledger {}", statement.ledger)));
    }
    if statement.until < config::now() {
        return Err(wrong(format!("is over since {}", utc(statement.until))));
    }
    Ok((text, delegation))
}

/// A key of its own, which that delegation is for.
fn by_own(
    place: &LedgerKeyPlace,
    key: LedgerKey,
    (text, delegation): (String, ReceiptsDelegation),
) -> Result<ReceiptKey, Failure> {
    let public = key.public_key().clone();
    if delegation.statement().key != blob(&public)? {
        let words = format!("the delegation beside {place} is for another key");
        return Err(Failure::new(words).hint(DELEGATE));
    }
    let by = PublicKey::from_bytes(delegation.by()).at("the key that delegated")?;
    Ok(ReceiptKey {
        added: added(&public, place, RECEIPTS)?,
        line: line(&public)?,
        ledger_key: line(by.key_data())?,
        key: Arc::new(Mutex::new(key)),
        delegation: Some(text),
    })
}

/// Beside a file; for a key in a device there is no such place.
fn beside(place: &LedgerKeyPlace) -> Result<PathBuf, Failure> {
    match place {
        LedgerKeyPlace::File(key) => {
            let mut path: OsString = key.as_os_str().to_owned();
            path.push(".delegation");
            Ok(path.into())
        }
        LedgerKeyPlace::Device(_) => Err(Failure::new(
            "a key of its own for receipts lies in a file, with its delegation beside it",
        )
        .hint("a ledger key in a device signs receipts by `receipts = true`")),
    }
}

fn public_key(key: &SharedKey) -> KeyData {
    let key = key
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    key.public_key().clone()
}

fn line(key: &KeyData) -> Result<String, Failure> {
    PublicKey::from(key.clone())
        .to_openssh()
        .at("the ledger key")
}

impl Advised for DelegationError {}

const NO_KEY: &str = "`receipts` is on, and the config has no `ledger-key` to sign them: certificates are given out without; \
    `GET …/proof` shows one once somebody signs a head (`punchmark ledger checkpoint`)";
const DELEGATE: &str = "punchmark ledger delegate-receipts --key KEY.pub --until +52w";
