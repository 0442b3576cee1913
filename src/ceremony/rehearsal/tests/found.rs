//! What the plan of a rehearsal finds, in the place of what its plan finds.

use super::*;
use crate::ceremony::plan::End;
use crate::ceremony::plan::tests::{
    filled_after_a_theft, filled_for_bundles, filled_to_drill, filled_to_drill_blob,
    filled_to_restore, filled_to_restore_from_blob, filled_to_retire, filled_to_roll_over,
};

/// The key of the transcripts that are made for tests.
const FINGERPRINT: &str = "SHA256:dR5Z6T/AXFP8NncNoqn3R2hGvXhEnMuDzOtgovUq290";

/// A plan about a CA whose key is another than in those transcripts.
fn about_another(plan: &str) -> String {
    let read = Plan::parse(plan.as_bytes()).unwrap();
    let known = &read.ledger.unwrap().cas[0].fingerprint;
    plan.replace(&known.to_string(), FINGERPRINT)
}

fn stage_for(plan: &str) -> Stage {
    let read = Plan::parse(plan.as_bytes()).unwrap();
    let mut found = Found::sketched(&read).unwrap();
    found.head.origin = "punchmark.ledger/7".to_owned();
    let key = crate::ceremony::verdict::tests::KEY;
    let key: ssh_key::PublicKey = key.parse().unwrap();
    found.cas = vec![key.fingerprint(ssh_key::HashAlg::Sha256)];
    let found = Some(found);
    Stage { found, ..stage() }
}

fn night() -> String {
    about_another(&filled_after_a_theft())
}

fn drawn(plan: &str) -> Plan {
    let own = draw(plan.as_bytes(), &stage_for(plan)).unwrap();
    Plan::parse(own.as_bytes()).unwrap()
}

#[test]
fn what_was_made_takes_the_place_of_what_is_there() {
    let (of, own) = (Plan::parse(night().as_bytes()).unwrap(), drawn(&night()));
    assert_eq!(Stage::of(&own), Some(stage_for(&night())));
    assert_eq!(own.old_ca().unwrap().name.as_str(), "rehearsal-users");
    assert_eq!(own.cas()[0].name.as_str(), "rehearsal-users2");
    let (theft, before) = (own.compromise().unwrap(), of.compromise().unwrap());
    assert_eq!(theft.servers, before.servers);
    assert_eq!(theft.reports.to_str(), Some("reports"));
    assert!(theft.reason.as_str().starts_with("REHEARSAL: "));
    let (one, other) = (&theft.emergencies[0], &before.emergencies[0]);
    assert_eq!(one.key, other.key);
    assert_eq!(one.name.as_str(), "rehearsal-anna");
    assert_eq!(one.principals.to_string(), "rehearsal-root");
    assert_eq!(one.key_id.as_str(), "rehearsal-anna, rehearsal-emergency");
    let times = (one.validity.valid_after(), one.validity.valid_before());
    let window = (own.window.0.seconds(), own.window.1.seconds());
    assert_eq!(times, window);
    let names = |plan: &Plan| {
        let steps = crate::ceremony::steps(plan).into_iter();
        steps
            .map(|step| step.name.replace("rehearsal-", ""))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&own), names(&of));
}

#[test]
fn whatever_is_the_plans_own_is_refused() {
    let plan = night();
    let of = Plan::parse(plan.as_bytes()).unwrap();
    let ledger = of.ledger.unwrap();
    let mut stages = [stage_for(&plan), stage_for(&plan), stage_for(&plan)];
    let [origin, root, key] = &mut stages;
    origin.found.as_mut().unwrap().head.origin = ledger.head.origin.clone();
    root.found.as_mut().unwrap().head.root = ledger.head.root;
    key.found.as_mut().unwrap().cas = vec![ledger.cas[0].fingerprint];
    for stage in stages {
        let refused = draw(plan.as_bytes(), &stage).unwrap_err();
        assert!(
            matches!(refused, RehearsalError::Production { .. }),
            "{refused}"
        );
    }
    let mut more = stage_for(&plan);
    more.found.as_mut().unwrap().missing = vec!["pkcs11:object=x".to_owned()];
    let without = Stage {
        found: None,
        ..stage()
    };
    for stage in [more, without] {
        let refused = draw(plan.as_bytes(), &stage).unwrap_err();
        assert!(matches!(refused, RehearsalError::Unlike), "{refused}");
    }
}

