//! Certificates that are looked at again: page by page, one, and the proof that the ledger holds it.

use serde_json::{Value, json};

use super::client::Client;
use super::http::Answer;
use super::room::Room;
use crate::harness::keygen::ED25519;
use crate::harness::write;

fn get(client: &Client, path: &str) -> Answer {
    client.ask("GET", path, None).unwrap()
}

/// So many certificates for keys of their own.
fn certified(room: &Room, client: &Client, name: &str, count: usize) {
    for at in 0..count {
        let key = format!("{name}-{at}");
        room.admin.key(&key, ED25519);
        let asked = room.request_file(&key, &client.challenge(), &[]);
        client.certificate(&asked).unwrap().is(201);
    }
}

fn serials(page: &Value) -> Vec<u64> {
    let all = page["certificates"].as_array().unwrap().iter();
    all.map(|one| one["serial"].as_u64().unwrap()).collect()
}

#[test]
fn everybody_sees_their_own_and_an_auditor_all_page_by_page() {
    let room = Room::ready().serves("auditors = [\"anna\"]");
    let server = room.start();
    let [peter, erik, anna] =
        ["peter", "erik", "anna"].map(|name| Client::logged_in(room.port, &room.enrolled(name)));
    certified(&room, &peter, "peter", 3);
    certified(&room, &erik, "erik", 2);

    let own = get(&peter, "/v1/certificates").is(200).json();
    assert_eq!((serials(&own), &own["next"]), (vec![3, 2, 1], &Value::Null));
    let first = &own["certificates"][2];
    assert_eq!(first["principals"], json!(["peter_file"]));
    assert_eq!(
        (&first["state"], &first["role"]),
        (&json!("issued"), &json!("engineer"))
    );
    assert_eq!(
        serials(&get(&anna, "/v1/certificates").is(200).json()),
        [5, 4, 3, 2, 1]
    );
    get(&peter, "/v1/certificates?requester=erik").refuses(403, "refused", "auditors and admins");
    get(&peter, "/v1/certificates/users/4").refuses(404, "not-found", "no such certificate");
    assert_eq!(
        get(&anna, "/v1/certificates/users/4").is(200).json()["serial"],
        4
    );

    for limit in ["0", "501", "x"] {
        let path = format!("/v1/certificates?limit={limit}");
        let refused = peter.ask("GET", &path, None).unwrap();
        refused.refuses(422, "unfit", "`limit` in the query is not");
    }

    // Page by page, while certificates are added.
    let mut all = Vec::new();
    let mut path = "/v1/certificates?limit=2".to_owned();
    loop {
        let page = get(&anna, &path).is(200).json();
        assert!(serials(&page).len() <= 2);
        all.extend(serials(&page));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        certified(&room, &peter, &format!("later{next}"), 1);
        path = format!("/v1/certificates?limit=2&cursor={next}");
    }
    assert_eq!(all, [5, 4, 3, 2, 1]);

    let key = own["certificates"][1]["key"]
        .as_str()
        .unwrap()
        .replace('+', "%2B");
    for (query, found) in [
        (format!("key={key}"), vec![2]),
        ("serial=4".to_owned(), vec![4]),
        ("principal=erik_file".to_owned(), vec![5, 4]),
        ("principal=erik".to_owned(), vec![]),
        ("requester=erik&limit=1".to_owned(), vec![5]),
        ("role=boss".to_owned(), vec![]),
        ("state=revoked".to_owned(), vec![]),
        ("state=issued&requester=erik".to_owned(), vec![5, 4]),
        ("until=1".to_owned(), vec![]),
        ("since=1&requester=erik&ca=users".to_owned(), vec![5, 4]),
        ("expires-before=1".to_owned(), vec![]),
        (
            "expires-before=99999999999&requester=erik".to_owned(),
            vec![5, 4],
        ),
    ] {
        let page = get(&anna, &format!("/v1/certificates?{query}"))
            .is(200)
            .json();
        assert_eq!(serials(&page), found, "{query}");
    }
    for (query, status, kind, words) in [
        ("colour=red", 400, "malformed", "unknown name"),
        ("serial=1&serial=2", 400, "malformed", "twice"),
        ("serial=%zz", 400, "malformed", "encoded"),
        ("serial=one", 422, "unfit", "not a number"),
        ("state=gone", 422, "unfit", "reserved, issued"),
        ("key=MD5:a", 422, "unfit", "fingerprint"),
        ("cursor=-1", 422, "unfit", "next"),
    ] {
        get(&anna, &format!("/v1/certificates?{query}")).refuses(status, kind, words);
    }
    server.end();
    room.ledger_is_right();
}

#[test]
fn a_proof_is_one_that_the_ledgers_own_command_checks() {
    let room = Room::ready().with_ledger_key();
    let (server, peter, asked) = Client::with_request(&room);
    peter.certificate(&asked).unwrap().is(201);
    let path = "/v1/certificates/users/1/proof";
    get(&peter, path).refuses(404, "not-found", "no signed head covers it yet");
    let head = room
        .admin
        .punchmark
        .run(&["ledger", "checkpoint"])
        .ok()
        .stdout;
    write(&room.admin.punchmark.path("head"), head, 0o644);
    let proof = get(&peter, path).is(200).body;
    write(&room.admin.punchmark.path("proof"), &proof, 0o644);
    let check = [
        "ledger",
        "check-proof",
        "proof",
        "--against",
        "head",
        "--signer",
        "ledger_key.pub",
    ];
    let checked = room.admin.punchmark.run(&check).ok();
    assert!(
        checked.stdout.contains("serial 1 was reserved"),
        "{checked}"
    );
    let printed = room
        .admin
        .punchmark
        .run(&["ledger", "prove", "users", "1"])
        .ok()
        .stdout;
    assert_eq!(printed.trim_end(), proof);

    let erik = Client::logged_in(room.port, &room.enrolled("erik"));
    get(&erik, path).refuses(404, "not-found", "no such certificate");
    get(&peter, "/v1/certificates/users/2/proof").refuses(404, "not-found", "no such certificate");
    server.end();
    room.ledger_is_right();
}
