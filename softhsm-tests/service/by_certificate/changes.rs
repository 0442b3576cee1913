//! What changes while a server runs: the client CA, the list of revoked certificates; and what doesn't go over from
//! one connection of TLS to another.

use rustls::HandshakeKind;

use super::shown::Shown;
use super::{by_address, log_in, logged_in, room};
use crate::harness::client_ca::{ClientCa, Says};
use crate::harness::write;
use crate::service::client::Client;
use crate::service::hears::{Hears, READY, hang_up, told};
use crate::service::http::request;
use crate::service::room::Room;
use crate::service::tls::{FILES, certify};

const OTHER_CA: &str = "not by the client CA of this login method";

#[test]
fn another_client_ca_counts_from_a_signal_on_and_ends_what_the_one_before_opened() {
    let (ca, next) = (ClientCa::new("people"), ClientCa::new("next"));
    ca.certify("kim", &Says::names(&["email:kim@example.org"]));
    next.certify("lea", &Says::names(&["email:lea@example.org"]));
    next.certify("kim", &Says::names(&["email:kim@example.org"]));
    let room = room(&by_address(&ca, ""));
    let manager = Hears::bind();
    let server = told(&room, &manager);
    let (kim, lea) = (Shown::by(&room, &ca, "kim"), Shown::by(&room, &next, "lea"));
    let (client, _) = logged_in(&room, "corp", &kim);
    let refused = |shown: &Shown, words: &str| {
        let client = Client::new(room.port);
        log_in(&client, "corp", shown).refuses(403, "login-refused", words);
    };
    refused(&lea, OTHER_CA);

    // What can't be used is refused whole, and the one before stays.
    let before = ca.pem();
    for (text, words) in [
        (format!("{before}{}", next.pem()), "holds 2 certificates"),
        (String::new(), "holds 0 certificates"),
        (
            std::fs::read_to_string(ca.path("kim.pem")).unwrap(),
            "it is of no CA",
        ),
    ] {
        write(&ca.path("ca.pem"), text, 0o600);
        let status = hang_up(&server, &manager);
        assert!(status.contains(words), "{words} {status}");
        kim.ask(&client, "GET", "/v1/session", None).is(200);
    }
    write(&ca.path("ca.pem"), next.pem(), 0o600);
    assert_eq!(hang_up(&server, &manager), READY);
    refused(&kim, OTHER_CA);
    let over = kim.ask(&client, "GET", "/v1/session", None);
    over.refuses(401, "no-session", "log in again");
    logged_in(&room, "corp", &lea);
    // Whom the CA before named so is bound still, and needn't be the same.
    refused(&Shown::by(&room, &next, "kim"), "bound to somebody else");

    // The method goes, and nobody is asked for a certificate.
    let config = std::fs::read_to_string(room.admin.config_file()).unwrap();
    let (without, _) = config.split_once("[login.corp]").unwrap();
    write(&room.admin.config_file(), without, 0o600);
    assert_eq!(hang_up(&server, &manager), READY);
    kim.ask(&client, "GET", "/v1/server", None).is(200);
    write(&room.admin.config_file(), &config, 0o600);
    assert_eq!(hang_up(&server, &manager), READY);
    logged_in(&room, "corp", &lea);
    server.end();
    room.ledger_is_right();
}

#[test]
fn a_list_of_revoked_certificates_counts_as_it_is_at_the_login() {
    let ca = ClientCa::new("people");
    ca.certify("kim", &Says::names(&["email:kim@example.org"]));
    ca.certify("lea", &Says::names(&["email:lea@example.org"]));
    let list = ca.list(24);
    let lines = format!("client-crl = \"{}\"", list.display());
    let room = room(&by_address(&ca, &lines));
    let server = room.start();
    let (kim, lea) = (Shown::by(&room, &ca, "kim"), Shown::by(&room, &ca, "lea"));
    logged_in(&room, "corp", &kim);
    ca.revoke("kim");
    logged_in(&room, "corp", &kim);
    ca.list(24);
    let client = Client::new(room.port);
    let revoked = log_in(&client, "corp", &kim);
    revoked.refuses(403, "login-refused", "the client certificate is revoked");
    logged_in(&room, "corp", &lea);
    // Without a list that counts, nobody knows.
    ca.list(-1);
    let unknown = || log_in(&client, "corp", &lea).refuses(503, "busy", "can't be known now");
    unknown();
    for text in [
        "",
        "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
    ] {
        write(&list, text, 0o600);
        unknown();
    }
    let other = ClientCa::new("people");
    std::fs::copy(other.list(24), &list).unwrap();
    unknown();
    ca.list(24);
    write(&list, std::fs::read(&list).unwrap(), 0o666);
    unknown();
    std::fs::remove_file(&list).unwrap();
    unknown();
    server.end();
    room.ledger_is_right();
    let log = room.log();
    assert!(log.contains("can be changed by everybody"), "{log}");
}

