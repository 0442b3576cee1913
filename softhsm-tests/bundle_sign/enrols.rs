//! People whom a registrar enrols by a bundle.

use super::ERIK;
use crate::harness::process::Ran;
use crate::harness::two_sides::{Sides, objects};
use crate::harness::write;

#[test]
fn whom_a_registrar_enrols_is_recorded_with_the_yes_and_never_himself_or_who_is_known() {
    let sides = Sides::begun();
    let make = |out: &str, more: &str| {
        write(
            &sides.office.path("people.csv"),
            format!("key,requester,role\n{ERIK}"),
            0o644,
        );
        sides.office(&format!(
            "bundle make --key ole --out {out} --manifest people.csv --json {more}"
        ))
    };
    for (more, words) in [
        ("--enroll ole=ole2.pub", "nobody enrols himself"),
        (
            "--enroll anna=ole.pub",
            "enrolled for requester `ole` already",
        ),
        (
            "--enroll anna=anna.pub --enroll erik=anna.pub",
            "is enrolled twice",
        ),
        ("--enroll anna", "it is NAME=KEY.pub"),
    ] {
        make("odd.bundle", more).fails().says(words);
        assert!(!sides.office.path("odd.bundle").exists());
    }
    let made = make(
        "one.bundle",
        "--enroll anna=anna.pub --enroll erik=12345678",
    )
    .ok();
    let made = objects(&made).pop().unwrap();
    let shown = sides.office("bundle show one.bundle").ok();
    for words in [
        "enrols     anna: key SHA256:",
        "enrols     erik: YubiKey 12345678",
    ] {
        assert!(shown.stdout.contains(words), "{shown}");
    }
    assert!(
        shown
            .stdout
            .contains("! nobody of the name anna is enrolled"),
        "{shown}"
    );
    let listed = |side: &Ran, who: &str| side.stdout.contains(who);
    sides.carry_in("one.bundle");
    let planned = sides.room("bundle sign --dry-run one.bundle").ok();
    assert!(listed(&planned, "enrols anna: key SHA256:"), "{planned}");
    assert!(!listed(&sides.room("requester list").ok(), "anna "));
    let signed = sides.sign("one.bundle", &made).ok();
    assert!(listed(&signed, "enrols anna: key SHA256:"), "{signed}");
    for side in [sides.room("requester list").ok(), {
        sides.accept("one.bundle").ok();
        sides.office("requester list").ok()
    }] {
        assert!(
            listed(&side, "anna ") && listed(&side, "YubiKey 12345678"),
            "{side}"
        );
    }
    // Meanwhile the key became somebody else's where the ledger is: that stands.
    sides.carry_in("peter.pub");
    let made = objects(&make("three.bundle", "--enroll peter=peter.pub").ok())
        .pop()
        .unwrap();
    sides.room("requester add erik --key peter.pub").ok();
    sides
        .sign("three.bundle", &made)
        .fails()
        .says("enrolled for requester `erik` already");
    sides.room("ledger verify --signatures").ok();
}
