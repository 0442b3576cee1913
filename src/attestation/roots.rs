//! Whom attestation is believed: roots that the program pins, and those that an admin adds.
//!
//! The program knows the SHA-256 of the makers' certificates that count, and what each may
//! vouch for; Yubico's it has itself. Whether they count, the config says.

mod authority;
mod family;
mod path;
mod pins;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Serialize;

pub(super) use self::authority::Anchor;
use self::authority::Authority;
pub use self::family::{Family, FamilyError, RootFingerprint, RootFingerprintError};
use self::path::Search;
use self::pins::PINS;
use super::armour::{ArmourError, CERTIFICATE, armoured, certificates};
use super::chain::ChainError;
use super::x509::X509;

/// The certificates that a path of attestation may end in or lead through.
///
/// At most 64 certificates. Empty, it believes nothing.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    /// Makers whose certificates the program has. They are read when evidence is looked at.
    families: Vec<Family>,
    known: Vec<Authority>,
    distrusted: Vec<RootFingerprint>,
}

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

/// Why a file gives no roots.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RootsError {
    /// It is neither PEM nor DER.
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

impl Roots {
    /// The roots of a maker that the program has; none for a private one.
    #[must_use]
    pub fn of(family: Family) -> Self {
        let mut roots = Self::default();
        roots.add_family(family);
        roots
    }

    /// Adds the certificates of a maker that the program has; none for a private one.
    pub fn add_family(&mut self, family: Family) {
        self.families.push(family);
    }

    /// The makers whose word is taken: whose numbers the serials of cards can be.
    #[must_use]
    pub fn families(&self) -> BTreeSet<Family> {
        let roots = self.trusted().filter(|one| {
            let role = one.listed.role;
            matches!(role, Role::Root | Role::TopRoot | Role::PrivateRoot)
        });
        roots.map(|one| one.anchor().family).collect()
    }

    /// Takes a certificate out for good, wherever it comes from: what leads through it proves
    /// nothing.
    pub fn distrust(&mut self, root: RootFingerprint) {
        self.distrusted.push(root);
    }

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
                roots.add(text.as_bytes(), trust)?;
            }
        }
        Ok(roots)
    }

    /// Adds the certificates of one file, and tells what each counts for.
    ///
    /// The file is PEM, with text around the certificates or none, or one certificate in DER.
    ///
    /// # Errors
    /// As [`Self::from_pem`]. Nothing is added then.
    pub fn add(&mut self, file: &[u8], trust: Trust) -> Result<Vec<Listed>, RootsError> {
        let read = read(file, trust)?;
        let listed: Vec<_> = read.iter().map(|one| one.listed.clone()).collect();
        if read.iter().all(|one| one.listed.role == Role::Unknown) {
            return Err(RootsError::NoneKnown { count: read.len() });
        }
        let count = self.known.len().saturating_add(read.len());
        if count > MOST {
            return Err(RootsError::TooMany { count });
        }
        self.known.extend(read);
        Ok(listed)
    }

    /// Every certificate that counts, and for what.
    pub fn listed(&self) -> impl Iterator<Item = &Listed> {
        let listed = self.trusted().map(|authority| &authority.listed);
        listed.filter(|listed| listed.role != Role::Unknown)
    }

    /// The same of files alone, without those that the program has of a maker: these are read
    /// where evidence is looked at, which a certificate for a key without any need not wait for.
    pub fn listed_of_files(&self) -> impl Iterator<Item = &Listed> {
        let known = self.known.iter().filter(|one| self.trusts(one));
        let listed = known.map(|authority| &authority.listed);
        listed.filter(|listed| listed.role != Role::Unknown)
    }

    /// Whether a certificate of this hash is among these, or the program pins one, whether
    /// its maker's word is taken or not.
    #[must_use]
    pub fn knows(&self, root: RootFingerprint) -> bool {
        let sha256 = base16ct::upper::encode_string(&root.0);
        PINS.iter().any(|pin| pin.sha256 == sha256)
            || self.known.iter().any(|one| one.fingerprint == root)
    }

    fn trusted(&self) -> impl Iterator<Item = &Authority> {
        let built_in: &[_] = if self.families.contains(&Family::Yubico) {
            &OF_YUBICO
        } else {
            &[]
        };
        let all = built_in.iter().chain(&self.known);
        all.filter(|authority| self.trusts(authority))
    }

    fn trusts(&self, authority: &Authority) -> bool {
        !self.distrusted.contains(&authority.fingerprint)
    }

    /// What counts, in words: a maker whose certificates the program has, by name; else the
    /// SHA-256 of every certificate, in hexadecimal, with `private:` before that of one by the
    /// admin's word, and with `distrusted:` before that of one that counts no more.
    #[must_use]
    pub fn in_words(&self) -> Vec<String> {
        let word = |one: &Authority| match one.listed.role {
            Role::PrivateRoot | Role::PrivateIntermediate => {
                format!("private:{}", one.listed.sha256)
            }
            _ => one.listed.sha256.clone(),
        };
        let known = self.known.iter();
        let known = known.filter(|one| self.trusts(one) && one.listed.role != Role::Unknown);
        let families = self.families.iter().map(ToString::to_string);
        let distrusted = self.distrusted.iter();
        let distrusted = distrusted.map(|root| format!("distrusted:{root}"));
        families.chain(known.map(word)).chain(distrusted).collect()
    }

    /// The certificates of a text as if the program pinned them, to test what follows from it.
    #[cfg(test)]
    pub(super) fn pinned_for_tests(text: &str, role: Role, serves: &'static [Purpose]) -> Self {
        let mut read = read(text.as_bytes(), Trust::Private).unwrap_or_default();
        for authority in &mut read {
            authority.listed.pin = Some("Test root");
            authority.listed.role = role;
            authority.listed.vouches_for = serves;
        }
        Self {
            known: read,
            ..Self::default()
        }
    }

    /// Whether there is none at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.trusted().next().is_none()
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
        let brought = brought.filter(|one| one.is_intermediate() && self.trusts(one));
        let brought: Vec<_> = brought.collect();
        let search = Search {
            known: self.trusted().chain(&brought).collect(),
            purpose,
        };
        search.anchor(child, below)
    }
}

