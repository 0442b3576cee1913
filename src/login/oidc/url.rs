//! Addresses of a provider: https and nothing else, written so that everybody reads the same host out of them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether plain http is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainHttp {
    /// Never.
    Refused,
    /// To an address of this machine, for a trial.
    OnLoopback,
}

/// The address of an end point: `https://HOST`, perhaps a port, a path and a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderUrl {
    text: String,
    /// Where scheme, host and port end.
    origin: usize,
}

/// A provider, by the address that it calls itself: without query, and compared letter by letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(ProviderUrl);

/// Why a text is no such address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderUrlError {
    /// Others could read along.
    #[error("it doesn't begin with https://")]
    Scheme,
    /// Plain http leaves the machine.
    #[error("http:// goes to 127.0.0.1 or [::1] alone")]
    NotLoopback,
    /// Characters that one program takes for something else than another.
    #[error("it has a character that no address has, or more than {URL_MAX} of them")]
    Characters,
    /// A user in it, a host that is written in an odd way, or a port that is none.
    #[error("what stands for host and port is none")]
    Authority,
    /// An issuer has neither (OpenID Connect Discovery, 3).
    #[error("an issuer has no query")]
    Query,
}

impl ProviderUrl {
    /// Takes an address.
    ///
    /// # Errors
    /// [`ProviderUrlError`].
    pub fn parse(text: &str, http: PlainHttp) -> Result<Self, ProviderUrlError> {
        let is_usual = |byte: u8| byte.is_ascii_graphic() && !b"\"#<>\\^`{|}".contains(&byte);
        if text.len() > URL_MAX || !text.bytes().all(is_usual) {
            return Err(ProviderUrlError::Characters);
        }
        let (rest, is_plain) = match text.strip_prefix(HTTPS) {
            Some(rest) => (rest, false),
            None => (plain(text, http)?, true),
        };
        let authority = rest.split(['/', '?']).next().unwrap_or(rest);
        let host = host(authority).ok_or(ProviderUrlError::Authority)?;
        if is_plain && !address(host).is_some_and(|address| address.is_loopback()) {
            return Err(ProviderUrlError::NotLoopback);
        }
        Ok(Self {
            text: text.to_owned(),
            origin: text.len() - rest.len() + authority.len(),
        })
    }

    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port, which say whom a question goes to.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.text.get(..self.origin).unwrap_or_default()
    }

    /// Whether the host is of this machine, or an address and no name: what an internal service has.
    pub(super) fn is_by_address(&self) -> bool {
        let authority = self.origin().split_once("//");
        let host = authority.and_then(|(_, authority)| host(authority));
        host.is_some_and(|host| address(host).is_some() || is_local(host))
    }
}

fn plain(text: &str, http: PlainHttp) -> Result<&str, ProviderUrlError> {
    let rest = text.strip_prefix(HTTP).ok_or(ProviderUrlError::Scheme)?;
    match http {
        PlainHttp::OnLoopback => Ok(rest),
        PlainHttp::Refused => Err(ProviderUrlError::Scheme),
    }
}

impl Issuer {
    /// Takes what the config says.
    ///
    /// # Errors
    /// [`ProviderUrlError`].
    pub fn parse(text: &str, http: PlainHttp) -> Result<Self, ProviderUrlError> {
        let url = ProviderUrl::parse(text, http)?;
        if text.contains('?') {
            return Err(ProviderUrlError::Query);
        }
        Ok(Self(url))
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.0.origin()
    }

    /// Where it says what it has (OpenID Connect Discovery, 4).
    #[must_use]
    pub fn discovery(&self) -> String {
        let issuer = self.as_str();
        let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
        format!("{issuer}/.well-known/openid-configuration")
    }
}

impl fmt::Display for ProviderUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The host of host and port, where both are written as usual.
fn host(authority: &str) -> Option<&str> {
    let end = match authority.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at_checked(end)?;
    let port_is_one = match port.strip_prefix(':') {
        Some(port) => port
            .parse::<u16>()
            .is_ok_and(|number| number != 0 && number.to_string() == port),
        None => port.is_empty(),
    };
    (port_is_one && (address(host).is_some() || is_name(host))).then_some(host)
}