#[test]
fn no_session_of_tls_is_taken_up_again_where_certificates_are_shown() {
    let ca = ClientCa::new("people");
    ca.certify("kim", &Says::names(&["email:kim@example.org"]));
    let ask = request(("GET", "/v1/server"), &[], None);
    // Where nobody shows any, they are: else this would tell nothing.
    let plain = Room::with_tls(FILES);
    certify(&plain.folder());
    let server = plain.start();
    let full = HandshakeKind::Full;
    for shown in [Shown::nothing(&plain), Shown::nothing(&plain).by_tls12()] {
        assert_eq!(shown.twice(&ask), [full, HandshakeKind::Resumed]);
    }
    server.end();
    let room = room(&by_address(&ca, ""));
    let server = room.start();
    let kim = Shown::by(&room, &ca, "kim");
    for shown in [kim.by_tls12(), kim, Shown::nothing(&room)] {
        assert_eq!(shown.twice(&ask), [full, full]);
    }
    server.end();
}

#[test]
fn a_certificate_without_its_key_is_taken_by_no_handshake() {
    let ca = ClientCa::new("people");
    ca.certify("kim", &Says::names(&["email:kim@example.org"]));
    ca.certify("lea", &Says::names(&["email:lea@example.org"]));
    let room = room(&by_address(&ca, ""));
    let server = room.start();
    let ask = request(("GET", "/v1/server"), &[], None);
    for key in ["kim", "lea"] {
        let key = ca.path(&format!("{key}.key"));
        let shown = Shown::nothing(&room).with(&ca.path("kim.pem"), &key);
        for shown in [shown.by_tls12(), shown] {
            let answer = shown.send(&ask).map(|answer| answer.status);
            let expected = key.ends_with("kim.key").then_some(200);
            assert_eq!(answer, expected, "{}", key.display());
        }
    }
    server.end();
}

#[test]
fn a_chain_without_end_is_taken_by_no_handshake() {
    let ca = ClientCa::new("people");
    ca.certify("kim", &Says::names(&["email:kim@example.org"]));
    let room = room(&by_address(&ca, ""));
    let server = room.start();
    let long = ca.path("long.pem");
    let own = std::fs::read_to_string(ca.path("kim.pem")).unwrap();
    let ask = request(("GET", "/v1/server"), &[], None);
    let sent = |above: usize| {
        write(&long, format!("{own}{}", ca.pem().repeat(above)), 0o600);
        let shown = Shown::nothing(&room).with(&long, &ca.path("kim.key"));
        shown.send(&ask).map(|answer| answer.status)
    };
    assert_eq!((sent(8), sent(9)), (Some(200), None));
    let many: Vec<_> = (0..400)
        .map(|at| format!("DNS:{}{at}.example.org", "a".repeat(30)))
        .collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    ca.certify("large", &Says::names(&many));
    assert!(Shown::by(&room, &ca, "large").send(&ask).is_none());
    server.end();
}

#[test]
fn what_is_no_client_ca_starts_no_server() {
    let (ca, other) = (ClientCa::new("people"), ClientCa::new("other"));
    let room = room(&by_address(&ca, ""));
    let check = || room.admin.punchmark.pinned(&["serve", "--check"]);
    check().ok();
    let file = ca.path("ca.pem");
    let good = ca.pem();
    write(&file, &good, 0o666);
    check().exits(1).says("ca.pem");
    write(&file, format!("{good}{}", other.pem()), 0o600);
    check().exits(1).says("another CA is another login method");
    std::fs::remove_file(&file).unwrap();
    check().exits(1).says("ca.pem");
    write(&file, &good, 0o600);
    room.admin
        .configure(&by_address(&ca, "").replace("corp", "also"));
    check()
        .exits(1)
        .says("[login.also] and [login.corp] have the same client CA");
}
