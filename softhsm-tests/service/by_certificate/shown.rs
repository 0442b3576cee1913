//! A client of TLS that shows a certificate, or none.

use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned,
    SupportedProtocolVersion,
};

use crate::harness::client_ca::ClientCa;
use crate::service::client::Client;
use crate::service::http::{Answer, read};
use crate::service::room::Room;

/// What it shows, and how it speaks.
#[derive(Clone)]
pub(super) struct Shown {
    port: u16,
    root: CertificateDer<'static>,
    chain: Vec<CertificateDer<'static>>,
    key: Option<Arc<PrivateKeyDer<'static>>>,
    version: &'static SupportedProtocolVersion,
}

impl Shown {
    pub(super) fn nothing(room: &Room) -> Self {
        let root = room.folder().join("root.pem");
        Self {
            port: room.port,
            root: CertificateDer::from_pem_file(root).unwrap(),
            chain: Vec::new(),
            key: None,
            version: &TLS13,
        }
    }

    /// What the CA made by this name.
    pub(super) fn by(room: &Room, ca: &ClientCa, name: &str) -> Self {
        let chain = ca.path(&format!("{name}.pem"));
        Self::nothing(room).with(&chain, &ca.path(&format!("{name}.key")))
    }

    pub(super) fn with(self, chain: &Path, key: &Path) -> Self {
        let chain = CertificateDer::pem_file_iter(chain).unwrap();
        Self {
            chain: chain.map(Result::unwrap).collect(),
            key: Some(Arc::new(PrivateKeyDer::from_pem_file(key).unwrap())),
            ..self
        }
    }

    pub(super) fn by_tls12(&self) -> Self {
        Self {
            version: &TLS12,
            ..self.clone()
        }
    }

    /// Asks with a proof, and again with the server's nonce where it lacks that.
    #[track_caller]
    pub(super) fn ask(
        &self,
        client: &Client,
        method: &str,
        path: &str,
        body: Option<&str>,
    ) -> Answer {
        let once = || {
            let answer = self.send(&client.bytes(method, path, body)).unwrap();
            client.learn(&answer);
            answer
        };
        let answer = once();
        let asks = answer.header("www-authenticate").unwrap_or_default();
        if asks.contains("use_dpop_nonce") {
            return once();
        }
        answer
    }

    /// Sends these bytes on a connection of their own; none where the server ends it.
    #[track_caller]
    pub(super) fn send(&self, bytes: &[u8]) -> Option<Answer> {
        let config = self.config(Resumption::disabled());
        let (answer, _) = self.send_by(&config, bytes)?;
        Some(answer)
    }

    /// How two connections begin that one program makes, which would take up a session of TLS again.
    #[track_caller]
    pub(super) fn twice(&self, bytes: &[u8]) -> [HandshakeKind; 2] {
        let config = self.config(Resumption::in_memory_sessions(8));
        [(); 2].map(|()| self.send_by(&config, bytes).unwrap().1)
    }

    #[track_caller]
    fn send_by(&self, config: &Arc<ClientConfig>, bytes: &[u8]) -> Option<(Answer, HandshakeKind)> {
        use std::io::Write as _;
        crate::service::secrets::of_request(bytes);
        let name = "127.0.0.1".try_into().unwrap();
        let connection = ClientConnection::new(Arc::clone(config), name).unwrap();
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let patience = Some(Duration::from_secs(40));
        stream.set_read_timeout(patience).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        stream.write_all(bytes).ok()?;
        let answer = read(&mut stream, bytes)?;
        Some((answer, stream.conn.handshake_kind()?))
    }

    fn config(&self, sessions: Resumption) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[self.version])
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match &self.key {
            None => config.with_no_client_auth(),
            // Nobody looks here whether the two go together.
            Some(key) => {
                let key = any_supported_type(key).unwrap();
                let pair = CertifiedKey::new(self.chain.clone(), key);
                config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(pair)))
            }
        };
        config.resumption = sessions;
        Arc::new(config)
    }
}
