//! Runs that are killed while a copy is made or destroyed: the next one goes on.

use super::{copies, destroy, import, in_backup, init_with_copy, with_two_tokens};
use crate::harness::admin::Admin;
use crate::harness::keygen::P256;
use crate::harness::process::{bounded, run};
use crate::harness::punchmark::BINARY;

/// Runs our program under strace, killed at its call of this number of those that bring something
/// to the disk; none where the kill ended it. SoftHSM makes none of them, so that its acts lie between ours.
fn killed_at(admin: &Admin, call: usize, arguments: &[&str]) -> Option<i32> {
    let calls = "fdatasync,fsync,rename,unlink";
    let mut strace = admin.punchmark.prepare(bounded("strace"));
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e"]);
    strace.arg(format!("trace={calls}"));
    strace.args(["-e", &format!("inject={calls}:signal=SIGKILL:when={call}")]);
    strace.args([BINARY, "--pin-file", "pin"]).args(arguments);
    run(&mut strace).code
}

/// How many objects of a class a token shows to whoever logs in.
fn objects(admin: &Admin, token: &str, class: &str) -> usize {
    let mut tool = admin.token.tool_logged_in();
    tool.args(["--token-label", token, "--list-objects", "--type", class]);
    run(&mut tool).ok().stdout.matches("Object").count()
}

/// One pair in each token, which can't leave it, and nothing else that could give the key away.
#[track_caller]
fn assert_copied_once(admin: &Admin) {
    for token in ["Root CA", "Backup"] {
        for class in ["privkey", "pubkey"] {
            assert_eq!(objects(admin, token, class), 1, "{class} in {token}");
        }
        let mut tool = admin.token.tool_logged_in();
        tool.args(["--token-label", token, "--list-objects"]);
        let listed = run(&mut tool).ok().stdout;
        assert!(!listed.contains(" extractable"), "{listed}");
    }
    let left: Vec<_> = copies(admin)
        .into_iter()
        .filter(|copy| copy["became"] != "destroyed")
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0]["kind"], "wrapped");
    admin.key("peter", P256);
    admin.sign(&["-n", "peter", "peter.pub"]).ok();
    let verified = admin.punchmark.run(&["ledger", "verify", "--signatures"]);
    verified.ok();
}

/// Whether the config names the CA: that is written last.
fn has_ca(admin: &Admin) -> bool {
    let config = std::fs::read_to_string(admin.config_file());
    config.is_ok_and(|text| text.contains("[ca.users]"))
}

#[test]
fn a_copy_that_was_killed_at_any_write_is_taken_up_by_the_next_run() {
    let admin = with_two_tokens();
    let (key, copy) = (admin.token.locator("users"), in_backup(&admin, "users"));
    let init = ["init", "users", "--algorithm", "p256", "--key", &key];
    let init = [&init[..], &["--copy-to", &copy]].concat();
    // Each run is killed one write later than the last one, until one has nothing left to do.
    let mut kills = 0;
    loop {
        match killed_at(&admin, kills + 1, &init) {
            Some(0) => break,
            code => assert_eq!(code, None, "{kills}"),
        }
        kills += 1;
        assert!(kills < 60, "{kills}");
    }
    assert!(kills > 6, "{kills}");
    assert_copied_once(&admin);
}

#[test]
fn a_copy_that_was_killed_once_goes_on_and_nothing_is_left_that_gives_the_key_away() {
    for call in (1..).step_by(2) {
        let admin = with_two_tokens();
        let (key, copy) = (admin.token.locator("users"), in_backup(&admin, "users"));
        let init = ["init", "users", "--algorithm", "p256", "--key", &key];
        let init = [&init[..], &["--copy-to", &copy]].concat();
        if killed_at(&admin, call, &init).is_some() {
            assert!(call > 20, "{call}");
            return;
        }
        if call > 1 && !has_ca(&admin) {
            // It goes on where it began, and nowhere else.
            let other = in_backup(&admin, "other");
            let elsewhere = [&init[..init.len() - 1], &[other.as_str()]].concat();
            let refused = admin.punchmark.pinned(&elsewhere).exits(1);
            refused.says("was to make the key elsewhere");
        }
        // With its config it was done.
        if !has_ca(&admin) {
            init_with_copy(&admin, "p256", &["--dry-run"]).ok();
            init_with_copy(&admin, "p256", &[]).ok();
        }
        assert_copied_once(&admin);
    }
}

#[test]
fn half_a_key_that_was_left_in_either_token_is_removed_and_made_whole() {
    for (token, class) in [
        ("Root CA", "privkey"),
        ("Root CA", "pubkey"),
        ("Backup", "privkey"),
        ("Backup", "pubkey"),
    ] {
        let admin = with_two_tokens();
        let (key, copy) = (admin.token.locator("users"), in_backup(&admin, "users"));
        let init = ["init", "users", "--algorithm", "p256", "--key", &key];
        let init = [&init[..], &["--copy-to", &copy]].concat();
        // Up to where this token has its pair; the other one not yet, or not sealed yet.
        let mut call = 2;
        let before = |admin: &Admin| objects(admin, token, "privkey") == 0;
        while before(&admin) {
            assert_eq!(killed_at(&admin, call, &init), None, "{call}");
            call += 1;
        }
        let mut tool = admin.token.tool_logged_in();
        tool.args(["--token-label", token, "--delete-object"]);
        tool.args(["--type", class, "--label", "users"]);
        run(&mut tool);
        init_with_copy(&admin, "p256", &[]).ok();
        assert_copied_once(&admin);
    }
}

#[test]
fn a_copy_that_is_killed_while_it_is_destroyed_is_destroyed_by_the_next_run() {
    for call in 1..12 {
        let admin = with_two_tokens();
        let spare = in_backup(&admin, "users");
        import(&admin, &["--spare", &spare]).ok();
        let all = ["ca", "destroy-copy", "users", &spare, "--yes"];
        let code = killed_at(&admin, call, &all);
        if copies(&admin)[0]["became"] != "destroyed" {
            assert_eq!(code, None, "{call}");
            destroy(&admin, &spare, &["--yes"]).ok();
        }
        assert_eq!(copies(&admin)[0]["became"], "destroyed", "{call}");
        assert_eq!(objects(&admin, "Backup", "privkey"), 0, "{call}");
        admin.punchmark.run(&["ledger", "verify"]).ok();
        if code == Some(0) {
            assert!(call > 2, "{call}");
            return;
        }
    }
    panic!("no run came to its end");
}
