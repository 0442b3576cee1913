//! `sign --manifest`: a list of people or hosts, each with what is asked for its own key.

use std::path::Path;

use serde_json::Value;

use crate::harness::admin::Admin;
use crate::harness::keygen;
use crate::harness::process::{Ran, bounded, run, run_fed};
use crate::harness::pty::Pty;
use crate::harness::punchmark::BINARY;
use crate::harness::token::PIN;

fn manifest(admin: &Admin, text: &str, arguments: &[&str]) -> Ran {
    write(admin, "people.csv", text);
    let all = [&["sign", "--manifest", "people.csv"], arguments].concat();
    admin.punchmark.pinned(&all)
}

fn write(admin: &Admin, name: &str, text: &str) {
    std::fs::write(admin.punchmark.path(name), text).unwrap();
}

/// The line of a public key of the home.
fn key(admin: &Admin, name: &str) -> String {
    let text = std::fs::read_to_string(admin.punchmark.path(name)).unwrap();
    text.trim().to_owned()
}

fn objects(ran: &Ran) -> Vec<Value> {
    let lines = ran.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn read(admin: &Admin, name: &str) -> keygen::Reading {
    keygen::read(&admin.punchmark.path(name))
}

#[test]
fn each_line_gets_what_it_asks_for_and_a_run_that_broke_off_goes_on() {
    let admin = Admin::ready();
    admin.public_keys(3);
    let inline = key(&admin, "key1.pub");
    let people = format!(
        "key,principals,key-id,validity,options\n\
         key0.pub,\"peter,root\",\"peter, laptop\",+8h,no-pty;source-address=10.0.0.0/8\n\
         {inline},erik,erik,,\n\
         key2.pub,anna,anna,+2d,clear\n"
    );
    let dry = manifest(&admin, &people, &["-s", "users", "-V", "+1h", "--dry-run"]).ok();
    assert!(
        dry.stdout.contains("3 certificates would be signed"),
        "{dry}"
    );
    admin.assert_issued(0);
    let ran = manifest(&admin, &people, &["-s", "users", "-V", "+1h", "--json"]).ok();
    let objects = objects(&ran);
    let mut files: Vec<_> = objects
        .iter()
        .map(|object| object["file"].as_str().unwrap())
        .collect();
    files.sort_unstable();
    assert_eq!(files, ["people.csv:2", "people.csv:3", "people.csv:4"]);
    let peter = read(&admin, "key0-cert.pub");
    assert_eq!(peter.principals, ["peter", "root"]);
    assert_eq!(peter.field("Key ID"), "peter, laptop");
    assert_eq!(peter.critical, ["source-address 10.0.0.0/8"]);
    assert!(
        !peter.extensions.iter().any(|name| name == "permit-pty"),
        "{peter:?}"
    );
    assert_eq!(read(&admin, "erik-cert.pub").principals, ["erik"]);
    assert!(read(&admin, "key2-cert.pub").extensions.is_empty());
    std::fs::remove_file(admin.punchmark.path("erik-cert.pub")).unwrap();
    let again = manifest(&admin, &people, &["-s", "users", "-V", "+1h", "--resume"]).ok();
    assert!(
        again
            .stderr
            .contains("3 keys had a certificate before, 1 of them written again"),
        "{again}"
    );
    assert_eq!(read(&admin, "erik-cert.pub").principals, ["erik"]);
    admin.assert_issued(3);
    admin.punchmark.run(&["ledger", "verify"]).ok();
}

#[test]
fn all_that_is_wrong_is_said_by_its_line_and_nothing_is_asked_for_or_signed() {
    let admin = Admin::ready();
    admin.public_keys(3);
    let people = "key,principals,key-id,validity,shoe-size\n\
        key0.pub,peter,peter,8h,44\n\
        key0.pub,erik,erik,,\n\
        key1.pub,anna,peter,,\n\
        nowhere.pub,bert,bert,,\n\
        key2.pub,\"a,,b\",x\n";
    write(&admin, "people.csv", people);
    // Without a PIN: none is asked for.
    let ran = admin
        .punchmark
        .run(&["sign", "-s", "users", "--manifest", "people.csv"]);
    let ran = ran.exits(1);
    for words in [
        "people.csv:1: there is no column `shoe-size`",
        "people.csv:2: \"8h\"",
        "did you mean +8h?",
        "people.csv:5: key nowhere.pub: cannot be read",
        "people.csv:6: has 3 cells below 5 columns",
        "the columns are key, requester, role, principals, key-id, validity, options, reason",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {ran}");
    }
    let twice =
        "key,principals,key-id\nkey0.pub,peter,peter\nkey0.pub,erik,erik\nkey1.pub,anna,peter\n";
    let ran = manifest(&admin, twice, &["-s", "users"]).exits(1);
    for words in [
        "people.csv:3: its key is that of line 2",
        "people.csv:4: key ID `peter` has a line already, 2",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {ran}");
    }
    let several = "key,principals,key-id\nkey0.pub,peter,peter\nkey1.pub,erik,erik\n";
    manifest(&admin, several, &["-s", "users", "-z", "7"])
        .exits(2)
        .says("-z +7 counts up");
    let named = ["-s", "users", "--requester", "peter"];
    manifest(&admin, several, &named)
        .exits(2)
        .says("cannot be used with");
    let ca = format!(
        "key,principals,key-id\n{},peter,peter\n",
        admin.ca_file("users").display()
    );
    manifest(&admin, &ca, &["-s", "users"])
        .exits(3)
        .says("people.csv:2: refused");
    admin.assert_issued(0);
}

#[test]
fn a_host_fleet_comes_through_a_pipe_and_goes_into_a_folder() {
    let admin = Admin::ready();
    admin.init("hosts", "p256", "host").ok();
    admin.public_keys(2);
    let fleet = format!(
        "[[subject]]\nkey = \"{}\"\nprincipals = [\"web1.example.org\", \"web1\"]\nkey-id = \"web1\"\n\n\
         [[subject]]\nkey = \"key1.pub\"\nprincipals = \"web2.example.org\"\nkey-id = \"web2\"\n",
        key(&admin, "key0.pub")
    );
    let mut command = admin.punchmark.prepare(bounded(BINARY));
    command.args([
        "--pin-file",
        "pin",
        "sign",
        "-s",
        "hosts",
        "-h",
        "-V",
        "+52w",
    ]);
    command.args(["--manifest", "-", "--out-dir", "out"]);
    run_fed(&mut command, fleet.as_bytes()).ok();
    let web1 = read(&admin, "out/web1-cert.pub");
    assert!(web1.field("Type").contains("host certificate"), "{web1:?}");
    assert_eq!(web1.principals, ["web1.example.org", "web1"]);
    assert_eq!(
        read(&admin, "out/key1-cert.pub").principals,
        ["web2.example.org"]
    );
    assert!(!Path::exists(&admin.punchmark.path("key1-cert.pub")));
}

#[test]
fn an_enrolled_key_needs_no_word_and_another_persons_name_counts_for_nothing() {
    let admin = Admin::ready().and_config(ROLE);
    admin.public_keys(3);
    let add = |name: &str, key: &str| {
        let arguments = ["requester", "add", name, "--key", key];
        admin.punchmark.run(&arguments).ok();
    };
    add("peter", "key0.pub");
    add("anna", "key2.pub");
    let one = "key,requester,role,reason\nkey0.pub,peter,engineer,on call\n";
    manifest(&admin, one, &[]).ok();
    assert_eq!(read(&admin, "key0-cert.pub").principals, ["peter_file"]);
    let dry = manifest(&admin, one, &["--dry-run", "--json"]).ok();
    assert_eq!(objects(&dry)[0]["known-by"], "key", "{dry}");
    // A key of anna's is not erik's, whoever wrote the list.
    let others = "key,requester,role\nkey2.pub,erik,engineer\n";
    manifest(&admin, others, &["--yes"])
        .exits(3)
        .says("the key or card is that of requester `anna`, not of `erik`");
    // Nobody is here to give the word for two.
    let two = "key,requester,role\nkey1.pub,erik,engineer\nkey2.pub,anna,engineer\n";
    manifest(&admin, &format!("{two}key0.pub,bert,engineer\n"), &[])
        .exits(1)
        .says("nobody is here to give it");
    admin.assert_issued(1);
}

#[test]
fn a_word_is_given_for_whom_it_was_asked_alone() {
    let admin = Admin::ready().and_config(ROLE);
    admin.public_keys(2);
    let add = ["requester", "add", "peter", "--key", "key0.pub"];
    admin.punchmark.run(&add).ok();
    let people = "key,requester,role\nkey0.pub,peter,engineer\nkey1.pub,erik,engineer\n";
    write(&admin, "people.csv", people);
    let mut command = admin.punchmark.on_a_terminal();
    command.args(["sign", "--manifest", "people.csv"]);
    let mut pty = Pty::start(command);
    let said = pty.expect("You vouch that erik asks");
    assert!(!said.contains("that peter asks"), "{said}");
    pty.expect("Is that so?");
    // Whoever was known by an enrolment is not, by the time that all is decided again.
    let remove = ["requester", "remove", "peter", "--key", "key0.pub"];
    admin.punchmark.run(&remove).ok();
    pty.type_line("y");
    pty.expect("PIN for");
    pty.type_line(PIN);
    let (rest, code) = pty.finish();
    assert_eq!(code, 3, "{rest}");
    assert!(
        rest.contains("people.csv:2: the key is no longer that of requester `peter`"),
        "{rest}"
    );
    assert_eq!(read(&admin, "key1-cert.pub").principals, ["erik_file"]);
    admin.assert_issued(1);
}

#[test]
fn one_bad_decision_stops_no_other_line_and_a_run_is_for_one_ca() {
    let admin = Admin::ready();
    admin.init("hosts", "p256", "host").ok();
    let hosts = ROLE
        .replace("engineer", "server")
        .replace("\"users\"", "\"hosts\"");
    let admin = admin.and_config(&format!("{ROLE}{}", hosts.replace("mark", "ignore")));
    admin.public_keys(2);
    for (name, key) in [("peter", "key0.pub"), ("carl", "key1.pub")] {
        let arguments = ["requester", "add", name, "--key", key];
        admin.punchmark.run(&arguments).ok();
    }
    let people = "key,requester,role\nkey0.pub,peter,engineer\nkey1.pub,carl,engineer\n";
    let ran = manifest(&admin, people, &[]).exits(3);
    assert!(ran.stderr.contains("people.csv:3: refused"), "{ran}");
    assert_eq!(read(&admin, "key0-cert.pub").principals, ["peter_file"]);
    let both = "key,requester,role\nkey0.pub,peter,engineer\nkey1.pub,carl,server\n";
    manifest(&admin, both, &[])
        .exits(2)
        .says("the roles of the lines are of several CAs: hosts, users");
    admin.assert_issued(1);
}

#[test]
fn a_run_over_a_manifest_that_is_killed_signs_nothing_twice() {
    let admin = Admin::ready();
    admin.public_keys(40);
    let mut people = "key,principals,key-id\n".to_owned();
    for number in 0..40 {
        people.push_str(&format!("key{number}.pub,p{number},p{number}\n"));
    }
    write(&admin, "people.csv", &people);
    let arguments = [
        "sign",
        "-s",
        "users",
        "-V",
        "+1h",
        "--manifest",
        "people.csv",
        "--resume",
    ];
    let mut command = admin.punchmark.prepare(bounded("timeout"));
    command.args(["-s", "KILL", "0.2", BINARY, "--pin-file", "pin"]);
    let killed = run(command.args(arguments));
    let before = admin
        .ledger()
        .iter()
        .filter(|entry| entry["state"] == "issued")
        .count();
    admin.punchmark.pinned(&arguments).ok();
    let after = admin
        .ledger()
        .iter()
        .filter(|entry| entry["state"] == "issued")
        .count();
    assert_eq!(after, 40, "{before} before: {killed}");
    for number in 0..40 {
        let name = format!("key{number}-cert.pub");
        assert_eq!(read(&admin, &name).principals, [format!("p{number}")]);
    }
}

const ROLE: &str = "
[role.engineer]
ca         = \"users\"
requesters = [\"peter\", \"erik\", \"anna\"]
principals = [\"{requester}\"]
storage    = \"mark\"
lifetime   = { default = \"8h\" }
";
