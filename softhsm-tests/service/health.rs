//! Whether a server is ready: by what its keys sign, and what it costs.

use super::client::Client;
use super::http::{Answer, request, send};
use super::room::Room;

fn ready(room: &Room) -> Answer {
    let ready = request(("GET", "/healthz/ready"), &[], None);
    send(room.port, &ready).unwrap()
}

#[test]
fn a_key_is_tried_where_it_signed_nothing_of_late_and_the_ledger_has_no_part_in_it() {
    let room = Room::ready();
    let server = room.start();
    let entries = || room.admin.ledger().len();
    let before = entries();
    for _ in 0..3 {
        let told = ready(&room).is(200).json();
        assert_eq!(told["state"], "up", "{told}");
        let ca = &told["cas"][0];
        assert_eq!((&ca["name"], &ca["state"]), (&"users".into(), &"up".into()));
        assert_eq!(ca["touch"], false);
        assert!(ca["signed"].as_u64().unwrap() < 60, "{told}");
    }
    assert_eq!(entries(), before);
    server.end();
    room.admin.assert_issued(0);
    room.ledger_is_right();
}

#[test]
fn a_key_that_is_gone_is_down_and_one_that_signed_a_certificate_is_not_tried() {
    let room = Room::ready();
    let (server, client, asked) = Client::with_request(&room);
    client.certificate(&asked).unwrap().is(201);
    room.admin.token.delete_key("users");
    // Nobody asks the key again within the minute.
    assert_eq!(ready(&room).is(200).json()["state"], "up");
    server.end();
    room.admin.assert_issued(1);

    let room = Room::ready();
    let server = room.start();
    room.admin.token.delete_key("users");
    let told = ready(&room).is(503).json();
    assert_eq!(
        (&told["state"], &told["ready"]),
        (&"down".into(), &false.into())
    );
    assert_eq!(told["cas"][0]["state"], "down", "{told}");
    let live = request(("GET", "/healthz/live"), &[], None);
    send(room.port, &live).unwrap().is(200);
    server.terminate();
}
