//! A login at a provider by another hand, so that none is what logins are tuned to.

use serde_json::json;

use super::login::{LISTENER, Login, STATE, browser_way, with_session};
use crate::harness::keygen::{self, ED25519};
use crate::harness::second_idp::{CLIENT, SecondIdp, USER};
use crate::harness::write;
use crate::service::room::{Room, URL, free_port};

/// A room whose server asks it; what it says of people beside their `sub` stands in userinfo alone.
fn room(idp: &SecondIdp) -> Room {
    let (issuer, (client, secret)) = (&idp.issuer, CLIENT);
    let room = Room::ready();
    room.admin.configure(&format!(
        "[role.floor]
ca         = \"users\"
requesters = [\"*@127.0.0.1\"]
principals = [\"{{requester}}\"]
storage    = \"mark\"
lifetime   = {{ default = \"1h\", maximum = \"8h\" }}
login      = {{ methods = [\"work\"] }}

[login.work]
kind               = \"oidc\"
issuer             = \"{issuer}\"
client-id          = \"{client}\"
client-secret-file = \"work.secret\"
allow-http         = true
"
    ));
    write(&room.folder().join("work.secret"), secret, 0o600);
    room
}

#[test]
fn a_provider_by_another_hand_brings_a_session_and_a_certificate() {
    let redirect = format!("{URL}/login/callback");
    let Some(idp) = SecondIdp::start(free_port(), &redirect) else {
        eprintln!(
            "NOT RUN: there is no second provider; scripts/setup builds it where Go is there"
        );
        return;
    };
    let room = room(&idp);
    room.admin.key("laptop", ED25519);
    let check = room.admin.punchmark.pinned(&["serve", "--check"]).ok();
    check.says(&format!("logins by work ask {}", idp.issuer));
    let server = room.start();
    let mut login = Login::begin(&room, &browser_way());
    let sent = login.get(&login.path("")).is(303);
    let cookie = sent.header("set-cookie").unwrap();
    login.cookie = Some(cookie.split(';').next().unwrap().to_owned());
    let query = idp.sent_back(sent.header("location").unwrap(), USER);
    let callback = format!("/login/callback?{query}");
    let back = login.get(&callback).is(303);
    let heard = back.header("location").unwrap();
    let heard = heard.strip_prefix(&format!("{LISTENER}?code="));
    let (code, state) = heard.unwrap().split_once("&state=").unwrap();
    assert_eq!(state, STATE);
    // The same answer of the provider counts once here too.
    login.get(&callback).is(404);
    let opened = login.token(Some(code)).is(200).json();
    assert_eq!(opened["requester"], USER.0);
    assert_eq!(opened["groups"], json!([]));
    let client = with_session(login, &opened);
    let asked = room.request_file("laptop", &client.challenge(), &["--role", "floor"]);
    let issued = client.certificate(&asked).unwrap().is(201).json();
    let path = room.admin.punchmark.path("laptop-cert.pub");
    write(&path, issued["certificate"].as_str().unwrap(), 0o644);
    let principal = format!("{}_file", USER.0);
    assert_eq!(keygen::read(&path).principals, [principal]);
    server.end();
    room.admin.assert_issued(1);
    room.ledger_is_right();
    for secret in [code, USER.1, CLIENT.1] {
        let said = format!(" {secret}");
        assert!(!room.log().contains(&said), "{secret}: {}", room.log());
    }
}
