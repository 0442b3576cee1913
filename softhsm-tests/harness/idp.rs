//! A real OpenID Connect provider on loopback: `oidc-provider`, as `scripts/setup` installs it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};
use ureq::http::Response;
use ureq::{Agent, Body};

use super::process::detached;
use super::punchmark::BINARY;

/// Whom it sends back to, where nobody listens.
pub(crate) const REDIRECT: &str = "http://127.0.0.1:9/login/callback";

/// A provider; ended on drop, and by itself when the test is.
pub(crate) struct Idp {
    child: Child,
    pub(crate) issuer: String,
}

/// A browser at a provider, by its cookies.
#[derive(Default)]
pub(crate) struct Browser(Vec<(String, String)>);

/// What a program asks a provider for, in the place of a browser.
pub(crate) struct Asked<'a> {
    pub(crate) client: &'a str,
    pub(crate) nonce: &'a str,
    /// The S256 of the verifier, which is shown for the code.
    pub(crate) challenge: &'a str,
    /// Who logs in.
    pub(crate) subject: &'a str,
}

impl Idp {
    /// Starts one with a client for each of these algorithms of ID tokens, by whose name it goes, and accounts.
    pub(crate) fn start(algorithms: &[&str], accounts: &Value) -> Self {
        Self::sending_to(REDIRECT, algorithms, accounts)
    }

    /// The same, where browsers are sent back to another place.
    pub(crate) fn sending_to(redirect: &str, algorithms: &[&str], accounts: &Value) -> Self {
        let clients = algorithms.iter().map(|name| client(name, redirect));
        Self::with_clients(&clients.collect(), accounts)
    }

    /// One whose client is a program, `deployer`, and has tokens of its own.
    pub(crate) fn of_programs() -> Self {
        let client = json!({
            "client_id": "deployer", "client_secret": SECRET, "redirect_uris": [], "response_types": [],
            "grant_types": ["client_credentials"],
        });
        Self::with_clients(&json!([client]), &json!({}))
    }

    /// The same, with clients as the provider takes them.
    pub(crate) fn with_clients(clients: &Value, accounts: &Value) -> Self {
        let config = json!({ "clients": clients, "accounts": accounts }).to_string();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("softhsm-tests/idp/server.mjs");
        let mut node = detached("node");
        node.arg(script).arg(installed()).arg(config);
        // Where the test ends, so does its stdin, and it with that.
        node.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = node.stderr(Stdio::null()).spawn().unwrap();
        let mut issuer = String::new();
        let out = child.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut issuer).unwrap();
        let issuer = issuer.trim().to_owned();
        assert!(issuer.starts_with("http://127.0.0.1:"), "{issuer}");
        Self { child, issuer }
    }

    /// What it says at a path, without a login.
    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        let answer = agent().get(format!("{}{path}", self.issuer)).call();
        answer.unwrap().body_mut().read_to_vec().unwrap()
    }

    /// Logs in as a browser would; gives the parameters that it is sent back with.
    pub(crate) fn log_in(&self, asked: &Asked<'_>) -> Vec<(String, String)> {
        let Asked { client, nonce, .. } = asked;
        let first = format!(
            "{}/auth?client_id={client}&response_type=code&scope=openid%20profile&redirect_uri={REDIRECT}\
             &state=of-a-test&nonce={nonce}&login_hint={}&code_challenge={}&code_challenge_method=S256",
            self.issuer, asked.subject, asked.challenge
        );
        parameters(&self.sent_back(first, REDIRECT))
    }

    /// Goes where a fresh browser is sent, from the provider's first page on; gives the query that it is sent back with.
    pub(crate) fn sent_back(&self, first: String, redirect: &str) -> String {
        Browser::default().sent_back(self, first, redirect)
    }

    /// What it gives for a code and its verifier: the tokens, or an error.
    pub(crate) fn redeem(&self, client: &str, code: &str, verifier: &str) -> Value {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", verifier),
        ];
        let account = Base64::encode_string(format!("{client}:{SECRET}").as_bytes());
        let ask = agent().post(format!("{}/token", self.issuer));
        let ask = ask.header("Authorization", format!("Basic {account}"));
        let text = ask.send_form(form).unwrap().body_mut().read_to_string();
        serde_json::from_str(&text.unwrap()).unwrap()
    }

    /// The access token of the program, for this audience (RFC 8707): a JSON Web Token (RFC 9068).
    pub(crate) fn program_token(&self, audience: &str) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("resource", audience),
            ("scope", "certificates"),
        ];
        let account = Base64::encode_string(format!("deployer:{SECRET}").as_bytes());
        let ask = agent().post(format!("{}/token", self.issuer));
        let ask = ask.header("Authorization", format!("Basic {account}"));
        let text = ask.send_form(form).unwrap().body_mut().read_to_string();
        let given: Value = serde_json::from_str(&text.unwrap()).unwrap();
        let token = given["access_token"].as_str();
        token.unwrap_or_else(|| panic!("{given}")).to_owned()
    }

    /// What it says of whoever an access token is about.
    pub(crate) fn userinfo(&self, token: &str) -> Vec<u8> {
        let ask = agent().get(format!("{}/me", self.issuer));
        let answer = ask.header("Authorization", format!("Bearer {token}"));
        answer.call().unwrap().body_mut().read_to_vec().unwrap()
    }
}

