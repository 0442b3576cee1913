//! An https server on loopback, as good or as bad as a test wants it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::folder::Folder;

/// What a path answers.
#[derive(Clone)]
pub(crate) enum Answer {
    File(Vec<u8>),
    Status(u16),
    Redirect(String),
    /// Fewer bytes than it announced.
    Cut(Vec<u8>),
    /// Two files, the first for so many requests.
    Then(usize, Vec<u8>, Vec<u8>),
    /// A byte each tenth of a second, for ever.
    Drip,
    /// Zeros, for ever, without a length.
    Endless,
    /// Says that so many bytes follow.
    Announce(u64),
    /// No HTTP.
    Garbage,
}

type Answers = Arc<Mutex<HashMap<String, Answer>>>;

pub(crate) struct Server {
    port: u16,
    answers: Answers,
    asked: Arc<Mutex<Vec<String>>>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts one that `roots.pem` in the folder vouches for.
    pub(crate) fn start(folder: &Folder) -> Self {
        make_certificates(folder);
        let config = Arc::new(configuration(folder));
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mut server = Self {
            port: listener.local_addr().unwrap().port(),
            answers: Arc::default(),
            asked: Arc::default(),
            stopped: Arc::default(),
            thread: None,
        };
        let (answers, asked) = (server.answers.clone(), server.asked.clone());
        let stopped = server.stopped.clone();
        server.thread = Some(thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let connection = ServerConnection::new(config.clone()).unwrap();
                let stream = StreamOwned::new(connection, stream.unwrap());
                let (answers, asked) = (answers.clone(), asked.clone());
                thread::spawn(move || serve(stream, &answers, &asked));
            }
        }));
        server
    }

    pub(crate) fn answer(&self, path: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}{path}", self.port)
    }

    /// The same by a name that who asks must look up.
    pub(crate) fn named_url(&self, path: &str) -> String {
        format!("https://lists.example:{}{path}", self.port)
    }

    /// The paths that were asked for since the last time.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        let _wakes_it = TcpStream::connect(("127.0.0.1", self.port));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

type Tls = StreamOwned<ServerConnection, TcpStream>;

/// One request a connection; whoever hangs up early ends the thread.
fn serve(mut stream: Tls, answers: &Answers, asked: &Mutex<Vec<String>>) {
    let mut path = String::new();
    let mut reader = BufReader::new(&mut stream);
    loop {
        let mut line = String::new();
        match reader.read_line(&mut line) {
            Ok(length) if length > 2 => {}
            Ok(2) => break,
            _ => return,
        }
        if let Some(rest) = line.strip_prefix("GET ") {
            path = rest.split(' ').next().unwrap_or_default().to_owned();
        }
    }
    asked.lock().unwrap().push(path.clone());
    let answer = next(&mut answers.lock().unwrap(), &path);
    let _hung_up = send(&mut stream, answer);
    stream.conn.send_close_notify();
    let _ = stream.flush();
}

fn next(answers: &mut HashMap<String, Answer>, path: &str) -> Answer {
    match answers.get_mut(path) {
        Some(Answer::Then(0, _, file)) => Answer::File(file.clone()),
        Some(Answer::Then(left, file, _)) => {
            *left -= 1;
            Answer::File(file.clone())
        }
        Some(answer) => answer.clone(),
        None => Answer::Status(404),
    }
}

fn send(stream: &mut Tls, answer: Answer) -> std::io::Result<()> {
    match answer {
        Answer::File(bytes) => send_file(stream, &bytes, bytes.len()),
        Answer::Cut(bytes) => send_file(stream, &bytes, bytes.len() + 100),
        Answer::Announce(length) => {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nSSHKRL"
            )
        }
        Answer::Status(status) => {
            write!(stream, "HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n")
        }
        Answer::Redirect(to) => write!(
            stream,
            "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"
        ),
        Answer::Garbage => stream.write_all(&[0xff; 4096]),
        Answer::Drip | Answer::Endless => endless(stream, matches!(answer, Answer::Drip)),
        Answer::Then(..) => unreachable!("resolved before"),
    }
}

fn send_file(stream: &mut Tls, bytes: &[u8], length: usize) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"
    )?;
    stream.write_all(bytes)?;
    stream.flush()
}

fn endless(stream: &mut Tls, slowly: bool) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
    loop {
        if slowly {
            stream.write_all(b"-")?;
            stream.flush()?;
            thread::sleep(Duration::from_millis(100));
        } else {
            stream.write_all(&[0; 16_384])?
        }
    }
}

pub(crate) fn configuration(folder: &Folder) -> ServerConfig {
    let certificate = CertificateDer::from_pem_slice(&folder.read("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(&folder.read("server.key")).unwrap();
    ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap()
}

/// A root of a web PKI of its own, and a certificate for the loopback address and `lists.example`.
pub(crate) fn make_certificates(folder: &Folder) {
    const KEY: [&str; 7] = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ];
    const ROOT: [&str; 8] = [
        "-keyout",
        "roots.key",
        "-out",
        "roots.pem",
        "-subj",
        "/CN=root",
        "-days",
        "2",
    ];
    const LEAF: [&str; 16] = [
        "-keyout",
        "server.key",
        "-out",
        "server.pem",
        "-subj",
        "/CN=server",
        "-days",
        "2",
        "-CA",
        "roots.pem",
        "-CAkey",
        "roots.key",
        "-addext",
        "subjectAltName=IP:127.0.0.1,DNS:lists.example",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
    ];
    for rest in [&ROOT[..], &LEAF[..]] {
        let made = folder
            .command("openssl", &[&KEY[..], rest].concat())
            .output();
        let made = made.unwrap();
        assert!(made.status.success(), "{made:?}");
    }
}
