//! `bundle`: requests that are carried to an offline CA, and what is looked at on the way.

use serde_json::Value;

use crate::harness::admin::Admin;
use crate::harness::process::{Ran, bounded, run};
use crate::harness::two_sides::ROLES;

fn bundle(admin: &Admin, arguments: &[&str]) -> Ran {
    admin.punchmark.run(&[&["bundle"], arguments].concat())
}

fn make(admin: &Admin, out: &str, arguments: &[&str]) -> Ran {
    let all = [&["make", "--key", "ole", "--out", out], arguments].concat();
    bundle(admin, &all)
}

/// An admin with two roles, ole as registrar for one of them, and keys of four people.
fn office() -> Admin {
    let admin = Admin::ready().and_config(ROLES);
    for name in ["ole", "peter", "erik", "anna"] {
        admin.key(name, crate::harness::keygen::ED25519);
    }
    let add = [
        "requester",
        "add",
        "ole",
        "--key",
        "ole.pub",
        "--registrar",
        "engineer",
    ];
    admin.punchmark.run(&add).ok();
    admin
}

fn request(admin: &Admin, name: &str, role: &str) {
    let key = format!("{name}.pub");
    let all = ["request", "--role", role, "--requester", name, "--ca"];
    let ca = admin.ca_file("users");
    let mut command = admin
        .punchmark
        .prepare(bounded(crate::harness::punchmark::BINARY));
    run(command.args(all).arg(ca).arg("--key").arg(key)).ok();
}