fn address(host: &str) -> Option<IpAddr> {
    if let Some(inner) = host.strip_prefix('[') {
        let inner = inner.strip_suffix(']')?;
        return inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    host.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
}

/// A name of the DNS in lower case. Its last label begins with a letter: the system's resolver takes
/// `2130706433`, `127.1` and `0x7f.1` for addresses.
fn is_name(host: &str) -> bool {
    let is_letter = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let is_label = |label: &str| {
        let has_edge = label.starts_with('-') || label.ends_with('-');
        (1..=63).contains(&label.len()) && label.bytes().all(is_letter) && !has_edge
    };
    let last = host.rsplit('.').next().unwrap_or(host);
    host.len() <= 253
        && host.split('.').all(is_label)
        && last.starts_with(|first: char| first.is_ascii_lowercase())
}

/// The names of this machine (RFC 6761, 6.3).
fn is_local(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost")
}

const HTTPS: &str = "https://";
const HTTP: &str = "http://";
const URL_MAX: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Result<String, ProviderUrlError> {
        let url = ProviderUrl::parse(text, PlainHttp::Refused);
        url.map(|url| url.origin().to_owned())
    }

    #[test]
    fn an_address_says_one_host() {
        for (text, wanted) in [
            ("https://id.example.org", "https://id.example.org"),
            ("https://id.example.org/a?b=c@d", "https://id.example.org"),
            (
                "https://id.example.org:8443/",
                "https://id.example.org:8443",
            ),
            ("https://id.example.org?a", "https://id.example.org"),
            ("https://[2001:db8::1]:1/x", "https://[2001:db8::1]:1"),
            ("https://192.0.2.1/x", "https://192.0.2.1"),
        ] {
            assert_eq!(origin(text).as_deref(), Ok(wanted));
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        use ProviderUrlError::{Authority, Characters, Scheme};
        for (text, fault) in [
            ("http://id.example.org", Scheme),
            ("HTTPS://id.example.org", Scheme),
            ("file:///etc/passwd", Scheme),
            ("https://id.example.org\\@evil.example", Characters),
            ("https://id.example.org/#a", Characters),
            ("https://id.example.org/ a", Characters),
            ("https://id.example.org/\r\na", Characters),
            ("https://id.exämple.org", Characters),
            ("https://peter@id.example.org", Authority),
            ("https://id.example.org:0", Authority),
            ("https://id.example.org:65536", Authority),
            ("https://id.example.org:+1", Authority),
            ("https://id.example.org:", Authority),
            ("https://ID.example.org", Authority),
            ("https://id..org", Authority),
            ("https://", Authority),
            ("https:///a", Authority),
            ("https://2852039166/", Authority),
            ("https://0xa9fea9fe/", Authority),
            ("https://127.1/", Authority),
            ("https://0177.0.0.1/", Authority),
            ("https://[::1", Authority),
            ("https://[::1%25eth0]/", Authority),
            ("https://[fe80::1]x/", Authority),
        ] {
            assert_eq!(origin(text), Err(fault), "{text:?}");
        }
        let long = format!("https://id.example.org/{}", "a".repeat(URL_MAX));
        assert_eq!(origin(&long), Err(Characters));
    }

    #[test]
    fn plain_http_stays_on_the_machine() {
        let trial = |text| ProviderUrl::parse(text, PlainHttp::OnLoopback);
        for text in ["http://127.0.0.1:8080/a", "http://[::1]:8080/a"] {
            assert!(trial(text).is_ok(), "{text}");
            assert_eq!(origin(text), Err(ProviderUrlError::Scheme));
        }
        for text in [
            "http://192.0.2.1/",
            "http://localhost/",
            "http://id.example.org/",
        ] {
            assert_eq!(trial(text), Err(ProviderUrlError::NotLoopback), "{text}");
        }
    }

    #[test]
    fn what_an_internal_service_has_is_known_by_its_form() {
        for (text, is) in [
            ("https://169.254.169.254/latest", true),
            ("https://[::1]:9/", true),
            ("https://localhost/", true),
            ("https://a.localhost:9/", true),
            ("https://id.example.org/", false),
            ("https://localhost.example.org/", false),
        ] {
            let url = ProviderUrl::parse(text, PlainHttp::Refused).unwrap();
            assert_eq!(url.is_by_address(), is, "{text}");
        }
    }

    #[test]
    fn an_issuer_says_where_it_is_described() {
        let of = |text| Issuer::parse(text, PlainHttp::Refused);
        for (text, discovery) in [
            (
                "https://id.example.org",
                "https://id.example.org/.well-known/openid-configuration",
            ),
            (
                "https://id.example.org/",
                "https://id.example.org/.well-known/openid-configuration",
            ),
            (
                "https://id.example.org/a/",
                "https://id.example.org/a/.well-known/openid-configuration",
            ),
        ] {
            assert_eq!(of(text).unwrap().discovery(), discovery);
            assert_eq!(of(text).unwrap().as_str(), text);
        }
        let query = of("https://id.example.org/?a=b");
        assert_eq!(query, Err(ProviderUrlError::Query));
    }
}
