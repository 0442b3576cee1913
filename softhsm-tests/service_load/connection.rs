//! HTTP/1.1 over TLS on a connection that stays, and no more of it than this server says.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::path::Path;
use std::sync::Arc;

use rustix::net::{AddressFamily, SocketType};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::Outcome;

/// Where a server on this machine listens, and by whom its certificate is known.
#[derive(Clone)]
pub(crate) struct Door {
    port: u16,
    config: Arc<ClientConfig>,
}

/// A connection to it.
pub(crate) struct Connection(BufReader<StreamOwned<ClientConnection, TcpStream>>);

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) nonce: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Door {
    pub(crate) fn new(port: u16, config: Arc<ClientConfig>) -> Self {
        Self { port, config }
    }

    /// The URL that the server has in its config.
    pub(crate) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// Connects, the so-manieth of all: a server has so many places for one address alone.
    pub(crate) fn connect(&self, number: usize) -> Outcome<Connection> {
        let household = u8::try_from(number / OF_ONE_ADDRESS)?;
        let from = Ipv4Addr::new(127, 0, 1, household);
        let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None)?;
        rustix::net::bind(&socket, &SocketAddrV4::new(from, 0))?;
        rustix::net::connect(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, self.port))?;
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        let connection = ClientConnection::new(Arc::clone(&self.config), "127.0.0.1".try_into()?)?;
        let stream = StreamOwned::new(connection, stream);
        Ok(Connection(BufReader::new(stream)))
    }
}

impl Connection {
    /// Posts JSON with these headers, each line of which ends with its break.
    pub(crate) fn post(&mut self, path: &str, headers: &str, body: &str) -> Outcome<Answer> {
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n{headers}\r\n{body}"
        );
        self.0.get_mut().write_all(request.as_bytes())?;
        self.0.get_mut().flush()?;
        self.read()
    }

    fn read(&mut self) -> Outcome<Answer> {
        let status = self.line()?;
        let status = status.split(' ').nth(1).ok_or("no status")?.parse()?;
        let (mut length, mut nonce) = (0, None);
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(": ") else {
                break;
            };
            match name {
                "content-length" => length = value.parse()?,
                "dpop-nonce" => nonce = Some(value.to_owned()),
                _ => {}
            }
        }
        let mut body = Vec::with_capacity(length);
        let most = u64::try_from(length)?;
        self.0.by_ref().take(most).read_to_end(&mut body)?;
        Ok(Answer {
            status,
            nonce,
            body,
        })
    }

    fn line(&mut self) -> Outcome<String> {
        let mut line = String::new();
        if self.0.read_line(&mut line)? == 0 {
            return Err("the server closed the connection".into());
        }
        Ok(line.trim_end().to_owned())
    }
}

/// Believes what this root vouches for.
pub(crate) fn client_config(root: &Path) -> Outcome<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(root)?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Fewer than a server has for one.
const OF_ONE_ADDRESS: usize = 60;
