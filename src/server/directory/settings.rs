//! Which directory service is asked, as whom, and how: a small TOML file of its own.
//!
//! It holds no secret, names one, and is believed as a config is: whoever can write it could put
//! anybody into a group.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::bounds::Bounds;
use crate::certificate::length_in_seconds;
use crate::config::directory_server::{Server, ServerError};

/// All that has to be known to ask a directory service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where it is.
    pub server: Server,
    /// How it is known, where the way to it is TLS.
    pub tls: Option<Tls>,
    /// As whom it is asked.
    pub bind: Bind,
    /// How members of a group are found.
    pub how: How,
    /// Below which entry they are searched for, where they are.
    pub base: Option<String>,
    /// The attribute that names a member, where the list names none.
    pub attribute: String,
    /// How many entries an answer holds at most.
    pub page_size: u16,
    /// How long all may take.
    pub timeout: Duration,
    /// How much is taken in.
    pub bounds: Bounds,
}

/// What is shown and wanted in TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificates (PEM) by which the server is known, and no others.
    pub ca_file: PathBuf,
    /// The certificate (PEM) of this program, and its private key.
    pub client: Option<(PathBuf, PathBuf)>,
}

/// As whom a directory service is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bind {
    /// By a distinguished name and the password in a file.
    Password {
        /// The name.
        dn: String,
        /// The file.
        file: PathBuf,
    },
    /// SASL EXTERNAL: as whom the certificate, or the account that opened the socket, says.
    External,
}

/// How members of a group are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// By what groups say: `member`, `uniqueMember`, `memberUid`, and groups within groups.
    #[default]
    Walk,
    /// By what members say: `memberOf`, and groups within groups.
    MemberOf,
    /// By one search that Active Directory goes through groups within groups for.
    InChain,
}

/// Why a text is no settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// No TOML, or an unknown or missing key.
    #[error("line {line}: {words}")]
    Toml {
        /// The line.
        line: usize,
        /// What is wrong there.
        words: String,
    },
    /// The server.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// A key that another one wants.
    #[error("`{key}` is missing, which {why} wants")]
    Missing {
        /// The key.
        key: &'static str,
        /// What wants it.
        why: &'static str,
    },
    /// A key that makes no sense beside another one.
    #[error("`{key}` makes no sense with {why}")]
    Pointless {
        /// The key.
        key: &'static str,
        /// What it stands beside.
        why: &'static str,
    },
    /// A value that is none.
    #[error("{value:?} is no value of `{key}`: {form}")]
    Value {
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
        /// What it takes.
        form: &'static str,
    },
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    server: String,
    #[serde(default)]
    start_tls: bool,
    ca_file: Option<PathBuf>,
    client_certificate: Option<PathBuf>,
    client_key: Option<PathBuf>,
    bind_dn: Option<String>,
    bind_password_file: Option<PathBuf>,
    #[serde(default)]
    sasl_external: bool,
    #[serde(default)]
    members: How,
    base: Option<String>,
    attribute: Option<String>,
    page_size: Option<u16>,
    timeout: Option<String>,
}

impl Settings {
    /// Reads the text of a file; `folder` is where its relative paths begin.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn parse(text: &str, folder: &Path) -> Result<Self, SettingsError> {
        let written: Written = toml::from_str(text).map_err(|error| syntax(text, &error))?;
        let server = Server::parse(&written.server, written.start_tls)?;
        let tls = written.tls(&server, folder)?;
        let bind = written.bind(&server, tls.as_ref(), folder)?;
        if written.members != How::Walk && written.base.is_none() {
            return Err(missing("base", "a search for members"));
        }
        Ok(Self {
            server,
            tls,
            bind,
            how: written.members,
            attribute: written.attribute()?,
            page_size: written.page_size()?,
            timeout: written.timeout()?,
            bounds: Bounds::OF_A_LIST,
            base: written.base,
        })
    }
}

