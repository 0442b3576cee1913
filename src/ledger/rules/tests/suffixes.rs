//! A suffix that was reserved once is never written by hand again, and stands for no less.

use super::*;
use crate::attestation::{Facts, Proof, ProofKind};
use crate::signer::yubikey::{PinPolicy, TouchPolicy};

conform!(
    a_reserved_suffix_is_refused_without_its_proof,
    a_suffix_is_given_by_the_proof_that_was_recorded,
    a_suffix_is_never_given_up_and_its_class_never_made_weaker,
    a_class_that_was_ended_gives_no_more_and_does_not_come_back,
    suffixes_that_end_alike_are_refused,
    the_suffixes_of_one_ca_are_none_of_another,
);

const PHYSICAL: &str = r#"{"kinds":["piv","fido"],"touch":"cached","pin":"once"}"#;

fn class(class: &str, suffix: &str, proof: &str) -> SuffixSet {
    SuffixSet {
        class: class.to_owned(),
        suffix: suffix.to_owned(),
        proof: proof.to_owned(),
        ended: 0,
    }
}

fn both() -> Vec<SuffixSet> {
    vec![
        class("physical", "_physical", PHYSICAL),
        class("file", "_file", "null"),
    ]
}

impl Fixture {
    fn set(&mut self, suffixes: Vec<SuffixSet>) -> Result<(), SuffixesError> {
        let ca = self.ca.clone();
        self.ledger.set_suffixes(&ca, suffixes, String::new(), NOW)
    }
}

/// Peter's key, decided by a config that reserves both suffixes.
pub(super) fn marked(proof: Option<Proof>) -> Wanted {
    let request = sample::request(public(9));
    let decided = sample::marked(&request, &public(1), proof);
    sealed(decided, 9, SerialChoice::Next)
}

pub(super) fn proved(touch: TouchPolicy) -> Proof {
    let facts = Facts {
        serial: Some(7),
        family: Some(crate::attestation::Family::Yubico),
        touch: Some(touch),
        pin: Some(PinPolicy::Once),
        ..Facts::default()
    };
    Proof::for_tests(public(9), ProofKind::Piv, facts)
}

/// The operator writes the name by hand, by a config that knows of no suffix.
fn by_hand(name: &str) -> Wanted {
    let mut request = sample::request(public(9));
    request.ask.principals =
        crate::certificate::Principals::parse(name, crate::certificate::Kind::User).ok();
    let decided = sample::decided(&request, &public(1));
    sealed(decided, 9, SerialChoice::Next)
}

fn a_reserved_suffix_is_refused_without_its_proof(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.ask(by_hand("erik_physical")).unwrap();
    fixture.set(both()).unwrap();
    for name in ["peter_physical", "peter_PHYSICAL", "web,peter_file"] {
        let refused = fixture.ask(by_hand(name));
        assert!(
            matches!(refused, Err(ReserveError::Suffix { .. })),
            "{name}: {refused:?}"
        );
    }
    fixture.ask(by_hand("peter")).unwrap();
    fixture.is_whole();
}

fn a_suffix_is_given_by_the_proof_that_was_recorded(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.set(both()).unwrap();
    fixture.ask(marked(None)).unwrap();
    fixture
        .ask(marked(Some(proved(TouchPolicy::Cached))))
        .unwrap();
    let stricter = PHYSICAL.replace("cached", "always");
    let set = vec![
        class("physical", "_physical", &stricter),
        class("file", "_file", "null"),
    ];
    fixture.set(set).unwrap();
    // The config still asks for less.
    let refused = fixture.ask(marked(Some(proved(TouchPolicy::Cached))));
    assert!(matches!(refused, Err(ReserveError::Suffix { suffix, .. }) if suffix == "_physical"));
    fixture
        .ask(marked(Some(proved(TouchPolicy::Always))))
        .unwrap();
    fixture.is_whole();
}

fn a_suffix_is_never_given_up_and_its_class_never_made_weaker(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.set(both()).unwrap();
    let taken_off = fixture.set(vec![class("file", "_file", "null")]);
    assert!(matches!(taken_off, Err(SuffixesError::TakenOff { suffix }) if suffix == "_physical"));
    for weaker in [
        "null",
        r#"{"kinds":["piv","fido"],"touch":"cached"}"#,
        r#"{"kinds":["piv","fido"],"touch":"never","pin":"once"}"#,
        r#"{"kinds":["piv","fido","witnessed"],"touch":"cached","pin":"once"}"#,
    ] {
        let set = vec![
            class("any other name", "_physical", weaker),
            class("file", "_file", "null"),
        ];
        let refused = fixture.set(set);
        assert!(
            matches!(refused, Err(SuffixesError::Weaker { .. })),
            "{weaker}: {refused:?}"
        );
    }
    assert_eq!(
        fixture
            .ledger
            .suffixes(&fixture.ca)
            .unwrap()
            .unwrap()
            .suffixes,
        both()
    );
    let mut more = both();
    more.push(class("sk", "_sk", r#"{"kinds":["sk"]}"#));
    fixture.set(more).unwrap();
    fixture.is_whole();
}

fn a_class_that_was_ended_gives_no_more_and_does_not_come_back(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.set(both()).unwrap();
    let mut ended = both();
    ended[0].ended = 1;
    fixture.set(ended).unwrap();
    let refused = fixture.ask(marked(Some(proved(TouchPolicy::Always))));
    assert!(matches!(refused, Err(ReserveError::Suffix { .. })));
    let again = fixture.set(both());
    assert!(matches!(again, Err(SuffixesError::Ended { .. })));
}

fn suffixes_that_end_alike_are_refused(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let mut set = both();
    set.push(class("other", "-x_file", "null"));
    let refused = fixture.set(set);
    assert!(matches!(refused, Err(SuffixesError::EndsInAnother { .. })));
}

fn the_suffixes_of_one_ca_are_none_of_another(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let other = fixture.ledger.add_ca(added("other", 2, 1), NOW).unwrap();
    fixture
        .ledger
        .set_suffixes(&other, both(), String::new(), NOW)
        .unwrap();
    assert_eq!(fixture.ledger.suffixes(&fixture.ca).unwrap(), None);
    fixture.ask(by_hand("peter_physical")).unwrap();
}
