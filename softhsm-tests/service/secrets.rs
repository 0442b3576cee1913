//! Whatever went over the wire in the tests that nobody else may know, and that it stands in nothing that was
//! written.
//!
//! [`super::http`] notes all that it sends and reads. When a room ends, each file in it is searched for the
//! secrets of all tests so far: logs, ledger, sessions, lists, and what clients keep.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::http::Answer;
use crate::harness::scratch;
use crate::harness::token::PIN;

static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// What was written in a folder holds no secret when this is dropped.
pub(super) struct Wrote(pub(super) PathBuf);

impl Drop for Wrote {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let found = found_in(&self.0);
            assert!(found.is_empty(), "secrets stand in {found:?}");
        }
    }
}

/// Notes what a client shows: tokens, proofs, cookies, passwords, codes, answers to challenges.
pub(super) fn of_request(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
        match name.to_ascii_lowercase().as_str() {
            "authorization" => note(value.strip_prefix("DPoP ").unwrap_or(value)),
            "dpop" => note(value),
            "cookie" => cookies(value),
            _ => {}
        }
    }
    of_body(body, &["password", "code", "verifier", "signature"]);
    if let Some(code) = body.strip_prefix("code=") {
        note(code);
    }
}

/// Notes what a server gives: tokens, codes and cookies, and what it sends a browser back with.
pub(super) fn of_answer(answer: &Answer) {
    if let Some(cookie) = answer.header("set-cookie") {
        cookies(cookie.split(';').next().unwrap_or_default());
    }
    let query = answer.header("location").and_then(|to| to.split_once('?'));
    let pairs = query.map_or("", |(_, query)| query).split('&');
    for code in pairs.filter_map(|pair| pair.strip_prefix("code=")) {
        note(code);
    }
    of_body(&answer.body, &["token", "code"]);
}

fn of_body(body: &str, members: &[&str]) {
    let Ok(Value::Object(body)) = serde_json::from_str(body) else {
        return;
    };
    let texts = members.iter().filter_map(|name| body.get(*name)?.as_str());
    for text in texts {
        // Of a signature in its armour, a line that no other one has.
        note(text.lines().nth(3).unwrap_or(text));
    }
}

fn cookies(pairs: &str) {
    let pairs = pairs.split("; ").filter_map(|pair| pair.split_once('='));
    pairs.for_each(|(_, value)| note(value));
}

fn note(secret: &str) {
    // A shorter one is a test's own word, and no secret.
    if secret.len() >= SHORTEST {
        let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(secret.to_owned());
    }
}

/// The files of a folder that a secret stands in.
fn found_in(folder: &Path) -> Vec<PathBuf> {
    let mut secrets = SEEN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    secrets.insert(PIN.to_owned());
    let mut files = Vec::new();
    below(folder, &mut files);
    files.retain(|file| {
        // A socket, or gone meanwhile.
        let bytes = std::fs::read(file).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        secrets.iter().any(|secret| text.contains(secret))
    });
    files
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            below(&path, files);
        } else if !GIVEN.iter().any(|given| name == *given) {
            files.push(path);
        }
    }
}

/// What tests put there themselves to be read, and where a client keeps its own token.
const GIVEN: [&str; 3] = ["pin", "password", "session.json"];
const SHORTEST: usize = 9;

#[test]
fn a_secret_that_stands_somewhere_is_found() {
    let folder = scratch();
    let within = folder.path().join("within");
    std::fs::create_dir(&within).unwrap();
    let told = |name: &str, text: &str| std::fs::write(within.join(name), text).unwrap();
    told("log", "a line, and a token: 0123456789abcdef");
    told("pin", PIN);
    assert_eq!(found_in(folder.path()), Vec::<PathBuf>::new());
    of_request(b"GET / HTTP/1.1\r\nAuthorization: DPoP 0123456789abcdef\r\n\r\n");
    assert_eq!(found_in(folder.path()), [within.join("log")]);
    told("log", &format!("the PIN is {PIN}"));
    assert_eq!(found_in(folder.path()), [within.join("log")]);
}
