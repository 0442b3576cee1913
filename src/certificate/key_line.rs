//! The line of an OpenSSH public key file.

use std::ops::ControlFlow;

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

/// Reads the first public key of a text, and its comment.
///
/// As ssh-keygen reads a `.pub` file: empty lines, lines with `#` first and lines that are no
/// key are passed over; options before the key are not known. The comment is all that stands
/// behind the key, `#` included, without the line break; it may be empty.
///
/// # Errors
/// If the text is longer than 64 KiB, holds a private key or a certificate, or no key.
pub fn read_public_key_line(text: &str) -> Result<(KeyData, String), KeyLineError> {
    if text.len() > MAX_LEN {
        return Err(KeyLineError::TooLong { length: text.len() });
    }
    let found = text.lines().try_for_each(|line| match read_line(line) {
        Ok(None) => ControlFlow::Continue(()),
        Ok(Some(key)) => ControlFlow::Break(Ok(key)),
        Err(fault) => ControlFlow::Break(Err(fault)),
    });
    match found {
        ControlFlow::Break(found) => found,
        ControlFlow::Continue(()) => Err(KeyLineError::NoKey),
    }
}

/// Why a text has no public key.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyLineError {
    /// Longer than any public key file.
    #[error("public key file of {length} bytes is longer than {MAX_LEN}")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// A file that should never leave its owner's machine.
    #[error("this is a private key, not a public key")]
    PrivateKey,
    /// A certificate is not a key.
    #[error("this is a certificate, not a public key")]
    Certificate,
    /// Nothing that could be read as a key.
    #[error("there is no public key in OpenSSH form")]
    NoKey,
}

/// The key of a line, or none for a line that is passed over.
fn read_line(line: &str) -> Result<Option<(KeyData, String)>, KeyLineError> {
    if PRIVATE_KEYS.iter().any(|start| line.starts_with(start)) {
        return Err(if is_private(line) {
            KeyLineError::PrivateKey
        } else {
            KeyLineError::NoKey
        });
    }
    if line.starts_with('#') {
        return Ok(None);
    }
    let (name, rest) = word(line);
    let (blob, comment) = word(rest);
    if is_certificate(name) {
        return Err(KeyLineError::Certificate);
    }
    Ok(PublicKey::from_openssh(&format!("{name} {blob}"))
        .ok()
        .map(|key| (key.key_data().clone(), comment.to_owned())))
}

/// The next word, and what stands behind it and its blanks.
fn word(line: &str) -> (&str, &str) {
    let line = line.trim_start_matches(BLANK);
    let (word, rest) = line.split_once(BLANK).unwrap_or((line, ""));
    (word, rest.trim_start_matches(BLANK))
}

fn is_private(line: &str) -> bool {
    !line.starts_with("-----BEGIN") || line.contains("PRIVATE KEY")
}

fn is_certificate(name: &str) -> bool {
    ["-cert-v00@openssh.com", "-cert-v01@openssh.com", "-cert"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// The longest file that is read, in bytes.
pub const MAX_LEN: usize = 64 * 1024;

const BLANK: [char; 2] = [' ', '\t'];

/// How PEM, PuTTY's and version 1's files begin; the first also begins public PEM files.
const PRIVATE_KEYS: [&str; 3] = ["-----BEGIN", "PuTTY-User-Key-File-", "SSH PRIVATE KEY FILE"];

#[cfg(test)]
mod tests {
    use super::{KeyLineError, MAX_LEN, read_public_key_line};

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

    fn comment(text: &str) -> Result<String, KeyLineError> {
        read_public_key_line(text).map(|(_, comment)| comment)
    }

    #[test]
    fn keeps_the_comment_with_its_hashes_and_spaces() {
        for (end, expected) in [
            ("", ""),
            ("\n", ""),
            (" peter@laptop #2  x\r\nrest", "peter@laptop #2  x"),
            (" \t ä # ", "ä # "),
        ] {
            assert_eq!(comment(&format!("{KEY}{end}")).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn passes_over_comments_empty_lines_and_junk() {
        let text = format!("\n# {KEY} a\n  \nssh-ed25519 AAAA junk\nhello\n \t{KEY} b\n{KEY} c\n");
        assert_eq!(comment(&text).as_deref(), Ok("b"));
    }

    #[test]
    fn knows_private_keys_and_certificates() {
        for text in [
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb\n",
            "-----BEGIN RSA PRIVATE KEY-----",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----",
            "PuTTY-User-Key-File-3: ssh-ed25519",
        ] {
            assert_eq!(comment(text), Err(KeyLineError::PrivateKey), "{text}");
        }
        assert_eq!(
            comment("ssh-rsa-cert-v01@openssh.com AAAA x"),
            Err(KeyLineError::Certificate)
        );
    }

    #[test]
    fn refuses_what_holds_no_key() {
        for text in [
            "",
            "\n",
            "ssh-ed25519",
            "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f",
            "-----BEGIN PUBLIC KEY-----\nMFkw\n",
            "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n",
        ] {
            assert_eq!(comment(text), Err(KeyLineError::NoKey), "{text}");
        }
        assert_eq!(
            comment(&" ".repeat(MAX_LEN + 1)),
            Err(KeyLineError::TooLong {
                length: MAX_LEN + 1
            })
        );
    }
}
