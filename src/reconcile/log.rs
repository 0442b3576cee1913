//! What sshd says of certificates, in its own words; what loggers put around them is in
//! [`envelope`](super::envelope).
//!
//! OpenSSH 9.2 to 10.5 write, by `auth_log` in auth.c, `user_cert_trusted_ca` in
//! auth2-pubkey.c and `auth_authorise_keyopts`:
//!
//! ```text
//! Accepted publickey for peter from 10.0.0.7 port 50022 ssh2: ED25519-CERT SHA256:… ID peter, laptop (serial 42) CA ECDSA SHA256:…
//! Partial publickey for …            one of several methods, at LogLevel VERBOSE
//! Failed publickey for …             shown, and not taken, at LogLevel VERBOSE
//! Accepted certificate ID "peter, laptop" (serial 42) signed by ECDSA CA SHA256:… via FILE      at VERBOSE
//! Refusing certificate ID "peter, laptop" serial=42 signed by ECDSA CA SHA256:…: REASON
//! ```
//!
//! sshd checks the CA's signature before it writes any of these, so that whatever it names
//! was signed. A key ID may hold any printable text, also text that looks like the rest of
//! the line, so that the end is read from the right.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use ssh_key::Fingerprint;

/// A certificate that sshd names, and what it did with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// What sshd did.
    pub deed: Deed,
    /// The account, and where from, as they stand there; empty where the line has none.
    pub account: String,
    /// SHA-256 of the certified key's blob, where the line has it.
    pub key: Option<[u8; 32]>,
    /// The key ID, without sshd's escapes.
    pub key_id: Vec<u8>,
    /// The serial.
    pub serial: u64,
    /// SHA-256 of the CA key's blob.
    pub ca: [u8; 32],
}

/// What sshd did with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deed {
    /// It let somebody in by it, or took it as one of several methods.
    LetIn,
    /// It took it so far; another line says what became of that.
    Took,
    /// It refused it.
    Refused,
}

/// A line about a certificate that can't be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its {0} cannot be read")]
pub struct LineError(pub(super) &'static str);

/// Reads what sshd said; nothing if it is not about a certificate.
///
/// # Errors
/// [`LineError`] if it is, and it cannot be told which: the line was cut (sshd ends it at
/// 1,024 bytes), has fingerprints of another kind than SHA-256, or words that no known
/// version writes.
pub fn read(message: &str) -> Option<Result<Use, LineError>> {
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let message = message.strip_suffix(" [preauth]").unwrap_or(message);
    if let Some(rest) = message.strip_prefix("Accepted certificate ID \"") {
        return Some(by_id(rest, "\" (serial ", ") signed by ", Deed::Took));
    }
    if let Some(rest) = message.strip_prefix("Refusing certificate ID \"") {
        return Some(by_id(rest, "\" serial=", " signed by ", Deed::Refused));
    }
    for (begin, deed) in METHODS {
        if let Some(rest) = message.strip_prefix(begin) {
            return method(rest, deed);
        }
    }
    let may_be_anybodys = STRANGERS.iter().any(|begin| message.starts_with(begin));
    (!may_be_anybodys && names_certificate(message)).then_some(Err(LineError("form")))
}

/// Whether this is how a message of sshd begins that is worth recognising without a tag.
pub(super) fn begins_like_sshd(text: &str) -> bool {
    let mut methods = METHODS.iter().map(|(begin, _)| *begin);
    let mut all = STRANGERS.iter().chain(&OTHERS);
    methods.any(|begin| text.starts_with(begin)) || all.any(|begin| text.starts_with(begin))
}

/// Whether a message begins as those in which sshd names a certificate, and names one.
pub(super) fn accounts_for_certificate(message: &str) -> bool {
    let mut methods = METHODS.iter().map(|(begin, _)| *begin);
    let begins = methods.any(|begin| message.starts_with(begin));
    (begins || message.starts_with("Refusing ")) && names_certificate(message)
}

/// Whether a text looks as if sshd named a certificate somewhere in it.
pub(super) fn names_certificate(text: &str) -> bool {
    (text.contains("-CERT ") && text.contains("(serial ")) || text.contains("certificate ID \"")
}

/// `publickey for ACCOUNT from ADDRESS port PORT ssh2: TYPE …`
fn method(rest: &str, deed: Deed) -> Option<Result<Use, LineError>> {
    let (method, rest) = rest.split_once(" for ")?;
    let is_by_key = method == "publickey" && deed != Deed::Took;
    // Names of accounts that exist have no white space, and addresses neither.
    let Some((account, by)) = rest.split_once(" ssh2: ") else {
        let is_cut = is_by_key || names_certificate(rest);
        return is_cut.then_some(Err(LineError("account")));
    };
    let Some((kind, certificate)) = by.split_once(' ') else {
        return is_by_key.then_some(Err(LineError("key")));
    };
    if !kind.ends_with("-CERT") {
        // The name of an account that does not exist may hold what looks like the rest.
        let hides = account.starts_with(INVALID) && names_certificate(by);
        return hides.then_some(Err(LineError("account")));
    }
    let words = account.strip_prefix(INVALID).unwrap_or(account);
    match words.split(' ').count() {
        5 => Some(login(account, certificate, deed)),
        _ => Some(Err(LineError("account"))),
    }
}

fn login(account: &str, certificate: &str, deed: Deed) -> Result<Use, LineError> {
    let (key, rest) = certificate.split_once(" ID ").ok_or(LineError("key"))?;
    let (key_id, rest) = rest.rsplit_once(" (serial ").ok_or(LineError("serial"))?;
    let (serial, ca) = rest.split_once(") CA ").ok_or(LineError("CA"))?;
    let (_, ca) = ca.split_once(' ').ok_or(LineError("CA"))?;
    // What a method adds stands behind a comma.
    let (ca, _) = ca.split_once(',').unwrap_or((ca, ""));
    Ok(Use {
        deed,
        account: account.to_owned(),
        key: Some(sha256(key).ok_or(LineError("key"))?),
        key_id: unescaped(key_id).into_owned(),
        serial: decimal(serial).ok_or(LineError("serial"))?,
        ca: sha256(ca.trim_end()).ok_or(LineError("CA"))?,
    })
}

/// `KEY ID" (serial 42) signed by TYPE CA SHA256:… …`, which names neither key nor account.
fn by_id(rest: &str, open: &str, close: &str, deed: Deed) -> Result<Use, LineError> {
    let (key_id, rest) = rest.rsplit_once(open).ok_or(LineError("serial"))?;
    let (serial, rest) = rest.split_once(close).ok_or(LineError("serial"))?;
    let mut words = rest.split(' ');
    let ca = words.find(|word| word.starts_with("SHA256:"));
    let ca = ca.ok_or(LineError("CA"))?.trim_end_matches(':');
    Ok(Use {
        deed,
        account: String::new(),
        key: None,
        key_id: unescaped(key_id).into_owned(),
        serial: decimal(serial).ok_or(LineError("serial"))?,
        ca: sha256(ca).ok_or(LineError("CA"))?,
    })
}

impl Use {
    /// The name of the account that was let in, if the line has one that exists.
    #[must_use]
    pub fn account_name(&self) -> Option<&str> {
        if self.account.starts_with(INVALID) {
            None
        } else {
            Some(self.account.split_once(" from ")?.0)
        }
    }
}

/// Every SHA-256 fingerprint in a text.
pub(super) fn fingerprints(text: &str) -> Vec<[u8; 32]> {
    let begins = text.match_indices(SHA256).map(|(at, _)| at);
    let words = begins.filter_map(|at| text.get(at..at + SHA256.len() + BASE64_OF_SHA256));
    words.filter_map(sha256).collect()
}

fn sha256(text: &str) -> Option<[u8; 32]> {
    match text.parse() {
        Ok(Fingerprint::Sha256(hash)) => Some(hash),
        _ => None,
    }
}

fn decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Undoes the escapes of sshd's log: `\\` and three octal digits (vis(3), VIS_SAFE with
/// VIS_OCTAL). What is no escape stays as it is.
fn unescaped(text: &str) -> Cow<'_, [u8]> {
    if !text.contains('\\') {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let (byte, after) = escape(first, tail).unwrap_or((first, tail));
        bytes.push(byte);
        rest = after;
    }
    Cow::Owned(bytes)
}

