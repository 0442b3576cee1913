//! A device that is away under a server, and comes back.

use std::fs;
use std::path::PathBuf;

use virtual_yubikey::pcscd::Pcscd;

use super::client::Client;
use super::http::{Answer, request, send};
use super::room::{Room, Running};
use crate::harness::admin::Admin;
use crate::harness::keygen::ED25519;
use crate::harness::process::{bounded, run, wait_until};
use crate::harness::token::PIN;
use crate::harness::write;
use crate::harness::yubikey::{PLAIN, pull};

/// A server, somebody who is logged in, and requests that nobody showed yet.
struct Served<T> {
    room: Room<T>,
    server: Running,
    client: Client,
    requests: Vec<String>,
}

impl<T> Served<T> {
    fn by(room: Room<T>, requests: usize) -> Self {
        let peter = room.enrolled("peter");
        let server = room.start();
        let client = Client::logged_in(room.port, &peter);
        let request = |number: usize| {
            let key = format!("key{number}");
            room.admin.key(&key, ED25519);
            room.request_file(&key, &client.challenge(), &[])
        };
        let requests = (0..requests).map(request).collect();
        Self {
            room,
            server,
            client,
            requests,
        }
    }

    fn ask(&self, number: usize) -> Answer {
        self.client.certificate(&self.requests[number]).unwrap()
    }

    /// Asks until the server says that no device can sign.
    fn is_missed(&self, number: usize) {
        wait_until("the device is missed", || {
            let answer = self.ask(number);
            assert_eq!(answer.status, 503, "{answer:?}");
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
            answer.body.contains("no device of the CA can sign now")
        });
        let ready = self.ready().is(503).json();
        assert_eq!(ready["cas"][0]["state"], "down", "{ready}");
    }

    /// Asks for all until there is a certificate for each, and that once.
    fn is_back(&self) {
        for number in 0..self.requests.len() {
            let mut first = None;
            wait_until("the device signs again", || {
                let answer = self.ask(number);
                assert!(matches!(answer.status, 200 | 201 | 503), "{answer:?}");
                first = (answer.status != 503).then(|| answer.json());
                first.is_some()
            });
            let again = self.ask(number).is(200).json();
            let serial = |told: &serde_json::Value| told["serial"].as_u64().unwrap();
            assert_eq!(serial(&first.unwrap()), serial(&again));
        }
        let ready = self.ready().is(200).json();
        assert_eq!(ready["cas"][0]["state"], "up", "{ready}");
    }

    fn ready(&self) -> Answer {
        let ready = request(("GET", "/healthz/ready"), &[], None);
        send(self.room.port, &ready).unwrap()
    }

    /// Ends the server; the ledger has these certificates, and the log says so often that a device was lost and back.
    fn ends(self, issued: usize, lost: usize) {
        self.server.end();
        self.room.admin.assert_issued(issued);
        self.room.ledger_is_right();
        let log = self.room.log();
        let lines = |words: &str| log.matches(words).count();
        assert_eq!(
            lines("can sign no more, and is looked for again"),
            lost,
            "{log}"
        );
        assert_eq!(lines("is back, and signs"), lost, "{log}");
    }
}

/// Takes the tokens of a module away, and gives them back.
struct Away(PathBuf, PathBuf);

impl Away {
    fn of(room: &Room) -> Self {
        let store = room.admin.token.store();
        let away = Self(store.with_extension("away"), store);
        fs::rename(&away.1, &away.0).unwrap();
        away
    }

    /// Gives the token another PIN where it is now.
    fn change_pin(&self, room: &Room) {
        let token = &room.admin.token;
        let configuration = room.admin.punchmark.path("away.conf");
        write(&configuration, token.module.configuration(&self.0), 0o600);
        let mut tool = bounded("pkcs11-tool");
        tool.env(token.environment().0, configuration);
        tool.arg("--module").arg(token.module.path());
        tool.args(["--token-label", token.label, "--login", "--pin", PIN]);
        run(tool.args(["--change-pin", "--new-pin", NEW_PIN])).ok();
    }

    fn back(self) {
        fs::rename(self.0, self.1).unwrap();
    }
}

#[test]
fn a_token_that_was_away_signs_again_and_nothing_is_lost_or_given_twice() {
    let served = Served::by(Room::ready(), 3);
    served.ask(0).is(201);
    for _twice in 0..2 {
        let away = Away::of(&served.room);
        served.is_missed(1);
        away.back();
        wait_until("the token signs again", || served.ready().status == 200);
    }
    served.is_back();
    served.ends(3, 2);
}

#[test]
fn a_server_whose_token_is_away_ends_in_time_and_well() {
    let served = Served::by(Room::ready(), 2);
    served.ask(0).is(201);
    let away = Away::of(&served.room);
    served.is_missed(1);
    let begun = std::time::Instant::now();
    served.server.end();
    let took = begun.elapsed();
    assert!(took.as_secs() < 30, "{took:?}");
    away.back();
    served.room.admin.assert_issued(1);
    served.room.ledger_is_right();
}

/// A server whose CA is in a card.
fn in_a_card(requests: usize) -> Served<Pcscd> {
    Served::by(Room::behind_proxy(Admin::with_ca_in_card(&PLAIN)), requests)
}

#[test]
fn a_card_that_was_pulled_signs_again_once_it_is_put_back() {
    let served = in_a_card(3);
    served.ask(0).is(201);
    pull(&served.room.admin.token, 0);
    served.is_missed(1);
    served.room.admin.put_back(served.room.admin.card());
    served.is_back();
    served.ends(3, 1);
}

#[test]
fn a_pin_that_was_changed_meanwhile_is_shown_once_and_never_again() {
    let served = Served::by(Room::ready(), 2);
    served.ask(0).is(201);
    let away = Away::of(&served.room);
    served.is_missed(1);
    away.change_pin(&served.room);
    away.back();
    let refused = "is asked no more until the server is started again";
    wait_until("the refused PIN is told", || {
        served.room.log().contains(refused)
    });
    for _twice in 0..2 {
        served.ask(1).refuses(503, "busy", "takes no orders now");
    }
    assert_eq!(served.ready().is(503).json()["state"], "down");
    let log = served.room.log();
    assert_eq!(log.matches(refused).count(), 1, "{log}");
    assert!(!log.contains(NEW_PIN), "{log}");
    served.server.terminate();
    served.room.admin.assert_issued(1);
}

const NEW_PIN: &str = "86420975";