/// What each certificate of a file is, whether it counts or not.
///
/// # Errors
/// [`RootsError`], but not [`RootsError::NoneKnown`].
pub fn list(file: &[u8], trust: Trust) -> Result<Vec<Listed>, RootsError> {
    let read = read(file, trust)?;
    Ok(read.into_iter().map(|one| one.listed).collect())
}

/// The certificates of a file, one in DER or all in PEM, as PEM.
///
/// # Errors
/// As [`list`].
pub fn to_pem(file: &[u8]) -> Result<String, RootsError> {
    let read = read(file, Trust::Private)?;
    let pem = read
        .iter()
        .map(|one| armoured(CERTIFICATE, one.certificate.der()));
    Ok(pem.collect())
}

/// A certificate in DER, or several in PEM.
fn read(file: &[u8], trust: Trust) -> Result<Vec<Authority>, RootsError> {
    let all = match file.first() {
        Some(&DER) => vec![file.to_vec()],
        _ => certificates(file)?,
    };
    let numbered = all.into_iter().enumerate();
    let read = numbered.map(|(index, der)| {
        let number = index.saturating_add(1);
        let certificate =
            X509::read(&der).map_err(|source| RootsError::Certificate { number, source })?;
        Ok(Authority::of(&certificate, trust))
    });
    read.collect()
}

/// Yubico's certificates, read once. A test reads all of them, and holds each to its pin.
static OF_YUBICO: LazyLock<Vec<Authority>> =
    LazyLock::new(|| read(YUBICO, Trust::Pinned).unwrap_or_default());

/// Yubico's certificates that vouch for what SSH uses (docs/decisions).
const YUBICO: &[u8] = include_bytes!("roots/yubico.pem");
/// When they were taken from their maker's page.
pub const YUBICO_TAKEN: &str = "2026-11-26";
/// The first byte of a certificate in DER: a SEQUENCE. No PEM begins so in practice, and one
/// that does has nothing but text before its first certificate.
const DER: u8 = 0x30;

/// More certificates than any maker has published.
const MOST: usize = 64;
