//! The other end of `login` and `get`: a small https server that checks proofs and logins by the library's
//! own pure parts, has `ssh-keygen` sign by a CA in a file, and is as wrong as a test wants it.

mod provider;
mod state;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rustls::{ServerConnection, StreamOwned};

use crate::krl::folder::Folder;
use crate::krl::server::{configuration, make_certificates};
pub(crate) use provider::CODE;
pub(crate) use state::Wrong;
use state::{Request, State};

pub(crate) struct Stub {
    pub(crate) folder: Arc<Folder>,
    pub(crate) state: Arc<Mutex<State>>,
    port: u16,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Stub {
    /// Starts one whose CA is `users`, which enrolled the key `peter`; other CAs lie there, too.
    pub(crate) fn start() -> Self {
        let folder = Arc::new(Folder::new());
        for key in ["users", "others", "peter", "stranger"] {
            folder.key(key, "ed25519");
        }
        make_certificates(&folder);
        let config = Arc::new(configuration(&folder));
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let stopped = Arc::new(AtomicBool::default());
        let (of_thread, ends, files) = (state.clone(), stopped.clone(), folder.clone());
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                let connection = ServerConnection::new(config.clone()).unwrap();
                let stream = StreamOwned::new(connection, stream.unwrap());
                let (state, files) = (of_thread.clone(), files.clone());
                let url = format!("https://127.0.0.1:{port}");
                thread::spawn(move || serve(stream, &state, &files, &url));
            }
        });
        Self {
            folder,
            state,
            port,
            stopped,
            thread: Some(thread),
        }
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn be(&self, wrong: Wrong) {
        self.state.lock().unwrap().wrong = wrong;
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// How many requests began with this since the last time; all are forgotten.
    pub(crate) fn count(&self, begin: &str) -> usize {
        let asked = std::mem::take(&mut self.state.lock().unwrap().asked);
        asked.iter().filter(|line| line.starts_with(begin)).count()
    }

    /// Nobody answers any more.
    pub(crate) fn stop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        let _wakes_it = TcpStream::connect(("127.0.0.1", self.port));
        let _ended = self.thread.take().map(JoinHandle::join);
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.stop();
    }
}

type Tls = StreamOwned<ServerConnection, TcpStream>;

/// One request a connection; whoever hangs up early ends the thread.
fn serve(mut stream: Tls, state: &Mutex<State>, folder: &Folder, url: &str) {
    let Some(request) = read(&mut stream) else {
        return;
    };
    let mut state = state.lock().unwrap();
    let (status, body) = state.answer(&request, folder, url);
    let line = format!("{} {} {status}", request.method, request.path);
    state.asked.push(line);
    let body = if status == 204 {
        String::new()
    } else {
        body.to_string()
    };
    let asks = if body.contains("use_dpop_nonce") {
        "WWW-Authenticate: DPoP error=\"use_dpop_nonce\"\r\n"
    } else {
        ""
    };
    let _hung_up = write!(
        stream,
        "HTTP/1.1 {status} X\r\nDPoP-Nonce: nonce-{}\r\n{asks}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        state.nonces,
        body.len(),
    );
    stream.conn.send_close_notify();
    let _ = stream.flush();
}

fn read(stream: &mut Tls) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        match reader.read_line(&mut line) {
            Ok(length) if length > 2 => lines.push(line.trim_end().to_owned()),
            Ok(2) => break,
            _ => return None,
        }
    }
    let header = |name: &str| {
        let found = lines.iter().find_map(|line| {
            let (is, value) = line.split_once(": ")?;
            is.eq_ignore_ascii_case(name).then(|| value.to_owned())
        });
        found.unwrap_or_default()
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let mut words = lines.first()?.split(' ');
    Some(Request {
        method: words.next()?.to_owned(),
        path: words.next()?.to_owned(),
        proof: header("dpop"),
        token: header("authorization")
            .trim_start_matches("DPoP ")
            .to_owned(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    })
}
