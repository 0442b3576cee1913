//! The lists that a server hands out: made by a command, or by itself, and fetched as any server fetches them.

use std::path::{Path, PathBuf};

use super::client::Client;
use super::http::{Answer, request, send};
use super::room::{Room, Running};
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::{Ran, wait_until};
use crate::harness::sshd::{Configuration, Sshd};
use crate::harness::write;

/// Asks without a login.
fn ask(room: &Room, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(room.port, &request(("GET", path), headers, None)).unwrap()
}

fn folder(room: &Room) -> PathBuf {
    room.folder().join("lists")
}

/// Fetches a list of `users` as a server does, into this file of the home folder.
fn fetch(room: &Room, list: &str, out: &str) -> Ran {
    let url = format!("https://127.0.0.1:{}/v1/cas/users/{list}", room.port);
    let root = room.folder().join("root.pem");
    let command = if list == "krl" { "krl" } else { "known" };
    let roots = root.to_str().unwrap();
    room.admin.punchmark.run(&[
        command,
        "fetch",
        &url,
        "--out",
        out,
        "--signer",
        "ledger_key.pub",
        "--ca-file",
        roots,
    ])
}

/// A list that somebody with the ledger key made by a command, while the server runs or not.
fn make(room: &Room) {
    let (folder, krl) = (folder(room), folder(room).join("revoked.krl"));
    let (folder, krl) = (folder.to_str().unwrap(), krl.to_str().unwrap());
    let made = ["krl", "--out", krl, "--known", folder];
    room.admin.punchmark.run(&made).ok();
}

#[test]
fn a_list_of_a_command_is_handed_out_and_need_not_be_sent_again() {
    let room = Room::ready().with_ledger_key();
    let server = room.start();
    ask(&room, "/v1/cas/users/krl", &[]).refuses(404, "not-found", "hands out no lists");
    server.end();

    let room = room.serves("krl = { folder = \"lists\" }");
    std::fs::create_dir(folder(&room)).unwrap();
    let server = room.start();
    for path in ["/v1/cas/users/krl", "/v1/checkpoint"] {
        ask(&room, path, &[]).refuses(404, "not-found", "not made yet");
    }
    make(&room);
    let kept = |path: &str| {
        let answer = ask(&room, path, &[]).is(200);
        let tag = answer.header("etag").unwrap().to_owned();
        let both = format!("\"a\", W/{tag}");
        for known in [&tag, &both, "*"] {
            let answer = ask(&room, path, &[("If-None-Match", known)]).is(304);
            assert_eq!(
                (answer.body.as_str(), answer.header("etag")),
                ("", Some(&*tag))
            );
        }
        ask(&room, path, &[("If-None-Match", "\"a\"")]).is(200);
        answer
    };
    let signature = kept("/v1/cas/users/krl.sig");
    let beside = folder(&room).join("revoked.krl.sig");
    assert_eq!(signature.body, std::fs::read_to_string(beside).unwrap());
    assert_eq!(signature.header("cache-control"), Some("public, no-cache"));
    kept("/v1/cas/users/known.sig");
    kept("/v1/cas/users/public-key");
    let signed = room
        .admin
        .punchmark
        .run(&["ledger", "checkpoint"])
        .ok()
        .stdout;
    write(&folder(&room).join("checkpoint"), &signed, 0o644);
    assert_eq!(kept("/v1/checkpoint").body, signed);

    // What lies beside a list and is nobody's business, another CA, and another list.
    for path in ["/v1/cas/users/krl.state", "/v1/cas/users/all"] {
        ask(&room, path, &[]).refuses(404, "not-found", "no such list");
    }
    ask(&room, "/v1/cas/hosts/krl", &[]).refuses(404, "not-found", "no such CA");
    server.end();
    room.ledger_is_right();
}

/// Peter's certificate beside his key `laptop`, by this server.
fn certified(room: &Room) -> PathBuf {
    let user = super::by_its_client::peter(room);
    super::by_its_client::log_in(&user, room).ok();
    let key = room.admin.key("laptop", ED25519);
    let public = key.with_extension("pub");
    user.run(&["get", "--key", public.to_str().unwrap()]).ok();
    key
}

fn version(list: &Path) -> Option<Vec<u8>> {
    std::fs::read(list).ok()
}