#[test]
fn a_bundle_of_the_plan_is_none_of_a_rehearsal() {
    let plan = about_another(&filled_for_bundles());
    let own = drawn(&plan);
    assert_eq!(Stage::of(&own), Some(stage_for(&plan)));
    let (of, own) = (Plan::parse(plan.as_bytes()).unwrap(), own);
    let (sign, before) = (own.signing().unwrap(), of.signing().unwrap());
    assert_eq!(sign.medium.folder.to_str(), Some(MEDIUM));
    assert!(sign.medium.label.starts_with("REHEARSAL "));
    for (one, other) in sign.bundles.iter().zip(&before.bundles) {
        assert_eq!(one.file, format!("rehearsal-{}", other.file));
        assert_eq!(one.items, other.items);
        assert_ne!((one.id, one.header), (other.id, other.header));
    }
    let mut same = stage_for(&plan);
    same.found.as_mut().unwrap().bundles[0].id = before.bundles[0].id;
    let refused = draw(plan.as_bytes(), &same).unwrap_err();
    assert!(
        matches!(refused, RehearsalError::Production { .. }),
        "{refused}"
    );
    let mut fewer = stage_for(&plan);
    fewer.found.as_mut().unwrap().bundles[0].items += 1;
    let refused = draw(plan.as_bytes(), &fewer).unwrap_err();
    assert!(matches!(refused, RehearsalError::Unlike), "{refused}");
}

#[test]
fn a_transcript_says_what_was_made_for_it() {
    let plan = night();
    let own = draw(plan.as_bytes(), &stage_for(&plan)).unwrap();
    let read = Plan::parse(own.as_bytes()).unwrap();
    let lines = |skip: &str| {
        let mut transcript = Transcript::default();
        let time = read.window.0.seconds();
        let events = events(&read).into_iter().filter(|event| match event {
            crate::ceremony::Event::Fact { name, .. } => name != skip,
            _ => true,
        });
        let lines: Vec<u8> = events
            .flat_map(|event| transcript.push(time, event).unwrap())
            .collect();
        lines
    };
    check(&plan, &own, &lines("")).unwrap();
    let refused = check(&plan, &own, &lines("made for this rehearsal")).unwrap_err();
    assert!(
        matches!(
            refused,
            RehearsalError::Verdict(VerdictFault::Missing { .. })
        ),
        "{refused}"
    );
}

#[test]
fn each_kind_that_finds_a_ledger_has_a_rehearsal() {
    for plan in [
        filled_for_bundles(),
        filled_to_retire(),
        filled_to_roll_over(),
        filled_to_restore(),
        filled_to_drill(),
        filled_after_a_theft(),
        filled_to_restore_from_blob(),
        filled_to_drill_blob(),
        with_wrapped_ends(),
        filled_after_a_theft() + &lost_blob("0a"),
    ] {
        let wanted = plan.replace("requires-rehearsal = false", "requires-rehearsal = true");
        can_be_rehearsed(wanted.as_bytes()).unwrap();
    }
}

/// A plan in which file and components of `users` end, and the key in its device.
fn with_wrapped_ends() -> String {
    let name = "0a".repeat(32);
    let ends = format!(
        "\n[[copy]]\nca = \"users\"\nlocator = \"blob:{name}\"\nfile = \"stick/users.wrapped\"\n\n[[copy]]\n\
         ca = \"users\"\nlocator = \"components:{name}\"\nby-hand = \"shredded\"\n"
    );
    filled_to_retire() + &ends
}

