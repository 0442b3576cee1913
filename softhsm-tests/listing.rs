//! What a person looks through: the newest first, under a header, in colour, by a pager.

use serde_json::Value;

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519};
use crate::harness::pty::Pty;
use crate::harness::write;

/// Serials 1 to 3: for an hour, for a year, for a week.
fn three() -> Admin {
    let admin = Admin::ready();
    for (name, validity) in [("hour", "+1h"), ("year", "+52w"), ("week", "+1w")] {
        admin.key(name, ED25519);
        let file = format!("{name}.pub");
        admin.sign(&["-n", name, "-V", validity, &file]).ok();
    }
    admin
}

/// The principals of the rows, which each name one.
fn listed(admin: &Admin, arguments: &[&str]) -> Vec<String> {
    let all = [&["ledger", "list"], arguments].concat();
    let table = admin.punchmark.run(&all).ok().stdout;
    let rows = table.lines().skip(1);
    rows.map(|row| row.split_whitespace().nth(9).unwrap().to_owned())
        .collect()
}

#[test]
fn the_newest_stand_first_below_a_header() {
    let admin = three();
    let table = admin.punchmark.run(&["ledger", "list"]).ok().stdout;
    let header = table.lines().next().unwrap();
    for name in ["CA", "SERIAL", "STATE", "VALID UNTIL", "PRINCIPALS"] {
        assert!(header.contains(name), "{header}");
    }
    assert_eq!(listed(&admin, &[]), ["week", "year", "hour"]);
    assert_eq!(listed(&admin, &["--limit", "2"]), ["week", "year"]);
    assert_eq!(
        listed(&admin, &["--limit", "1", "--role", "operator"]),
        ["week"]
    );
    assert_eq!(
        listed(&admin, &["--limit", "1", "--principal", "year"]),
        ["year"]
    );
    assert_eq!(listed(&admin, &["--limit", "0"]), [""; 0]);
    // A CA that isn't there has no certificates, and is hardly meant.
    let unknown = ["ledger", "list", "--ca", "nosuch"];
    let ran = admin.punchmark.run(&unknown).exits(2);
    ran.says("the ledger has no CA `nosuch`");
    // Programs get the order of the ledger, and the newest of it.
    let arguments = ["ledger", "list", "--json", "--limit", "2"];
    let objects = admin.punchmark.run(&arguments).ok().stdout;
    let serials = objects.lines().map(|line| {
        let object: Value = serde_json::from_str(line).unwrap();
        object["serial"].as_u64().unwrap()
    });
    assert_eq!(serials.collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn a_requester_whom_nobody_knows_is_told_with_the_nearest_who_is_known() {
    let admin = three();
    let key = admin.key("maria", ED25519);
    let public = keygen::public(&key);
    let add = [
        "requester",
        "add",
        "maria",
        "--key",
        public.to_str().unwrap(),
    ];
    admin.punchmark.run(&add).ok();
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let role = "[role.night]\nca = \"users\"\nrequesters = [\"erik\", \"*@example.org\"]\n";
    write(&admin.config_file(), format!("{config}\n{role}"), 0o600);
    let list = |name| ["ledger", "list", "--requester", name];
    let renew = |name| ["renew", "--dry-run", "--requester", name];
    for (typed, near) in [
        ("mara", "maria"),
        ("eriks", "erik"),
        ("oprator", "operator"),
    ] {
        for command in [&list(typed)[..], &renew(typed)] {
            let ran = admin.punchmark.run(command).exits(2);
            ran.says(&format!("nobody called `{typed}` has asked"))
                .says(&format!("did you mean `{near}`?"));
        }
    }
    admin
        .punchmark
        .run(&list("x@example.org"))
        .exits(2)
        .says("`punchmark requester list`");
    for known in ["maria", "erik", "operator"] {
        admin.punchmark.run(&list(known)).ok();
        admin.punchmark.run(&renew(known)).ok();
    }
    // Without the config, its roles name nobody.
    let ledger = admin.config_file().with_file_name("punchmark.ledger");
    let alone = [&list("erik")[..], &["--ledger", ledger.to_str().unwrap()]].concat();
    admin.punchmark.run(&alone).exits(2);
    // Who never asked can be barred all the same.
    let revoke = ["revoke", "--requester", "mara", "--reason", "left", "--yes"];
    admin
        .punchmark
        .run(&revoke)
        .ok()
        .says("did you mean `maria`?");
    admin.punchmark.run(&list("mara")).ok();
}

#[test]
fn what_is_over_soon_can_be_used_until_then() {
    let admin = three();
    assert_eq!(listed(&admin, &["--expires-before", "+1d"]), ["hour"]);
    assert_eq!(
        listed(&admin, &["--expires-before", "+8d"]),
        ["week", "hour"]
    );
    assert_eq!(listed(&admin, &["--expires-before", "-1d"]), [""; 0]);
    admin.punchmark.run(&["revoke", "--serial", "1"]).ok();
    assert_eq!(listed(&admin, &["--expires-before", "+8d"]), ["week"]);
    let state = ["--expires-before", "+8d", "--state", "revoked"];
    assert_eq!(listed(&admin, &state), ["hour"]);
}

#[test]
fn a_terminal_has_colours_unless_somebody_says_no() {
    let admin = three();
    let printed = |variable: &str, value: &str| {
        let mut command = admin.punchmark.on_a_terminal();
        command.env("PAGER", "cat").env(variable, value);
        let (printed, code) = Pty::start({
            command.args(["ledger", "list"]);
            command
        })
        .finish();
        assert_eq!(code, 0, "{printed}");
        printed
    };
    assert!(printed("LC_ALL", "C").contains("\u{1b}[32missued"));
    assert!(!printed("NO_COLOR", "1").contains('\u{1b}'));
    assert!(
        printed("NO_COLOR", "").contains("\u{1b}[32missued"),
        "empty is not set"
    );
    assert!(!printed("TERM", "dumb").contains('\u{1b}'));
    let table = admin.punchmark.run(&["ledger", "list"]).ok();
    assert!(!table.stdout.contains('\u{1b}'), "{table}");
    let refused = admin
        .punchmark
        .run(&["ledger", "show", "users", "9"])
        .exits(1);
    assert!(!refused.stderr.contains('\u{1b}'), "{refused}");
}

#[test]
fn a_long_list_goes_through_the_pager_of_whoever_looks() {
    let admin = three();
    let mut command = admin.punchmark.on_a_terminal();
    command
        .env("PAGER", "sed s/^/paged:/")
        .args(["ledger", "list"]);
    let (printed, code) = Pty::start(command).finish();
    assert_eq!(code, 0, "{printed}");
    assert_eq!(printed.matches("paged:").count(), 4, "{printed}");
    // Who leaves the pager early is told of no failure.
    let mut command = admin.punchmark.on_a_terminal();
    command.env("PAGER", "true").args(["ledger", "list"]);
    let (printed, _ended_early) = Pty::start(command).finish();
    assert!(!printed.contains("punchmark:"), "{printed}");
    // A program that reads is no person.
    let mut command = admin.punchmark.on_a_terminal();
    command.env("PAGER", "sed s/^/paged:/");
    command.args(["ledger", "list", "--json"]);
    let (printed, _) = Pty::start(command).finish();
    assert!(!printed.contains("paged:"), "{printed}");
}