fn escape(first: u8, tail: &[u8]) -> Option<(u8, &[u8])> {
    if first != b'\\' {
        return None;
    }
    if let Some(after) = tail.strip_prefix(b"\\") {
        return Some((b'\\', after));
    }
    let (digits, after) = tail.split_first_chunk::<3>()?;
    let digits = std::str::from_utf8(digits).ok()?;
    let is_octal = digits.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
    let byte = u8::from_str_radix(digits, 8).ok()?;
    is_octal.then_some((byte, after))
}

/// How a line about a method begins, and what it says of a certificate in it.
const METHODS: [(&str, Deed); 4] = [
    ("Accepted ", Deed::LetIn),
    ("Partial ", Deed::LetIn),
    ("Postponed ", Deed::Took),
    ("Failed ", Deed::Refused),
];

/// How lines begin in which a stranger chooses words: the name of an account, say.
const STRANGERS: [&str; 16] = [
    "Invalid user ",
    "Connection ",
    "Disconnected from ",
    "Disconnecting ",
    "Received disconnect from ",
    "Unable to negotiate ",
    "Bad protocol version identification ",
    "banner exchange: ",
    "kex_exchange_identification: ",
    "maximum authentication attempts exceeded for ",
    "User ",
    "ROOT LOGIN REFUSED ",
    "pam_",
    "PAM: ",
    "input_userauth_request: ",
    "Did not receive identification string ",
];

/// How other lines begin that show that a log is one of sshd.
const OTHERS: [&str; 9] = [
    "Refusing certificate ID ",
    "Server listening on ",
    "Received signal ",
    "Received SIGHUP",
    "Starting session: ",
    "Close session: ",
    "Authentication key ",
    "Certificate invalid: ",
    "error: Refusing certificate ID ",
];

/// How a fingerprint begins, and how many characters of base64 stand behind that.
const SHA256: &str = "SHA256:";
const BASE64_OF_SHA256: usize = 43;

/// What stands before the name of an account that does not exist.
const INVALID: &str = "invalid user ";
