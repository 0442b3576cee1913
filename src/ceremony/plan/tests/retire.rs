//! Plans that end CAs, and that make one beside another.

use super::*;

/// A plan for three people that ends the CA `users`, of which one copy is in a token, filled in.
pub(in crate::ceremony) fn filled_to_retire() -> String {
    filled_about_users(Kind::Retire, &["users2 took over"])
        + "\n[[paper]]\nwhat = \"the PIN of `root`\"\nenvelope = \"E1\"\n"
}

/// A plan for three people that makes `users2` beside `users`, filled in.
pub(in crate::ceremony) fn filled_to_roll_over() -> String {
    filled_about_users(Kind::Rollover, &[])
}

/// A plan for three people in which the token's copy of `users` takes the place of another, filled in.
pub(in crate::ceremony) fn filled_to_restore() -> String {
    let lost = "pkcs11:token=Lost;serial=1;object=users";
    filled_about_users(
        Kind::Restore,
        &["the safe was flooded", lost, "nobody found it"],
    )
}

/// A plan for three people that tries the token's copy of `users`, filled in.
pub(in crate::ceremony) fn filled_to_drill() -> String {
    filled_about_users(Kind::Drill, &["2027-12-01T00:00Z"])
}

pub(super) fn filled_about_users(kind: Kind, own: &[&str]) -> String {
    let draft = Draft {
        kind,
        people: 3,
        program: [1; 32],
        devices: DraftDevices::Token(Some((
            "/usr/lib/softhsm/libsofthsm2.so".to_owned(),
            [2; 32],
        ))),
        shares: None,
        day: "2026-12-01T00:00Z".parse().unwrap(),
        before: None,
        bundles: Vec::new(),
    };
    let text = draft.text().unwrap().replace("size = \"?\"", "size = 5");
    let device = ["Cem", "live system 7", "Root CA", "fe12", "B1", "B2", "E1"];
    let root = "07".repeat(32);
    let ledger = ["punchmark.ledger/1", &root, FINGERPRINT];
    let words = FILLED.iter().chain(&device).chain(&ledger).chain(own);
    words.fold(text, |text, word| {
        text.replacen("= \"?\"", &format!("= \"{word}\""), 1)
    })
}

/// A plan as it is drawn has no fault but what its people are still to fill in.
pub(super) fn assert_draft_lacks_words_alone(kind: Kind) {
    for devices in [DraftDevices::Token(None), DraftDevices::YubiKeys(2)] {
        let draft = Draft {
            kind,
            people: 2,
            program: [1; 32],
            devices,
            shares: None,
            day: "2026-12-01T00:00Z".parse().unwrap(),
            before: None,
            bundles: Vec::new(),
        };
        let missing = faults(&draft.text().unwrap());
        let filled_in = |fault: &String| fault.ends_with("is still to be filled in");
        assert!(missing.iter().all(filled_in), "{missing:?}");
    }
}

#[test]
fn a_plan_that_ends_a_ca_wants_nothing_but_what_its_people_know() {
    assert_draft_lacks_words_alone(Kind::Retire);
    let plan = Plan::parse(filled_to_retire().as_bytes()).unwrap();
    let Task::Retire(retire) = &plan.task else {
        panic!("{plan:?}");
    };
    assert_eq!(retire.copies.len(), 1);
    assert_eq!(retire.papers.len(), 1);
    assert_eq!(plan.ledger.unwrap().head.size, 5);
}

#[test]
fn each_rule_of_what_ends_is_held_to() {
    let copy = "[[copy]] # destroyed in this device, and read back as gone\nca     = \"users\"\n\
        device = \"root\"\n";
    let twice = format!("{copy}\n{copy}");
    let missing = "[[copy]]\nca = \"users\"\nmissing = \"not in the safe\"\n";
    let cases = [
        (copy, "", "copy: none is of CA `users`"),
        (
            copy,
            twice.as_str(),
            "copy 2, ca: and its place are there twice",
        ),
        (copy, missing, "copy 1, locator: is missing"),
        (
            "ca     = \"users\"",
            "ca     = \"hosts\"",
            "copy 1, ca: is no [[known-ca]] of the plan",
        ),
        (
            "device = \"root\"",
            "device = \"toor\"",
            "copy 1, device: \"toor\" is no [[device]]",
        ),
        (
            "lock-out = false",
            "lock-out = 0",
            "retire, lock-out: 0 is neither true nor false",
        ),
        (
            "reason   =",
            "reasons  =",
            "retire, reasons: is no key of a plan",
        ),
        (
            "`root`\"\nenvelope = \"E1\"",
            "`root`\"",
            "paper 1, envelope: is missing",
        ),
        ("size = 5", "size = -5", "ledger, size: -5 is no number"),
        ("[[known-ca]]", "[[ca]]", "known-ca: no CA is named"),
    ];
    assert_each_rule(&filled_to_retire(), &cases);
}

