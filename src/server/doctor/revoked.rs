//! RevokedKeys: a file that is missing or broken refuses everybody, an empty one nobody
//! (sshd_config(5); measured with 9.2).

use std::path::{Path, PathBuf};

use super::finding::{Finding, Severity};
use crate::certificate::length;
use crate::config::read_bytes;
use crate::krl::{KRL_BYTES_MAX, Krl, ListName};
use crate::server::fetch::count;
use crate::server::safe_path;
use crate::server::sshd::Settings;

/// From which age in seconds a KRL is a warning, and from which it is critical.
#[derive(Clone, Copy, Debug)]
pub struct Ages {
    /// A warning.
    pub warn: u64,
    /// Critical.
    pub critical: u64,
}

/// A file that RevokedKeys names, as it is.
#[derive(Clone, Debug)]
pub struct RevokedList {
    /// The file.
    pub path: PathBuf,
    /// What it holds.
    pub state: ListState,
}

/// What a file of RevokedKeys holds.
#[derive(Clone, Debug)]
pub enum ListState {
    /// It can't be read, in the system's words.
    Unread(String),
    /// It has no bytes, and revokes nothing.
    Empty,
    /// It begins as a KRL and is none, in words.
    Broken(String),
    /// Public keys, a line each.
    Keys(usize),
    /// A KRL.
    Krl {
        /// Its version.
        version: u64,
        /// When it was made, in Unix seconds.
        generated: u64,
        /// The name in its comment, and the head of the CA's ledger that it carries.
        name: ListName,
        /// How many keys, serials and key IDs it revokes.
        revokes: usize,
    },
}

/// Every list that sshd looks into; releases from 10 on take several.
pub(super) fn lists(settings: &Settings) -> Vec<RevokedList> {
    let paths = settings.words("revokedkeys").map(Path::new);
    paths.map(RevokedList::read).collect()
}

impl RevokedList {
    fn read(path: &Path) -> Self {
        let state = match read_bytes(path, KRL_BYTES_MAX) {
            Ok(bytes) => ListState::of(&bytes),
            Err(error) => ListState::Unread(error.to_string()),
        };
        let path = path.to_path_buf();
        Self { path, state }
    }
}

impl ListState {
    fn of(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::Empty;
        }
        if !bytes.starts_with(b"SSHKRL\n\0") {
            let lines = bytes.split(|byte| *byte == b'\n');
            let keys = lines.filter(|line| !line.is_empty() && !line.starts_with(b"#"));
            return Self::Keys(keys.count());
        }
        match Krl::from_bytes(bytes) {
            Err(error) => Self::Broken(error.to_string()),
            Ok(krl) => Self::Krl {
                version: krl.header().version,
                generated: krl.header().generated,
                name: ListName::of_comment(&krl.header().comment),
                revokes: count(&krl),
            },
        }
    }
}

pub(super) fn findings(settings: &Settings, now: u64, ages: Ages) -> Vec<Finding> {
    let value = settings.value("revokedkeys");
    let lists = lists(settings);
    let found = if lists.is_empty() {
        let fault = "RevokedKeys none: what is revoked lets in all the same";
        vec![Finding::new(
            Severity::Warning,
            "revoked-none",
            fault,
            FETCH,
        )]
    } else {
        lists
            .iter()
            .flat_map(|list| judge(list, now, ages))
            .collect()
    };
    let placed = found.into_iter().map(|one| one.by("revokedkeys", value));
    placed.collect()
}