fn objects(ran: &Ran) -> Vec<Value> {
    let lines = ran.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn write(admin: &Admin, name: &str, text: &str) {
    std::fs::write(admin.punchmark.path(name), text).unwrap();
}

#[test]
fn a_registrar_puts_requests_and_keys_into_one_file_and_anybody_can_review_it() {
    let admin = office();
    request(&admin, "peter", "engineer");
    let people = "key,requester,role,validity,options,reason\n\
        erik.pub,erik,engineer,+2h,no-pty,first week\n";
    write(&admin, "people.csv", people);
    let made = make(
        &admin,
        "one.bundle",
        &["--manifest", "people.csv", "peter.req", "--json"],
    )
    .ok();
    let made = objects(&made).remove(0);
    assert_eq!(
        (&made["items"], &made["registrar"]),
        (&Value::from(2), &Value::from("ole"))
    );
    let shown = bundle(&admin, &["show", "one.bundle"]).ok();
    for words in [
        "asks for   2 certificates",
        "follows    none: it is the first",
        made["sha256"].as_str().unwrap(),
        made["words"].as_str().unwrap(),
        "peter, role engineer, by request",
        "erik, role engineer, by registrar",
        "reason      first week",
        "options     no-pty",
        "! erik has no certificate in this ledger",
    ] {
        assert!(shown.stdout.contains(words), "{words}: {shown}");
    }
    let items = objects(&bundle(&admin, &["show", "one.bundle", "--json"]).ok());
    assert_eq!(items.len(), 3);
    assert!(
        items[2]["place"]
            .as_str()
            .unwrap()
            .ends_with("/erik-cert.pub"),
        "{items:?}"
    );
    // The next one says which it follows.
    write(
        &admin,
        "anna.csv",
        "key,requester,role\nanna.pub,anna,engineer\n",
    );
    let next = make(&admin, "two.bundle", &["--manifest", "anna.csv", "--json"]).ok();
    assert_eq!(objects(&next)[0]["before"], made["sha256"]);
    make(&admin, "two.bundle", &["--manifest", "anna.csv"])
        .exits(1)
        .says("is there already");
    admin.assert_issued(0);
}

#[test]
fn a_registrars_word_counts_for_the_registrars_roles_and_for_others_alone() {
    let admin = office();
    let refused = |manifest: &str, words: &str| {
        write(&admin, "people.csv", manifest);
        let ran = make(&admin, "no.bundle", &["--manifest", "people.csv"]);
        let ran = ran.exits(3).says(words);
        assert!(!admin.punchmark.path("no.bundle").exists(), "{ran}");
    };
    refused(
        "key,requester,role\nerik.pub,erik,boss\n",
        "ole is no registrar for role `boss`",
    );
    refused(
        "key,requester,role\nerik.pub,ole,engineer\n",
        "nobody's own word says whose a key is",
    );
    let add = ["requester", "add", "anna", "--key", "anna.pub"];
    admin.punchmark.run(&add).ok();
    refused(
        "key,requester,role\nanna.pub,erik,engineer\n",
        "the key or card is that of requester `anna`, not of `erik`",
    );
    refused(
        "key,requester,role\nerik.pub,mallory,engineer\n",
        "`mallory` is not among those of the role",
    );
    // Who is enrolled needs no registrar's word: not even for a role that is not the registrar's.
    write(
        &admin,
        "people.csv",
        "key,requester,role\nanna.pub,anna,boss\n",
    );
    make(&admin, "anna.bundle", &["--manifest", "people.csv"]).ok();
    write(
        &admin,
        "people.csv",
        "key,requester,role,validity\nerik.pub,erik,engineer,2031-01-01\n",
    );
    make(&admin, "no.bundle", &["--manifest", "people.csv"])
        .exits(2)
        .says("an end alone");
    make(&admin, "no.bundle", &["erik.pub"])
        .exits(1)
        .says("--manifest");
    // Anna is nobody's registrar, and mallory's key nobody's.
    let by = |key: &str| {
        bundle(
            &admin,
            &[
                "make",
                "--key",
                key,
                "--out",
                "no.bundle",
                "--manifest",
                "people.csv",
            ],
        )
    };
    by("anna").exits(1).says("anna is no registrar");
    by("peter").exits(1).says("is enrolled for nobody");
    let remove = ["requester", "remove", "ole", "--registrar"];
    admin.punchmark.run(&remove).ok();
    by("ole").exits(1).says("ole is no registrar");
    bundle(&admin, &["show", "anna.bundle"])
        .exits(1)
        .says("ole is no registrar");
}

#[test]
fn a_bundle_that_another_hand_was_on_is_not_shown() {
    let admin = office();
    write(
        &admin,
        "people.csv",
        "key,requester,role\nerik.pub,erik,engineer\n",
    );
    make(&admin, "one.bundle", &["--manifest", "people.csv"]).ok();
    let whole = std::fs::read(admin.punchmark.path("one.bundle")).unwrap();
    let show = |bytes: &[u8]| {
        std::fs::write(admin.punchmark.path("odd.bundle"), bytes).unwrap();
        bundle(&admin, &["show", "odd.bundle"])
    };
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    let ran = show(&changed)
        .exits(1)
        .says("the items are not those that the registrar signed");
    assert_eq!(ran.stdout, "");
    show(&[&whole[..], b"more"].concat())
        .exits(1)
        .says("the header says");
    show(&whole[..whole.len() - 1])
        .exits(1)
        .says("the header says");
    show(b"-----BEGIN").exits(1).says("larger than");
    // Held against another ledger, it is one that goes on from nothing there.
    let other = office();
    std::fs::write(other.punchmark.path("one.bundle"), &whole).unwrap();
    bundle(&other, &["show", "one.bundle"])
        .exits(1)
        .says("it was made against another ledger than this one");
}

#[test]
fn what_is_unusual_about_an_item_is_told() {
    let admin = office();
    write(
        &admin,
        "people.csv",
        "key,requester,role,options\nerik.pub,erik,engineer,no-pty\n",
    );
    let sign = ["sign", "--manifest", "people.csv", "--yes"];
    admin.punchmark.pinned(&sign).ok();
    write(
        &admin,
        "people.csv",
        "key,requester,role,options\nerik.pub,erik,engineer,permit-pty\n",
    );
    make(&admin, "one.bundle", &["--manifest", "people.csv"]).ok();
    let shown = bundle(&admin, &["show", "one.bundle"]).ok();
    for words in [
        "! the key was certified before: serial 1 of users, for erik",
        "! options: permit-pty, which serial 1 did not have",
    ] {
        assert!(shown.stdout.contains(words), "{words}: {shown}");
    }
}

#[test]
fn what_bound_a_certificate_before_and_a_longer_validity_are_told() {
    let admin = office();
    admin.configure(
        "\n[role.visitor]\nca = \"users\"\nrequesters = [\"erik\"]\nprincipals = [\"{requester}\"]\n\
         storage = \"ignore\"\nlifetime = { default = \"1h\", maximum = \"8h\" }\n\
         critical-options = { allowed = [\"source-address=*\", \"force-command=*\"] }\n",
    );
    let add = ["requester", "add", "erik", "--key", "erik.pub"];
    admin.punchmark.run(&add).ok();
    let manifest = |validity: &str, options: &str| {
        let head = "key,requester,role,validity,options";
        let line = format!("{head}\nerik.pub,erik,visitor,{validity},{options}\n");
        write(&admin, "people.csv", &line);
    };
    let bound = "source-address=10.0.0.0/8;force-command=/bin/true";
    manifest("+1h", bound);
    let sign = ["sign", "--manifest", "people.csv", "--yes"];
    admin.punchmark.pinned(&sign).ok();
    let shown = |name: &str, validity: &str, options: &str| {
        manifest(validity, options);
        make(&admin, name, &["--manifest", "people.csv"]).ok();
        bundle(&admin, &["show", name]).stdout
    };
    let same = shown("same.bundle", "+1h", bound);
    assert_eq!(same.matches("! ").count(), 1, "{same}");
    let wider = shown("wider.bundle", "+4h", "source-address=10.1.0.0/16");
    for words in [
        "! source-address is asked for otherwise than in serial 1",
        "! force-command is not asked for (the role may give it), and bound serial 1",
        "! valid for 4 hours, and serial 1 was for 1 hour",
    ] {
        assert!(wider.contains(words), "{words}: {wider}");
    }
}
