mod found;

use super::*;
use crate::ceremony::plan::tests::{filled, filled_for_cards};
use crate::ceremony::plan::{Ca, KeyPlace};
use crate::ceremony::verdict::tests::events;
use crate::wire::hex;

fn stage() -> Stage {
    Stage {
        window: (
            "2026-11-20T08:00Z".parse().unwrap(),
            "2026-11-21T08:00Z".parse().unwrap(),
        ),
        module: Some(("/usr/lib/softhsm/libsofthsm2.so".to_owned(), [2; 32])),
        props: vec![Prop::Token("ab34".to_owned())],
        roots: Vec::new(),
        found: None,
    }
}

fn plan() -> String {
    filled(3)
}

/// The plan of a rehearsal, and a transcript of it that ended well.
fn held(plan: &str) -> (String, Vec<u8>) {
    let own = draw(plan.as_bytes(), &stage()).unwrap();
    let read = Plan::parse(own.as_bytes()).unwrap();
    let mut transcript = Transcript::default();
    let time = read.window.0.seconds();
    let lines = events(&read).into_iter();
    let lines = lines.flat_map(|event| transcript.push(time, event).unwrap());
    let lines = lines.collect();
    (own, lines)
}

fn check(plan: &str, own: &str, transcript: &[u8]) -> Result<Rehearsed, RehearsalError> {
    Rehearsed::check(plan.as_bytes(), own.as_bytes(), transcript)
}

#[test]
fn what_is_drawn_has_the_same_people_and_steps_and_no_name_of_the_plan() {
    for people in 2..=5 {
        let text = filled(people);
        let plan = Plan::parse(text.as_bytes()).unwrap();
        let drawn = draw(text.as_bytes(), &stage()).unwrap();
        let drawn = Plan::parse(drawn.as_bytes()).unwrap();
        assert_eq!(drawn.people, plan.people);
        assert_eq!(drawn.rehearsal_of, Some(plan.sha256));
        assert!(drawn.purpose.starts_with("REHEARSAL: "));
        let names = |plan: &Plan| {
            let steps = crate::ceremony::steps(plan).into_iter();
            steps
                .map(|step| step.name.replace("rehearsal-", ""))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&drawn), names(&plan));
        for (one, other) in drawn.devices.iter().zip(&plan.devices) {
            assert_eq!(one.name, other.name);
            for (drawn, of_plan) in [
                (&one.words(), &other.words()),
                (&one.serial(), &other.serial()),
                (&one.bag, &other.bag),
                (&one.new_bag, &other.new_bag),
            ] {
                assert_ne!(drawn, of_plan);
            }
            assert_ne!(one.pin_envelope, other.pin_envelope);
        }
        for (one, other) in drawn.cas().iter().zip(plan.cas()) {
            assert_eq!(one.name.as_str(), format!("rehearsal-{}", other.name));
            let label = |ca: &Ca| match &ca.place {
                KeyPlace::Label(label) => label.clone(),
                KeyPlace::Slot { .. } => panic!("a slot in a rehearsal"),
            };
            assert_eq!(label(one), format!("REHEARSAL {}", label(other)));
            assert_eq!(one.algorithm, other.algorithm);
        }
        assert_eq!(drawn.last, None);
    }
}

#[test]
fn tokens_stand_in_for_cards() {
    let text = filled_for_cards(2);
    let mut stage = stage();
    stage.props.push(Prop::Token("ab35".to_owned()));
    let drawn = draw(text.as_bytes(), &stage).unwrap();
    let drawn = Plan::parse(drawn.as_bytes()).unwrap();
    for device in &drawn.devices {
        assert!(matches!(device.hardware, Hardware::Token(_)), "{device:?}");
    }
    let cas: Vec<_> = drawn.cas().iter().map(|ca| ca.name.as_str()).collect();
    assert_eq!(cas, ["rehearsal-users", "rehearsal-users2"]);
    let beside = drawn.cas()[1].beside.as_ref().unwrap();
    assert_eq!(beside.as_str(), "rehearsal-users");
}

