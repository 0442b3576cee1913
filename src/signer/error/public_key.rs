//! Why a key in a device is none that SSH knows.

/// Why a public key in a token is none that SSH knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// The object has not all the attributes that its type calls for.
    #[error("{attribute} is missing")]
    Missing {
        /// The attribute.
        attribute: &'static str,
    },
    /// A private key that doesn't tell its public half, and no public key or certificate with its
    /// id or label.
    #[error("no public key or certificate has its id or its label")]
    NoObject,
    /// What was given as its public half is of another type, curve or modulus.
    #[error("the one that was given is not that of this private key")]
    NotOfKey,
    /// A modulus that is even, or of a size that OpenSSH doesn't take.
    #[error("the RSA modulus has {bits} bits or is even")]
    Modulus {
        /// The size of the modulus.
        bits: usize,
    },
    /// An exponent that is even, 1, or longer than 64 bits.
    #[error("the RSA exponent is even, one, or longer than 64 bits")]
    Exponent,
    /// Another curve, or a curve given by its equation.
    #[error("the curve is none of P-256, P-384, P-521 and Ed25519")]
    Curve,
    /// Not a point of the curve in any form that is known.
    #[error("the point of {length} bytes is none of its curve")]
    Point {
        /// How long it is.
        length: usize,
    },
    /// A key type that SSH does not know.
    #[error("the key type is none of RSA, EC and Ed25519")]
    Type,
}
