//! `bundle show`: what `bundle sign` would refuse shows where a bundle is reviewed.

use crate::harness::faketime::faketime;
use crate::harness::process::{Ran, bounded, run};
use crate::harness::punchmark::BINARY;
use crate::harness::two_sides::Sides;
use crate::harness::write;

/// A mirror, and a bundle for somebody whom ole's word is for.
fn sides() -> Sides {
    let sides = Sides::apart();
    sides.begin_mirror().ok();
    sides.bundle("one.bundle", "ole2");
    sides.office("bundle show one.bundle").ok();
    sides
}

/// A command in the office, so many days later.
fn later(sides: &Sides, days: &str, command: &[&str]) -> Ran {
    let mut later = sides.office.prepare(bounded(faketime()));
    later.args(["-f", days, BINARY]).args(command);
    run(&mut later)
}

fn configure(sides: &Sides, change: impl Fn(String) -> String) {
    let file = sides.office.path("config/punchmark/punchmark.toml");
    let text = change(std::fs::read_to_string(&file).unwrap());
    write(&file, text, 0o600);
}

#[test]
fn a_bundle_that_is_too_old_and_a_role_that_nobody_signs_by_are_told() {
    let sides = sides();
    let show = ["bundle", "show", "one.bundle"];
    later(&sides, "+29d", &show).ok();
    let old = later(&sides, "+31d", &show).exits(1);
    assert!(old.stderr.contains("the bundle is"), "{old}");
    assert!(
        old.stderr.contains("30 days is the most") || old.stderr.contains("is the most"),
        "{old}"
    );
    configure(&sides, |text| {
        text.replace("[role.engineer]", "[role.other]")
    });
    let shown = sides.office("bundle show one.bundle").exits(1);
    assert!(shown.stderr.contains("engineer"), "{shown}");
}

#[test]
fn a_word_that_does_not_count_is_told_of_its_item() {
    let sides = sides();
    sides.carry_in("one.bundle");
    sides.room("bundle show one.bundle").ok();
    sides.room("requester add ole --registrar boss").ok();
    let shown = sides.room("bundle show one.bundle").exits(1);
    assert!(shown.stderr.contains("item 1: "), "{shown}");
    assert!(shown.stderr.contains("engineer"), "{shown}");
}

#[test]
fn a_mirror_of_which_no_head_is_kept_takes_no_answer_and_says_what_mends_that() {
    let sides = Sides::apart();
    sides.begin_mirror().ok();
    let made = sides.bundle("one.bundle", "ole2");
    sides.signed("one.bundle", &made).ok();
    std::fs::rename(sides.office.path("heads"), sides.office.path("lost")).unwrap();
    let refused = sides.accepted("one.bundle").fails();
    assert!(refused.stderr.contains("no kept head"), "{refused}");
    // What takes a ledger for the newest copy takes no mirror.
    assert!(
        refused.stderr.contains("punchmark mirror adopt"),
        "{refused}"
    );
    assert!(!refused.stderr.contains("ledger head adopt"), "{refused}");
    sides.office("mirror adopt --no-krl --dry-run").ok();
    std::fs::rename(sides.office.path("lost"), sides.office.path("heads")).unwrap();
    sides.accepted("one.bundle").ok();
}

#[test]
fn what_is_pending_beside_a_mirror_shows_in_its_lists() {
    let sides = Sides::with_revoker();
    let enrolled = "requester list";
    let before = sides.office(enrolled).ok().stdout;
    assert!(
        !before.contains("REVOKED") && !before.contains("BARRED"),
        "{before}"
    );
    sides.revoke("--requester ole").ok();
    let after = sides.office(enrolled).ok().stdout;
    let line = |name: &str| after.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(line("ole").ends_with("REVOKED"), "{after}");
    assert!(!line("anna").contains("REVOKED"), "{after}");
    let json = sides.office("requester list --json").ok().stdout;
    assert_eq!(json.matches("\"ended\":\"revoked\"").count(), 1, "{json}");
    // The room knows it when the bundle that brings it was taken.
    assert!(!sides.room(enrolled).ok().stdout.contains("REVOKED"));
}
