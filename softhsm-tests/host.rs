//! `punchmark host`: the way of a host certificate from request to a client that believes it.

use std::path::{Path, PathBuf};

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519, P256, RSA_2048};
use crate::harness::process::Ran;
use crate::harness::sshd::{Configuration, Sshd};
use crate::harness::stock::{Server, punchmark};
use crate::harness::token::Token;
use crate::harness::write;

/// A host CA with a role for web1, whose three host keys are enrolled.
struct Fleet {
    admin: Admin,
    server: Server,
    config: PathBuf,
}

impl Fleet {
    fn new() -> Self {
        let admin = Admin::new(Token::softhsm());
        admin.init("hosts", "p256", "host").ok();
        admin.configure(ROLE);
        let server = Server::new();
        let mut text = "UsePAM no\n".to_owned();
        for (name, subject) in [("host_a", ED25519), ("host_b", P256), ("host_c", RSA_2048)] {
            let key = keygen::make(server.folder(), name, subject);
            text.push_str(&format!("HostKey {}\n", key.display()));
            let public = keygen::public(&key).display().to_string();
            let add = ["requester", "add", "web1", "--key", &public];
            admin.punchmark.run(&add).ok();
        }
        for (name, names) in [("web1", "web1,web1.example.org"), ("web2", "web2")] {
            let add = ["requester", "add", name, "--names", names];
            admin.punchmark.run(&add).ok();
        }
        let config = server.path("sshd_config");
        write(&config, text, 0o644);
        Self {
            admin,
            server,
            config,
        }
    }

    fn host(&self, arguments: &[&str]) -> Ran {
        let config = self.config.display().to_string();
        let all = [&["host"], arguments, &["--sshd-config", &config]];
        punchmark(&all.concat())
    }

    fn ca(&self) -> String {
        self.admin.ca_file("hosts").display().to_string()
    }

    fn request(&self, names: &str) -> Ran {
        let home = self.admin.punchmark.home().display().to_string();
        let ca = self.ca();
        let arguments = ["request", "--role", "servers", "--ca", &ca];
        self.host(&[&arguments[..], &["-n", names, "--out-dir", &home]].concat())
    }

    fn sign(&self, request: &str) -> Ran {
        self.admin.punchmark.pinned(&["sign", request])
    }

    fn install(&self, from: &Path, names: &str) -> Ran {
        let (ca, from) = (self.ca(), from.display().to_string());
        self.host(&["install", "--ca", &ca, "-n", names, &from])
    }

    /// Tells sshd of what `install` printed.
    fn configure(&self, lines: &str) {
        let text = std::fs::read_to_string(&self.config).unwrap();
        write(&self.config, format!("{text}{lines}"), 0o644);
    }
}

#[test]
fn a_server_asks_for_each_key_installs_what_comes_and_is_known_by_its_name() {
    let fleet = Fleet::new();
    assert!(
        fleet
            .host(&["status"])
            .exits(2)
            .stdout
            .starts_with("CRITICAL: ")
    );
    fleet.request("web1,web1.example.org").ok();
    for key in ["host_a", "host_b", "host_c"] {
        fleet.sign(&format!("web1.{key}.req")).ok();
    }
    let home = fleet.admin.punchmark.home().to_owned();
    let (ca, from) = (fleet.ca(), home.display().to_string());
    let install = ["install", "--ca", &ca, "-n", "web1,web1.example.org", &from];
    let foreseen = fleet.host(&[&install[..], &["--dry-run"]].concat()).ok();
    let told = foreseen.stderr.matches("would install ").count();
    assert!(
        told == 3 && foreseen.stderr.contains("nothing was done"),
        "{foreseen}"
    );
    let nowhere = fleet.host(&["status"]).exits(2).stdout;
    assert!(!nowhere.contains("isn't told of it"), "{nowhere}");
    let lines = fleet.host(&install).ok().stdout;
    assert_eq!(foreseen.stdout, lines);
    assert_eq!(lines.matches("HostCertificate ").count(), 3, "{lines}");
    // They are there, and sshd isn't told yet.
    let status = fleet.host(&["status"]).exits(2);
    assert!(status.stdout.contains("isn't told of it"), "{status}");
    fleet.configure(&lines);
    let status = fleet.host(&["status"]).exits(0);
    assert!(
        status.stdout.starts_with("OK: 3 host certificates; "),
        "{status}"
    );
    let again = fleet.install(&home, "web1").ok();
    assert_eq!(again.stdout, "", "{again}");
    let user = fleet.server.user("peter\n");
    let peter = fleet.server.certificate("peter", "peter", &[]);
    let principals = fleet.server.path("principals").display().to_string();
    let trusted = fleet.server.path("ca.pub").display().to_string();
    let text = std::fs::read_to_string(&fleet.config).unwrap();
    let sshd = Sshd::start(&Configuration::whole(&format!(
        "{text}TrustedUserCAKeys {trusted}\nAuthorizedPrincipalsFile {principals}/%u\n"
    )));
    let line = std::fs::read_to_string(fleet.admin.ca_file("hosts")).unwrap();
    let known = format!("@cert-authority * {line}");
    for (name, known_by_it) in [("web1", true), ("web1.example.org", true), ("web2", false)] {
        let ran = sshd.login_to_host(user.name(), &peter, name, &known);
        assert_eq!(ran.code == Some(0), known_by_it, "{name}: {ran}");
    }
}