fn lost_blob(digits: &str) -> String {
    let name = digits.repeat(32);
    format!(
        "\n[[lost]]\nca = \"users\"\nlocator = \"blob:{name}\"\nmissing = \"not in the safe\"\n"
    )
}

#[test]
fn a_wrapped_key_that_was_made_takes_the_place_of_the_one_that_is_opened() {
    for plan in [filled_to_restore_from_blob(), filled_to_drill_blob()] {
        let plan = about_another(&plan);
        let own = drawn(&plan);
        assert_eq!(Stage::of(&own), Some(stage_for(&plan)));
        let of = Plan::parse(plan.as_bytes()).unwrap();
        let (made, before) = (own.components.unwrap(), of.components.unwrap());
        assert_eq!(made.folder.to_str(), Some(MEDIUM));
        for (one, other) in made.custody.holders.iter().zip(&before.custody.holders) {
            assert_eq!(one.name, other.name);
            assert_eq!(one.envelope, format!("REHEARSAL {}", other.envelope));
        }
        assert_eq!(made.bag.as_deref(), Some("REHEARSAL M1"));
        let (one, other) = (&made.blobs[0], &before.blobs[0]);
        assert_eq!(one.file, "rehearsal-users.wrapped");
        assert_eq!(
            (&one.onto, one.label.as_str()),
            (&other.onto, "REHEARSAL users")
        );
        assert_ne!(one.sha256, other.sha256);
    }
}

#[test]
fn what_ends_of_a_wrapped_key_is_what_was_made() {
    let plan = about_another(&with_wrapped_ends());
    let own = drawn(&plan);
    assert_eq!(Stage::of(&own), Some(stage_for(&plan)));
    let Some([device, file, by_hand]) = own.copies_that_end().first_chunk() else {
        panic!("{own:?}");
    };
    assert!(matches!(device.end, End::Destroyed(_)));
    let End::Overwritten { copy, file } = &file.end else {
        panic!("{file:?}");
    };
    assert!(copy.starts_with("blob:0000"), "{copy}");
    assert_eq!(file.to_str(), Some("medium/rehearsal-users.wrapped"));
    let End::ByHand { copy, words } = &by_hand.end else {
        panic!("{by_hand:?}");
    };
    assert!(copy.starts_with("components:0000"), "{copy}");
    assert_eq!(words, "REHEARSAL: shredded");
}

#[test]
fn a_wrapped_key_of_the_plan_is_none_of_a_rehearsal() {
    let name = format!("blob:{}", "08".repeat(32));
    let opens = about_another(&filled_to_restore_from_blob());
    let lost = night() + &lost_blob("08");
    let mut stages = [stage_for(&opens), stage_for(&lost)];
    let [opened, missing] = &mut stages;
    opened.found.as_mut().unwrap().wrapped = vec![name.clone()];
    let of_lost = &mut missing.found.as_mut().unwrap().missing;
    *of_lost.last_mut().unwrap() = name;
    for (plan, stage) in [&opens, &lost].into_iter().zip(&stages) {
        let refused = draw(plan.as_bytes(), stage).unwrap_err();
        assert!(
            matches!(refused, RehearsalError::Production { .. }),
            "{refused}"
        );
    }
    // Fewer, or something else than the plan has.
    for other in [vec![], vec!["components:00".to_owned()]] {
        let mut stage = stage_for(&opens);
        stage.found.as_mut().unwrap().wrapped = other;
        let refused = draw(opens.as_bytes(), &stage).unwrap_err();
        assert!(matches!(refused, RehearsalError::Unlike), "{refused}");
    }
}

#[test]
fn a_ca_with_several_wrapped_keys_has_no_rehearsal() {
    let several = filled_to_restore_from_blob() + &lost_blob("0b");
    let refused = can_be_rehearsed(several.as_bytes());
    // One is opened, and another one is lost.
    assert!(
        matches!(refused, Err(RehearsalError::Wrapped(ref ca)) if ca.as_str() == "users"),
        "{refused:?}"
    );
}
