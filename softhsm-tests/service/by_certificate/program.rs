//! The program with a client certificate, to a login at a real sshd.

use super::{by_address, with};
use crate::harness::client_ca::{ClientCa, Says, chain};
use crate::harness::process::Ran;
use crate::harness::sshd::{Configuration, Sshd};
use crate::harness::write;
use crate::login::User;
use crate::service::room::Room;

fn log_in(user: &User, room: &Room, (certificate, key): (&str, &str)) -> Ran {
    let (certificate, key) = (user.path(certificate), user.path(key));
    let roots = room.folder().join("root.pem");
    let host = format!("127.0.0.1:{}", room.port);
    let [certificate, key, roots] = [&certificate, &key, &roots].map(|path| path.to_str().unwrap());
    user.run(&[
        "login",
        "--tls-certificate",
        certificate,
        "--tls-key",
        key,
        "--ca-file",
        roots,
        &host,
    ])
}

/// A user with `kim.pem`, by a CA below the one that the server knows, and `kim.key`.
fn kim(root: &ClientCa) -> User {
    let below = root.below("below");
    below.certify("kim", &Says::names(&["email:kim@example.org"]));
    let user = User::new();
    chain(
        &below.path("kim.pem"),
        &below.path("ca.pem"),
        &user.path("kim.pem"),
    );
    let key = std::fs::read(below.path("kim.key")).unwrap();
    write(&user.path("kim.key"), key, 0o600);
    user
}

#[test]
fn somebody_with_a_certificate_logs_in_gets_another_and_is_let_in() {
    let root = ClientCa::new("people");
    let room = with(Room::for_clients(), &by_address(&root, ""));
    let (user, server) = (kim(&root), room.start());
    log_in(&user, &room, ("kim.pem", "kim.key"))
        .ok()
        .says("logged in as kim by corp until");
    user.run(&["get"])
        .ok()
        .says("kim_file for 1 hour, into the ssh-agent")
        .says("role floor");
    let ca = room.admin.ca_file("users");
    let agent = user.agent.as_ref().unwrap().socket();
    let sshd = Sshd::start(&Configuration::users(&ca, &["kim_file"]));
    assert_eq!(sshd.login_by_agent(&agent).ok().stdout, "welcome\n");
    // It logs in again by itself, with what was named, also where nobody is at a terminal.
    user.run(&["login", "--end"]).ok();
    user.run(&["get"])
        .ok()
        .says("logged in as kim by corp until");
    user.run(&["login", "--status"]).ok();
    std::fs::remove_file(user.path("kim.key")).unwrap();
    user.run(&["get"]).ok();
    user.run(&["login", "--end"]).ok();
    user.run(&["get"]).exits(1).says("kim.key");
    server.end();
    room.ledger_is_right();
}

#[test]
fn files_that_show_nothing_are_told_before_anybody_is_asked() {
    let root = ClientCa::new("people");
    let room = with(Room::for_clients(), &by_address(&root, ""));
    let (user, server) = (kim(&root), room.start());
    let refused = |files: (&str, &str), words: &str| {
        log_in(&user, &room, files).exits(1).says(words);
    };
    let key = std::fs::read(user.path("kim.key")).unwrap();
    write(&user.path("open.key"), &key, 0o640);
    refused(("kim.pem", "open.key"), "can be read by others");
    write(
        &user.path("other.key"),
        std::fs::read(root.path("ca.key")).unwrap(),
        0o600,
    );
    refused(("kim.pem", "other.key"), "can't be used together");
    refused(("kim.key", "kim.key"), "no certificate in PEM");
    write(&user.path("secret.key"), &key, 0o600);
    let (from, to) = (user.path("kim.key"), user.path("secret.key"));
    root.openssl(&format!(
        "pkcs8 -topk8 -passout pass:horse -in {} -out {}",
        from.display(),
        to.display()
    ));
    refused(("kim.pem", "secret.key"), "is encrypted");
    refused(("kim.pem", "missing.key"), "missing.key");
    // The certificate between is not sent along.
    let whole = std::fs::read_to_string(user.path("kim.pem")).unwrap();
    let end = "-----END CERTIFICATE-----\n";
    let (own, _) = whole.split_once(end).unwrap();
    write(&user.path("own.pem"), format!("{own}{end}"), 0o600);
    log_in(&user, &room, ("own.pem", "kim.key"))
        .exits(3)
        .says("or certificates between the two were not sent along");
    let host = format!("127.0.0.1:{}", room.port);
    user.run(&["login", "--method", "corp", &host])
        .exits(2)
        .says("name it and its key with --tls-certificate and --tls-key");
    user.run(&["login", "--tls-certificate", "kim.pem", &host])
        .exits(2);
    let by_keys = [
        "login",
        "--method",
        "keys",
        "--tls-certificate",
        "a",
        "--tls-key",
        "b",
        &host,
    ];
    user.run(&by_keys)
        .exits(2)
        .says("nobody logs in by method keys with --tls-certificate");
    server.end();
    room.ledger_is_right();
}
