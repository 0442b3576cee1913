//! A server that goes on while its certificate changes, and tells whoever started it how it is.

use std::ffi::OsStr;
use std::path::PathBuf;

use super::hears::{Hears, READY, told};
use super::http::{request, send};
use super::room::Room;
use super::tls::{FILES, certify, seen};
use crate::harness::process::{run, wait_until};
use crate::harness::{scratch, write};

/// The certificate that a new connection sees, of whom the folder's root vouches for.
fn certificate(room: &Room) -> Option<Vec<u8>> {
    let (certificate, answer) = seen(&room.folder(), room.port, &["server"])?;
    answer.is(200);
    Some(certificate)
}

/// Another certificate and key, and another root.
fn replace(room: &Room) {
    let made = scratch();
    certify(made.path());
    for name in ["root.pem", "server.key", "server.pem"] {
        let text = std::fs::read(made.path().join(name)).unwrap();
        write(&room.folder().join(name), text, 0o600);
    }
}

#[test]
fn sighup_reads_the_certificate_again_and_an_unusable_one_leaves_that_before() {
    let room = Room::with_tls(FILES);
    certify(&room.folder());
    let manager = Hears::bind();
    let server = told(&room, &manager);
    let first = certificate(&room).unwrap();

    let hang_up = || {
        server.hang_up();
        assert_eq!(manager.next(), "RELOADING=1");
        assert_eq!(manager.next(), READY);
    };
    replace(&room);
    hang_up();
    let second = certificate(&room).unwrap();
    assert_ne!(first, second);
    let log = room.log();
    assert!(log.contains("were read again"), "{log}");
    assert!(log.contains("the config was read again"), "{log}");
    assert!(!log.contains("stay as they were"), "{log}");

    let other = scratch();
    certify(other.path());
    let key = std::fs::read(other.path().join("server.key")).unwrap();
    write(&room.folder().join("server.key"), key, 0o600);
    hang_up();
    assert_eq!(certificate(&room), Some(second));
    let log = room.log();
    assert!(log.contains("[serve] stay as they were"), "{log}");

    server.terminate();
    assert!(manager.next().starts_with("STOPPING=1\n"));
    server.end();
    assert!(manager.is_quiet());
}

#[test]
fn a_certificate_that_changes_on_disk_is_seen_without_a_signal() {
    let room = Room::with_tls(FILES);
    certify(&room.folder());
    let server = room.start();
    let first = certificate(&room).unwrap();
    replace(&room);
    wait_until("another certificate is seen", || {
        certificate(&room).is_some_and(|now| now != first)
    });
    server.end();
}

#[test]
fn a_manager_is_told_once_it_answers_and_that_it_lives() {
    let room = Room::ready();
    let manager = Hears::bind();
    let path = manager.path();
    let watched = [
        ("NOTIFY_SOCKET", path.as_os_str()),
        ("WATCHDOG_USEC", OsStr::new("200000")),
    ];
    let server = room.begin(&watched);
    assert_eq!(manager.next(), READY);
    let live = request(("GET", "/healthz/live"), &[], None);
    send(room.port, &live).unwrap().is(200);
    for _each in 0..4 {
        assert_eq!(manager.next(), "WATCHDOG=1");
    }
    server.end();
}

#[test]
fn a_manager_that_is_not_there_is_a_line_in_the_log_and_a_check_tells_nobody() {
    let room = Room::ready();
    let manager = Hears::bind();
    let nobody = manager.folder.path().join("nobody");
    let check = |socket: PathBuf| {
        let mut command = room.admin.punchmark.background();
        command
            .args(["serve", "--check"])
            .env("NOTIFY_SOCKET", socket);
        run(&mut command).ok()
    };
    check(manager.path());
    assert!(manager.is_quiet());
    let checked = check(nobody.clone());
    assert!(!checked.stderr.contains("NOTIFY_SOCKET"), "{checked}");

    let server = room.begin(&[("NOTIFY_SOCKET", nobody.as_os_str())]);
    let live = request(("GET", "/healthz/live"), &[], None);
    wait_until("it answers", || {
        std::net::TcpStream::connect(("127.0.0.1", room.port)).is_ok()
    });
    send(room.port, &live).unwrap().is(200);
    let log = room.log();
    assert!(log.contains("nobody listens at NOTIFY_SOCKET"), "{log}");
    server.end();
}
