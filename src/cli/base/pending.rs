//! Revocations that are pending beside a mirror, as several commands open them.

use std::path::Path;

use super::advice::ledger::empty_ledger;
use super::failure::{Advised, Failure, Kind};
use super::terminal::{hint, warn};
use super::words::{chain, number_of};
use crate::certificate::length;
use crate::config::Config;
#[cfg(feature = "two-sides")]
use crate::issue::OpenLedgerError;
use crate::ledger::file::OpenError;
use crate::ledger::heads::HeadsError;
use crate::ledger::{EndOfTrust, Ledger, LedgerError, TrustEnded};
use crate::revocation::{ListMade, OpenStatement, Pending, PendingError, StatementError};

/// A mirror that its kept heads call the newest copy, with what is pending beside it. Nobody else revokes there,
/// makes a list of it or extends it meanwhile.
pub(crate) struct Beside {
    /// The mirror, with all that was revoked beside it.
    pub(crate) mirror: Ledger,
    pub(crate) pending: Pending,
    /// What the ledger has not taken.
    #[cfg_attr(
        not(feature = "two-sides"),
        allow(dead_code, reason = "a CA of two sides alone has it")
    )]
    pub(crate) open: Vec<OpenStatement>,
}

/// Opens the mirror of the config, and what is pending beside it, alone.
pub(crate) fn hold(config: &Config) -> Result<Beside, Failure> {
    let path = config.ledger();
    let looked = Ledger::open_to_read(&path)?;
    if !looked.is_mirror() {
        return Err(LedgerError::from(OpenError::NoMirror(path)).into());
    }
    let pending = hold_alone(config, &looked)?;
    // Read behind the lock: whatever was accepted until here is in it.
    if let Some(refused) = Ledger::contradicted(&path, &config.ledger_settings())? {
        return Err(not_newest(refused));
    }
    let mirror = Ledger::open_to_read(&path)?;
    let open = pending.open(&mirror)?;
    let beside = pending.beside(&mirror)?;
    Ok(Beside {
        mirror: mirror.with_pending(beside)?,
        pending,
        open,
    })
}

/// That a kept head contradicts a mirror, and the way on: what mends the ledger itself is refused there.
pub(crate) fn not_newest(refused: HeadsError) -> Failure {
    Failure::of(Kind::Failed, refused)
        .at("the mirror is not known to be the newest copy")
        .hint(ANEW)
}

/// Why a mirror was not opened: where no head says that it is the newest copy, with the way on of a mirror.
#[cfg(feature = "two-sides")]
pub(crate) fn of_mirror(error: OpenLedgerError) -> Failure {
    match error {
        OpenLedgerError::Ledger(LedgerError::Unkept(refused)) => not_newest(refused),
        error => error.into(),
    }
}

/// Opens the file beside the mirror of the config, alone: nobody revokes or makes a list meanwhile.
pub(crate) fn hold_alone(config: &Config, mirror: &Ledger) -> Result<Pending, Failure> {
    let head = mirror.checkpoint()?.ok_or_else(empty_ledger)?;
    let hold = || Pending::hold(&config.ledger(), config.ledger_settings(), &head.origin);
    for _ in 0..TRIES {
        match hold() {
            Err(PendingError::Open(OpenError::Locked { .. })) => std::thread::sleep(A_WRITE),
            held => return Ok(held?),
        }
    }
    Ok(hold()?)
}

/// A ledger as readers are to see it: a mirror with what is pending beside it.
pub(crate) fn seen(path: &Path, ledger: Ledger) -> Result<Ledger, Failure> {
    if !ledger.is_mirror() || ledger.size() == 0 {
        return Ok(ledger);
    }
    match Pending::look(path).and_then(|pending| pending.beside(&ledger)) {
        Ok(entries) => Ok(ledger.with_pending(entries)?),
        Err(error) => {
            warn(&format!(
                "what is pending beside this mirror is not known: {}",
                chain(&error)
            ));
            error.hint().iter().for_each(|way| hint(way));
            Ok(ledger)
        }
    }
}

/// How many are open, and when the oldest was made; none where nothing is, and of a ledger that is
/// no mirror.
pub(crate) fn oldest(config: &Config, ledger: &Ledger) -> Result<Option<(usize, u64)>, Failure> {
    if !ledger.is_mirror() || ledger.size() == 0 {
        return Ok(None);
    }
    let open = hold_alone(config, ledger)?.open(ledger)?;
    let oldest = open.iter().map(|(statement, ..)| statement.made).min();
    Ok(oldest.map(|oldest| (open.len(), oldest)))
}

