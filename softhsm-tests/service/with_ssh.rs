//! ssh that gets its certificate by itself: a real ssh and its config, a real agent, a real sshd.

use std::process::{Child, Command, Stdio};

use super::by_its_client::{log_in, peter};
use super::room::{Room, Running};
use crate::harness::process::{Ran, bounded, run, wait_until};
use crate::harness::punchmark::BINARY;
use crate::harness::sshd::{Configuration, Sshd, own_user};
use crate::harness::write;
use crate::login::User;

/// A user who is logged in, the server, and an sshd that lets in who has a certificate.
fn at_home() -> (Room, User, Running, Sshd) {
    let room = Room::for_clients();
    let user = peter(&room);
    let server = room.start();
    log_in(&user, &room).ok();
    let ca = room.admin.ca_file("users");
    let sshd = Sshd::start(&Configuration::users(&ca, &["peter_file"]));
    (room, user, server, sshd)
}

/// The user's config: where `web.test` is, and the block that the program prints.
fn configure(user: &User, sshd: &Sshd, block: &str) {
    let config = format!(
        "Host web.test\n    HostName 127.0.0.1\n    HostKeyAlias web.test\n\
         Host *\n    Port {}\n    User {}\n    BatchMode yes\n    StrictHostKeyChecking no\n    \
         UserKnownHostsFile /dev/null\n    LogLevel ERROR\n{block}",
        sshd.port(),
        own_user(),
    );
    std::fs::create_dir_all(user.path(".ssh")).unwrap();
    write(&user.path(".ssh/config"), config, 0o600);
}

/// ssh with the user's config alone, which finds the program by its name.
fn ssh(user: &User, program: &str, arguments: &[&str]) -> Ran {
    let mut command = user.prepare(bounded(program));
    let folder = std::path::Path::new(BINARY).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    command.env("PATH", path).env("SHELL", "/bin/sh");
    let config = user.path(".ssh/config");
    command.arg("-F").arg(config).args(arguments);
    run(&mut command)
}

#[test]
fn ssh_gets_a_certificate_where_it_needs_one_and_nothing_else_changes() {
    let (room, user, server, sshd) = at_home();
    let block = user
        .run(&["ssh-config", "127.0.0.1", "--role", "engineer"])
        .ok()
        .stdout;
    assert!(block.contains("Match host 127.0.0.1 exec"), "{block}");
    configure(&user, &sshd, &block);

    // What only looks runs the command, too, and says the same as ever.
    let looked = ssh(&user, "ssh", &["-G", "elsewhere.test"]).ok();
    assert!(!looked.stdout.contains("engineer-cert.pub"), "{looked}");
    assert_eq!(user.identities(), ["The agent has no identities."]);
    let looked = ssh(&user, "ssh", &["-G", "web.test"]).ok();
    assert!(looked.stdout.contains("engineer-cert.pub"), "{looked}");
    assert_eq!(looked.stderr, "");
    assert_eq!(user.identities().len(), 1);

    // By its address, and by the name that HostName makes it of.
    for host in ["web.test", "127.0.0.1"] {
        let welcome = ssh(&user, "ssh", &[host, "echo welcome"]).ok();
        assert_eq!(
            (welcome.stdout.as_str(), welcome.stderr.as_str()),
            ("welcome\n", "")
        );
    }
    let file = user.path("sent");
    write(&file, "sent\n", 0o600);
    let there = user.path("received");
    let target = format!("web.test:{}", there.display());
    ssh(&user, "scp", &["-O", file.to_str().unwrap(), &target]).ok();
    assert_eq!(std::fs::read_to_string(&there).unwrap(), "sent\n");
    room.admin.assert_issued(1);

    // A server that is down, and no certificate: ssh says so, and is refused as it was before.
    user.run(&["login", "--end"]).ok();
    assert!(!user.path(".ssh/punchmark/engineer-cert.pub").exists());
    server.end();
    let refused = ssh(&user, "ssh", &["web.test", "true"]);
    refused.exits(255).says("Permission denied");
    room.ledger_is_right();
}

