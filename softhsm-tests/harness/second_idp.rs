//! Another OpenID Connect provider, by another hand: `zitadel/oidc`, as `scripts/setup` builds it where Go is there.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};

use ureq::Agent;
use ureq::http::Response;

use super::process::{detached, wait_until};
use super::punchmark::BINARY;

/// The provider; ended on drop, and by itself when the test is.
pub(crate) struct SecondIdp {
    child: Child,
    pub(crate) issuer: String,
}

/// Its client, and somebody whom it knows.
pub(crate) const CLIENT: (&str, &str) = ("web", "secret");
pub(crate) const USER: (&str, &str) = ("test-user@127.0.0.1", "verysecure");

impl SecondIdp {
    /// Starts it on a free port, sending browsers back to `redirect`. None where it was not built.
    pub(crate) fn start(port: u16, redirect: &str) -> Option<Self> {
        let target = Path::new(BINARY).ancestors().nth(2).unwrap();
        let program = target.join("second-idp/second-idp");
        if !program.exists() {
            return None;
        }
        let mut command = detached(program);
        command.arg(port.to_string()).arg(redirect);
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        let child = command.stderr(Stdio::null()).spawn().unwrap();
        wait_until("the second provider listens", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        let issuer = format!("http://127.0.0.1:{port}/");
        Some(Self { child, issuer })
    }

    /// Logs somebody in on its page, as a browser that was sent to it; gives the query that it is sent back with.
    pub(crate) fn sent_back(&self, first: &str, (name, password): (&str, &str)) -> String {
        let page = self.location(&agent().get(first).call().unwrap());
        let (_, id) = page.split_once("authRequestID=").expect("a page to log in");
        let form = [("username", name), ("password", password), ("id", id)];
        let answered = agent().post(&page).send_form(form).unwrap();
        let callback = self.location(&answered);
        let back = self.location(&agent().get(&callback).call().unwrap());
        let (_, query) = back.split_once('?').expect("a query");
        query.to_owned()
    }

    fn location<B>(&self, answer: &Response<B>) -> String {
        let location = answer.headers().get("location").expect("it sends on");
        let location = location.to_str().unwrap();
        match location.strip_prefix('/') {
            Some(path) => format!("{}{path}", self.issuer),
            None => location.to_owned(),
        }
    }
}

impl Drop for SecondIdp {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}

/// One that follows nothing, and takes each status as an answer.
fn agent() -> Agent {
    let config = Agent::config_builder().max_redirects(0);
    config.http_status_as_error(false).build().into()
}
