//! Which certificates were got from a server, and whether one is still good.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::wire::RawCertificate;

/// The newest certificate of each role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held(BTreeMap<String, HeldCertificate>);

/// One certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HeldCertificate {
    /// Its line.
    pub certificate: String,
    /// When it ends, in Unix seconds.
    pub valid_before: u64,
    /// Where it is.
    pub r#where: Whereabouts,
}

/// Where a certificate is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whereabouts {
    /// In the ssh-agent, with its key.
    Agent,
    /// In a file, beside its key.
    File(PathBuf),
}

impl Held {
    /// The certificate of a role; of the only one, where no role is named.
    #[must_use]
    pub fn of(&self, role: Option<&str>) -> Option<(&str, &HeldCertificate)> {
        match role {
            Some(role) => self.0.get_key_value(role),
            None if self.0.len() == 1 => self.0.first_key_value(),
            None => None,
        }
        .map(|(role, held)| (role.as_str(), held))
    }

    /// All of them, by role.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &HeldCertificate)> {
        self.0.iter().map(|(role, held)| (role.as_str(), held))
    }

    /// Notes a certificate instead of the one before.
    pub fn note(&mut self, role: &str, held: HeldCertificate) {
        self.0.insert(role.to_owned(), held);
    }
}

impl HeldCertificate {
    /// The certificate itself; none if the file was damaged.
    #[must_use]
    pub fn read(&self) -> Option<RawCertificate> {
        let line = self.certificate.as_str();
        let (certificate, _comment) =
            crate::certificate::key_line::read_certificate_line(line).ok()?;
        Some(certificate)
    }

    /// Whether it is good for so many seconds more by this clock.
    #[must_use]
    pub fn is_good_for(&self, seconds: u64, now: u64) -> bool {
        self.valid_before.saturating_sub(now) > seconds
    }
}
