//! A provider on loopback that is right in all but what a test has it do.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::NOW;

/// What a test's question is made of.
pub(super) const QUESTION: [[u8; 32]; 3] = [[1; 32], [2; 32], [3; 32]];

/// The provider. Its thread ends with the test's process.
pub(super) struct Evil {
    pub(super) url: String,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    asked: Vec<Asked>,
    instead: HashMap<String, Answer>,
}

/// A request that came.
#[derive(Clone)]
pub(super) struct Asked {
    /// Its first line.
    pub(super) line: String,
    /// All of it, names of headers in lower case.
    pub(super) text: String,
}

/// What is answered in the place of what is right.
#[derive(Clone)]
pub(super) enum Answer {
    /// These bytes.
    Whole(Vec<u8>),
    /// The description, with another member.
    Member(&'static str, String),
    /// Nothing, for longer than anybody waits.
    Slow,
    /// A byte now and then.
    Drip,
    /// The connection's end.
    HangUp,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(bytes) => {
                let shown = bytes.get(..80.min(bytes.len())).unwrap_or_default();
                write!(f, "{:?}", String::from_utf8_lossy(shown))
            }
            Self::Member(name, value) => write!(f, "{name} {value}"),
            Self::Slow => f.write_str("slow"),
            Self::Drip => f.write_str("drip"),
            Self::HangUp => f.write_str("hang up"),
        }
    }
}

impl Answer {
    pub(super) fn of(status: u16, kind: &str, body: &str) -> Self {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        Self::Whole([head.as_bytes(), body.as_bytes()].concat())
    }

    pub(super) fn redirect(to: &str) -> Self {
        let text = format!(
            "HTTP/1.1 302 x\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        Self::Whole(text.into_bytes())
    }

    /// Two mebibytes of white space.
    pub(super) fn long(kind: &str) -> Self {
        Self::of(200, kind, &" ".repeat(2 << 20))
    }

    pub(super) fn issuer(issuer: &str) -> Self {
        Self::at("issuer", issuer)
    }

    pub(super) fn at(member: &'static str, value: &str) -> Self {
        Self::Member(member, value.to_owned())
    }
}

impl Evil {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Mutex::new(Shared::default()));
        let evil = Self {
            url: url.clone(),
            shared: Arc::clone(&shared),
        };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (url, shared) = (url.clone(), Arc::clone(&shared));
                // Who was asked may be gone; the test says what that means.
                thread::spawn(move || drop(answer(&stream, &url, &shared)));
            }
        });
        evil
    }

    /// Answers this at a path from now on.
    pub(super) fn instead(&self, path: &str, answer: Answer) {
        let mut shared = self.shared.lock().unwrap();
        shared.instead.insert(path.to_owned(), answer);
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.shared.lock().unwrap().asked.clone()
    }
}

fn answer(mut stream: &TcpStream, url: &str, shared: &Mutex<Shared>) -> std::io::Result<()> {
    let asked = read(stream)?;
    let path = asked.line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut shared = shared.lock().unwrap();
    shared.asked.push(asked);
    let instead = shared.instead.get(&path).cloned();
    drop(shared);
    match instead {
        None => stream.write_all(&right(url, &path, None)),
        Some(Answer::Member(name, value)) => {
            stream.write_all(&right(url, &path, Some((name, &value))))
        }
        Some(Answer::Whole(bytes)) => stream.write_all(&bytes),
        Some(Answer::HangUp) => Ok(()),
        Some(Answer::Slow) => {
            thread::sleep(Duration::from_secs(5));
            Ok(())
        }
        Some(Answer::Drip) => {
            stream.write_all(
                b"HTTP/1.1 200 x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n",
            )?;
            for _ in 0..9 {
                stream.write_all(b" ")?;
                thread::sleep(Duration::from_secs(1));
            }
            Ok(())
        }
    }
}

fn read(stream: &TcpStream) -> std::io::Result<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let (mut text, mut length) = (String::new(), 0);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let (name, value) = header.trim().split_once(": ").unwrap_or(("", ""));
        if name.is_empty() {
            break;
        }
        let name = name.to_ascii_lowercase();
        if name == "content-length" {
            length = value.parse().unwrap();
        }
        text.push_str(&format!("{name}: {value}\n"));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    text.push_str(&String::from_utf8_lossy(&body));
    let line = line.trim().to_owned();
    Ok(Asked { line, text })
}

/// What a provider should say.
fn right(url: &str, path: &str, member: Option<(&str, &str)>) -> Vec<u8> {
    let body = match path {
        "/.well-known/openid-configuration" => {
            let mut description = description(url);
            if let Some((name, value)) = member {
                description[name] = json!(value);
            }
            description.to_string()
        }
        "/keys" => keys("ed"),
        "/token" => {
            let id_token = token(url, &json!({}), &json!({}));
            json!({ "id_token": id_token, "access_token": "t0ken", "token_type": "Bearer" })
                .to_string()
        }
        "/me" => json!({ "sub": "248289761001", "groups": ["engineers"] }).to_string(),
        _ => String::new(),
    };
    match Answer::of(200, "application/json; charset=utf-8", &body) {
        Answer::Whole(bytes) => bytes,
        _ => Vec::new(),
    }
}

fn description(url: &str) -> Value {
    json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/auth"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/keys"),
        "userinfo_endpoint": format!("{url}/me"),
        "response_types_supported": ["code"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
    })
}

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

/// The provider's keys: the one that there is, by this id.
pub(super) fn keys(id: &str) -> String {
    let key = Base64UrlUnpadded::encode_string(pair().public_key().as_ref());
    json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": key, "kid": id, "use": "sig" }] })
        .to_string()
}

/// An ID token that fits, but for these members.
pub(super) fn token(issuer: &str, header: &Value, claims: &Value) -> String {
    let whole = with(json!({ "alg": "EdDSA", "kid": "ed" }), header);
    let nonce = Base64UrlUnpadded::encode_string(&QUESTION[1]);
    let all = json!({
        "iss": issuer, "aud": "punchmark", "sub": "248289761001", "nonce": nonce,
        "exp": NOW + 300, "iat": NOW, "preferred_username": "peter",
    });
    let part = |value: Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    let text = format!("{}.{}", part(whole), part(with(all, claims)));
    let signature = Base64UrlUnpadded::encode_string(pair().sign(text.as_bytes()).as_ref());
    format!("{text}.{signature}")
}

fn with(mut all: Value, change: &Value) -> Value {
    for (name, value) in change.as_object().unwrap() {
        all[name] = value.clone();
    }
    all
}