impl Browser {
    /// Goes where it is sent, from the provider's first page on; gives the query that it is sent back with.
    pub(crate) fn sent_back(&mut self, idp: &Idp, first: String, redirect: &str) -> String {
        let mut next = first;
        // The login page is one step behind the question, and one before the answer.
        for _ in 0..5 {
            let ask = agent().get(&next).header("Cookie", self.told());
            let answer = self.hears(ask.call());
            let location = answer.headers().get("location").expect("it sends on");
            let location = location.to_str().unwrap();
            if let Some(query) = location.strip_prefix(&format!("{redirect}?")) {
                return query.to_owned();
            }
            next = match location.strip_prefix('/') {
                Some(path) => format!("{}/{path}", idp.issuer),
                None => location.to_owned(),
            };
        }
        panic!("the provider sends on and on: {next}");
    }

    /// Logs out there: the provider has told its clients when this is done.
    pub(crate) fn log_out(&mut self, idp: &Idp) {
        let end = format!("{}/session/end", idp.issuer);
        let ask = agent().get(&end).header("Cookie", self.told());
        let page = self.hears(ask.call()).body_mut().read_to_string().unwrap();
        let (_, behind) = page.split_once("name=\"xsrf\" value=\"").expect("a form");
        let form = [
            ("xsrf", behind.split('"').next().unwrap()),
            ("logout", "yes"),
        ];
        let ask = agent().post(format!("{end}/confirm"));
        let done = self.hears(ask.header("Cookie", self.told()).send_form(form));
        assert_eq!(done.status(), 303, "{done:?}");
    }

    fn told(&self) -> String {
        let pairs = self.0.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn hears(&mut self, answer: Result<Response<Body>, ureq::Error>) -> Response<Body> {
        let answer = answer.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.0.retain(|(known, _)| known != name);
            self.0.push((name.to_owned(), value.to_owned()));
        }
        answer
    }
}

impl Drop for Idp {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}

/// A client that is named as the algorithm of its ID tokens, as the provider takes one.
pub(crate) fn client(algorithm: &str, redirect: &str) -> Value {
    json!({
        "client_id": algorithm, "client_secret": SECRET, "redirect_uris": [redirect],
        "grant_types": ["authorization_code"], "id_token_signed_response_alg": algorithm,
    })
}

fn installed() -> PathBuf {
    let target = Path::new(BINARY).ancestors().nth(2).unwrap();
    let folder = target.join("idp");
    let is_there = folder.join("installed.json").exists();
    assert!(is_there, "no provider: scripts/setup installs it");
    folder
}

/// One that follows nothing, and takes each status as an answer.
fn agent() -> Agent {
    let config = Agent::config_builder().max_redirects(0);
    config.http_status_as_error(false).build().into()
}

/// The parameters of a query; what stands escaped there are the signs of a URL alone.
fn parameters(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
    let plain = |text: &str| {
        text.replace("%3A", ":")
            .replace("%2F", "/")
            .replace("%20", " ")
    };
    pairs
        .map(|(name, value)| (name.to_owned(), plain(value)))
        .collect()
}

pub(crate) const SECRET: &str = "of-a-test-and-nowhere-else";
