//! Answers by which a mirror goes on, though it asked for nothing of what is in them.

use super::answers::Parts;
use super::*;

#[test]
fn a_mirror_that_was_begun_anew_makes_bundles_and_goes_on_by_the_answers_to_others() {
    let sides = Sides::begun();
    let one = sides.make("one.bundle", ERIK, "");
    sides.sign("one.bundle", &one).ok();
    sides.accept("one.bundle").ok();
    sides.lose_mirror();
    sides.begin_mirror().ok();
    // It follows what the ledger has, and there is no list of what was made.
    let two = sides.make("two.bundle", ANNA, "");
    assert_eq!(two["before"], one["sha256"]);
    sides.sign("two.bundle", &two).ok();
    let three = sides.make("three.bundle", "peter.pub,peter,engineer\n", "");
    sides.sign("three.bundle", &three).ok();
    sides.lose_mirror();
    sides
        .office(&format!("mirror init {}", crate::harness::two_sides::FROM))
        .ok();
    let entries = sides.entries();
    let followed = sides.accept("two.bundle").ok();
    followed.says("was not made beside this ledger: the mirror goes on by");
    assert!(sides.entries() > entries);
    assert!(sides.certificate("anna").is_none());
    sides.accept("two.bundle").ok().says("nothing changed");
    sides.carry_out("three.bundle.answer");
    let named = "bundle accept --bundle three.bundle three.bundle.answer";
    sides.office(named).ok().says("1 certificate filed");
    assert!(sides.certificate("peter").is_some());
    assert_eq!(sides.entries() + 1, sides.entries_in_the_room());
    // Nor by an answer that names a bundle which its entries don't have.
    let mut parts = Parts::of(&sides.answer_of("two.bundle"));
    parts.header.id[3] ^= 1;
    write(
        &sides.office.path("two.bundle.answer"),
        parts.written(),
        0o644,
    );
    sides
        .office("bundle accept two.bundle.answer")
        .fails()
        .says("the ledger does not say that this bundle was signed");
    // What was changed on its way is taken from nobody.
    let mut answer = sides.answer_of("two.bundle");
    *answer.last_mut().unwrap() ^= 1;
    write(&sides.office.path("two.bundle.answer"), answer, 0o644);
    sides.office("bundle accept two.bundle.answer").fails();
}

impl Sides {
    fn answer_of(&self, bundle: &str) -> Vec<u8> {
        std::fs::read(self.room.punchmark.path(&format!("{bundle}.answer"))).unwrap()
    }

    /// The signed head of the last answer among them, which travels with the next.
    fn entries_in_the_room(&self) -> u64 {
        let verified = self.room("ledger verify --json").ok();
        objects(&verified)[0]["entries"].as_u64().unwrap()
    }
}

#[test]
fn without_any_request_what_the_ledger_did_meanwhile_travels_also_of_a_retired_ca() {
    let sides = Sides::begun();
    sides.room("ca retire users").ok();
    for bundle in ["one.bundle", "two.bundle"] {
        let made = sides
            .office(&format!("bundle make --key ole --out {bundle} --json"))
            .ok();
        let made = objects(&made).pop().unwrap();
        assert_eq!(made["items"], 0);
        sides.office(&format!("bundle show {bundle}")).ok();
        sides
            .sign(bundle, &made)
            .ok()
            .says("0 certificates, 0 refused");
        let accepted = sides.accept(bundle).ok();
        assert!(!accepted.stderr.contains("nothing changed"), "{accepted}");
        sides.accept(bundle).ok().says("nothing changed");
        assert_eq!(sides.entries() + 1, sides.entries_in_the_room());
    }
    let shown = sides.office("ca show users").ok();
    assert!(shown.stdout.contains("retired"), "{shown}");
    sides
        .make_of("three.bundle", ERIK, "")
        .exits(3)
        .says("was revoked");
}
