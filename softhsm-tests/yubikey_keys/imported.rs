//! Keys that are brought into a card, and its spares.

use super::*;

fn import(admin: &Admin<Pcscd>, name: &str, slot: &str, more: &[&str]) -> Ran {
    let key = format!("yubikey:serial=12345678;slot-id={slot}");
    let mut arguments = vec!["import", name, "--from", name, "--key", &key];
    arguments.extend(["--next-serial", "1", "--touch-policy", "never"]);
    arguments.extend(["--management-key-file", "management"]);
    arguments.extend(more);
    admin.punchmark.pinned(&arguments)
}

#[test]
fn a_key_file_of_every_kind_that_a_card_takes_is_imported_and_signs() {
    let kinds = [
        ("p256", "9a", P256),
        ("p384", "9c", P384),
        ("ed", "9d", ED25519),
        ("r2048", "82", RSA_2048),
        ("r3072", "83", Subject("rsa", "3072")),
        ("r4096", "84", Subject("rsa", "4096")),
    ];
    let admin = Admin::with_cards(&["5.7.1"]);
    let key = admin.key("key", ED25519);
    for (name, slot, kind) in kinds {
        let file = admin.key(name, kind);
        let ran = import(&admin, name, slot, &["--pin-policy", "once"]).ok();
        ran.says("this key was once outside")
            .says("cannot be attested");
        let sign = ["sign", "-s", name, "-I", "id", "-n", "peter", "key.pub"];
        admin.punchmark.pinned(&sign).ok();
        let reading = keygen::read(&keygen::certificate(&key));
        let signer = reading.field("Signing CA");
        let expected = keygen::fingerprint(&file.with_extension("pub"));
        assert!(signer.contains(&expected), "{signer}");
        let shown = admin.punchmark.run(&["ca", "show", name]).ok();
        assert!(
            shown
                .stdout
                .contains("imported: it was outside of its device once"),
            "{shown}"
        );
    }
    let tokens = admin.punchmark.run(&["tokens"]).ok();
    let told = tokens.stdout.matches("imported, PIN once, touch never");
    assert_eq!(told.count(), kinds.len(), "{tokens}");
}

#[test]
fn a_key_that_a_card_does_not_take_is_refused_with_its_kind() {
    let admin = Admin::with_cards(&["5.7.1"]);
    for (name, kind, words) in [
        (
            "r5120",
            Subject("rsa", "5120"),
            "no key of type ssh-rsa with 5120 bits",
        ),
        ("p521", P521, "no key of type ecdsa-sha2-nistp521"),
    ] {
        admin.key(name, kind);
        let ran = import(&admin, name, "9c", &[]).exits(1);
        ran.says(words).says("a YubiKey takes P-256");
    }
    let old = Admin::with_cards(&["5.4.3"]);
    for (name, kind) in [("ed", ED25519), ("r4096", Subject("rsa", "4096"))] {
        old.key(name, kind);
        let ran = import(&old, name, "9c", &[]).exits(1);
        ran.says("YubiKey 12345678 (firmware 5.4.3)");
    }
    let config = std::fs::read_to_string(old.config_file()).unwrap();
    assert!(!config.contains("[ca."), "{config}");
}

#[test]
fn an_import_never_overwrites_a_key_that_is_not_named() {
    let admin = Admin::with_ca_in_card(&PLAIN);
    admin.key("p256", P256);
    let ran = import(&admin, "p256", "9c", &[]).exits(1);
    ran.says("slot 9c has a key, SHA256:");
    admin.key("key", ED25519);
    admin.sign(&["-n", "peter", "key.pub"]).ok();
}

