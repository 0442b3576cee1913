//! What the server knows, and what it answers by that.

use punchmark::login::dpop::{DpopError, Expected, Proof, url_of};
use punchmark::login::jws::Thumbprint;
use punchmark::login::key::{KeyAnswer, KeyChallenge};
use punchmark::request::RequestFile;
use serde_json::{Value, json};

use super::provider::Provider;

use crate::harness::process::{bounded, run};
use crate::krl::folder::Folder;

/// What the server does otherwise than it should.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wrong {
    #[default]
    Nothing,
    /// Its certificates are by another CA than it says.
    OtherCa,
    /// Its certificates are for a key of its own.
    OtherKey,
    /// Its clock is so many seconds ahead.
    Clock(u64),
    /// It forgot all sessions.
    Forgot,
    /// Its policy says no.
    Refuses,
}

/// What stands behind the server's lock.
pub(crate) struct State {
    pub(crate) wrong: Wrong,
    /// The file of the CA's private key.
    pub(crate) ca: String,
    /// `METHOD PATH STATUS` of each request.
    pub(crate) asked: Vec<String>,
    pub(crate) serial: u64,
    pub(crate) provider: Provider,
    pub(super) nonces: u64,
    /// Whether the nonce was over at the last request for a certificate: each second one is.
    was_stale: bool,
    session: Option<(String, Thumbprint)>,
    ids: Vec<String>,
}

/// What was asked, as it came over the wire.
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) proof: String,
    pub(super) token: String,
    pub(super) body: Value,
}

/// A status and a body.
pub(super) type Answer = (u16, Value);

impl Default for State {
    fn default() -> Self {
        Self {
            wrong: Wrong::Nothing,
            ca: "users".to_owned(),
            asked: Vec::new(),
            serial: 40,
            provider: Provider::default(),
            nonces: 0,
            was_stale: false,
            session: None,
            ids: Vec::new(),
        }
    }
}

