//! What is typed every day, and what comes of a plausible mistake.

use std::collections::BTreeSet;
use std::path::Path;

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::{Ran, bounded, run};

fn punchmark(admin: &Admin, line: &str) -> Ran {
    let words: Vec<_> = line.split(' ').collect();
    admin.punchmark.run(&words)
}

fn certificate(admin: &Admin, name: &str) -> String {
    let path = admin.punchmark.path(&format!("{name}-cert.pub"));
    std::fs::read_to_string(path).unwrap()
}

fn serial(admin: &Admin, name: &str) -> String {
    let path = admin.punchmark.path(&format!("{name}-cert.pub"));
    let shown = run(bounded("ssh-keygen").arg("-Lf").arg(path)).ok().stdout;
    let line = shown.lines().find(|line| line.contains("Serial:")).unwrap();
    line.trim().to_owned()
}

#[test]
fn the_letters_of_help_and_version_do_what_they_do_elsewhere() {
    let admin = Admin::ready();
    for line in [
        "-h",
        "ledger -h",
        "krl -h",
        "ledger list -h",
        "role list -h",
    ] {
        let help = punchmark(&admin, line).ok();
        assert!(help.stdout.contains("Usage: punchmark"), "{help}");
    }
    for line in ["-V", "ledger -V", "tokens -V", "--version"] {
        let version = format!("punchmark {}\n", env!("CARGO_PKG_VERSION"));
        assert_eq!(punchmark(&admin, line).ok().stdout, version, "{line}");
    }
    let bare = admin.punchmark.run::<&str>(&[]).ok();
    assert!(bare.stdout.contains("Examples:"), "{bare}");
    // Here they are ssh-keygen's.
    let hosts = punchmark(&admin, "sign -h").exits(2);
    hosts.says("help is --help");
}

#[test]
fn what_users_of_ssh_keygen_type_is_answered_with_what_to_type() {
    let admin = Admin::ready().and_key("user");
    admin.key("ca_key", ED25519);
    let say = [
        (
            "sign -s ca_key -I id -n a user.pub",
            "import NAME --from ca_key",
        ),
        (
            "sign -s ca_key.pub -I id -n a user.pub",
            "adopt NAME --key file:ca_key",
        ),
        (
            "sign -s users -D lib.so -I id -n a user.pub",
            "-D is not needed",
        ),
        ("sign -Us users -I id -n a user.pub", "-U is not needed"),
        ("-L -f user-cert.pub", "punchmark show FILE"),
        ("krl -k -f out.krl", "punchmark krl --ca CA"),
        ("-Q -f out.krl user.pub", "punchmark krl check"),
        ("version", "punchmark --version"),
        ("sign -s usrs -I id -n a user.pub", "did you mean `users`?"),
        (
            "sign -s users -I id -n a -V 1d user.pub",
            "did you mean +1d?",
        ),
        (
            "sign -s users -I id -n a -V +1y user.pub",
            "units are s m h d w",
        ),
        (
            "sign -s users -I id -n a -V 20270101 user.pub",
            "2026-12-01 (until then)",
        ),
        ("sign -s users -I id user.pub", "-n peter"),
        ("role show oprator", "did you mean `operator`?"),
    ];
    for (line, words) in say {
        punchmark(&admin, line).fails().says(words);
    }
    let public = admin.ca_file("users");
    let public = public.to_str().unwrap();
    let sign = ["sign", "-s", public, "-I", "id", "-n", "a", "-V", "+1h"];
    admin
        .punchmark
        .pinned(&[&sign[..], &["user.pub"]].concat())
        .ok();
    // Also where there is no config yet.
    std::fs::remove_file(admin.config_file()).unwrap();
    punchmark(&admin, "sign -s ca_key -I id -n a user.pub")
        .exits(2)
        .says("import NAME --from ca_key");
}

#[test]
fn all_that_is_wrong_with_a_command_line_is_said_at_once() {
    let admin = Admin::ready().and_key("user");
    let ran = punchmark(&admin, "sign user.pub").exits(2);
    let ran = ran.says("no key ID").says("no principals");
    ran.says("which CA shall sign?");
    let ran = punchmark(&admin, "sign -V x -O nonsense -z none -I id user.pub").exits(2);
    let ran = ran.says("\"x\" is no validity").says("nonsense");
    ran.says("serial \"none\"").says("no principals");
    let ran = punchmark(&admin, "sign --one --two -Us users --pin-fd x user.pub").exits(2);
    let ran = ran.says("'--one'").says("'--two'").says("'-U'");
    ran.says("'--pin-fd <FD>'");
    admin.assert_issued(0);
}