#[test]
fn a_server_gets_its_own_names_and_no_other_servers() {
    let fleet = Fleet::new();
    for names in ["web2", "web1,web2", "*.example.org"] {
        fleet.request(names).ok();
        let first = names.split(',').next().unwrap().replace('*', "_");
        fleet.sign(&format!("{first}.host_a.req")).exits(3);
    }
    let add = |names| {
        let add = ["requester", "add", "web1", "--names", names];
        fleet.admin.punchmark.run(&add)
    };
    // The newest names count, and an empty list takes them away.
    add("web1,web3").ok();
    fleet.request("web3").ok();
    fleet.sign("web3.host_a.req").ok();
    add("").ok();
    fleet.request("web1").ok();
    fleet.sign("web1.host_a.req").exits(3);
    for odd in ["web*", "a b", "web1,,web2", "-x"] {
        add(odd).exits(2);
    }
    let listed = fleet.admin.punchmark.run(&["requester", "list"]).ok();
    assert!(listed.stdout.contains("names web2"), "{listed}");
    assert!(!listed.stdout.contains("names web1"), "{listed}");
    let verified = fleet.admin.punchmark.run(&["ledger", "verify"]).ok();
    assert!(
        verified.stdout.starts_with("consistent with itself"),
        "{verified}"
    );
    let entries = fleet.admin.punchmark.run(&["ledger", "export"]).ok();
    assert!(entries.stdout.contains("requester-named"), "{entries}");
}

#[test]
fn what_is_not_this_servers_certificate_is_not_put_in_place() {
    let fleet = Fleet::new();
    let server = &fleet.server;
    let ca = |name: &str| keygen::make(server.folder(), name, ED25519);
    ca("good-ca");
    ca("other-ca");
    ca("stranger");
    let good = server.path("good-ca.pub").display().to_string();
    let sign = |key: &str, by: &str, options: &[&str]| {
        let public = server.path(&format!("{key}.pub"));
        std::fs::copy(public, server.path("offered.pub")).unwrap();
        let all = [&["-q", "-s", by, "-I", "x"], options, &["offered.pub"]].concat();
        server.keygen(&all);
        server.path("offered-cert.pub").display().to_string()
    };
    let host = ["-h", "-n", "web1,web1.example.org"];
    let place = |file: &str| {
        fleet.host(&[
            "install",
            "--ca",
            &good,
            "-n",
            "web1,web1.example.org",
            file,
        ])
    };
    for (key, by, options, words) in [
        ("host_a", "other-ca", &host[..], "none of the host CAs"),
        ("stranger", "good-ca", &host, "no host key of this sshd"),
        (
            "host_a",
            "good-ca",
            &["-n", "web1,web1.example.org"],
            "no host certificate",
        ),
        (
            "host_a",
            "good-ca",
            &["-h", "-n", "web1"],
            "not valid for `web1.example.org`",
        ),
        (
            "host_a",
            "good-ca",
            &["-h", "-n", "web1,web1.example.org", "-V", "-2h:-1h"],
            "it is valid from",
        ),
        (
            "host_a",
            "good-ca",
            &["-h", "-n", "web1,web1.example.org", "-O", "critical:x=1"],
            "critical option",
        ),
    ] {
        let file = sign(key, by, options);
        place(&file).exits(1).says(words);
        assert!(!server.path("host_a-cert.pub").exists(), "{words}");
    }
    // What was changed after it was signed.
    let file = sign("host_a", "good-ca", &host);
    let text = std::fs::read_to_string(&file).unwrap();
    let mut base64 = text.split(' ').nth(1).unwrap().to_owned().into_bytes();
    let at = base64.len() - 20;
    base64[at] = if base64[at] == b'A' { b'B' } else { b'A' };
    let base64 = String::from_utf8(base64).unwrap();
    write(
        Path::new(&file),
        text.replacen(text.split(' ').nth(1).unwrap(), &base64, 1),
        0o644,
    );
    place(&file).exits(1);
    // An older one doesn't take the place of a newer one.
    let long = [&host[..], &["-V", "-5m:+52w"]].concat();
    let file = sign("host_a", "good-ca", &long);
    place(&file).ok();
    let short = [&host[..], &["-V", "-5m:+1w"]].concat();
    let file = sign("host_a", "good-ca", &short);
    place(&file)
        .exits(1)
        .says("the one that is there is valid until");
}

