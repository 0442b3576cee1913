//! Public keys as a KRL names them: by their wire form.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::wire::{Wire, WireError, put_mpint, put_string};

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
        let mut wire = Wire::new(blob);
        let (algorithm, form) = Algorithm::named(wire.c_string()?.as_bytes())?;
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
        self.algorithm.names().0
    }

    /// The name of a certificate for this key, as in
    /// `ssh-ed25519-cert-v01@openssh.com`.
    pub(super) fn certificate_algorithm(&self) -> &'static str {
        self.algorithm.names().1
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
    pub(super) fn read_fields(algorithm: Algorithm, wire: &mut Wire<'_>) -> Result<Self, KeyError> {
        let mut blob = Vec::new();
        put_string(&mut blob, algorithm.names().0.as_bytes());
        match algorithm {
            Algorithm::Rsa => copy_rsa(wire, &mut blob)?,
            Algorithm::Dsa => {
                for _ in 0..4 {
                    put_mpint(&mut blob, wire.mpint()?);
                }
            }
            Algorithm::Ed25519 | Algorithm::SkEd25519 => copy_ed25519(wire, &mut blob)?,
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
        write!(f, "PublicKey({} ", self.algorithm())?;
        for byte in self.sha256() {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
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
        /// Its length.
        bytes: usize,
    },
    /// An RSA modulus is shorter than OpenSSH takes.
    #[error("an RSA key of {bits} bits, OpenSSH takes at least {RSA_BITS_MIN}")]
    RsaLength {
        /// Its length.
        bits: usize,
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
pub(super) enum Algorithm {
    Rsa,
    Dsa,
    Ed25519,
    P256,
    P384,
    P521,
    SkEd25519,
    SkP256,
}

/// Whether a name is a plain key's or a certificate's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    Certificate,
}

impl Algorithm {
    /// The algorithm of a name on the wire or before a base64 key.
    pub(super) fn named(name: &[u8]) -> Result<(Self, Form), KeyError> {
        match name {
            // OpenSSH lets these signature names stand for an RSA key.
            b"rsa-sha2-256" | b"rsa-sha2-512" => return Ok((Self::Rsa, Form::Plain)),
            b"rsa-sha2-256-cert-v01@openssh.com" | b"rsa-sha2-512-cert-v01@openssh.com" => {
                return Ok((Self::Rsa, Form::Certificate));
            }
            _ => {}
        }
        for algorithm in Self::ALL {
            let (plain, certificate) = algorithm.names();
            if name == plain.as_bytes() {
                return Ok((algorithm, Form::Plain));
            }
            if name == certificate.as_bytes() {
                return Ok((algorithm, Form::Certificate));
            }
        }
        Err(KeyError::UnknownAlgorithm)
    }

    /// The names of a plain key and of a certificate.
    pub(super) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Rsa => ("ssh-rsa", "ssh-rsa-cert-v01@openssh.com"),
            Self::Dsa => ("ssh-dss", "ssh-dss-cert-v01@openssh.com"),
            Self::Ed25519 => ("ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com"),
            Self::P256 => (
                "ecdsa-sha2-nistp256",
                "ecdsa-sha2-nistp256-cert-v01@openssh.com",
            ),
            Self::P384 => (
                "ecdsa-sha2-nistp384",
                "ecdsa-sha2-nistp384-cert-v01@openssh.com",
            ),
            Self::P521 => (
                "ecdsa-sha2-nistp521",
                "ecdsa-sha2-nistp521-cert-v01@openssh.com",
            ),
            Self::SkEd25519 => (
                "sk-ssh-ed25519@openssh.com",
                "sk-ssh-ed25519-cert-v01@openssh.com",
            ),
            Self::SkP256 => (
                "sk-ecdsa-sha2-nistp256@openssh.com",
                "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
            ),
        }
    }

    /// The name of a key or certificate.
    pub(super) fn name(self, form: Form) -> &'static str {
        let (plain, certificate) = self.names();
        match form {
            Form::Plain => plain,
            Form::Certificate => certificate,
        }
    }

    const ALL: [Self; 8] = [
        Self::Ed25519,
        Self::Rsa,
        Self::P256,
        Self::P384,
        Self::P521,
        Self::SkEd25519,
        Self::SkP256,
        Self::Dsa,
    ];
}

/// A curve of ECDSA: its name and its test of a point.
struct Curve {
    name: &'static [u8],
    holds: fn(&[u8]) -> bool,
}

fn copy_rsa(wire: &mut Wire<'_>, blob: &mut Vec<u8>) -> Result<(), KeyError> {
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

/// The bits of a magnitude without leading zeros.
fn bit_length(magnitude: &[u8]) -> usize {
    match magnitude {
        [] => 0,
        [first, rest @ ..] => {
            let top = (0..8).filter(|bit| first >> bit != 0).count();
            rest.len() * 8 + top
        }
    }
}

fn copy_ed25519(wire: &mut Wire<'_>, blob: &mut Vec<u8>) -> Result<(), KeyError> {
    let key = wire.string()?;
    if key.len() != 32 {
        return Err(KeyError::Ed25519Length { bytes: key.len() });
    }
    put_string(blob, key);
    Ok(())
}

fn copy_ecdsa(wire: &mut Wire<'_>, blob: &mut Vec<u8>, curve: &Curve) -> Result<(), KeyError> {
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
const RSA_BITS_MIN: usize = 1_024;
