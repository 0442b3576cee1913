//! Logins at a real identity provider: who gets a session, by which name, and who doesn't.

pub(super) mod login;
mod second;

use serde_json::{Value, json};

use super::client::Client;
use super::room::URL;
use crate::harness::idp::SECRET;
use crate::harness::keygen::{self, ED25519};
use crate::harness::write;
use login::{
    LISTENER, Login, STATE, VERIFIER, begin, browser_way, code_way, logged_in, provider, room,
    with_session,
};

#[test]
fn a_browser_brings_a_session_with_groups_that_open_roles() {
    let idp = provider();
    let room = room(&idp, "");
    room.admin.key("laptop", ED25519);
    let check = room.admin.punchmark.pinned(&["serve", "--check"]).ok();
    check.says(&format!("logins by work ask {}", idp.issuer));
    let server = room.start();
    let mut login = Login::begin(&room, &browser_way());
    assert_eq!(
        (&login.begun["kind"], login.begun.get("code")),
        (&json!("oidc"), None)
    );
    login
        .token(None)
        .refuses(400, "authorization-pending", "nobody logged in");
    let callback = login.at_provider(&idp, "1");
    let back = login.get(&callback).is(303);
    assert_eq!(back.header("referrer-policy"), Some("no-referrer"));
    let heard = back
        .header("location")
        .unwrap()
        .strip_prefix(&format!("{LISTENER}?code="));
    let (code, state) = heard.unwrap().split_once("&state=").unwrap();
    assert_eq!(state, STATE);
    // The same answer of the provider again, by the same browser.
    assert!(
        login
            .get(&callback)
            .is(404)
            .body
            .contains("This login is over")
    );
    let opened = login.token(Some(code)).is(200).json();
    assert_eq!(
        (&opened["requester"], &opened["method"], &opened["groups"]),
        (
            &json!("mia"),
            &json!("work"),
            &json!(["work:engineers", "work:oncall"])
        )
    );
    login.token(Some(code)).refuses(401, "login", "begin anew");
    let client = with_session(login, &opened);
    assert_eq!(client.roles(), ["floor", "remote"]);
    let asked = room.request_file("laptop", &client.challenge(), &["--role", "floor"]);
    let issued = client.certificate(&asked).unwrap().is(201).json();
    let path = room.admin.punchmark.path("laptop-cert.pub");
    write(&path, issued["certificate"].as_str().unwrap(), 0o644);
    assert_eq!(keygen::read(&path).principals, ["mia_file"]);
    // A session outlives the server, groups and all; the second login binds nobody anew.
    server.end();
    let server = room.start();
    let session = client
        .ask("GET", "/v1/session", None)
        .unwrap()
        .is(200)
        .json();
    assert_eq!(session["groups"], json!(["work:engineers", "work:oncall"]));
    logged_in(&room, &idp, "1").1.is(200);
    let bound = room.admin.punchmark.run(&["requester", "list"]).ok();
    assert_eq!(bound.stdout.matches(&idp.issuer).count(), 1, "{bound}");
    // The binding's end is that of each session which rests on it.
    let remove = [
        "requester",
        "remove",
        "mia",
        "--issuer",
        &idp.issuer,
        "--subject",
        "1",
    ];
    room.admin.punchmark.run(&remove).ok();
    let over = client.ask("GET", "/v1/session", None).unwrap();
    over.refuses(401, "no-session", "log in again");
    server.end();
    room.ledger_is_right();
    room.tells_nothing_of(&[code, STATE, VERIFIER, SECRET]);
}