impl Written {
    fn tls(&self, server: &Server, folder: &Path) -> Result<Option<Tls>, SettingsError> {
        let given = [
            ("ca-file", &self.ca_file),
            ("client-certificate", &self.client_certificate),
            ("client-key", &self.client_key),
        ];
        if !matches!(server, Server::Tls { .. }) {
            let first = given.iter().find(|(_, file)| file.is_some());
            return match first {
                Some((key, _)) => Err(SettingsError::Pointless {
                    key,
                    why: "a server without TLS",
                }),
                None => Ok(None),
            };
        }
        let client = match (&self.client_certificate, &self.client_key) {
            (Some(certificate), Some(key)) => Some((folder.join(certificate), folder.join(key))),
            (Some(_), None) => return Err(missing("client-key", "`client-certificate`")),
            (None, Some(_)) => return Err(missing("client-certificate", "`client-key`")),
            (None, None) => None,
        };
        let ca_file = self.ca_file.as_ref();
        let ca_file = ca_file.ok_or_else(|| missing("ca-file", "TLS"))?;
        Ok(Some(Tls {
            ca_file: folder.join(ca_file),
            client,
        }))
    }

    fn bind(
        &self,
        server: &Server,
        tls: Option<&Tls>,
        folder: &Path,
    ) -> Result<Bind, SettingsError> {
        let shows_itself =
            tls.is_some_and(|tls| tls.client.is_some()) || matches!(server, Server::Socket(_));
        match (&self.bind_dn, &self.bind_password_file, self.sasl_external) {
            (Some(_), _, true) => Err(SettingsError::Pointless {
                key: "sasl-external",
                why: "`bind-dn`",
            }),
            // A name without a password is nobody to most servers (RFC 4513, section 5.1.2).
            (Some(dn), Some(file), false) if !dn.is_empty() => Ok(Bind::Password {
                dn: dn.clone(),
                file: folder.join(file),
            }),
            (Some(_), Some(_), false) => Err(missing("bind-dn", "`bind-password-file`")),
            (Some(_), None, _) => Err(missing("bind-password-file", "`bind-dn`")),
            (None, Some(_), _) => Err(missing("bind-dn", "`bind-password-file`")),
            (None, None, true) if shows_itself => Ok(Bind::External),
            (None, None, true) => Err(missing(
                "client-certificate",
                "`sasl-external` to what is no socket of this machine",
            )),
            (None, None, false) => Err(missing("bind-dn or sasl-external", "every server")),
        }
    }

    fn attribute(&self) -> Result<String, SettingsError> {
        let attribute = self.attribute.as_deref().unwrap_or(DEFAULT_ATTRIBUTE);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if attribute.is_empty() || !attribute.bytes().all(allowed) {
            return Err(SettingsError::Value {
                key: "attribute",
                value: attribute.to_owned(),
                form: "the name of an attribute, as uid or sAMAccountName",
            });
        }
        Ok(attribute.to_owned())
    }

    fn page_size(&self) -> Result<u16, SettingsError> {
        let size = self.page_size.unwrap_or(DEFAULT_PAGE_SIZE);
        if size == 0 {
            return Err(SettingsError::Value {
                key: "page-size",
                value: size.to_string(),
                form: "a number from 1 to 65535",
            });
        }
        Ok(size)
    }

    fn timeout(&self) -> Result<Duration, SettingsError> {
        let text = self.timeout.as_deref().unwrap_or(DEFAULT_TIMEOUT);
        let seconds = length_in_seconds(text).filter(|seconds| (1..=A_DAY).contains(seconds));
        match seconds {
            Some(seconds) => Ok(Duration::from_secs(seconds)),
            None => Err(SettingsError::Value {
                key: "timeout",
                value: text.to_owned(),
                form: "a length of time from 1s to 1d",
            }),
        }
    }
}

fn syntax(text: &str, error: &toml::de::Error) -> SettingsError {
    let before = error.span().and_then(|span| text.get(..span.start));
    SettingsError::Toml {
        line: before
            .unwrap_or_default()
            .matches('\n')
            .count()
            .saturating_add(1),
        words: error.message().trim_end().replace('\n', ", "),
    }
}

fn missing(key: &'static str, why: &'static str) -> SettingsError {
    SettingsError::Missing { key, why }
}

