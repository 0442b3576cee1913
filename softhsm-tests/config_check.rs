//! What `init` writes into a new config, `role add` adds to it, and `config check` finds in it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::harness::admin::Admin;
use crate::harness::token::{PIN, Token};

const TEMPLATES: [&str; 5] = ["engineer", "production", "host", "automation", "emergency"];

fn config(admin: &Admin) -> String {
    fs::read_to_string(admin.config_file()).unwrap()
}

fn checked(admin: &Admin, code: i32) -> Value {
    let ran = admin.punchmark.run(&["config", "check", "--json"]);
    serde_json::from_str(&ran.exits(code).stdout).unwrap()
}

#[test]
fn a_new_config_has_templates_as_comments_and_a_default_lifetime() {
    let admin = Admin::ready().and_key("key");
    for template in TEMPLATES {
        let header = format!("# [role.{template}]\n");
        assert!(config(&admin).contains(&header), "{header}");
    }
    let said = admin.sign(&["-n", "peter", "key.pub"]).ok();
    assert!(said.stderr.contains("(8 hours)"), "{said}");
    // It is a default, and no limit.
    let asked = ["-n", "peter", "-V", "20200101:forever", "key.pub"];
    admin.sign(&asked).ok();
    let checked = checked(&admin, 0);
    assert_eq!(checked["faults"], Value::Array(Vec::new()));
}

#[test]
fn lint_of_a_config_that_cannot_be_read_says_all_that_is_wrong_and_others_say_who_does() {
    let admin = Admin::ready();
    let roles = "\n[role.a]\nlifetime = \"99q\"\n[role.b]\nstorage = \"somewhere\"\n";
    fs::write(admin.config_file(), config(&admin) + roles).unwrap();
    let lint = admin.punchmark.run(&["role", "lint"]).exits(1);
    lint.says("\"99q\"").says("`somewhere`");
    let list = admin.punchmark.run(&["role", "list"]).exits(1);
    list.says("\"99q\"").says("`punchmark config check`");
}

#[test]
fn a_second_ca_adds_nothing_to_roles_that_are_there() {
    let admin = Admin::ready();
    let before = config(&admin);
    admin.init("hosts", "p256", "host").ok();
    let added = config(&admin);
    assert!(added.starts_with(&before), "{added}");
    assert_eq!(added.matches("[role.operator]").count(), 1, "{added}");
}

#[test]
fn a_role_is_added_behind_all_that_stands_there() {
    let admin = Admin::ready().and_key("key");
    admin.configure("# mine: stays\n");
    fs::set_permissions(admin.config_file(), fs::Permissions::from_mode(0o640)).unwrap();
    let before = config(&admin);
    let add = [
        "role",
        "add",
        "team",
        "--like",
        "engineer",
        "--requester",
        "peter",
    ];
    let shown = admin
        .punchmark
        .run(&[&add[..], &["--dry-run"]].concat())
        .ok();
    assert!(shown.stdout.contains("+ [role.team]\n"), "{shown}");
    assert!(
        shown.stdout.contains("+ requesters = [\"peter\"]\n"),
        "{shown}"
    );
    assert_eq!(config(&admin), before);
    let added = admin.punchmark.run(&add).ok();
    assert_eq!(added.stdout, shown.stdout);
    let after = config(&admin);
    assert!(after.starts_with(&before) && after.len() > before.len());
    let mode = fs::metadata(admin.config_file())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
    let tried = ["role", "try", "team", "--requester", "peter", "key.pub"];
    let tried = admin.punchmark.run(&tried).ok();
    assert!(tried.stdout.contains("principals  peter_file"), "{tried}");
    // Like a role of the config, for somebody else.
    let like = [
        "role",
        "add",
        "night",
        "--like",
        "team",
        "--requester",
        "erik",
    ];
    admin.punchmark.run(&like).ok();
    let night = admin
        .punchmark
        .run(&["role", "show", "night", "--json"])
        .ok();
    let night: Value = serde_json::from_str(&night.stdout).unwrap();
    assert_eq!(night["table"]["requesters"], serde_json::json!(["erik"]));
    assert_eq!(night["table"]["lifetime"]["maximum"], "24h");
}

