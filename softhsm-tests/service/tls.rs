//! The server's own TLS, by a certificate that was made for the test.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::http::{Answer, read, request};
use super::room::Room;
use crate::harness::process::{bounded, run};
use crate::harness::write;

pub(super) const FILES: &str = "{ certificate = \"server.pem\", key = \"server.key\" }";

#[test]
fn it_speaks_tls_by_its_certificate_and_nothing_in_clear() {
    let room = Room::with_tls(FILES);
    let folder = room.folder();
    certify(&folder);
    let server = room.start();
    let answer = ask(&folder, room.port, &["server"]).unwrap().is(200);
    assert_eq!(answer.json()["url"], super::room::URL);
    assert!(ask(&folder, room.port, &[]).is_none(), "another root");
    let clear = request(("GET", "/v1/server"), &[], None);
    let clear = super::http::send(room.port, &clear);
    assert!(clear.is_none(), "{clear:?}");
    server.end();
}

#[test]
fn a_key_that_others_read_or_that_is_anothers_is_refused_before_it_listens() {
    let room = Room::with_tls(FILES);
    let folder = room.folder();
    let check = || room.admin.punchmark.pinned(&["serve", "--check"]);
    check().exits(1).says("server.pem");
    certify(&folder);
    check().ok();
    let key = folder.join("server.key");
    let text = std::fs::read(&key).unwrap();
    write(&key, &text, 0o644);
    check().exits(1).says("can be read by others");
    write(&key, "no key", 0o600);
    check().exits(1).says("no private key in PEM");
    write(&key, std::fs::read(folder.join("root.key")).unwrap(), 0o600);
    check().exits(1).says("can't be used");
}

/// Asks for `/v1/server`, believing the root of the folder if so many names are given.
fn ask(folder: &Path, port: u16, believed: &[&str]) -> Option<Answer> {
    let (_certificate, answer) = seen(folder, port, believed)?;
    Some(answer)
}

/// The server's certificate and its answer, as whoever believes the root of the folder sees them.
pub(super) fn seen(folder: &Path, port: u16, believed: &[&str]) -> Option<(Vec<u8>, Answer)> {
    let mut roots = RootCertStore::empty();
    for _ in believed {
        let root = CertificateDer::from_pem_file(folder.join("root.pem")).unwrap();
        roots.add(root).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "127.0.0.1".try_into().unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    let asked = request(("GET", "/v1/server"), &[], None);
    stream.write_all(&asked).ok()?;
    let answer = read(&mut stream, &asked)?;
    let certificate = stream.conn.peer_certificates()?.first()?.to_vec();
    Some((certificate, answer))
}

/// A root, and by it a certificate for 127.0.0.1.
pub(super) fn certify(folder: &Path) {
    let new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
    let root = "-keyout root.key -out root.pem -subj /CN=root";
    let leaf = "-keyout server.key -out server.pem -subj /CN=server -CA root.pem -CAkey root.key \
        -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE";
    for rest in [root, leaf] {
        let mut openssl = bounded("openssl");
        openssl.args(new.split(' ')).args(rest.split_whitespace());
        run(openssl.current_dir(folder)).ok();
    }
    let key = folder.join("server.key");
    let text = std::fs::read(&key).unwrap();
    write(&key, text, 0o600);
}
