//! What is alarming about a certificate, whoever made it.
//!
//! For `show`. Pure: the time and the CAs that the config knows are arguments.

use std::fmt;

use serde::Serialize;
use ssh_key::public::KeyData;

use super::{Body, Place, Serial};
use crate::wire::RawCertificate;

mod rules;

/// All that is alarming about a certificate at a time, in Unix seconds.
///
/// The CA's signature is checked, unless its key is of a type that no CA of ours has.
#[must_use]
pub fn alarms(certificate: &RawCertificate, now: u64, known_cas: &[KeyData]) -> Vec<Alarm> {
    let mut alarms = rules::signature(certificate, known_cas);
    alarms.extend(rules::keys(certificate));
    alarms.extend(rules::names(certificate));
    alarms.extend(rules::times(certificate, now));
    alarms.extend(rules::options(certificate));
    alarms
}

/// What [`alarms`] will say of a certificate that is still to be signed by `ca`, but for notes.
#[must_use]
pub fn foreseen(body: &Body, ca: &KeyData, now: u64) -> Vec<Alarm> {
    let Ok(content) = body.to_be_signed(Serial::FIRST, &[0; 32], ca) else {
        return Vec::new();
    };
    // An empty signature, which nobody looks at.
    let unsigned = [content.as_bytes(), &[0; 4]].concat();
    let Ok(certificate) = RawCertificate::from_blob(&unsigned) else {
        return Vec::new();
    };
    let mut alarms = rules::names(&certificate);
    alarms.extend(rules::times(&certificate, now));
    alarms.extend(rules::options(&certificate));
    alarms.retain(|alarm| !alarm.is_note());
    alarms
}

/// One thing that is alarming; `Display` is a short sentence without a full stop.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(tag = "alarm", rename_all = "kebab-case")]
pub enum Alarm {
    /// The CA's signature is not of this certificate.
    BadSignature,
    /// The CA signed with SHA-1.
    Sha1Signature,
    /// The CA's key is of a kind whose signatures are not checked here.
    UncheckedSignature,
    /// The CA's key is itself a certificate.
    CaIsCertificate,
    /// The certified key is the CA's.
    OwnCa,
    /// No CA of the config has this key.
    UnknownCa,
    /// A key that is not in the form of its type.
    MalformedKey {
        /// Which of the two keys.
        owner: Owner,
    },
    /// A key that can be broken: DSA, or RSA below 2048 bits.
    WeakKey {
        /// Which of the two keys.
        owner: Owner,
        /// The type and size of the key.
        key: String,
    },
    /// RSA below 3072 bits, which will not do for long.
    ShortKey {
        /// Which of the two keys.
        owner: Owner,
        /// The type and size of the key.
        key: String,
    },
    /// Neither user nor host.
    UnknownKind {
        /// The number in its place.
        kind: u32,
    },
    /// A KRL cannot name serial 0.
    SerialZero,
    /// The key ID has characters that a log does not show as they are.
    UnreadableKeyId,
    /// An empty list of names.
    NoPrincipals,
    /// A name of no length.
    EmptyPrincipal,
    /// A name that is too long, begins with `-` or holds characters that no name should.
    OddPrincipal {
        /// The name, escaped.
        principal: String,
    },
    /// `*` or `?` in a user certificate.
    WildcardPrincipal {
        /// The name.
        principal: String,
    },
    /// It never expires.
    ValidForever,
    /// It expires before, or when, its validity begins.
    NeverValid,
    /// The validity of the certificate has not begun.
    NotYetValid,
    /// The validity of the certificate is over.
    Expired,
    /// A critical option that OpenSSH does not know.
    UnknownCriticalOption {
        /// The option, escaped.
        name: String,
    },
    /// A critical option in a host certificate, where OpenSSH takes none.
    CriticalOptionForHost {
        /// The option, escaped.
        name: String,
    },
    /// A known option without a value that OpenSSH could read.
    MalformedOption {
        /// The option.
        name: String,
        /// The map it stands in.
        #[serde(serialize_with = "as_words")]
        place: Place,
    },
    /// A critical option among the extensions, where nobody heeds it.
    MisplacedOption {
        /// The option.
        name: String,
    },
    /// Options that come twice or not in the order of their names.
    UnorderedOptions {
        /// The map.
        #[serde(serialize_with = "as_words")]
        place: Place,
    },
    /// A hardware key may sign without being touched.
    NoTouchRequired,
}

