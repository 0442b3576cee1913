//! Files by https: TLS by rustls on ring, few redirects, and a limit on everything.

use std::io::Read;
use std::time::Duration;

use ureq::tls::{Certificate, ClientCert, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use ureq::{Agent, Error, Timeout};

use super::{HttpsError, Url};

/// Asks servers, and knows them by certificates.
#[derive(Clone, Debug)]
pub struct Https {
    agent: Agent,
    seconds: u64,
}

impl Https {
    /// Waits for so many seconds for each file, all included. Servers are known by the web's
    /// roots, or by the certificates of a PEM text alone.
    ///
    /// # Errors
    /// [`HttpsError::Roots`] if the text holds no certificate, or a broken one.
    pub fn new(seconds: u64, roots: Option<&str>) -> Result<Self, HttpsError> {
        Ok(Self {
            agent: agent(seconds, roots, REDIRECTS_MAX)?,
            seconds,
        })
    }

    pub(super) fn read(&self, url: &Url, limit: usize) -> Result<Vec<u8>, HttpsError> {
        let response = self.agent.get(url.as_str()).call();
        let mut response = response.map_err(|error| self.fault(error))?;
        // Not 201, not 204: a file that is there is a 200.
        if response.status().as_u16() != 200 {
            return Err(HttpsError::Status(response.status().as_u16()));
        }
        let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let mut bytes = Vec::new();
        let body = response.body_mut().as_reader();
        body.take(one_more)
            .read_to_end(&mut bytes)
            .map_err(|error| self.fault(Error::from(error)))?;
        if bytes.len() <= limit {
            Ok(bytes)
        } else {
            Err(HttpsError::TooLong { limit })
        }
    }

    fn fault(&self, error: Error) -> HttpsError {
        match error {
            Error::RequireHttpsOnly(_) => HttpsError::NotHttps,
            Error::Timeout(Timeout::Global) => HttpsError::TimedOut {
                seconds: self.seconds,
            },
            error => HttpsError::Connection(error.to_string()),
        }
    }
}

/// What asks servers by https and nothing else, and takes an answer of any status for one. `roots` is as for
/// [`Https::new`]. Proxies are those of the environment.
///
/// # Errors
/// [`HttpsError::Roots`].
pub(crate) fn agent(
    seconds: u64,
    roots: Option<&str>,
    redirects: u32,
) -> Result<Agent, HttpsError> {
    agent_showing(None, seconds, roots, redirects)
}

/// The same, which shows servers that ask for one a client certificate.
///
/// # Errors
/// [`HttpsError::Roots`].
pub(crate) fn agent_showing(
    certificate: Option<ClientCert>,
    seconds: u64,
    roots: Option<&str>,
    redirects: u32,
) -> Result<Agent, HttpsError> {
    let roots = match roots {
        None => RootCerts::WebPki,
        Some(pem) => RootCerts::new_with_certs(&certificates(pem)?),
    };
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(roots)
        .client_cert(certificate)
        .build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .https_only(true)
        .http_status_as_error(false)
        .max_redirects(redirects)
        .timeout_global(Some(Duration::from_secs(seconds)))
        .max_response_header_size(HEADER_BYTES_MAX)
        .user_agent(concat!("punchmark/", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(config.into())
}

fn certificates(pem: &str) -> Result<Vec<Certificate<'static>>, HttpsError> {
    let mut certificates = Vec::new();
    for item in parse_pem(pem.as_bytes()) {
        match item {
            Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
            Ok(_) => {}
            Err(_) => return Err(HttpsError::Roots),
        }
    }
    if certificates.is_empty() {
        Err(HttpsError::Roots)
    } else {
        Ok(certificates)
    }
}

const REDIRECTS_MAX: u32 = 3;
const HEADER_BYTES_MAX: usize = 16 * 1024;
