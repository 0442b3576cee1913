//! The header of a bundle: what its registrar signs.

use sha2::{Digest, Sha256};
use ssh_encoding::{Decode, Encode};

use super::limit::limit;
use super::{BundleError, LARGEST_HEADER, LARGEST_ITEMS, MOST_ITEMS, MOST_PENDING, Registrar};
use crate::ledger::Credential;
use crate::ledger::checkpoint::Checkpoint;
use crate::request::RequesterName;

/// Random: a bundle is signed once.
pub type BundleId = [u8; 16];

/// All that the registrar of a bundle signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its id.
    pub id: BundleId,
    /// The hash of the bundle before; zeros for the first.
    pub before: [u8; 32],
    /// When it was made, in Unix seconds.
    pub made: u64,
    /// The head of the ledger that it was made against.
    pub against: Checkpoint,
    /// Who made it.
    pub registrar: Registrar,
    /// The highest version that a list had outside.
    pub list_version: u64,
    /// The revocations that the ledger has not taken yet: what each revoker signed, and the signature.
    pub pending: Vec<SignedRevocation>,
    /// Keys and cards that the registrar says are somebody's from now on.
    pub enrolments: Vec<Enrolment>,
    /// How many items there are.
    pub items: u64,
    /// How many bytes they take, each with its length before it.
    pub bytes: u64,
    /// SHA-256 over these bytes.
    pub sha256: [u8; 32],
}

impl Header {
    /// The bytes that the registrar signs.
    ///
    /// # Errors
    /// [`BundleError::Header`] if a field is longer than the wire allows.
    pub fn to_bytes(&self) -> Result<Vec<u8>, BundleError> {
        let mut out = Vec::with_capacity(1024);
        MAGIC.encode(&mut out)?;
        self.id.encode(&mut out)?;
        self.before.encode(&mut out)?;
        self.made.encode(&mut out)?;
        self.against.origin.as_str().encode(&mut out)?;
        self.against.size.encode(&mut out)?;
        self.against.root.encode(&mut out)?;
        self.registrar.name.as_str().encode(&mut out)?;
        self.registrar.key.encode(&mut out)?;
        self.list_version.encode(&mut out)?;
        self.pending.len().encode(&mut out)?;
        for (signed, signature) in &self.pending {
            signed.encode(&mut out)?;
            signature.encode(&mut out)?;
        }
        self.enrolments.len().encode(&mut out)?;
        for Enrolment { name, credential } in &self.enrolments {
            name.as_str().encode(&mut out)?;
            credential.encode(&mut out)?;
        }
        self.items.encode(&mut out)?;
        self.bytes.encode(&mut out)?;
        self.sha256.encode(&mut out)?;
        Ok(out)
    }

    /// Reads [`Self::to_bytes`] back, and holds what it announces against the limits.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BundleError> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        limit("header", length, LARGEST_HEADER)?;
        let input = &mut &*bytes;
        if !matches!(Vec::<u8>::decode(input).as_deref(), Ok(MAGIC)) {
            return Err(BundleError::Version);
        }
        let header = Self {
            id: Decode::decode(input)?,
            before: Decode::decode(input)?,
            made: u64::decode(input)?,
            against: Checkpoint {
                origin: String::decode(input)?,
                size: u64::decode(input)?,
                root: Decode::decode(input)?,
            },
            registrar: Registrar {
                name: registrar(&String::decode(input)?)?,
                key: Vec::decode(input)?,
            },
            list_version: u64::decode(input)?,
            pending: pending(input)?,
            enrolments: enrolments(input)?,
            items: u64::decode(input)?,
            bytes: u64::decode(input)?,
            sha256: Decode::decode(input)?,
        };
        if !input.is_empty() {
            return Err(BundleError::Field("the end of the header"));
        }
        header.within_limits()
    }

    /// Takes of what waits the oldest that there is room for, and gives how many are left for the next bundle.
    ///
    /// # Errors
    /// [`BundleError::Header`] if a field is longer than the wire allows.
    pub fn carry(&mut self, waiting: Vec<SignedRevocation>) -> Result<usize, BundleError> {
        let most = usize::try_from(MOST_PENDING).unwrap_or(usize::MAX);
        let mut length = self.to_bytes()?.len();
        let mut waiting = waiting.into_iter().peekable();
        while self.pending.len() < most {
            let fits = |(signed, signature): &SignedRevocation| {
                // Each with its length before it.
                let behind = length + 8 + signed.len() + signature.len();
                u64::try_from(behind).is_ok_and(|behind| behind <= LARGEST_HEADER)
            };
            let Some(one) = waiting.next_if(fits) else {
                break;
            };
            length += 8 + one.0.len() + one.1.len();
            self.pending.push(one);
        }
        Ok(waiting.count())
    }

    fn within_limits(self) -> Result<Self, BundleError> {
        if self.items > MOST_ITEMS {
            return Err(BundleError::TooMany(self.items));
        }
        let none = (0, <[u8; 32]>::from(Sha256::digest([])));
        if self.items == 0 && (self.bytes, self.sha256) != none {
            return Err(BundleError::Items);
        }
        let credentials = self.enrolments.iter().map(|one| &one.credential);
        let is_twice =
            |credential| credentials.clone().filter(|one| *one == credential).count() > 1;
        if credentials.clone().any(is_twice) {
            return Err(BundleError::Field("an enrolment that stands twice"));
        }
        if self
            .enrolments
            .iter()
            .any(|one| one.name == self.registrar.name)
        {
            return Err(BundleError::Field("an enrolment of the registrar"));
        }
        limit("the sum of all items", self.bytes, LARGEST_ITEMS)?;
        Ok(self)
    }

    /// What the next bundle says that it follows, and what people compare: SHA-256 of the header.
    ///
    /// # Errors
    /// As [`Self::to_bytes`].
    pub fn hash(&self) -> Result<[u8; 32], BundleError> {
        Ok(Sha256::digest(self.to_bytes()?).into())
    }
}

/// A count, then so many; nothing is set aside for a count that lies.
fn pending(input: &mut &[u8]) -> Result<Vec<SignedRevocation>, BundleError> {
    let count = u32::decode(input)?;
    limit(
        "the number of pending revocations",
        count.into(),
        MOST_PENDING.into(),
    )?;
    let mut all = Vec::new();
    for _ in 0..count {
        all.push((Vec::decode(input)?, Vec::decode(input)?));
    }
    Ok(all)
}

fn enrolments(input: &mut &[u8]) -> Result<Vec<Enrolment>, BundleError> {
    let count = u32::decode(input)?;
    let most = MOST_PENDING;
    limit("the number of enrolments", count.into(), most.into())?;
    let mut all = Vec::new();
    for _ in 0..count {
        let name = String::decode(input)?.parse();
        let credential = Credential::decode(input);
        all.push(Enrolment {
            name: name.map_err(|_name| BundleError::Field("the name of an enrolment"))?,
            credential: credential.map_err(|_form| BundleError::Field("an enrolment"))?,
        });
    }
    Ok(all)
}

fn registrar(name: &str) -> Result<RequesterName, BundleError> {
    name.parse()
        .map_err(|_name| BundleError::Field("the registrar's name"))
}

/// A key or card, and whose it is to be by the registrar's word; never the registrar's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// Whose.
    pub name: RequesterName,
    /// What.
    pub credential: Credential,
}

/// A pending revocation on its way: the statement as its revoker signed it, and the SSHSIG.
pub type SignedRevocation = (Vec<u8>, Vec<u8>);

const MAGIC: &[u8] = b"punchmark-bundle-v3";
