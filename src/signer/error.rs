//! Why a signer cannot be opened, or does not sign.

use std::fmt;
use std::path::PathBuf;

use super::KeyAlgorithm;
use super::agent::AgentFault;
use super::file::KeyFileFault;
use super::pkcs11::{Fault, PublicKeyError};
use super::yubikey::setup::ManagementKeyAlgorithm;
use super::yubikey::{CardFault, Firmware, Slot};
use crate::secret::PinError;

/// Why a key cannot be opened, made or used.
///
/// Names the fault and the device; holds no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// The module's file is not there.
    #[error("there is no PKCS#11 module {}", path.display())]
    ModuleMissing {
        /// The path that was named.
        path: PathBuf,
    },
    /// The file is there, and is no PKCS#11 module.
    #[error("{} is not a PKCS#11 module: {reason}", path.display())]
    NotAModule {
        /// The path that was named.
        path: PathBuf,
        /// The dynamic loader's word.
        reason: String,
    },
    /// The module does not start.
    #[error("PKCS#11 module {} does not start", path.display())]
    ModuleStart {
        /// The module's path.
        path: PathBuf,
        /// What it answered.
        source: Fault,
    },
    /// No token matches.
    #[error("no token matches {wanted}; seen: {seen}")]
    NoToken {
        /// The locator.
        wanted: String,
        /// The tokens that are there.
        seen: Seen,
    },
    /// More than one token matches.
    #[error("more than one token matches {wanted}: {seen}")]
    SeveralTokens {
        /// The locator.
        wanted: String,
        /// Those that match.
        seen: Seen,
    },
    /// There is no PIN to try.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// The device refused the PIN.
    #[error("{device}: wrong PIN, tried once; {tries}")]
    WrongPin {
        /// The device.
        device: String,
        /// What it says of the tries that are left.
        tries: PinTries,
    },
    /// The PIN is locked.
    #[error("{device}: the PIN is locked")]
    PinLocked {
        /// The device.
        device: String,
    },
    /// The token has no user PIN yet.
    #[error("{device}: no user PIN was ever set")]
    PinNotSet {
        /// The device.
        device: String,
    },
    /// The PIN must be changed first.
    #[error("{device}: the PIN has expired and must be changed first")]
    PinExpired {
        /// The device.
        device: String,
    },
    /// The locator names a token, but no key in it.
    #[error("the locator names no key: it has neither object nor id")]
    NoKeyNamed,
    /// No private key matches.
    #[error("{device}: no private key matches {wanted}; seen: {seen}")]
    NoKey {
        /// The device.
        device: String,
        /// The locator.
        wanted: String,
        /// The private keys that are there.
        seen: Seen,
    },
    /// More than one private key matches.
    #[error("{device}: more than one private key matches {wanted}: {seen}")]
    SeveralKeys {
        /// The device.
        device: String,
        /// The locator.
        wanted: String,
        /// Those that match.
        seen: Seen,
    },
    /// The public half cannot be told for sure.
    #[error("{device}: {key} shares its id with another key, so its public key cannot be told")]
    AmbiguousPublicKey {
        /// The device.
        device: String,
        /// The key.
        key: String,
    },
    /// The public half is malformed, or of a kind that SSH does not know.
    #[error("{device}: public key of {key}")]
    PublicKey {
        /// The device.
        device: String,
        /// The key.
        key: String,
        /// What is wrong with it.
        source: PublicKeyError,
    },
    /// The key may not sign.
    #[error("{device}: {key} is not allowed to sign (CKA_SIGN)")]
    KeyCannotSign {
        /// The device.
        device: String,
        /// The key.
        key: String,
    },
    /// An RSA key that no CA may use today.
    #[error("{device}: {key} is an RSA key of {bits} bits, a CA needs at least {RSA_MIN_BITS}")]
    RsaTooShort {
        /// The device.
        device: String,
        /// The key.
        key: String,
        /// Its size.
        bits: u32,
    },
    /// A key that wants its PIN for each signature, behind a module that hides its sessions.
    #[error("{device}: this module cannot ask for the PIN at each signature")]
    PinPerSignature {
        /// The device.
        device: String,
    },
    /// A build without the feature `yubikey`.
    #[error("this build of punchmark leaves out YubiKeys")]
    YubiKeyLeftOut,
    /// There is a key in the slot, and it was not named as one to replace.
    #[error("{device}: slot {slot} has a key, {fingerprint}")]
    SlotTaken {
        /// The device.
        device: String,
        /// The slot.
        slot: Slot,
        /// Its key's fingerprint.
        fingerprint: String,
    },
    /// The card takes no such key from outside.
    #[error("{device} (firmware {firmware}) takes no key of type {key} from a file")]
    CardCannotImport {
        /// The device.
        device: String,
        /// Its firmware.
        firmware: Firmware,
        /// The key's type and size.
        key: String,
    },
    /// The key that the card shows after the import is not the one that was sent.
    #[error("{device}: slot {slot} shows another key than the one that was imported")]
    ImportedOther {
        /// The device.
        device: String,
        /// The slot.
        slot: Slot,
    },
    /// The card refused the PUK.
    #[error("{device}: wrong PUK, tried once; {tries}")]
    WrongPuk {
        /// The device.
        device: String,
        /// What it says of the tries that are left.
        tries: PinTries,
    },
    /// Firmware that knows no management key for this cipher.
    #[error("{device}: firmware {firmware} knows no management key for {algorithm}")]
    ManagementKeyAlgorithm {
        /// The device.
        device: String,
        /// Its firmware.
        firmware: Firmware,
        /// The cipher.
        algorithm: ManagementKeyAlgorithm,
    },
    /// What the card keeps behind its PIN was not written by a program that is known.
    #[error("{device}: object {object} holds something else than a management key's record")]
    CardObjectTaken {
        /// The device.
        device: String,
        /// The object's number in hexadecimal.
        object: &'static str,
    },
    /// Firmware before 5.3, which doesn't tell an empty slot from an imported key.
    #[error("{device}: firmware {firmware} does not tell whether slot {slot} has an imported key")]
    SlotUntold {
        /// The device.
        device: String,
        /// The slot.
        slot: Slot,
        /// Its firmware.
        firmware: Firmware,
    },
    /// The card knows no key of this kind.
    #[error("{device} (firmware {firmware}) cannot make a key of type {algorithm}")]
    CardCannotGenerate {
        /// The device.
        device: String,
        /// Its firmware.
        firmware: Firmware,
        /// The kind that was asked for.
        algorithm: KeyAlgorithm,
    },
    /// No management key was given, and the card keeps none behind its PIN.
    #[error("{device} keeps no management key behind its PIN")]
    ManagementKeyMissing {
        /// The device.
        device: String,
    },
    /// The card has another management key.
    #[error("{device} has another management key")]
    ManagementKeyRefused {
        /// The device.
        device: String,
    },
    /// What was given is no management key.
    #[error("a management key has 32, 48 or 64 hexadecimal digits")]
    ManagementKeyForm,
    /// `init` and `import` put a key into hardware.
    #[error("a key is neither made in nor brought into an ssh-agent or a file")]
    MadeElsewhere,
    /// A key in software, and nobody said that this may be.
    #[error("{locator} is a key in software, which nothing keeps from being copied")]
    Software {
        /// Where it is.
        locator: String,
    },
    /// An agent fails.
    #[error("{device}")]
    Agent {
        /// The key.
        device: String,
        /// What is wrong.
        source: AgentFault,
    },
    /// A private key file cannot be used.
    #[error("{device}")]
    KeyFile {
        /// The file.
        device: String,
        /// What is wrong with it.
        source: KeyFileFault,
    },
    /// A card, or what stands before it, fails.
    #[error("{device}")]
    Card {
        /// The device.
        device: String,
        /// What it answered.
        source: CardFault,
    },
    /// A PIN that the device would not take; it was not tried.
    #[error("{device}: a PIN has {least} to {most} characters; this one was not tried")]
    PinLength {
        /// The device.
        device: String,
        /// The length of its shortest PIN.
        least: usize,
        /// The length of its longest PIN.
        most: usize,
    },
    /// The token is open already, by another PIN.
    #[error("{device} is open already, by another PIN; this one was not tried")]
    OtherPin {
        /// The device.
        device: String,
    },
    /// The same PIN was refused before in this run.
    #[error("{device}: this PIN was refused before; it was not tried again")]
    PinRefusedBefore {
        /// The device.
        device: String,
    },
    /// The card waited for a finger in vain.
    #[error("{device} was not touched in time")]
    TouchTimeout {
        /// The device.
        device: String,
    },
    /// A message that can't be sent to a card.
    #[error("{device} cannot be sent a message of {length} bytes to sign with Ed25519")]
    MessageLength {
        /// The device.
        device: String,
        /// How long the message is.
        length: usize,
    },
    /// The locator for a new key names no label.
    #[error("a new key needs a label: the locator has no object")]
    LabelMissing,
    /// There is an object with this label.
    #[error("{device}: the label {label:?} is taken")]
    LabelTaken {
        /// The device.
        device: String,
        /// The label.
        label: String,
    },
    /// There is an object with this id.
    #[error("{device}: the id {id} is taken")]
    IdTaken {
        /// The device.
        device: String,
        /// The id in hexadecimal.
        id: String,
    },
    /// The device cannot make such a key.
    #[error("{device} cannot make a key of type {algorithm}")]
    CannotGenerate {
        /// The device.
        device: String,
        /// The kind that was asked for.
        algorithm: KeyAlgorithm,
        /// What it answered.
        source: Fault,
    },
    /// The new key came out other than asked for; it was removed.
    #[error("{device}: the new key is not sensitive or is extractable, it was removed again")]
    NotProtected {
        /// The device.
        device: String,
    },
    /// A kind of private key that cannot be brought in.
    #[error("a private key of type {algorithm} cannot be imported")]
    CannotImport {
        /// Its kind.
        algorithm: String,
    },
    /// The public half in a key file is not that of its private half.
    #[error("the two halves of the private key's file are no pair")]
    HalvesDiffer,
    /// An object that should be removed is still there.
    #[error("{device}: {key} was made in part, and the rest could not be removed")]
    Leftover {
        /// The device.
        device: String,
        /// The key.
        key: String,
        /// What the device answered.
        source: Fault,
    },
    /// The device refused a call.
    #[error("{device}")]
    Call {
        /// The device.
        device: String,
        /// What it answered.
        source: Fault,
    },
    /// What the device gave is no signature.
    #[error("{device}: malformed signature")]
    Signature {
        /// The device.
        device: String,
        /// What is wrong with it.
        source: SignatureError,
    },
    /// The device does not come back.
    #[error("{device} is gone")]
    DeviceGone {
        /// The device.
        device: String,
        /// The last attempt's fault.
        #[source]
        source: Box<SignerError>,
    },
    /// After a failure, the device showed another key under the same name.
    #[error("{device}: the key is another one than at the start of the run")]
    KeyChanged {
        /// The device.
        device: String,
    },
}

