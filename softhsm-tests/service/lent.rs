//! Commands that write while a server has the ledger: it lends it to them.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use punchmark::issue::lent::{WORD, socket};
use ssh_key::PrivateKey;

use super::client::Client;
use super::http::{request, send};
use super::room::Room;
use crate::harness::keygen::ED25519;
use crate::harness::process::{bounded, run, wait_until};
use crate::harness::punchmark::BINARY;

fn socket_of(room: &Room) -> PathBuf {
    socket(&room.admin.ledger_file())
}

/// Has the ledger until it is dropped.
fn borrow(room: &Room) -> UnixStream {
    let mut borrower = UnixStream::connect(socket_of(room)).unwrap();
    let mut said = [0; WORD.len()];
    borrower.read_exact(&mut said).unwrap();
    assert_eq!(said, WORD);
    borrower
}

#[test]
fn what_is_written_while_it_runs_counts_from_then_on() {
    let room = Room::ready();
    let (server, peter, asked) = Client::with_request(&room);
    peter.certificate(&asked).unwrap().is(201);
    let run = |words: &[&str]| room.admin.punchmark.run(words);

    // Revoked and barred: another request of the key is refused, and so is the session.
    run(&["revoke", "--key", "laptop.pub", "--reason", "lost"]).ok();
    let again = room.request_file("laptop", &peter.challenge(), &[]);
    let refused = peter.certificate(&again).unwrap();
    refused.refuses(403, "refused", "revoked");
    let erik = room.enrolled("erik");
    Client::logged_in(room.port, &erik);
    run(&["revoke", "--requester", "peter", "--reason", "left"]).ok();
    let over = peter.ask("GET", "/v1/session", None).unwrap();
    over.refuses(401, "no-session", "log in again");

    // A request that was carried here, and one key: each with the next serial.
    room.admin.key("other", ED25519);
    run(&["challenge"]).ok();
    room.admin.sign(&["-n", "one", "other.pub"]).ok();
    run(&["krl", "--ca", "users", "--out", "revoked.krl"]).ok();

    // What takes long isn't lent to, and says who has the ledger.
    room.admin.list_of_keys(3);
    let many = room.admin.sign(&["-n", "many", "--files-from", "list"]);
    let process = format!("process {}", server.child.id());
    many.exits(1).says("in use by another run").says(&process);
    server.end();

    room.admin.assert_issued(2);
    room.ledger_is_right();
    assert!(!socket_of(&room).exists());
    let log = room.log();
    assert!(log.contains("had the ledger for"), "{log}");
}

#[test]
fn nothing_is_lost_while_it_goes_to_and_fro() {
    let room = Room::ready();
    let keys: Vec<_> = (0..6)
        .map(|at| room.enrolled(&format!("user{at}")))
        .collect();
    let server = room.start();
    let asking: Vec<_> = keys
        .iter()
        .enumerate()
        .map(|(at, key)| {
            let client = Client::logged_in(room.port, key);
            let requests = (0..4).map(|nth| {
                let name = format!("key{at}-{nth}");
                room.admin.key(&name, ED25519);
                room.request_file(&name, &client.challenge(), &[])
            });
            let requests: Vec<_> = requests.collect();
            Mutex::new((client, requests))
        })
        .collect();
    thread::scope(|scope| {
        for one in &asking {
            scope.spawn(move || {
                let (client, requests) = &*one.lock().unwrap();
                for request in requests {
                    client.certificate(request).unwrap().is(201);
                }
            });
        }
        for _each in 0..8 {
            room.admin.punchmark.run(&["challenge"]).ok();
        }
    });
    server.end();
    room.admin.assert_issued(24);
    let ledger = room.admin.ledger();
    assert_eq!(ledger.len(), 24, "no serial was given up: {ledger:#?}");
    room.ledger_is_right();
}

