//! `punchmark sshd-config`: its lines at a real `sshd`.

use crate::harness::keygen::{self, ED25519};
use crate::harness::sshd::{Configuration, Sshd};
use crate::harness::stock::{Server, punchmark};
use crate::harness::write;

/// The lines for this server, which is made in its own folder.
fn lines(server: &Server, more: &[&str]) -> String {
    let path = |name: &str| server.path(name).display().to_string();
    let (ca, revoked) = (path("ca.pub"), path("revoked.krl"));
    let all = [
        "sshd-config",
        "--ca",
        &ca,
        "--host",
        "web1",
        "--ca-file",
        &ca,
    ];
    let own = ["--revoked-keys", &revoked];
    punchmark(&[&all[..], &own, more].concat()).ok().stdout
}

fn start(server: &Server, text: &str) -> Sshd {
    let key = server.path("host").display().to_string();
    let line = format!("HostKey {key}\nUsePAM no\nLogLevel VERBOSE\n{text}");
    Sshd::start(&Configuration::whole(&line))
}

#[test]
fn by_files_only_a_listed_principal_gets_in_and_the_doctor_finds_nothing() {
    let server = Server::new();
    let user = server.user("peter\n");
    let (peter, erik) = (
        server.certificate("peter", "peter", &[]),
        server.certificate("erik", "erik", &[]),
    );
    let plain = keygen::make(server.folder(), "plain", ED25519);
    let public = std::fs::read_to_string(keygen::public(&plain)).unwrap();
    user.write(".ssh/authorized_keys", &public);
    let folder = server.path("principals").display().to_string();
    let text = lines(&server, &["--files", "--list", &folder, "--check"]);
    let sshd = start(&server, &text);
    sshd.login_as(user.name(), &peter).ok();
    sshd.login_as(user.name(), &erik).exits(255);
    sshd.login_as(user.name(), &plain).exits(255);
    let examined = server.examine(&[&text], &[&user]);
    assert_eq!(examined.report["doors"].as_array().unwrap().len(), 0);
    assert!(examined.code <= 1, "{:#}", examined.report);
}

#[test]
fn by_the_command_whoever_it_names_gets_in() {
    let server = Server::new();
    let user = server.user("somebody-else\n");
    let key = server.certificate("peter", "peter", &[]);
    let (command, list) = (server.path("command"), server.path("list"));
    // Stands in for punchmark-principals: it prints a principal if it got the four arguments.
    let script = "#!/bin/sh\n[ $# = 4 ] && [ \"$2\" = web1 ] && [ -n \"$4\" ] && echo peter\n";
    write(&command, script, 0o755);
    write(&list, "x\n", 0o644);
    let (command, list) = (command.display().to_string(), list.display().to_string());
    let arguments = [
        "--command",
        &command,
        "--list",
        &list,
        "--user",
        "sshd",
        "--check",
    ];
    let text = lines(&server, &arguments);
    start(&server, &text).login_as(user.name(), &key).ok();
}

#[test]
fn check_names_what_is_missing_since_sshd_does_not() {
    let server = Server::new();
    let ca = server.path("ca.pub").display().to_string();
    let ran = punchmark(&["sshd-config", "--ca", &ca, "--host", "web1", "--check"]);
    ran.exits(1)
        .says("/usr/local/libexec/punchmark-principals")
        .says("before sshd is reloaded");
}

#[test]
fn a_name_that_sshd_would_read_otherwise_is_refused() {
    let server = Server::new();
    let ca = server.path("ca.pub").display().to_string();
    for arguments in [
        ["--host", "web1 x"],
        ["--host", "web1\nPermitRootLogin yes"],
        ["--list", "relative"],
        ["--list", "/a%u"],
        ["--user", "a b"],
    ] {
        let all = ["sshd-config", "--ca", &ca, "--host", "web1"];
        punchmark(&[&all[..], &arguments].concat()).exits(2);
    }
}

#[test]
fn a_host_ca_adds_the_certificate_of_each_host_key() {
    let server = Server::new();
    let key = server.path("host").display().to_string();
    let ca = server.path("ca.pub").display().to_string();
    let folder = server.path("principals").display().to_string();
    server.keygen(&[
        "-q", "-s", "ca", "-I", "web1", "-h", "-n", "web1", "host.pub",
    ]);
    let more = [
        "--files",
        "--list",
        &folder,
        "--host-ca",
        &ca,
        "--host-key",
        &key,
        "--check",
    ];
    let text = lines(&server, &more);
    assert!(
        text.contains(&format!("HostCertificate {key}-cert.pub")),
        "{text}"
    );
    let user = server.user("peter\n");
    let peter = server.certificate("peter", "peter", &[]);
    let sshd = Sshd::start(&Configuration::whole(&format!("UsePAM no\n{text}")));
    let public = std::fs::read_to_string(&ca).unwrap();
    let known = format!("@cert-authority web1 {public}");
    sshd.login_to_host(user.name(), &peter, "web1", &known).ok();
}
