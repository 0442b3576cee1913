//! Many keys in one run: what goes wrong in the middle is named, and can be resumed.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::admin::Admin;
use crate::harness::device::{Device, on_devices};
use crate::harness::keygen::{self, ED25519};
use crate::harness::p11kit::{P11KitServer, client_module};
use crate::harness::process::{Ran, bounded, run, run_fed, wait_until};
use crate::harness::punchmark::BINARY;
use crate::harness::token::Token;

const SIGN: [&str; 7] = ["sign", "-s", "users", "-I", "id", "-n", "peter"];

on_devices!(
    [softhsm, yubikey_5_7, ykcs11, agent],
    [
        one_bad_file_does_not_stop_the_others_and_is_named,
        a_list_of_files_is_read_by_lines_or_by_nul,
        a_resumed_run_signs_what_is_missing_and_restores_what_was_lost,
        a_resumed_run_signs_again_what_was_asked_for_differently,
        a_run_killed_at_any_moment_leaves_no_certificate_that_the_ledger_does_not_know,
        a_run_that_is_interrupted_finishes_what_it_began_and_says_how_to_go_on,
        a_second_run_is_told_that_the_ledger_is_in_use,
        a_list_that_is_still_written_keeps_nobody_from_signing,
        a_ledger_that_cannot_grow_signs_nothing,
        a_full_disk_for_the_outputs_is_named_and_the_ledger_knows_what_was_signed,
        an_existing_certificate_is_replaced_whole,
    ]
);

fn certificate_of(public: &Path) -> std::path::PathBuf {
    keygen::certificate(&public.with_extension(""))
}

fn one_bad_file_does_not_stop_the_others_and_is_named(device: Device) {
    let admin = device.with_users_ca("p256");
    let keys = admin.public_keys(3);
    std::fs::write(&keys[1], "not a key\n").unwrap();
    let ran = admin.sign(&["-n", "peter", "key0.pub", "key1.pub", "key2.pub"]);
    ran.exits(1).says("key1.pub").says("1 key failed");
    let there = keys.iter().map(|key| certificate_of(key).exists());
    assert_eq!(there.collect::<Vec<_>>(), [true, false, true]);
    admin.assert_issued(2);
}

fn a_list_of_files_is_read_by_lines_or_by_nul(device: Device) {
    let admin = device.with_users_ca("p256");
    admin.public_keys(4);
    for (flags, list) in [
        (&["--files-from", "-"][..], &b"key0.pub\nkey1.pub\n"[..]),
        (&["--files-from", "-", "-0"], b"key2.pub\0key3.pub\0"),
    ] {
        let mut command = admin.punchmark.background();
        run_fed(command.args(SIGN).args(flags), list).ok();
    }
    // A device that never ends a path is no list.
    let endless = admin.sign(&["-n", "peter", "--files-from", "/dev/zero"]);
    endless.fails().says("entry 1 is longer than 4096 bytes");
    assert_eq!(admin.certificates().len(), 4);
    admin.assert_issued(4);
}

fn a_resumed_run_signs_what_is_missing_and_restores_what_was_lost(device: Device) {
    let admin = device.with_users_ca("p256");
    let keys = admin.public_keys(3);
    admin.sign(&["-n", "peter", "key0.pub", "key1.pub"]).ok();
    let first = std::fs::read(certificate_of(&keys[0])).unwrap();
    std::fs::remove_file(certificate_of(&keys[0])).unwrap();
    let resume = [
        "-n", "peter", "--resume", "key0.pub", "key1.pub", "key2.pub",
    ];
    admin.sign(&resume).ok().says("2 keys had a certificate");
    assert_eq!(std::fs::read(certificate_of(&keys[0])).unwrap(), first);
    admin.assert_issued(3);
    admin.sign(&resume).ok();
    admin.assert_issued(3);
}

fn a_resumed_run_signs_again_what_was_asked_for_differently(device: Device) {
    let admin = device.with_users_ca("p256");
    admin.public_keys(1);
    admin.sign(&["-n", "peter", "key0.pub"]).ok();
    admin.sign(&["-n", "erik", "--resume", "key0.pub"]).ok();
    admin.assert_issued(2);
}

