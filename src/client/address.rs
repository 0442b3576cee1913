//! Which server is meant: what a user types, in its one form.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A server, by host and port: `https://HOST` or `https://HOST:PORT`, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServerAddress {
    host: String,
    port: u16,
}

/// A text that names no server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a server is HOST, HOST:PORT or [IPV6]:PORT, with https:// before it or not, and nothing behind it"
)]
pub struct AddressError;

impl ServerAddress {
    /// The URL, without a path.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{self}")
    }

    /// What its folder is called.
    #[must_use]
    pub fn folder_name(&self) -> String {
        format!("{}_{}", self.host.trim_matches(['[', ']']), self.port)
    }
}

impl FromStr for ServerAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.to_ascii_lowercase();
        if text.len() > LENGTH_MAX {
            return Err(AddressError);
        }
        let rest = text.strip_prefix(SCHEME).unwrap_or(&text);
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = split(rest).ok_or(AddressError)?;
        let port = match port {
            None => HTTPS,
            Some(digits) => digits.parse().map_err(|_form| AddressError)?,
        };
        if port == 0 || !is_host(host) {
            return Err(AddressError);
        }
        let host = host.to_owned();
        Ok(Self { host, port })
    }
}

fn split(text: &str) -> Option<(&str, Option<&str>)> {
    let colon = match text.rfind(']') {
        Some(end) => text.get(end..)?.find(':').map(|colon| end + colon),
        None => text.find(':'),
    };
    match colon {
        None => Some((text, None)),
        Some(colon) => Some((text.get(..colon)?, Some(text.get(colon + 1..)?))),
    }
}

fn is_host(host: &str) -> bool {
    if let Some(literal) = host.strip_prefix('[') {
        let literal = literal.strip_suffix(']');
        return literal.is_some_and(|literal| literal.parse::<std::net::Ipv6Addr>().is_ok());
    }
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    !host.is_empty()
        && !host.starts_with(['.', '-'])
        && !host.ends_with('.')
        && !host.contains("..")
        && host.bytes().all(is_of_name)
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            HTTPS => f.write_str(&self.host),
            port => write!(f, "{}:{port}", self.host),
        }
    }
}

impl TryFrom<String> for ServerAddress {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<ServerAddress> for String {
    fn from(address: ServerAddress) -> Self {
        address.url()
    }
}

const SCHEME: &str = "https://";
const HTTPS: u16 = 443;
/// A DNS name has at most 253 characters.
const LENGTH_MAX: usize = 280;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_one_form_however_it_is_typed() {
        for (text, url, folder) in [
            (
                "ca.example.org",
                "https://ca.example.org",
                "ca.example.org_443",
            ),
            (
                "CA.Example.org:443",
                "https://ca.example.org",
                "ca.example.org_443",
            ),
            (
                "https://ca.example.org/",
                "https://ca.example.org",
                "ca.example.org_443",
            ),
            ("https://ca:8443", "https://ca:8443", "ca_8443"),
            ("127.0.0.1:8443", "https://127.0.0.1:8443", "127.0.0.1_8443"),
            ("[::1]:8443", "https://[::1]:8443", "::1_8443"),
            ("[::1]", "https://[::1]", "::1_443"),
        ] {
            let address: ServerAddress = text.parse().unwrap();
            assert_eq!(
                (address.url().as_str(), address.folder_name().as_str()),
                (url, folder)
            );
            assert_eq!(address.url().parse(), Ok(address));
        }
    }

    #[test]
    fn what_could_be_something_else_is_none() {
        let long = "a".repeat(300);
        for text in [
            "",
            "/",
            "http://ca",
            "https://",
            "ca/path",
            "ca?x",
            "anna@ca",
            "ca:",
            "ca:0",
            "ca:65536",
            "ca:x",
            "::1",
            "[::1",
            "[ca]",
            "..",
            ".ca",
            "ca.",
            "a..b",
            "-ca",
            "ca example",
            "\u{e4}",
            "ca\n",
            &long,
        ] {
            assert_eq!(text.parse::<ServerAddress>(), Err(AddressError), "{text:?}");
        }
    }
}
