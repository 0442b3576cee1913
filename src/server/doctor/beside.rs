//! What lies beside the lists of a server: the marks of what was seen of them, the word that the
//! access list is fresh, and who may sign the next one.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use super::finding::{Finding, Severity};
use crate::certificate::length;
use crate::file::read_bytes;
use crate::krl::{KRL_BYTES_MAX, Krl};
use crate::request::AllowedSigners;
use crate::server::access::login::FRESH_ENDING;
use crate::server::access::{Header, KNOWN_BYTES_MAX, KnownList, Moment, Refresh, Staleness};
use crate::server::fetch::{Mark, SignedList};
use crate::server::publication::ListMark;
use crate::server::safe_path::unsafe_words;

/// Whether the mark of a KRL or of known certificates lets an older one in, or says that this is one.
pub(super) fn of_signed_list(list: &Path) -> Vec<Finding> {
    let version = read_bytes(list, KRL_BYTES_MAX.max(KNOWN_BYTES_MAX))
        .ok()
        .and_then(|bytes| version_of(&bytes));
    let parse = |text: &str| Mark::parse(text).map(|mark| mark.version);
    of_mark(list, version, parse)
}

/// The same of an access list of this version, and whether it is fresh, by what it says itself.
pub(super) fn of_access_list(list: &Path, header: &Header, moment: &Moment<'_>) -> Vec<Finding> {
    let parse = |text: &str| ListMark::parse(text).map(|mark| mark.version);
    let mut found = of_mark(list, header.version(), parse);
    let (refreshed, broken) = refreshed(list, header);
    found.extend(broken);
    let moment = Moment {
        refreshed: refreshed.into(),
        ..*moment
    };
    found.extend(
        moment
            .staleness(header)
            .map(|stale| stale_list(list, stale)),
    );
    found.extend(of_signers(list, moment.zone));
    found
}

fn version_of(bytes: &[u8]) -> Option<u64> {
    let krl = Krl::from_bytes(bytes).ok();
    let known = || KnownList::parse(bytes).ok();
    krl.map(|krl| SignedList::version(&krl))
        .or_else(|| known().map(|known| SignedList::version(&known)))
}

/// A mark is there so that no older list comes back; without one that is believed, nothing is taken.
fn of_mark<E: Display>(
    list: &Path,
    version: Option<u64>,
    parse: impl Fn(&str) -> Result<u64, E>,
) -> Vec<Finding> {
    let path = with_ending(list, ".mark");
    let text = match read_bytes(&path, BESIDE_BYTES_MAX) {
        Ok(text) => text,
        // A list that somebody else brings here has none.
        Err(_) if !path.exists() => return Vec::new(),
        Err(error) => return vec![broken(&path, &error)],
    };
    if let Some(words) = unsafe_words(&path, 0) {
        let fault = format!("{words}: who writes there lets an older list in");
        return vec![Finding::new(
            Severity::Critical,
            "writable-path",
            fault,
            OWN,
        )];
    }
    let text = String::from_utf8_lossy(&text);
    match (parse(&text), version) {
        (Err(error), _) => vec![broken(&path, &error)],
        (Ok(seen), Some(version)) if version < seen => {
            let fault = format!(
                "{} is version {version}, and version {seen} was seen here: an older list was put back",
                list.display()
            );
            vec![Finding::new(Severity::Critical, "list-older", fault, AGAIN)]
        }
        (Ok(_), _) => Vec::new(),
    }
}

fn broken(mark: &Path, error: &dyn Display) -> Finding {
    let fault = format!("{}: {error}: no newer list is taken", mark.display());
    Finding::new(Severity::Critical, "mark-broken", fault, HEAL)
}

/// When the list was said to be fresh, as a login has it, and what is wrong with that word.
fn refreshed(list: &Path, header: &Header) -> (Option<u64>, Option<Finding>) {
    if header.fresh().is_none() {
        return (None, None);
    }
    let path = with_ending(list, FRESH_ENDING);
    let Ok(bytes) = read_bytes(&path, BESIDE_BYTES_MAX) else {
        return (None, None);
    };
    if let Some(words) = unsafe_words(&path, 0) {
        let fault = format!("{words}: the list lets nobody in");
        let finding = Finding::new(Severity::Critical, "writable-path", fault, OWN);
        return (None, Some(finding));
    }
    match Refresh::parse(&bytes) {
        Ok((refresh, _signature)) => (refresh.time_for(header), None),
        Err(error) => {
            let fault = format!("{}: {error}: it prolongs nothing", path.display());
            let finding = Finding::new(Severity::Warning, "fresh-broken", fault, SYNC);
            (None, Some(finding))
        }
    }
}

fn stale_list(list: &Path, stale: Staleness) -> Finding {
    let list = list.display();
    let what = "only those get in whom its `@stale` excepts";
    match stale {
        Staleness::Old { age } => {
            let fault = format!("{list} is {} old: {what}", length(age));
            Finding::new(Severity::Critical, "list-stale", fault, SYNC)
        }
        Staleness::ClockBehind { seconds } => {
            let fault = format!("{list} is of {} in the future: {what}", length(seconds));
            Finding::new(Severity::Critical, "clock", fault, CLOCK)
        }
        Staleness::Unknown => {
            let fault = format!("{list}: nobody said yet that it is fresh: {what}");
            Finding::new(Severity::Critical, "list-stale", fault, SYNC)
        }
    }
}

/// Whoever else can write the signers could sign a list.
fn of_signers(list: &Path, zone: &dyn Fn() -> jiff::tz::TimeZone) -> Option<Finding> {
    let path = list.with_file_name(SIGNERS);
    let bytes = read_bytes(&path, SIGNERS_BYTES_MAX).ok()?;
    if let Some(words) = unsafe_words(&path, 0) {
        let fault = format!("{words}: who writes there signs the next list");
        return Some(Finding::new(
            Severity::Critical,
            "writable-path",
            fault,
            OWN,
        ));
    }
    let fault = match AllowedSigners::parse(&bytes, zone) {
        Err(error) => error.to_string(),
        Ok(signers) if !signers.faults().is_empty() => {
            format!("{} lines name nobody", signers.faults().len())
        }
        Ok(_) => return None,
    };
    let fault = format!("{}: {fault}", path.display());
    Some(Finding::new(
        Severity::Warning,
        "signers-broken",
        fault,
        SIGNED,
    ))
}

fn with_ending(list: &Path, ending: &str) -> PathBuf {
    let mut name = list.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// What lies beside a list is short.
const BESIDE_BYTES_MAX: usize = 64 * 1024;
const SIGNERS_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Where the docs and the units of systemd have the allowed signers.
const SIGNERS: &str = "signers";

const OWN: &str = "chown root, and chmod go-w, the file and each folder above it";
const AGAIN: &str = "fetch the newest one: `punchmark krl fetch`, `known fetch` or `access sync`";
const HEAL: &str = "ask whoever publishes for the version of the newest list; root takes it with \
                    --accept-version VERSION, which writes the mark anew";
const SYNC: &str = "`punchmark access sync` by a timer, and look at what it says";
const CLOCK: &str =
    "set the clock by NTP (timedatectl set-ntp true), here or where lists are published";
const SIGNED: &str = "a line is PERSON and a key, as ssh-keygen(1) has it under ALLOWED SIGNERS";