#[test]
fn whoever_has_it_may_die_and_who_comes_meanwhile_waits() {
    let room = Room::ready();
    let (server, peter, asked) = Client::with_request(&room);
    let mode = std::fs::metadata(socket_of(&room)).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let mut borrower = borrow(&room);
    // It says more than it should, which nobody hears.
    borrower.write_all(b"lend me more\n").unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(move || peter.certificate(&asked).unwrap());
        thread::sleep(Duration::from_millis(300));
        assert!(!waiting.is_finished());
        drop(borrower);
        waiting.join().unwrap().is(201);
    });
    // One that goes before it has anything.
    drop(UnixStream::connect(socket_of(&room)).unwrap());
    room.admin.punchmark.run(&["challenge"]).ok();
    server.end();
    room.admin.assert_issued(1);
    room.ledger_is_right();
}

#[test]
fn an_end_waits_for_who_has_it_and_a_killed_one_leaves_a_socket_that_harms_nobody() {
    let room = Room::ready();
    let mut server = room.start();
    let borrower = borrow(&room);
    server.terminate();
    thread::sleep(Duration::from_millis(300));
    assert!(server.child.try_wait().unwrap().is_none());
    drop(borrower);
    wait_until("it ends", || server.child.try_wait().unwrap().is_some());
    assert!(server.child.wait().unwrap().success());

    room.start().kill();
    assert!(socket_of(&room).exists());
    room.admin.punchmark.run(&["challenge"]).ok();
    let server = room.start();
    room.admin.punchmark.run(&["challenge"]).ok();
    server.end();
    room.ledger_is_right();
}

#[test]
fn a_server_that_is_killed_while_a_command_has_its_ledger_harms_neither() {
    let room = Room::ready();
    let (server, peter, asked) = Client::with_request(&room);
    let peter = Mutex::new(peter);
    // Each of its syncs takes a second, so that it has the ledger for a while.
    let mut slow = room.admin.punchmark.prepare(bounded("strace"));
    slow.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync"]);
    slow.args(["-e", "inject=fdatasync:delay_enter=1000000"]);
    slow.args([BINARY, "requester", "add", "erik", "--key", "erik.pub"]);
    room.admin.key("erik", ED25519);
    thread::scope(|scope| {
        let command = scope.spawn(|| run(&mut slow));
        wait_until("the command has the ledger", || {
            whereabouts(&room).1 == "lent"
        });
        let waiting = scope.spawn(|| peter.lock().unwrap().certificate(&asked));
        thread::sleep(Duration::from_millis(200));
        assert!(!command.is_finished() && !waiting.is_finished());
        server.kill();
        assert!(waiting.join().unwrap().is_none());
        command.join().unwrap().ok();
    });
    let server = room.start();
    let again = peter.into_inner().unwrap().certificate(&asked);
    again.unwrap().is(201);
    let erik = PrivateKey::read_openssh_file(room.admin.punchmark.path("erik")).unwrap();
    Client::logged_in(room.port, &erik);
    server.end();
    room.admin.assert_issued(1);
    room.ledger_is_right();
}

/// Where the ledger is, by the server's word, and the status of the answer.
fn whereabouts(room: &Room) -> (u16, String) {
    let ready = request(("GET", "/healthz/ready"), &[], None);
    let answer = send(room.port, &ready).unwrap();
    let place = answer.json()["ledger"].as_str().unwrap().to_owned();
    (answer.status, place)
}

#[test]
fn a_ledger_that_is_not_had_back_is_told_and_had_again_or_ends_with_the_server() {
    let room = Room::ready();
    let ledger = room.admin.ledger_file();
    let away = ledger.with_extension("away");
    let server = room.start();
    let is_at = |status, place: &str| {
        wait_until("the ledger is there", || {
            whereabouts(&room) == (status, place.to_owned())
        });
    };
    is_at(200, "here");
    let lose = || {
        let borrower = borrow(&room);
        is_at(200, "lent");
        std::fs::rename(&ledger, &away).unwrap();
        drop(borrower);
        is_at(503, "missed");
        let log = room.log();
        assert!(log.contains("the ledger can't be had back"), "{log}");
    };
    lose();
    std::fs::rename(&away, &ledger).unwrap();
    is_at(200, "here");
    room.admin.punchmark.run(&["challenge"]).ok();
    lose();
    server.end();
    std::fs::rename(&away, &ledger).unwrap();
    room.ledger_is_right();
}
