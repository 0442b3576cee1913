//! `scripts/check-card`, with an emulated card and a hand that does what it is asked to.

use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use virtual_yubikey::card::Finger;
use virtual_yubikey::link::Link;
use virtual_yubikey::pcscd::Pcscd;

use crate::harness::admin::Admin;
use crate::harness::process::bounded;
use crate::harness::punchmark::BINARY;
use crate::harness::write;

#[test]
fn the_checklist_for_a_real_card_passes_on_an_emulated_one() {
    let admin = Admin::with_cards(&["5.7.1"]);
    admin.card().set_touch_timeout(Duration::from_secs(3));
    let report = walk_through(&admin);
    assert_eq!(report.matches("\npass: ").count(), 10, "{report}");
    assert!(report.contains("0 failed"), "{report}");
    assert!(
        report.contains("pass: the run went on by itself"),
        "{report}"
    );
    assert_eq!(
        report.matches("the card has forgotten the PIN").count(),
        3,
        "{report}"
    );
    assert!(!report.contains("left out"), "{report}");
}

/// Runs the script to its end; gives its report.
fn walk_through(admin: &Admin<Pcscd>) -> String {
    let home = &admin.punchmark;
    write(&home.path("hand"), HAND, 0o755);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/check-card");
    let mut command = home.prepare(bounded(script));
    command.args(["12345678", "--pin-file", "pin"]);
    command.args(["--management-key-file", "management", "--report", "report"]);
    command
        .args(["--punchmark", BINARY, "--hand"])
        .arg(home.path("hand"));
    let log = std::fs::File::create(home.path("log")).unwrap();
    command
        .stderr(log.try_clone().unwrap())
        .stdout(Stdio::from(log));
    let mut script = command.spawn().unwrap();
    let mut done = 0;
    while script.try_wait().unwrap().is_none() {
        let asked = std::fs::read_to_string(home.path("asked")).unwrap_or_default();
        asked
            .lines()
            .skip(done)
            .for_each(|act| lend_a_hand(admin.card(), act));
        done = asked.lines().count();
        sleep(Duration::from_millis(10));
    }
    let report = std::fs::read_to_string(home.path("report")).unwrap();
    let log = std::fs::read_to_string(home.path("log")).unwrap();
    assert!(script.wait().unwrap().success(), "{report}\n{log}");
    report
}

fn lend_a_hand(card: &Link, act: &str) {
    match act {
        // Slow enough for a card to be pulled in between.
        "touch" => card.set_finger(Finger::After(Duration::from_millis(700))),
        "absent" => card.set_finger(Finger::Absent),
        "pull" => card.pull(),
        "back" => card.put_back(),
        other => panic!("asked for {other:?}"),
    }
}

/// Its `HOME` is the script's, so it says where it lies itself.
const HAND: &str = "#!/bin/sh\necho \"$1\" >>\"$(dirname \"$0\")/asked\"\n";