/// Whose key is meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// The key that is certified.
    Subject,
    /// The key that signed.
    Ca,
}

impl Alarm {
    /// Whether nobody should take the certificate, or clients and servers won't: what a gate
    /// stops. What is only unwise or odd, and a CA that the config doesn't know, are no faults.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        matches!(
            self,
            Self::BadSignature
                | Self::Sha1Signature
                | Self::CaIsCertificate
                | Self::OwnCa
                | Self::MalformedKey { .. }
                | Self::WeakKey { .. }
                | Self::UnknownKind { .. }
                | Self::NoPrincipals
                | Self::NeverValid
                | Self::NotYetValid
                | Self::Expired
                | Self::UnknownCriticalOption { .. }
                | Self::CriticalOptionForHost { .. }
                | Self::MalformedOption { .. }
        )
    }

    /// Whether it is worth knowing, but nothing to be alarmed by.
    #[must_use]
    pub fn is_note(&self) -> bool {
        matches!(
            self,
            Self::UncheckedSignature
                | Self::ShortKey { .. }
                | Self::SerialZero
                | Self::NoTouchRequired
        )
    }
}

/// One long match: a sentence a variant, so that none is without one.
impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadSignature => f.write_str("the CA's signature is not valid"),
            Self::Sha1Signature => f.write_str("it is signed with SHA-1, which servers refuse"),
            Self::UncheckedSignature => f.write_str("the CA's signature was not checked"),
            Self::CaIsCertificate => f.write_str("its CA key is a certificate"),
            Self::OwnCa => f.write_str("it certifies the key that signed it"),
            Self::UnknownCa => f.write_str("the config knows no CA with the key that signed it"),
            Self::MalformedKey { owner } => write!(f, "{owner} is malformed"),
            Self::WeakKey { owner, key } => write!(f, "{owner} is weak ({key})"),
            Self::ShortKey { owner, key } => write!(f, "{owner} is short ({key})"),
            Self::UnknownKind { kind } => write!(f, "its type is {kind}, neither user nor host"),
            Self::SerialZero => f.write_str("serial 0 cannot be revoked by serial"),
            Self::UnreadableKeyId => f.write_str("its key ID is not printable text"),
            Self::NoPrincipals => f.write_str("it names nobody, which old servers read as anybody"),
            Self::EmptyPrincipal => f.write_str("one of its principals is empty"),
            Self::OddPrincipal { principal } => {
                write!(f, "principal \"{principal}\" is no plain name")
            }
            Self::WildcardPrincipal { principal } => {
                write!(
                    f,
                    "principal {principal} of a user certificate has a wildcard"
                )
            }
            Self::ValidForever => f.write_str("it never expires"),
            Self::NeverValid => f.write_str("it expires before it becomes valid"),
            Self::NotYetValid => f.write_str("it is not yet valid"),
            Self::Expired => f.write_str("it has expired"),
            Self::UnknownCriticalOption { name } => {
                write!(
                    f,
                    "OpenSSH does not know critical option {name}, and refuses it"
                )
            }
            Self::CriticalOptionForHost { name } => {
                write!(
                    f,
                    "critical option {name} makes clients refuse a host certificate"
                )
            }
            Self::MalformedOption { name, place } => {
                write!(f, "{place} {name} has a value that OpenSSH cannot read")
            }
            Self::MisplacedOption { name } => {
                write!(
                    f,
                    "extension {name} is ignored, it should be a critical option"
                )
            }
            Self::UnorderedOptions { place } => {
                write!(f, "its {place}s come twice or out of order")
            }
            Self::NoTouchRequired => f.write_str("a hardware key may sign without a touch"),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Subject => "the certified key",
            Self::Ca => "the CA key",
        })
    }
}

fn as_words<S: serde::Serializer>(place: &Place, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(place)
}