#[test]
fn a_daemon_killed_in_the_middle_loses_nothing_and_the_run_can_be_resumed() {
    let token = Token::softhsm();
    let mut server = P11KitServer::start(&token);
    let (name, address) = server.environment();
    let mut admin = Admin::new(token);
    admin.punchmark = admin.punchmark.with(name, address);
    let locator = admin.token.locator_through(&client_module(), "users");
    let init = ["init", "users", "--key", &locator, "--algorithm", "rsa3072"];
    admin.punchmark.pinned(&init).ok();
    let keys = admin.public_keys(200);

    let mut command = admin.punchmark.background();
    command.args(SIGN).args(&keys).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    wait_until("the first certificate is there", || {
        certificate_of(&keys[0]).exists()
    });
    server.kill();
    let output = child.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{words}");
    let written = admin.certificates().len();
    assert!((1..200).contains(&written), "{written}");
    admin.assert_issued(written);
    for key in keys.iter().filter(|key| !certificate_of(key).exists()) {
        let named = words.contains(&*key.to_string_lossy());
        assert!(named, "{} is not in\n{words}", key.display());
    }

    server.restart(&admin.token);
    let mut command = admin.punchmark.background();
    run(command.args(SIGN).arg("--resume").args(&keys)).ok();
    assert_eq!(admin.certificates().len(), 200);
    admin.assert_issued(200);
}

#[test]
fn a_token_pulled_in_the_middle_loses_nothing() {
    let admin = Admin::with_users_ca(Token::softhsm(), "rsa3072");
    let keys = admin.public_keys(200);
    let mut command = admin.punchmark.background();
    command.args(SIGN).args(&keys).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    wait_until("the first certificate is there", || {
        certificate_of(&keys[0]).exists()
    });
    let away = admin.punchmark.path("away");
    std::fs::rename(admin.token.store(), &away).unwrap();
    let output = child.wait_with_output().unwrap();
    std::fs::rename(&away, admin.token.store()).unwrap();
    // Whether SoftHSM notices is its own affair; certificates and ledger agree either way.
    let written = admin.certificates().len();
    assert_eq!(output.status.success(), written == 200);
    admin.assert_issued(written);
    let mut command = admin.punchmark.background();
    run(command.args(SIGN).arg("--resume").args(&keys)).ok();
    admin.assert_issued(200);
}

fn a_run_killed_at_any_moment_leaves_no_certificate_that_the_ledger_does_not_know(device: Device) {
    let admin = device.with_slow_ca();
    let keys = admin.public_keys(200);
    let sign = || {
        let mut command = admin.punchmark.background();
        command.args(SIGN).args(&keys).stderr(Stdio::null());
        command
    };
    run(&mut sign()).ok();
    let mut cut_short = 0;
    for certificates in (0..12).map(|moment| moment * 15) {
        for (path, _) in admin.certificates() {
            std::fs::remove_file(path).unwrap();
        }
        let mut child = sign().spawn().unwrap();
        wait_until("so many certificates are there", || {
            admin.certificates().len() >= certificates
        });
        child.kill().unwrap();
        cut_short += usize::from(!child.wait().unwrap().success());
        admin.assert_issued(count_issued(&admin));
    }
    assert!(cut_short >= 6, "only {cut_short} runs were killed in time");
    run(sign().arg("--resume")).ok();
    assert_eq!(admin.certificates().len(), 200);
    admin.assert_issued(count_issued(&admin));
}

fn a_run_that_is_interrupted_finishes_what_it_began_and_says_how_to_go_on(device: Device) {
    let admin = device.with_slow_ca();
    let keys = admin.public_keys(250);
    let mut command = admin.punchmark.background();
    command.args(SIGN).args(&keys).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    wait_until("the first certificate is there", || {
        certificate_of(&keys[0]).exists()
    });
    run(bounded("kill").args(["-INT", &child.id().to_string()])).ok();
    let output = child.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("the run was stopped"), "{words}");
    assert!(words.contains("--resume goes on"), "{words}");
    let written = admin.certificates().len();
    assert!((1..250).contains(&written), "{written}");
    admin.assert_issued(written);
    let states: Vec<_> = admin.ledger().iter().map(|e| e["state"].clone()).collect();
    assert!(states.iter().all(|state| state == "issued"), "{states:?}");
    let files = std::fs::read_dir(admin.punchmark.home()).unwrap();
    let mut names = files.map(|file| file.unwrap().file_name());
    assert!(!names.any(|name| name.to_string_lossy().starts_with(".punchmark-")));
}

fn count_issued<T>(admin: &Admin<T>) -> usize {
    let ledger = admin.ledger();
    let issued = ledger.iter().filter(|entry| entry["state"] == "issued");
    issued.count()
}

