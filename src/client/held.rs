//! Which certificates were got from a server, and whether one is still good.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::wire::RawCertificate;

/// The newest certificate of each role at each place: one role may have some in the agent and beside several keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held(Vec<HeldCertificate>);

/// One certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HeldCertificate {
    /// The role that it was asked for under.
    pub role: String,
    /// Its line.
    pub certificate: String,
    /// When it ends, in Unix seconds.
    pub valid_before: u64,
    /// Where it is.
    pub r#where: Whereabouts,
    /// Whose it is; none where an earlier version didn't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
    /// Where its key is, if that is in a YubiKey.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_card: Option<CardSlot>,
}

/// A slot of a YubiKey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CardSlot {
    /// Its number, in hexadecimal digits: `9a`.
    pub slot: String,
    /// The card's serial.
    pub serial: Option<u32>,
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
    /// The certificates of a role; where no role is named, all if they are of one.
    pub fn of<'h>(&'h self, role: Option<&'h str>) -> impl Iterator<Item = &'h HeldCertificate> {
        let first = self.0.first().map(|held| held.role.as_str());
        let is_only = self.0.iter().all(|held| Some(held.role.as_str()) == first);
        let role = role.or(first.filter(|_| is_only));
        self.iter()
            .filter(move |held| Some(held.role.as_str()) == role)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &HeldCertificate> {
        self.0.iter()
    }

    /// Notes a certificate instead of the one of its role at its place before.
    pub fn note(&mut self, held: HeldCertificate) {
        let place = (&held.role, &held.r#where);
        self.0.retain(|one| (&one.role, &one.r#where) != place);
        self.0.push(held);
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

    /// Whether it is this requester's, as far as both are known.
    #[must_use]
    pub fn is_of(&self, requester: Option<&str>) -> bool {
        let theirs = self.requester.as_deref().zip(requester);
        theirs.is_none_or(|(whose, requester)| whose == requester)
    }

    /// Whether it is good for so many seconds more by this clock.
    #[must_use]
    pub fn is_good_for(&self, seconds: u64, now: u64) -> bool {
        self.valid_before.saturating_sub(now) > seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(role: &str, place: Option<&str>) -> HeldCertificate {
        HeldCertificate {
            requester: None,
            role: role.to_owned(),
            certificate: String::new(),
            valid_before: 1000,
            in_card: None,
            r#where: place.map_or(Whereabouts::Agent, |file| Whereabouts::File(file.into())),
        }
    }

    #[test]
    fn a_certificate_takes_the_place_of_its_roles_at_its_place_and_of_no_other() {
        let mut all = Held::default();
        for one in [
            held("a", None),
            held("a", Some("x-cert.pub")),
            held("a", None),
        ] {
            all.note(one);
        }
        assert_eq!(all.of(None).count(), 2);
        all.note(held("b", None));
        assert_eq!(all.iter().count(), 3);
        assert_eq!(all.of(Some("a")).count(), 2);
        // Of which role is meant, somebody has to say.
        assert_eq!(all.of(None).count(), 0);
        assert_eq!(all.of(Some("c")).count(), 0);
    }
}