#[test]
fn a_spare_card_stands_for_a_card_of_the_plan_and_for_no_other_device() {
    let text = filled_for_cards(2) + "\n[[attestation-root]]\npath = \"roots.pem\"\nsha256 = \"";
    let text = text + &hex(&[4; 32]) + "\"\n";
    let card = |serial| Prop::Card {
        serial,
        firmware: "5.4.3".parse().unwrap(),
    };
    let mut stage = stage();
    stage.props.insert(0, card(7));
    stage.roots = vec!["/there/roots.pem".to_owned()];
    let own = draw(text.as_bytes(), &stage).unwrap();
    let drawn = Plan::parse(own.as_bytes()).unwrap();
    assert_eq!(Stage::of(&drawn), Some(stage.clone()));
    assert_eq!(drawn.devices[0].words(), "YubiKey 7, firmware 5.4.3");
    assert!(matches!(drawn.cas()[0].place, KeyPlace::Slot { .. }));
    assert!(matches!(drawn.cas()[1].place, KeyPlace::Label(_)));
    assert_eq!(
        drawn.devices[0].unlock_envelope.as_deref(),
        Some("REHEARSAL E21")
    );
    stage.props[0] = card(12_345_671);
    let refused = draw(text.as_bytes(), &stage).unwrap_err();
    assert!(
        matches!(refused, RehearsalError::Production { .. }),
        "{refused}"
    );
    let mut for_token = self::stage();
    for_token.props = vec![card(7)];
    let refused = draw(plan().as_bytes(), &for_token).unwrap_err();
    assert!(matches!(refused, RehearsalError::NoCard(_)), "{refused}");
}

#[test]
fn a_serial_or_a_token_of_the_plan_is_refused() {
    let mut own = stage();
    own.props = vec![Prop::Token("fe12".to_owned())];
    let refused = draw(plan().as_bytes(), &own).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the serial number \"fe12\" is one of the plan, which a rehearsal leaves alone"
    );
    let named = plan().replace("\"Root CA\"", "\"REHEARSAL root\"");
    let refused = draw(named.as_bytes(), &stage()).unwrap_err();
    assert!(matches!(
        refused,
        RehearsalError::Production {
            what: "the token",
            ..
        }
    ));
    own.props.clear();
    let refused = draw(plan().as_bytes(), &own).unwrap_err();
    assert!(matches!(
        refused,
        RehearsalError::Props {
            wanted: 1,
            found: 0
        }
    ));
}

#[test]
fn a_rehearsal_counts_for_its_very_plan_and_to_its_end() {
    let (own, transcript) = held(&plan());
    let rehearsed = check(&plan(), &own, &transcript).unwrap();
    assert_eq!(rehearsed.words().split(' ').count(), 32);
    let of_other = plan().replace("Room 5", "Room 6");
    let refused = check(&of_other, &own, &transcript).unwrap_err();
    assert!(matches!(refused, RehearsalError::OtherPlan), "{refused}");
    let claimed = own.replace("Room 5", "Room 6");
    let refused = check(&plan(), &claimed, &transcript).unwrap_err();
    assert!(matches!(refused, RehearsalError::Changed), "{refused}");
    let lines: Vec<_> = transcript.split_inclusive(|byte| *byte == b'\n').collect();
    let cut = lines[..lines.len() - 1].concat();
    let refused = check(&plan(), &own, &cut).unwrap_err();
    assert!(matches!(
        refused,
        RehearsalError::Verdict(VerdictFault::NoEnd)
    ));
    let torn = &transcript[..transcript.len() - 1];
    let refused = check(&plan(), &own, torn).unwrap_err();
    assert!(matches!(refused, RehearsalError::Transcript(_)));
    let again = draw(own.as_bytes(), &stage()).unwrap_err();
    assert!(matches!(again, RehearsalError::OfRehearsal), "{again}");
}

#[test]
fn a_plan_that_requires_one_is_rehearsed_without_that_step() {
    let plan = plan().replace("requires-rehearsal = false", "requires-rehearsal = true ");
    let (own, transcript) = held(&plan);
    assert!(!Plan::parse(own.as_bytes()).unwrap().requires_rehearsal);
    check(&plan, &own, &transcript).unwrap();
    let steps = crate::ceremony::steps(&Plan::parse(plan.as_bytes()).unwrap());
    assert!(steps.iter().any(|step| step.name == "rehearsal"));
}

#[test]
fn a_label_fits_a_token() {
    assert_eq!(token_label("root"), "REHEARSAL root");
    let long = token_label(&"ä".repeat(30));
    assert_eq!(long.len(), 32);
    assert!(long.starts_with("REHEARSAL ä"));
}

#[test]
fn a_plan_whose_rehearsal_would_have_a_name_that_is_too_long_is_told_which() {
    can_be_rehearsed(plan().as_bytes()).unwrap();
    can_be_rehearsed(filled_for_cards(2).as_bytes()).unwrap();
    let purpose = "user CA of example.org";
    let longer = plan().replace(purpose, &"p".repeat(250));
    Plan::parse(longer.as_bytes()).unwrap();
    let refused = can_be_rehearsed(longer.as_bytes()).unwrap_err();
    assert!(refused.to_string().contains("purpose: "), "{refused}");
}
