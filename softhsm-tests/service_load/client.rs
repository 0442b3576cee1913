//! A client: a session by an enrolled key, and requests of that key.

use std::path::Path;
use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde::de::DeserializeOwned;
use serde_json::json;
use ssh_key::private::Ed25519Keypair;
use ssh_key::public::KeyData;
use ssh_key::{LineEnding, PrivateKey, PublicKey};

use punchmark::api::issue::{ChallengeMade, Issued};
use punchmark::api::login::{LoginBegun, SessionOpened};
use punchmark::api::path;
use punchmark::certificate::{Kind, Subject};
use punchmark::login::dpop::{SessionKey, url_of};
use punchmark::login::key::{KeyChallenge, NAMESPACE};
use punchmark::request::{
    Challenge, Comment, Content, RequestFile, Target, challenge_from_hex, random_id, sign_in_memory,
};

use crate::Outcome;
use crate::connection::{Answer, Connection, Door};

/// Somebody, and the key that is enrolled for them.
pub(crate) struct User {
    name: String,
    pair: Ed25519Keypair,
}

/// A session of a user over a connection of its own.
pub(crate) struct Client<'a> {
    user: &'a User,
    url: String,
    connection: Connection,
    key: SessionKey,
    token: Option<String>,
    nonce: Option<String>,
}

impl User {
    /// Reads the private key that lies in a folder under a name.
    pub(crate) fn read(folder: &Path, name: &str) -> Outcome<Self> {
        let key = PrivateKey::read_openssh_file(folder.join(name))?;
        let pair = key.key_data().ed25519().ok_or("no Ed25519 key")?;
        Ok(Self {
            name: name.to_owned(),
            pair: pair.clone(),
        })
    }

    /// A request of this key in its armour, with a new id.
    pub(crate) fn request(&self, ca: &PublicKey, challenge: Option<Challenge>) -> Outcome<String> {
        let content = Content {
            subject: Subject::try_from(KeyData::from(self.pair.public))?,
            comment: Comment::lossy(&self.name),
            role: "engineer".parse()?,
            kind: Kind::User,
            principals: None,
            validity: None,
            options: Vec::new(),
            key_id: None,
            claimed: Some(self.name.parse()?),
            reason: None,
            created: punchmark::config::now(),
            id: random_id()?,
            target: Target::of(ca.key_data()),
            challenge,
            evidence: Vec::new(),
        };
        let bytes = content.to_bytes()?;
        let signature = sign_in_memory(&bytes, RequestFile::NAMESPACE, &self.pair)?;
        Ok(RequestFile::new(content, signature)?.to_text()?)
    }
}

impl<'a> Client<'a> {
    /// Connects, the so-manieth of all, and logs in.
    pub(crate) fn log_in(door: Door, user: &'a User, number: usize) -> Outcome<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        let mut client = Self {
            user,
            url: door.url(),
            connection: door.connect(number)?,
            key: SessionKey::from_seed(&seed),
            token: None,
            nonce: None,
        };
        let begun: LoginBegun = client.ask(path::LOGINS, &json!({ "method": "keys" }))?;
        let challenge = begun.challenge.as_deref().ok_or("no challenge")?;
        let challenge = Base64UrlUnpadded::decode_vec(challenge)?;
        let challenge = challenge.try_into().map_err(|_length| "no challenge")?;
        let thumbprint = client.key.thumbprint();
        let text = KeyChallenge::new(&client.url, &begun.login, &challenge, &thumbprint)?;
        let signature = sign_in_memory(text.as_bytes(), NAMESPACE, &user.pair)?;
        let shown = json!({ "signature": signature.to_pem(LineEnding::LF)? });
        let opened: SessionOpened = client.ask(&path::token(&begun.login), &shown)?;
        client.token = Some(opened.token.expose().to_owned());
        Ok(client)
    }

    /// A request that answers a new challenge of the session, as the body that it is sent in.
    pub(crate) fn request(&mut self, ca: &PublicKey) -> Outcome<String> {
        let made: ChallengeMade = self.ask(path::CHALLENGES, &json!({}))?;
        let challenge = challenge_from_hex(&made.challenge).ok_or("no challenge")?;
        let request = self.user.request(ca, Some(challenge))?;
        Ok(json!({ "request": request }).to_string())
    }

    /// The serial of the certificate that answers a request.
    pub(crate) fn certificate(&mut self, request: &str) -> Outcome<u64> {
        let issued: Issued = self.send(path::CERTIFICATES, request)?;
        Ok(issued.serial)
    }

    fn ask<T: DeserializeOwned>(&mut self, path: &str, body: &serde_json::Value) -> Outcome<T> {
        self.send(path, &body.to_string())
    }

    /// Sends with a proof, and again where the server's nonce was over, or as many wait as may.
    fn send<T: DeserializeOwned>(&mut self, path: &str, body: &str) -> Outcome<T> {
        let mut answer = self.once(path, body)?;
        for _ in 0..AGAIN {
            match answer.status {
                401 => {}
                503 => std::thread::sleep(PAUSE),
                _ => break,
            }
            answer = self.once(path, body)?;
        }
        if !matches!(answer.status, 200 | 201) {
            let said = String::from_utf8_lossy(&answer.body);
            return Err(format!("{path}: {} {said}", answer.status).into());
        }
        Ok(serde_json::from_slice(&answer.body)?)
    }

    fn once(&mut self, path: &str, body: &str) -> Outcome<Answer> {
        let mut id = [0; 16];
        getrandom::fill(&mut id)?;
        let (url, token) = (url_of(&self.url, path), self.token.as_deref());
        let nonce = self.nonce.as_deref();
        let now = punchmark::config::now();
        let proof = self.key.prove(("POST", &url), token, nonce, &id, now);
        let mut headers = format!("DPoP: {proof}\r\n");
        if let Some(token) = token {
            headers += &format!("Authorization: DPoP {token}\r\n");
        }
        let answer = self.connection.post(path, &headers, body)?;
        self.nonce.clone_from(&answer.nonce);
        Ok(answer)
    }
}

const AGAIN: usize = 100;
const PAUSE: Duration = Duration::from_millis(5);
