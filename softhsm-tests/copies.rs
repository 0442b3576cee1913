//! Copies of a CA's key: each is in the ledger, and stays visible.

mod killed;
mod renamed;

use serde_json::Value;

use crate::harness::admin::Admin;
use crate::harness::keygen::P256;
use crate::harness::process::Ran;
use crate::harness::pty::Pty;
use crate::harness::token::Token;

/// An admin whose token has a second one beside it, `Backup`, and a key file.
fn with_two_tokens() -> Admin {
    let admin = Admin::new(Token::softhsm());
    admin.token.add_token("Backup");
    admin.key("ca", P256);
    admin
}

/// The locator of a key in the second token, which has a PIN file of its own.
fn in_backup(admin: &Admin, object: &str) -> String {
    let locator = admin.token.locator(object);
    let locator = locator.replace("token=Root%20CA", "token=Backup");
    let pin = admin.punchmark.path("pin").display().to_string();
    format!("{locator}&pin-source={pin}")
}

fn import(admin: &Admin, more: &[&str]) -> Ran {
    let key = admin.token.locator("users");
    let import = ["import", "users", "--from", "ca", "--key", &key];
    let all = [&import[..], &["--next-serial", "1"], more].concat();
    admin.punchmark.pinned(&all)
}

/// What `ca show --json` says of the copies.
fn copies(admin: &Admin) -> Vec<Value> {
    let ran = admin.punchmark.run(&["ca", "show", "users", "--json"]).ok();
    let shown: Value = serde_json::from_str(&ran.stdout).unwrap();
    shown["cas"][0]["copies"].as_array().unwrap().clone()
}

#[test]
fn a_spare_is_recorded_by_its_serial_and_shown() {
    let admin = with_two_tokens();
    let spare = in_backup(&admin, "users");
    import(&admin, &["--spare", &spare]).ok();
    let found = copies(&admin);
    assert_eq!(found.len(), 1, "{found:?}");
    let copy = &found[0];
    assert_eq!(
        (&copy["kind"], &copy["became"]),
        (&"imported".into(), &"made".into())
    );
    let (device, holder) = (
        copy["device"].as_str().unwrap(),
        copy["holder"].as_str().unwrap(),
    );
    assert!(device.contains("serial="), "{device}");
    assert!(!device.contains("pin-source"), "{device}");
    assert!(
        holder.starts_with("token \"Backup\" (SoftHSM v2), serial "),
        "{holder}"
    );
    let shown = admin.punchmark.run(&["ca", "show", "users"]).ok();
    let line = format!("copy         {holder}: imported, ");
    assert!(shown.stdout.contains(&line), "{shown}");
    // The same command again goes on with what is left, and records nothing twice.
    import(&admin, &["--spare", &spare]).ok();
    assert_eq!(copies(&admin), found);
    admin.punchmark.run(&["ledger", "verify"]).ok();
}

#[test]
fn a_device_that_shares_the_runs_is_a_copy_too() {
    let admin = with_two_tokens();
    import(&admin, &[]).ok();
    assert_eq!(copies(&admin).len(), 0);
    let second = in_backup(&admin, "users");
    let join = ["import", "users", "--from", "ca", "--key", &second];
    admin.punchmark.pinned(&join).ok();
    assert_eq!(copies(&admin).len(), 1);
}

#[test]
fn another_key_under_the_label_of_a_spare_is_left_alone() {
    let admin = with_two_tokens();
    admin.key("other", P256);
    import(&admin, &[]).ok();
    let place = in_backup(&admin, "users");
    let other = ["import", "more", "--from", "other", "--key", &place];
    let other = [&other[..], &["--next-serial", "1"]].concat();
    admin.punchmark.pinned(&other).ok();
    import(&admin, &["--spare", &place, "--dry-run"]).exits(1);
    import(&admin, &["--spare", &place]).exits(1).says("users");
    assert_eq!(copies(&admin).len(), 0);
}

