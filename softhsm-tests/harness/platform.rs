//! A platform that programs run on, on loopback: its description, its keys, and tokens for those who ask with what
//! a job has, as GitHub Actions gives them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

/// What a job shows when it asks for its token.
pub(crate) const BEARER: &str = "of-this-job-alone";

/// The platform. Its thread ends with the test's process.
pub(crate) struct Platform {
    pub(crate) issuer: String,
    shared: Arc<Shared>,
}

struct Shared {
    key: Mutex<(EcdsaKeyPair, String)>,
    /// What it says of the job that asks.
    job: Mutex<Value>,
    /// First lines of what was asked.
    asked: Mutex<Vec<String>>,
}

impl Platform {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            key: Mutex::new((new_key(), "first".to_owned())),
            job: Mutex::new(json!({})),
            asked: Mutex::default(),
        });
        let (of_thread, url) = (Arc::clone(&shared), issuer.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &of_thread, &url);
            }
        });
        Self { issuer, shared }
    }

    /// What the environment of this job has.
    pub(crate) fn runs(&self, job: Value) -> [(&'static str, String); 3] {
        *self.shared.job.lock().unwrap() = job;
        let url = format!("{}/job?api-version=2.0", self.issuer);
        [
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", url),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", BEARER.to_owned()),
        ]
    }

    /// A token that says this, for so many seconds from now, beside who it is by and when it was made.
    pub(crate) fn token(&self, claims: &Value, seconds: i64) -> String {
        self.shared.token(&self.issuer, claims, seconds)
    }

    /// Signs by another key from now on.
    pub(crate) fn changes_its_key(&self, id: &str) {
        *self.shared.key.lock().unwrap() = (new_key(), id.to_owned());
    }

    /// How often this was asked for.
    pub(crate) fn times_asked(&self, path: &str) -> usize {
        let asked = self.shared.asked.lock().unwrap();
        asked.iter().filter(|line| line.contains(path)).count()
    }
}

impl Shared {
    fn token(&self, issuer: &str, claims: &Value, seconds: i64) -> String {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        let now = i64::try_from(now.as_secs()).unwrap();
        let mut all = json!({ "iss": issuer, "iat": now, "nbf": now, "exp": now + seconds });
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        // No two are the same.
        let mut id = [0; 8];
        ring::rand::SecureRandom::fill(&SystemRandom::new(), &mut id).unwrap();
        all["jti"] = json!(base64(id));
        let key = self.key.lock().unwrap();
        let header = json!({ "alg": "ES256", "kid": key.1, "typ": "JWT" });
        let text = format!("{}.{}", base64(header.to_string()), base64(all.to_string()));
        let signature = key.0.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", base64(signature))
    }

    fn keys(&self) -> Value {
        let key = self.key.lock().unwrap();
        let (x, y) = key.0.public_key().as_ref()[1..].split_at(32);
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": key.1,
            "x": base64(x), "y": base64(y),
        }] })
    }
}

fn new_key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &random).unwrap()
}

/// One answer a connection.
fn answer(stream: TcpStream, shared: &Shared, issuer: &str) {
    let mut head = String::new();
    let mut reader = BufReader::new(&stream);
    while !head.ends_with("\r\n\r\n") {
        if reader.by_ref().read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let line = head.lines().next().unwrap_or_default().to_owned();
    shared.asked.lock().unwrap().push(line.clone());
    let path = line.split(' ').nth(1).unwrap_or_default();
    let body = match path.split('?').next() {
        // As GitHub describes itself: nobody logs in there in a browser.
        Some("/.well-known/openid-configuration") => Some(json!({
            "issuer": issuer, "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"], "scopes_supported": ["openid"],
        })),
        Some("/keys") => Some(shared.keys()),
        Some("/job") if head.contains(&format!("earer {BEARER}\r\n")) => {
            audience(path).map(|aud| {
                let mut claims = shared.job.lock().unwrap().clone();
                claims["aud"] = json!(aud);
                json!({ "count": 1, "value": shared.token(issuer, &claims, 300) })
            })
        }
        _ => None,
    };
    let (status, body) = match body {
        Some(body) => ("200 OK", body.to_string()),
        None => ("401 Unauthorized", "{}".to_owned()),
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    );
    // Whoever asked may be gone.
    let _sent = (&stream).write_all(answer.as_bytes());
}

/// The audience that is asked for; what stands escaped there are the signs of a URL alone.
fn audience(path: &str) -> Option<String> {
    let query = path.split_once('?')?.1;
    assert!(query.contains("api-version=2.0"), "{query}");
    let audience = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("audience="))?;
    Some(audience.replace("%3A", ":").replace("%2F", "/"))
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}
