//! Takes apart any OpenSSH certificate, also one that Punchmark would never make.
//!
//! For `show`, for KRLs, and for what comes back from a signer. Nothing is interpreted:
//! text stays bytes, an option keeps its data as it was, and the blob is kept whole, so that
//! the signature is checked over what was really signed. (ssh-key's own reader encodes again
//! what it read, and so can't check what it would have written otherwise.)

use ssh_encoding::Decode;
use ssh_key::public::KeyData;

use super::{Algorithm, Cursor, Form, WireError, put_string};

/// A certificate as it was read; nothing in it is believed.
///
/// PROTOCOL.certkeys; every key type that had certificates of version 1, DSA included.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RawCertificate {
    blob: Vec<u8>,
    signed_len: usize,
    algorithm: &'static str,
    nonce: Vec<u8>,
    public_key: Vec<u8>,
    serial: u64,
    kind: u32,
    key_id: Vec<u8>,
    principals: Vec<Vec<u8>>,
    valid_after: u64,
    valid_before: u64,
    critical: Vec<RawOption>,
    extensions: Vec<RawOption>,
    reserved: Vec<u8>,
    ca_key: Vec<u8>,
    signature: Vec<u8>,
}

impl RawCertificate {
    /// Reads a certificate in wire form.
    ///
    /// # Errors
    /// If it is longer than 64 KiB, not a certificate of a known type, cut short, followed by
    /// anything, or has more than 256 principals.
    pub fn from_blob(blob: &[u8]) -> Result<Self, ReadError> {
        if blob.len() > MAX_LEN {
            return Err(ReadError::TooLong { length: blob.len() });
        }
        let input = &mut Cursor::new(blob);
        let (algorithm, name) = certified(string(input, "type")?)?;
        let nonce = string(input, "nonce")?.to_vec();
        let public_key = read_key(algorithm, input)?;
        let certificate = Self {
            algorithm: name,
            nonce,
            public_key,
            serial: input.u64().map_err(within("serial"))?,
            kind: input.u32().map_err(within("certificate type"))?,
            key_id: string(input, "key ID")?.to_vec(),
            principals: principals(string(input, "principals")?)?,
            valid_after: input.u64().map_err(within("valid after"))?,
            valid_before: input.u64().map_err(within("valid before"))?,
            critical: options(string(input, "critical options")?, "critical options")?,
            extensions: options(string(input, "extensions")?, "extensions")?,
            reserved: string(input, "reserved")?.to_vec(),
            ca_key: string(input, "CA key")?.to_vec(),
            signed_len: blob.len().saturating_sub(input.rest().len()),
            signature: string(input, "signature")?.to_vec(),
            blob: blob.to_vec(),
        };
        match input.rest().len() {
            0 => Ok(certificate),
            length => Err(ReadError::Trailing { length }),
        }
    }

    /// Reads the part that a CA signs, as a certificate without a signature.
    ///
    /// # Errors
    /// For the same reasons as [`Self::from_blob`].
    pub fn of_to_be_signed(bytes: &[u8]) -> Result<Self, ReadError> {
        // The signature is a string, and this one is empty.
        Self::from_blob(&[bytes, &[0; 4]].concat())
    }

    /// The whole certificate in wire form.
    #[must_use]
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// What the CA signed: all before the signature.
    #[must_use]
    pub fn signed(&self) -> &[u8] {
        self.blob.get(..self.signed_len).unwrap_or_default()
    }

    /// The name of the certificate's type, such as `ssh-ed25519-cert-v01@openssh.com`.
    #[must_use]
    pub fn algorithm(&self) -> &'static str {
        self.algorithm
    }

    /// What makes the signed message unpredictable.
    #[must_use]
    pub fn nonce(&self) -> &[u8] {
        &self.nonce
    }

    /// The certified key in the wire form of a plain public key.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// The certified key, if it is in the form of its type.
    #[must_use]
    pub fn subject_key(&self) -> Option<KeyData> {
        key_data(&self.public_key)
    }

    /// The serial, which may be 0.
    #[must_use]
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// 1 for a user certificate, 2 for a host certificate; else not known to OpenSSH.
    #[must_use]
    pub fn kind(&self) -> u32 {
        self.kind
    }

    /// The key ID, of any bytes.
    #[must_use]
    pub fn key_id(&self) -> &[u8] {
        &self.key_id
    }

    /// The names, of any bytes; none may mean anybody.
    #[must_use]
    pub fn principals(&self) -> &[Vec<u8>] {
        &self.principals
    }

    /// The first second in which it is valid; 0 is "always".
    #[must_use]
    pub fn valid_after(&self) -> u64 {
        self.valid_after
    }

    /// The first second in which it is no longer valid; 2^64 - 1 is "forever".
    #[must_use]
    pub fn valid_before(&self) -> u64 {
        self.valid_before
    }

    /// What a server must understand, in the order of the certificate.
    #[must_use]
    pub fn critical(&self) -> &[RawOption] {
        &self.critical
    }

    /// What a server may ignore, in the order of the certificate.
    #[must_use]
    pub fn extensions(&self) -> &[RawOption] {
        &self.extensions
    }

    /// A field that has no meaning yet; OpenSSH writes nothing and ignores it.
    #[must_use]
    pub fn reserved(&self) -> &[u8] {
        &self.reserved
    }

    /// The CA's public key in wire form; may be a certificate, which OpenSSH refuses.
    #[must_use]
    pub fn ca_key(&self) -> &[u8] {
        &self.ca_key
    }

    /// The CA's public key, if it is in the form of its type.
    #[must_use]
    pub fn signing_key(&self) -> Option<KeyData> {
        key_data(&self.ca_key)
    }

    /// The CA's signature in wire form.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

