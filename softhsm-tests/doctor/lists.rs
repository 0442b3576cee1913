//! RevokedKeys in each of its states, and what sshd makes of it.

use super::ready;
use crate::harness::faketime::faketime;
use crate::harness::process::{bounded, run};
use crate::harness::stock::Server;
use crate::harness::write;

#[test]
fn without_a_list_what_is_revoked_lets_in() {
    ready!(server, user, key);
    server.keygen(&["-k", "-f", "revoked.krl", "peter-cert.pub"]);
    server.start(&[]).login_as(user.name(), &key).exits(255);
    let lines = ["RevokedKeys none"];
    server
        .examine(&lines, &[&user])
        .finds("revoked-none", "warning");
    server.start(&lines).login_as(user.name(), &key).ok();
}

#[test]
fn an_empty_list_revokes_nothing() {
    ready!(server, user, key);
    write(&server.path("revoked.krl"), "", 0o644);
    server
        .examine(&[], &[&user])
        .finds("revoked-empty", "warning");
    server.start(&[]).login_as(user.name(), &key).ok();
}

#[test]
fn a_missing_or_broken_list_refuses_everybody_and_sshd_does_not_say_so() {
    ready!(server, user, key);
    for (content, name) in [
        (None, "revoked-missing"),
        (Some("SSHKRL\n\0x"), "revoked-broken"),
    ] {
        let file = server.path("revoked.krl");
        match content {
            Some(content) => write(&file, content, 0o644),
            None => std::fs::remove_file(&file).unwrap(),
        }
        server.examine(&[], &[&user]).finds(name, "critical");
        let config = server.config_file(&[]);
        run(bounded("/usr/sbin/sshd").args(["-t", "-f"]).arg(config)).ok();
        server.start(&[]).login_as(user.name(), &key).exits(255);
    }
}

#[test]
fn an_old_list_does_not_know_what_was_revoked_since() {
    ready!(server, user, key);
    for (ago, severity) in [("-3 days", "warning"), ("-9 days", "critical")] {
        make_at(&server, ago);
        server
            .examine(&[], &[&user])
            .finds("revoked-stale", severity);
    }
    server.start(&[]).login_as(user.name(), &key).ok();
}

#[test]
fn a_list_out_of_the_future_shows_a_clock_that_is_off() {
    ready!(server, user, _key);
    make_at(&server, "+2 days");
    server.examine(&[], &[&user]).finds("clock", "critical");
}

#[test]
fn a_list_that_others_can_write_is_theirs() {
    ready!(server, user, key);
    server.keygen(&["-k", "-f", "revoked.krl", "peter-cert.pub"]);
    let text = std::fs::read(server.path("revoked.krl")).unwrap();
    write(&server.path("revoked.krl"), text, 0o666);
    server
        .examine(&[], &[&user])
        .finds("writable-path", "critical");
    // sshd believes it all the same, so who writes it takes revocations back.
    let sshd = server.start(&[]);
    sshd.login_as(user.name(), &key).exits(255);
    write(&server.path("revoked.krl"), "", 0o666);
    sshd.login_as(user.name(), &key).ok();
}

fn make_at(server: &Server, time: &str) {
    let mut command = bounded(faketime());
    command.args([time, "ssh-keygen", "-k", "-f", "revoked.krl", "none.spec"]);
    run(command.current_dir(server.folder())).ok();
}
