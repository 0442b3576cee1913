//! What the config says of a server: `[serve]`, and how people log in, `[login.NAME]`.

mod directory;
mod limits;
mod lists;
mod logins;
mod metrics;
mod people;
mod receipts;
mod url;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use serde::Deserialize;

use super::Config;
use crate::certificate::length_in_seconds;
use crate::login::MethodName;
pub use directory::{DirectoryConfig, DirectoryConfigError, DirectoryGroups};
pub use limits::ServeLimits;
use lists::ListsTable;
pub use lists::ServeLists;
pub use logins::LoginConfigError;
pub(super) use logins::LoginTable;
pub use logins::{
    ClientCaConfig, JwtConfig, JwtConfigError, LoginMethod, OidcConfig, TlsConfigError,
};
use logins::{all_are_told, first_by_certificate, methods};
pub use people::People;
pub use receipts::ReceiptsBy;
use receipts::ReceiptsValue;
pub use url::{ServerUrl, ServerUrlError};

/// The `[serve]` table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ServeTable {
    url: ServerUrl,
    listen: Vec<SocketAddr>,
    tls: TlsValue,
    #[serde(default)]
    metrics: Option<SocketAddr>,
    #[serde(default)]
    trusted_proxies: Vec<Proxy>,
    #[serde(default)]
    address_header: Option<HeaderName>,
    #[serde(default)]
    session: SessionTable,
    #[serde(default)]
    limits: ServeLimits,
    #[serde(default)]
    krl: Option<ListsTable>,
    #[serde(default)]
    receipts: Option<ReceiptsValue>,
    #[serde(default)]
    admins: People,
    #[serde(default)]
    auditors: People,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "`tls` is \"proxy\", or { certificate = FILE, key = FILE }"
)]
enum TlsValue {
    Word(TlsWord),
    Files(TlsFiles),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TlsWord {
    Proxy,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsFiles {
    certificate: PathBuf,
    key: PathBuf,
}

/// A proxy: an address or a network.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Proxy(IpNet);

impl TryFrom<String> for Proxy {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let network = text.parse::<IpNet>().ok();
        let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
        let found = network.or_else(address);
        let wrong = || format!("{text:?} is neither an address nor a network");
        found.map(Self).ok_or_else(wrong)
    }
}

/// The header in which a proxy says whom it was asked by, in lower case.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
struct HeaderName(String);

impl TryFrom<String> for HeaderName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if text.is_empty() || text.len() > 64 || !text.bytes().all(is_token) {
            return Err(format!("{text:?} is no name of a header"));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SessionTable {
    longest: Seconds,
    idle: Seconds,
}

impl Default for SessionTable {
    fn default() -> Self {
        Self {
            longest: Seconds(12 * 60 * 60),
            idle: Seconds(2 * 60 * 60),
        }
    }
}

/// A length of a session, as `-V` writes one: at least a minute, at most a week.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Seconds(u64);

impl TryFrom<String> for Seconds {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let seconds = length_in_seconds(&text).filter(|seconds| (60..=WEEK).contains(seconds));
        let wrong = || format!("{text:?} is no length of 1m to 7d; write 12h or 30m");
        seconds.map(Self).ok_or_else(wrong)
    }
}

/// What a server is to do, whole paths and all.
#[derive(Clone, Debug)]
pub struct ServeConfig {
    /// What users type. Sessions are bound to it, never to a Host header.
    pub url: ServerUrl,
    /// Where it listens.
    pub listen: Vec<SocketAddr>,
    /// Who does TLS.
    pub tls: ServeTls,
    /// Where monitoring asks; nowhere without.
    pub metrics: Option<SocketAddr>,
    /// How long a session lives at most, in seconds.
    pub longest: u64,
    /// After how many seconds without a request it ends.
    pub idle: u64,
    /// How often somebody may ask.
    pub limits: ServeLimits,
    /// The ways to log in.
    pub logins: Vec<LoginMethod>,
    /// The lists that it hands out; none without `krl`.
    pub lists: Option<ServeLists>,
    /// Which key signs receipts; none are made without `receipts`.
    pub receipts: Option<ReceiptsBy>,
    /// Who may revoke what is somebody else's, and see it.
    pub admins: People,
    /// Who may see what is somebody else's.
    pub auditors: People,
}

/// Who does TLS.
#[derive(Clone, Debug)]
pub enum ServeTls {
    /// The server itself, with a certificate chain and its key, both PEM.
    Files {
        /// The chain.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// A proxy before it on this machine.
    Proxy {
        /// Whose word counts for who asked.
        trusted: Vec<IpNet>,
        /// The header with that word; without, the proxy's own address is told.
        header: Option<String>,
    },
}

/// Why the config makes no server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServeConfigError {
    /// There is no `[serve]`.
    #[error("the config has no [serve]")]
    None,
    /// It would listen nowhere.
    #[error("[serve] listens nowhere: `listen` is empty")]
    NoListener,
    /// Without TLS of its own, others could read along.
    #[error("[serve] listens on {0}, which is not this machine alone, and `tls` is \"proxy\"")]
    NotLoopback(SocketAddr),
    /// What monitoring is told is nobody else's business.
    #[error("[serve] listens on {0}, and so `metrics` can't be {1}: it is a listener of its own")]
    MetricsInPublic(SocketAddr, SocketAddr),
    /// Nobody says who asked.
    #[error("[serve] has `tls` = \"proxy\" and names no `trusted-proxies`")]
    NoProxies,
    /// What belongs to a proxy stands where there is none.
    #[error("[serve] has `{0}`, and does TLS itself")]
    NoProxy(&'static str),
    /// Nobody could log in.
    #[error("the config has no [login.NAME], so that nobody could log in")]
    NoLogin,
    /// A way to log in is none.
    #[error(transparent)]
    Login(#[from] LoginConfigError),
    /// Who would show one to the server shows it to the proxy.
    #[error(
        "[login.{0}] is of kind \"tls\", and `tls` is \"proxy\": client certificates are seen by whoever does TLS, so \
         let the server do it by `tls` = {{ certificate, key }}"
    )]
    CertificatesBehindProxy(MethodName),
    /// Nobody fetches a list that nobody signed.
    #[error(
        "[serve] makes lists (`krl` has `every`), and the config has no `ledger-key` to sign them"
    )]
    NoLedgerKey,
    /// It would be over before it is idle.
    #[error("[serve] ends a session when it is idle for longer than the longest lives")]
    Idle,
}