#[test]
fn a_code_that_is_typed_elsewhere_opens_the_roles_that_take_one() {
    let idp = provider();
    let room = room(&idp, "code = true");
    let server = room.start();
    let mut login = Login::begin(&room, &code_way());
    let code = login.begun["code"].as_str().unwrap().to_owned();
    let open = login.begun["open"].as_str().unwrap();
    assert!(
        !open.contains(&code[..4]) && !open.contains(&code[5..]),
        "{open}"
    );
    let callback = login.at_provider(&idp, "1");
    let on = login.get(&callback).is(303);
    assert_eq!(on.header("location"), Some(login.path("/code").as_str()));
    let page = login.get(&login.path("/code")).is(200);
    for words in ["build7", "127.0.0.1", "mia", "If somebody sent you here"] {
        assert!(page.body.contains(words), "{words}: {page:?}");
    }
    assert!(!page.body.contains(&code));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    for origin in ["null", "https://evil.example"] {
        login.types(&code, origin).is(403);
    }
    login
        .token(None)
        .refuses(400, "authorization-pending", "so far");
    let wrong = login.types("BBBB-BBBB", URL).is(200);
    assert!(wrong.body.contains("4 times more"), "{wrong:?}");
    let done = login.types(&code.to_lowercase(), URL).is(200);
    assert!(done.body.contains("You can close this page"), "{done:?}");
    let opened = login.token(None).is(200).json();
    assert_eq!(opened["requester"], "mia");
    let client = with_session(login, &opened);
    assert_eq!(client.roles(), ["remote"]);

    let mut guessed = Login::begin(&room, &code_way());
    let callback = guessed.at_provider(&idp, "1");
    guessed.get(&callback).is(303);
    for _ in 0..4 {
        guessed.types("BBBB-BBBB", URL).is(200);
    }
    guessed.types("BBBB-BBBB", URL).is(403);
    guessed
        .token(None)
        .refuses(403, "login-refused", "wrong five times");
    server.end();
    room.ledger_is_right();
    assert!(!room.log().contains(&code));
}

#[test]
fn who_may_not_have_a_name_is_told_why_and_what_an_admin_types() {
    let idp = provider();
    let room = room(&idp, "");
    room.enrolled("kim");
    let server = room.start();
    logged_in(&room, &idp, "1").1.is(200);
    let refused = |subject: &str, words: &str| {
        let (_, answer) = logged_in(&room, &idp, subject);
        answer.refuses(403, "login-refused", words);
    };
    refused("2", "bound to somebody else");
    refused(
        "3",
        "punchmark requester bind anna --issuer 'http://127.0.0.1",
    );
    refused("4", "is no name for a requester");
    refused("5", "which the CA alone adds");
    refused("6", "in case only");
    refused("7", "that of an enrolled key or card");
    refused(
        "nobody",
        "the provider refused: access_denied (nobody logs in)",
    );
    let bind = [
        "requester",
        "bind",
        "anna",
        "--issuer",
        &idp.issuer,
        "--subject",
        "3",
    ];
    room.admin.punchmark.run(&bind).ok();
    logged_in(&room, &idp, "3").1.is(200);
    server.end();
    room.ledger_is_right();
}

#[test]
fn a_group_makes_admins_of_those_whom_a_browser_brought() {
    let idp = provider();
    let room = room(&idp, "code = true").serves("admins = [\"group:work:oncall\"]");
    let server = room.start();
    let all = "/v1/certificates?requester=peter";
    let (mia, _) = logged_in(&room, &idp, "1");
    mia.ask("GET", all, None).unwrap().is(200);
    let revoke = json!({ "requesters": ["erik"], "reason": "left" }).to_string();
    mia.ask("POST", "/v1/revocations", Some(&revoke))
        .unwrap()
        .is(201);
    let (kim, _) = logged_in(&room, &idp, "7");
    let refused = kim.ask("GET", all, None).unwrap();
    refused.refuses(403, "refused", "auditors and admins");
    let mut elsewhere = Login::begin(&room, &code_way());
    let code = elsewhere.begun["code"].as_str().unwrap().to_owned();
    let callback = elsewhere.at_provider(&idp, "1");
    elsewhere.get(&callback).is(303);
    elsewhere.types(&code, URL).is(200);
    let opened = elsewhere.token(None).is(200).json();
    let client = with_session(elsewhere, &opened);
    let refused = client.ask("GET", all, None).unwrap();
    refused.refuses(403, "refused", "auditors and admins");
    server.end();
    room.ledger_is_right();
}