/// `ca destroy-copy users LOCATOR` and these arguments.
fn destroy(admin: &Admin, device: &str, more: &[&str]) -> Ran {
    let all = [&["ca", "destroy-copy", "users", device], more].concat();
    admin.punchmark.pinned(&all)
}

#[test]
fn a_copy_is_destroyed_read_back_and_recorded_and_the_last_one_stays() {
    let admin = with_two_tokens();
    let spare = in_backup(&admin, "users");
    import(&admin, &["--spare", &spare]).ok();
    // Nobody said yes; a dry run changes nothing.
    destroy(&admin, &spare, &[])
        .exits(2)
        .says("nobody said yes");
    destroy(&admin, &spare, &["--dry-run"]).ok();
    assert_eq!(copies(&admin)[0]["became"], "made");
    let ran = destroy(&admin, &spare, &["--yes", "--reason", "the token goes"]).ok();
    ran.says("is gone from token \"Backup\" (SoftHSM v2), serial ");
    assert_eq!(copies(&admin)[0]["became"], "destroyed");
    let shown = admin.punchmark.run(&["ca", "show", "users"]).ok();
    let state = "destroyed, and read back as gone";
    assert!(shown.stdout.contains(state), "{shown}");
    let mut listed = admin.token.tool_logged_in();
    listed.args(["--list-objects", "--token-label", "Backup"]);
    let listed = crate::harness::process::run(&mut listed).ok();
    assert!(!listed.stdout.contains("Private Key"), "{listed}");
    destroy(&admin, &spare, &["--yes"])
        .exits(1)
        .says("destroyed before");
    // The CA goes on by its own token, which is the last one now.
    admin.key("peter", P256);
    admin.sign(&["-n", "peter", "peter.pub"]).ok();
    let own = admin.token.locator("users");
    let last = destroy(&admin, &own, &["--yes"]).exits(3);
    last.says("is the last copy")
        .says("punchmark ca retire users");
    admin.punchmark.run(&["ca", "retire", "users"]).ok();
    destroy(&admin, &own, &["--yes"]).ok();
    let became: Vec<_> = copies(&admin)
        .iter()
        .map(|copy| (copy["kind"].clone(), copy["became"].clone()))
        .collect();
    let gone = |kind: &str| (kind.into(), "destroyed".into());
    assert_eq!(became, [gone("imported"), gone("original")]);
    admin.punchmark.run(&["ledger", "verify"]).ok();
}

#[test]
fn a_copy_that_is_gone_already_is_recorded_where_the_ledger_knows_its_device() {
    let admin = with_two_tokens();
    let spare = in_backup(&admin, "users");
    import(&admin, &["--spare", &spare]).ok();
    for class in ["privkey", "pubkey"] {
        let mut tool = admin.token.tool_logged_in();
        tool.args(["--token-label", "Backup", "--delete-object"]);
        tool.args(["--type", class, "--label", "users"]);
        crate::harness::process::run(&mut tool).ok();
    }
    destroy(&admin, &spare, &["--yes"]).ok();
    let copy = &copies(&admin)[0];
    assert_eq!(copy["became"], "destroyed");
    assert_eq!(
        copy["word"],
        "the token was there, and the key was not in it"
    );
}

#[test]
fn a_copy_that_nobody_finds_is_named_as_missing_by_a_typed_yes_and_stays_visible() {
    let admin = with_two_tokens();
    let spare = in_backup(&admin, "users");
    import(&admin, &["--spare", &spare]).ok();
    let words = "not in the safe";
    let missing = ["--missing", words];
    destroy(&admin, &spare, &missing).exits(1).says("not yes");
    for (answer, code) in [("y", 1), ("yes", 0)] {
        let mut command = admin.punchmark.on_a_terminal();
        command.args(["ca", "destroy-copy", "users", &spare]);
        command.args(missing);
        let mut pty = Pty::start(command);
        pty.expect("Type yes if that is right: ");
        pty.type_line(answer);
        let (rest, ended) = pty.finish();
        assert_eq!(ended, code, "{rest}");
    }
    let shown = admin.punchmark.run(&["ca", "show", "users"]).ok();
    assert!(
        shown.stdout.contains("MISSING: whoever finds it can sign"),
        "{shown}"
    );
    assert!(shown.stdout.contains(words), "{shown}");
    // Found again, it is destroyed.
    destroy(&admin, &spare, &["--yes"]).ok();
    assert_eq!(copies(&admin)[0]["became"], "destroyed");
}

