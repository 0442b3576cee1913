//! Why a text names no key in a token.

use super::URI_MAX;

/// Why a text is no usable `pkcs11:` URI. No variant holds a value, since a
/// mistyped URI may hold a PIN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UriError {
    /// Another scheme, or none.
    #[error("a PKCS#11 URI begins with pkcs11:")]
    Scheme,
    /// More than [`URI_MAX`] bytes.
    #[error("PKCS#11 URI of {length} bytes, at most {URI_MAX} are read")]
    TooLong {
        /// The bytes that there are.
        length: usize,
    },
    /// A part without `=`.
    #[error("part {number} of the PKCS#11 URI is not attribute=value")]
    NotAPair {
        /// Which part, counted from 1.
        number: usize,
    },
    /// An attribute that is not understood where it stands.
    #[error("part {number} of the PKCS#11 URI has an unknown attribute")]
    UnknownAttribute {
        /// Which part, counted from 1.
        number: usize,
    },
    /// One attribute stands twice.
    #[error("`{attribute}` stands twice in the PKCS#11 URI")]
    Duplicate {
        /// The attribute's name.
        attribute: &'static str,
    },
    /// A `%` without two hexadecimal digits.
    #[error("`{attribute}` has a % without two hexadecimal digits")]
    PercentEncoding {
        /// The attribute's name.
        attribute: &'static str,
    },
    /// A character that must be percent-encoded (RFC 7512, 2.3).
    #[error("`{attribute}` has a character that must be percent-encoded: 0x{byte:02x}")]
    Character {
        /// The attribute's name.
        attribute: &'static str,
        /// The first byte at fault.
        byte: u8,
    },
    /// A value that is not UTF-8, holds a control character or is empty.
    #[error("`{attribute}` is not printable text")]
    NotText {
        /// The attribute's name.
        attribute: &'static str,
    },
    /// A name of no bytes: a variable that was not set names every device.
    #[error("`{attribute}` is empty")]
    Empty {
        /// The attribute's name.
        attribute: &'static str,
    },
    /// A `library-version` that is none.
    #[error("`library-version` is not two numbers below 256, as in 2.6")]
    LibraryVersion,
    /// Words for a module, and none named that they would be for.
    #[error("x-init-reserved wants a module-path or module-name beside it")]
    ReservedForNoModule,
    /// An empty `id`.
    #[error("`id` is empty")]
    EmptyId,
    /// A `slot-id` that is no number.
    #[error("`slot-id` is not a decimal number below 2^64")]
    SlotId,
    /// A type of object that cannot sign.
    #[error("`type` must be private: nothing else can sign")]
    Type,
    /// A module path that depends on where one stands.
    #[error("`module-path` must be an absolute path")]
    RelativeModulePath,
    /// A module name that is a path.
    #[error("`module-name` must be a bare name; a path belongs in module-path")]
    ModuleName,
    /// Both ways to name a module.
    #[error("module-path and module-name exclude each other")]
    TwoModules,
    /// A PIN in a URI shows in process lists, logs and shell histories.
    #[error("pin-value is refused: a PIN does not belong in a URI")]
    PinValue,
    /// A `pin-source` that names a program.
    #[error("pin-source names a command; only a file is read")]
    PinCommand,
    /// A `pin-source` that is neither an absolute path nor a `file:` URL.
    #[error("pin-source must be an absolute path or a file: URL")]
    PinSource,
}
