//! The way to a directory service: TCP or a socket of this machine, and TLS where the settings want it.
//!
//! In clear nothing is taken but the one answer to StartTLS, of some kilobytes, and not a byte behind it: what follows
//! is read by TLS.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use super::super::ask::AskError;
use super::super::settings::Settings;
use super::clock::Clock;
use super::message::{Kind, read};
use super::{frames, tls};
use crate::config::directory_server::{Begins, Server};

/// A stream on which messages are exchanged.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

/// A connection on which nothing was said.
pub(super) enum Reached<'a> {
    /// Nobody else reads or answers on it.
    Socket(UnixStream),
    /// To this machine itself.
    Loopback(TcpStream),
    /// Whose other end must show that it is the server.
    Far(TcpStream, Guard<'a>),
}

/// How a server is known, and when.
pub(super) struct Guard<'a> {
    server: &'a Server,
    name: ServerName<'static>,
    begins: Begins,
    config: Arc<ClientConfig>,
}

/// Connects, and reads what TLS wants.
///
/// # Errors
/// [`AskError`].
pub(super) fn reach(settings: &Settings, clock: Clock) -> Result<Reached<'_>, AskError> {
    let server = &settings.server;
    match server {
        Server::Socket(path) => {
            let stream = UnixStream::connect(path).map_err(|source| no_way(server, source))?;
            Ok(Reached::Socket(stream))
        }
        Server::Loopback { address, port } => {
            let stream = connect(server, &[SocketAddr::new(*address, *port)], clock)?;
            Ok(Reached::Loopback(stream))
        }
        Server::Tls { host, port, begins } => {
            let fault = |fault: &str| no_tls(server, fault);
            let tls = settings.tls.as_ref();
            let tls = tls.ok_or_else(|| fault("no certificate is named by which it is known"))?;
            let name = ServerName::try_from(host.clone());
            let guard = Guard {
                server,
                name: name.map_err(|error| fault(&error.to_string()))?,
                begins: *begins,
                config: tls::config(tls)?,
            };
            let stream = connect(server, &addresses(server, host, *port)?, clock)?;
            Ok(Reached::Far(stream, guard))
        }
    }
}

impl Reached<'_> {
    /// Has TLS begin, where it must, and gives the stream for all else.
    ///
    /// # Errors
    /// [`AskError`].
    pub(super) async fn open(self) -> Result<Box<dyn Stream>, AskError> {
        let lost = |error| frames::lost(&error);
        match self {
            Self::Socket(stream) => {
                stream.set_nonblocking(true).map_err(lost)?;
                let stream = tokio::net::UnixStream::from_std(stream);
                Ok(Box::new(stream.map_err(lost)?))
            }
            Self::Loopback(stream) => Ok(Box::new(tcp(stream)?)),
            Self::Far(stream, guard) => guard.open(tcp(stream)?).await,
        }
    }
}

fn tcp(stream: TcpStream) -> Result<tokio::net::TcpStream, AskError> {
    let lost = |error| frames::lost(&error);
    stream.set_nonblocking(true).map_err(lost)?;
    tokio::net::TcpStream::from_std(stream).map_err(lost)
}

impl Guard<'_> {
    async fn open(self, mut stream: tokio::net::TcpStream) -> Result<Box<dyn Stream>, AskError> {
        match self.begins {
            Begins::AtOnce => {}
            Begins::ByStartTls => start_tls(self.server, &mut stream).await?,
        }
        let connector = TlsConnector::from(self.config);
        let begun = connector.connect(self.name, stream).await;
        let stream = begun.map_err(|error| no_tls(self.server, &error.to_string()))?;
        Ok(Box::new(stream))
    }
}

/// Asks for TLS (RFC 4511, section 4.14): the one request, and its one answer.
async fn start_tls(
    server: &Server,
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> Result<(), AskError> {
    let lost = |error| frames::lost(&error);
    stream.write_all(START_TLS).await.map_err(lost)?;
    stream.flush().await.map_err(lost)?;
    let bytes = frames::next(stream, CLEAR_MAX).await?;
    let bytes = bytes.ok_or_else(|| AskError::lost("the server closed it"))?;
    let message = read(&bytes)?;
    let Kind::Extended { answer, name } = message.kind else {
        return Err(AskError::malformed(NO_START_TLS));
    };
    let is_ours = message.id == START_TLS_ID && name.is_none_or(|name| name == START_TLS_NAME);
    match (answer.code, is_ours) {
        (0, true) => Ok(()),
        (0, false) => Err(AskError::malformed(NO_START_TLS)),
        (_, _) => Err(no_tls(server, &format!("StartTLS: {answer}"))),
    }
}

fn addresses(server: &Server, host: &str, port: u16) -> Result<Vec<SocketAddr>, AskError> {
    let found = match host.parse::<IpAddr>() {
        Ok(address) => Ok(vec![SocketAddr::new(address, port)]),
        Err(_name) => (host, port).to_socket_addrs().map(Iterator::collect),
    };
    found.map_err(|source| no_way(server, source))
}

/// Tries one address after the other.
fn connect(server: &Server, addresses: &[SocketAddr], clock: Clock) -> Result<TcpStream, AskError> {
    let mut why = io::Error::from(io::ErrorKind::NotFound);
    for address in addresses {
        match TcpStream::connect_timeout(address, clock.left()?.min(CONNECT_MAX)) {
            Ok(stream) => return Ok(stream),
            Err(error) => why = error,
        }
    }
    Err(no_way(server, why))
}

/// That nobody is reached.
pub(super) fn no_way(server: &Server, source: io::Error) -> AskError {
    AskError::Connect {
        server: server.to_string(),
        source,
    }
}

fn no_tls(server: &Server, fault: &str) -> AskError {
    AskError::Tls {
        server: server.to_string(),
        fault: fault.to_owned(),
    }
}

/// How long one address may take, so that the next one is tried.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// An extended request of that name, and of no value, by that number.
const START_TLS: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
const START_TLS_NAME: &str = "1.3.6.1.4.1.1466.20037";
const START_TLS_ID: u32 = 1;
const NO_START_TLS: &str = "something else where the answer to StartTLS should be";
/// Enough for the answer, a server's words and a referral.
const CLEAR_MAX: usize = 4096;

#[cfg(test)]
mod tests;
