//! A login that worked is refused once it was revoked, by each kind of revocation, at a real
//! sshd with `RevokedKeys`; and somebody else goes on logging in.

use std::path::PathBuf;

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::{bounded, run_fed};
use crate::harness::punchmark::BINARY;
use crate::harness::sshd::{Configuration, Sshd};
use crate::harness::write;

/// Peter (serial 1, key ID `peter`) and Erik (serial 1000, key ID `erik`), at an sshd that
/// reads an empty list so far.
struct World {
    admin: Admin,
    sshd: Sshd,
}

impl World {
    fn new() -> Self {
        let admin = Admin::ready();
        for (name, serial) in [("peter", "1"), ("erik", "1000")] {
            admin.key(name, ED25519);
            let arguments = ["-I", name, "-z", serial, "-n", name, &format!("{name}.pub")];
            admin.sign(&arguments).ok();
        }
        let list = admin.punchmark.path("revoked.krl");
        write(&list, "", 0o644);
        let users = Configuration::users(&admin.ca_file("users"), &["peter", "erik"]);
        let sshd = Sshd::start(&users.line(&format!("RevokedKeys {}", list.display())));
        let world = Self { admin, sshd };
        world.lets_in("peter");
        world.lets_in("erik");
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.admin.punchmark.path(name)
    }

    /// sshd reads the list anew for each login.
    #[track_caller]
    fn lets_in(&self, name: &str) {
        self.sshd.login(&self.path(name)).ok();
    }

    #[track_caller]
    fn refuses(&self, name: &str) {
        let ran = self.sshd.login(&self.path(name));
        ran.exits(255).says("revoked").says("Permission denied");
    }

    /// Revokes in the ledger and makes the list of it.
    fn revoke(&self, arguments: &[&str]) {
        let punchmark = &self.admin.punchmark;
        punchmark.run(&[&["revoke"], arguments].concat()).ok();
        punchmark.run(&["krl", "--out", "revoked.krl"]).ok();
    }

    /// Makes the list of a specification; `ca` as for `-s`.
    fn specify(&self, ca: &str, spec: &str) {
        let mut command = self.admin.punchmark.prepare(bounded(BINARY));
        command.args(["krl", "spec", "-f", "revoked.krl", "-s", ca, "-"]);
        run_fed(&mut command, spec.as_bytes()).ok();
    }

    fn line(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn ca(&self) -> String {
        self.admin.ca_file("users").display().to_string()
    }
}

#[test]
fn what_the_ledger_revokes_is_refused_by_each_selector() {
    for (flag, value) in [
        ("--serial", "1"),
        ("--key-id", "peter"),
        ("--certificate", "peter-cert.pub"),
        ("--key", "peter.pub"),
        ("--fingerprint", ""),
        ("--principal", "peter"),
    ] {
        let world = World::new();
        let print = keygen::fingerprint(&world.path("peter.pub"));
        let value = if value.is_empty() { &print } else { value };
        world.revoke(&[flag, value]);
        world.refuses("peter");
        world.lets_in("erik");
    }
}

#[test]
fn what_means_many_refuses_them_all() {
    for selector in [
        &["--serial", "1-1000"][..],
        &["--role", "operator"],
        &["--requester", "operator"],
        &["--issued-before", "+1m"],
    ] {
        let world = World::new();
        world.revoke(selector);
        world.refuses("peter");
        world.refuses("erik");
    }
}

#[test]
fn every_section_of_a_krl_refuses_whom_it_names() {
    let world = World::new();
    let ca = world.ca();
    let (key, certificate) = (world.line("peter.pub"), world.line("peter-cert.pub"));
    let print = keygen::fingerprint(&world.path("peter.pub"));
    // A list, a range and a bitmap of serials, each of which the next spec is made into.
    let bitmap: String = (0..200)
        .map(|n| format!("serial: {}\n", 1 + 3 * n))
        .collect();
    for (ca, spec) in [
        (ca.as_str(), "serial: 1\n".to_owned()),
        (
            &ca,
            "serial: 0x1-999\nserial: 1001-18446744073709551615\n".to_owned(),
        ),
        (&ca, bitmap),
        (&ca, "id: peter\n".to_owned()),
        (&ca, certificate.clone()),
        ("none", "serial: 1\n".to_owned()),
        ("none", "id: peter\n".to_owned()),
        ("none", key.clone()),
        ("none", format!("key: {key}")),
        ("none", format!("sha1: {key}")),
        ("none", format!("sha256: {key}")),
        ("none", format!("hash: {print}\n")),
    ] {
        world.specify(ca, &spec);
        world.refuses("peter");
        world.lets_in("erik");
        world.specify(ca, "");
        world.lets_in("peter");
    }
}

#[test]
fn a_revoked_ca_takes_all_of_its_certificates_down_and_another_ca_none() {
    let world = World::new();
    let ca = std::fs::read_to_string(world.admin.ca_file("users")).unwrap();
    for spec in [ca.clone(), format!("sha1: {ca}"), format!("sha256: {ca}")] {
        world.specify("none", &spec);
        world.refuses("peter");
        world.refuses("erik");
    }
    keygen::make(world.admin.punchmark.home(), "other", ED25519);
    world.specify("other.pub", "serial: 1-18446744073709551615\nid: peter\n");
    world.lets_in("peter");
    world.lets_in("erik");
}

#[test]
fn a_fetched_list_refuses_and_a_failed_fetch_goes_on_refusing() {
    let world = World::new();
    let punchmark = &world.admin.punchmark;
    keygen::make(punchmark.home(), "ledger_key", ED25519);
    punchmark.run(&["revoke", "--serial", "1"]).ok();
    let make = ["krl", "--out", "made.krl", "--ledger-key", "ledger_key"];
    punchmark.run(&make).ok();
    let fetch = [
        "krl",
        "fetch",
        "made.krl",
        "--out",
        "revoked.krl",
        "--signer",
        "ledger_key.pub",
    ];
    punchmark.run(&fetch).ok();
    world.refuses("peter");
    world.lets_in("erik");
    punchmark.run(&["revoke", "--serial", "7"]).ok();
    punchmark.run(&make).ok();
    write(&world.path("made.krl"), "", 0o644);
    let ran = punchmark.run(&fetch).exits(2);
    assert!(
        ran.stdout.contains("not the signature of this list"),
        "{ran}"
    );
    world.refuses("peter");
    world.lets_in("erik");
}
