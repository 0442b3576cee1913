//! What a file is by sight: the one place that tells a refused file's owner what he gave.

mod der;
mod key_lines;
#[cfg(test)]
mod tests;

use std::fmt;

/// What the bytes of a file look like; nothing of it was checked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FileKind {
    /// Nothing, or nothing but blanks.
    Empty,
    /// Text of two bytes a character, as editors and shells on Windows write it.
    Utf16,
    /// A byte order mark stands before a text.
    ByteOrderMark,
    /// A private key of OpenSSH, PEM, PuTTY or version 1 of SSH.
    PrivateKey,
    /// A line of OpenSSH's with a public key.
    PublicKey,
    /// A line of OpenSSH's with a certificate.
    Certificate,
    /// A line that names a type of key, and ends within the key.
    CutShort(&'static str),
    /// A key of OpenSSH's form that goes on in the lines below.
    Wrapped(&'static str),
    /// A line of authorized_keys: options stand before a key of this type.
    Options(&'static str),
    /// A line of known_hosts or allowed_signers: a name stands before a key of this type.
    Name(&'static str),
    /// A key of this type behind the `>` of a mail that quotes it.
    Quoted(&'static str),
    /// A key in OpenSSH's form, of a type that nobody here knows.
    UnknownType,
    /// `---- BEGIN SSH2 PUBLIC KEY ----` (RFC 4716).
    Rfc4716,
    /// `-----BEGIN PUBLIC KEY-----` (RFC 7468, section 13).
    PublicPem,
    /// `-----BEGIN RSA PUBLIC KEY-----` (PKCS#1).
    RsaPem,
    /// `-----BEGIN CERTIFICATE-----` (X.509).
    X509,
    /// A signing request of X.509 (PKCS#10).
    X509Request,
    /// A certificate of X.509 in DER.
    X509Der,
    /// A public key in DER (RFC 5280, `SubjectPublicKeyInfo`).
    PublicDer,
    /// Something else that begins as DER does.
    Der,
    /// `-----BEGIN SSH SIGNATURE-----`.
    Signature,
    /// Another block of PEM.
    OtherPem,
    /// A request of ours.
    Request,
    /// A text that speaks of a request of ours, whose first line is damaged.
    DamagedRequest,
    /// Evidence of ours.
    Evidence,
    /// A key revocation list (PROTOCOL.krl).
    Krl,
    /// A ledger of ours.
    Ledger,
    /// The head of a ledger of ours.
    Head,
    /// A proof that a ledger of ours holds an entry.
    Proof,
    /// What `gzip` writes (RFC 1952).
    Gzip,
    /// Bytes that are no text.
    Binary,
    /// A text of another kind.
    Other,
}

impl FileKind {
    /// Looks at a file that was read whole.
    #[must_use]
    pub fn of(file: &[u8]) -> Self {
        if file.trim_ascii().is_empty() {
            return Self::Empty;
        }
        let binary = MAGICS.iter().find(|(magic, _)| file.starts_with(magic));
        if let Some((_, kind)) = binary {
            return *kind;
        }
        if let Some(kind) = der::look(file) {
            return kind;
        }
        let text = String::from_utf8_lossy(file);
        if let Some(kind) = Self::of_blocks(&text) {
            return kind;
        }
        if text.starts_with('\u{feff}') {
            return Self::ByteOrderMark;
        }
        key_lines::look(&text).unwrap_or_else(|| Self::of_text(file, &text))
    }

    /// By the first line that begins a block.
    fn of_blocks(text: &str) -> Option<Self> {
        text.lines().find_map(|line| {
            let line = line.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            if PRIVATE_KEYS.iter().any(|start| line.starts_with(start)) {
                return Some(Self::PrivateKey);
            }
            if line == "---- BEGIN SSH2 PUBLIC KEY ----" {
                return Some(Self::Rfc4716);
            }
            let (_, behind) = line.split_once("-----BEGIN ")?;
            let label = behind.trim_end_matches('-').trim_end();
            Some(match LABELS.iter().find(|(known, _)| *known == label) {
                Some((_, kind)) => *kind,
                None if label.ends_with("PRIVATE KEY") => Self::PrivateKey,
                None => Self::OtherPem,
            })
        })
    }

    fn of_text(file: &[u8], text: &str) -> Self {
        let begin = text.trim_start();
        if begin.starts_with("punchmark.ledger/") {
            Self::Head
        } else if begin.starts_with('{') && begin.contains("\"origin\"") {
            Self::Proof
        } else if text.contains("PUNCHMARK REQUEST") {
            Self::DamagedRequest
        } else if file.contains(&0) {
            Self::of_binary(file)
        } else {
            Self::Other
        }
    }

    /// Text of two bytes a character without a byte order mark has a zero in every second one.
    fn of_binary(file: &[u8]) -> Self {
        let zeros = file.iter().filter(|byte| **byte == 0).count();
        if zeros.saturating_mul(5) > file.len().saturating_mul(2) {
            Self::Utf16
        } else {
            Self::Binary
        }
    }

    /// What is said behind "there is no key": what there is, where that can be seen.
    #[must_use]
    pub fn instead(self) -> String {
        match self {
            Self::Other => String::new(),
            kind => format!(": {kind}"),
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CutShort(name) => write!(f, "this is a {name} key that is cut short or damaged"),
            Self::Wrapped(name) => {
                write!(f, "this is a {name} key that is wrapped over several lines")
            }
            Self::Options(name) => write!(
                f,
                "this is a line of authorized_keys, with options before a {name} key"
            ),
            Self::Name(name) => write!(
                f,
                "this is a line of known_hosts or allowed_signers, with a name before a {name} key"
            ),
            Self::Quoted(name) => {
                write!(f, "this is a {name} key as a mail quotes it, behind a `>`")
            }
            kind => write!(f, "this is {}", kind.noun()),
        }
    }
}

impl FileKind {
    fn noun(self) -> &'static str {
        match self {
            Self::Empty => "an empty file",
            Self::Utf16 => "UTF-16 text, as Windows writes it",
            Self::ByteOrderMark => "text that begins with a byte order mark",
            Self::PrivateKey => "a private key",
            Self::PublicKey => "a public key",
            Self::Certificate => "a certificate",
            Self::UnknownType => "a key of a type that is not known here",
            Self::Rfc4716 => "a public key in the form of RFC 4716",
            Self::PublicPem => "a public key in PEM (PKCS#8)",
            Self::RsaPem => "an RSA public key in PEM (PKCS#1)",
            Self::X509 => "a certificate of X.509 in PEM",
            Self::X509Request => "a certificate request of X.509 (PKCS#10)",
            Self::X509Der => "a certificate of X.509 in DER",
            Self::PublicDer => "a public key in DER",
            Self::Der => "DER",
            Self::Signature => "a signature (SSHSIG)",
            Self::OtherPem => "PEM of another kind",
            Self::Request => "a request",
            Self::DamagedRequest => "a request whose first or last line is damaged",
            Self::Evidence => "evidence of how a key is stored",
            Self::Krl => "a KRL (key revocation list)",
            Self::Ledger => "a ledger",
            Self::Head => "the head of a ledger",
            Self::Proof => "a proof of a ledger",
            Self::Gzip => "a file packed by gzip",
            Self::Binary => "binary data",
            Self::CutShort(_)
            | Self::Wrapped(_)
            | Self::Options(_)
            | Self::Name(_)
            | Self::Quoted(_)
            | Self::Other => "text of another kind",
        }
    }
}

/// How files of bytes begin.
const MAGICS: &[(&[u8], FileKind)] = &[
    (b"SSHKRL\n\0", FileKind::Krl),
    (b"punchmark.ledger\0", FileKind::Ledger),
    (b"SQLite format 3\0", FileKind::Ledger),
    (b"\x1f\x8b", FileKind::Gzip),
    (b"\xff\xfe", FileKind::Utf16),
    (b"\xfe\xff", FileKind::Utf16),
];

/// How private keys begin that are no PEM.
const PRIVATE_KEYS: [&str; 3] = [
    "PuTTY-User-Key-File-",
    "SSH PRIVATE KEY FILE",
    "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",
];

/// The labels of blocks (RFC 7468), and our own.
const LABELS: &[(&str, FileKind)] = &[
    ("PUBLIC KEY", FileKind::PublicPem),
    ("RSA PUBLIC KEY", FileKind::RsaPem),
    ("CERTIFICATE", FileKind::X509),
    ("TRUSTED CERTIFICATE", FileKind::X509),
    ("X509 CERTIFICATE", FileKind::X509),
    ("CERTIFICATE REQUEST", FileKind::X509Request),
    ("NEW CERTIFICATE REQUEST", FileKind::X509Request),
    ("SSH SIGNATURE", FileKind::Signature),
    ("PUNCHMARK REQUEST", FileKind::Request),
    ("PUNCHMARK EVIDENCE", FileKind::Evidence),
];
