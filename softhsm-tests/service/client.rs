//! A client, made of the library's pure parts and of sockets.

use std::cell::RefCell;

use punchmark::login::dpop::{SessionKey, url_of};
use punchmark::login::key::{HASH, KeyChallenge, NAMESPACE};
use serde_json::{Value, json};
use ssh_key::{LineEnding, PrivateKey};

use super::http::{Answer, request, send};
use super::room::{Room, Running, URL};
use crate::harness::keygen::ED25519;

/// Somebody's program, with a session once it has logged in.
pub(crate) struct Client {
    port: u16,
    pub(crate) key: SessionKey,
    pub(crate) token: Option<String>,
    nonce: RefCell<String>,
}

impl Client {
    pub(crate) fn new(port: u16) -> Self {
        Self {
            port,
            key: SessionKey::from_seed(&random()),
            token: None,
            nonce: RefCell::default(),
        }
    }

    /// One who has logged in.
    #[track_caller]
    pub(crate) fn logged_in(port: u16, key: &PrivateKey) -> Self {
        let mut client = Self::new(port);
        let opened = client.log_in(key).is(200).json();
        client.token = Some(opened["token"].as_str().unwrap().to_owned());
        client
    }

    /// Peter, logged in at a server of the room, with a request of another key that is not sent yet.
    #[track_caller]
    pub(crate) fn with_request(room: &Room) -> (Running, Self, String) {
        let peter = room.enrolled("peter");
        room.admin.key("laptop", ED25519);
        let server = room.start();
        let client = Self::logged_in(room.port, &peter);
        let asked = room.request_file("laptop", &client.challenge(), &[]);
        (server, client, asked)
    }

    /// Begins a login and answers it with this key.
    pub(crate) fn log_in(&self, key: &PrivateKey) -> Answer {
        let begun = self.begin();
        self.answer_login(&begun, key)
    }

    #[track_caller]
    pub(crate) fn begin(&self) -> Value {
        let method = json!({ "method": "keys" }).to_string();
        let bytes = request(("POST", "/v1/logins"), &[], Some(&method));
        let begun = send(self.port, &bytes).unwrap().is(201);
        self.learn(&begun);
        begun.json()
    }

    pub(crate) fn answer_login(&self, begun: &Value, key: &PrivateKey) -> Answer {
        let id = begun["login"].as_str().unwrap();
        let body = json!({ "signature": self.signature(begun, key) }).to_string();
        self.ask("POST", &format!("/v1/logins/{id}/token"), Some(&body))
            .unwrap()
    }

    pub(crate) fn signature(&self, begun: &Value, key: &PrivateKey) -> String {
        let id = begun["login"].as_str().unwrap();
        let challenge = bytes(begun["challenge"].as_str().unwrap());
        let text = KeyChallenge::new(URL, id, &challenge, &self.key.thumbprint()).unwrap();
        let signature = key.sign(NAMESPACE, HASH, text.as_bytes()).unwrap();
        signature.to_pem(LineEnding::LF).unwrap()
    }

    /// Asks with a proof, and again with the server's nonce where it lacks that; none where the server
    /// is gone.
    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Option<Answer> {
        let answer = self.ask_once(method, path, body)?;
        let lacks = answer
            .header("www-authenticate")
            .is_some_and(|value| value.contains("use_dpop_nonce"));
        if lacks {
            return self.ask_once(method, path, body);
        }
        Some(answer)
    }

    fn ask_once(&self, method: &str, path: &str, body: Option<&str>) -> Option<Answer> {
        let answer = send(self.port, &self.bytes(method, path, body))?;
        self.learn(&answer);
        Some(answer)
    }

    /// What is sent for that.
    pub(crate) fn bytes(&self, method: &str, path: &str, body: Option<&str>) -> Vec<u8> {
        let proof = self.proof(method, path);
        let authorization = self.token.as_ref().map(|token| format!("DPoP {token}"));
        let mut headers = vec![("DPoP", proof.as_str())];
        headers.extend(
            authorization
                .iter()
                .map(|value| ("Authorization", value.as_str())),
        );
        request((method, path), &headers, body)
    }

    pub(crate) fn proof(&self, method: &str, path: &str) -> String {
        let nonce = self.nonce.borrow();
        let nonce = Some(nonce.as_str()).filter(|nonce| !nonce.is_empty());
        // A proof names no query (RFC 9449, 4.2).
        let url = url_of(URL, path.split('?').next().unwrap_or_default());
        self.key
            .prove((method, &url), self.token.as_deref(), nonce, &random(), 0)
    }

    pub(crate) fn learn(&self, answer: &Answer) {
        let nonce = answer
            .header("dpop-nonce")
            .expect("each answer has a nonce");
        self.nonce.replace(nonce.to_owned());
    }

    /// The names of the roles that the session may ask for.
    #[track_caller]
    pub(crate) fn roles(&self) -> Vec<String> {
        let told = self.ask("GET", "/v1/roles", None).unwrap().is(200).json();
        let roles = told["roles"].as_array().unwrap().iter();
        roles
            .map(|role| role["role"].as_str().unwrap().to_owned())
            .collect()
    }

    /// A challenge of the session.
    #[track_caller]
    pub(crate) fn challenge(&self) -> String {
        let made = self
            .ask("POST", "/v1/challenges", None)
            .unwrap()
            .is(201)
            .json();
        made["challenge"].as_str().unwrap().to_owned()
    }

    /// Asks for the certificate of a request; none where the server is gone.
    pub(crate) fn certificate(&self, request: &str) -> Option<Answer> {
        let body = json!({ "request": request }).to_string();
        self.ask("POST", "/v1/certificates", Some(&body))
    }
}

pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    std::io::Read::read_exact(
        &mut std::fs::File::open("/dev/urandom").unwrap(),
        &mut bytes,
    )
    .unwrap();
    bytes
}

fn bytes(text: &str) -> [u8; 32] {
    use base64ct::Encoding as _;
    let bytes = base64ct::Base64UrlUnpadded::decode_vec(text).unwrap();
    bytes.try_into().unwrap()
}
