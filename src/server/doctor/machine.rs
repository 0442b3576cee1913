//! What holds for the whole machine: the age of its sshd, its clock, its labels, and what the
//! questions that were asked can't answer.

use super::finding::{Finding, Severity};
use super::label;
use super::server::Server;
use crate::server::sshd::Version;

pub(super) fn findings(server: &Server) -> Vec<Finding> {
    let mut found: Vec<_> = FAULTS
        .iter()
        .filter(|fault| fault.concerns(server.version, &server.changelog))
        .map(|fault| fault.finding(server.version))
        .collect();
    found.extend(by_address(server));
    if let Some(list) = &server.list {
        found.extend(list.facts.as_ref().err().cloned());
        found.extend(list.findings.iter().cloned());
    }
    found.extend(label::findings(&server.base));
    found
}

/// A fault of sshd that matters to who gets in.
struct Fault {
    since: Version,
    mended: Version,
    /// What a changelog has that tells of the mend.
    marks: &'static [&'static str],
    words: &'static str,
}

impl Fault {
    fn concerns(&self, version: Version, changelog: &str) -> bool {
        let mended = self.marks.iter().any(|mark| changelog.contains(mark));
        version >= self.since && version < self.mended && !mended
    }

    fn finding(&self, version: Version) -> Finding {
        let fault = format!("sshd is {version}: {}", self.words);
        let remedy = format!(
            "OpenSSH {} or newer, or a {version} whose changelog says that it is mended",
            self.mended
        );
        Finding::new(Severity::Warning, "old-sshd", fault, remedy)
    }
}

/// From the release notes of OpenSSH; the newest first.
const FAULTS: [Fault; 4] = [
    Fault {
        since: Version { major: 5, minor: 6 },
        mended: Version {
            major: 10,
            minor: 3,
        },
        marks: &["CVE-2026-35414"],
        words: "behind a cert-authority line of authorized_keys, a certificate without principals \
            gets in as anybody, and a comma in a principal can match two names (CVE-2026-35414)",
    },
    Fault {
        since: Version { major: 8, minor: 5 },
        mended: Version { major: 9, minor: 8 },
        // Debian's entry names the function, and no CVE.
        marks: &["CVE-2024-6387", "sshsigdie"],
        words: "whoever reaches it may run code as root (CVE-2024-6387)",
    },
    Fault {
        since: Version { major: 6, minor: 2 },
        mended: Version { major: 9, minor: 6 },
        marks: &["CVE-2023-48795"],
        words: "who stands between may cut messages off the beginning (CVE-2023-48795)",
    },
    Fault {
        since: Version { major: 5, minor: 4 },
        mended: Version { major: 8, minor: 7 },
        marks: &[],
        words: "it is older than all that Punchmark was tried with",
    },
];

/// One address was asked about: what holds for others, nobody said.
fn by_address(server: &Server) -> Option<Finding> {
    let criteria = server.files.criteria_beside_user();
    if criteria.is_empty() {
        return None;
    }
    let criteria: Vec<_> = criteria.iter().map(String::as_str).collect();
    let fault = format!(
        "sshd_config has Match blocks that look at {}: what is said here holds for one address alone",
        criteria.join(", ")
    );
    let remedy = "ask again with --from and an address of each block";
    let finding = Finding::new(Severity::Note, "one-address", fault, remedy);
    Some(finding.by("match", None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_concerns_the_releases_that_had_it() {
        let concerned = |major, minor| {
            let version = Version { major, minor };
            let faults = FAULTS.iter().filter(|fault| fault.concerns(version, ""));
            faults.count()
        };
        assert_eq!(concerned(10, 5), 0);
        assert_eq!(concerned(10, 3), 0);
        assert_eq!(concerned(10, 2), 1);
        assert_eq!(concerned(9, 8), 1);
        assert_eq!(concerned(9, 7), 2);
        assert_eq!(concerned(9, 2), 3);
        assert_eq!(concerned(8, 4), 3);
        assert_eq!(concerned(8, 5), 4);
    }

    #[test]
    fn what_the_distribution_mended_is_no_fault() {
        let debian = "[CVE-2023-48795] x\n * Disable code from the sshsigdie() function\n";
        let version = Version { major: 9, minor: 2 };
        let left = FAULTS
            .iter()
            .filter(|fault| fault.concerns(version, debian));
        assert_eq!(left.count(), 1);
    }
}