#[test]
fn a_role_that_is_there_or_like_nothing_is_refused() {
    let admin = Admin::ready();
    let add = |name: &str, like: &str| admin.punchmark.run(&["role", "add", name, "--like", like]);
    add("team", "engineer").ok();
    let before = config(&admin);
    add("team", "engineer")
        .exits(2)
        .says("has a role `team` already");
    add("more", "enginer")
        .exits(2)
        .says("did you mean `engineer`?");
    add("web", "host")
        .exits(2)
        .says("no CA of the config signs host certificates");
    assert_eq!(config(&admin), before);
    admin.init("hosts", "p256", "host").ok();
    add("web", "host").ok();
    let shown = admin.punchmark.run(&["role", "show", "web"]).ok();
    assert!(shown.stdout.contains("ca = \"hosts\""), "{shown}");
}

#[test]
fn every_fault_of_a_config_is_told_with_its_line_and_its_ca() {
    let admin = Admin::ready();
    admin.init("hosts", "p256", "host").ok();
    let broken = config(&admin).replacen("certificates = \"user\"", "certificates = \"usr\"", 1)
        + "\n[role.y]\ncolour = 1\nstorage = \"marked\"\n";
    fs::write(admin.config_file(), &broken).unwrap();
    fs::remove_file(admin.ca_file("hosts")).unwrap();
    let line = |text: &str| {
        let before = broken.lines().position(|line| line.starts_with(text));
        u64::try_from(before.unwrap()).unwrap() + 1
    };
    let found = checked(&admin, 1);
    let faults = found["faults"].as_array().unwrap();
    let places: Vec<_> = faults
        .iter()
        .map(|fault| (fault["line"].as_u64(), fault["table"].as_str().unwrap()))
        .collect();
    let expected = [
        (Some(line("certificates = \"usr\"")), "ca.users"),
        (Some(line("colour")), "role.y"),
        (Some(line("storage = \"marked\"")), "role.y"),
        (None, "ca.hosts"),
    ];
    assert_eq!(places, expected, "{found}");
    assert_eq!(faults[0]["ca"], "users");
    assert_eq!(faults[1]["role"], "y");
    let words = admin.punchmark.run(&["config", "check"]).exits(1);
    let place = format!(
        ":{}:16: [ca.users] unknown variant `usr`",
        line("certificates = \"usr\"")
    );
    assert!(words.stdout.contains(&place), "{words}");
    assert!(words.stdout.contains("hosts.pub: No such file"), "{words}");
}

#[test]
fn a_config_that_others_can_write_or_that_is_not_there_is_no_good_one() {
    let admin = Admin::ready();
    fs::set_permissions(admin.config_file(), fs::Permissions::from_mode(0o666)).unwrap();
    let found = checked(&admin, 1);
    assert_eq!(found["faults"].as_array().unwrap().len(), 1, "{found}");
    fs::remove_file(admin.config_file()).unwrap();
    let gone = admin.punchmark.run(&["config", "check"]);
    gone.exits(1).says("no config at");
}

#[test]
fn a_description_is_shown_wherever_its_role_or_ca_is() {
    let admin = Admin::ready().and_key("key");
    let add = [
        "role",
        "add",
        "team",
        "--like",
        "engineer",
        "--requester",
        "peter",
    ];
    admin.punchmark.run(&add).ok();
    let described = config(&admin)
        .replacen(
            "[ca.users]\n",
            "[ca.users]\ndescription = \"People, by day\"\n",
            1,
        )
        .replacen(
            "[role.team]\n",
            "[role.team]\ndescription = \"The night shift\"\n",
            1,
        );
    fs::write(admin.config_file(), described).unwrap();
    for (command, words) in [
        ("ca list", "People, by day"),
        ("ca show", "People, by day"),
        ("ca show --json", "People, by day"),
        ("status --json", "People, by day"),
        ("role list", "The night shift"),
        ("role show team", "The night shift"),
        ("role try team --requester peter key.pub", "The night shift"),
    ] {
        let arguments: Vec<_> = command.split(' ').collect();
        let told = admin.punchmark.run(&arguments);
        assert!(told.stdout.contains(words), "{command}: {told}");
    }
    let mut command = admin.punchmark.on_a_terminal();
    command.args(["sign", "--role", "team", "--requester", "peter", "key.pub"]);
    let mut pty = crate::harness::pty::Pty::start(command);
    pty.expect("role        team: The night shift");
    pty.expect("Is that so?");
    pty.type_line("y");
    pty.expect("PIN for");
    pty.type_line(PIN);
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    let steering = config(&admin).replacen("by day", "by \\u001b[31mday", 1);
    fs::write(admin.config_file(), steering).unwrap();
    let refused = admin.punchmark.run(&["ca", "list"]).exits(1);
    refused.says("a description is one line");
}

