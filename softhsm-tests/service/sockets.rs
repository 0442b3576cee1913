//! A service manager that keeps the socket: nobody is turned away while the server starts again.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::http::{request, send};
use super::room::{Room, Running};
use crate::harness::process::{bounded, detached, run, wait_until};
use crate::harness::punchmark::BINARY;
use crate::harness::scratch;

/// Starts the server with this socket as its third descriptor, as systemd does.
fn begin(room: &Room, socket: &TcpListener) -> Running {
    let socket = OwnedFd::from(socket.try_clone().unwrap());
    let pin = room.admin.punchmark.path("pin");
    let script = format!(
        "exec 3<&0 0</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec {BINARY} --pin-file {} serve",
        pin.display()
    );
    let mut shell = room.admin.punchmark.prepare(detached("sh"));
    shell.args(["-c", &script]).stdin(Stdio::from(socket));
    room.spawn(shell)
}

/// What a new connection is answered.
fn live(port: u16) -> Option<u16> {
    let live = request(("GET", "/healthz/live"), &[], None);
    send(port, &live).map(|answer| answer.status)
}

#[test]
fn no_connection_is_lost_over_restarts() {
    let room = Room::ready();
    // Another port than the config's, to which nobody listens then.
    let socket = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = socket.local_addr().unwrap().port();
    let (is_over, room, socket) = (AtomicBool::new(false), &room, &socket);
    let (server, (answered, lost)) = std::thread::scope(|scope| {
        let asking = [(); 4].map(|()| {
            scope.spawn(|| {
                let mut answers = (0, 0);
                while !is_over.load(Ordering::Relaxed) {
                    match live(port) {
                        Some(200) => answers.0 += 1,
                        _lost => answers.1 += 1,
                    }
                }
                answers
            })
        });
        let mut server = begin(room, socket);
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(300));
            // The ledger has one writer: the next one starts behind the end of this one.
            server.end();
            server = begin(room, socket);
        }
        wait_until("the last one answers", || live(port) == Some(200));
        is_over.store(true, Ordering::Relaxed);
        let counts = asking.map(|asking| asking.join().unwrap());
        let sum = |sums: (u32, u32), one: (u32, u32)| (sums.0 + one.0, sums.1 + one.1);
        (server, counts.into_iter().fold((0, 0), sum))
    });
    server.end();
    assert!(
        answered > 20 && lost == 0,
        "{answered} answered, {lost} lost"
    );
    assert!(
        live(room.port).is_none(),
        "the config's own address is listened on"
    );
    room.ledger_is_right();
}

#[test]
fn a_socket_for_others_is_not_taken_behind_a_proxy() {
    let room = Room::ready();
    let open = TcpListener::bind(("0.0.0.0", 0)).unwrap();
    let mut server = begin(&room, &open);
    assert_eq!(server.child.wait().unwrap().code(), Some(1));
    let log = room.log();
    assert!(log.contains("it is not this machine alone"), "{log}");
}

#[test]
fn the_units_shut_out_what_the_server_does_not_need() {
    let units = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/systemd");
    let exposure = |unit: &str| {
        let mut analyze = bounded("systemd-analyze");
        analyze.args([
            "security",
            "--offline=true",
            "--threshold=20",
            "--no-pager",
            unit,
        ]);
        run(&mut analyze)
    };
    let checked = exposure(&format!("{units}/punchmark.service")).ok();
    assert!(
        checked.stdout.contains("Overall exposure level"),
        "{checked}"
    );
    let folder = scratch();
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    // One that shuts out nothing is above the same threshold.
    let bare = put(
        "bare.service",
        "[Service]
ExecStart=/bin/true
",
    );
    exposure(&bare).fails();
    // The program of the unit is not installed here; all else is as systemd reads it.
    let mut verify = bounded("systemd-analyze");
    verify.args(["verify", "--man=no"]);
    for name in ["punchmark.service", "punchmark.socket"] {
        let text = std::fs::read_to_string(format!("{units}/{name}")).unwrap();
        verify.arg(put(
            name,
            &text.replace("/usr/local/bin/punchmark", "/bin/true"),
        ));
    }
    let verified = run(&mut verify).ok();
    let of_ours = verified
        .stderr
        .lines()
        .filter(|line| line.contains("punchmark"));
    assert_eq!(of_ours.count(), 0, "{verified}");
}