impl Config {
    /// What `[serve]` and the logins say, held against one another.
    ///
    /// # Errors
    /// [`ServeConfigError`].
    pub fn serve(&self) -> Result<ServeConfig, ServeConfigError> {
        let table = self.file.serve.as_ref().ok_or(ServeConfigError::None)?;
        if table.listen.is_empty() {
            return Err(ServeConfigError::NoListener);
        }
        let logins = methods(&self.file.login, self)?;
        for people in [&table.admins, &table.auditors] {
            all_are_told(people, &logins)?;
        }
        if logins.is_empty() {
            return Err(ServeConfigError::NoLogin);
        }
        let by_certificate = first_by_certificate(&logins);
        if let (TlsValue::Word(TlsWord::Proxy), Some(method)) = (&table.tls, by_certificate) {
            return Err(ServeConfigError::CertificatesBehindProxy(method.clone()));
        }
        let (longest, idle) = (table.session.longest.0, table.session.idle.0);
        if idle > longest {
            return Err(ServeConfigError::Idle);
        }
        let lists = table.krl.as_ref().map(|lists| lists.read(self));
        if lists.as_ref().is_some_and(|lists| lists.every.is_some()) && self.ledger_key().is_none()
        {
            return Err(ServeConfigError::NoLedgerKey);
        }
        Ok(ServeConfig {
            url: table.url.clone(),
            listen: table.listen.clone(),
            tls: self.tls(table)?,
            metrics: metrics::own_address(table)?,
            longest,
            idle,
            limits: table.limits,
            logins,
            lists,
            receipts: table.receipts.as_ref().and_then(|value| value.read(self)),
            admins: table.admins.clone(),
            auditors: table.auditors.clone(),
        })
    }

    /// Where the users of a server are kept who have a password: beside the ledger.
    pub fn users(&self) -> PathBuf {
        self.ledger().with_extension("users")
    }

    /// Where the sessions of a server are kept: beside the ledger.
    pub fn sessions(&self) -> PathBuf {
        self.ledger().with_extension("sessions")
    }

    fn tls(&self, table: &ServeTable) -> Result<ServeTls, ServeConfigError> {
        match &table.tls {
            TlsValue::Word(TlsWord::Proxy) => by_proxy(table),
            TlsValue::Files(files) => {
                if !table.trusted_proxies.is_empty() {
                    return Err(ServeConfigError::NoProxy("trusted-proxies"));
                }
                if table.address_header.is_some() {
                    return Err(ServeConfigError::NoProxy("address-header"));
                }
                Ok(ServeTls::Files {
                    certificate: self.resolve(&files.certificate),
                    key: self.resolve(&files.key),
                })
            }
        }
    }
}

fn by_proxy(table: &ServeTable) -> Result<ServeTls, ServeConfigError> {
    let open = table.listen.iter().find(|at| !at.ip().is_loopback());
    if let Some(open) = open {
        return Err(ServeConfigError::NotLoopback(*open));
    }
    if table.trusted_proxies.is_empty() {
        return Err(ServeConfigError::NoProxies);
    }
    Ok(ServeTls::Proxy {
        trusted: table.trusted_proxies.iter().map(|proxy| proxy.0).collect(),
        header: table.address_header.as_ref().map(|name| name.0.clone()),
    })
}

const WEEK: u64 = 7 * 24 * 60 * 60;

#[cfg(test)]
mod tests;
