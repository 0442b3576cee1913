//! What monitoring is told, on its own address, and what it is not told.

use super::client::Client;
use super::http::{request, send};
use super::room::{Room, free_port};
use super::tls::{FILES, certify};
use crate::harness::keygen::ED25519;

/// What is told now.
#[track_caller]
fn look(port: u16) -> String {
    let answer = send(port, &request(("GET", "/metrics"), &[], None)).unwrap();
    let told = answer.is(200);
    assert!(told.body.ends_with("# EOF\n"), "{}", told.body);
    told.body
}

/// The number behind these words; none where they aren't told.
fn number(told: &str, words: &str) -> Option<f64> {
    let value = told
        .lines()
        .find_map(|line| line.strip_prefix(words)?.strip_prefix(' '));
    value.map(|value| value.parse().unwrap())
}

#[test]
fn what_was_done_is_counted_on_an_address_of_its_own_and_nobody_is_named() {
    let metrics = free_port();
    let room = Room::ready().serves(&format!("metrics = \"127.0.0.1:{metrics}\""));
    let (server, client, asked) = Client::with_request(&room);
    let before = look(metrics);
    assert_eq!(number(&before, ISSUED), Some(0.0), "{before}");
    assert_eq!(number(&before, "punchmark_sessions"), Some(1.0));
    let entries = number(&before, "punchmark_ledger_entries").unwrap();

    client.certificate(&asked).unwrap().is(201);
    let stranger = room.admin.key("stranger", ED25519);
    let stranger = ssh_key::PrivateKey::read_openssh_file(&stranger).unwrap();
    Client::new(room.port).log_in(&stranger).is(401);
    let after = look(metrics);
    for (words, expected) in [
        (ISSUED, 1.0),
        ("punchmark_order_seconds_count{ca=\"users\"}", 1.0),
        ("punchmark_reserve_seconds_count{ca=\"users\"}", 1.0),
        ("punchmark_signature_seconds_count{ca=\"users\"}", 1.0),
        ("punchmark_record_seconds_count{ca=\"users\"}", 1.0),
        (
            "punchmark_logins_total{kind=\"key\",result=\"opened\"}",
            1.0,
        ),
        (
            "punchmark_logins_total{kind=\"key\",result=\"refused\"}",
            1.0,
        ),
        ("punchmark_refusals_total{reason=\"login\"}", 1.0),
        ("punchmark_orders_waiting{ca=\"users\"}", 0.0),
        ("punchmark_ca_state{ca=\"users\",state=\"up\"}", 1.0),
        (
            "punchmark_ca_pin{ca=\"users\",device=\"1\",says=\"locked\"}",
            0.0,
        ),
        ("punchmark_ledger_here", 1.0),
    ] {
        assert_eq!(number(&after, words), Some(expected), "{words}\n{after}");
    }
    assert!(number(&after, "punchmark_ledger_entries").unwrap() > entries);
    let age = number(&after, "punchmark_ca_signed_age_seconds{ca=\"users\"}");
    assert!(age.is_some_and(|age| age < 60.0), "{after}");
    // It serves no lists, and TLS is the proxy's.
    assert!(!after.contains("krl_age") && !after.contains("tls_left"));

    let key = std::fs::read_to_string(room.admin.punchmark.path("laptop.pub")).unwrap();
    let key = key.split(' ').nth(1).unwrap().to_owned();
    let token = client.token.clone().unwrap();
    let names = [
        "peter",
        "engineer",
        "laptop",
        "127.0.0.1",
        "SHA256",
        &key,
        &token,
    ];
    for name in names {
        assert!(!after.contains(name), "{name}\n{after}");
    }
    let public = send(room.port, &request(("GET", "/metrics"), &[], None));
    public.unwrap().refuses(404, "not-found", "nothing");
    let other = send(metrics, &request(("GET", "/v1/server"), &[], None));
    other.unwrap().is(404);
    server.end();
    room.admin.assert_issued(1);
    room.ledger_is_right();
}

#[test]
fn what_is_left_of_the_certificate_of_tls_and_the_age_of_lists_are_told() {
    let metrics = free_port();
    let lines = format!("metrics = \"127.0.0.1:{metrics}\"\nkrl = {{ every = \"1h\" }}");
    let room = Room::with_tls(FILES).with_ledger_key().serves(&lines);
    certify(&room.folder());
    let server = room.start();
    let mut told = look(metrics);
    crate::harness::process::wait_until("lists were made", || {
        told = look(metrics);
        told.contains("punchmark_krl_age_seconds")
    });
    let days = number(&told, "punchmark_tls_left_days").unwrap();
    assert!((1.9..2.1).contains(&days), "{days}");
    assert!(number(&told, "punchmark_krl_age_seconds").unwrap() < 60.0);
    server.end();
}

#[test]
fn an_address_of_the_public_is_refused_and_one_for_others_is_warned_of() {
    let room = Room::ready();
    let port = room.port;
    let room = room.serves(&format!("metrics = \"127.0.0.1:{port}\""));
    for check in [&["serve", "--check"][..], &["config", "check"]] {
        let refused = room.admin.punchmark.pinned(check);
        let told = refused.exits(1).to_string();
        assert!(told.contains("a listener of its own"), "{told}");
    }
    let room = Room::ready().serves("metrics = \"0.0.0.0:9443\"");
    for check in [&["serve", "--check"][..], &["config", "check"]] {
        let told = room.admin.punchmark.pinned(check).ok().to_string();
        assert!(told.contains("not this machine alone"), "{told}");
    }
}

const ISSUED: &str = "punchmark_certificates_issued_total{ca=\"users\"}";
