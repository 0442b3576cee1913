//! Authenticator data (WebAuthn Level 2, 6.1), and the credential's key in it.

use ssh_key::public::KeyData;

use super::super::cbor::Reader;
use super::FidoError;
use crate::wire::{Cursor, WireError};

/// What a security key says of itself and of a new credential.
pub(super) struct AuthenticatorData<'a> {
    /// SHA-256 of the application.
    pub(super) application: &'a [u8],
    pub(super) flags: Flags,
    /// The model, and for old U2F keys zeros.
    pub(super) aaguid: &'a [u8; 16],
    pub(super) credential: &'a [u8],
    pub(super) key: CredentialKey<'a>,
}

/// The byte of flags.
#[derive(Clone, Copy)]
pub(super) struct Flags(u8);

/// A credential's public key, as COSE has it (RFC 9053, 7).
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CredentialKey<'a> {
    /// ES256: a point of P-256.
    P256 { x: &'a [u8; 32], y: &'a [u8; 32] },
    /// EdDSA: a point of Ed25519.
    Ed25519 { x: &'a [u8; 32] },
}

impl<'a> AuthenticatorData<'a> {
    /// Reads it to its last byte; a credential must be in it.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, FidoError> {
        let mut input = Cursor::new(bytes);
        let application = input.bytes(32).map_err(short)?;
        let flags = Flags(input.byte().map_err(short)?);
        let _counter = input.u32().map_err(short)?;
        flags.check()?;
        let aaguid = input.array().map_err(short)?;
        let length = input.u16().map_err(short)?;
        let credential = input.bytes(length.into()).map_err(short)?;
        let mut reader = Reader::new(input.rest());
        let key = CredentialKey::read(&mut reader)?;
        if flags.has(EXTENSIONS) {
            reader.skip()?;
        }
        match reader.rest() {
            [] => Ok(Self {
                application,
                flags,
                aaguid,
                credential,
                key,
            }),
            _ => Err(FidoError::Data("there is something behind it")),
        }
    }
}

impl Flags {
    /// Whether the PIN or a finger was asked for when the key was made.
    pub(super) fn user_verified(self) -> bool {
        self.has(USER_VERIFIED)
    }

    fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }

    fn check(self) -> Result<(), FidoError> {
        match self {
            _ if self.has(BACKUP_ELIGIBLE | BACKED_UP) => Err(FidoError::Backup),
            _ if !self.has(USER_PRESENT) => Err(FidoError::NobodyPresent),
            _ if !self.has(CREDENTIAL) => Err(FidoError::Data("there is no credential in it")),
            _ if self.has(RESERVED) => Err(FidoError::Data("a reserved flag is set")),
            _ => Ok(()),
        }
    }
}

impl<'a> CredentialKey<'a> {
    /// One COSE map with exactly the members of its type, each once.
    fn read(reader: &mut Reader<'a>) -> Result<Self, FidoError> {
        let pairs = reader.map()?;
        if pairs > MOST_MEMBERS {
            return Err(FidoError::Data("its key has more members than any"));
        }
        let mut members = Members::default();
        for _ in 0..pairs {
            members.read_one(reader)?;
        }
        members.key()
    }

    /// The key as U2F writes it, which is an uncompressed point; none for a key that U2F has not.
    pub(super) fn point(&self) -> Option<Vec<u8>> {
        match self {
            Self::P256 { x, y } => Some([&[4], &x[..], &y[..]].concat()),
            Self::Ed25519 { .. } => None,
        }
    }

    /// Whether it is the key in `key`, whose application is not compared.
    pub(super) fn is_in(&self, key: &KeyData) -> bool {
        match (self, key) {
            (Self::P256 { .. }, KeyData::SkEcdsaSha2NistP256(sk)) => {
                self.point().as_deref() == Some(sk.ec_point().as_bytes())
            }
            (Self::Ed25519 { x }, KeyData::SkEd25519(sk)) => sk.public_key().as_ref() == &x[..],
            _ => false,
        }
    }
}

/// The members of a COSE key that are known, by their labels.
#[derive(Default)]
struct Members<'a> {
    kind: Option<i64>,
    algorithm: Option<i64>,
    curve: Option<i64>,
    x: Option<&'a [u8; 32]>,
    y: Option<&'a [u8; 32]>,
}

impl<'a> Members<'a> {
    fn read_one(&mut self, reader: &mut Reader<'a>) -> Result<(), FidoError> {
        let fresh = match reader.integer()? {
            1 => self.kind.replace(reader.integer()?).is_none(),
            3 => self.algorithm.replace(reader.integer()?).is_none(),
            -1 => self.curve.replace(reader.integer()?).is_none(),
            -2 => self.x.replace(coordinate(reader)?).is_none(),
            -3 => self.y.replace(coordinate(reader)?).is_none(),
            _ => false,
        };
        if fresh {
            Ok(())
        } else {
            Err(FidoError::Data(
                "a member of its key is unknown or twice there",
            ))
        }
    }

    /// kty 2 (EC2) with ES256 on P-256, or kty 1 (OKP) with EdDSA on Ed25519.
    fn key(self) -> Result<CredentialKey<'a>, FidoError> {
        match (self.kind, self.algorithm, self.curve, self.x, self.y) {
            (Some(2), Some(-7), Some(1), Some(x), Some(y)) => Ok(CredentialKey::P256 { x, y }),
            (Some(1), Some(-8), Some(6), Some(x), None) => Ok(CredentialKey::Ed25519 { x }),
            _ => Err(FidoError::Data("its key is neither ES256 nor Ed25519")),
        }
    }
}

fn coordinate<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8; 32], FidoError> {
    let bytes = reader.bytes()?.try_into();
    bytes.map_err(|_length| FidoError::Data("a coordinate has not 32 bytes"))
}

fn short(_: WireError) -> FidoError {
    FidoError::Data("it is cut short")
}

/// A key of ES256 has five.
const MOST_MEMBERS: u64 = 5;

const USER_PRESENT: u8 = 1 << 0;
const RESERVED: u8 = 1 << 1 | 1 << 5;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const CREDENTIAL: u8 = 1 << 6;
const EXTENSIONS: u8 = 1 << 7;