#[test]
fn a_malformed_value_counts_also_where_a_good_one_follows() {
    let admin = Admin::ready().and_key("user");
    for wrong in [["-V", "x"], ["-z", "x"], ["-V", "20260230"]] {
        let flags = [
            &["-n", "a"],
            &wrong[..],
            &["-V", "+1h", "-z", "7", "user.pub"],
        ]
        .concat();
        admin.sign(&flags).exits(2).says(wrong[1]);
    }
    admin
        .sign(&[
            "-n", "a", "-V", "+9h", "-z", "9", "-V", "+1h", "-z", "7", "user.pub",
        ])
        .ok()
        .says("serial 7");
}

#[test]
fn a_date_is_taken_as_it_is_printed() {
    let admin = Admin::ready().and_key("user");
    let printed = |validity: &str| {
        let ran = admin.sign(&["-n", "a", "-V", validity, "user.pub"]).ok();
        let line = ran.stderr.lines().find(|line| line.contains("  valid "));
        line.unwrap().to_owned()
    };
    let both = printed("2036-11-22 09:55:2036-11-29 10:00:30");
    assert!(
        both.contains("2036-11-22 09:55 to 2036-11-29 10:00:30 UTC"),
        "{both}"
    );
    assert!(printed("2036-12-01").contains("to 2036-12-01 00:00 UTC"));
    assert!(printed("2036-12-01 09:55").contains("to 2036-12-01 09:55 UTC"));
    let always = printed("always:2036-12-01 09:55");
    assert!(
        always.contains("always to 2036-12-01 09:55 UTC"),
        "{always}"
    );
    admin.assert_issued(4);
}

#[test]
fn what_show_would_mark_is_said_before_a_pin_is_asked_for() {
    let admin = Admin::ready().and_key("user");
    for (flags, words) in [
        (&["-V", "20200101:20200102"][..], "has ended already"),
        (&["-V", "always:forever"], "never expires"),
        (&["-V", "always:0xfffffffffffffffe"], "never expires"),
        (
            &["-V", "+1h", "-O", "critical:odd"],
            "does not know critical option odd",
        ),
    ] {
        let sign = [
            &["sign", "-s", "users", "-I", "id", "-n", "a"],
            flags,
            &["user.pub"],
        ];
        admin.punchmark.run(&sign.concat()).fails().says(words);
    }
    admin.assert_issued(0);
}

#[test]
fn each_of_many_files_of_one_key_keeps_its_own_certificate() {
    let admin = Admin::ready().and_key("one");
    let public = std::fs::read(admin.punchmark.path("one.pub")).unwrap();
    std::fs::remove_file(admin.punchmark.path("one.pub")).unwrap();
    let files: Vec<_> = (0..12).map(|number| format!("f{number}.pub")).collect();
    for file in &files {
        std::fs::write(admin.punchmark.path(file), &public).unwrap();
    }
    let files: Vec<_> = files.iter().map(String::as_str).collect();
    let resume = [&["-n", "a", "-V", "+1h", "--resume"], &files[..]].concat();
    admin.sign(&resume[..9]).ok();
    let before: Vec<_> = (0..4)
        .map(|number| certificate(&admin, &format!("f{number}")))
        .collect();
    std::fs::remove_file(admin.punchmark.path("f2-cert.pub")).unwrap();
    admin.sign(&resume).ok().says("1 of them written again");
    let after: Vec<_> = (0..4)
        .map(|number| certificate(&admin, &format!("f{number}")))
        .collect();
    assert_eq!(before, after);
    let serials = (0..12).map(|number| serial(&admin, &format!("f{number}")));
    assert_eq!(serials.collect::<BTreeSet<_>>().len(), 12);
    admin.assert_issued(12);
}

#[test]
fn a_run_is_typed_again_with_the_same_glob() {
    let admin = Admin::ready();
    admin.public_keys(3);
    let again = || {
        let mut shell = admin.punchmark.prepare(bounded("sh"));
        shell.env("PUNCHMARK", crate::harness::punchmark::BINARY);
        let line = "\"$PUNCHMARK\" --pin-file pin sign -s users -I id -n a -V +1h --resume *.pub";
        run(shell.args(["-c", line])).ok()
    };
    again();
    again().says("3 certificates beside their keys passed over");
    // By its name alone, a certificate is a mistake all the same.
    admin
        .sign(&["-n", "a", "key0-cert.pub"])
        .fails()
        .says("is a certificate");
    admin.assert_issued(3);
}