/// A critical option or extension as it stands in a certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RawOption {
    name: Vec<u8>,
    data: Vec<u8>,
}

impl RawOption {
    /// The name, of any bytes.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// The data: nothing for a flag, a string in wire form for a value, or anything.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// What the data means where OpenSSH made it.
    #[must_use]
    pub fn value(&self) -> OptionValue<'_> {
        let mut input = Cursor::new(&self.data);
        if input.is_empty() {
            return OptionValue::Flag;
        }
        match input.string() {
            Ok(value) if input.is_empty() => OptionValue::Value(value),
            _ => OptionValue::Opaque,
        }
    }
}

/// The data of an option.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OptionValue<'a> {
    /// No data.
    Flag,
    /// One string, which may be empty.
    Value(&'a [u8]),
    /// Something else.
    Opaque,
}

/// Why bytes are no certificate.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ReadError {
    /// Larger than any certificate.
    #[error("certificate of {length} bytes is longer than {MAX_LEN}")]
    TooLong {
        /// How many bytes the certificate has.
        length: usize,
    },
    /// A plain key, another version, or no SSH key at all.
    #[error("{0:?} is no type of certificate")]
    Type(String),
    /// A field that is not there, or whose length goes past the end.
    #[error("certificate ends within its {0}")]
    Truncated(&'static str),
    /// Bytes behind the signature.
    #[error("{length} bytes stand behind the certificate")]
    Trailing {
        /// How many.
        length: usize,
    },
    /// More than OpenSSH reads.
    #[error("certificate has more than {MAX_PRINCIPALS} principals")]
    TooManyPrincipals,
}

/// The type of a certificate, and its name as it stands in it.
fn certified(name: &[u8]) -> Result<(Algorithm, &'static str), ReadError> {
    match Algorithm::named(name) {
        Ok((algorithm, Form::Certificate, name)) => Ok((algorithm, name)),
        _ => {
            let shown = name.get(..name.len().min(64)).unwrap_or_default();
            Err(ReadError::Type(String::from_utf8_lossy(shown).into_owned()))
        }
    }
}

/// Reads the key's fields and gives them the name that they have without a certificate.
fn read_key(algorithm: Algorithm, input: &mut Cursor<'_>) -> Result<Vec<u8>, ReadError> {
    let mut blob = Vec::new();
    put_string(&mut blob, algorithm.name(Form::Plain).as_bytes());
    for _ in 0..algorithm.fields() {
        put_string(&mut blob, string(input, "public key")?);
    }
    Ok(blob)
}

fn string<'a>(input: &mut Cursor<'a>, field: &'static str) -> Result<&'a [u8], ReadError> {
    input.string().map_err(within(field))
}

/// Strings and numbers can only be cut short.
fn within(field: &'static str) -> impl FnOnce(WireError) -> ReadError {
    move |_short| ReadError::Truncated(field)
}

fn key_data(blob: &[u8]) -> Option<KeyData> {
    let input = &mut &*blob;
    let key = KeyData::decode(input).ok()?;
    input.is_empty().then_some(key)
}

fn principals(list: &[u8]) -> Result<Vec<Vec<u8>>, ReadError> {
    let mut input = Cursor::new(list);
    let mut principals = Vec::new();
    while !input.is_empty() {
        if principals.len() == MAX_PRINCIPALS {
            return Err(ReadError::TooManyPrincipals);
        }
        principals.push(string(&mut input, "principals")?.to_vec());
    }
    Ok(principals)
}

fn options(list: &[u8], field: &'static str) -> Result<Vec<RawOption>, ReadError> {
    let mut input = Cursor::new(list);
    let mut options = Vec::new();
    while !input.is_empty() {
        let name = string(&mut input, field)?.to_vec();
        let data = string(&mut input, field)?.to_vec();
        options.push(RawOption { name, data });
    }
    Ok(options)
}

/// The longest certificate that is read, in bytes: more than 256 principals of 128 bytes and an
/// RSA key of 16384 bits take.
pub const MAX_LEN: usize = 64 * 1024;

/// `SSHKEY_CERT_MAX_PRINCIPALS` of OpenSSH.
const MAX_PRINCIPALS: usize = 256;