/// The newest list that a mirror made; none where it made none, and of a ledger that is no mirror.
pub(crate) fn newest_list(config: &Config, mirror: &Ledger) -> Result<Option<ListMade>, Failure> {
    if !mirror.is_mirror() || mirror.size() == 0 {
        return Ok(None);
    }
    Ok(hold_alone(config, mirror)?.newest_list())
}

/// How many entries the ledger had when a list was made, when that was, and its version.
pub(crate) type Newest = (u64, u64, u64);

/// The newest list that servers can have. Servers
/// have those of a mirror, which stand beside it: what its ledger made is none of them.
pub(crate) fn newest_of_all(config: &Config, ledger: &Ledger) -> Result<Option<Newest>, Failure> {
    if ledger.is_mirror() {
        let made = newest_list(config, ledger)?;
        return Ok(made.map(|made| (made.size, made.version, made.version)));
    }
    let newest = ledger.krls()?.pop();
    Ok(newest.map(|(position, made, krl)| (position, made, krl.version)))
}

/// What was revoked behind the list that stands there, in words; none where nothing was.
pub(crate) fn untold(ledger: &Ledger, behind: Option<u64>) -> Result<Option<String>, LedgerError> {
    let ends = ledger.ends_of_trust()?;
    let is_untold = |end: &&EndOfTrust| {
        end.position > behind.unwrap_or_default() && !matches!(end.what, TrustEnded::Barred(_))
    };
    let count = ends.iter().filter(is_untold).count();
    let since = behind.map_or("", |_| " since the last KRL");
    Ok((count > 0).then(|| format!("no server can know yet what was revoked{since}: {count}")))
}

/// The same of the ledger of the config, with what is pending beside it.
pub(crate) fn untold_of(config: &Config) -> Result<Option<String>, Failure> {
    let file = config.ledger();
    let ledger = seen(&file, Ledger::open_to_read(&file)?)?;
    let behind = newest_of_all(config, &ledger)?.map(|(position, ..)| position);
    Ok(untold(&ledger, behind)?)
}

/// When servers know what was revoked just now, of this CA, and what is to be done for it.
pub(crate) fn when_servers_know(ledger: &Ledger, ca: Option<&str>) -> Result<String, LedgerError> {
    if ledger.has_mirror()? {
        return Ok(
            "servers know it when the mirror has it, by the answer to the next bundle, and made its list: \
             punchmark krl --out revoked.krl, there"
                .to_owned(),
        );
    }
    let of = ca.map_or_else(String::new, |ca| format!(" --ca {ca}"));
    Ok(format!(
        "servers know it when they have the KRL: punchmark krl{of} --out revoked.krl"
    ))
}

/// What waits, and since when, in words.
pub(crate) fn in_words(open: usize, age: u64) -> String {
    let count = number_of(open, "revocation");
    format!("{count} pending, the oldest for {}", length(age))
}

impl Advised for PendingError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Open(OpenError::Missing(_)) | Self::Unkept(_) => LOST,
            Self::Open(error) => return error.hint(),
            Self::Ledger(error) => return error.hint(),
            Self::Frames(error) => return error.hint(),
            _ => "keep this file as it is, and put the newest copy of it back",
        };
        Some(hint.to_owned())
    }
}

impl Advised for StatementError {}

/// Somebody else's list or revocation takes some milliseconds, and a long list some seconds.
const A_WRITE: std::time::Duration = std::time::Duration::from_millis(20);
const TRIES: u32 = 500;
pub(crate) const MAKE_LIST: &str = "punchmark krl --out revoked.krl";
pub(crate) const CARRY: &str = "carry them to the ledger: punchmark bundle make";
const LOST: &str = "put the newest copy of LEDGER.pending back: a list that is made without it would take back what \
     was revoked; if it is lost: punchmark mirror adopt --krl LIST, by the last list that was published";
const ANEW: &str = "begin it anew from a newer copy of the ledger (punchmark mirror init); if no head of it is kept \
     on this machine: punchmark mirror adopt --krl LIST, by the last list that was published";
