//! Why certificates that should lead to a root do not.

/// Why a chain of certificates proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// Larger than any that is needed.
    #[error("a certificate of {bytes} bytes is larger than {LARGEST}")]
    TooLarge {
        /// How many bytes the certificate has.
        bytes: usize,
    },
    /// Not a certificate of version 3 in DER, or its two names of its signature's algorithm
    /// differ.
    #[error("not a certificate in DER")]
    Form(#[source] x509_cert::der::Error),
    /// An extension that is there twice could be read two ways.
    #[error("extension {0} is there twice")]
    Duplicate(String),
    /// A critical extension whose meaning isn't known here.
    #[error("critical extension {oid} of {subject} is not known")]
    Critical {
        /// The extension.
        oid: String,
        /// The certificate it is in.
        subject: String,
    },
    /// An extension that is not in its form.
    #[error("extension {oid} of {subject} is malformed")]
    Extension {
        /// The extension.
        oid: String,
        /// The certificate it is in.
        subject: String,
    },
    /// No root, and nothing that a root vouches for, has this name.
    #[error("{subject} is issued by {issuer}, which leads to no root that is trusted here")]
    UnknownIssuer {
        /// The certificate.
        subject: String,
        /// Who it says has issued it.
        issuer: String,
    },
    /// The next certificate names another issuer.
    #[error("{subject} is issued by {issuer}, not by {given}")]
    OtherIssuer {
        /// The certificate.
        subject: String,
        /// Who it says has issued it.
        issuer: String,
        /// Who was given as its issuer.
        given: String,
    },
    /// It was signed by another key, or changed since.
    #[error("the signature is not by the key of {0}")]
    Signature(String),
    /// SHA-1, or a key that is neither RSA nor P-256 nor P-384.
    #[error("signature algorithm {0} is not taken with this key")]
    Algorithm(String),
    /// It may not issue certificates.
    #[error("{0} is no certificate authority")]
    NoAuthority(String),
    /// It may not issue certificates this far down.
    #[error("{subject} allows {limit} authorities below it, and there are {below}")]
    TooLong {
        /// The authority.
        subject: String,
        /// The path length that the authority allows.
        limit: u8,
        /// How many there are.
        below: u8,
    },
    /// What is attested is a key, not an authority.
    #[error("{0} is a certificate authority, and attests nothing itself")]
    Authority(String),
}

/// How many bytes a certificate may have: a slot's object on a card holds 3,052 at most, and the
/// makers' own are smaller.
pub(super) const LARGEST: usize = 8192;
