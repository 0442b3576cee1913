//! Tokens that are shown to the server itself: for whom one counts, and what the session behind it opens.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::{TOKEN, WEB, job, with_programs};
use crate::harness::keygen::ED25519;
use crate::harness::platform::Platform;
use crate::harness::process::wait_until;
use crate::service::client::Client;
use crate::service::http::{Answer, request, send};
use crate::service::room::{Room, URL, free_port};

/// Begins a login and shows a token.
fn show(room: &Room, client: &Client, token: &str) -> Answer {
    let method = json!({ "method": "ci" }).to_string();
    let begun = send(
        room.port,
        &request(("POST", "/v1/logins"), &[], Some(&method)),
    );
    let begun = begun.unwrap().is(201);
    client.learn(&begun);
    let begun = begun.json();
    assert_eq!(begun["kind"], "jwt");
    let path = format!("/v1/logins/{}/token", begun["login"].as_str().unwrap());
    let body = json!({ "token": token }).to_string();
    client.ask("POST", &path, Some(&body)).unwrap()
}

fn with_session(mut client: Client, opened: &Answer) -> Client {
    client.token = Some(opened.json()["token"].as_str().unwrap().to_owned());
    client
}

/// In Unix time.
fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

fn for_us(job: &Value) -> Value {
    let mut claims = job.clone();
    claims["aud"] = json!(URL);
    claims
}

#[test]
fn a_token_belongs_to_the_key_that_showed_it_first_and_to_this_file_of_sessions() {
    let platform = Platform::start();
    let room = with_programs(Room::ready(), &platform.issuer, WEB);
    let server = room.start();
    let token = platform.token(&for_us(&job()), 300);
    let (first, thief) = (Client::new(room.port), Client::new(room.port));
    show(&room, &first, &token).is(200);
    show(&room, &thief, &token).refuses(403, "login-refused", "another session key before");
    show(&room, &first, &token).is(200);
    server.end();
    let server = room.start();
    show(&room, &first, &token).is(200);
    show(&room, &thief, &token).refuses(403, "login-refused", "another session key before");
    server.kill();
    // Whoever takes the file away gets no second try with an old token.
    std::fs::remove_file(room.folder().join("punchmark.sessions")).unwrap();
    let last = now();
    wait_until("the next second", || now() > last);
    let server = room.start();
    for client in [&first, &thief] {
        show(&room, client, &token).refuses(403, "login-refused", "older than what this server");
    }
    let newer = platform.token(&for_us(&job()), 300);
    show(&room, &thief, &newer).is(200);
    server.end();
    room.ledger_is_right();
}

#[test]
fn a_programs_session_is_short_and_opens_what_is_for_programs() {
    let platform = Platform::start();
    let mut room =
        with_programs(Room::ready(), &platform.issuer, WEB).serves("admins = [\"deploy-web\"]");
    let open = "[role.open]\nca = \"users\"\nrequesters = [\"*\"]\nprincipals = [\"{requester}\"]\n\
        storage = \"mark\"\nlifetime = { default = \"1h\" }\nlogin = { methods = [\"ci\", \"keys\"] }\n";
    room.admin = room.admin.and_config(open);
    let lint = room.admin.punchmark.run(&["role", "lint"]).exits(1);
    let odd = "role open: programs log in by [login.ci]";
    assert!(lint.stdout.contains(odd), "{lint}");
    let peter = room.enrolled("peter");
    let server = room.start();
    let shown = show(
        &room,
        &Client::new(room.port),
        &platform.token(&for_us(&job()), 300),
    )
    .is(200);
    let now = now();
    let until = shown.json()["until"].as_u64().unwrap();
    assert!((now + 500..=now + 600).contains(&until), "{until}");
    let client = Client::new(room.port);
    let token = platform.token(&for_us(&job()), 300);
    let opened = show(&room, &client, &token).is(200);
    let client = with_session(client, &opened);
    assert_eq!(client.roles(), ["deploy", "far"]);
    assert_eq!(
        Client::logged_in(room.port, &peter).roles(),
        ["engineer", "open"]
    );
    room.admin.key("laptop", ED25519);
    let asked = room.request_file("laptop", &client.challenge(), &["--role", "open"]);
    let refused = client.certificate(&asked).unwrap();
    refused.refuses(
        403,
        "refused",
        "reaches roles with `automation = true` alone",
    );
    // By name an admin, and by a program's login none.
    let revoke = json!({ "requesters": ["peter"], "reason": "left" }).to_string();
    let revoke = client.ask("POST", "/v1/revocations", Some(&revoke));
    revoke.unwrap().is(403);
    let all = client.ask("GET", "/v1/certificates?requester=peter", None);
    all.unwrap().refuses(403, "refused", "auditors and admins");
    assert_eq!(
        Client::logged_in(room.port, &peter).roles(),
        ["engineer", "open"]
    );
    // An admin ends all that the program has.
    let bar = [
        "revoke",
        "--requester",
        "deploy-web",
        "--reason",
        "stolen",
        "--yes",
    ];
    room.admin.punchmark.run(&bar).ok();
    let over = client.ask("GET", "/v1/session", None).unwrap();
    over.refuses(401, "no-session", "log in again");
    let token = platform.token(&for_us(&job()), 300);
    show(&room, &Client::new(room.port), &token).is(401);
    server.end();
    room.ledger_is_right();
}

