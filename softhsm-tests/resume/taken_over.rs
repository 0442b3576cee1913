//! What the next list has of one that was taken over.

use super::*;

/// What a list revokes of each CA, as `krl show` prints it: a `#` line, and those under it.
fn sections(admin: &Admin, list: &str) -> BTreeMap<String, BTreeSet<String>> {
    let shown = admin.punchmark.run(&["krl", "show", list]).ok().stdout;
    let (mut sections, mut of) = (BTreeMap::new(), String::new());
    for line in shown.lines() {
        if line.starts_with('#') {
            line.clone_into(&mut of);
        } else if !line.is_empty() {
            let lines: &mut BTreeSet<String> = sections.entry(of.clone()).or_default();
            lines.insert(line.to_owned());
        }
    }
    sections
}

fn of<'s>(sections: &'s BTreeMap<String, BTreeSet<String>>, key: &str) -> Vec<&'s str> {
    let (_, lines) = sections.iter().find(|(ca, _)| ca.contains(key)).unwrap();
    lines.iter().map(String::as_str).collect()
}

#[test]
fn serials_and_key_ids_of_a_list_that_was_taken_over_stand_in_the_next_one_for_each_ca() {
    let admin = ready();
    admin.init("hosts", "p256", "host").ok();
    let punchmark = |arguments: &[&str]| admin.punchmark.run(arguments).ok();
    let krl = |out| punchmark(&["krl", "--out", out, "--ledger-key", "ledger_key"]);
    krl("first.krl");
    let last_night = std::fs::read(admin.ledger_file()).unwrap();
    for named in [
        &["--ca", "users", "--serial", "2"][..],
        &["--ca", "users", "--key-id", "stolen laptop"],
        &["--ca", "hosts", "--serial", "7-9"],
        &["--ca", "hosts", "--key-id", "web1"],
    ] {
        punchmark(&[&["revoke", "--reason", "lost", "--yes"], named].concat());
    }
    krl("revoked.krl");
    std::fs::write(admin.ledger_file(), last_night).unwrap();
    let before = sections(&admin, "revoked.krl");
    let (said, code) = resume(&admin, &["--after", "8", "--krl", "revoked.krl"]);
    assert_eq!(code, 0, "{said}");
    krl("next.krl");
    let next = sections(&admin, "next.krl");
    let print = |ca: &str| {
        keygen::fingerprint(&admin.punchmark.path(&format!("config/punchmark/{ca}.pub")))
    };
    let (users, hosts) = (print("users"), print("hosts"));
    let of_users = ["id: stolen laptop", "serial: 2"];
    let of_hosts = ["id: web1", "serial: 7-9"];
    assert_eq!(of(&before, &users), of_users);
    assert_eq!(of(&before, &hosts), of_hosts);
    // And the gap of the one CA that was resumed.
    assert_eq!(
        of(&next, &users),
        [&of_users[..], &["serial: 4-8"]].concat()
    );
    assert_eq!(of(&next, &hosts), of_hosts);
}

#[test]
fn what_a_list_that_was_taken_over_revokes_of_every_ca_is_revoked_of_each() {
    let admin = ready();
    admin.init("hosts", "p256", "host").ok();
    let punchmark = |arguments: &[&str]| admin.punchmark.run(arguments).ok();
    let krl = |out| punchmark(&["krl", "--out", out, "--ledger-key", "ledger_key"]);
    krl("first.krl");
    // A list that OpenSSH's own tool made, of a higher version, which names no CA.
    let path = |name: &str| admin.punchmark.path(name);
    write(&path("spec"), "serial: 2\nid: stolen laptop\n", 0o644);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let version = (now.as_secs() + 3600).to_string();
    let mut make = bounded("ssh-keygen");
    make.args(["-q", "-k", "-s", "none", "-z", &version, "-f"]);
    run(make.args(["revoked.krl", "spec"].map(path))).ok();
    let mut sign = bounded("ssh-keygen");
    sign.args(["-q", "-Y", "sign", "-n", "krl@punchmark", "-f"]);
    run(sign.args(["ledger_key", "revoked.krl"].map(path))).ok();
    let (said, code) = resume(&admin, &["--after", "4", "--krl", "revoked.krl"]);
    assert_eq!(code, 0, "{said}");
    krl("next.krl");
    let next = sections(&admin, "next.krl");
    for (ca, gap) in [("users", &["serial: 4"][..]), ("hosts", &[])] {
        let print =
            keygen::fingerprint(&admin.punchmark.path(&format!("config/punchmark/{ca}.pub")));
        let both = [&["id: stolen laptop", "serial: 2"], gap].concat();
        assert_eq!(of(&next, &print), both, "{ca}");
    }
}

#[test]
fn the_serials_of_a_gap_are_revoked() {
    let admin = put_back();
    let (said, code) = resume(&admin, &["--after", "10", "--no-krl"]);
    assert_eq!(code, 0, "{said}");
    admin.punchmark.run(&["krl", "--out", "revoked.krl"]).ok();
    let shown = admin.punchmark.run(&["krl", "show", "revoked.krl"]).ok();
    assert!(shown.stdout.contains("serial: 4-10"), "{shown}");
    let show = |serial| admin.punchmark.run(&["ledger", "show", "users", serial]);
    let words = "given to nobody by this ledger; revoked on ";
    for serial in ["4", "10"] {
        let shown = show(serial).ok();
        assert!(shown.stdout.contains(words), "{shown}");
        assert!(shown.stdout.contains("with a gap"), "{shown}");
    }
    show("11").exits(1).says("has no certificate 11");
    let json = ["ledger", "show", "users", "7", "--json"];
    let shown = admin.punchmark.run(&json).ok();
    let told: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(told["state"], "revoked", "{shown}");
    assert_eq!(told["revoked"]["by"], "gap", "{shown}");
    // What is revoked ahead of the sequence was given to nobody either.
    let ahead = ["revoke", "--serial", "30-40", "--yes", "--reason", "lost"];
    admin.punchmark.run(&ahead).ok();
    let shown = show("35").ok();
    assert!(shown.stdout.contains("by its serial"), "{shown}");
}