const DEFAULT_ATTRIBUTE: &str = "uid";
/// What Active Directory gives at most is 1,000.
const DEFAULT_PAGE_SIZE: u16 = 500;
const DEFAULT_TIMEOUT: &str = "2m";
const A_DAY: u64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Settings, String> {
        Settings::parse(text, Path::new("/etc/punchmark")).map_err(|error| error.to_string())
    }

    #[test]
    fn paths_begin_at_the_file_and_what_is_not_said_is_the_usual() {
        let settings = parse(
            "server = \"ldaps://ldap.example.org\"\nca-file = \"ca.pem\"\n\
             bind-dn = \"cn=reader\"\nbind-password-file = \"/run/secret\"\n",
        )
        .unwrap();
        let tls = settings.tls.unwrap();
        assert_eq!(tls.ca_file, Path::new("/etc/punchmark/ca.pem"));
        assert_eq!(
            settings.bind,
            Bind::Password {
                dn: "cn=reader".to_owned(),
                file: "/run/secret".into()
            }
        );
        assert_eq!((settings.how, settings.page_size), (How::Walk, 500));
        assert_eq!(settings.attribute, "uid");
        assert_eq!(settings.timeout, Duration::from_secs(120));
    }

    #[test]
    fn a_socket_and_a_certificate_say_who_asks() {
        let socket = "server = \"ldapi:///run/slapd/ldapi\"\nsasl-external = true\n";
        assert_eq!(parse(socket).unwrap().bind, Bind::External);
        let tls = "server = \"ldap://ldap.example.org\"\nstart-tls = true\nca-file = \"ca.pem\"\n\
                   sasl-external = true\n";
        assert!(
            parse(tls)
                .unwrap_err()
                .contains("`client-certificate` is missing")
        );
        let with = format!("{tls}client-certificate = \"c.pem\"\nclient-key = \"k.pem\"\n");
        assert_eq!(parse(&with).unwrap().bind, Bind::External);
    }

    #[test]
    fn what_is_missing_pointless_or_unknown_is_named() {
        let tls = "server = \"ldaps://ldap.example.org\"\n";
        let near = "server = \"ldap://127.0.0.1\"\n";
        let bind = "bind-dn = \"cn=reader\"\nbind-password-file = \"p\"\n";
        for (text, words) in [
            (format!("{tls}{bind}"), "`ca-file` is missing"),
            (near.to_owned(), "`bind-dn or sasl-external` is missing"),
            (
                format!("{near}bind-dn = \"cn=reader\"\n"),
                "`bind-password-file` is missing",
            ),
            (
                format!("{near}bind-password-file = \"p\"\n"),
                "`bind-dn` is missing",
            ),
            (
                format!("{near}bind-dn = \"\"\nbind-password-file = \"p\"\n"),
                "`bind-dn` is missing",
            ),
            (
                format!("{near}{bind}sasl-external = true\n"),
                "`sasl-external` makes no sense",
            ),
            (
                format!("{near}sasl-external = true\n"),
                "`client-certificate` is missing",
            ),
            (
                format!("{near}{bind}ca-file = \"x\"\n"),
                "`ca-file` makes no sense",
            ),
            (
                format!("{tls}{bind}ca-file = \"x\"\nclient-key = \"x\"\n"),
                "`client-certificate`",
            ),
            (
                format!("{near}{bind}members = \"in-chain\"\n"),
                "`base` is missing",
            ),
            (
                format!("{near}{bind}members = \"all\"\n"),
                "unknown variant",
            ),
            (format!("{near}{bind}password = \"x\"\n"), "unknown field"),
            (format!("{near}{bind}page-size = 0\n"), "page-size"),
            (format!("{near}{bind}timeout = \"0s\"\n"), "timeout"),
            (format!("{near}{bind}attribute = \"a)(b\"\n"), "attribute"),
            (
                format!("server = \"ldap://ldap.example.org\"\n{bind}"),
                "without TLS",
            ),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(error.contains(words), "{text}{error}");
        }
    }
}
