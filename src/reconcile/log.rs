//! The lines in which sshd says that it let somebody in by a certificate.
//!
//! OpenSSH writes them as `format_method_key` in auth2-pubkey.c has it (9.2 to 10.1):
//!
//! ```text
//! Accepted publickey for peter from 10.0.0.7 port 50022 ssh2: ED25519-CERT SHA256:… ID peter, laptop (serial 42) CA ECDSA SHA256:…
//! ```
//!
//! with what syslog or journald put before it. A key ID may hold any printable text, also
//! text that looks like the rest of the line, so that the end is read from the right.

use std::borrow::Cow;

use ssh_key::Fingerprint;

/// A login by certificate that sshd accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login<'a> {
    /// What stands before the message: a time, a host, a process; may be empty.
    pub prefix: &'a str,
    /// The account, and the address and port that it came from, as they stand there.
    pub account: &'a str,
    /// SHA-256 of the certified key's blob.
    pub key: [u8; 32],
    /// The key ID, without sshd's escapes.
    pub key_id: Vec<u8>,
    /// The serial.
    pub serial: u64,
    /// SHA-256 of the CA key's blob.
    pub ca: [u8; 32],
}

/// A line that says that a certificate was accepted, and cannot be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its {0} cannot be read")]
pub struct LineError(&'static str);

/// Reads one line, without its newline; nothing if it is about something else.
///
/// # Errors
/// [`LineError`] if a certificate was accepted, and it cannot be told which: the line was
/// cut (sshd ends a line at 1,024 bytes) or has fingerprints of another kind than SHA-256.
pub fn read(line: &str) -> Option<Result<Login<'_>, LineError>> {
    let (prefix, message) = message(line)?;
    let rest = message.strip_prefix("Accepted publickey for ")?;
    // Names of accounts that exist have no white space, and addresses neither.
    let Some((account, method)) = rest.split_once(" ssh2: ") else {
        return Some(Err(LineError("account")));
    };
    let (kind, certificate) = method.split_once(' ').unwrap_or((method, ""));
    match kind.ends_with("-CERT") {
        true => Some(login(prefix, account, certificate)),
        false => None,
    }
}

fn login<'a>(prefix: &'a str, account: &'a str, certificate: &str) -> Result<Login<'a>, LineError> {
    let (key, rest) = certificate.split_once(" ID ").ok_or(LineError("key"))?;
    let (key_id, rest) = rest.rsplit_once(" (serial ").ok_or(LineError("serial"))?;
    let (serial, ca) = rest.split_once(") CA ").ok_or(LineError("CA"))?;
    let (_, ca) = ca.split_once(' ').ok_or(LineError("CA"))?;
    Ok(Login {
        prefix,
        account,
        key: sha256(key).ok_or(LineError("key"))?,
        key_id: unescaped(key_id).into_owned(),
        serial: decimal(serial).ok_or(LineError("serial"))?,
        ca: sha256(ca.trim_end()).ok_or(LineError("CA"))?,
    })
}

/// What stands before sshd's own words, and these.
///
/// With a prefix, they stand behind the first `]: `, the end of `sshd[77]: `. What comes
/// later may be anybody's words: the name of an account that doesn't exist, say.
fn message(line: &str) -> Option<(&str, &str)> {
    if line.starts_with("Accepted ") {
        return Some(("", line));
    }
    let (prefix, message) = line.split_once("]: ")?;
    let (before, process) = prefix.rsplit_once('[')?;
    let is_sshd = before.ends_with("sshd") || before.ends_with("sshd-session");
    let is_number = !process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit());
    (is_sshd && is_number).then_some((prefix, message))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "SHA256:/s3qg97lGY8ZHtg7m896fGGdgBsCCU3rQ9S6DBeRoIE";
    const CA: &str = "SHA256:dR5Z6T/AXFP8NncNoqn3R2hGvXhEnMuDzOtgovUq290";

    fn line(key_id: &str) -> String {
        format!(
            "Accepted publickey for peter from 10.0.0.7 port 50022 ssh2: \
             ED25519-CERT {KEY} ID {key_id} (serial 42) CA ECDSA {CA}"
        )
    }

    fn key_id(line: &str) -> Vec<u8> {
        let login = read(line).unwrap().unwrap();
        assert_eq!(login.serial, 42);
        assert_eq!(Some(login.ca), sha256(CA));
        assert_eq!(Some(login.key), sha256(KEY));
        assert_eq!(login.account, "peter from 10.0.0.7 port 50022");
        login.key_id
    }

    #[test]
    fn reads_a_line_behind_every_prefix() {
        for prefix in [
            "",
            "Nov 22 20:00:00 web1 sshd[77]: ",
            "2026-11-22T20:00:00.123456+00:00 web1 sshd-session[77]: ",
            "2026-11-22T20:00:00+0000 web1 sshd[77]: ",
        ] {
            let line = format!("{prefix}{}", line("peter, laptop"));
            assert_eq!(key_id(&line), b"peter, laptop");
        }
    }

    #[test]
    fn a_key_id_that_looks_like_the_rest_of_the_line_is_a_key_id() {
        for text in [
            format!("x (serial 7) CA ED25519 {KEY}"),
            format!(" ID a ID b ssh2: RSA-CERT {KEY} ID x (serial 1) CA RSA {CA} "),
            "sshd[1]: Accepted publickey for root".to_owned(),
            "(serial ".to_owned(),
        ] {
            assert_eq!(key_id(&line(&text)), text.as_bytes());
        }
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(key_id(&line(r"p\303\251t\\er\9")), "pét\\er\\9".as_bytes());
        assert_eq!(key_id(&line(r"\777")), br"\777");
    }

    #[test]
    fn words_of_strangers_are_no_login() {
        let planted = line("x");
        for line in [
            format!("sshd[77]: Invalid user a {planted} from 10.0.0.9 port 1"),
            format!("sshd[77]: Invalid user sshd[1]: {planted}"),
            format!("cron[77]: {planted}"),
            format!("sshd[x]: {planted}"),
            format!("Failed publickey for {planted}"),
            format!("Accepted publickey for peter from ::1 port 1 ssh2: ED25519 {KEY}"),
            "Accepted password for peter from ::1 port 1 ssh2".to_owned(),
            String::new(),
        ] {
            assert_eq!(read(&line), None, "{line}");
        }
    }

    #[test]
    fn a_line_that_was_cut_or_has_other_fingerprints_is_told() {
        let line = line("peter");
        for (line, field) in [
            (line.replace(KEY, "MD5:00"), "key"),
            (line.replace(CA, "MD5:00"), "CA"),
            (line.replace("42", "18446744073709551616"), "serial"),
            (line.replace("42", "+2"), "serial"),
            (line.split_at(line.len() - 1).0.to_owned(), "CA"),
            (line.split(" (serial").next().unwrap().to_owned(), "serial"),
        ] {
            assert_eq!(read(&line), Some(Err(LineError(field))), "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_printable_key_id_is_read_back(text in "[ -\\[\\]-~]{1,255}") {
            prop_assert_eq!(key_id(&line(&text)), text.as_bytes());
        }

        #[test]
        fn never_panics(text: String) {
            let _read = read(&text);
            let _behind = read(&format!("sshd[1]: Accepted publickey for {text}"));
        }
    }
}
