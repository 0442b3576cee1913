//! Where a directory service is, and whether the way to it is safe.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

/// A directory service, by a way on which nobody else can read or answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Server {
    /// A socket of this machine: `ldapi:`.
    Socket(PathBuf),
    /// This machine itself, without TLS: `ldap:` to a loopback address.
    Loopback {
        /// The address.
        address: IpAddr,
        /// The port.
        port: u16,
    },
    /// `ldaps:`, or `ldap:` and StartTLS.
    Tls {
        /// The name that its certificate must have.
        host: String,
        /// The port.
        port: u16,
        /// How TLS begins.
        begins: Begins,
    },
}

/// How TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begins {
    /// With the first byte.
    AtOnce,
    /// By a word of LDAP (StartTLS; RFC 4511, section 4.14), before anything else is said.
    ByStartTls,
}

/// Why a text is no server, or none that a password may be sent to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// Another form.
    #[error("{0:?} is no server: ldaps://HOST[:PORT], ldap://HOST[:PORT] or ldapi:///SOCKET")]
    Form(String),
    /// Everybody on the way could read the password, and put somebody into a group.
    #[error("ldap: to {0} without TLS, which is for this machine itself alone")]
    Plain(String),
    /// StartTLS where TLS is or can't be.
    #[error("start-tls is for ldap: alone")]
    StartTls,
}

impl Server {
    /// Reads a URL, of which nothing but scheme, host and port, or the path of a socket, may be there.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn parse(url: &str, start_tls: bool) -> Result<Self, ServerError> {
        let form = || ServerError::Form(url.to_owned());
        let (scheme, rest) = url.split_once("://").ok_or_else(form)?;
        match (scheme, start_tls) {
            ("ldapi" | "ldaps", true) => Err(ServerError::StartTls),
            ("ldapi", false) => socket(rest).ok_or_else(form),
            ("ldaps", false) => tls(rest, LDAPS_PORT, Begins::AtOnce).ok_or_else(form),
            ("ldap", true) => tls(rest, LDAP_PORT, Begins::ByStartTls).ok_or_else(form),
            ("ldap", false) => {
                let (host, port) = host_and_port(rest, LDAP_PORT).ok_or_else(form)?;
                match loopback(host) {
                    Some(address) => Ok(Self::Loopback { address, port }),
                    None => Err(ServerError::Plain(host.to_owned())),
                }
            }
            _ => Err(form()),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "ldapi://{}", path.display()),
            Self::Loopback {
                address: IpAddr::V6(address),
                port,
            } => write!(f, "ldap://[{address}]:{port}"),
            Self::Loopback { address, port } => write!(f, "ldap://{address}:{port}"),
            Self::Tls { host, port, begins } => match (begins, *port) {
                (Begins::AtOnce, LDAPS_PORT) => write!(f, "ldaps://{host}"),
                (Begins::AtOnce, port) => write!(f, "ldaps://{host}:{port}"),
                (Begins::ByStartTls, LDAP_PORT) => write!(f, "ldap://{host}"),
                (Begins::ByStartTls, port) => write!(f, "ldap://{host}:{port}"),
            },
        }
    }
}

/// A path as it is, or with `%2F` for each slash as `ldapsearch -H` wants it.
fn socket(text: &str) -> Option<Server> {
    let text = text.replace("%2F", "/").replace("%2f", "/");
    let path = text.strip_suffix('/').unwrap_or(&text);
    let odd = |c: char| c == '%' || c.is_control();
    (path.starts_with('/') && !path.contains(odd)).then(|| Server::Socket(path.into()))
}

fn tls(text: &str, port: u16, begins: Begins) -> Option<Server> {
    let (host, port) = host_and_port(text, port)?;
    // A certificate names a host; an address in brackets has none.
    let host = (!host.starts_with('[')).then(|| host.to_owned())?;
    Some(Server::Tls { host, port, begins })
}

