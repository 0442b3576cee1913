//! The whole story by the program alone: `serve`, `login` and `get`, a real ssh-agent, a real sshd.

use super::room::Room;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::Ran;
use crate::harness::sshd::{Configuration, Sshd};
use crate::login::User;

/// A user whose key is enrolled as peter's.
pub(super) fn peter(room: &Room) -> User {
    room.enrolled("peter");
    let user = User::new();
    let key = room.admin.punchmark.path("peter");
    std::fs::copy(key, user.path("peter")).unwrap();
    user
}

pub(super) fn log_in(user: &User, room: &Room) -> Ran {
    let (key, roots) = (user.path("peter"), room.folder().join("root.pem"));
    let (key, roots) = (key.to_str().unwrap(), roots.to_str().unwrap());
    let host = format!("127.0.0.1:{}", room.port);
    user.run(&["login", "--identity", key, "--ca-file", roots, &host])
}

#[test]
fn a_user_logs_in_gets_a_certificate_and_is_let_in() {
    let room = Room::for_clients();
    let (user, server) = (peter(&room), room.start());
    log_in(&user, &room)
        .ok()
        .says("for the first time")
        .says("logged in as peter by keys until");
    user.run(&["get"])
        .ok()
        .says("peter_file for 1 hour, into the ssh-agent")
        .says("serial 1 of users, role engineer");
    let ca = room.admin.ca_file("users");
    let agent = user.agent.as_ref().unwrap().socket();
    let sshd = Sshd::start(&Configuration::users(&ca, &["peter_file"]));
    assert_eq!(sshd.login_by_agent(&agent).ok().stdout, "welcome\n");
    let nothing_to_do = user.run(&["get", "--if-needed"]).ok();
    assert_eq!(nothing_to_do.stderr, "");
    let refused = user.run(&["get", "-V", "+20h"]).exits(3);
    refused.says("the role allows at most 8 hours");
    user.run(&["get", "--role", "boss"])
        .exits(3)
        .says("offers you no role boss");
    server.end();
    room.ledger_is_right();
}

#[test]
fn the_end_of_a_session_takes_away_what_was_got_wherever_it_is() {
    let room = Room::for_clients();
    let (user, server) = (peter(&room), room.start());
    log_in(&user, &room).ok();
    keygen::make(user.path("").as_path(), "own", ED25519);
    let own = user.path("own.pub");
    // Of one role, at two places.
    user.run(&["get"]).ok();
    user.run(&["get", "--key", own.to_str().unwrap()]).ok();
    assert_eq!(user.identities().len(), 1);
    assert!(user.path("own-cert.pub").exists());
    user.run(&["login", "--end"])
        .ok()
        .says("its certificates are gone from here");
    assert!(user.identities().iter().all(|one| !one.contains("CERT")));
    assert!(!user.path("own-cert.pub").exists());
    assert!(own.exists() && user.path("own").exists());
    user.run(&["login", "--status"]).exits(1);
    server.end();
}