#[test]
fn a_token_that_does_not_count_is_refused_in_words_and_opens_nothing() {
    let platform = Platform::start();
    let room = with_programs(Room::ready(), &platform.issuer, WEB);
    let server = room.start();
    let client = Client::new(room.port);
    let claims = for_us(&job());
    let with = |change: Value| {
        let mut claims = claims.clone();
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        platform.token(&claims, 300)
    };
    let good = platform.token(&claims, 300);
    let none = format!("eyJhbGciOiJub25lIn0.{}.", good.split('.').nth(1).unwrap());
    for (token, words) in [
        (platform.token(&claims, -61), "over since"),
        (with(json!({ "nbf": 4_000_000_000_u64 })), "counts from"),
        (
            with(json!({ "aud": "https://other.example.org" })),
            "for https://other.example.org",
        ),
        (with(json!({ "aud": [URL, "other"] })), "alone is taken"),
        (with(json!({ "iss": "https://evil.example" })), "is by"),
        (platform.token(&claims, 86_401), "at most 86400 s are taken"),
        (with(json!({ "sub": ["a"] })), "claim `sub`"),
        (none, "for another algorithm than the token's"),
        (good[..good.len() - 2].to_owned(), "signature"),
        ("a.b".to_owned(), "three parts"),
        ("a".repeat(20_000), "are the most"),
    ] {
        show(&room, &client, &token).refuses(403, "login-refused", words);
    }
    // A key that came behind is asked for, and not at each token that names one.
    let asked = platform.times_asked("/keys");
    platform.changes_its_key("second");
    for _each in 0..3 {
        show(&room, &client, &platform.token(&claims, 300)).refuses(
            403,
            "login-refused",
            "no key second",
        );
    }
    assert_eq!((asked, platform.times_asked("/keys")), (1, 1));
    server.end();
    let server = room.start();
    show(&room, &client, &platform.token(&claims, 300)).is(200);
    show(&room, &client, &good).refuses(403, "login-refused", "no key first");
    server.end();
    assert!(!room.log().contains(TOKEN), "{}", room.log());
    room.ledger_is_right();
}

#[test]
fn a_program_that_the_config_lists_no_more_has_no_session() {
    let platform = Platform::start();
    let room = with_programs(Room::ready(), &platform.issuer, WEB);
    let server = room.start();
    let client = Client::new(room.port);
    let opened = show(&room, &client, &platform.token(&for_us(&job()), 300)).is(200);
    let client = with_session(client, &opened);
    let session = || client.ask("GET", "/v1/session", None).unwrap();
    session().is(200);
    let reloaded = |times: usize| {
        server.hang_up();
        wait_until("the config is read again", || {
            room.log().matches("the config was read again").count() == times
        });
    };
    room.edit("repository_id = \"75\"", "repository_id = \"76\"");
    reloaded(1);
    session().is(200);
    room.edit("environment = \"production\"", "environment = \"staging\"");
    reloaded(2);
    session().refuses(401, "no-session", "log in again");
    show(
        &room,
        &Client::new(room.port),
        &platform.token(&for_us(&job()), 300),
    )
    .is(403);
    server.end();
    room.ledger_is_right();
}

#[test]
fn a_platform_that_is_away_is_for_now_and_ends_a_check() {
    // Nobody listens there.
    let issuer = format!("http://127.0.0.1:{}", free_port());
    let room = with_programs(Room::ready(), &issuer, WEB);
    room.admin
        .punchmark
        .pinned(&["serve", "--check"])
        .exits(1)
        .says("[login.ci]");
    let platform = Platform::start();
    let server = room.start();
    let client = Client::new(room.port);
    let answer = show(&room, &client, &platform.token(&for_us(&job()), 300));
    assert_eq!(answer.header("retry-after"), Some("10"));
    answer.refuses(503, "busy", "the platform's keys can't be asked for now");
    assert!(room.log().contains(&issuer), "{}", room.log());
    server.end();
    room.ledger_is_right();
}