fn judge(list: &RevokedList, now: u64, ages: Ages) -> Vec<Finding> {
    let name = list.path.display();
    let finding = |severity, id, fault: String| Finding::new(severity, id, fault, FETCH);
    let mut found = Vec::new();
    match &list.state {
        ListState::Unread(why) => {
            let fault = format!("{name}: {why}: sshd refuses every key and every certificate");
            found.push(finding(Severity::Critical, "revoked-missing", fault));
            return found;
        }
        ListState::Broken(why) => {
            let fault = format!("{name}: {why}: sshd refuses every key and every certificate");
            found.push(finding(Severity::Critical, "revoked-broken", fault));
        }
        ListState::Empty => {
            let fault = format!("{name} is empty, and revokes nothing");
            found.push(finding(Severity::Warning, "revoked-empty", fault));
        }
        ListState::Keys(_) => {}
        ListState::Krl { generated, .. } => found.extend(by_age(list, *generated, now, ages)),
    }
    if let Ok(Some(fault)) = safe_path::fault(&list.path, 0) {
        let fault = format!("{}: who writes there takes back revocations", fault.words());
        let remedy = "chown root, and chmod go-w, the file and each folder above it";
        found.push(Finding::new(
            Severity::Critical,
            "writable-path",
            fault,
            remedy,
        ));
    }
    found
}

fn by_age(list: &RevokedList, generated: u64, now: u64, ages: Ages) -> Option<Finding> {
    let name = list.path.display();
    if let Some(ahead) = generated
        .checked_sub(now)
        .filter(|ahead| *ahead > CLOCKS_DIFFER_BY)
    {
        let fault = format!("{name} was made {} in the future", length(ahead));
        return Some(Finding::new(Severity::Critical, "clock", fault, CLOCK));
    }
    let age = now.saturating_sub(generated);
    let severity = match age {
        age if age > ages.critical => Severity::Critical,
        age if age > ages.warn => Severity::Warning,
        _ => return None,
    };
    let fault = format!(
        "{name} was made {} ago: what was revoked since lets in",
        length(age)
    );
    Some(Finding::new(severity, "revoked-stale", fault, FETCH))
}

/// By how many seconds the clocks of CA and server may differ, as `krl fetch` has it.
const CLOCKS_DIFFER_BY: u64 = 3_600;

const FETCH: &str =
    "`punchmark krl fetch … --out FILE` by a timer, and RevokedKeys FILE once it is there";
const CLOCK: &str = "set the clock by NTP (timedatectl set-ntp true), here or on the CA's machine";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::krl::{Header, Revocations};
    use crate::server::sshd::settings_of;

    const NOW: u64 = 1_795_000_000;
    const AGES: Ages = Ages {
        warn: 100,
        critical: 200,
    };

    fn krl(generated: u64) -> Vec<u8> {
        let header = Header {
            version: 7,
            generated,
            ..Header::default()
        };
        Krl::new(header, Revocations::default()).to_bytes().unwrap()
    }

    fn names(content: Option<&[u8]>) -> Vec<(Severity, &'static str)> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("r");
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let settings = settings_of(&format!("revokedkeys {}", file.display()));
        let found = findings(&settings, NOW, AGES).into_iter();
        let named = found.map(|finding| (finding.severity, finding.name));
        // The folder of the test is everybody's.
        named.filter(|(_, name)| *name != "writable-path").collect()
    }

    #[test]
    fn each_state_of_the_list_is_told_from_the_others() {
        use Severity::{Critical, Warning};
        assert_eq!(names(None), [(Critical, "revoked-missing")]);
        assert_eq!(names(Some(b"")), [(Warning, "revoked-empty")]);
        assert_eq!(names(Some(b"SSHKRL\n\0x")), [(Critical, "revoked-broken")]);
        assert_eq!(names(Some(b"ssh-ed25519 AAAA\n")), []);
        for (generated, expected) in [
            (NOW - 100, None),
            (NOW - 101, Some((Warning, "revoked-stale"))),
            (NOW - 201, Some((Critical, "revoked-stale"))),
            (NOW + 3_600, None),
            (NOW + 3_601, Some((Critical, "clock"))),
        ] {
            let expected: Vec<_> = expected.into_iter().collect();
            assert_eq!(names(Some(&krl(generated))), expected, "{generated}");
        }
        let none = findings(&settings_of(""), NOW, AGES);
        assert_eq!(none[0].name, "revoked-none");
    }
}
