//! The global options and the config: where they may stand, and what is found by them.

use std::path::Path;

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::{Ran, bounded, run};
use crate::harness::punchmark::BINARY;
use crate::harness::token::Token;

const SIGN: [&str; 7] = ["sign", "-s", "users", "-I", "id", "-n", "peter"];

/// `init users` with a config somewhere else.
fn init_at(admin: &Admin, config: &str) -> Ran {
    let locator = admin.token.locator("users");
    admin.punchmark.begin_config(config);
    let init = ["init", "users", "--key", &locator, "--algorithm", "p256"];
    admin
        .punchmark
        .pinned(&[&["--config", config], &init[..]].concat())
}

/// Changes the config by hand.
fn edit(admin: &Admin, change: impl FnOnce(String) -> String) {
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    std::fs::write(admin.config_file(), change(config)).unwrap();
}

fn serial(admin: &Admin) -> String {
    let key = admin.punchmark.path("key");
    keygen::read(&keygen::certificate(&key))
        .field("Serial")
        .to_owned()
}

#[test]
fn global_options_stand_before_or_after_the_subcommand() {
    let admin = Admin::ready().and_key("key");
    let config = admin.config_file().display().to_string();
    let globals = ["--config", &config, "--pin-file", "pin", "--quiet", "--yes"];
    let before = [&globals[..], &SIGN, &["key.pub"]].concat();
    let after = [&SIGN[..], &["key.pub"], &globals].concat();
    let between = [&globals[..4], &SIGN, &globals[4..], &["key.pub"]].concat();
    for arguments in [before, after, between] {
        let ran = admin.punchmark.run(&arguments).ok();
        assert_eq!(
            (ran.stdout.as_str(), ran.stderr.as_str()),
            ("", ""),
            "{ran}"
        );
    }
    admin.assert_issued(3);
}

#[test]
fn an_option_with_one_value_is_refused_twice_wherever_the_two_stand() {
    let admin = Admin::ready().and_key("key");
    let config = admin.config_file().display().to_string();
    let other = ["--config", "/nowhere/p.toml"];
    let all = [&other[..], &SIGN, &["key.pub", "--config", &config]].concat();
    let refused = admin.punchmark.pinned(&all).exits(2);
    refused.says("'--config <FILE>' cannot be used multiple times");
    let all = [&["--pin-file", "other"], &SIGN[..], &["key.pub"]].concat();
    let refused = admin.punchmark.pinned(&all).exits(2);
    refused.says("are both named as the PIN file");
    for twice in [
        ["ledger", "list", "--principal", "a", "--principal", "b"],
        ["ledger", "list", "--state", "issued", "--state", "revoked"],
        ["revoke", "--list", "--ca", "users", "--ca", "hosts"],
    ] {
        let refused = admin.punchmark.run(&twice).exits(2);
        refused.says(twice[2]).says("cannot be used multiple times");
    }
    admin.assert_issued(0);
}

#[test]
fn a_second_key_of_a_new_ca_is_refused_before_the_first_is_made() {
    let admin = Admin::new(Token::softhsm());
    let [one, two] = ["users", "users2"].map(|object| admin.token.locator(object));
    let both = ["--key", &one, "--key", &two];
    let init = [&["init", "users", "--algorithm", "p256"], &both[..]].concat();
    admin.punchmark.pinned(&init).exits(2).says("'--key");
    let import = [&["import", "users", "--from", "ca_key"], &both[..]].concat();
    let refused = admin.punchmark.pinned(&import).exits(2);
    refused.says("cannot be used multiple times");
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    assert!(!config.contains("[ca."), "{config}");
}

#[test]
fn the_last_of_a_letter_of_ssh_keygen_counts_for_sign() {
    let admin = Admin::ready().and_key("key");
    let twice = ["-s", "nobody", "-n", "erik", "-I", "first"];
    let all = [&["sign"], &twice[..], &SIGN[1..], &["key.pub"]].concat();
    admin.punchmark.pinned(&all).ok().says("peter");
    admin.assert_issued(1);
}

#[test]
fn quiet_says_errors_and_nothing_else() {
    let admin = Admin::ready().and_key("key");
    let ran = admin.sign(&["-q", "-n", "peter", "key.pub"]).ok();
    assert_eq!(
        (ran.stdout.as_str(), ran.stderr.as_str()),
        ("", ""),
        "{ran}"
    );
    let ran = admin.sign(&["--quiet", "-n", "peter", "key.pub", "missing.pub"]);
    let ran = ran.exits(1).says("missing.pub");
    assert!(!ran.stderr.contains("key.pub: signed"), "{ran}");
    let talks = admin.sign(&["-n", "peter", "key.pub"]).ok();
    talks.says("serial 3 of users");
}

