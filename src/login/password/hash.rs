//! One hash: argon2id, version 19, as `$argon2id$v=19$m=…,t=…,p=…$SALT$DIGEST`.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use base64ct::{Base64Unpadded, Encoding as _};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// The hash of a password. It has no `Debug`: whoever gets it can guess as fast as he likes.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Hash {
    cost: Cost,
    salt: Vec<u8>,
    digest: [u8; LENGTH],
}

/// What the making of a hash asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    /// In KiB.
    memory: u32,
    passes: u32,
    lanes: u32,
}

/// Why a text is no hash that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// Another function, another version, or no PHC string in its one form.
    #[error("a hash is $argon2id$v=19$m=…,t=…,p=…$SALT$DIGEST, a digest of 32 bytes")]
    Form,
    /// It asks for less than protects, or for more than a server gives a login.
    #[error(
        "a hash takes {MEMORY_LEAST} to {MEMORY_MOST} KiB, 1 to {PASSES_MOST} passes, \
         1 to {LANES_MOST} lanes and a salt of {SALT_LEAST} to {SALT_MOST} bytes"
    )]
    Bounds,
}

/// Why a password has no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Too short for a password that stands alone (NIST SP 800-63B-4, 3.1.1.2), or too long.
    #[error("a password has {LEAST} to {MOST} characters, of {MOST} bytes together")]
    Length,
    /// The machine has no memory to compute it in.
    #[error("there is no memory to compute a password's hash in")]
    Memory,
}

impl Cost {
    /// For new files (OWASP, Password Storage Cheat Sheet: argon2id with 19 MiB).
    pub(super) const NEW: Self = Self {
        memory: 19_456,
        passes: 2,
        lanes: 1,
    };

    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split(',');
        let mut field = |name: &str| fields.next()?.strip_prefix(name)?.parse().ok();
        Some(Self {
            memory: field("m=")?,
            passes: field("t=")?,
            lanes: field("p=")?,
        })
    }

    fn is_within_bounds(self) -> bool {
        (MEMORY_LEAST..=MEMORY_MOST).contains(&self.memory)
            && (1..=PASSES_MOST).contains(&self.passes)
            && (1..=LANES_MOST).contains(&self.lanes)
    }
}

impl Hash {
    /// Reads one; what it asks for is bounded.
    pub(super) fn parse(text: &str) -> Result<Self, HashError> {
        if text.len() > TEXT_MAX {
            return Err(HashError::Form);
        }
        let hash = Self::read(text).ok_or(HashError::Form)?;
        // A number with a sign or zeros before it is none of the one form.
        if hash.to_string() != text {
            return Err(HashError::Form);
        }
        if !hash.cost.is_within_bounds() || !(SALT_LEAST..=SALT_MOST).contains(&hash.salt.len()) {
            return Err(HashError::Bounds);
        }
        Ok(hash)
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(PREFIX)?.split('$');
        let (cost, salt, digest) = (parts.next()?, parts.next()?, parts.next()?);
        let digest = Base64Unpadded::decode_vec(digest).ok()?;
        Some(Self {
            cost: Cost::parse(cost)?,
            salt: Base64Unpadded::decode_vec(salt).ok()?,
            digest: digest.try_into().ok()?,
        })
    }

    /// Of a password that somebody is to have.
    pub(super) fn of_new(
        password: &str,
        salt: [u8; 16],
        cost: Cost,
    ) -> Result<Self, PasswordError> {
        if password.chars().count() < LEAST || password.len() > MOST {
            return Err(PasswordError::Length);
        }
        let mut hash = Self {
            cost,
            salt: salt.to_vec(),
            digest: [0; LENGTH],
        };
        hash.digest = *hash.computed(password)?;
        Ok(hash)
    }

    /// The hash of no password, which costs as much.
    pub(super) fn nobodys(cost: Cost) -> Self {
        Self {
            cost,
            salt: vec![0; 16],
            digest: [0; LENGTH],
        }
    }

    /// Whether it is this password's. What is longer than any is nobody's, whatever the hash.
    pub(super) fn is_of(&self, password: &str) -> Result<bool, PasswordError> {
        if password.len() > MOST {
            return Ok(false);
        }
        let computed = self.computed(password)?;
        Ok(computed[..].ct_eq(&self.digest[..]).into())
    }

    pub(super) fn cost(&self) -> Cost {
        self.cost
    }

    fn computed(&self, password: &str) -> Result<Zeroizing<[u8; LENGTH]>, PasswordError> {
        let mut digest = Zeroizing::new([0; LENGTH]);
        let Cost {
            memory,
            passes,
            lanes,
        } = self.cost;
        let params = Params::new(memory, passes, lanes, Some(LENGTH));
        // Bounds are kept, so that nothing else is at fault.
        let params = params.map_err(|_other| PasswordError::Memory)?;
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(password.as_bytes(), &self.salt, &mut digest[..])
            .map_err(|_other| PasswordError::Memory)?;
        Ok(digest)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cost {
            memory,
            passes,
            lanes,
        } = self.cost;
        let salt = Base64Unpadded::encode_string(&self.salt);
        let digest = Base64Unpadded::encode_string(&self.digest);
        write!(f, "{PREFIX}m={memory},t={passes},p={lanes}${salt}${digest}")
    }
}

const PREFIX: &str = "$argon2id$v=19$";
/// Of a digest, in bytes.
const LENGTH: usize = 32;
/// In KiB. Less is guessed too fast; two at a time are to fit beside a small server.
const MEMORY_LEAST: u32 = 8 * 1024;
const MEMORY_MOST: u32 = 64 * 1024;
const PASSES_MOST: u32 = 10;
const LANES_MOST: u32 = 4;
/// In bytes.
const SALT_LEAST: usize = 16;
const SALT_MOST: usize = 48;
const TEXT_MAX: usize = 256;
/// In characters.
const LEAST: usize = 15;
/// In bytes.
const MOST: usize = 255;
