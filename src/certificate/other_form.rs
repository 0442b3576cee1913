//! Forms of public keys that are not OpenSSH's line, recognised to say so.

use std::fmt;

use ssh_key::PublicKey;

/// A form in which other programs write public keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OtherForm {
    /// `---- BEGIN SSH2 PUBLIC KEY ----` (RFC 4716).
    Rfc4716,
    /// `-----BEGIN PUBLIC KEY-----` (RFC 5958's SubjectPublicKeyInfo).
    Pkcs8,
    /// `-----BEGIN RSA PUBLIC KEY-----` (PKCS#1).
    Pem,
    /// A line of known_hosts or authorized_keys: something stands before the key.
    Behind,
    /// A byte order mark stands before the text.
    ByteOrderMark,
}

impl OtherForm {
    /// The form of a text that holds no key in OpenSSH's form; none if it is none of these.
    pub(super) fn of(text: &str) -> Option<Self> {
        if text.starts_with('\u{feff}') {
            return Some(Self::ByteOrderMark);
        }
        text.lines().find_map(|line| match line.trim() {
            "---- BEGIN SSH2 PUBLIC KEY ----" => Some(Self::Rfc4716),
            "-----BEGIN PUBLIC KEY-----" => Some(Self::Pkcs8),
            "-----BEGIN RSA PUBLIC KEY-----" => Some(Self::Pem),
            line => has_key_behind(line).then_some(Self::Behind),
        })
    }

    /// How `ssh-keygen -i` is told of the form; none where the file is to be edited.
    #[must_use]
    pub fn keygen_name(self) -> Option<&'static str> {
        match self {
            Self::Rfc4716 => Some("RFC4716"),
            Self::Pkcs8 => Some("PKCS8"),
            Self::Pem => Some("PEM"),
            Self::Behind | Self::ByteOrderMark => None,
        }
    }
}

/// Whether any two words of a line, but for the first, are a key.
fn has_key_behind(line: &str) -> bool {
    let words: Vec<&str> = line.split_ascii_whitespace().take(MOST_WORDS).collect();
    words.windows(2).skip(1).any(|pair| {
        let [algorithm, base64] = pair else {
            return false;
        };
        PublicKey::from_openssh(&format!("{algorithm} {base64}")).is_ok()
    })
}

impl fmt::Display for OtherForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rfc4716 => "the public key is in the form of RFC 4716, not in OpenSSH's",
            Self::Pkcs8 => "the public key is in the form of PKCS#8, not in OpenSSH's",
            Self::Pem => "the public key is in the form of PEM, not in OpenSSH's",
            Self::Behind => "options or a host name stand before the public key",
            Self::ByteOrderMark => "a byte order mark stands before the public key",
        })
    }
}

/// Options in quotes may have words of their own.
const MOST_WORDS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

    #[test]
    fn each_form_is_told_from_the_others() {
        for (text, form) in [
            (
                "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n".to_owned(),
                Some(OtherForm::Rfc4716),
            ),
            (
                "-----BEGIN PUBLIC KEY-----\r\nAAAA\n".to_owned(),
                Some(OtherForm::Pkcs8),
            ),
            (
                "-----BEGIN RSA PUBLIC KEY-----\nAAAA\n".to_owned(),
                Some(OtherForm::Pem),
            ),
            (
                format!("from=\"10.0.0.0/8\",no-pty {KEY}"),
                Some(OtherForm::Behind),
            ),
            (format!("host.example.org {KEY} x"), Some(OtherForm::Behind)),
            (format!("\u{feff}{KEY}"), Some(OtherForm::ByteOrderMark)),
            (String::new(), None),
            ("x y z".to_owned(), None),
        ] {
            assert_eq!(OtherForm::of(&text), form, "{text}");
        }
    }
}
