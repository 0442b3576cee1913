//! A method of kind `oidc`, as the server has it for its clients; the provider behind it is out of sight.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::state::{Answer, now, problem};

/// What the server knows of the one login that there is.
#[derive(Default)]
pub(crate) struct Provider {
    /// Whether the method is there at all.
    pub(crate) offered: bool,
    /// What the client asked for.
    pub(crate) asked: Value,
    /// Whether a person typed the code.
    pub(crate) typed: bool,
    /// Why the provider let nobody in.
    pub(crate) refusal: Option<&'static str>,
    /// Where the page lies, if not where it should.
    pub(crate) page: Option<String>,
    /// Whether a code that is typed elsewhere opens nothing here.
    pub(crate) without_codes: bool,
    /// How many questions are answered with 503 yet.
    pub(crate) busy: u32,
}

/// What the browser comes back with.
pub(crate) const CODE: &str = "Y29kZQ-of_this-login";

impl Provider {
    pub(super) fn begin(&mut self, asked: &Value, url: &str) -> Answer {
        if self.without_codes && asked["way"] == "code" {
            return of_kind("code-login-off", 403, "codes are off for method work");
        }
        self.asked = asked.clone();
        let page = format!("{url}/login/login-2");
        let page = self.page.clone().unwrap_or(page);
        let mut begun =
            json!({ "login": "login-2", "kind": "oidc", "open": page, "expires": now() + 600 });
        if asked["way"] == "code" {
            begun["code"] = json!("ABCD-EFGH");
        }
        (201, begun)
    }

    /// Whether what was shown opens a session; else what is answered.
    pub(super) fn check(&mut self, shown: &Value) -> Result<(), Answer> {
        let verifier = shown["verifier"].as_str().unwrap();
        assert_eq!(verifier.len(), 43);
        let s256 = Base64UrlUnpadded::encode_string(&Sha256::digest(verifier));
        assert_eq!(self.asked["challenge"], s256);
        if self.busy > 0 {
            self.busy -= 1;
            return Err(of_kind("busy", 503, "so much waits"));
        }
        if let Some(refusal) = self.refusal {
            return Err(of_kind("login-refused", 403, refusal));
        }
        let is_typed = self.asked["way"] == "code" && self.typed && shown.get("code").is_none();
        match is_typed || self.asked["way"] == "browser" && shown["code"] == CODE {
            true => Ok(()),
            false if self.asked["way"] == "code" => {
                let nobody = "nobody typed the code yet";
                Err(of_kind("authorization-pending", 400, nobody))
            }
            false => Err(of_kind("login", 401, "the login opened nothing")),
        }
    }
}

fn of_kind(name: &str, status: u16, detail: &str) -> Answer {
    let (status, mut told) = problem(status, detail);
    told["type"] = json!(format!("https://ca/problems/{name}"));
    (status, told)
}