#[test]
fn what_init_says_next_gives_the_suffix() {
    let admin = Admin::new(Token::softhsm());
    let locator = admin.token.locator("users");
    let init = ["init", "users", "--algorithm", "p256", "--key", &locator];
    let said = admin.punchmark.pinned(&init).ok();
    let typed = said.stdout.lines().map(str::trim);
    let typed: Vec<_> = typed
        .filter(|line| line.starts_with("punchmark "))
        .collect();
    assert_eq!(typed.len(), 2, "{said}");
    admin.key("peter", crate::harness::keygen::ED25519);
    for line in typed {
        let words: Vec<_> = line.split(' ').skip(1).collect();
        admin
            .punchmark
            .pinned(&[&["--yes"], &words[..]].concat())
            .ok();
    }
    let shown = admin.punchmark.run(&["show", "peter-cert.pub"]).ok();
    assert!(shown.stdout.contains("peter_file"), "{shown}");
}

#[test]
fn every_fault_of_a_command_line_is_told_at_once() {
    let admin = Admin::ready();
    let says = |arguments: &[&str], all: &[&str]| {
        let ran = admin.punchmark.run(arguments);
        for words in all {
            assert!(ran.stderr.contains(words), "{words}: {ran}");
        }
    };
    says(
        &[
            "request",
            "--role",
            "a",
            "--key",
            "k.pub",
            "-n",
            "a,,b",
            "-V",
            "x",
            "-O",
            "nonsense",
            "--ca",
            "gone.pub",
            "--challenge",
            "gone",
            "--out",
            "no/such/folder",
        ],
        &["gone.pub", "validity", "nonsense", "gone:", "no/such"],
    );
    says(
        &[
            "init",
            "users",
            "--algorithm",
            "p256",
            "--key",
            "file:/k",
            "--attestation-roots",
            "gone",
        ],
        &["`users` already", "ssh-keygen", "gone"],
    );
    says(
        &[
            "revoke",
            "--key",
            "gone.pub",
            "--certificate",
            "gone-cert.pub",
            "--issued-before",
            "x",
        ],
        &["gone.pub", "gone-cert.pub", "is no date"],
    );
    says(
        &[
            "enroll",
            "peter_file",
            "--role",
            "nosuch",
            "--piv",
            "9a",
            "-V",
            "x",
        ],
        &["peter_file", "nosuch", "validity"],
    );
}

#[test]
fn a_ca_a_card_and_a_key_are_named_alike_by_every_command() {
    let admin = Admin::ready().and_key("key");
    let sign = ["sign", "--ca", "users", "-I", "a", "-n", "a", "key.pub"];
    admin.punchmark.pinned(&sign).ok();
    let listed = |key: &str| admin.punchmark.run(&["ledger", "list", "--key", key]).ok();
    let by_file = listed("key.pub");
    assert!(by_file.stdout.contains("users"), "{by_file}");
    let fingerprint = by_file.stdout.split_whitespace().last().unwrap();
    assert_eq!(listed(fingerprint).stdout, by_file.stdout);
    let revoke = ["revoke", "--key", fingerprint, "--dry-run"];
    admin.punchmark.run(&revoke).ok();
    let card = ["setup-card", "--card", "7", "--yes"];
    let gone = admin.punchmark.run(&card);
    assert!(!gone.stderr.contains("unexpected argument"), "{gone}");
}