#[test]
fn a_relative_config_is_meant_from_where_the_command_runs() {
    let admin = Admin::new(Token::softhsm());
    admin.key("key", ED25519);
    init_at(&admin, "ceremony/own.toml").ok();
    for name in ["own.toml", "own.ledger", "users.pub"] {
        let file = admin.punchmark.path("ceremony").join(name);
        assert!(file.is_file(), "{}", file.display());
    }
    let own = std::fs::read_to_string(admin.config_file()).unwrap();
    assert!(!own.contains("[ca."), "{own}");
    let elsewhere = admin.punchmark.path("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let mut command = admin.punchmark.prepare(bounded(BINARY));
    command.current_dir(&elsewhere);
    command.args(["--config", "../ceremony/own.toml", "--pin-file", "../pin"]);
    run(command.args(SIGN).arg("../key.pub")).ok();
    assert_eq!(serial(&admin), "1");
}

#[test]
fn a_config_in_the_working_folder_needs_no_folder_in_its_name() {
    let admin = Admin::new(Token::softhsm());
    let heads = tempfile::tempdir().unwrap();
    let elsewhere = format!("kept-heads-only = [\"{}\"]\n", heads.path().display());
    std::fs::write(admin.punchmark.path("own.toml"), elsewhere).unwrap();
    let locator = admin.token.locator("users");
    let init = ["init", "users", "--key", &locator, "--algorithm", "p256"];
    let global = ["--config", "own.toml"];
    admin.punchmark.pinned(&[&global, &init[..]].concat()).ok();
    assert!(admin.punchmark.path("own.ledger").is_file());
    assert!(admin.punchmark.path("users.pub").is_file());
}

#[test]
fn the_option_names_the_config_before_the_environment_and_that_before_the_users() {
    let mut admin = Admin::ready().and_key("key");
    for (name, principal) in [("variable.toml", "variable"), ("option.toml", "option")] {
        let config = std::fs::read_to_string(admin.config_file()).unwrap();
        let config = config.replace("ca.users", &format!("ca.{principal}"));
        let config = config.replace("users.pub", "config/punchmark/users.pub");
        let config = format!("ledger = \"config/punchmark/punchmark.ledger\"\n{config}");
        std::fs::write(admin.punchmark.path(name), config).unwrap();
    }
    let known = |admin: &Admin, globals: &[&str]| {
        let sign = ["sign", "-s", "none", "-I", "id", "-n", "peter", "key.pub"];
        let ran = admin.punchmark.run(&[globals, &sign].concat()).exits(2);
        let (_, names) = ran.stderr.split_once("it has ").unwrap();
        names.lines().next().unwrap().to_owned()
    };
    assert_eq!(known(&admin, &[]), "`users`");
    let variable = admin.punchmark.path("variable.toml");
    admin.punchmark = admin.punchmark.with("PUNCHMARK_CONFIG", variable);
    assert_eq!(known(&admin, &[]), "`variable`");
    assert_eq!(known(&admin, &["--config", "option.toml"]), "`option`");
    admin.punchmark = admin.punchmark.with("PUNCHMARK_CONFIG", "");
    assert_eq!(known(&admin, &[]), "`users`");
}

#[test]
fn without_xdg_the_config_lies_in_the_homes_own_folder() {
    let mut admin = Admin::new(Token::softhsm());
    admin.punchmark = admin.punchmark.with("XDG_CONFIG_HOME", "");
    admin
        .punchmark
        .begin_config(".config/punchmark/punchmark.toml");
    admin.init("users", "p256", "user").ok();
    let config = admin.punchmark.path(".config/punchmark/punchmark.toml");
    assert!(config.is_file());
}

#[test]
fn public_key_and_ledger_may_lie_elsewhere() {
    let admin = Admin::ready().and_key("key");
    let moved = |from: &Path, to: &str| {
        let to = admin.punchmark.path(to);
        std::fs::create_dir(to.parent().unwrap()).unwrap();
        std::fs::rename(from, to).unwrap();
    };
    moved(&admin.ca_file("users"), "config/keys/ca.pub");
    moved(&admin.ledger_file(), "ledgers/users.ledger");
    let ledger = admin.punchmark.path("ledgers/users.ledger");
    edit(&admin, |config| {
        let config = config.replace("users.pub", "../keys/ca.pub");
        format!("ledger = {:?}\n{config}", ledger.display().to_string())
    });
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    admin.assert_issued(1);
    assert!(!admin.ledger_file().exists());
    std::fs::remove_file(&ledger).unwrap();
    let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
    ran.says("users.ledger is missing");
    assert!(!ledger.exists() && !admin.ledger_file().exists());
}

#[test]
fn adopt_takes_up_a_ca_that_the_ledger_knows_and_the_config_does_not() {
    let admin = Admin::ready().and_key("key");
    admin.init("hosts", "p256", "host").ok();
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    edit(&admin, |config| {
        let start = config.find("[ca.users]").unwrap();
        let end = config.find("[ca.hosts]").unwrap();
        format!("# mine\n{}{}", &config[..start], &config[end..])
    });
    admin
        .sign(&["-n", "peter", "key.pub"])
        .exits(2)
        .says("no CA `users`");
    admin.adopt("users", &admin.token.locator("users")).ok();
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    assert_eq!(serial(&admin), "2");
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    assert!(config.starts_with("# mine\n"), "{config}");
    let serials: Vec<_> = admin
        .ledger()
        .iter()
        .map(|e| e["serial"].as_u64())
        .collect();
    assert_eq!(serials, [Some(1), Some(2)]);
}

#[test]
fn a_ca_that_the_ledger_knows_is_not_taken_up_with_another_key() {
    let admin = Admin::ready().and_key("key");
    edit(&admin, |config| {
        config[..config.find("[ca.").unwrap()].to_owned()
    });
    std::fs::remove_file(admin.ca_file("users")).unwrap();
    let locator = admin.token.locator("other");
    let init = ["init", "users", "--key", &locator, "--algorithm", "p256"];
    let ran = admin.punchmark.pinned(&init).exits(1);
    ran.says("users");
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    assert!(!config.contains("[ca.users]"), "{config}");
    admin.adopt("users", &admin.token.locator("users")).ok();
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    admin.assert_issued(1);
}

#[test]
fn a_ledger_without_its_config_is_used_and_not_replaced() {
    let admin = Admin::ready().and_key("key");
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    std::fs::remove_file(admin.config_file()).unwrap();
    admin.init("second", "p384", "user").ok();
    let users: Vec<_> = admin.ledger().iter().map(|e| e["ca"].clone()).collect();
    assert_eq!(users, ["users"]);
    admin.adopt("users", &admin.token.locator("users")).ok();
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    assert_eq!(serial(&admin), "2");
    assert_eq!(admin.ledger().len(), 2);
}