#[test]
fn a_plan_that_makes_a_ca_beside_another_wants_nothing_but_what_its_people_know() {
    assert_draft_lacks_words_alone(Kind::Rollover);
    let plan = Plan::parse(filled_to_roll_over().as_bytes()).unwrap();
    assert_eq!(plan.old_ca().unwrap().name.as_str(), "users");
    assert_eq!(plan.cas()[0].name.as_str(), "users2");
    let twice = "[[known-ca]]\nname = \"hosts\"\nfingerprint = \"@\"\n\n[[known-ca]]";
    let twice = twice.replace('@', FINGERPRINT);
    let cases = [
        (
            "[[known-ca]]",
            twice.as_str(),
            "known-ca: one CA goes, and these are several",
        ),
        (
            "\"users2\"",
            "\"users\"",
            "ca: has the name of the CA that goes",
        ),
        ("copies       = \"none\"", "", "ca 1, copies: is missing"),
    ];
    assert_each_rule(&filled_to_roll_over(), &cases);
}

#[test]
fn a_plan_that_restores_a_ca_wants_nothing_but_what_its_people_know() {
    assert_draft_lacks_words_alone(Kind::Restore);
    let plan = Plan::parse(filled_to_restore().as_bytes()).unwrap();
    assert_eq!(plan.copies_that_end().len(), 1);
    let cases = [
        ("[[lost]]", "[[copy]]", "lost: no place is of CA `users`"),
        (
            "device      = \"root\"",
            "",
            "known-ca: CA `users` has no device, which is where its copy is",
        ),
        (
            "missing = \"nobody",
            "mussing = \"nobody",
            "lost 1, missing: is missing",
        ),
        (
            "ca      = \"users\"",
            "ca      = \"hosts\"",
            "lost 1, ca: is no [[known-ca]] of the plan",
        ),
        ("reason =", "reasons =", "restore, reason: is missing"),
    ];
    assert_each_rule(&filled_to_restore(), &cases);
}

#[test]
fn a_plan_of_a_drill_wants_nothing_but_what_its_people_know() {
    assert_draft_lacks_words_alone(Kind::Drill);
    Plan::parse(filled_to_drill().as_bytes()).unwrap();
    let cases = [
        (
            "2027-12-01",
            "2026-12-01",
            "drill, next-due: is before the end of this window",
        ),
        ("next-due", "next", "drill, next-due: is missing"),
        (
            "device      = \"root\"",
            "",
            "known-ca: CA `users` has no device, which is where its copy is",
        ),
    ];
    assert_each_rule(&filled_to_drill(), &cases);
}

/// That of the key that stands in transcripts of tests.
const FINGERPRINT: &str = "SHA256:RSdppg7jnRo0U7BaL65Ethq4wADasVql4kakkd89g84";

#[test]
fn a_place_that_is_lost_or_missing_is_named_by_a_locator_and_each_fault_has_its_line() {
    let lost = "pkcs11:token=Lost;serial=1;object=users";
    let plan = filled_to_restore().replace(lost, "the red token");
    let line = plan.lines().position(|line| line.contains("the red token"));
    let faults = Plan::parse(plan.as_bytes()).unwrap_err();
    let told = faults.all()[0].to_string();
    let place = format!("line {}, lost 1, locator: is no locator", line.unwrap() + 1);
    assert!(told.starts_with(&place), "{told}");
    let copy = "\n[[copy]]\nca = \"users\"\nmissing = \"nobody found it\"\nlocator = ";
    let with = |locator: &str| filled_to_retire() + &format!("{copy}{locator:?}\n");
    Plan::parse(with("/var/lib/blob").as_bytes()).unwrap();
    Plan::parse(with(lost).as_bytes()).unwrap();
    let faults = Plan::parse(with("pkcs11:nonsense").as_bytes()).unwrap_err();
    let told = faults.all()[0].to_string();
    assert!(told.contains("copy 2, locator: is no locator"), "{told}");
}

/// What the fuzz target of plans begins with are plans of every kind.
#[test]
fn each_kind_of_plan_is_among_the_seeds_of_its_fuzz_target() {
    for kind in Kind::ALL {
        let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/plan");
        let seed = std::path::Path::new(corpus).join(kind.as_str());
        let plan = Plan::parse(&std::fs::read(seed).unwrap()).unwrap();
        assert_eq!(plan.kind(), kind);
    }
}
