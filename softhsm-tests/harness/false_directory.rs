//! A directory service on loopback that is none: it says what a test wants in the place of each answer.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// How it begins; with TLS by the certificate and key of a server that lie in a folder.
#[derive(Clone, Copy)]
pub(crate) enum Begins<'a> {
    InClear,
    /// The first thing that it says is in clear; all behind it is not.
    ByStartTls(&'a Path),
    AtOnce(&'a Path),
}

/// It takes one client after the other, until it is dropped.
pub(crate) struct FalseDirectory {
    port: u16,
    says: Arc<Mutex<Vec<Vec<u8>>>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What a connection begins with.
#[derive(Clone)]
enum Way {
    InClear,
    ByStartTls(Arc<ServerConfig>),
    AtOnce(Arc<ServerConfig>),
}

impl FalseDirectory {
    pub(crate) fn start(begins: Begins<'_>) -> Self {
        let way = match begins {
            Begins::InClear => Way::InClear,
            Begins::ByStartTls(folder) => Way::ByStartTls(config(folder)),
            Begins::AtOnce(folder) => Way::AtOnce(config(folder)),
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (says, is_over) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let (said, ends) = (Arc::clone(&says), is_over.clone());
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                serve(stream.unwrap(), way.clone(), &said);
            }
        });
        Self {
            port,
            says,
            is_over,
            thread: Some(thread),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// From now on, each client hears this: one of them for each thing that it says, and then nothing until it goes.
    pub(crate) fn says(&self, answers: &[&[u8]]) {
        let answers = answers.iter().map(|answer| answer.to_vec()).collect();
        *self.says.lock().unwrap() = answers;
    }
}

impl Drop for FalseDirectory {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _last = TcpStream::connect(("127.0.0.1", self.port));
        let thread = self.thread.take().unwrap();
        assert!(thread.join().is_ok() || thread::panicking());
    }
}

fn serve(mut stream: TcpStream, way: Way, says: &Mutex<Vec<Vec<u8>>>) {
    // Nobody waits longer for anybody.
    let patience = Some(Duration::from_secs(10));
    stream.set_read_timeout(patience).unwrap();
    stream.set_write_timeout(patience).unwrap();
    let answers = says.lock().unwrap().clone();
    let config = match way {
        Way::InClear => return answer(stream, &answers),
        Way::AtOnce(config) => return answer(secured(stream, config), &answers),
        Way::ByStartTls(config) => config,
    };
    let (first, rest) = answers.split_at(1);
    if rest.is_empty() {
        answer(stream, first);
    } else if say(&mut stream, &first[0]) {
        answer(secured(stream, config), rest);
    }
}

fn secured(stream: TcpStream, config: Arc<ServerConfig>) -> impl Read + Write {
    StreamOwned::new(ServerConnection::new(config).unwrap(), stream)
}

/// Says one after the other, and waits until the client goes, so that the bytes are what ends it; but an answer
/// of no bytes hangs up.
fn answer(mut stream: impl Read + Write, answers: &[Vec<u8>]) {
    for answer in answers {
        if answer.is_empty() || !say(&mut stream, answer) {
            return;
        }
    }
    while stream.read(&mut [0; 512]).is_ok_and(|length| length > 0) {}
}

/// Whether somebody asked, and was still there to hear.
fn say(stream: &mut (impl Read + Write), bytes: &[u8]) -> bool {
    let asked = stream.read(&mut [0; 4096]).is_ok_and(|length| length > 0);
    asked
        && stream
            .write_all(bytes)
            .and_then(|()| stream.flush())
            .is_ok()
}

fn config(folder: &Path) -> Arc<ServerConfig> {
    let certificate = CertificateDer::from_pem_file(folder.join("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key);
    Arc::new(config.unwrap())
}

/// The answer to a bind, by which the client is let in.
pub(crate) const BOUND: &[u8] = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00";
/// The answer to StartTLS, which is to begin.
pub(crate) const YES: &[u8] = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00";
/// What comes for the first search, and isn't LDAP, and why.
pub(crate) const NO_ANSWERS: &[(&[u8], &str)] = &[
    (
        b"\x30\x00",
        "something else where a message's number should be",
    ),
    (
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        "something else where a message should be",
    ),
    (&[0xff; 64], "something else where a message should be"),
    (
        b"\x30\x03\x02\x01\x02",
        "something else where an answer should be",
    ),
    (
        b"\x30\x08\x02\x01\x02\x04\x03abc",
        "something else where an answer should be",
    ),
    (
        b"\x30\x84\x7f\xff\xff\xff\x02\x01\x02",
        "bytes in one message",
    ),
    (
        b"\x30\x80\x02\x01\x02\x00\x00",
        "a length that is indefinite",
    ),
    // Constructed where a text should be, and again within it.
    (
        b"\x30\x0f\x02\x01\x02\x64\x0a\x24\x08\x24\x06\x24\x04\x24\x02\x24\x00",
        "something else where the name of an entry should be",
    ),
    // The right answer to a question that was never asked, and to one of another kind.
    (
        b"\x30\x0c\x02\x01\x63\x65\x07\x0a\x01\x00\x04\x00\x04\x00",
        "an answer to nothing that was asked",
    ),
    (
        b"\x30\x0c\x02\x01\x02\x61\x07\x0a\x01\x00\x04\x00\x04\x00",
        "an answer to nothing that was asked",
    ),
    // Notice of disconnection.
    (
        b"\x30\x24\x02\x01\x00\x78\x1f\x0a\x01\x34\x04\x00\x04\x00\x8a\x161.3.6.1.4.1.1466.20036",
        "the server ends it: unavailable (52)",
    ),
    // An entry whose values are no set, and one whose value is none.
    (
        b"\x30\x12\x02\x01\x02\x64\x0d\x04\x00\x30\x09\x30\x07\x04\x03uid\x04\x00",
        "something else where an attribute's values should be",
    ),
    (
        b"\x30\x14\x02\x01\x02\x64\x0f\x04\x00\x30\x0b\x30\x09\x04\x03uid\x31\x02\x30\x00",
        "something else where a value should be",
    ),
    // A control of pages, whose value is no page.
    (
        b"\x30\x2c\x02\x01\x02\x65\x07\x0a\x01\x00\x04\x00\x04\x00\
          \xa0\x1e\x30\x1c\x04\x161.2.840.113556.1.4.319\x04\x02\x04\x00",
        "something else where a page should be",
    ),
];