#[test]
fn the_other_keys_of_an_agent_are_not_offered_before_it() {
    let (_room, user, server, sshd) = at_home();
    let agent = user.agent.as_ref().unwrap().socket();
    for at in 0..8 {
        let key = crate::harness::keygen::make(
            user.path("").as_path(),
            &format!("k{at}"),
            crate::harness::keygen::ED25519,
        );
        let mut add = bounded("ssh-add");
        run(add.env("SSH_AUTH_SOCK", &agent).arg(key)).ok();
    }
    let block = user
        .run(&["ssh-config", "127.0.0.1", "--role", "engineer"])
        .ok()
        .stdout;
    // More keys than MaxAuthTries: without the block, nobody gets in.
    configure(&user, &sshd, "");
    user.run(&["get"]).ok();
    ssh(&user, "ssh", &["web.test", "true"])
        .exits(255)
        .says("Too many authentication failures");
    configure(&user, &sshd, &block);
    ssh(&user, "ssh", &["web.test", "true"]).ok();
    server.end();
}

#[test]
fn punchmark_ssh_is_ssh_with_a_certificate() {
    for with_agent in [true, false] {
        let (room, mut user, server, sshd) = at_home();
        if !with_agent {
            user.agent = None;
        }
        let port = sshd.port().to_string();
        let login = format!("{}@127.0.0.1", own_user());
        let more = [
            "-F",
            "none",
            "-p",
            &port,
            "-o",
            "BatchMode=yes",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
        ];
        let all = |command: &str| {
            let own = ["-q", "ssh", "--role", "engineer", "--"];
            user.run(&[&own[..], &more, &[&login, command]].concat())
        };
        let welcome = all("echo welcome").ok();
        assert_eq!(welcome.stdout, "welcome\n", "{welcome}");
        // Its exit code is ssh's, and a certificate that is good is not got again.
        all("exit 7").exits(7);
        room.admin.assert_issued(1);
        server.end();
    }
}

/// `get --watch` in the background; its words go to a file.
fn watch(user: &User, validity: &str) -> Child {
    let mut command = user.prepare(Command::new(BINARY));
    command
        .args(["get", "--watch", "-V", validity])
        .stdin(Stdio::null());
    let words = std::fs::File::create(user.path("words")).unwrap();
    command.stdout(Stdio::null()).stderr(words).spawn().unwrap()
}

#[test]
fn a_watched_certificate_is_renewed_until_the_session_ends() {
    let (room, user, server, _sshd) = at_home();
    let mut watching = watch(&user, "+9s");
    let words = || std::fs::read_to_string(user.path("words")).unwrap();
    wait_until("it is renewed", || words().contains("serial 2"));
    assert_eq!(user.identities().len(), 1);
    // The server is away for a while.
    server.end();
    wait_until("that is told", || words().contains("cannot be reached"));
    assert!(watching.try_wait().unwrap().is_none(), "{}", words());
    let server = room.start();
    wait_until("it goes on", || words().contains("serial 3"));
    let left = ["revoke", "--requester", "peter", "--reason", "left"];
    room.admin.punchmark.run(&left).ok();
    let status = watching.wait().unwrap();
    assert_eq!(status.code(), Some(1), "{}", words());
    assert!(
        words().contains("nothing is renewed any more"),
        "{}",
        words()
    );
    server.end();
    room.ledger_is_right();
}

#[test]
fn a_watch_ends_with_a_session_that_is_ended_here() {
    let (_room, user, server, _sshd) = at_home();
    let mut watching = watch(&user, "+12s");
    let words = || std::fs::read_to_string(user.path("words")).unwrap();
    wait_until("it has one", || words().contains("serial 1"));
    user.run(&["login", "--end"]).ok();
    assert_eq!(watching.wait().unwrap().code(), Some(1));
    assert!(words().contains("the session is over"), "{}", words());
    assert_eq!(user.identities(), ["The agent has no identities."]);
    server.end();
}
