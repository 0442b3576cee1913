//! Somebody logs out at a real identity provider, which tells the server: the sessions here end with that.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::json;

use super::by_provider::login::{Login, accounts, asking, browser_way, code_way, with_session};
use super::client::Client;
use super::http::{Answer, request, send};
use super::room::{Room, URL};
use crate::harness::idp::{Browser, Idp, client};

/// A provider that tells whoever listens at this port, and names the session, or the person alone.
fn telling(port: u16, names_session: bool) -> Idp {
    let mut client = client("ES256", &format!("{URL}/login/callback"));
    client["backchannel_logout_uri"] = json!(format!("http://127.0.0.1:{port}/logout/work"));
    client["backchannel_logout_session_required"] = json!(names_session);
    Idp::with_clients(&json!([client]), &accounts())
}

/// Somebody with a session, and the browser that they logged in by.
fn logged_in(room: &Room, idp: &Idp, subject: &str) -> (Client, Browser) {
    let mut login = Login::begin(room, &browser_way());
    let heard = login.by_browser(idp, subject);
    let code = heard.strip_prefix("code=").unwrap();
    let opened = login.token(code.split('&').next()).is(200).json();
    let browser = std::mem::take(&mut login.browser);
    (with_session(login, &opened), browser)
}

fn session(client: &Client) -> Answer {
    client.ask("GET", "/v1/session", None).unwrap()
}

fn told(room: &Room, path: &str, body: &str) -> Answer {
    let length = body.len().to_string();
    let headers = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Content-Length", &length),
    ];
    let mut bytes = request(("POST", path), &headers, None);
    bytes.extend(body.as_bytes());
    send(room.port, &bytes).unwrap()
}

#[test]
fn a_session_at_the_provider_takes_those_with_it_that_it_opened() {
    let room = Room::ready();
    let idp = telling(room.port, true);
    let room = asking(room, &idp, "");
    let server = room.start();
    let (laptop, mut of_laptop) = logged_in(&room, &idp, "1");
    let (desktop, mut of_desktop) = logged_in(&room, &idp, "1");
    let (kim, _) = logged_in(&room, &idp, "7");
    of_laptop.log_out(&idp);
    session(&laptop).refuses(401, "no-session", "the session is over");
    session(&desktop).is(200);
    session(&kim).is(200);
    // What ended is over, and what a session is of is known, after a start too.
    server.end();
    let server = room.start();
    session(&laptop).refuses(401, "no-session", "log in again");
    session(&desktop).is(200);
    of_desktop.log_out(&idp);
    session(&desktop).refuses(401, "no-session", "log in again");
    session(&kim).is(200);
    logged_in(&room, &idp, "1");
    server.end();
    room.ledger_is_right();
    let log = room.log();
    assert_eq!(
        log.matches("at the provider of work ended 1 sessions")
            .count(),
        2,
        "{log}"
    );
    assert!(
        !log.contains("logout_token") && !log.contains("eyJ"),
        "{log}"
    );
}

#[test]
fn a_provider_that_names_no_session_ends_all_of_the_person() {
    let room = Room::ready();
    let idp = telling(room.port, false);
    let room = asking(room, &idp, "");
    let server = room.start();
    let (laptop, mut browser) = logged_in(&room, &idp, "1");
    let (desktop, _) = logged_in(&room, &idp, "1");
    let (kim, _) = logged_in(&room, &idp, "7");
    browser.log_out(&idp);
    session(&laptop).refuses(401, "no-session", "log in again");
    session(&desktop).refuses(401, "no-session", "log in again");
    session(&kim).is(200);
    server.end();
    room.ledger_is_right();
}

#[test]
fn who_logs_out_before_the_program_asked_gets_no_session() {
    let room = Room::ready();
    let idp = telling(room.port, true);
    let room = asking(room, &idp, "code = true");
    let server = room.start();
    let mut here = Login::begin(&room, &browser_way());
    let heard = here.by_browser(&idp, "1");
    let code = heard.strip_prefix("code=").unwrap();
    here.browser.log_out(&idp);
    let refused = here.token(code.split('&').next());
    refused.refuses(403, "login-refused", "logged out at the identity provider");
    // One whose code is not typed yet.
    let mut elsewhere = Login::begin(&room, &code_way());
    let typed = elsewhere.begun["code"].as_str().unwrap().to_owned();
    let callback = elsewhere.at_provider(&idp, "1");
    elsewhere.get(&callback).is(303);
    elsewhere.browser.log_out(&idp);
    elsewhere.types(&typed, URL).is(404);
    let refused = elsewhere.token(None);
    refused.refuses(403, "login-refused", "logged out at the identity provider");
    server.end();
    room.ledger_is_right();
}

#[test]
fn a_logout_counts_once_and_nothing_but_the_providers_word_is_one() {
    // It tells somebody who keeps it.
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let room = Room::ready();
    let idp = telling(listener.local_addr().unwrap().port(), true);
    let room = asking(room, &idp, "");
    let server = room.start();
    let (mia, mut browser) = logged_in(&room, &idp, "1");
    let kept = std::thread::spawn(move || kept(&listener));
    browser.log_out(&idp);
    let form = kept.join().unwrap();
    assert!(form.starts_with("logout_token=ey"), "{form}");

    let refused = |path: &str, body: &str, words: &str| {
        told(&room, path, body).refuses(400, "malformed", words);
    };
    refused("/logout/work", "", "one `logout_token`");
    refused("/logout/work", "id_token=a.b.c", "one `logout_token`");
    refused(
        "/logout/work",
        &format!("{form}&{form}"),
        "one `logout_token`",
    );
    refused("/logout/work", "logout_token=a.b.c", "the provider's token");
    let (signed, signature) = form.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    let forged = format!("{header}.e30.{signature}");
    refused("/logout/work", &forged, "the token's signature");
    told(&room, "/logout/keys", &form).refuses(404, "not-found", "no login method");
    told(&room, "/logout/none", &form).refuses(404, "not-found", "no login method");
    send(room.port, &request(("GET", "/logout/work"), &[], None))
        .unwrap()
        .refuses(405, "method", "another method");
    session(&mia).is(200);

    let done = told(&room, "/logout/work", &form).is(200);
    assert_eq!(done.header("cache-control"), Some("no-store"));
    session(&mia).refuses(401, "no-session", "log in again");
    let (mia, _) = logged_in(&room, &idp, "1");
    refused("/logout/work", &form, "came before");
    session(&mia).is(200);
    server.end();
    room.ledger_is_right();
}

/// The form that one request brings.
fn kept(listener: &TcpListener) -> String {
    let (mut stream, _) = listener.accept().unwrap();
    let mut text = String::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap();
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then_some(value)
        });
        if body.len() == length.unwrap().parse::<usize>().unwrap() {
            let answer = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
            stream.write_all(answer.as_bytes()).unwrap();
            return body.to_owned();
        }
    }
}