#[test]
fn names_of_enrolled_keys_are_the_same_peoples_where_the_config_says_so() {
    let idp = provider();
    let room = room(&idp, "same-as = [\"keys\"]");
    room.enrolled("kim");
    let server = room.start();
    logged_in(&room, &idp, "7").1.is(200);
    server.end();
    room.ledger_is_right();
}

#[test]
fn no_other_browser_and_no_other_program_gets_into_a_login() {
    let idp = provider();
    let room = room(&idp, "");
    let server = room.start();
    let mut login = Login::begin(&room, &browser_way());
    let callback = login.at_provider(&idp, "1");
    let own = login.cookie.take();
    let (name, _) = own.as_deref().unwrap().split_once('=').unwrap();
    for cookie in [None, Some(format!("{name}=guessed"))] {
        login.cookie = cookie;
        login.get(&callback).is(404);
    }
    login.cookie = own;
    let other_state = callback.replace("state=", "state=A");
    login.get(&other_state).is(404);
    login.get("/login/callback?state=x&state=y&code=c").is(400);
    login.get("/login/none").is(404);
    login.get(&login.path("/code")).is(404);
    let back = login.get(&callback).is(303);
    let heard = back.header("location").unwrap();
    let code = heard
        .split_once("code=")
        .unwrap()
        .1
        .split('&')
        .next()
        .unwrap();
    let path = format!(
        "/v1/logins/{}/token",
        login.begun["login"].as_str().unwrap()
    );
    let others = json!({ "code": code, "verifier": "of-another-program" }).to_string();
    let answer = login.client.ask("POST", &path, Some(&others)).unwrap();
    answer.refuses(401, "login", "begin anew");
    login.token(Some(code)).is(200);
    server.end();
    room.ledger_is_right();
}

#[test]
fn what_begins_no_login_is_refused_before_anybody_is_asked() {
    let idp = provider();
    let room = room(&idp, "");
    let server = room.start();
    let changed = |mut asked: Value, key: &str, value: Value| {
        asked[key] = value;
        asked
    };
    begin(&room, &code_way()).refuses(403, "code-login-off", "with a typed code");
    for (asked, words) in [
        (
            changed(browser_way(), "redirect", json!("https://evil.example/")),
            "`redirect`",
        ),
        (
            changed(browser_way(), "redirect", json!("http://localhost:9/")),
            "`redirect`",
        ),
        (changed(browser_way(), "state", json!("short")), "`state`"),
        (
            changed(browser_way(), "challenge", json!("short")),
            "`challenge`",
        ),
        (changed(browser_way(), "way", json!("letter")), "`way`"),
        (changed(browser_way(), "host", json!("build7")), "`way`"),
        (
            changed(browser_way(), "method", json!("keys")),
            "takes nothing but `method`",
        ),
        (json!({ "method": "work" }), "`challenge`"),
    ] {
        begin(&room, &asked).refuses(422, "unfit", words);
    }
    begin(&room, &changed(browser_way(), "more", json!(1))).is(400);
    server.end();
}

#[test]
fn a_provider_that_is_away_keeps_nobody_from_another_login() {
    let idp = provider();
    let room = room(&idp, "");
    let key = room.enrolled("peter");
    drop(idp);
    let check = room.admin.punchmark.pinned(&["serve", "--check"]).exits(1);
    check.says("[login.work]");
    let server = room.start();
    Client::logged_in(room.port, &key);
    let login = Login::begin(&room, &browser_way());
    let page = login.get(&login.path("")).is(502);
    assert!(page.body.contains("can't be asked now"), "{page:?}");
    write(&room.folder().join("work.secret"), SECRET, 0o644);
    server.end();
    let check = room.admin.punchmark.pinned(&["serve", "--check"]).exits(1);
    check.says("chmod 600");
    assert!(
        room.log().contains("/.well-known/openid-configuration"),
        "{}",
        room.log()
    );
}
