//! Why a private key file cannot be used.

/// Why a private key file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileFault {
    /// It cannot be read.
    #[error("it cannot be read")]
    File(#[from] std::io::Error),
    /// A folder, a pipe or a device.
    #[error("it is not a regular file")]
    NotRegular,
    /// ssh would not use it either.
    #[error("others can read it (mode {mode:04o})")]
    OpenToOthers {
        /// The permission bits of the file.
        mode: u32,
    },
    /// More than any key.
    #[error("it has more than {KEY_FILE_MAX} bytes")]
    TooLong,
    /// Another format, or damaged.
    #[error("it is no private key in OpenSSH's form")]
    Form,
    /// The passphrase doesn't open it.
    #[error("wrong passphrase")]
    Passphrase,
    /// It is encrypted in a way that isn't known.
    #[error("it cannot be decrypted")]
    Decrypt(#[source] ssh_key::Error),
    /// A key that no CA can have.
    #[error("a CA's key is RSA, ECDSA or Ed25519, and in no security key")]
    KeyType,
    /// The key gave no signature.
    #[error("the key does not sign")]
    Sign(#[source] signature::Error),
}

/// The most that a private key file may hold, in bytes: an RSA-16384 key takes 13 KiB.
pub(in crate::signer) const KEY_FILE_MAX: u64 = 64 * 1024;