impl SignerError {
    /// Whether no later signature of this run can work. Only what concerns one message alone
    /// leaves hope.
    pub fn ends_the_run(&self) -> bool {
        match self {
            Self::Call { source, .. } => !source.is_about_message(),
            Self::Signature { .. } | Self::MessageLength { .. } => false,
            _ => true,
        }
    }
}

impl SignerError {
    /// Whether it says that the device refuses the PIN: it is shown no more.
    pub(super) fn is_about_pin(&self) -> bool {
        matches!(
            self,
            Self::WrongPin { .. }
                | Self::PinLocked { .. }
                | Self::PinExpired { .. }
                | Self::PinNotSet { .. }
        )
    }
}

/// Why bytes from a device are no signature.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// Not as long as the key's type calls for.
    #[error("{length} bytes, where {expected} are expected")]
    Length {
        /// What the key's type calls for.
        expected: usize,
        /// What there is.
        length: usize,
    },
    /// Half of an ECDSA signature is zero.
    #[error("r or s is zero")]
    Zero,
    /// An ECDSA signature that is not in DER.
    #[error("it is not in DER")]
    Form,
    /// SSH's form cannot be made.
    #[error(transparent)]
    Encoding(ssh_key::Error),
}

/// What a device says of the PIN tries that are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinTries {
    /// Some.
    #[error("the token says this was not the last try")]
    Left,
    /// One.
    #[error("the token says only one try is left")]
    OneLeft,
    /// None.
    #[error("the token says the PIN is now locked")]
    NoneLeft,
    /// So many.
    #[error("the token says {0} tries are left")]
    Counted(u8),
    /// It does not say.
    #[error("the token does not say how many tries are left")]
    Untold,
}

impl PinTries {
    /// What a device that counts says.
    #[cfg(feature = "yubikey")]
    pub(super) fn of(tries: u8) -> Self {
        match tries {
            0 => Self::NoneLeft,
            1 => Self::OneLeft,
            some => Self::Counted(some),
        }
    }
}

/// What was seen in the place of what was looked for; shows at most 16 of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen(pub(super) Vec<String>);

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        let shown: Vec<&str> = self.0.iter().map(String::as_str).take(SEEN_MAX).collect();
        f.write_str(&shown.join(", "))?;
        match self.0.len().saturating_sub(SEEN_MAX) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

const SEEN_MAX: usize = 16;

/// The shortest RSA modulus of a CA key, in bits.
pub(super) const RSA_MIN_BITS: u32 = 2048;
