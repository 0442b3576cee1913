//! The URL of a server, which users type and sessions are bound to.

use std::fmt;

use serde::Deserialize;

/// `https://HOST` or `https://HOST:PORT`: nothing behind it, and in lower case, so that there is one
/// way to write it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ServerUrl(String);

/// A text that is no URL of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a server's URL is https://HOST or https://HOST:PORT, in lower case, with nothing behind it"
)]
pub struct ServerUrlError;

impl ServerUrl {
    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host's name or address.
    #[must_use]
    pub fn host(&self) -> &str {
        let authority = self.0.trim_start_matches(SCHEME);
        match authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or(rest),
            None => authority.split(':').next().unwrap_or(authority),
        }
    }
}

impl TryFrom<String> for ServerUrl {
    type Error = ServerUrlError;

    fn try_from(text: String) -> Result<Self, ServerUrlError> {
        let authority = text.strip_prefix(SCHEME).ok_or(ServerUrlError)?;
        let (host, port) = split(authority).ok_or(ServerUrlError)?;
        let port_is_one = port.is_none_or(is_port);
        if text.len() > LENGTH_MAX || !is_host(host) || !port_is_one {
            return Err(ServerUrlError);
        }
        Ok(Self(text))
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Host and port; the colons of an address in brackets are none before a port.
fn split(authority: &str) -> Option<(&str, Option<&str>)> {
    let end = match authority.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, rest) = authority.split_at_checked(end)?;
    match rest.strip_prefix(':') {
        Some(port) => Some((host, Some(port))),
        None if rest.is_empty() => Some((host, None)),
        None => None,
    }
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        let address = address.trim_end_matches(']');
        let parsed = address.parse::<std::net::Ipv6Addr>();
        return parsed.is_ok_and(|parsed| parsed.to_string() == address);
    }
    let is_letter = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(is_letter)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.split('.').all(is_label)
}

/// The default is not written: there is one way to write a URL.
fn is_port(port: &str) -> bool {
    let number = port.parse::<u16>().ok();
    number.is_some_and(|number| number != 0 && number != 443 && number.to_string() == port)
}

const SCHEME: &str = "https://";
const LENGTH_MAX: usize = 260;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_host_perhaps_a_port_and_one_way_to_be_written() {
        for (text, host) in [
            ("https://ca.example.org", "ca.example.org"),
            ("https://ca.example.org:8443", "ca.example.org"),
            ("https://127.0.0.1:1", "127.0.0.1"),
            ("https://[2001:db8::1]:8443", "2001:db8::1"),
            ("https://[::1]", "::1"),
        ] {
            let url = ServerUrl::try_from(text.to_owned()).unwrap();
            assert_eq!(url.host(), host);
        }
        for text in [
            "",
            "http://ca.example.org",
            "https://",
            "https://CA.example.org",
            "https://ca.example.org/",
            "https://ca.example.org:443",
            "https://ca.example.org:0",
            "https://ca.example.org:08443",
            "https://ca.example.org:",
            "https://ca.example.org?a",
            "https://ca.example.org#a",
            "https://a@ca.example.org",
            "https://ca..org",
            "https://-ca.org",
            "https://[::1",
            "https://[::1]a",
            "https://[0:0::1]",
            "https://[x]",
            "https://ca.example.org\n",
        ] {
            let url = ServerUrl::try_from(text.to_owned());
            assert_eq!(url, Err(ServerUrlError), "{text:?}");
        }
    }
}
