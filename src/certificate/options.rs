//! Critical options and extensions.

use std::collections::BTreeMap;

use serde::Serialize;

pub use self::asked::OptionsAsked;
use super::Kind;

mod asked;
mod grammar;
mod source_address;

/// The two option maps of a certificate; a value `""` is a flag.
///
/// Each map takes at most 8192 bytes on the wire (OpenSSH has no limit of its own for them).
/// Options that OpenSSH knows stand in the map, and have the form, in which it reads them.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Options {
    critical: BTreeMap<String, String>,
    extensions: BTreeMap<String, String>,
}

impl Options {
    /// Reads the arguments of `ssh-keygen -O`, in their order.
    ///
    /// A user certificate begins with the five `permit-…` extensions, a host certificate with
    /// none; `clear` drops the flags that were collected so far, but no option with a value.
    /// Names are case-insensitive, except behind `critical:` and `extension:`.
    ///
    /// Stricter than ssh-keygen: an option that is given twice, a `critical:` or `extension:`
    /// without a name or with an empty value, control characters, a known option in the wrong
    /// map or form, and an address that only `inet_aton` reads are refused.
    ///
    /// # Errors
    /// The fault of the first argument that is not in the grammar, or a map that grows too large.
    pub fn parse(kind: Kind, args: &[String]) -> Result<Self, OptionError> {
        OptionsAsked::parse(args)?.onto(grammar::defaults(kind))
    }

    /// The flags that ssh-keygen gives where nobody says otherwise: the five `permit-…` to
    /// a user, none to a host.
    #[must_use]
    pub fn defaults(kind: Kind) -> &'static [&'static str] {
        grammar::defaults(kind)
    }

    /// Whether OpenSSH knows an option of this name, in either map.
    #[must_use]
    pub fn is_known(name: &str) -> bool {
        let maps = [Place::Critical, Place::Extension];
        maps.iter().any(|place| place.form(name).is_some())
    }

    /// Whether one entry of a map can stand in a certificate.
    ///
    /// # Errors
    /// For the same reasons as [`Options::new`].
    pub fn check_entry(place: Place, name: &str, value: &str) -> Result<(), OptionError> {
        grammar::check_entry(place, name, value)
    }

    /// What a server must understand, or else refuse the certificate.
    #[must_use]
    pub fn critical(&self) -> &BTreeMap<String, String> {
        &self.critical
    }

    /// What a server may ignore.
    #[must_use]
    pub fn extensions(&self) -> &BTreeMap<String, String> {
        &self.extensions
    }

    /// Takes two maps that were put together by policy.
    ///
    /// # Errors
    /// As [`Options::parse`], for one of the entries or the size of a map.
    pub fn new(
        critical: BTreeMap<String, String>,
        extensions: BTreeMap<String, String>,
    ) -> Result<Self, OptionError> {
        for (place, map) in [
            (Place::Critical, &critical),
            (Place::Extension, &extensions),
        ] {
            for (name, value) in map {
                grammar::check_entry(place, name, value)?;
            }
            grammar::check_size(place, map)?;
        }
        Ok(Self {
            critical,
            extensions,
        })
    }
}

/// One of the two maps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// A server that does not know the option refuses the certificate.
    Critical,
    /// A server that does not know the option ignores it.
    Extension,
}

impl Place {
    /// The option of that name that OpenSSH knows in this map, and whether it has a value.
    pub(super) fn form(self, name: &str) -> Option<Form> {
        let known = match self {
            Self::Critical => CRITICAL,
            Self::Extension => EXTENSIONS,
        };
        known
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, form)| *form)
    }

    fn other(self) -> Self {
        match self {
            Self::Critical => Self::Extension,
            Self::Extension => Self::Critical,
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Critical => "critical option",
            Self::Extension => "extension",
        })
    }
}

/// Whether an option has a value, and of what kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    Flag,
    Text,
    Addresses,
}

impl Form {
    /// Whether a value is of this form; `""` is a flag's.
    pub(super) fn fits(self, value: &str) -> bool {
        match self {
            Self::Flag => value.is_empty(),
            Self::Text => !value.is_empty(),
            Self::Addresses => source_address::is_cidr_list(value),
        }
    }
}

/// Why arguments are no options.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OptionError {
    /// No option of ssh-keygen.
    #[error("{0:?} is no certificate option")]
    Unknown(String),
    /// A role's option that OpenSSH doesn't know, and that nobody said to mean.
    #[error("{name:?} is no option that OpenSSH knows; one of your own is written {prefix}{name}")]
    Misspelt {
        /// The name.
        name: String,
        /// What stands before the names of one's own in this map.
        prefix: &'static str,
    },
    /// Longer than a whole map may be.
    #[error("certificate option of {length} bytes is longer than {MAX_LEN}")]
    ArgumentTooLong {
        /// How many bytes the option has.
        length: usize,
    },
    /// `critical:` or `extension:` with nothing, or nothing readable, as the name.
    #[error("{0:?} is no option name of 1 to 255 printable ASCII characters")]
    Name(String),
    /// An `=` with nothing behind it: neither a flag nor a value.
    #[error("option {0} has an empty value after =")]
    EmptyValue(String),
    /// An option with a value, or a custom option, is given a second time.
    #[error("{0} is given twice")]
    Twice(String),
    /// A line break, NUL or another character that is not printed.
    #[error("{name} holds {character:?}, which is not printable")]
    Character {
        /// The option.
        name: String,
        /// The character.
        character: char,
    },
    /// Something else than addresses and networks, or a network with host bits.
    #[error("source-address {0:?} is no list of networks in CIDR form without host bits")]
    SourceAddress(String),
    /// A value for a flag, or a flag where OpenSSH reads a value.
    #[error("{name} takes {} value", if *.flag { "no" } else { "a" })]
    Form {
        /// The option.
        name: String,
        /// Whether it is a flag.
        flag: bool,
    },
    /// A server would refuse the certificate, or, worse, ignore what is demanded.
    #[error("{name} is no {place}")]
    Place {
        /// The option.
        name: String,
        /// The map that it was asked for.
        place: Place,
    },
    /// More than a map may take.
    #[error("{place}s of {length} bytes are longer than {MAX_LEN}")]
    TooLong {
        /// Which map.
        place: Place,
        /// What it would take on the wire, in bytes.
        length: usize,
    },
}

/// The critical options that OpenSSH knows.
const CRITICAL: &[(&str, Form)] = &[
    ("force-command", Form::Text),
    ("source-address", Form::Addresses),
    ("verify-required", Form::Flag),
];

/// The extensions that OpenSSH knows.
const EXTENSIONS: &[(&str, Form)] = &[
    ("no-touch-required", Form::Flag),
    ("permit-X11-forwarding", Form::Flag),
    ("permit-agent-forwarding", Form::Flag),
    ("permit-port-forwarding", Form::Flag),
    ("permit-pty", Form::Flag),
    ("permit-user-rc", Form::Flag),
];

/// The longest map on the wire, in bytes.
const MAX_LEN: usize = 8192;
