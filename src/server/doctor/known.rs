//! The lists of known certificates beside an access list with `@known`: whether a login can go by
//! them, and how old they are.

use std::path::{Path, PathBuf};

use super::finding::{Finding, Severity};
use crate::certificate::length;
use crate::file::read_bytes;
use crate::server::access::{Header, KNOWN_BYTES_MAX, KnownList, file_name};
use crate::server::safe_path::unsafe_words;

/// What a server was told of a CA's certificates.
#[derive(Clone, Debug)]
pub struct KnownSeen {
    /// The CA, by its name in the access list.
    pub ca: String,
    /// The file.
    pub path: PathBuf,
    /// What it holds, or why it holds nothing.
    pub list: Result<KnownFacts, String>,
}

/// What a list of known certificates says of itself.
#[derive(Clone, Debug)]
pub struct KnownFacts {
    /// Its version.
    pub version: u64,
    /// When it was made, in Unix seconds.
    pub generated: u64,
    /// The head of the CA's ledger that it carries: origin, size and root.
    pub head: Option<String>,
    /// How many certificates it knows.
    pub known: u64,
    /// How many of them are for emergencies.
    pub emergency: u64,
}

/// The lists that an access list wants, one for each of its CAs.
pub(super) fn seen(list: &Path, header: &Header) -> Vec<KnownSeen> {
    if header.known().is_empty() {
        return Vec::new();
    }
    let cas = header.cas().iter();
    cas.map(|ca| {
        let path = list.with_file_name(file_name(ca.name()));
        KnownSeen {
            ca: ca.name().to_owned(),
            list: read(&path, ca.fingerprint()),
            path,
        }
    })
    .collect()
}

fn read(path: &Path, ca: &[u8; 32]) -> Result<KnownFacts, String> {
    let bytes = read_bytes(path, KNOWN_BYTES_MAX).map_err(|error| error.to_string())?;
    let list = KnownList::parse(&bytes).map_err(|error| error.to_string())?;
    let header = list.header();
    if header.ca() != ca {
        return Err(format!("it is of another CA, `{}`", header.name()));
    }
    Ok(KnownFacts {
        version: header.version(),
        generated: header.generated(),
        head: header.head().map(str::to_owned),
        known: header.known(),
        emergency: header.emergency(),
    })
}

/// What is wrong with them, for the accounts of `@known`; `unreadable` says why the command can't
/// read a file.
pub(super) fn findings(
    seen: &[KnownSeen],
    header: &Header,
    now: u64,
    unreadable: &dyn Fn(&Path) -> Option<String>,
) -> Vec<Finding> {
    let lines = header.known().iter();
    let users: Vec<_> = lines.clone().flat_map(|line| line.users()).collect();
    let users = users.iter().map(|user| user.as_str()).collect::<Vec<_>>();
    let users = users.join(", ");
    let limit = lines.map(|line| line.seconds()).min().unwrap_or_default();
    let one = |seen: &KnownSeen| {
        let path = seen.path.display();
        let facts = match &seen.list {
            Err(error) => {
                let name = if seen.path.exists() {
                    "known-broken"
                } else {
                    "known-missing"
                };
                let fault = format!("{path}: {error}: nobody gets into {users}");
                return Some(Finding::new(Severity::Critical, name, fault, FETCH));
            }
            Ok(facts) => facts,
        };
        if let Some(words) = unsafe_words(&seen.path, 0) {
            let fault = format!("{words}: nobody gets into {users}");
            return Some(Finding::new(
                Severity::Critical,
                "writable-path",
                fault,
                OWN,
            ));
        }
        if let Some(fault) = unreadable(&seen.path) {
            let fault = format!("{fault}, where @known names the account");
            return Some(Finding::new(
                Severity::Critical,
                "known-unreadable",
                fault,
                READABLE,
            ));
        }
        by_age(seen, facts, (now, limit), &users)
    };
    seen.iter().filter_map(one).collect()
}

fn by_age(
    seen: &KnownSeen,
    facts: &KnownFacts,
    (now, limit): (u64, u64),
    users: &str,
) -> Option<Finding> {
    let path = seen.path.display();
    if let Some(ahead) = facts
        .generated
        .checked_sub(now)
        .filter(|ahead| *ahead > CLOCKS_DIFFER_BY)
    {
        let fault = format!(
            "{path} was made {} in the future, and counts as too old",
            length(ahead)
        );
        return Some(Finding::new(Severity::Critical, "clock", fault, CLOCK));
    }
    let age = now.saturating_sub(facts.generated);
    let (severity, what) = match age {
        age if age > limit => (
            Severity::Critical,
            format!(
                "of its {} certificates, only the {} for emergencies get into {users}",
                facts.known, facts.emergency
            ),
        ),
        age if age > limit / 2 => (
            Severity::Warning,
            format!(
                "from {} on, only those for emergencies get in",
                length(limit)
            ),
        ),
        _ => return None,
    };
    let fault = format!("{path} was made {} ago: {what}", length(age));
    Some(Finding::new(severity, "known-stale", fault, FETCH))
}

/// As the login has it.
const CLOCKS_DIFFER_BY: u64 = 5 * 60;

const FETCH: &str = "`punchmark known fetch … --out CA.known` beside the list, by a timer";
const OWN: &str = "chown root, and chmod go-w, the file and each folder above it";
const READABLE: &str = "chgrp it to the command's user, and chmod 0640";
const CLOCK: &str = "set the clock by NTP (timedatectl set-ntp true), here or on the CA's machine";