#[test]
fn cards_are_added_in_the_same_run_or_later_and_spares_are_not_named() {
    let admin = Admin::with_cards(&["5.7.1", "5.4.3", "5.7.4"]);
    let file = admin.key("users", P256);
    let card = |serial: u32| format!("yubikey:serial={serial};slot-id=9c");
    let spare = card(SERIAL + 1);
    let more = ["--spare", &spare, "--pin-file", "12345679=pin"];
    let ran = import(&admin, "users", "9c", &more).ok();
    let spare = "CA users has a spare: yubikey:serial=12345679;slot-id=9c";
    assert!(ran.stdout.contains(spare), "{ran}");
    let later = |key: &str, from: &str| {
        let mut arguments = vec!["import", "users", "--from", from, "--key", key];
        arguments.extend(["--touch-policy", "never"]);
        arguments.extend(["--management-key-file", "management"]);
        admin.punchmark.pinned(&arguments)
    };
    admin.key("another", P256);
    let other = later(&card(SERIAL + 2), "another").exits(1);
    other.says("CA `users` has the key SHA256:");
    later(&card(SERIAL + 2), "users").ok();
    let twice = later(&card(SERIAL + 2), "users").exits(1);
    twice.says("one and the same key");
    let named = show(&admin, &[])["keys"].clone();
    assert_eq!(named, serde_json::json!([card(SERIAL), card(SERIAL + 2)]));
    admin.list_of_keys(6);
    admin.sign(&["-n", "peter", "--files-from", "list"]).ok();
    admin.assert_issued(6);
    let ours = keygen::fingerprint(&file.with_extension("pub"));
    let tokens = admin.punchmark.run(&["tokens"]).ok();
    assert_eq!(tokens.stdout.matches(&ours).count(), 3, "{tokens}");
}

#[test]
fn a_spare_whose_run_was_cut_short_is_taken_up() {
    let admin = Admin::with_cards(&["5.7.1", "5.7.1"]);
    admin.key("users", P256);
    let config = admin.config_file();
    import(&admin, "users", "9c", &[]).ok();
    let before = fs::read(&config).unwrap();
    let spare = "yubikey:serial=12345679;slot-id=9c";
    let add = || {
        let mut arguments = vec!["import", "users", "--from", "users", "--key", spare];
        arguments.extend(["--touch-policy", "never"]);
        arguments.extend(["--management-key-file", "management"]);
        admin.punchmark.pinned(&arguments)
    };
    add().ok();
    let after = fs::read(&config).unwrap();
    // As if the run had ended before the config was written.
    fs::write(&config, before).unwrap();
    add().ok();
    assert_eq!(fs::read(&config).unwrap(), after);
}

#[test]
fn a_spare_that_failed_is_brought_in_by_the_same_command() {
    let admin = Admin::with_cards(&["5.7.1", "5.7.1"]);
    admin.key("users", P256);
    let spare = "yubikey:serial=12345679;slot-id=9c";
    let wrong = admin.punchmark.write_pin("second", "730285");
    let run = || {
        let mut import = vec!["import", "users", "--from", "users", "--key", SLOT];
        import.extend([
            "--spare",
            spare,
            "--next-serial",
            "1",
            "--touch-policy",
            "never",
        ]);
        import.extend(["--management-key-file", "management"]);
        import.extend([
            "--pin-file",
            "12345678=pin",
            "--pin-file",
            "12345679=second",
        ]);
        admin.punchmark.run(&import)
    };
    let failed = run()
        .exits(1)
        .says("YubiKey 12345679: wrong PIN, tried once");
    assert!(failed.stdout.contains("CA users is ready"), "{failed}");
    // What must be known in any case stands before what failed.
    let copies = failed.stderr.find("whoever copied").unwrap();
    let nobody = failed.stderr.find("cannot be attested").unwrap();
    let fault = failed.stderr.find("wrong PIN").unwrap();
    assert!(copies < fault && nobody < fault, "{failed}");
    fs::write(&wrong, PIN).unwrap();
    let ran = run().ok();
    assert!(ran.stdout.contains("CA users has its key in"), "{ran}");
    assert!(
        ran.stdout
            .contains(&format!("CA users has a spare: {spare}")),
        "{ran}"
    );
    // And once more, which changes nothing.
    run().ok();
    let named = show(&admin, &[])["keys"].clone();
    assert_eq!(named, serde_json::json!([SLOT]));
}

#[test]
fn a_spare_that_is_not_plugged_in_is_waited_for() {
    let admin = Admin::with_cards(&["5.7.1", "5.7.1"]);
    admin.key("users", P256);
    let link = admin.token.link(1).unwrap();
    pull(&admin.token, 1);
    let mut command = admin.punchmark.on_a_terminal();
    command.args([
        "import", "users", "--from", "users", "--key", SLOT, "--spare",
    ]);
    command.args([
        "yubikey:serial=12345679;slot-id=9c",
        "--touch-policy",
        "never",
    ]);
    command.args(["--next-serial", "1", "--management-key-file", "management"]);
    command.args(["--pin-file", "12345678=pin", "--pin-file", "12345679=pin"]);
    let mut pty = Pty::start(command);
    pty.expect("yubikey:serial=12345679;slot-id=9c is not plugged in");
    admin.put_back(link);
    pty.expect("press Enter");
    pty.type_line("");
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
}
