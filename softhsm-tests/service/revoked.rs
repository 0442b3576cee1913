//! Revocations by HTTP: one's own certificates, and for admins what the ledger has.

use serde_json::{Value, json};

use super::by_password::{PASSWORD, logged_in, with_passwords};
use super::client::Client;
use super::http::Answer;
use super::room::Room;
use crate::harness::keygen::ED25519;

fn revoke(client: &Client, asked: &Value) -> Answer {
    let body = asked.to_string();
    client.ask("POST", "/v1/revocations", Some(&body)).unwrap()
}

/// Peter's and erik's clients, each with a certificate: serials 1 and 2.
fn two(room: &Room) -> [Client; 2] {
    ["peter", "erik"].map(|name| {
        let client = Client::logged_in(room.port, &room.enrolled(name));
        let asked = room.request_file(name, &client.challenge(), &[]);
        client.certificate(&asked).unwrap().is(201);
        client
    })
}

#[test]
fn ones_own_certificates_are_revoked_for_good_and_nobody_elses() {
    let room = Room::ready();
    let server = room.start();
    let [peter, erik] = two(&room);
    let would = revoke(&peter, &json!({ "serials": [1], "dry-run": true }))
        .is(200)
        .json();
    assert_eq!(
        (&would["recorded"], &would["before"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(
        would["certificates"][0]["principals"],
        json!(["peter_file"])
    );

    for (asked, status, kind, words) in [
        (
            json!({ "serials": [2] }),
            404,
            "not-found",
            "you have no such certificate",
        ),
        (
            json!({ "serials": [1, 2] }),
            404,
            "not-found",
            "you have no such certificate",
        ),
        (
            json!({ "serials": [3] }),
            404,
            "not-found",
            "you have no such certificate",
        ),
        (
            json!({ "serials": [0] }),
            404,
            "not-found",
            "you have no such certificate",
        ),
        (
            json!({ "ca": "hosts", "serials": [1] }),
            404,
            "not-found",
            "no such CA",
        ),
        (
            json!({ "requesters": ["erik"] }),
            403,
            "refused",
            "for the server's admins",
        ),
        (
            json!({ "principals": ["peter_file"] }),
            403,
            "refused",
            "for the server's admins",
        ),
        (
            json!({ "serials": [1], "key-ids": ["x"] }),
            403,
            "refused",
            "for the server's admins",
        ),
        (
            json!({ "serials": [1], "reason": "" }),
            422,
            "unfit",
            "reason",
        ),
        (
            json!({ "serials": [1], "reason": "a\nb" }),
            422,
            "unfit",
            "reason",
        ),
        (json!({ "keys": ["MD5:00"] }), 422, "unfit", "SHA256:"),
        (json!({}), 422, "unfit", "nothing is named"),
        (json!({ "serial": 1 }), 400, "malformed", "unknown field"),
        (json!({ "serials": ["1"] }), 400, "malformed", "the body"),
    ] {
        revoke(&peter, &asked).refuses(status, kind, words);
    }
    let nobody = super::http::request(("POST", "/v1/revocations"), &[], Some("{}"));
    let nobody = super::http::send(room.port, &nobody).unwrap();
    nobody.refuses(401, "no-session", "log in first");

    let asked = json!({ "ca": "users", "serials": [1], "reason": "laptop lost" });
    let made = revoke(&peter, &asked).is(201).json();
    assert_eq!(made["recorded"], true);
    let again = revoke(&peter, &asked).is(200).json();
    assert_eq!(
        (&again["recorded"], &again["before"]),
        (&json!(false), &json!(true))
    );
    // The same request gives no revoked certificate again, and erik's is as it was.
    let states = erik.ask("GET", "/v1/certificates?state=revoked", None);
    assert_eq!(states.unwrap().is(200).json()["certificates"], json!([]));
    server.end();

    let revoked = room.admin.punchmark.run(&["revoke", "--list"]).ok().stdout;
    let words = "laptop lost (asked for by peter at https://ca.example.org)";
    assert!(revoked.contains(words), "{revoked}");
    room.ledger_is_right();
}

#[test]
fn an_admin_revokes_whatever_was_given_out_but_no_ca() {
    let room = Room::ready().serves("admins = [\"anna\"]\nauditors = [\"erik\"]");
    let server = room.start();
    let [peter, erik] = two(&room);
    let anna = Client::logged_in(room.port, &room.enrolled("anna"));
    revoke(&erik, &json!({ "requesters": ["peter"] })).refuses(403, "refused", "admins");
    let would = revoke(
        &anna,
        &json!({ "principals": ["erik_file"], "dry-run": true }),
    );
    assert_eq!(would.is(200).json()["certificates"][0]["serial"], 2);
    // What was never given out is no certificate, for an admin neither.
    revoke(&anna, &json!({ "serials": [9] })).refuses(404, "not-found", "no such certificate");
    let nothing = revoke(&anna, &json!({ "principals": ["nobody"] }));
    nothing.refuses(404, "not-found", "no certificate in the ledger is meant");
    let ca = room.admin.ca_file("users");
    let fingerprint = crate::harness::keygen::fingerprint(&ca);
    let of_a_ca = revoke(&anna, &json!({ "keys": [fingerprint] }));
    of_a_ca.refuses(403, "refused", "key of CA `users`");

    // Who would be barred by a name in another case is nobody, and peter would go on.
    let other_case = revoke(&anna, &json!({ "requesters": ["PETER"], "dry-run": true }));
    other_case.refuses(422, "unfit", "`peter` is meant, or nobody");
    let by_hand = [
        "revoke",
        "--requester",
        "PETER",
        "--reason",
        "left",
        "--yes",
    ];
    let by_hand = room.admin.punchmark.run(&by_hand).exits(1);
    by_hand.says("`peter` is meant, or nobody");
    room.admin.key("new", ED25519);
    let second = ["requester", "add", "Peter", "--key", "new.pub"];
    let second = room.admin.punchmark.run(&second).exits(1);
    second.says("`peter` is there, and names that differ in case only are one");

    let left = json!({ "requesters": ["peter"], "reason": "left" });
    let made = revoke(&anna, &left).is(201).json();
    assert_eq!(made["barred"], json!(["peter"]));
    let over = peter.ask("GET", "/v1/session", None).unwrap();
    over.refuses(401, "no-session", "log in again");
    room.admin.key("other", ED25519);
    let other = crate::harness::keygen::fingerprint(&room.admin.punchmark.path("other.pub"));
    revoke(&anna, &json!({ "keys": [other] })).is(201);
    server.end();
    let revoked = room.admin.punchmark.run(&["revoke", "--list"]).ok().stdout;
    assert!(revoked.contains("left (asked for by anna"), "{revoked}");
    room.ledger_is_right();
}

#[test]
fn an_admin_is_none_who_logged_in_by_a_password() {
    let room = with_passwords(Room::ready().serves("admins = [\"peter\"]"));
    let server = room.start();
    let [by_key, _erik] = two(&room);
    let peter = logged_in(&room, PASSWORD);
    let all = peter.ask("GET", "/v1/certificates?requester=erik", None);
    all.unwrap().refuses(403, "refused", "auditors and admins");
    let others = revoke(&peter, &json!({ "serials": [2] }));
    others.refuses(404, "not-found", "you have no such certificate");
    // Their own they may, and with the key all.
    revoke(&peter, &json!({ "serials": [1] })).is(201);
    revoke(&by_key, &json!({ "serials": [2] })).is(201);
    server.end();
    room.ledger_is_right();
}
