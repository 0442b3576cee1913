//! Public keys as OpenSSH takes them, known by their one wire form.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::{Cursor, WireError, hex, put_mpint, put_string};

/// A plain public key (no certificate) in its one canonical wire form.
///
/// Read strictly, as OpenSSH does: a known algorithm, the right number of fields, a
/// point that is on its curve, an RSA modulus of 1,024 to 16,384 bits. Two
/// encodings of one key (superfluous zeros of an integer) become equal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey {
    blob: Arc<[u8]>,
    algorithm: Algorithm,
}

impl PublicKey {
    /// Reads the wire form of a key (RFC 4253, section 6.6; PROTOCOL.u2f).
    ///
    /// # Errors
    /// [`KeyError`] for anything that is not exactly one plain public key.
    pub fn from_blob(blob: &[u8]) -> Result<Self, KeyError> {
        let mut wire = Cursor::new(blob);
        let (algorithm, form, _) = Algorithm::named(wire.c_string()?.as_bytes())?;
        if form == Form::Certificate {
            return Err(KeyError::Certificate);
        }
        let key = Self::read_fields(algorithm, &mut wire)?;
        wire.finish()?;
        Ok(key)
    }

    /// The wire form: what OpenSSH hashes, and what a KRL holds.
    pub fn as_blob(&self) -> &[u8] {
        &self.blob
    }

    /// The algorithm's name, as in `ssh-ed25519`.
    pub fn algorithm(&self) -> &'static str {
        self.algorithm.name(Form::Plain)
    }

    /// The name of a certificate for this key, as in
    /// `ssh-ed25519-cert-v01@openssh.com`.
    pub(crate) fn certificate_algorithm(&self) -> &'static str {
        self.algorithm.name(Form::Certificate)
    }

    /// The SHA-1 fingerprint.
    pub fn sha1(&self) -> [u8; 20] {
        Sha1::digest(&self.blob).into()
    }

    /// The SHA-256 fingerprint.
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.blob).into()
    }

    /// Reads the fields behind the algorithm's name, and leaves what follows them.
    pub(crate) fn read_fields(
        algorithm: Algorithm,
        wire: &mut Cursor<'_>,
    ) -> Result<Self, KeyError> {
        let mut blob = Vec::new();
        put_string(&mut blob, algorithm.name(Form::Plain).as_bytes());
        match algorithm {
            Algorithm::Rsa => copy_rsa(wire, &mut blob)?,
            Algorithm::Dsa => {
                for _ in 0..4 {
                    put_mpint(&mut blob, wire.mpint()?);
                }
            }
            Algorithm::Ed25519 | Algorithm::SkEd25519 => copy_ed25519(wire, &mut blob)?,
            Algorithm::MlDsa44Ed25519 => copy_composite(wire, &mut blob)?,
            Algorithm::P256 | Algorithm::SkP256 => copy_ecdsa(wire, &mut blob, &P256)?,
            Algorithm::P384 => copy_ecdsa(wire, &mut blob, &P384)?,
            Algorithm::P521 => copy_ecdsa(wire, &mut blob, &P521)?,
        }
        if matches!(algorithm, Algorithm::SkEd25519 | Algorithm::SkP256) {
            put_string(&mut blob, wire.c_string()?.as_bytes());
        }
        Ok(Self {
            blob: blob.into(),
            algorithm,
        })
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} {})", self.algorithm(), hex(&self.sha256()))
    }
}

/// Why some bytes are no public key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The encoding is broken.
    #[error("the key's encoding is broken")]
    Wire(#[from] WireError),
    /// The algorithm's name is none that OpenSSH knows.
    #[error("the key's algorithm is unknown")]
    UnknownAlgorithm,
    /// A certificate stands where only a plain key can.
    #[error("a certificate stands in place of a key")]
    Certificate,
    /// A plain key stands where only a certificate can.
    #[error("a key stands in place of a certificate")]
    NoCertificate,
    /// An Ed25519 key has 32 bytes.
    #[error("an Ed25519 key of {bytes} bytes, not 32")]
    Ed25519Length {
        /// The length of the key.
        bytes: usize,
    },
    /// A pair of an ML-DSA-44 and an Ed25519 key has 1,344 bytes.
    #[error("a pair of an ML-DSA-44 and an Ed25519 key of {bytes} bytes, not {COMPOSITE_BYTES}")]
    CompositeLength {
        /// The length of the pair.
        bytes: usize,
    },
    /// An RSA modulus is shorter than OpenSSH takes.
    #[error("an RSA key of {bits} bits, OpenSSH takes at least {RSA_BITS_MIN}")]
    RsaLength {
        /// The length of the key.
        bits: u32,
    },
    /// The key names another curve than its algorithm.
    #[error("the key's curve is not its algorithm's")]
    Curve,
    /// The point is compressed, malformed or not on its curve.
    #[error("the key is no point of its curve")]
    Point,
}

/// What a key or certificate is signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Algorithm {
    Rsa,
    Dsa,
    Ed25519,
    MlDsa44Ed25519,
    P256,
    P384,
    P521,
    SkEd25519,
    SkP256,
}

/// Whether a name is a plain key's or a certificate's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    Certificate,
}

impl Algorithm {
    /// The algorithm of a name on the wire or before a base64 key, and that name.
    pub(crate) fn named(name: &[u8]) -> Result<(Self, Form, &'static str), KeyError> {
        let mut known = NAMES.iter().flat_map(|(algorithm, plain, certificate)| {
            let plain = (*algorithm, Form::Plain, *plain);
            [plain, (*algorithm, Form::Certificate, *certificate)]
        });
        known
            .find(|(_, _, known)| known.as_bytes() == name)
            .ok_or(KeyError::UnknownAlgorithm)
    }

