//! Whom attestation is believed: roots that the program pins, and those that an admin adds.
//!
//! The program holds no certificate, only the SHA-256 of those that count, and what each may
//! vouch for. The certificates come as PEM from the admin, who gets them from their maker.

mod pins;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use self::pins::{PINS, Pin};
use super::armour::{ArmourError, certificates};
use super::chain::{ChainError, Unmarked, issued, may_issue, refuse_unknown_critical};
use super::x509::X509;

/// The certificates that a path of attestation may end in or lead through.
///
/// At most 64 certificates. Empty, it believes nothing.
#[derive(Clone, Debug, Default)]
pub struct Roots(Vec<Authority>);

/// Whose word stands behind a file of certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The program's: only a certificate whose SHA-256 it pins counts.
    Pinned,
    /// The admin's: what is not pinned counts too, as a private root or what lies below one.
    Private,
}

/// One certificate of a file, and what it counts for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Listed {
    /// Its subject as RFC 4514 writes it.
    pub subject: String,
    /// Its SHA-256, in capital hexadecimal.
    pub sha256: String,
    /// The name under which the program pins it, if it does.
    pub pin: Option<&'static str>,
    /// What it stands for.
    pub role: Role,
    /// What it may vouch for; nothing where it is known and of no use here.
    pub vouches_for: &'static [Purpose],
}

/// What is attested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// A key in a PIV slot.
    Piv,
    /// A key of a FIDO2 security key.
    Fido,
}

/// The place of a certificate in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A pinned root right above the device's certificate.
    Root,
    /// A pinned root two certificates above it.
    TopRoot,
    /// Pinned, right below such a root.
    Upper,
    /// Pinned, right above the device's certificate, for one applet.
    Lower,
    /// A root by the admin's word: issued by itself.
    PrivateRoot,
    /// By the admin's word, below a private root.
    PrivateIntermediate,
    /// Not pinned, and by nobody's word.
    Unknown,
}

/// Where a path ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    pub(super) name: String,
    pub(super) private: bool,
    /// Whether keys of other applets are attested right below it too.
    pub(super) shared: bool,
    /// Whether it is a root of Yubico's cards before firmware 5.7.4, whose two known faults
    /// are taken.
    pub(super) of_old_cards: bool,
}

/// Why a file gives no roots.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RootsError {
    /// It is no PEM.
    #[error(transparent)]
    Pem(#[from] ArmourError),
    /// A certificate in it can't be read.
    #[error("certificate {number}")]
    Certificate {
        /// Which, from 1.
        number: usize,
        /// What is wrong with it.
        source: ChainError,
    },
    /// Too many altogether.
    #[error("{count} certificates are more than {MOST}")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// None that counts.
    #[error("no certificate whose fingerprint is known, out of {count}")]
    NoneKnown {
        /// How many there are.
        count: usize,
    },
}

#[derive(Clone, Debug)]
struct Authority {
    certificate: X509,
    listed: Listed,
}

impl Roots {
    /// Roots from the texts of PEM files.
    ///
    /// A certificate in `pinned` whose fingerprint isn't known counts for nothing, since the
    /// makers' files grow. In `private`, all count.
    ///
    /// # Errors
    /// [`RootsError`]; also if a file of `pinned` has no certificate that is known.
    pub fn from_pem(pinned: &[&str], private: &[&str]) -> Result<Self, RootsError> {
        let mut roots = Self::default();
        for (texts, trust) in [(pinned, Trust::Pinned), (private, Trust::Private)] {
            for text in texts {
                roots.add_pem(text, trust)?;
            }
        }
        Ok(roots)
    }

    /// Adds the certificates of one PEM file, and tells what each counts for.
    ///
    /// # Errors
    /// As [`Self::from_pem`]. Nothing is added then.
    pub fn add_pem(&mut self, text: &str, trust: Trust) -> Result<Vec<Listed>, RootsError> {
        let read = read(text, trust)?;
        let listed: Vec<_> = read.iter().map(|one| one.listed.clone()).collect();
        if read.iter().all(|one| one.listed.role == Role::Unknown) {
            return Err(RootsError::NoneKnown { count: read.len() });
        }
        let count = self.0.len().saturating_add(read.len());
        if count > MOST {
            return Err(RootsError::TooMany { count });
        }
        self.0.extend(read);
        Ok(listed)
    }

    /// The SHA-256 of every certificate that counts, in hexadecimal; that of one by the
    /// admin's word has `private:` before it.
    #[must_use]
    pub fn fingerprints(&self) -> Vec<String> {
        let counts = self.0.iter().map(|authority| &authority.listed);
        let counts = counts.filter(|listed| listed.role != Role::Unknown);
        let word = |listed: &Listed| match listed.role {
            Role::PrivateRoot | Role::PrivateIntermediate => format!("private:{}", listed.sha256),
            _ => listed.sha256.clone(),
        };
        counts.map(word).collect()
    }

    /// The certificates of a text as if the program pinned them, to test what follows from it.
    #[cfg(test)]
    pub(super) fn pinned_for_tests(text: &str, role: Role, serves: &'static [Purpose]) -> Self {
        let mut read = read(text, Trust::Private).unwrap_or_default();
        for authority in &mut read {
            authority.listed.pin = Some("Test root");
            authority.listed.role = role;
            authority.listed.vouches_for = serves;
        }
        Self(read)
    }