#[test]
fn what_no_one_knows_of_or_is_another_key_is_not_destroyed() {
    let admin = with_two_tokens();
    let spare = in_backup(&admin, "users");
    import(&admin, &["--spare", &spare]).ok();
    let unknown = in_backup(&admin, "else");
    let ran = destroy(&admin, &unknown, &["--yes"]).exits(2);
    ran.says("neither config nor ledger tells of a copy")
        .says("known are");
    // Somebody put another key into its place.
    for class in ["privkey", "pubkey"] {
        let mut tool = admin.token.tool_logged_in();
        tool.args(["--token-label", "Backup", "--delete-object"]);
        tool.args(["--type", class, "--label", "users"]);
        crate::harness::process::run(&mut tool).ok();
    }
    let id = copies(&admin)[0]["device"].as_str().unwrap().to_owned();
    let id = id
        .split("id=")
        .nth(1)
        .unwrap()
        .split(['?', ';'])
        .next()
        .unwrap();
    let mut tool = admin.token.tool_logged_in();
    tool.args([
        "--token-label",
        "Backup",
        "--keypairgen",
        "--key-type",
        "EC:prime256v1",
    ]);
    tool.args(["--label", "users", "--id", &id.replace('%', "")]);
    crate::harness::process::run(&mut tool).ok();
    destroy(&admin, &spare, &["--yes"])
        .exits(1)
        .says("the key there is SHA256:");
    assert_eq!(copies(&admin)[0]["became"], "made");
}

/// `init users` with its key wrapped into the second token.
fn init_with_copy(admin: &Admin, algorithm: &str, more: &[&str]) -> Ran {
    let (key, copy) = (admin.token.locator("users"), in_backup(admin, "users"));
    let init = [
        "init",
        "users",
        "--algorithm",
        algorithm,
        "--key",
        &key,
        "--copy-to",
        &copy,
    ];
    admin.punchmark.pinned(&[&init[..], more].concat())
}