#[test]
fn the_time_that_is_left_is_watched() {
    let fleet = Fleet::new();
    let server = &fleet.server;
    keygen::make(server.folder(), "good-ca", ED25519);
    let sign = |validity: &str| {
        let arguments = [
            "-q", "-s", "good-ca", "-I", "x", "-h", "-n", "web1", "-V", validity,
        ];
        server.keygen(&[&arguments[..], &["host_a.pub"]].concat());
    };
    let certificate = server.path("host_a-cert.pub").display().to_string();
    fleet.configure(&format!("HostCertificate {certificate}\n"));
    for (validity, code, word) in [
        ("-1h:+1h", 0, "OK"),
        ("-3h:+1h", 1, "WARNING"),
        ("-3h:-1h", 2, "CRITICAL"),
        ("+1h:+3h", 2, "CRITICAL"),
    ] {
        sign(validity);
        let ran = fleet.host(&["status"]).exits(code);
        assert!(
            ran.stdout
                .starts_with(&format!("{word}: 1 host certificate; ")),
            "{ran}"
        );
    }
    std::fs::remove_file(&certificate).unwrap();
    fleet.host(&["status"]).exits(2);
    fleet.host(&["status", "--sshd", "/nosuch"]).exits(3);
    fleet.host(&["status", "--nosuch"]).exits(3);
}

const ROLE: &str = "
[role.servers]
ca         = \"hosts\"
requesters = [\"web*\"]
principals = [\"{requester-names}\"]
storage    = \"ignore\"
lifetime   = { default = \"52w\", maximum = \"52w\" }
";

/// Whoever may drop a file into the folder stops no other's certificate.
#[test]
fn what_else_lies_in_the_folder_of_certificates_is_passed_over_and_said() {
    let fleet = Fleet::new();
    let server = &fleet.server;
    keygen::make(server.folder(), "good-ca", ED25519);
    let sign = |key: &str, validity: &str, to: &str| {
        let arguments = ["-q", "-s", "good-ca", "-I", "x", "-h", "-n", "web1"];
        let public = format!("{key}.pub");
        server.keygen(&[&arguments[..], &["-V", validity, &public]].concat());
        let made = server.path(&format!("{key}-cert.pub"));
        std::fs::rename(made, server.path(to)).unwrap();
    };
    let offered = server.path("offered");
    std::fs::create_dir(&offered).unwrap();
    let ca = server.path("good-ca.pub").display().to_string();
    let install = |files: &[&Path]| {
        let files: Vec<_> = files
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        let files: Vec<_> = files.iter().map(String::as_str).collect();
        let arguments = ["install", "--ca", &ca, "-n", "web1"];
        fleet.host(&[&arguments[..], &files].concat())
    };
    let none = install(&[&offered]).ok();
    assert!(none.stderr.contains("none to put in place"), "{none}");
    // The one that lasts longest, whatever its name.
    sign("host_a", "-5m:+52w", "offered/1-cert.pub");
    sign("host_a", "-5m:+1w", "offered/2-cert.pub");
    std::fs::write(offered.join("0-cert.pub"), [0xff; 100]).unwrap();
    std::fs::write(offered.join("3-cert.pub"), "no certificate").unwrap();
    std::fs::create_dir(offered.join("4-cert.pub")).unwrap();
    let fifo = rustix::fs::FileType::Fifo;
    let path = offered.join("5-cert.pub");
    rustix::fs::mknodat(rustix::fs::CWD, path, fifo, 0o644.into(), 0).unwrap();
    let ran = install(&[&offered]).ok();
    for name in ["0-cert.pub", "3-cert.pub", "4-cert.pub", "5-cert.pub"] {
        let said = ran
            .stderr
            .lines()
            .any(|line| line.starts_with("warning: ") && line.contains(name));
        assert!(said, "{name}: {ran}");
    }
    assert_eq!(ran.stdout.matches("HostCertificate ").count(), 1, "{ran}");
    let there = std::fs::read_to_string(server.path("host_a-cert.pub")).unwrap();
    let longest = std::fs::read_to_string(offered.join("1-cert.pub")).unwrap();
    assert_eq!(there.split(' ').nth(1), longest.split(' ').nth(1));
    // Of files that are named, all are looked at before one is put in place.
    sign("host_b", "-5m:+52w", "b-cert.pub");
    let (good, bad) = (server.path("b-cert.pub"), offered.join("3-cert.pub"));
    install(&[&good, &bad]).exits(1).says("3-cert.pub");
    assert!(!server.path("host_b-cert.pub").exists());
    install(&[&good]).ok();
    assert!(server.path("host_b-cert.pub").exists());
}