    /// Whether there is none at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The root above `child`, by one of the paths that there are for `purpose`.
    ///
    /// `below` counts the authorities from `child` down. What comes with the evidence,
    /// `between`, counts if it is pinned and no root.
    pub(super) fn anchor(
        &self,
        child: &X509,
        purpose: Purpose,
        below: u8,
        between: &[X509],
    ) -> Result<Anchor, ChainError> {
        let brought = between.iter().map(|one| Authority::of(one, Trust::Pinned));
        let brought: Vec<_> = brought.filter(Authority::is_intermediate).collect();
        let search = Search {
            known: self.0.iter().chain(&brought).collect(),
            purpose,
        };
        let unknown = unknown_issuer(child);
        let mut fault = unknown.clone();
        for path in PATHS {
            match search.climb(child, below, path) {
                Ok(anchor) => return Ok(anchor),
                Err(further) if further != unknown => fault = further,
                Err(_same) => {}
            }
        }
        Err(fault)
    }
}

/// What each certificate of a PEM file is, whether it counts or not.
///
/// # Errors
/// [`RootsError`], but not [`RootsError::NoneKnown`].
pub fn list(text: &str, trust: Trust) -> Result<Vec<Listed>, RootsError> {
    let read = read(text, trust)?;
    Ok(read.into_iter().map(|one| one.listed).collect())
}

fn read(text: &str, trust: Trust) -> Result<Vec<Authority>, RootsError> {
    let numbered = certificates(text)?.into_iter().enumerate();
    let read = numbered.map(|(index, der)| {
        let number = index.saturating_add(1);
        let certificate =
            X509::read(&der).map_err(|source| RootsError::Certificate { number, source })?;
        Ok(Authority::of(&certificate, trust))
    });
    read.collect()
}

/// The certificates among which a path is looked for.
struct Search<'a> {
    known: Vec<&'a Authority>,
    purpose: Purpose,
}

impl Search<'_> {
    /// Goes up from `child`, a certificate for each place of `path`.
    fn climb(&self, child: &X509, below: u8, path: &[Role]) -> Result<Anchor, ChainError> {
        let Some((role, rest)) = path.split_first() else {
            return Err(unknown_issuer(child));
        };
        let issuer = self.issuer(child, below, *role)?;
        match rest {
            [] => Ok(issuer.anchor()),
            rest => self.climb(&issuer.certificate, below.saturating_add(1), rest),
        }
    }

    /// Two can bear one name, such as a root that was issued anew for the same key.
    fn issuer(&self, child: &X509, below: u8, role: Role) -> Result<&Authority, ChainError> {
        let mut fault = unknown_issuer(child);
        for authority in &self.known {
            let listed = &authority.listed;
            let serves = listed.role == role && listed.vouches_for.contains(&self.purpose);
            if !serves || !child.names_as_issuer(&authority.certificate) {
                continue;
            }
            match authority.may_have_issued(child, below) {
                Ok(()) => return Ok(authority),
                Err(error) => fault = error,
            }
        }
        Err(fault)
    }
}

impl Authority {
    fn of(certificate: &X509, trust: Trust) -> Self {
        let sha256 = fingerprint(certificate.der());
        let pin = PINS.iter().find(|pin| pin.sha256 == sha256);
        let (role, vouches_for): (_, &'static [_]) = match (pin, trust) {
            (Some(Pin { role, serves, .. }), _) => (*role, *serves),
            (None, Trust::Pinned) => (Role::Unknown, &[]),
            (None, Trust::Private) if issued(certificate, certificate).is_ok() => {
                (Role::PrivateRoot, ALL)
            }
            (None, Trust::Private) => (Role::PrivateIntermediate, ALL),
        };
        Self {
            listed: Listed {
                subject: certificate.subject(),
                sha256,
                pin: pin.map(|pin| pin.name),
                role,
                vouches_for,
            },
            certificate: certificate.clone(),
        }
    }

    fn is_intermediate(&self) -> bool {
        matches!(self.listed.role, Role::Upper | Role::Lower)
    }

    /// What a pinned root may issue is what the table of pins says: one of them was made for
    /// FIDO, says that no authority may stand below it, and yet is the root of some cards' f9.
    fn may_have_issued(&self, child: &X509, below: u8) -> Result<(), ChainError> {
        if !matches!(self.listed.role, Role::Root | Role::TopRoot) {
            refuse_unknown_critical(&self.certificate, &[])?;
            may_issue(&self.certificate, below, Unmarked::Refused)?;
        }
        issued(child, &self.certificate)
    }

    fn anchor(&self) -> Anchor {
        match self.listed.pin {
            Some(name) => Anchor {
                name: name.to_owned(),
                private: false,
                shared: self.listed.role == Role::Root && self.listed.vouches_for == ALL,
                of_old_cards: self.listed.role == Role::Root,
            },
            None => Anchor {
                name: self.listed.subject.clone(),
                private: true,
                shared: false,
                of_old_cards: false,
            },
        }
    }
}

fn unknown_issuer(child: &X509) -> ChainError {
    ChainError::UnknownIssuer {
        subject: child.subject(),
        issuer: child.issuer(),
    }
}

/// SHA-256 as the makers print it, without the colons.
fn fingerprint(der: &[u8]) -> String {
    base16ct::upper::encode_string(&Sha256::digest(der))
}

/// Every path there is from a device's certificate upwards. A path of any length would let a
/// user's own key in a slot issue what looks like an attestation.
const PATHS: [&[Role]; 5] = [
    &[Role::Root],
    &[Role::Lower, Role::Upper, Role::TopRoot],
    &[Role::PrivateRoot],
    &[Role::PrivateIntermediate, Role::PrivateRoot],
    &[
        Role::PrivateIntermediate,
        Role::PrivateIntermediate,
        Role::PrivateRoot,
    ],
];

const ALL: &[Purpose] = &[Purpose::Piv, Purpose::Fido];

/// More certificates than any maker has published.
const MOST: usize = 64;
