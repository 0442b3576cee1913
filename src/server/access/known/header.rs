//! What a file of known certificates says of itself: lines of text, then an empty one.

use std::fmt;

use base64ct::{Base64Unpadded, Encoding};

/// The head of a file of known certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownHeader {
    pub(super) name: String,
    pub(super) ca: [u8; 32],
    pub(super) version: u64,
    pub(super) generated: u64,
    pub(super) head: Option<String>,
    pub(super) known: u64,
    pub(super) emergency: u64,
}

/// Why some bytes are no file of known certificates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KnownError {
    /// A line of the head that isn't there, or isn't written in the one way.
    #[error("its line `{0}` is missing or malformed")]
    Line(&'static str),
    /// The digests are more or fewer than the head says.
    #[error("it has {found} bytes, and its head means {wanted}")]
    Length {
        /// How many bytes there are.
        found: u64,
        /// How many there should be.
        wanted: u64,
    },
    /// Digests that stand in another order, or twice.
    #[error("digest {0} is not above the one before it")]
    Order(usize),
    /// A digest for emergencies that isn't one of a known certificate.
    #[error("emergency digest {0} is not one of the known ones")]
    NotKnown(usize),
}

impl KnownHeader {
    /// The name of the list: that of the CA in its ledger.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The SHA-256 of the CA's key.
    #[must_use]
    pub fn ca(&self) -> &[u8; 32] {
        &self.ca
    }

    /// The version, which moves forward.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// When the list was made, in Unix seconds.
    #[must_use]
    pub fn generated(&self) -> u64 {
        self.generated
    }

    /// The head of the ledger that it was made from: origin, size and root in Base64.
    #[must_use]
    pub fn head(&self) -> Option<&str> {
        self.head.as_deref()
    }

    /// How many certificates are known.
    #[must_use]
    pub fn known(&self) -> u64 {
        self.known
    }

    /// How many of them are for emergencies.
    #[must_use]
    pub fn emergency(&self) -> u64 {
        self.emergency
    }

    /// How old it is in seconds; none for one of tomorrow, which counts as too old.
    #[must_use]
    pub fn age(&self, now: u64) -> Option<u64> {
        match self.generated.saturating_sub(now) {
            0..=AHEAD_MAX => Some(now.saturating_sub(self.generated)),
            _ => None,
        }
    }

    /// Reads the head of a file, which may go on behind it; gives its length in bytes, too.
    ///
    /// # Errors
    /// [`KnownError::Line`].
    pub fn parse(bytes: &[u8]) -> Result<(Self, usize), KnownError> {
        let head = bytes.get(..bytes.len().min(KNOWN_HEADER_BYTES_MAX));
        let head = head.unwrap_or_default();
        let end = head.windows(2).position(|two| two == b"\n\n");
        let end = end.ok_or(KnownError::Line(""))?;
        let text = head.get(..end.saturating_add(1)).unwrap_or_default();
        let text = std::str::from_utf8(text).map_err(|_no_text| KnownError::Line(FIRST_LINE))?;
        let header = Self::of_lines(text)?;
        // One head has one form: no sign, no leading zero, nothing behind it.
        let again = header.to_string();
        if again.as_bytes() != head.get(..end.saturating_add(2)).unwrap_or_default() {
            return Err(KnownError::Line(FIRST_LINE));
        }
        Ok((header, again.len()))
    }

    /// How many bytes the whole file has, with a head of this length.
    #[must_use]
    pub fn file_bytes(&self, header: usize) -> Option<u64> {
        let digests = self.known.checked_add(self.emergency)?;
        let digests = digests.checked_mul(DIGEST_BYTES)?;
        digests.checked_add(u64::try_from(header).ok()?)
    }

    fn of_lines(text: &str) -> Result<Self, KnownError> {
        let mut lines = text.split_terminator('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(KnownError::Line(FIRST_LINE));
        }
        let mut field = |name: &'static str| {
            let line = lines.next().and_then(|line| line.strip_prefix(name));
            let value = line.and_then(|rest| rest.strip_prefix(' '));
            value.ok_or(KnownError::Line(name))
        };
        let number = |name: &'static str, text: &str| {
            let number = text.parse().ok();
            number.ok_or(KnownError::Line(name))
        };
        Ok(Self {
            name: name(field("name")?).ok_or(KnownError::Line("name"))?,
            ca: fingerprint(field("ca")?).ok_or(KnownError::Line("ca"))?,
            version: number("version", field("version")?)?,
            generated: number("generated", field("generated")?)?,
            head: head(field("head")?)?,
            known: number("known", field("known")?)?,
            emergency: number("emergency", field("emergency")?)?,
        })
    }
}

impl fmt::Display for KnownHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}\nname {}", self.name)?;
        let ca = Base64Unpadded::encode_string(&self.ca);
        writeln!(f, "ca SHA256:{ca}\nversion {}", self.version)?;
        writeln!(f, "generated {}", self.generated)?;
        writeln!(f, "head {}", self.head.as_deref().unwrap_or(NO_HEAD))?;
        writeln!(f, "known {}\nemergency {}\n", self.known, self.emergency)
    }
}

fn name(text: &str) -> Option<String> {
    let plain = !text.chars().any(char::is_control) && (1..=NAME_BYTES_MAX).contains(&text.len());
    plain.then(|| text.to_owned())
}

fn fingerprint(text: &str) -> Option<[u8; 32]> {
    let text = text.strip_prefix("SHA256:")?;
    Base64Unpadded::decode_vec(text).ok()?.try_into().ok()
}

/// Three words; who fetches the file reads them as a head.
fn head(text: &str) -> Result<Option<String>, KnownError> {
    let plain = text
        .bytes()
        .all(|byte| byte == b' ' || byte.is_ascii_graphic());
    match text.split(' ').count() {
        1 if text == NO_HEAD => Ok(None),
        3 if plain => Ok(Some(text.to_owned())),
        _ => Err(KnownError::Line("head")),
    }
}

/// The length of a digest.
const DIGEST_BYTES: u64 = 16;

/// The longest head of a file, in bytes, with the empty line behind it.
pub const KNOWN_HEADER_BYTES_MAX: usize = 1_024;

/// How far a clock may stand behind a list that is fresh, in seconds, as for an access list.
const AHEAD_MAX: u64 = 5 * 60;
const NAME_BYTES_MAX: usize = 255;
const FIRST_LINE: &str = "punchmark known 1";
const NO_HEAD: &str = "none";
