//! Killed at every step, and without its token: the same command goes on, and nothing is signed twice.

use std::process::{ExitStatus, Stdio};

use super::*;

/// What changes files.
const CALLS: &str = "openat,write,pwrite64,fdatasync,fsync,ftruncate,rename,renameat,renameat2,\
    link,linkat,unlink,unlinkat";

/// What makes it durable.
const SYNCS: &str = "fdatasync,fsync";

/// Runs to its end, or to this call of those that change a file.
fn killed_at(
    by: &crate::harness::punchmark::Punchmark,
    call: u32,
    arguments: &[&str],
) -> ExitStatus {
    killed_at_one_of(CALLS, by, call, arguments)
}

/// Runs to its end, or to the one of these calls that has this number.
fn killed_at_one_of(
    calls: &str,
    by: &crate::harness::punchmark::Punchmark,
    call: u32,
    arguments: &[&str],
) -> ExitStatus {
    let mut strace = by.prepare(bounded("strace"));
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e"]);
    strace.arg(format!("trace={calls}")).arg("-e");
    strace.arg(format!("inject={calls}:signal=SIGKILL:when={call}"));
    strace.args([BINARY, "--pin-file", "pin"]).args(arguments);
    strace.stdout(Stdio::null()).stderr(Stdio::null());
    strace.status().unwrap()
}

#[test]
fn a_bundle_is_signed_and_its_answer_accepted_wherever_each_is_killed() {
    let sides = Sides::begun();
    sides.request("peter");
    let made = sides.make("one.bundle", &format!("{ERIK}{ANNA}"), "peter.req");
    sides.carry_in("one.bundle");
    let words = made["words"].as_str().unwrap();
    let sign = ["bundle", "sign", "one.bundle", "--words", words];
    let answer = sides.room.punchmark.path("one.bundle.answer");
    sides.room.token.keep();
    let mut kills = 0;
    for call in (1..).step_by(3) {
        if killed_at(&sides.room.punchmark, call, &sign).success() {
            break;
        }
        kills += 1;
        sides.room.token.put_back();
        sides.room("ledger verify --signatures").ok();
        if is_closed(&sides) {
            break;
        }
    }
    assert!(kills > 20, "{kills}");
    if !answer.exists() {
        sides.room("bundle sign --again one.bundle").ok();
    }
    // Whatever was cut off, each has one certificate.
    sides.room.assert_issued(3);
    sides.carry_out("one.bundle.answer");
    let accept = ["bundle", "accept", "one.bundle.answer"];
    let mut kills = 0;
    for call in 1.. {
        if killed_at(&sides.office, call, &accept).success() {
            break;
        }
        kills += 1;
        sides.office("ledger verify").ok();
    }
    assert!(kills > 10, "{kills}");
    sides
        .office("bundle accept one.bundle.answer")
        .ok()
        .says("nothing changed");
    for name in ["peter", "erik", "anna"] {
        assert!(sides.certificate(name).is_some(), "{name}");
    }
    sides.office("ledger verify --signatures").ok();
    let list = "ledger list --json";
    assert_eq!(sides.office(list).ok().stdout, sides.room(list).ok().stdout);
}

/// Whether the ledger says that the bundle was signed.
fn is_closed(sides: &Sides) -> bool {
    let exported = sides.room("ledger export").ok().stdout;
    exported.contains("\"kind\":\"bundle-closed\"")
}

#[test]
fn a_bundle_goes_on_when_its_token_is_back() {
    let sides = Sides::begun();
    let made = sides.make("one.bundle", &format!("{ERIK}{ANNA}"), "");
    let config = std::fs::read_to_string(sides.room.config_file()).unwrap();
    let gone = config.replace("object=users", "object=gone");
    assert_ne!(gone, config);
    write(&sides.room.config_file(), gone, 0o600);
    sides.sign("one.bundle", &made).exits(1);
    sides.room.assert_issued(0);
    // Another one has to wait until the first is done.
    let two = sides.make("two.bundle", "peter.pub,peter,engineer\n", "");
    sides
        .sign("two.bundle", &two)
        .exits(3)
        .says("was begun and is not done");
    write(&sides.room.config_file(), config, 0o600);
    sides.sign("one.bundle", &made).ok();
    sides.sign("two.bundle", &two).ok();
    sides.room.assert_issued(3);
    sides.accept("one.bundle").ok();
    sides.accept("two.bundle").ok();
}

#[test]
fn what_a_killed_run_reserved_is_signed_by_the_next_and_nothing_is_refused_for_it() {
    let sides = Sides::begun();
    let (mut cut_off, mut call) = (0, 0);
    loop {
        call += 1;
        let bundle = format!("{call}.bundle");
        let made = sides.make(
            &bundle,
            &format!("{ERIK}{ANNA}peter.pub,peter,engineer\n"),
            "",
        );
        sides.carry_in(&bundle);
        let sign = [
            "bundle",
            "sign",
            &bundle,
            "--words",
            made["words"].as_str().unwrap(),
        ];
        sides.room.token.keep();
        let ended = killed_at_one_of(SYNCS, &sides.room.punchmark, call, &sign);
        sides.room.token.put_back();
        if ended.success() {
            sides.accept(&bundle).ok();
            break;
        }
        let listed = sides.room("ledger list --json").ok().stdout;
        if listed.contains("\"state\":\"reserved\"") {
            cut_off += 1;
            let dry = format!("bundle sign {bundle} --dry-run");
            let dry = sides.pinned(&dry).ok();
            assert!(!dry.stdout.contains("refused"), "{dry}");
        }
        let again = sides.room.punchmark.pinned(&sign);
        if again.stderr.contains("was signed before") {
            sides.room(&format!("bundle sign --again {bundle}")).ok();
        } else {
            again.ok();
        }
        let accepted = sides.accept(&bundle).ok();
        accepted.says("3 certificates filed, 0 there already, 0 refused");
    }
    assert!(
        cut_off > 0,
        "{call} calls, and none between reserve and record"
    );
    sides.room("ledger verify --signatures").ok();
    sides.office("ledger verify --signatures").ok();
}

#[test]
fn a_bundle_that_went_out_is_known_and_one_that_did_not_is_in_nobodys_way() {
    let sides = Sides::begun();
    write(
        &sides.office.path("people.csv"),
        format!("key,requester,role\n{ERIK}"),
        0o644,
    );
    let mut out = 0;
    for call in 1.. {
        let bundle = format!("{call}.bundle");
        let make = ["bundle", "make", "--key", "ole", "--manifest", "people.csv"];
        let make = [&make[..], &["--out", &bundle]].concat();
        let ended = killed_at_one_of(SYNCS, &sides.office, call, &make);
        if sides.office.path(&bundle).exists() {
            out += 1;
            let shown = sides.office(&format!("bundle show --json {bundle}")).ok();
            sides.sign(&bundle, &objects(&shown)[0]).ok();
            sides.accept(&bundle).ok();
        }
        if ended.success() {
            break;
        }
    }
    assert!(
        out > 1,
        "no run was killed behind the moment when its file was there"
    );
}