    /// The name of a key or certificate.
    pub(crate) fn name(self, form: Form) -> &'static str {
        let names = NAMES.iter().find(|(algorithm, ..)| *algorithm == self);
        names.map_or("", |(_, plain, certificate)| match form {
            Form::Plain => plain,
            Form::Certificate => certificate,
        })
    }

    /// Of how many strings a key is made, behind its name. (An mpint is a string on the wire.)
    pub(crate) fn fields(self) -> usize {
        match self {
            Self::Ed25519 | Self::MlDsa44Ed25519 => 1,
            Self::Rsa | Self::P256 | Self::P384 | Self::P521 | Self::SkEd25519 => 2,
            Self::SkP256 => 3,
            Self::Dsa => 4,
        }
    }
}

/// The bits of a number of big-endian bytes.
#[must_use]
pub fn bit_length(number: &[u8]) -> u32 {
    let mut bytes = number.iter().skip_while(|byte| **byte == 0);
    let Some(first) = bytes.next() else { return 0 };
    let rest = u32::try_from(bytes.count()).unwrap_or(u32::MAX);
    rest.saturating_mul(8)
        .saturating_add(8)
        .saturating_sub(first.leading_zeros())
}

/// A curve of ECDSA: its name and its test of a point.
struct Curve {
    name: &'static [u8],
    holds: fn(&[u8]) -> bool,
}

fn copy_rsa(wire: &mut Cursor<'_>, blob: &mut Vec<u8>) -> Result<(), KeyError> {
    let exponent = wire.mpint()?;
    let modulus = wire.mpint()?;
    let bits = bit_length(modulus);
    if bits < RSA_BITS_MIN {
        return Err(KeyError::RsaLength { bits });
    }
    put_mpint(blob, exponent);
    put_mpint(blob, modulus);
    Ok(())
}

fn copy_ed25519(wire: &mut Cursor<'_>, blob: &mut Vec<u8>) -> Result<(), KeyError> {
    let key = wire.string()?;
    if key.len() != 32 {
        return Err(KeyError::Ed25519Length { bytes: key.len() });
    }
    put_string(blob, key);
    Ok(())
}

/// The two keys are carried as they are: that they are keys is for who certifies them to see.
fn copy_composite(wire: &mut Cursor<'_>, blob: &mut Vec<u8>) -> Result<(), KeyError> {
    let pair = wire.string()?;
    if pair.len() != COMPOSITE_BYTES {
        return Err(KeyError::CompositeLength { bytes: pair.len() });
    }
    put_string(blob, pair);
    Ok(())
}

fn copy_ecdsa(wire: &mut Cursor<'_>, blob: &mut Vec<u8>, curve: &Curve) -> Result<(), KeyError> {
    if wire.c_string()?.as_bytes() != curve.name {
        return Err(KeyError::Curve);
    }
    let point = wire.string()?;
    if point.first() != Some(&UNCOMPRESSED) || !(curve.holds)(point) {
        return Err(KeyError::Point);
    }
    put_string(blob, curve.name);
    put_string(blob, point);
    Ok(())
}

const P256: Curve = Curve {
    name: b"nistp256",
    holds: |point| p256::PublicKey::from_sec1_bytes(point).is_ok(),
};
const P384: Curve = Curve {
    name: b"nistp384",
    holds: |point| p384::PublicKey::from_sec1_bytes(point).is_ok(),
};
const P521: Curve = Curve {
    name: b"nistp521",
    holds: |point| p521::PublicKey::from_sec1_bytes(point).is_ok(),
};
/// The first byte of a point that states both coordinates (SEC 1, 2.3.3).
const UNCOMPRESSED: u8 = 4;
const RSA_BITS_MIN: u32 = 1_024;
/// FIPS 204, table 2, and RFC 8032, 5.1.5: 1,312 bytes and 32.
const COMPOSITE_BYTES: usize = 1_344;

/// Every algorithm with its name and that of its certificates; the first row is the one that
/// is written.
const NAMES: &[(Algorithm, &str, &str)] = &[
    (
        Algorithm::Ed25519,
        "ssh-ed25519",
        "ssh-ed25519-cert-v01@openssh.com",
    ),
    (
        Algorithm::P256,
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    ),
    (
        Algorithm::P384,
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    ),
    (
        Algorithm::P521,
        "ecdsa-sha2-nistp521",
        "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    ),
    (Algorithm::Rsa, "ssh-rsa", "ssh-rsa-cert-v01@openssh.com"),
    (
        Algorithm::SkEd25519,
        "sk-ssh-ed25519@openssh.com",
        "sk-ssh-ed25519-cert-v01@openssh.com",
    ),
    (
        Algorithm::SkP256,
        "sk-ecdsa-sha2-nistp256@openssh.com",
        "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
    ),
    (
        Algorithm::MlDsa44Ed25519,
        "ssh-mldsa44-ed25519@openssh.com",
        "ssh-mldsa44-ed25519-cert-v01@openssh.com",
    ),
    (Algorithm::Dsa, "ssh-dss", "ssh-dss-cert-v01@openssh.com"),
    // OpenSSH lets these signature names stand for an RSA key.
    (
        Algorithm::Rsa,
        "rsa-sha2-256",
        "rsa-sha2-256-cert-v01@openssh.com",
    ),
    (
        Algorithm::Rsa,
        "rsa-sha2-512",
        "rsa-sha2-512-cert-v01@openssh.com",
    ),
];