#[test]
fn a_key_is_wrapped_into_a_second_token_before_it_signs_and_the_copy_signs_alike() {
    for algorithm in ["p256", "p384", "p521", "rsa2048"] {
        let admin = with_two_tokens();
        init_with_copy(&admin, algorithm, &["--dry-run"]).ok();
        assert!(!admin.ledger_file().exists());
        let ran = init_with_copy(&admin, algorithm, &[]).ok();
        assert!(
            ran.stdout.contains("not extractable, was extractable"),
            "{ran}"
        );
        assert!(
            ran.stdout.contains("copy         token \"Backup\""),
            "{ran}"
        );
        let shown = admin.punchmark.run(&["ca", "show", "users"]).ok();
        assert!(
            shown.stdout.contains("storage      was extractable"),
            "{shown}"
        );
        let found = copies(&admin);
        let kinds = |became: &str| -> Vec<_> {
            let found = found.iter().filter(|copy| copy["became"] == became);
            found
                .map(|copy| copy["kind"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(kinds("made"), ["wrapped"]);
        assert_eq!(kinds("destroyed"), ["wrapping-key", "blob"]);
        // No more than the pair is left in either token, and nothing gets the key out.
        for label in ["Root CA", "Backup"] {
            let mut tool = admin.token.tool_logged_in();
            tool.args(["--token-label", label, "--list-objects"]);
            let listed = crate::harness::process::run(&mut tool).ok().stdout;
            assert_eq!(listed.matches("Private Key Object").count(), 1, "{listed}");
            assert!(!listed.contains("wrapping"), "{listed}");
            assert!(!listed.contains(" extractable"), "{listed}");
        }
        admin.key("peter", P256);
        admin.sign(&["-n", "peter", "peter.pub"]).ok();
        // The first token is lost: the copy goes into the config, and signs as the same CA.
        let config = std::fs::read_to_string(admin.config_file()).unwrap();
        let device = found.iter().find(|copy| copy["kind"] == "wrapped").unwrap();
        let pin = admin.punchmark.path("pin").display().to_string();
        let device = format!("{}&pin-source={pin}", device["device"].as_str().unwrap());
        let lines = config.lines().map(|line| {
            if line.starts_with("key ") {
                format!("key = \"{device}\"\n")
            } else {
                format!("{line}\n")
            }
        });
        crate::harness::write(&admin.config_file(), lines.collect::<String>(), 0o600);
        admin.key("erik", P256);
        let sign = [
            "sign", "-s", "users", "-I", "erik", "-n", "erik", "erik.pub",
        ];
        admin.punchmark.run(&sign).ok();
        admin.assert_issued(2);
        admin
            .punchmark
            .run(&["ledger", "verify", "--signatures"])
            .ok();
    }
}

#[test]
fn a_key_that_its_token_lets_go_signs_nothing() {
    let admin = with_two_tokens();
    init_with_copy(&admin, "p256", &[]).ok();
    // As a run that was cut short leaves it: the same CA, of a key that can leave.
    for class in ["privkey", "pubkey"] {
        let mut tool = admin.token.tool_logged_in();
        tool.args([
            "--token-label",
            "Root CA",
            "--delete-object",
            "--type",
            class,
        ]);
        crate::harness::process::run(tool.args(["--label", "users"])).ok();
    }
    let mut tool = admin.token.tool_logged_in();
    tool.args([
        "--token-label",
        "Root CA",
        "--keypairgen",
        "--key-type",
        "EC:prime256v1",
    ]);
    tool.args(["--label", "users", "--extractable", "--sensitive"]);
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let id = config
        .split("id=")
        .nth(1)
        .unwrap()
        .split('?')
        .next()
        .unwrap();
    tool.args(["--id", &id.replace('%', "")]);
    crate::harness::process::run(&mut tool).ok();
    admin.key("peter", P256);
    let ran = admin.sign(&["-n", "peter", "peter.pub"]).exits(1);
    ran.says("can still leave its token, and signs nothing");
    assert_eq!(admin.ledger().len(), 0);
}

#[test]
fn one_token_is_no_place_for_a_copy_of_its_own_and_a_card_is_none() {
    let admin = with_two_tokens();
    let (key, other) = (admin.token.locator("users"), admin.token.locator("copy"));
    for (copy, words) in [
        (other.as_str(), "where the key is"),
        (
            "yubikey:serial=1;slot-id=9c",
            "from one PKCS#11 token into another",
        ),
    ] {
        let init = [
            "init",
            "users",
            "--algorithm",
            "p256",
            "--key",
            &key,
            "--copy-to",
            copy,
        ];
        admin.punchmark.pinned(&init).exits(1).says(words);
        assert!(!admin.ledger_file().exists());
    }
}

#[test]
fn copies_of_a_ca_that_the_config_has_no_more_are_destroyed_all_the_same() {
    let admin = with_two_tokens();
    let spare = in_backup(&admin, "users");
    import(&admin, &["--spare", &spare]).ok();
    admin.punchmark.run(&["ca", "retire", "users"]).ok();
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let without = config.split("\n[ca.users]").next().unwrap();
    crate::harness::write(&admin.config_file(), without, 0o600);
    destroy(&admin, &spare, &["--yes"])
        .ok()
        .says("is gone from token");
}