#[test]
fn what_is_revoked_stands_in_the_next_list_within_ten_seconds_and_sshd_refuses_it() {
    let room = Room::for_clients()
        .with_ledger_key()
        .serves("krl = { every = \"1h\" }");
    let ca = room.admin.ca_file("users");
    let server = room.start();
    let list = room
        .admin
        .ledger_file()
        .with_extension("lists")
        .join("revoked.krl");
    wait_until("the first list is made", || room.log().contains("made KRL"));
    let key = certified(&room);
    fetch(&room, "krl", "revoked.krl").ok();
    fetch(&room, "known", "users.known").ok();
    let revoked = room.admin.punchmark.path("revoked.krl");
    let trusts = Configuration::users(&ca, &["peter_file"]);
    let sshd = Sshd::start(&trusts.line(&format!("RevokedKeys {}", revoked.display())));
    assert_eq!(sshd.login(&key).ok().stdout, "welcome\n");

    let before = version(&list);
    // What revokes nothing makes no list.
    room.admin.punchmark.run(&["challenge"]).ok();
    let lost = ["revoke", "--serial", "1", "--reason", "lost"];
    room.admin.punchmark.run(&lost).ok();
    let since = std::time::Instant::now();
    wait_until("the next list is made", || version(&list) != before);
    assert!(since.elapsed().as_secs() < 10, "{:?}", since.elapsed());
    wait_until("all of it is told", || {
        room.log().matches("made KRL").count() == 2
    });
    let fetched = fetch(&room, "krl", "revoked.krl").ok();
    assert!(fetched.stdout.contains("revokes 1"), "{fetched}");
    sshd.login(&key).exits(255).says("revoked");
    let shown = room
        .admin
        .punchmark
        .run(&["krl", "show", "revoked.krl"])
        .ok();
    assert!(shown.stdout.contains("serial: 1\n"), "{shown}");
    fetch(&room, "known", "users.known").ok();
    let known = std::fs::read_to_string(room.admin.punchmark.path("users.known"));
    assert!(known.unwrap().contains("users"));
    server.end();

    // The head is one that the ledger goes on from, by the ledger key's word.
    room.goes_on_from(&list.with_file_name("checkpoint"));
    room.ledger_is_right();
}

#[test]
fn a_server_that_signs_lists_needs_a_ledger_key() {
    let room = Room::ready().serves("krl = { every = \"1h\" }");
    let check = || room.admin.punchmark.pinned(&["serve", "--check"]);
    check()
        .exits(1)
        .says("no `ledger-key`")
        .says("punchmark krl");
    let room = room.with_ledger_key();
    room.admin.punchmark.pinned(&["serve", "--check"]).ok();
    assert!(
        !room
            .admin
            .ledger_file()
            .with_extension("lists")
            .join("revoked.krl")
            .exists()
    );
}

#[test]
fn a_list_that_can_not_be_written_is_told_and_tried_again() {
    let room = Room::ready()
        .with_ledger_key()
        .serves("krl = { every = \"1h\" }");
    let list = room
        .admin
        .ledger_file()
        .with_extension("lists")
        .join("revoked.krl");
    let peter = room.enrolled("peter");
    let server: Running = room.start();
    wait_until("the first list is made", || room.log().contains("made KRL"));
    std::fs::remove_file(&list).unwrap();
    std::fs::create_dir(&list).unwrap();
    keygen::make(room.admin.punchmark.home(), "other", ED25519);
    let lost = ["revoke", "--key", "other.pub", "--reason", "lost"];
    room.admin.punchmark.run(&lost).ok();
    wait_until("it is told", || room.log().contains("no lists were made"));
    // Certificates go on meanwhile.
    Client::logged_in(room.port, &peter);
    std::fs::remove_dir(&list).unwrap();
    wait_until("it is made", || list.is_file());
    server.end();
    room.ledger_is_right();
}

#[test]
fn a_list_that_is_made_while_certificates_are_signed_gives_none_of_them_up() {
    let room = Room::ready()
        .with_ledger_key()
        .serves("krl = { every = \"1h\" }");
    let list = room
        .admin
        .ledger_file()
        .with_extension("lists")
        .join("revoked.krl");
    let keys: Vec<_> = (0..3)
        .map(|at| room.enrolled(&format!("user{at}")))
        .collect();
    for at in 0..4 {
        room.admin.key(&format!("lost{at}"), ED25519);
    }
    let server = room.start();
    wait_until("the first list is made", || list.is_file());
    let asking: Vec<_> = keys
        .iter()
        .enumerate()
        .map(|(at, key)| {
            let client = Client::logged_in(room.port, key);
            let requests =
                (0..12).map(|_| room.request_file(&format!("user{at}"), &client.challenge(), &[]));
            let requests: Vec<_> = requests.collect();
            (client, requests)
        })
        .collect();
    let asking: Vec<_> = asking
        .into_iter()
        .map(|(client, requests)| {
            std::thread::spawn(move || {
                for request in requests {
                    client.certificate(&request).unwrap().is(201);
                }
            })
        })
        .collect();
    for at in 0..4 {
        let before = version(&list);
        let lost = format!("lost{at}.pub");
        room.admin
            .punchmark
            .run(&["revoke", "--key", &lost, "--reason", "lost"])
            .ok();
        wait_until("the next list is made", || version(&list) != before);
        let shown = room
            .admin
            .punchmark
            .run(&["krl", "show", list.to_str().unwrap()])
            .ok();
        assert!(!shown.stdout.contains("serial:"), "{shown}");
    }
    asking.into_iter().for_each(|one| one.join().unwrap());
    server.end();
    room.admin.assert_issued(36);
    room.ledger_is_right();
}