fn a_second_run_is_told_that_the_ledger_is_in_use(device: Device) {
    let admin = device.with_users_ca("p256");
    admin.public_keys(2);
    // A run's own lock, held here for as long as it takes to look.
    let ledger = std::fs::File::open(admin.ledger_file()).unwrap();
    ledger.lock().unwrap();
    let second = admin.sign(&["-n", "peter", "key1.pub"]).exits(1);
    let holder = format!("process {}", std::process::id());
    second.says("is in use by another run").says(&holder);
    // Closing it would not do: a process that another test starts holds it too until its exec.
    ledger.unlock().unwrap();
    admin.sign(&["-n", "peter", "key0.pub"]).ok();
    admin.assert_issued(1);
}

fn a_list_that_is_still_written_keeps_nobody_from_signing(device: Device) {
    let admin = device.with_users_ca("p256");
    let keys = admin.public_keys(2);
    let mut command = admin.punchmark.background();
    command
        .args(SIGN)
        .args(["--files-from", "-"])
        .stdin(Stdio::piped());
    let mut slow = command.spawn().unwrap();
    let mut list = slow.stdin.take().unwrap();
    list.write_all(b"key0.pub\n").unwrap();
    wait_until("the first path is read", || is_read(&list));
    admin.sign(&["-n", "peter", "key1.pub"]).ok();
    assert!(!certificate_of(&keys[0]).exists());
    drop(list);
    assert!(slow.wait().unwrap().success());
    admin.assert_issued(2);
}

/// Whether nothing that was written to a pipe still waits in it.
fn is_read(pipe: &impl std::os::fd::AsFd) -> bool {
    rustix::io::ioctl_fionread(pipe).unwrap() == 0
}

fn a_ledger_that_cannot_grow_signs_nothing(device: Device) {
    let admin = device.with_users_ca("p256");
    admin.public_keys(1);
    // No file may be written beyond its first byte; the signal that says so is ignored.
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"";
    let mut shell = bounded("sh");
    shell.args(["-c", script, BINARY]);
    let ran = run(pinned(&admin, shell).args(SIGN).arg("key0.pub"));
    ran.exits(1).says("ledger");
    assert!(admin.certificates().is_empty());
    admin.assert_issued(0);
}

fn a_full_disk_for_the_outputs_is_named_and_the_ledger_knows_what_was_signed(device: Device) {
    let admin = device.with_users_ca("p256");
    let keys = admin.public_keys(60);
    std::fs::create_dir(admin.punchmark.path("full")).unwrap();
    let Some(ran) = sign_on_a_full_disk(&admin, keys.len()) else {
        eprintln!("left out: this machine allows no mounts to its tests");
        return;
    };
    let ran = ran.exits(1).says("No space left");
    let issued = count_issued(&admin);
    let written: usize = ran.stdout.trim().parse().unwrap();
    assert!(written < keys.len(), "{ran}");
    assert!(issued >= written, "{ran}");
    admin.assert_issued(issued);
}

/// Signs on a small disk that only the child sees; its stdout is how many were written.
fn sign_on_a_full_disk<T>(admin: &Admin<T>, keys: usize) -> Option<Ran> {
    let unshare = ["--map-root-user", "--mount"];
    let can = run(bounded("unshare")
        .args(unshare)
        .args(["mount", "-t", "tmpfs", "none", "/mnt"]));
    if can.code != Some(0) {
        return None;
    }
    let script = "mount -t tmpfs -o size=320k none full && cp key*.pub full && cd full || exit 9
        \"$0\" \"$@\" *.pub; code=$?; ls | grep -c -e -cert.pub; exit $code";
    let mut shell = bounded("unshare");
    shell.args(unshare).args(["sh", "-c", script, BINARY]);
    assert_eq!(keys, 60, "the size of the disk is for this many");
    Some(run(pinned(admin, shell).args(SIGN)))
}

/// Gives a command the account's environment and its PIN.
fn pinned<T>(admin: &Admin<T>, command: Command) -> Command {
    let mut command = admin.punchmark.prepare(command);
    command.arg("--pin-file").arg(admin.punchmark.path("pin"));
    command
}

fn an_existing_certificate_is_replaced_whole(device: Device) {
    let admin = device.with_users_ca("p256");
    let key = admin.key("key", ED25519);
    let files = || {
        let files = std::fs::read_dir(admin.punchmark.home()).unwrap();
        let names = files.map(|file| file.unwrap().file_name());
        names.collect::<BTreeSet<_>>()
    };
    let mut expected = files();
    expected.insert("key-cert.pub".into());
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    admin.sign(&["-n", "erik", "key.pub"]).ok();
    assert_eq!(
        keygen::read(&keygen::certificate(&key)).principals,
        ["erik"]
    );
    assert_eq!(files(), expected);
    admin.assert_issued(2);
}
