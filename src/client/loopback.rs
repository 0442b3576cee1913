//! Where the browser of a login comes back to: a listener on the loopback address, which takes one answer.
//!
//! Whoever has an account on this machine can connect to it, and so can any page that the browser shows. So
//! nothing but the one path is answered, nothing is shown of what was sent, and an answer that doesn't name
//! the login's own number changes nothing: the listener goes on to wait.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::api::Secret;

/// Listens on a free port, until it is dropped.
#[derive(Debug)]
pub(super) struct Loopback {
    listener: TcpListener,
    expected: Arc<Expected>,
    sender: SyncSender<Back>,
    back: Receiver<Back>,
}

/// What a browser came back with.
#[derive(Debug)]
pub(super) enum Back {
    /// A code, which counts once and with the login's verifier alone.
    Code(Secret),
    /// The login was refused; the server says why when it is asked.
    Refused,
}

impl Loopback {
    /// Begins to listen for the answer that names this number.
    ///
    /// # Errors
    /// What the system says of a listener.
    pub(super) fn listen(state: &str) -> io::Result<Self> {
        let v4 = (Ipv4Addr::LOCALHOST, 0).into();
        // For a machine that has no other address.
        let v6 = (Ipv6Addr::LOCALHOST, 0).into();
        let listener = TcpListener::bind([v4, v6].as_slice())?;
        listener.set_nonblocking(true)?;
        let host = listener.local_addr()?.to_string();
        let (sender, back) = sync_channel(1);
        let expected = Arc::new(Expected {
            state: state.to_owned(),
            host,
        });
        Ok(Self {
            listener,
            expected,
            sender,
            back,
        })
    }

    /// Where the browser is sent back to.
    #[must_use]
    pub(super) fn redirect(&self) -> String {
        format!("http://{}/", self.expected.host)
    }

    /// Waits for the answer, for so long at most; none where there is none then.
    ///
    /// # Errors
    /// What the system says of the listener.
    pub(super) fn wait(&self, at_most: Duration) -> io::Result<Option<Back>> {
        let begun = Instant::now();
        while begun.elapsed() < at_most {
            match self.listener.accept() {
                Ok((stream, _peer)) => self.take(stream),
                Err(error) if is_passing(&error) => thread::sleep(GLANCE),
                Err(error) => return Err(error),
            }
            if let Ok(back) = self.back.try_recv() {
                return Ok(Some(back));
            }
        }
        Ok(None)
    }

    /// A browser opens connections that it says nothing on; they keep no other waiting.
    fn take(&self, stream: TcpStream) {
        // Each waiting connection holds one.
        if Arc::strong_count(&self.expected) > CONNECTIONS_MAX {
            return;
        }
        let (expected, sender) = (Arc::clone(&self.expected), self.sender.clone());
        thread::spawn(move || {
            // Whoever hangs up has no answer.
            let _hung_up = serve(stream, &expected, &sender);
        });
    }
}

fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, Interrupted, WouldBlock};
    matches!(error.kind(), ConnectionAborted | Interrupted | WouldBlock)
}

/// What an answer has to name.
#[derive(Debug)]
struct Expected {
    state: String,
    host: String,
}

/// Answers one request, and passes on what it brought.
fn serve(mut stream: TcpStream, expected: &Expected, sender: &SyncSender<Back>) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let head = head(&mut stream)?;
    let (status, page, back) = match expected.read(&head) {
        Ok(back) => ("200 OK", DONE, Some(back)),
        Err(Stranger::Elsewhere) => ("404 Not Found", NOTHING, None),
        Err(Stranger::Other) => ("400 Bad Request", NOTHING, None),
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n{HEADERS}\r\n{page}",
        page.len()
    );
    let written = stream.write_all(answer.as_bytes());
    if let Some(back) = back {
        // A second answer, to a login that has one, is dropped.
        let _has_one = sender.try_send(back);
    }
    written
}

/// The head of a request: at most 8 KiB, within five seconds.
fn head(stream: &mut TcpStream) -> io::Result<Zeroizing<String>> {
    let begun = Instant::now();
    let mut head = Zeroizing::new(Vec::with_capacity(HEAD_MAX));
    while !head.ends_with(b"\r\n\r\n") {
        let left = PATIENCE.checked_sub(begun.elapsed());
        let left = left.filter(|left| !left.is_zero() && head.len() < HEAD_MAX);
        stream.set_read_timeout(Some(left.ok_or(io::ErrorKind::TimedOut)?))?;
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend_from_slice(&byte);
    }
    let text = std::str::from_utf8(&head).map_err(io::Error::other)?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Why a request is not the answer.
#[derive(Debug, PartialEq, Eq)]
enum Stranger {
    /// It asks for something else, as browsers do for an icon.
    Elsewhere,
    /// It is for another login, or of another form.
    Other,
}

impl Expected {
    fn read(&self, head: &str) -> Result<Back, Stranger> {
        let (line, headers) = head.split_once("\r\n").ok_or(Stranger::Other)?;
        let target = line.strip_prefix("GET ").ok_or(Stranger::Other)?;
        let target = target.strip_suffix(" HTTP/1.1").ok_or(Stranger::Other)?;
        let (path, query) = target.split_once('?').ok_or(Stranger::Elsewhere)?;
        if path != "/" {
            return Err(Stranger::Elsewhere);
        }
        // A page of another name that leads here is none of the server's.
        let hosts = headers.split("\r\n").filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("host").then(|| value.trim())
        });
        if !hosts.eq([self.host.as_str()]) {
            return Err(Stranger::Other);
        }
        let state = only(query, "state")?.ok_or(Stranger::Other)?;
        if !bool::from(state.as_bytes().ct_eq(self.state.as_bytes())) {
            return Err(Stranger::Other);
        }
        match (only(query, "code")?, only(query, "error")?) {
            (Some(code), None) if is_plain(code) => Ok(Back::Code(Secret::new(code.to_owned()))),
            (None, Some(_)) => Ok(Back::Refused),
            _ => Err(Stranger::Other),
        }
    }
}

