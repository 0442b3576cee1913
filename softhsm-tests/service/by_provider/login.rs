//! A provider, a room whose server asks it, and somebody who logs in there.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::harness::idp::{Browser, Idp, SECRET};
use crate::harness::write;
use crate::service::client::Client;
use crate::service::http::{Answer, request, send};
use crate::service::room::{Room, URL};

/// Where a program listens that isn't there.
pub(in crate::service) const LISTENER: &str = "http://127.0.0.1:9/";
pub(in crate::service) const STATE: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
pub(in crate::service) const VERIFIER: &str = "a-verifier-of-forty-three-characters-or-more";

/// A role that goes by a group.
pub(in crate::service) const FLOOR: &str = "
[role.floor]
ca         = \"users\"
groups     = [\"work:engineers\"]
principals = [\"{requester}\"]
storage    = \"mark\"
lifetime   = { default = \"1h\", maximum = \"8h\" }
login      = { methods = [\"work\"] }
";
/// The same, for whom a typed code brought, too.
const REMOTE: &str = "
[role.remote]
ca         = \"users\"
groups     = [\"work:engineers\"]
principals = [\"{requester}\"]
storage    = \"mark\"
lifetime   = { default = \"1h\", maximum = \"8h\" }
login      = { methods = [\"work\"], code = true, max-age = \"1h\" }
";

pub(in crate::service) fn provider() -> Idp {
    Idp::sending_to(&format!("{URL}/login/callback"), &["ES256"], &accounts())
}

/// Whom it knows.
pub(in crate::service) fn accounts() -> Value {
    json!({
        "1": { "preferred_username": "mia", "groups": ["engineers", "oncall"] },
        "2": { "preferred_username": "mia" },
        "3": { "preferred_username": "anna" },
        "4": { "preferred_username": "erik,anna" },
        "5": { "preferred_username": "ole_file" },
        "6": { "preferred_username": "Mia" },
        "7": { "preferred_username": "kim" },
    })
}

/// A room whose server asks this provider, with these more lines about it.
pub(in crate::service) fn room(idp: &Idp, more: &str) -> Room {
    asking(Room::ready(), idp, more)
}

/// The same, of a room that is there.
pub(in crate::service) fn asking(mut room: Room, idp: &Idp, more: &str) -> Room {
    let issuer = &idp.issuer;
    let method = format!(
        "{FLOOR}{REMOTE}\n[login.work]\nkind = \"oidc\"\nissuer = \"{issuer}\"\nclient-id = \"ES256\"\n\
         client-secret-file = \"work.secret\"\ngroups = \"groups\"\nallow-http = true\n{more}\n"
    );
    room.admin = room.admin.and_config(&method);
    write(&room.folder().join("work.secret"), SECRET, 0o600);
    room
}

/// A login that began, and the browser of whoever logs in.
pub(in crate::service) struct Login<'r> {
    room: &'r Room,
    pub(in crate::service) client: Client,
    pub(in crate::service) begun: Value,
    pub(in crate::service) cookie: Option<String>,
    /// At the provider.
    pub(in crate::service) browser: Browser,
}

pub(in crate::service) fn browser_way() -> Value {
    let challenge = Base64UrlUnpadded::encode_string(&Sha256::digest(VERIFIER));
    json!({ "method": "work", "way": "browser", "redirect": LISTENER, "state": STATE, "challenge": challenge })
}

pub(in crate::service) fn code_way() -> Value {
    let challenge = Base64UrlUnpadded::encode_string(&Sha256::digest(VERIFIER));
    json!({ "method": "work", "way": "code", "host": "build7", "challenge": challenge })
}

pub(in crate::service) fn begin(room: &Room, asked: &Value) -> Answer {
    send(
        room.port,
        &request(("POST", "/v1/logins"), &[], Some(&asked.to_string())),
    )
    .unwrap()
}

impl<'r> Login<'r> {
    pub(in crate::service) fn begin(room: &'r Room, asked: &Value) -> Self {
        let client = Client::new(room.port);
        let begun = begin(room, asked).is(201);
        client.learn(&begun);
        let begun = begun.json();
        let id = begun["login"].as_str().unwrap();
        assert_eq!(begun["open"], json!(format!("{URL}/login/{id}")));
        Self {
            room,
            client,
            begun,
            cookie: None,
            browser: Browser::default(),
        }
    }

    pub(in crate::service) fn path(&self, rest: &str) -> String {
        format!("/login/{}{rest}", self.begun["login"].as_str().unwrap())
    }

    pub(in crate::service) fn get(&self, path: &str) -> Answer {
        let cookie = self.cookie.as_deref().unwrap_or("other=1");
        send(
            self.room.port,
            &request(("GET", path), &[("Cookie", cookie)], None),
        )
        .unwrap()
    }

    /// Opens the page of the login, and logs in at the provider; gives what the browser comes back with.
    pub(in crate::service) fn at_provider(&mut self, idp: &Idp, subject: &str) -> String {
        let sent = self.get(&self.path("")).is(303);
        let cookie = sent.header("set-cookie").unwrap();
        self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        let to = sent.header("location").unwrap();
        assert!(to.starts_with(&idp.issuer), "{to}");
        let redirect = format!("{URL}/login/callback");
        let first = format!("{to}&login_hint={subject}");
        let query = self.browser.sent_back(idp, first, &redirect);
        format!("/login/callback?{query}")
    }

    /// All of the browser's part; gives what the program's listener hears.
    pub(in crate::service) fn by_browser(&mut self, idp: &Idp, subject: &str) -> String {
        let callback = self.at_provider(idp, subject);
        let back = self.get(&callback).is(303);
        let back = back.header("location").unwrap();
        back.strip_prefix(&format!("{LISTENER}?"))
            .unwrap()
            .to_owned()
    }

    /// The program asks for its session.
    pub(in crate::service) fn token(&self, code: Option<&str>) -> Answer {
        let path = format!("/v1/logins/{}/token", self.begun["login"].as_str().unwrap());
        let body = match code {
            Some(code) => json!({ "code": code, "verifier": VERIFIER }),
            None => json!({ "verifier": VERIFIER }),
        };
        self.client
            .ask("POST", &path, Some(&body.to_string()))
            .unwrap()
    }

    /// Somebody types a code, on the page of this server unless another is named.
    pub(in crate::service) fn types(&self, code: &str, origin: &str) -> Answer {
        let body = format!("code={code}");
        let length = body.len().to_string();
        let headers = [
            ("Cookie", self.cookie.as_deref().unwrap()),
            ("Origin", origin),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Content-Length", &length),
        ];
        let mut bytes = request(("POST", &self.path("/code")), &headers, None);
        bytes.extend(body.as_bytes());
        send(self.room.port, &bytes).unwrap()
    }
}

/// The client of a login, with the session that was opened.
pub(in crate::service) fn with_session(login: Login<'_>, opened: &Value) -> Client {
    let mut client = login.client;
    client.token = Some(opened["token"].as_str().unwrap().to_owned());
    client
}

/// A whole login by a browser; the client has a session if there is one.
pub(in crate::service) fn logged_in(room: &Room, idp: &Idp, subject: &str) -> (Client, Answer) {
    let mut login = Login::begin(room, &browser_way());
    let heard = login.by_browser(idp, subject);
    let code = heard
        .strip_prefix("code=")
        .map(|rest| rest.split('&').next().unwrap());
    let answer = login.token(code);
    let client = match answer.status {
        200 => with_session(login, &answer.json()),
        _ => login.client,
    };
    (client, answer)
}