impl State {
    pub(super) fn answer(&mut self, request: &Request, folder: &Folder, url: &str) -> Answer {
        if request.path == "/v1/certificates" {
            self.was_stale = !self.was_stale;
            self.nonces += u64::from(self.was_stale);
        }
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/v1/server") => (200, self.about(folder, url)),
            ("POST", "/v1/logins") if request.body["method"] == "work" => {
                self.provider.begin(&request.body, url)
            }
            ("POST", "/v1/logins/login-2/token") => self.token_by_provider(request, url),
            ("POST", "/v1/logins") => {
                assert_eq!(request.body, json!({ "method": "keys" }));
                let challenge = "BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU";
                (
                    201,
                    json!({ "login": "login-1", "kind": "key", "challenge": challenge, "expires": now() + 300 }),
                )
            }
            ("POST", "/v1/logins/login-1/token") => self.token(request, folder, url),
            _ => match self.session_of(request, url) {
                Err(answer) => answer,
                Ok(()) => self.in_session(request, folder),
            },
        }
    }

    fn about(&self, folder: &Folder, url: &str) -> Value {
        let line = String::from_utf8(folder.read(&format!("{}.pub", self.ca))).unwrap();
        let key: ssh_key::PublicKey = line.parse().unwrap();
        let ahead = match self.wrong {
            Wrong::Clock(seconds) => seconds,
            _ => 0,
        };
        let mut logins = vec![json!({ "name": "keys", "kind": "key" })];
        if self.provider.offered {
            logins.push(json!({ "name": "work", "kind": "oidc" }));
        }
        json!({
            "name": "ca", "version": "1", "url": url, "time": now() + ahead,
            "cas": [{
                "name": "users", "certificates": "user", "public-key": line.trim(),
                "fingerprint": key.fingerprint(ssh_key::HashAlg::Sha256).to_string(),
            }],
            "logins": logins,
        })
    }

    fn proof(
        &mut self,
        request: &Request,
        url: &str,
        bound: Option<&Thumbprint>,
    ) -> Result<Proof, Answer> {
        let url = url_of(url, &request.path);
        let token = Some(request.token.as_str()).filter(|token| !token.is_empty());
        let expected = Expected {
            method: &request.method,
            url: &url,
            token,
            key: bound,
        };
        let newest = format!("nonce-{}", self.nonces);
        let checked = Proof::check(&request.proof, &expected, |nonce| nonce == newest);
        match checked {
            Err(DpopError::Nonce) => {
                self.nonces += 1;
                Err(problem(401, "use_dpop_nonce"))
            }
            Err(error) => Err(problem(401, &error.to_string())),
            Ok(proof) => {
                assert!(
                    !self.ids.iter().any(|id| id == proof.id()),
                    "a proof came twice"
                );
                self.ids.push(proof.id().to_owned());
                Ok(proof)
            }
        }
    }

    fn token(&mut self, request: &Request, folder: &Folder, url: &str) -> Answer {
        let proof = match self.proof(request, url, None) {
            Ok(proof) => proof,
            Err(answer) => return answer,
        };
        let answer = KeyAnswer::parse(request.body["signature"].as_str().unwrap()).unwrap();
        let enrolled: ssh_key::PublicKey = String::from_utf8(folder.read("peter.pub"))
            .unwrap()
            .parse()
            .unwrap();
        if answer.key() != enrolled.key_data() {
            return problem(401, "the login opened nothing");
        }
        let challenge = KeyChallenge::new(url, "login-1", &[5; 32], proof.key()).unwrap();
        let login = answer.check(
            &challenge,
            "peter".parse().unwrap(),
            "keys".parse().unwrap(),
            now(),
        );
        let login = login.unwrap();
        let token = format!("token-{}-{}", self.ids.len(), "s".repeat(30));
        self.session = Some((token.clone(), *proof.key()));
        let session = json!({
            "token": token, "requester": login.name().as_str(), "method": "keys", "groups": [],
            "until": now() + 36_000, "idle": 7200,
        });
        (200, session)
    }

    fn token_by_provider(&mut self, request: &Request, url: &str) -> Answer {
        let proof = match self.proof(request, url, None) {
            Ok(proof) => proof,
            Err(answer) => return answer,
        };
        if let Err(answer) = self.provider.check(&request.body) {
            return answer;
        }
        let token = format!("token-{}-{}", self.ids.len(), "s".repeat(30));
        self.session = Some((token.clone(), *proof.key()));
        let session = json!({
            "token": token, "requester": "peter", "method": "work",
            "groups": ["work:engineers", "work:oncall"], "until": now() + 36_000, "idle": 7200,
        });
        (200, session)
    }

    fn session_of(&mut self, request: &Request, url: &str) -> Result<(), Answer> {
        if self.wrong == Wrong::Forgot {
            self.session = None;
            self.wrong = Wrong::Nothing;
        }
        let Some((token, key)) = self.session.clone() else {
            return Err(problem(401, "there is no such session"));
        };
        if token != request.token {
            return Err(problem(401, "there is no such session"));
        }
        self.proof(request, url, Some(&key)).map(drop)
    }

    fn in_session(&mut self, request: &Request, folder: &Folder) -> Answer {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/v1/roles") => (
                200,
                json!({ "roles": [{ "role": "engineer", "on": true, "table": { "ca": "users" } }] }),
            ),
            ("POST", "/v1/challenges") => (
                201,
                json!({ "challenge": "07".repeat(32), "expires": now() + 300 }),
            ),
            ("POST", "/v1/certificates") if self.wrong == Wrong::Refuses => {
                let refusal = json!({ "field": "lifetime", "sentence": "asked for 24h, role engineer allows at most 1h" });
                (
                    403,
                    json!({ "type": "x", "title": "refused", "status": 403, "refusals": [refusal] }),
                )
            }
            ("POST", "/v1/certificates") => self.certificate(request, folder),
            ("DELETE", "/v1/session") => {
                self.session = None;
                (204, Value::Null)
            }
            other => panic!("{other:?}"),
        }
    }

    fn certificate(&mut self, request: &Request, folder: &Folder) -> Answer {
        let file = RequestFile::from_text(request.body["request"].as_str().unwrap()).unwrap();
        file.possession().unwrap();
        let content = file.content();
        assert_eq!(content.challenge, Some([7; 32]));
        assert_eq!(content.claimed.as_ref().unwrap().as_str(), "peter");
        self.serial += 1;
        let subject = match self.wrong {
            Wrong::OtherKey => folder.read("stranger.pub"),
            _ => {
                let key = ssh_key::PublicKey::from(content.subject.key().clone());
                key.to_openssh().unwrap().into_bytes()
            }
        };
        folder.write("subject.pub", subject);
        let ca = if self.wrong == Wrong::OtherCa {
            "others"
        } else {
            &self.ca
        };
        let mut sign = bounded("ssh-keygen");
        sign.args([
            "-q",
            "-s",
            ca,
            "-I",
            "peter",
            "-n",
            "peter_file",
            "-V",
            "+1h",
        ]);
        sign.args(["-z", &self.serial.to_string(), "subject.pub"]);
        run(sign.current_dir(folder.path())).ok();
        let line = String::from_utf8(folder.read("subject-cert.pub")).unwrap();
        let issued = json!({
            "certificate": line.trim(), "ca": "users", "serial": self.serial, "valid-before": now() + 3600,
        });
        (201, issued)
    }
}

pub(super) fn problem(status: u16, detail: &str) -> Answer {
    let problem = json!({ "type": "x", "title": "no", "status": status, "detail": detail });
    (status, problem)
}

pub(super) fn now() -> u64 {
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}
