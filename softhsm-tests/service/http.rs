//! HTTP/1.1 by hand, so that what no client would send can be sent.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::documented;
use super::secrets;

/// What a server answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Stops the test unless the status is this one.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        self
    }

    /// Stops the test unless it is a problem of this kind, with these words in it.
    #[track_caller]
    pub(crate) fn refuses(self, status: u16, kind: &str, words: &str) {
        let answer = self.is(status);
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        let problem = answer.json();
        assert_eq!(problem["status"], status);
        let r#type = problem["type"].as_str().unwrap();
        assert!(r#type.ends_with(&format!("/problems/{kind}")), "{problem}");
        assert!(answer.body.contains(words), "{words:?} {problem}");
    }
}

/// Reads an answer to what was asked, to its end; none where the connection ends without one. It has to be one
/// that the server's document tells.
#[track_caller]
pub(crate) fn read(stream: &mut impl Read, asked: &[u8]) -> Option<Answer> {
    let mut bytes = Vec::new();
    // Whatever came before it broke is looked at.
    let _ended = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let answer = Answer {
        status,
        head: head.to_owned(),
        body: body.to_owned(),
    };
    documented::holds(asked, &answer);
    secrets::of_answer(&answer);
    Some(answer)
}

/// Sends these bytes as they are.
#[track_caller]
pub(crate) fn send(port: u16, bytes: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(40)))
        .unwrap();
    secrets::of_request(bytes);
    stream.write_all(bytes).ok()?;
    read(&mut stream, bytes)
}

/// A request as a client writes it, which closes the connection.
pub(crate) fn request(
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: elsewhere\r\nConnection: close\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if let Some(body) = body {
        let length = body.len();
        text += &format!("Content-Type: application/json\r\nContent-Length: {length}\r\n");
    }
    format!("{text}\r\n{}", body.unwrap_or_default()).into_bytes()
}
