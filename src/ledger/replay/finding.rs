//! What an audit finds, and how grave it is.

use serde::Serialize;

use super::fault::Fault;

/// Something about one entry that an auditor should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The position of the entry, from 1.
    pub position: u64,
    /// How grave it is.
    #[serde(flatten)]
    pub grade: Grade,
    /// What it is.
    #[serde(rename = "why", serialize_with = "in_words")]
    pub fault: Fault,
}

/// How grave a finding is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "kebab-case")]
pub enum Grade {
    /// No version of this program writes that: another hand did, or the file is damaged.
    Broken,
    /// An older version did that by a fault which is known and mended.
    OlderVersion {
        /// The version, as far as the entries tell.
        version: String,
    },
    /// It may be right, and somebody should look at it.
    Odd,
    /// This version doesn't know how to check it.
    NotChecked,
}

/// The findings of a replay so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    position: u64,
    version: Option<String>,
    /// Whether an entry was seen that format 4 alone has.
    is_format_4: bool,
    findings: Vec<Finding>,
    more: u64,
    moduli_left: u64,
}

impl Findings {
    /// What is found from here on is of the entry at `position`.
    pub(super) fn begin(&mut self, position: u64, kind: u8) {
        self.position = position;
        self.is_format_4 |= kind >= FORMAT_4;
    }

    /// Notes the version that wrote an entry, which is near those around it.
    pub(super) fn by(&mut self, version: &str) {
        if self.version.as_deref() != Some(version) {
            self.version = Some(version.to_owned());
        }
    }

    /// Whether an entry was seen that format 4 alone has.
    pub(super) fn is_format_4(&self) -> bool {
        self.is_format_4
    }

    /// How many entries stand before the one that is looked at.
    pub(super) fn size_before(&self) -> u64 {
        self.position.saturating_sub(1)
    }

    pub(super) fn broken(&mut self, fault: Fault) {
        self.push(Grade::Broken, fault);
    }

    pub(super) fn odd(&mut self, fault: Fault) {
        self.push(Grade::Odd, fault);
    }

    pub(super) fn unchecked(&mut self, fault: Fault) {
        self.push(Grade::NotChecked, fault);
    }

    /// A known fault of the version that wrote the entry.
    pub(super) fn older(&mut self, fault: Fault) {
        let version = self.version.clone();
        let version = version.unwrap_or_else(|| "a version before format 4".to_owned());
        self.push(Grade::OlderVersion { version }, fault);
    }

    /// What older versions did by a known fault, and no version that writes format 4.
    pub(super) fn since_format_4(&mut self, fault: Fault) {
        if self.is_format_4 {
            self.broken(fault)
        } else {
            self.older(fault)
        }
    }

    /// Notes an RSA modulus of which not all was looked at.
    pub(super) fn modulus_left(&mut self) {
        self.moduli_left += 1;
    }

    pub(super) fn moduli_left(&self) -> u64 {
        self.moduli_left
    }

    fn push(&mut self, grade: Grade, fault: Fault) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(Finding {
                position: self.position,
                grade,
                fault,
            })
        } else {
            self.more += 1
        }
    }

    pub(super) fn end(self) -> (Vec<Finding>, u64) {
        (self.findings, self.more)
    }
}

fn in_words<S: serde::Serializer>(fault: &Fault, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(fault)
}

/// The first kind that versions before format 4 never wrote, nor any on the way to it.
const FORMAT_4: u8 = 18;
/// So many findings are kept; a ledger with more has said enough.
pub const MOST_FINDINGS: usize = 1000;