fn host_and_port(text: &str, port: u16) -> Option<(&str, u16)> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let end = text.find(']').map_or(0, |end| end.saturating_add(1));
    let (host, port) = match text.get(end..)?.find(':') {
        Some(colon) => {
            let (host, rest) = text.split_at_checked(end.checked_add(colon)?)?;
            let digits = rest.strip_prefix(':')?;
            let number = digits.parse().ok().filter(|port| *port != 0);
            (host, number.filter(|_| !digits.starts_with('+'))?)
        }
        None => (text, port),
    };
    let literal = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let fits = match literal {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
            (1..=HOST_BYTES_MAX).contains(&host.len()) && host.bytes().all(allowed)
        }
    };
    fits.then_some((host, port))
}

/// The address of this machine itself. `localhost` is one by its name, whatever a resolver says of it
/// (RFC 6761, section 6.3).
fn loopback(host: &str) -> Option<IpAddr> {
    if host.eq_ignore_ascii_case("localhost") {
        return Some(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>().ok()?;
    address.is_loopback().then_some(address)
}

const LDAP_PORT: u16 = 389;
const LDAPS_PORT: u16 = 636;
const HOST_BYTES_MAX: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_that_others_could_read_is_none() {
        for far in [
            "ldap://ldap.example.org",
            "ldap://10.0.0.7:389",
            "ldap://128.0.0.1",
            "ldap://[::2]",
        ] {
            let refused = Server::parse(far, false).unwrap_err();
            assert!(matches!(refused, ServerError::Plain(_)), "{far} {refused}");
        }
        for near in [
            "ldap://127.0.0.1:1389",
            "ldap://localhost:1389/",
            "ldap://[::1]:1389",
        ] {
            let server = Server::parse(near, false).unwrap();
            let Server::Loopback {
                address,
                port: 1389,
            } = server
            else {
                panic!("{near}");
            };
            assert!(address.is_loopback());
        }
        // Whoever names it localhost gets this machine, not what a resolver makes of it.
        let far = Server::parse("ldap://localhost.example.org", false);
        assert!(matches!(far, Err(ServerError::Plain(_))));
    }

    #[test]
    fn a_server_reads_as_it_is_shown() {
        for (url, start_tls) in [
            ("ldaps://ldap.example.org", false),
            ("ldaps://ldap.example.org:1636", false),
            ("ldap://ldap.example.org", true),
            ("ldap://ldap.example.org:1389", true),
            ("ldap://127.0.0.1:1389", false),
            ("ldap://[::1]:389", false),
            ("ldapi:///run/slapd/ldapi", false),
        ] {
            assert_eq!(Server::parse(url, start_tls).unwrap().to_string(), url);
        }
        let encoded = Server::parse("ldapi://%2Frun%2Fslapd%2Fldapi/", false).unwrap();
        assert_eq!(encoded, Server::Socket("/run/slapd/ldapi".into()));
        assert_eq!(
            Server::parse("ldap://127.0.0.1", true).unwrap(),
            Server::Tls {
                host: "127.0.0.1".to_owned(),
                port: 389,
                begins: Begins::ByStartTls
            }
        );
    }

    #[test]
    fn what_is_no_server_is_refused() {
        for url in [
            "",
            "ldap.example.org",
            "http://ldap.example.org",
            "LDAPS://ldap.example.org",
            "ldaps://",
            "ldaps:///dc=example",
            "ldaps://ldap.example.org/dc=example",
            "ldaps://a@b",
            "ldaps://a:0",
            "ldaps://a:65536",
            "ldaps://a:+1",
            "ldaps://a b",
            "ldaps://[::1]",
            "ldap://[::1",
            "ldapi://",
            "ldapi://run/slapd",
            "ldapi:///run/%00",
            "ldaps://a?x",
        ] {
            let refused = Server::parse(url, false);
            assert!(
                matches!(refused, Err(ServerError::Form(_))),
                "{url} {refused:?}"
            );
        }
        for url in ["ldaps://a", "ldapi:///run/slapd/ldapi"] {
            assert_eq!(Server::parse(url, true), Err(ServerError::StartTls));
        }
    }
}