/// The one value of a parameter; none where it isn't there.
fn only<'q>(query: &'q str, name: &str) -> Result<Option<&'q str>, Stranger> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter_map(|(known, value)| (known == name).then_some(value));
    match (values.next(), values.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(Stranger::Other),
    }
}

/// Base64 for URLs, which needs no escaping.
fn is_plain(code: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !code.is_empty() && code.len() <= CODE_MAX && code.bytes().all(is_sign)
}

const GLANCE: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(5);
const HEAD_MAX: usize = 8 * 1024;
const CODE_MAX: usize = 256;
const CONNECTIONS_MAX: usize = 32;
/// The page has nothing of anybody, and the address with the code goes nowhere from it.
const HEADERS: &str = "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\
    Content-Security-Policy: default-src 'none'\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n";
const DONE: &str = "<!DOCTYPE html><html lang=\"en\"><title>Punchmark</title>\
    <p>The login goes on in the terminal. You can close this page.</p></html>\n";
const NOTHING: &str = "<!DOCTYPE html><html lang=\"en\"><title>Punchmark</title><p>There is nothing here.</p></html>\n";

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: &str = "of-this-login";

    /// What a request is answered with, and the answer that the login has then.
    fn asked(request: &str) -> (String, Option<Back>) {
        let loopback = Loopback::listen(STATE).unwrap();
        let host = loopback.expected.host.clone();
        let mut stream = TcpStream::connect(&host).unwrap();
        let request = request.replace("HOST", &host);
        stream.write_all(request.as_bytes()).unwrap();
        let back = loopback.wait(Duration::from_millis(200)).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        (answer, back)
    }

    fn get(target: &str) -> String {
        format!("GET {target} HTTP/1.1\r\nHost: HOST\r\n\r\n")
    }

    #[test]
    fn the_answer_that_names_the_login_is_taken_and_shown_to_nobody() {
        let (answer, back) = asked(&get("/?code=c-0_d3&state=of-this-login"));
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("You can close this page"), "{answer}");
        assert!(!answer.contains("c-0_d3"), "{answer}");
        assert!(
            matches!(&back, Some(Back::Code(code)) if code.expose() == "c-0_d3"),
            "{back:?}"
        );
        assert!(!format!("{back:?}").contains("c-0_d3"));
        let (_, back) = asked(&get("/?error=login-refused&state=of-this-login"));
        assert!(matches!(back, Some(Back::Refused)), "{back:?}");
    }

    #[test]
    fn nothing_else_is_an_answer() {
        let foreign = "GET /?code=c&state=of-this-login HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let twice = "GET /?code=c&state=of-this-login HTTP/1.1\r\nHost: HOST\r\nHost: HOST\r\n\r\n";
        let post = "POST /?code=c&state=of-this-login HTTP/1.1\r\nHost: HOST\r\n\r\n";
        for (request, status) in [
            (get("/"), 404),
            (get("/favicon.ico"), 404),
            (get("/x?code=c&state=of-this-login"), 404),
            (get("/?code=c"), 400),
            (get("/?code=c&state=of-another"), 400),
            (get("/?code=c&state="), 400),
            (get("/?state=of-this-login"), 400),
            (get("/?code=&state=of-this-login"), 400),
            (get("/?code=c%41&state=of-this-login"), 400),
            (get("/?code=c&code=d&state=of-this-login"), 400),
            (get("/?code=c&error=d&state=of-this-login"), 400),
            (get("/?code=c&state=of-this-login&state=x"), 400),
            (foreign.to_owned(), 400),
            (twice.to_owned(), 400),
            (post.to_owned(), 400),
        ] {
            let (answer, back) = asked(&request);
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{request}{answer}"
            );
            assert!(back.is_none(), "{request}{back:?}");
        }
    }

    #[test]
    fn connections_that_say_nothing_keep_no_answer_away() {
        let loopback = Loopback::listen(STATE).unwrap();
        let host = loopback.expected.host.clone();
        let idle: Vec<_> = (0..10)
            .map(|_| TcpStream::connect(&host).unwrap())
            .collect();
        assert!(loopback.wait(Duration::from_millis(300)).unwrap().is_none());
        let mut stream = TcpStream::connect(&host).unwrap();
        let request = get("/?code=c&state=of-this-login").replace("HOST", &host);
        stream.write_all(request.as_bytes()).unwrap();
        let back = loopback.wait(Duration::from_secs(3)).unwrap();
        assert!(matches!(back, Some(Back::Code(_))), "{back:?}");
        drop(idle);
    }
}