#[test]
fn several_keys_in_a_file_and_a_file_named_twice_are_refused() {
    let admin = Admin::ready();
    let keys = admin.public_keys(2);
    let both: Vec<_> = keys
        .iter()
        .map(|key| std::fs::read_to_string(key).unwrap())
        .collect();
    std::fs::write(admin.punchmark.path("both.pub"), both.join("\n")).unwrap();
    admin
        .sign(&["-n", "a", "-V", "+1h", "both.pub"])
        .fails()
        .says("more than one public key");
    for again in ["key0.pub", "./key0.pub", "key0"] {
        let flags = ["-n", "a", "-V", "+1h", "key0.pub", "key1.pub", again];
        admin.sign(&flags).exits(2).says("name each key once");
    }
    std::fs::write(
        admin.punchmark.path("list"),
        "key0.pub\nkey1.pub\n./key0.pub\n",
    )
    .unwrap();
    admin
        .sign(&["-n", "a", "-V", "+1h", "--files-from", "list"])
        .exits(1)
        .says("would take the place of another");
    admin.assert_issued(2);
}

#[test]
fn a_misspelt_option_of_a_role_is_refused_as_on_the_command_line() {
    let role = "[role.engineer]\nca = \"users\"\nextensions = { default = [\"permit-ptty\"] }\n";
    let admin = Admin::ready().and_config(role);
    punchmark(&admin, "role list")
        .fails()
        .says("extension:permit-ptty");
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let config = config.replace("permit-ptty", "extension:permit-ptty");
    std::fs::write(admin.config_file(), config).unwrap();
    punchmark(&admin, "role list").ok();
}

#[test]
fn a_list_and_a_head_are_signed_at_night_by_a_key_with_a_passphrase() {
    let admin = Admin::ready();
    let mut keygen = bounded("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-N", "a long secret", "-f"]);
    run(keygen.arg(admin.punchmark.path("ledger_key"))).ok();
    admin.punchmark.write_pin("secret", "a long secret");
    admin.punchmark.write_pin("wrong", "another secret");
    let krl = "krl --out out.krl --ledger-key ledger_key";
    punchmark(&admin, krl).fails().says("--passphrase-file");
    punchmark(&admin, &format!("{krl} --passphrase-file wrong"))
        .fails()
        .says("wrong passphrase");
    punchmark(&admin, &format!("{krl} --passphrase-file secret")).ok();
    assert!(admin.punchmark.path("out.krl.sig").is_file());
    let head = "ledger checkpoint --key ledger_key --passphrase-file secret";
    let head = punchmark(&admin, head).ok().stdout;
    std::fs::write(admin.punchmark.path("head"), head).unwrap();
    punchmark(
        &admin,
        "ledger verify --against head --signer ledger_key.pub",
    )
    .ok();
}

#[test]
fn the_units_of_systemd_name_options_that_there_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/systemd");
    let admin = Admin::ready();
    keygen::make(admin.punchmark.home(), "ledger_key", ED25519);
    // What each unit is about lies in one folder here.
    let here = |word: &str| {
        match word {
            "%d/passphrase" => "pin",
            "https://ca.example.org/revoked.krl" | "/srv/punchmark/revoked.krl" => "revoked.krl",
            "https://ca.example.org/users.known" | "/srv/punchmark/users.known" => "users.known",
            "/etc/ssh/revoked/users.krl" => "here.krl",
            "/etc/ssh/access/users.known" => "here.known",
            "/etc/ssh/ledger.pub" => "ledger_key.pub",
            word => word,
        }
        .to_owned()
    };
    for (unit, words_of_the_program, key) in [
        ("punchmark-list.service", 3, "--ledger-key ledger_key"),
        ("punchmark-checkpoint.service", 3, "--key ledger_key"),
        ("punchmark-known.service", 3, "--ledger-key ledger_key"),
        ("punchmark-krl.service", 1, ""),
        ("punchmark-known-fetch.service", 1, ""),
    ] {
        let text = std::fs::read_to_string(folder.join(unit)).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("ExecStart="))
            .unwrap();
        let words = line.split(' ').skip(words_of_the_program);
        let words = words.chain(key.split_terminator(' ')).map(here);
        admin.punchmark.run(&words.collect::<Vec<_>>()).ok();
    }
}
